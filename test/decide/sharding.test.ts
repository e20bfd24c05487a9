import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { mostPerShard, shardMonitors, worstCaseMs } from '../../lib/decide/sharding.ts'
import type { Monitor } from '../../lib/model/monitor.ts'
import { parseConfig } from '../../lib/model/parse-config.ts'

const intervals = ['10s', '30s', '1m', '5m', '1h'] as const

/** One monitor of each interval, completed as a config completes it; the others are copies under another id. */
const models = parseConfig({
  service: 'test',
  monitors: intervals.map((every) => ({ id: every, kind: 'http', url: 'http://x.test/', every })),
}).monitors

const monitor = (id: string, interval: number): Monitor => ({ ...(models[interval % models.length] as Monitor), id })
const many = (count: number, offset = 0) => Array.from({ length: count }, (_, i) => monitor(`m${i + offset}`, i))

const idLists = fc.uniqueArray(fc.tuple(fc.string({ minLength: 1, maxLength: 20 }), fc.nat(4)), {
  selector: ([id]) => id,
  maxLength: 200,
})
const monitorLists = idLists.map((list) => list.map(([id, interval]) => monitor(id, interval)))
const most = fc.integer({ min: 1, max: 30 })

describe('shards', () => {
  test('hold each monitor exactly once, with others of its interval, and no more than they may', () => {
    fc.assert(
      fc.property(monitorLists, most, (monitors, limit) => {
        const shards = shardMonitors(monitors, limit)
        expect(shards.flatMap((shard) => shard.monitors.map(({ id }) => id)).sort()).toEqual(
          monitors.map(({ id }) => id).sort(),
        )
        for (const shard of shards) {
          expect(shard.monitors.length).toBeLessThanOrEqual(limit)
          expect(new Set(shard.monitors.map(({ everyMs }) => everyMs))).toEqual(new Set([shard.everyMs]))
        }
        expect(new Set(shards.map(({ id }) => id)).size).toBe(shards.length)
      }),
    )
  })

  test('are done within their interval in the worst case', () => {
    for (const shard of shardMonitors(many(10_000))) {
      expect(shard.worstCaseMs).toBeLessThanOrEqual(shard.everyMs)
      expect(shard.worstCaseMs).toBe(Math.max(...shard.monitors.map(worstCaseMs)))
    }
  })

  test('do not depend on the order of the config', () => {
    fc.assert(
      fc.property(monitorLists, most, (monitors, limit) => {
        const ids = (list: Monitor[]) =>
          new Map(shardMonitors(list, limit).map((shard) => [shard.id, shard.monitors.map(({ id }) => id).sort()]))
        expect(ids([...monitors].reverse())).toEqual(ids(monitors))
      }),
    )
  })

  test('an addition moves the monitors of one shard at most', () => {
    fc.assert(
      fc.property(
        monitorLists,
        most,
        fc.string({ minLength: 21, maxLength: 30 }),
        fc.nat(4),
        (monitors, limit, id, interval) => {
          const before = shardMonitors(monitors, limit)
          const after = shardMonitors([...monitors, monitor(id, interval)], limit)
          const homes = new Map(after.flatMap((shard) => shard.monitors.map((one) => [one.id, shard.id])))
          const touched = before.filter((shard) => shard.monitors.some((one) => homes.get(one.id) !== shard.id))
          expect(touched.length).toBeLessThanOrEqual(1)
        },
      ),
    )
  })

  test('stay stable and even at ten thousand monitors', () => {
    const [before, after] = [shardMonitors(many(10_000)), shardMonitors(many(10_100))]
    const homes = new Map(after.flatMap((shard) => shard.monitors.map((one) => [one.id, shard.id])))
    const moved = before.flatMap((shard) => shard.monitors.filter((one) => homes.get(one.id) !== shard.id))
    expect(moved.length).toBeLessThan(10_000 / 4)
    for (const shard of before) expect(shard.monitors.length).toBeGreaterThan(mostPerShard / 4)
  })
})
