import { expect, test } from 'vitest'
import { failoverAssetOf } from '../../lib/decide/failover-asset.ts'
import type { ConfigInput } from '../../lib/model/builders.ts'
import { parseConfig } from '../../lib/model/parse-config.ts'
import type { ShardSummary } from '../../lib/run/shard.ts'
import type { Decided } from './controller-view.ts'
import { eventually } from './eventually.ts'
import { recordOf } from './failover-config.ts'
import type { Stage } from './failover-stage.ts'
import { startCold, uncallable } from './knobs.ts'

/** Two controllers that know of each other only by what they leave in the record. */
export function controllerTests(stage: () => Stage, takeMinute: () => string): void {
  test('called at once, both controllers make one switch', async () => {
    const { reset, origin, trigger, until, logged, home, standby } = stage()
    await reset('main')
    const sinceMs = Date.now()
    await origin('main', 'one').kill()
    await Promise.all([trigger('main', home), trigger('main', standby)])
    const state = await until('main', ({ active }) => active === 'two', 'the record to move')
    expect(state.switches).toMatchObject([{ from: 'one', to: 'two', by: 'auto' }])
    const swaps = await logged('main', 'failover.swapped', sinceMs)
    expect(swaps.filter(({ kind }) => kind === 'moved').length).toBe(1)
  })

  test('asked for one move at the same instant, they write once', async () => {
    const { reset, state, call, logged, home, standby } = stage()
    await reset('main')
    for (const endpoint of ['two', 'one']) {
      const before = await state('main')
      const sinceMs = Date.now()
      await Promise.all([home, standby].map((region) => call(region, { do: 'to', failover: 'main', endpoint })))
      const after = await state('main')
      expect(after).toMatchObject({ active: endpoint, epoch: before.epoch + 1 })
      expect(after.switches.length).toBe(before.switches.length + 1)
      const swaps = await logged('main', 'failover.swapped', sinceMs)
      expect(swaps.filter(({ kind }) => kind === 'moved').length).toBe(1)
    }
  })

  test('with one controller region gone, the other moves once its turn has come', async () => {
    const { sandbox, reset, origin, until, logged, home, standby } = stage()
    await reset('main')
    await uncallable(sandbox, home, 'vedette-shop-failover')
    await origin('main', 'one').kill()
    const killedMs = Date.now()
    const event = { shard: '1m-0', scheduledTime: takeMinute() }
    const summary = await sandbox.aws.invoke<ShardSummary>('eu-west-1', 'vedette-shop-probe-eu-west-1', event)
    expect(summary.down).toBeGreaterThan(0)
    await until('main', ({ active }) => active === 'two', 'the standby to move it')
    const swap = await eventually(
      'the line about it',
      async () => (await logged('main', 'failover.swapped', killedMs))[0],
      120_000,
    )
    expect(swap).toMatchObject({ region: standby, kind: 'moved' })
    expect(Date.parse(swap.time) - killedMs).toBeGreaterThan(5000)
  })

  test('an alarm that opens has home decide', async () => {
    const { sandbox, reset, origin, call, state, home } = stage()
    await reset('main')
    const asset = failoverAssetOf(parseConfig(sandbox.config as unknown as ConfigInput), home)
    const alarmName = asset.monitors.find(({ id }) => id === 'main@one')?.alarm ?? ''
    await origin('main', 'one').kill()
    // As in https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-actions-Lambda.html
    const event = {
      source: 'aws.cloudwatch',
      alarmArn: `arn:aws:cloudwatch:${home}:000000000000:alarm:${alarmName}`,
      accountId: '000000000000',
      time: new Date().toISOString(),
      region: home,
      alarmData: {
        alarmName,
        state: { value: 'ALARM', reason: 'Threshold Crossed', timestamp: new Date().toISOString() },
        previousState: { value: 'OK', reason: 'Threshold not crossed', timestamp: new Date().toISOString() },
        configuration: { description: '', metrics: [] },
      },
    } as const
    await eventually(
      'the alarm to have it moved',
      async () => (await call<Decided[]>(home, event)).find(({ decision }) => decision === 'move'),
      120_000,
    )
    expect(await state('main')).toMatchObject({ active: 'two', switches: [{ by: 'auto' }] })
  })

  test('by health checks each controller decides, says so every minute, and still does after a cold start', async () => {
    const { sandbox, origin, decides, call, home, standby } = stage()
    const { aws, dns } = sandbox
    const fromMs = Date.now() - 60_000
    const serves = (region: string) => aws.metric(region, 'ServePrimary', { Failover: 'check' }, fromMs)
    for (const region of [home, standby]) {
      await call(region, { do: 'tick' })
      expect((await serves(region)).at(-1), region).toMatchObject({ maximum: 1 })
    }
    await origin('check', 'one').kill()
    const moved = Promise.all([home, standby].map((region) => decides('check', { kind: 'move' }, region)))
    for (const region of [home, standby])
      await eventually(
        `ServePrimary of 0 in ${region}`,
        async () => (await serves(region)).find(({ samples, sum }) => sum < samples),
        120_000,
      )
    // What Route 53's health checks make of it.
    dns?.serve(`${recordOf('check')}.`, 'two')
    await moved

    // The first endpoint is back, and nothing but the tables says that it is not to serve.
    await origin('check', 'one').mend()
    for (const region of [home, standby]) {
      await startCold(sandbox, region, 'vedette-shop-failover')
      const before = (await serves(region)).reduce((sum, point) => sum + point.sum, 0)
      const samples = (await serves(region)).reduce((sum, point) => sum + point.samples, 0)
      await call(region, { do: 'tick' })
      const after = await serves(region)
      expect(
        after.reduce((sum, point) => sum + point.samples, 0),
        region,
      ).toBe(samples + 1)
      expect(
        after.reduce((sum, point) => sum + point.sum, 0),
        region,
      ).toBe(before)
    }
  })
}
