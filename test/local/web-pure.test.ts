import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { FailoverView } from '../../lib/local/web/api/failovers.ts'
import { BarsBoard } from '../../lib/local/web/bars.ts'
import { EventRing } from '../../lib/local/web/event-ring.ts'
import { bucketMsFor } from '../../lib/local/web/series.ts'
import { Sights } from '../../lib/local/web/sights.ts'
import { decodeSparkline, encodeSparkline } from '../../lib/local/web/sparkline.ts'
import { uptimeText } from '../../lib/local/web/uptime.ts'
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

describe('buckets', () => {
  it('divide an hour, and are no more than a screen can show', () => {
    const range = fc.integer({ min: 1, max: 31 * dayMs })
    fc.assert(
      fc.property(range, fc.integer({ min: 1000, max: dayMs }), (rangeMs, everyMs) => {
        const bucketMs = bucketMsFor(rangeMs, everyMs)
        expect(hourMs % bucketMs).toBe(0)
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
})
