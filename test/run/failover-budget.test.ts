import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { ChangeOutcome, ListOutcome, RecordStore, ZoneOutcome } from '../../lib/act/ports.ts'
import { createZoneStore } from '../../lib/local/zone-store.ts'
import type { Failover } from '../../lib/model/failover.ts'
import { failoverOf, recordsOf } from '../support/failover-fixture.ts'
import { regionsOf, settle } from '../support/failover-regions.ts'

const noon = Date.UTC(2026, 10, 21, 12)
const minuteMs = 60_000
beforeEach(() => vi.useFakeTimers({ now: noon }))
afterEach(() => vi.useRealTimers())

/** An account may make 50 calls at once and 10 a second (https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DNSLimitations.html). */
const [burst, aSecond] = [50, 10]

const failovers: Failover[] = Array.from({ length: 100 }, (_, i) => {
  return { ...failoverOf(), id: `f${i}`, record: `f${i}.live.test`, check: `c${i}` }
})

/** Route 53 with an account's limit, and the times of all calls. */
function limited() {
  const zone = createZoneStore({ setRecords: () => {} }, failovers.flatMap(recordsOf))
  const calls: number[] = []
  let throttled = 0
  let [tokens, lastMs] = [burst, Date.now()]
  const isThrottled = () => {
    const nowMs = Date.now()
    calls.push(nowMs)
    tokens = Math.min(burst, tokens + ((nowMs - lastMs) / 1000) * aSecond)
    lastMs = nowMs
    if (tokens < 1) throttled++
    else tokens--
    return tokens < 1
  }
  const records: RecordStore = {
    list: async (failover): Promise<ListOutcome> => (isThrottled() ? { kind: 'throttled' } : zone.list(failover)),
    change: async (failover, batch): Promise<ChangeOutcome> =>
      isThrottled() ? { kind: 'throttled' } : zone.change(failover, batch),
    zone: async (): Promise<ZoneOutcome> =>
      isThrottled()
        ? { kind: 'throttled' }
        : { kind: 'zone', name: 'live.test', isPrivate: false, nameServers: ['ns1'] },
  }
  return { records, calls, throttled: () => throttled }
}

describe('a hundred failovers and two controllers', () => {
  test('make two calls a second to Route 53 at most while nothing happens, and none is throttled', async () => {
    const { records, calls, throttled } = limited()
    const { region } = regionsOf(failovers, { records })
    const controllers = [region(0), region(1)]
    for (let minute = 0; minute < 60; minute++) {
      vi.setSystemTime(Math.max(Date.now(), noon + minute * minuteMs))
      await settle(Promise.all(controllers.map(({ run }) => run({ do: 'tick' }))))
    }
    const perMinute = calls.length / 60
    // Each is listed, and its zone read, every ten minutes; once an hour writing is proven: 2 × (100 × 13 / 60) a minute.
    expect(perMinute).toBeLessThan(60)
    expect(perMinute).toBeGreaterThan(30)
    expect(throttled()).toBe(0)
    const most = calls.map((fromMs) => calls.filter((atMs) => atMs >= fromMs && atMs < fromMs + 1000).length)
    expect(Math.max(...most)).toBeLessThanOrEqual(2)
    for (const { told } of controllers) expect(told).toEqual([])
  })

  test('of which all fail at once are left to a person, each told of, within the limits of the API', async () => {
    const { records, calls } = limited()
    const { region, votes } = regionsOf(failovers, { records, maxConcurrent: 25 })
    const controllers = [region(0), region(1)]
    for (const { id } of failovers) votes[id] = { one: 'down' }
    const monitors = failovers.map(({ check }) => `${check}@one`)
    await settle(Promise.all(controllers.map(({ run }) => run({ do: 'trigger', vantage: 'north', monitors }))))
    for (const { told } of controllers) {
      const refused = new Set(
        told
          .filter(({ message }) => message.summary.includes('wanted to move'))
          .map(({ message }) => message.event.failover),
      )
      expect(refused.size).toBe(100)
    }
    expect(Date.now() - noon).toBeLessThan(3 * minuteMs)
    // Read at the beginning and near the end of `sustain`, and again where the API was busy.
    expect(calls.length).toBeLessThan(100 * 2 * 7)
  })

  test('of which ten fail at once move them all', async () => {
    const { records } = limited()
    const { region, votes } = regionsOf(failovers, { records, maxConcurrent: 25 })
    const some = failovers.slice(0, 10)
    for (const { id } of some) votes[id] = { one: 'down' }
    const monitors = some.map(({ check }) => `${check}@one`)
    const home = region(0)
    await settle(home.run({ do: 'trigger', vantage: 'north', monitors }))
    expect(home.told.filter(({ message }) => message.summary.includes('moved to two'))).toHaveLength(10)
  })
})
