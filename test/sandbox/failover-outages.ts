import { expect, test } from 'vitest'
import type { Decision } from '../../lib/decide/failover-facts.ts'
import { reasonText } from '../../lib/decide/failover-reasons.ts'
import type { ShardSummary } from '../../lib/run/shard.ts'
import { eventually } from './eventually.ts'
import type { Stage } from './failover-stage.ts'
import { switchOffSchedules, uncallable } from './knobs.ts'

const reasonsOf = ({ reasons }: Decision) => reasons.map(reasonText).join('\n')

/** What becomes of outages, real ones and such as only look like it. */
export function outageTests(stage: () => Stage, takeMinute: () => string): void {
  test('the schedules alone notice that the primary is dead, and move it once', async () => {
    const { sandbox, told, origin, until, answer, served, logged, home, standby } = stage()
    const fromMs = Date.now() - 60_000
    await origin('main', 'one').kill()
    const state = await until('main', ({ active }) => active === 'two', 'the record to move to two', 300_000)
    expect(state.switches).toMatchObject([{ from: 'one', to: 'two', by: 'auto' }])
    expect(await answer('main')).toEqual(['127.0.0.2'])

    const page = await told.of(({ event }) => event.failover === 'main' && event.type === 'swapped', 'the move')
    expect(page).toMatchObject({ topic: 'page', summary: 'main: moved to two', event: { to: 'two', by: 'auto' } })
    const ticket = await told.of(({ event }) => event.failover === 'main' && event.type === 'verified', 'its end')
    expect(ticket).toMatchObject({ topic: 'ticket', summary: expect.stringContaining('served everywhere') })
    expect(await served('main')).toEqual(['127.0.0.2'])
    for (const Phase of ['change', 'insync', 'served', 'answered']) {
      const dimensions = { Failover: 'main', Phase }
      const points = await Promise.all(
        [home, standby].map((region) => sandbox.aws.metric(region, 'FailoverPhase', dimensions, fromMs)),
      )
      expect(
        points.flat().map(({ samples }) => samples),
        Phase,
      ).toEqual([1])
    }
    const swaps = await logged('main', 'failover.swapped')
    expect(swaps.filter(({ kind }) => kind === 'moved')).toMatchObject([{ to: 'two' }])
  })

  test('every minute both controllers say what is active', async () => {
    const { sandbox } = stage()
    const fromMs = Date.now() - 10 * 60_000
    for (const region of sandbox.config.controllers)
      await eventually(
        `ActiveEndpoint of 1 in ${region}`,
        async () => {
          const points = await sandbox.aws.metric(region, 'ActiveEndpoint', { Failover: 'main' }, fromMs)
          return points.find(({ maximum }) => maximum === 1)
        },
        300_000,
      )
    await switchOffSchedules(sandbox)
  })

  test('dead for one vantage alone, it stays, and says who saw what', async () => {
    const { sandbox, reset, origin, decides, state, answer } = stage()
    await reset('main')
    const before = await state('main')
    origin('main', 'one').cut([sandbox.addresses['us-east-1'] ?? ''])

    const event = { shard: '1m-0', scheduledTime: takeMinute() }
    const summary = await sandbox.aws.invoke<ShardSummary>('us-east-1', 'vedette-shop-probe-us-east-1', event)
    // The endpoint, and the name where that leads to it again.
    expect(summary.down).toBeGreaterThan(0)
    const decision = await decides('main', { kind: 'stay' })
    expect(reasonsOf(decision)).toContain('one (active): up for eu-west-1, ap-southeast-1; down for us-east-1.')
    expect(await state('main')).toEqual(before)
    expect(await answer('main')).toEqual(['127.0.0.1'])
  })

  test('dead for two vantages of three, it moves', async () => {
    const { sandbox, reset, origin, decides, state } = stage()
    await reset('main')
    origin('main', 'one').cut([sandbox.addresses['us-east-1'] ?? '', sandbox.addresses['eu-west-1'] ?? ''])
    await decides('main', { kind: 'move' })
    expect(await state('main')).toMatchObject({ active: 'two' })
  })

  test('with two vantages gone it is blind: it pages, and moves nothing', async () => {
    const { sandbox, told, reset, origin, decides, state } = stage()
    await reset('main')
    const before = await state('main')
    await told.forget()
    await origin('main', 'one').kill()
    const gone = ['us-east-1', 'eu-west-1']
    for (const vantage of gone) await uncallable(sandbox, vantage, `vedette-shop-probe-now-${vantage}`)
    const decision = await decides('main', { kind: 'refuse', code: 'blind' })
    expect(reasonsOf(decision)).toContain('no vote from us-east-1, eu-west-1')
    await told.refusal('main', 'blind')
    expect(await state('main')).toEqual(before)
  })

  test('a standby that is down is a ticket before the outage, and with it down nothing moves', async () => {
    const { sandbox, told, reset, origin, decides, state, call, forget, home } = stage()
    await reset('main')
    await told.forget()
    const before = await state('main')
    await origin('main', 'two').kill()
    // As if ten minutes had passed.
    await forget(home, 'main', 'readiness')
    await call(home, { do: 'tick' })
    const ticket = await told.of(
      ({ event }) => event.failover === 'main' && event.type === 'readiness' && event.problems.length > 0,
      'the standby',
    )
    expect(ticket.topic).toBe('ticket')
    const problem = expect.objectContaining({ code: 'STANDBY_DOWN', endpoint: 'two' })
    expect(ticket).toMatchObject({ event: { problems: expect.arrayContaining([problem]) } })
    // A tick says what was found before it.
    const fromMs = Date.now() - 60_000
    await call(home, { do: 'tick' })
    const notReady = await sandbox.aws.metric(home, 'NotReady', { Failover: 'main' }, fromMs)
    expect(notReady.at(-1)).toMatchObject({ maximum: 1 })

    await origin('main', 'one').kill()
    await decides('main', { kind: 'refuse', code: 'nothing-up' })
    await told.refusal('main', 'nothing-up')
    expect(await state('main')).toEqual(before)
  })

  test('with all endpoints down, the last resort is taken if it is up', async () => {
    const { reset, origin, decides, state, answer, served } = stage()
    await reset('resort')
    for (const endpoint of ['one', 'two', 'sorry'] as const) await origin('resort', endpoint).kill()
    await decides('resort', { kind: 'refuse', code: 'nothing-up' })
    expect(await state('resort')).toMatchObject({ active: 'one' })

    await origin('resort', 'sorry').mend()
    expect(await decides('resort', { kind: 'move' })).toMatchObject({ to: 'sorry', why: 'last-resort' })
    expect(await state('resort')).toMatchObject({ active: 'sorry', switches: [{ from: 'one', to: 'sorry' }] })
    expect(await answer('resort')).toEqual(['127.0.0.3'])
    expect(await served('resort')).toEqual(['127.0.0.3'])
  })

  test('flapping ends at the limit of a day: it latches until a person unlocks it', async () => {
    const { told, reset, origin, decides, state, call, home } = stage()
    await reset('limits')
    await told.forget()
    await origin('limits', 'one').kill()
    await decides('limits', { kind: 'move' })
    await origin('limits', 'one').mend()
    await origin('limits', 'two').kill()
    await decides('limits', { kind: 'move' })
    expect(await state('limits')).toMatchObject({ active: 'one', flags: { latched: false } })
    await origin('limits', 'two').mend()
    await origin('limits', 'one').kill()
    await decides('limits', { kind: 'refuse', code: 'max-per-day' })
    expect(await state('limits')).toMatchObject({ active: 'one', flags: { latched: true } })
    await told.refusal('limits', 'max-per-day')

    // A person may still move it.
    await call(home, { do: 'unlock', failover: 'limits' })
    expect(await state('limits')).toMatchObject({ flags: { latched: false } })
    expect(await call(home, { do: 'to', failover: 'limits', endpoint: 'two' })).toMatchObject({ kind: 'move' })
    expect(await state('limits')).toMatchObject({ active: 'two' })
  })
}
