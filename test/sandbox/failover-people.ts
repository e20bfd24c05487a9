import { expect, test } from 'vitest'
import type { Decision } from '../../lib/decide/failover-facts.ts'
import type { ShardSummary } from '../../lib/run/shard.ts'
import type { Stage } from './failover-stage.ts'
import { startCold } from './knobs.ts'
import type { Sandbox } from './sandbox.ts'

const minuteMs = 60_000
const probeFunction = (vantage: string) => `vedette-shop-probe-${vantage}`

/** What people do to failovers, on purpose and otherwise; and what is left to nobody. */
export function peopleTests(stage: () => Stage): void {
  test('a person moves it, from either region, once a dry run has said what would become of it', async () => {
    const { told, reset, call, state, home, standby } = stage()
    await reset('main')
    await told.forget()
    const before = await state('main')
    const to = { do: 'to', failover: 'main', endpoint: 'two', reason: 'a test' } as const
    expect(await call<Decision>(home, { ...to, dryRun: true })).toMatchObject({ kind: 'move', to: 'two' })
    expect(await state('main')).toEqual(before)

    expect(await call<Decision>(standby, to)).toMatchObject({ kind: 'move', to: 'two', why: 'request' })
    const moved = await state('main')
    expect(moved).toMatchObject({ active: 'two', switches: [{ from: 'one', to: 'two', by: 'person' }] })
    expect(moved.epoch).toBeGreaterThan(before.epoch)
    // Nobody is woken for what somebody wanted.
    await told.of(({ event }) => event.type === 'verified', 'its end')
    const swapped = (await told.all()).filter(({ event }) => event.failover === 'main' && event.type === 'swapped')
    expect(swapped.map(({ topic }) => topic)).toEqual(['ticket'])

    expect(await call<Decision>(home, { ...to, endpoint: 'one' })).toMatchObject({ kind: 'move', to: 'one' })
    expect(await state('main')).toMatchObject({ active: 'one' })
  })

  test('a TXT that is deleted by hand stops everything and pages; adopting it goes on with a larger epoch', async () => {
    const { told, reset, deleteTxt, origin, decides, answer, call, state, home } = stage()
    await reset('main')
    await told.forget()
    const before = await state('main')
    await deleteTxt('main')
    await origin('main', 'one').kill()
    await decides('main', { kind: 'refuse', code: 'txt-unreadable' })
    await told.refusal('main', 'txt-unreadable')
    expect(await answer('main')).toEqual(['127.0.0.1'])

    await call(home, { do: 'adopt', failover: 'main' })
    expect((await state('main')).epoch).toBeGreaterThan(before.epoch)
    await decides('main', { kind: 'move' })
    expect(await answer('main')).toEqual(['127.0.0.2'])
  })

  test('a record that is edited by hand is left alone, dead or not', async () => {
    const { told, reset, edit, origin, decides, answer } = stage()
    await reset('main')
    await told.forget()
    await edit('main', '192.0.2.99')
    await origin('main', 'one').kill()
    await decides('main', { kind: 'refuse', code: 'record-edited' })
    await told.refusal('main', 'record-edited')
    expect(await answer('main')).toEqual(['192.0.2.99'])
  })

  test('locked from one region, it moves from none; unlocked, it moves', async () => {
    const { told, reset, origin, decides, state, call, memory, home, standby } = stage()
    await reset('main')
    await told.forget()
    await call(standby, { do: 'lock', failover: 'main' })
    expect(await state('main')).toMatchObject({ flags: { locked: true } })
    expect((await memory(home, 'main')).locked ?? false).toBe(false)
    expect((await memory(standby, 'main')).locked).toBe(true)
    await origin('main', 'one').kill()
    const both = [home, standby].map((region) => decides('main', { kind: 'refuse', code: 'locked' }, region))
    for (const { reasons } of await Promise.all(both)) expect(reasons).toContainEqual({ code: 'locked', by: 'txt' })
    await told.refusal('main', 'locked')
    expect(await state('main')).toMatchObject({ active: 'one' })

    await call(standby, { do: 'unlock', failover: 'main' })
    await decides('main', { kind: 'move' })
    expect(await state('main')).toMatchObject({ active: 'two', flags: { locked: false } })
  })

  test('in dry-run mode it decides, says so, and moves nothing', async () => {
    const { reset, origin, decides, state } = stage()
    await reset('dry')
    const before = await state('dry')
    await origin('dry', 'one').kill()
    const decision = await decides('dry', { kind: 'report' })
    expect(decision).toMatchObject({ mode: 'dry-run', would: { kind: 'move', to: 'two' } })
    expect(await state('dry')).toEqual(before)
  })

  test('it returns by itself when the first endpoint was up for the whole stretch, as was published', async () => {
    const { sandbox, reset, call, state, home } = stage()
    const { vantages } = sandbox.config
    await reset('back')
    await call(home, { do: 'to', failover: 'back', endpoint: 'two' })
    // No schedule has run for ten minutes.
    expect(await call(home, { do: 'tick' })).toMatchObject({ decisions: [] })
    expect(await state('back')).toMatchObject({ active: 'two' })

    await Promise.all(vantages.map((vantage) => startCold(sandbox, vantage, probeFunction(vantage))))
    const nowMs = Math.floor(Date.now() / minuteMs) * minuteMs
    // On to the minutes that a busy machine takes for it.
    for (let ago = 11; ago >= -3; ago--)
      await Promise.all(vantages.map((vantage) => publishMinute(sandbox, vantage, nowMs - ago * minuteMs)))
    expect(await call(home, { do: 'tick' })).toMatchObject({ decisions: [{ failover: 'back', decision: 'move' }] })
    expect(await state('back')).toMatchObject({
      active: 'one',
      switches: [
        { from: 'two', to: 'one', by: 'auto' },
        { from: 'one', to: 'two', by: 'person' },
      ],
    })
  })
}

/**
 * Has a vantage publish a minute. Where a busy machine did not answer in a function's time, whether CloudWatch has it nobody knows:
 * a container that remembers nothing says it again, as votes that say up may count twice here.
 */
async function publishMinute(sandbox: Sandbox, vantage: string, atMs: number): Promise<void> {
  const event = { shard: '1m-0', scheduledTime: new Date(atMs).toISOString() }
  for (let attempt = 1; ; attempt++) {
    const { metrics } = await sandbox.aws.invoke<ShardSummary>(vantage, probeFunction(vantage), event)
    if (metrics.every(({ queued, dropped }) => queued + dropped === 0)) return
    if (attempt === 10) throw new Error(`expected ${vantage} to publish, got ${JSON.stringify(metrics)}`)
    await startCold(sandbox, vantage, probeFunction(vantage))
  }
}
