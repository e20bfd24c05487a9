import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { latePeriods, type Minute, upSinceMs } from '../../lib/decide/published.ts'

const minuteMs = 60_000
const nowMs = 100 * minuteMs + 30_000
const about = { pass: 2, vantages: 3, periodMs: minuteMs, nowMs }
/** Votes by minutes ago: `3-1` is three votes, one of them down. */
const said = (votes: Record<number, [votes: number, down: number]>): Minute[] =>
  Object.entries(votes).map(([ago, [votes, down]]) => ({ atMs: (100 - Number(ago)) * minuteMs, votes, down }))
const agoOf = (sinceMs: number | undefined) => (sinceMs === undefined ? undefined : 100 - sinceMs / minuteMs)

describe('since when a monitor has been up', () => {
  test.each<[string, Record<number, [number, number]>, number | undefined]>([
    ['nothing was published', {}, undefined],
    ['all have seen it up for three minutes', { 0: [3, 0], 1: [3, 0], 2: [3, 0] }, 2],
    ['one of three sees it down', { 0: [3, 1], 1: [3, 1] }, 1],
    ['two of three saw it down three minutes ago', { 0: [3, 0], 1: [3, 0], 2: [3, 0], 3: [3, 2], 4: [3, 0] }, 2],
    ['a minute is missing', { 0: [3, 0], 1: [3, 0], 3: [3, 0] }, 1],
    ['too few voted in a minute', { 0: [3, 0], 1: [1, 0], 2: [3, 0] }, 0],
    ['the newest votes are on their way', { 2: [3, 0], 3: [3, 0] }, 3],
    ['the newest minute has one vote so far', { 0: [1, 0], 1: [3, 0], 2: [3, 0] }, 2],
    ['the newest minute has one vote so far, and it is down', { 0: [1, 1], 1: [3, 0] }, 1],
    ['too many see it down in the newest minute', { 0: [2, 2], 1: [3, 0] }, undefined],
    ['they came in for too long not at all', { [latePeriods]: [2, 1], [latePeriods + 1]: [3, 0] }, undefined],
  ])('where %s', (_, votes, ago) => {
    expect(agoOf(upSinceMs(said(votes), about))).toBe(ago)
  })

  test('goes by the periods of a monitor that runs less often', () => {
    const periodMs = 5 * minuteMs
    const votes = [20, 19, 18].map((n) => ({ atMs: n * periodMs, votes: 3, down: 0 }))
    expect(upSinceMs(votes, { ...about, periodMs })).toBe(18 * periodMs)
  })

  test('is never within or before a minute that lacked votes for it, whatever was published', () => {
    const minutes = fc.uniqueArray(
      fc.record({ ago: fc.nat(12), votes: fc.nat(5), down: fc.nat(5) }).map(({ ago, votes, down }) => {
        return { atMs: (100 - ago) * minuteMs, votes, down: Math.min(votes, down) }
      }),
      { selector: ({ atMs }) => atMs },
    )
    fc.assert(
      fc.property(minutes, fc.integer({ min: 1, max: 5 }), (votes, pass) => {
        const sinceMs = upSinceMs(votes, { ...about, pass, vantages: 5 })
        const upAt = (atMs: number) => votes.some((one) => one.atMs === atMs && one.votes - one.down >= pass)
        if (sinceMs === undefined) return !upAt(100 * minuteMs)
        const newestUp = votes.filter(({ atMs }) => upAt(atMs)).reduce((max, { atMs }) => Math.max(max, atMs), 0)
        for (let atMs = sinceMs; atMs <= newestUp; atMs += minuteMs) if (!upAt(atMs)) return false
        return !upAt(sinceMs - minuteMs) && 100 * minuteMs - newestUp <= latePeriods * minuteMs
      }),
      { numRuns: 2000 },
    )
  })

  test('is undefined or later after one more vote against it', () => {
    const row = fc.array(fc.tuple(fc.nat(5), fc.nat(5)), { minLength: 1, maxLength: 8 })
    fc.assert(
      fc.property(row, fc.nat(7), (all, at) => {
        const minutes = all.map(([up, down], ago) => ({ atMs: (100 - ago) * minuteMs, votes: up + down, down }))
        const worse = minutes.map((one, i) =>
          i === at % minutes.length ? { ...one, votes: one.votes + 1, down: one.down + 1 } : one,
        )
        const [before, after] = [minutes, worse].map(
          (some) => upSinceMs(some, { ...about, vantages: 11 }) ?? Number.POSITIVE_INFINITY,
        )
        return (after ?? 0) >= (before ?? 0)
      }),
      { numRuns: 2000 },
    )
  })
})
