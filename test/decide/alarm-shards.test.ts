import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type MonitorAlarms, monitorAlarms, resourcesOf, shardAlarms } from '../../lib/decide/alarm-shards.ts'
import { parseConfig } from '../../lib/model/parse-config.ts'

/** A monitor with so many resources; what they are does not matter here. */
const weighing = (id: string, weight: number) =>
  ({ id, alarms: Array.from({ length: weight }), composites: [], muteRules: [] }) as unknown as MonitorAlarms

const idText = fc.string({ minLength: 1, maxLength: 20 })
const lists = fc
  .uniqueArray(fc.tuple(idText, fc.integer({ min: 1, max: 5 })), { selector: ([id]) => id, maxLength: 200 })
  .map((list) => list.map(([id, weight]) => weighing(id, weight)))
const most = fc.integer({ min: 5, max: 40 })
const weightOf = (monitors: readonly MonitorAlarms[]) => monitors.reduce((sum, one) => sum + resourcesOf(one), 0)
const homesOf = (monitors: readonly MonitorAlarms[], limit: number) =>
  new Map(shardAlarms(monitors, limit).flatMap((shard) => shard.monitors.map(({ id }) => [id, shard.id])))

describe('shards of alarms', () => {
  test('hold each monitor exactly once, under ids of their own, and no more than a stack may', () => {
    fc.assert(
      fc.property(lists, most, (monitors, limit) => {
        const shards = shardAlarms(monitors, limit)
        expect(shards.flatMap((shard) => shard.monitors.map(({ id }) => id)).sort()).toEqual(
          monitors.map(({ id }) => id).sort(),
        )
        for (const shard of shards) expect(weightOf(shard.monitors)).toBeLessThanOrEqual(limit)
        expect(new Set(shards.map(({ id }) => id)).size).toBe(shards.length)
      }),
    )
  })

  test('come after the shard that they were split off from, and all from the first', () => {
    fc.assert(
      fc.property(lists, most, (monitors, limit) => {
        const seen = new Set<string>()
        for (const { id, from } of shardAlarms(monitors, limit)) {
          if (from === undefined) expect(id).toBe('0')
          else expect(seen).toContain(from)
          seen.add(id)
        }
      }),
    )
  })

  test('an addition takes monitors from one shard at most, and those go to shards that come after it', () => {
    fc.assert(
      fc.property(lists, most, fc.string({ minLength: 21, maxLength: 30 }), (monitors, limit, id) => {
        const [before, after] = [homesOf(monitors, limit), homesOf([...monitors, weighing(id, 1)], limit)]
        const moved = [...before].filter(([monitor, home]) => after.get(monitor) !== home)
        expect(new Set(moved.map(([, home]) => home)).size).toBeLessThanOrEqual(1)
        const origins = new Map(
          shardAlarms([...monitors, weighing(id, 1)], limit).map((shard) => [shard.id, shard.from]),
        )
        for (const [monitor, home] of moved) {
          let at = after.get(monitor)
          while (at !== undefined && at !== home) at = origins.get(at)
          expect(at).toBe(home)
        }
      }),
    )
  })

  test('are named by the bits that their monitors share, without the zeros at the end', () => {
    const monitors = Array.from({ length: 1000 }, (_, i) => weighing(`m${i}`, 1))
    expect(shardAlarms(monitors, 400).map(({ id, from }) => [id, from])).toEqual([
      ['0', undefined],
      ['01', '0'],
      ['1', '0'],
      ['11', '1'],
    ])
  })
})

describe('what a region has of a monitor', () => {
  const config = parseConfig({
    service: 'shop',
    vantages: ['us-east-1'],
    controllers: ['us-west-2', 'eu-central-1'],
    monitors: [
      {
        ...{ id: 'a', kind: 'http', url: 'https://x.test/', metrics: { duration: true } },
        expect: [{ source: 'duration', op: 'lt', value: '1s', level: 'degraded' }],
        maintenance: [{ cron: '0 2 * * *', for: '1h' }],
      },
    ],
  })
  const [monitor] = config.monitors
  if (!monitor) throw new Error('no monitor')

  test('is its alarms, the one on slowness at home only, and a mute rule over them', () => {
    const home = monitorAlarms(monitor, config, true)
    expect(home.alarms.map(({ name }) => name)).toEqual(['vedette-shop-a-down', 'vedette-shop-a-slow'])
    expect(home.muteRules.map(({ alarms }) => alarms)).toEqual([['vedette-shop-a-down', 'vedette-shop-a-slow']])
    const standby = monitorAlarms(monitor, config, false)
    expect(standby.alarms.map(({ name }) => name)).toEqual(['vedette-shop-a-down'])
    expect([resourcesOf(home), resourcesOf(standby)]).toEqual([3, 2])
  })
})
