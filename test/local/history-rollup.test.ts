import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { hourMs } from '../../lib/local/history-schema.ts'
import { HistoryStore } from '../../lib/local/history-store.ts'
import { HistoryUpkeep, rollupDays } from '../../lib/local/history-upkeep.ts'
import type { Status } from '../../lib/model/result.ts'
import { base, counts, dayMs, history, minuteMs, minutes } from '../support/history.ts'
import { failedResult, httpResult } from '../support/results.ts'

describe('uptime', () => {
  it('is the share of up and degraded among the votes', () => {
    const { add, reader } = history()
    add(...minutes('api', base, 40, (i) => (['up', 'degraded', 'down', 'up'] as const)[i % 4] ?? 'up'))
    const uptime = { up: 20, degraded: 10, down: 10, unknown: 0, ratio: 0.75 }
    expect(reader.uptime('api', base, base + hourMs)).toEqual(uptime)
    expect(reader.uptimes(base, base + hourMs)).toEqual(new Map([['api', uptime]]))
  })

  it('takes neither gaps nor unknown results for downtime, and says nothing of no votes', () => {
    const { add, reader } = history()
    add(...minutes('api', base, 10), ...minutes('api', base + 20 * hourMs, 10))
    add(...minutes('blind', base, 10, () => 'unknown'))
    expect(reader.uptime('api', base, base + dayMs).ratio).toBe(1)
    expect(reader.uptime('blind', base, base + dayMs)).toEqual({ up: 0, degraded: 0, down: 0, unknown: 10 })
    expect(reader.uptime('nobody', base, base + dayMs).ratio).toBeUndefined()
    expect(reader.uptimes(base, base)).toEqual(new Map())
  })

  it('is the same for one and for all, over any whole hours, before sealing and after', () => {
    const { add, reader, settle } = history()
    const results = ['a', 'b'].flatMap((id, k) =>
      Array.from({ length: 5 * 24 * 4 }, (_, i) =>
        (i * 7 + k) % 11 === 0 ? failedResult(id, base + i * 15 * minuteMs) : httpResult(id, base + i * 15 * minuteMs),
      ),
    )
    add(...results)
    const expected = (id: string, from: number, to: number) =>
      results.filter(
        ({ monitor, status, startedAt }) =>
          monitor === id && status === 'up' && Date.parse(startedAt) >= from && Date.parse(startedAt) < to,
      ).length
    const check = () =>
      fc.assert(
        fc.property(fc.integer({ min: -3, max: 130 }), fc.integer({ min: 0, max: 130 }), (start, length) => {
          const [from, to] = [base + start * hourMs, base + (start + length) * hourMs]
          const all = reader.uptimes(from, to)
          for (const id of ['a', 'b']) {
            expect(reader.uptime(id, from, to).up).toBe(expected(id, from, to))
            expect(all.get(id)?.up ?? 0).toBe(expected(id, from, to))
          }
        }),
        { numRuns: 60 },
      )
    check()
    settle(base + 10 * dayMs)
    check()
  })
})

describe('roll-ups', () => {
  it('count an hour as it goes, and have its percentiles when it is sealed', () => {
    const { add, reader, settle } = history()
    const durations = Array.from({ length: 60 }, (_, i) =>
      httpResult('api', base + i * minuteMs, { durationMs: i + 1 }),
    )
    add(...durations.slice(0, 30), failedResult('api', base + 59.5 * minuteMs, { durationMs: 5000 }))
    expect(reader.rollups('api', 'hour', base, base + dayMs)).toEqual([
      {
        startMs: base,
        vantage: 'local',
        ...{ up: 30, degraded: 0, down: 1, unknown: 0, ratio: 30 / 31 },
        durationMs: { mean: 15.5, min: 1, max: 30 },
      },
    ])
    add(...durations.slice(30))
    settle(base + hourMs + 3 * minuteMs)
    const [hour] = reader.rollups('api', 'hour', base, base + dayMs)
    expect(hour?.durationMs).toEqual({ mean: 30.5, min: 1, max: 60, p50: 30, p95: 57, p99: 60 })
    const [day] = reader.rollups('api', 'day', base, base + dayMs)
    expect(day).toMatchObject({ up: 60, down: 1, durationMs: { mean: 30.5, min: 1, max: 60 } })
  })

  it('have no durations where every run failed', () => {
    const { add, reader, settle } = history()
    add(...minutes('api', base, 5, () => 'down'))
    settle(base + dayMs)
    expect(reader.rollups('api', 'hour', base, base + dayMs)[0]).not.toHaveProperty('durationMs')
  })

  it('count a result that is sent again once', () => {
    const { add, reader } = history()
    const results = minutes('api', base, 10)
    add(...results)
    add(...results, httpResult('api', base + 10 * minuteMs))
    expect(reader.uptime('api', base, base + hourMs).up).toBe(11)
  })

  it('are the same however often, and with whatever interruptions, hours are sealed', () => {
    const status = (i: number): Status => (i % 13 === 0 ? 'down' : 'up')
    const dump = ({ reader }: ReturnType<typeof history>) => [
      reader.rollups('api', 'hour', base, base + dayMs),
      reader.rollups('api', 'day', base, base + dayMs),
      reader.results('api', base, base + dayMs),
    ]
    const whole = history()
    whole.add(...minutes('api', base, 240, status))
    whole.settle(base + dayMs)
    const expected = dump(whole)
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.integer({ min: 1, max: 60 }), fc.nat(3), fc.boolean())), (steps) => {
        const part = history()
        const results = minutes('api', base, 240, status)
        for (const [size, hours, isRestarted] of steps) {
          part.add(...results.splice(0, size))
          part.upkeep.step(base + hours * hourMs + 3 * minuteMs, 1)
          if (!isRestarted) continue
          part.store = new HistoryStore(part.db)
          part.upkeep = new HistoryUpkeep(part.db, 30)
        }
        if (results.length > 0) part.add(...results)
        part.settle(base + dayMs)
        expect(dump(part)).toEqual(expected)
      }),
      { numRuns: 25 },
    )
  })

  it('take in a result of an hour that is sealed already, as after the clock was set back', () => {
    const { add, reader, settle } = history()
    add(...minutes('api', base, 30))
    settle(base + dayMs)
    add(...minutes('api', base + 30 * minuteMs, 30))
    settle(base + dayMs)
    expect(reader.results('api', base, base + hourMs).length).toBe(60)
    expect(reader.uptime('api', base, base + hourMs).up).toBe(60)
  })
})

describe('retention', () => {
  it('forgets single results, and keeps counts longer', () => {
    const { add, db, reader, settle } = history(2)
    for (let day = 0; day < 5; day++) add(...minutes('api', base + day * dayMs, 60))
    settle(base + 5 * dayMs)
    expect(reader.results('api', base, base + 3 * dayMs - 1)).toEqual([])
    expect(reader.results('api', base + 3 * dayMs, base + 5 * dayMs).length).toBe(120)
    expect(reader.uptime('api', base, base + 5 * dayMs).up).toBe(300)
    settle(base + (rollupDays + 6) * dayMs)
    expect([counts(db, 'block'), counts(db, 'rollup')]).toEqual([0, 0])
  })

  it('seals an hour two minutes after its end, and keeps changes of state as long as counts', () => {
    const { add, db, store, settle } = history()
    add(httpResult('api', base))
    settle(base + hourMs + 2 * minuteMs - 1)
    expect(counts(db, 'block')).toBe(0)
    settle(base + hourMs + 2 * minuteMs)
    expect(counts(db, 'block')).toBe(1)
    const change = { monitor: 'api', from: 'up', to: 'down', firstAtMs: base, muted: false } as const
    store.append({
      results: [],
      transitions: [
        { ...change, atMs: base },
        { ...change, atMs: base + 1 },
      ],
    })
    settle(base + rollupDays * dayMs)
    expect(counts(db, 'transition')).toBe(2)
    settle(base + rollupDays * dayMs + 1)
    expect(counts(db, 'transition')).toBe(1)
  })

  it('works in small steps', () => {
    const { add, db, upkeep } = history(2)
    for (let hour = 0; hour < 30; hour++) add(httpResult('api', base + hour * hourMs))
    expect(upkeep.step(base + 40 * hourMs, 7)).toBe(7)
    expect(counts(db, 'block')).toBe(7)
    while (upkeep.step(base + 40 * hourMs, 7) > 0);
    expect(counts(db, 'block')).toBe(30)
    expect(upkeep.step(base + 10 * dayMs, 7)).toBe(7)
    expect(counts(db, 'block')).toBe(23)
  })

  it('gives the space of what it forgot to what comes', () => {
    const { add, db, settle } = history(2)
    const size = () => Number(Object.values(db.prepare('PRAGMA page_count').get() ?? {})[0])
    const sizes = Array.from({ length: 12 }, (_, day) => {
      add(...minutes('api', base + day * dayMs, 1440))
      settle(base + (day + 1) * dayMs)
      return size()
    })
    expect(sizes.at(-1)).toBeLessThanOrEqual((sizes[5] ?? 0) * 1.1)
  })
})
