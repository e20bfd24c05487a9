import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Engine } from '../../lib/local/engine.ts'
import type { HistoryReader } from '../../lib/local/history-reader.ts'
import type { MonitorView } from '../../lib/local/snapshot.ts'
import type { FailoverView } from '../../lib/local/web/api/failovers.ts'
import { BarsBoard } from '../../lib/local/web/bars.ts'
import { EventRing } from '../../lib/local/web/event-ring.ts'
import { Feeder, type Sources } from '../../lib/local/web/feeder.ts'
import { bucketMsFor } from '../../lib/local/web/series.ts'
import { Sights } from '../../lib/local/web/sights.ts'
import { decodeSparkline, encodeSparkline } from '../../lib/local/web/sparkline.ts'
import { troubleOf } from '../../lib/local/web/trouble.ts'
import { percent, uptimeText } from '../../lib/local/web/uptime.ts'
import type { FailoverEvent } from '../../lib/run/failover-event.ts'
import type { FailoverStatus } from '../../lib/run/failover-status.ts'
import { base, dayMs, history, minuteMs } from '../support/history.ts'
import { failedResult, httpResult } from '../support/results.ts'

const hourMs = 60 * minuteMs
const change = (id: string) => ({ id, from: 'up', to: 'down', atMs: 1, firstAtMs: 1, muted: false }) as const

describe('what vantages see', () => {
  it('of one of several addresses is so until a vote on all of them, since the move away, says otherwise', () => {
    const sights = new Sights()
    const voted = (atMs: number, active: boolean, up: string[], down: string[]) => {
      const endpoint = { active, monitors: ['api@two.1', 'api@two.2'], votes: { up, down, none: [] } }
      sights.take([], [{ endpoints: [endpoint], last: { atMs } } as unknown as FailoverView])
      return sights.downAt('api@two.2')
    }
    sights.take([{ monitor: 'api@two.2', vantage: 'south', isDown: true, atMs: 4000 }], [])
    expect(voted(5000, true, ['north', 'south'], [])).toEqual(['south'])
    expect(voted(6000, false, ['north'], ['south'])).toEqual(['south'])
    expect(voted(7000, false, ['north', 'south'], [])).toEqual([])
  })
})

describe('the ring of events', () => {
  it('gives exactly what came after any event that it still has', () => {
    fc.assert(
      fc.property(fc.array(fc.string(), { maxLength: 30 }), fc.nat(), (names, pick) => {
        const ring = new EventRing()
        const told = [{ id: ring.lastId, text: '' }]
        for (const name of names) {
          const text = ring.add('state', change(name))
          told.push({ id: ring.lastId, text })
        }
        const from = pick % told.length
        const later = told.slice(from + 1).map(({ text }) => text)
        expect(ring.since(told[from]?.id ?? '')).toBe(later.join(''))
      }),
    )
  })

  it('keeps half a megabyte, and knows what it has forgotten', () => {
    const ring = new EventRing()
    const ids = Array.from({ length: 40 }, () => {
      ring.add('state', change('x'.repeat(50_000)))
      return ring.lastId
    })
    const known = ids.filter((id) => ring.since(id) !== undefined)
    expect(known).toEqual(ids.slice(-known.length))
    expect(known.length).toBeGreaterThanOrEqual(10)
    expect(ring.since(known[0] ?? '')?.length).toBeLessThanOrEqual(512 * 1024)
    expect(known.length).toBeLessThanOrEqual(12)
    expect(ring.since(known[0] ?? '')?.match(/^event: /gm)).toHaveLength(known.length - 1)
  })

  it('keeps five thousand small ones', () => {
    const ring = new EventRing()
    const before = ring.lastId
    for (let i = 0; i < 5000; i++) ring.add('sights', [])
    expect(ring.since(before)?.match(/^event: /gm)).toHaveLength(5000)
    ring.add('sights', [])
    expect(ring.since(before)).toBe(undefined)
  })
})

describe('a cause', () => {
  it('has its code in words, whatever it is called, and no more of its message than fits', () => {
    expect(troubleOf({ code: 'CONNECT_REFUSED', message: 'x' }).words).toBe('connection refused')
    for (const code of ['OF_A_LATER_VERSION', 'constructor', '__proto__'])
      expect(troubleOf({ code, message: '' })).toEqual({ code, words: code, message: '' })
    expect(troubleOf({ code: 'SELF', message: 'x'.repeat(300) }).message).toBe('x'.repeat(300))
    expect(troubleOf({ code: 'SELF', message: 'x'.repeat(301) }).message).toBe(`${'x'.repeat(299)}…`)
  })
})

describe('a sparkline', () => {
  it('is within a thirtieth of its highest value, with every gap in its place', () => {
    const runs = fc.array(fc.option(fc.double({ min: 0, max: 60_000, noNaN: true })), { maxLength: 40 })
    fc.assert(
      fc.property(runs, (durations) => {
        const back = decodeSparkline(encodeSparkline(durations))
        const highest = Math.max(0, ...durations.map((ms) => ms ?? 0))
        expect(back).toHaveLength(durations.length)
        for (const [i, ms] of durations.entries()) {
          const shown = back[i]
          if (ms === null || shown === null || shown === undefined) expect(shown).toBe(ms)
          else expect(Math.abs(shown - ms)).toBeLessThanOrEqual(highest / 60 + 0.1)
        }
      }),
    )
  })
})

describe('what waits for the thread of the dashboard', () => {
  const view = (id: string) => ({ id }) as MonitorView
  const sources = (locked: () => boolean): Sources => ({
    engine: { snapshot: () => ({ monitors: ['a', 'b'].map(view) }), view, vitals: () => ({}) } as unknown as Engine,
    failovers: {
      status: () => [{ id: 'f', locked: locked() } as FailoverStatus],
      sights: () => [],
      vantages: ['north'],
    },
  })
  const tell = (feeder: Feeder, monitor: string, atMs: number) =>
    feeder.takeEngineEvent({ type: 'result', result: httpResult(monitor, atMs), muted: false })

  it('is told once, of what was touched alone; a lock, which is no event, with the word that comes every so often', () => {
    let isLocked = false
    const feeder = new Feeder(sources(() => isLocked))
    expect(feeder.all().views.map(({ id }) => id)).toEqual(['a', 'b'])
    expect(feeder.isEmpty).toBe(true)
    tell(feeder, 'b', 1)
    expect(feeder.isEmpty).toBe(false)
    const batch = feeder.next({ withVitals: false })
    expect([batch.views.map(({ id }) => id), batch.results.length, batch.failovers]).toEqual([['b'], 1, []])
    isLocked = true
    const word = feeder.next({ withVitals: true })
    expect(word).toMatchObject({ views: [], results: [], failovers: [{ id: 'f', locked: true }], vantages: ['north'] })
    feeder.takeFailoverEvent({ type: 'failed', failover: 'f', atMs: 1, message: 'x' } as FailoverEvent)
    expect(feeder.next({ withVitals: false })).toMatchObject({
      failovers: [{ id: 'f' }],
      failoverEvents: [{ atMs: 1 }],
    })
  })

  it('is no more than five thousand of a kind: the newest', () => {
    const feeder = new Feeder(sources(() => false))
    const result = httpResult('a', 0)
    for (let i = 0; i <= 5000; i++)
      feeder.takeEngineEvent({ type: 'result', result: { ...result, attempts: i }, muted: false })
    const { results } = feeder.next({ withVitals: false })
    expect([results.length, results[0]?.attempts, results.at(-1)?.attempts]).toEqual([5000, 1, 5000])
  })
})

describe('buckets', () => {
  it('divide an hour, and are no more than a screen can show', () => {
    const range = fc.integer({ min: 1, max: 31 * dayMs })
    fc.assert(
      fc.property(range, fc.integer({ min: 1000, max: dayMs }), (rangeMs, everyMs) => {
        const bucketMs = bucketMsFor(rangeMs, everyMs)
        expect(hourMs % bucketMs).toBe(0)
        // One more where the range does not begin with a bucket.
        expect(rangeMs / bucketMs).toBeLessThanOrEqual(744)
      }),
    )
  })
})

describe('bars that are read again and again', () => {
  it('are what they would be if they were read for the first time', () => {
    const { reader, add } = history()
    const bars = new BarsBoard()
    const of = (board: BarsBoard, monitor: string) => board.of(monitor, minuteMs)
    const vantages = ['local', 'north']
    let nowMs = base
    for (let step = 0; step < 60; step++) {
      nowMs += (step * 7) % 11 === 0 ? 5 * hourMs : 9 * minuteMs
      // Late results belong to the hour before.
      const atMs = nowMs - (step % 5 === 0 ? 50 : 1) * minuteMs
      const id = `m${step % 3}`
      const vantage = vantages[step % 2] ?? ''
      add(step % 4 === 0 ? failedResult(id, atMs, { vantage }) : httpResult(id, atMs, { vantage, index: step }))
      bars.refresh(reader, nowMs)
      const fresh = new BarsBoard()
      fresh.refresh(reader, nowMs)
      for (const monitor of ['m0', 'm1', 'm2', 'none']) expect(of(bars, monitor)).toEqual(of(fresh, monitor))
    }
    expect(of(bars, 'm0').uptime.d30).toBeLessThan(1)
    expect(of(bars, 'none').uptime).toEqual({ h24: null, d7: null, d30: null })
  })
  it('know how much was seen: a vote stands for an interval, and no hour has more than its minutes', () => {
    const { reader, add } = history()
    for (let minute = 0; minute < 30; minute++) add(httpResult('calm', base + minute * minuteMs))
    for (let i = 0; i < 240; i++) add(httpResult('often', base + i * 15_000, { index: i }))
    const bars = new BarsBoard()
    bars.refresh(reader, base + hourMs - 1)
    const times = (ms: number) => ({ h24: ms, d7: ms, d30: ms })
    expect(bars.of('calm', minuteMs).seenMs).toEqual(times(30 * minuteMs))
    expect(bars.of('often', minuteMs).seenMs).toEqual({ h24: hourMs, d7: 4 * hourMs, d30: 4 * hourMs })
    expect(bars.of('none', minuteMs).seenMs).toEqual(times(0))
  })
})

describe('bars', () => {
  const [hour, day] = [Math.floor(base / hourMs), Math.floor(base / dayMs)]
  /** Counts by size and span, as a history has them. */
  const boardOf = (counts: Record<'hour' | 'day', [start: number, up: number, degraded: number, down: number][]>) => {
    const reader = {
      counts: (size: 'hour' | 'day', from: number, to: number) =>
        counts[size]
          .filter(([start]) => start >= from && start < to)
          .map(([start, up, degraded, down]) => ({ monitor: 'api', start, up, degraded, down, unknown: 7 })),
    } as unknown as HistoryReader
    return { board: new BarsBoard(), reader, counts }
  }

  it('show one failure in a hundred thousand, and take degraded for up, unknown for nothing', () => {
    const { board, reader } = boardOf({ hour: [[hour, 90_000, 9999, 1]], day: [[day, 0, 0, 0]] })
    board.refresh(reader, base)
    const { hours, days, uptime } = board.of('api', minuteMs)
    expect(hours.down).toEqual([...Array(23).fill(null), 1])
    expect(hours.degraded?.at(-1)).toBe(1000)
    expect(uptime).toEqual({ h24: 99_999 / 100_000, d7: null, d30: null })
    expect([days.down.at(-1), days.degraded]).toEqual([null, undefined])
  })

  it('are of exactly 24 hours, 7 days and 30 days, those under way included', () => {
    const ago = (now: number, spans: number[]) =>
      spans.map((n): [number, number, number, number] => [now - n, n === 0 ? 1 : 0, 0, n === 0 ? 0 : 1])
    const shares = (hours: number[], days: number[]) => {
      const { board, reader } = boardOf({ hour: ago(hour, hours), day: ago(day, days) })
      board.refresh(reader, base)
      const { h24, d7, d30 } = board.of('api', minuteMs).uptime
      return [h24, d7, d30]
    }
    expect(shares([0, 24], [0, 7, 30])).toEqual([1, 1, 1 / 2])
    expect(shares([0, 23], [0, 6, 29])).toEqual([1 / 2, 1 / 2, 1 / 3])
  })

  it('are read anew after a clock that was set back, and else every three seconds', () => {
    const { board, reader, counts } = boardOf({ hour: [[hour, 1, 0, 0]], day: [[day, 1, 0, 0]] })
    const ratioAt = (ms: number) => {
      board.refresh(reader, ms)
      return board.of('api', minuteMs).uptime.h24
    }
    const nowMs = base + 30 * minuteMs
    expect(ratioAt(nowMs)).toBe(1)
    counts.hour = [[hour, 1, 0, 1]]
    expect(ratioAt(nowMs + 2999)).toBe(1)
    expect(ratioAt(nowMs + 3000)).toBe(1 / 2)
    counts.hour = [[hour, 1, 0, 3]]
    expect(ratioAt(nowMs - minuteMs)).toBe(1 / 4)
  })
})

describe('uptime', () => {
  const ofAll = <T>(value: T) => ({ h24: value, d7: value, d30: value })
  const texts = (ratio: number | null, seenMs: number) => {
    const known = { uptime: ofAll(ratio), seenMs: ofAll(seenMs) }
    return (['h24', 'd7', 'd30'] as const).map((window) => uptimeText(known, window))
  }

  it('is no percentage of what was hardly seen', () => {
    expect(texts(null, 0)).toEqual(['–', '–', '–'])
    expect(texts(0, 4000)).toEqual(['new', 'new', 'new'])
    expect(texts(0.5, hourMs)).toEqual(['50.00 %', '–', '–'])
    expect(texts(0.99999, 7 * hourMs)).toEqual(['99.99 %', '99.99 %', '–'])
    expect(texts(1, 30 * hourMs)).toEqual(['100 %', '100 %', '100 %'])
  })

  it('is the percentage that it is, and below 100 % what was not all good', () => {
    for (let n = 0; n <= 10_000; n++) expect(Number.parseFloat(percent(n / 10_000))).toBe(n / 100)
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10 ** 9 }), (votes) => {
        expect(percent((votes - 1) / votes)).not.toMatch(/^100/)
      }),
    )
  })
})
