import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  badShare,
  burnOf,
  burnRateOf,
  isBurning,
  judgePairs,
  leastBad,
  leastVotes,
  type Pair,
  type PairState,
  pairsOf,
  seenOf,
  type Votes,
  votesDue,
} from '../../lib/decide/budget.ts'
import { judgeBurns, type OpenBurns } from '../../lib/decide/burn-watch.ts'
import { addHour, addVotes, advance, emptyRing, votesIn, wholeVotesOver } from '../../lib/decide/vote-ring.ts'

const [minuteMs, hourMs, dayMs] = [60_000, 3_600_000, 86_400_000]
const month = { objective: 99.9, windowMs: 30 * dayMs }
const pace = { everyMs: minuteMs, places: 1 }
const idsOf = (pairs: Pair[]) => pairs.map(({ id }) => id)

describe('burn rates', () => {
  // The Site Reliability Workbook, chapter 5, table 5-8: share of a 30-day budget, window, burn rate.
  test.each([
    [0.02, hourMs, 14.4],
    [0.05, 6 * hourMs, 6],
    [0.1, dayMs, 3],
    [0.1, 3 * dayMs, 1],
  ])('using up %f of a budget of 30 d in %i ms is a rate of %f', (share, longMs, rate) => {
    expect(burnRateOf(share, 30 * dayMs, longMs)).toBe(rate)
  })

  test('1 uses the budget up exactly at the end of its window, and total failure burns 1000 times as fast at 99.9 %', () => {
    expect(burnOf({ good: 999, bad: 1 }, month)).toBeCloseTo(1)
    expect(burnOf({ good: 0, bad: 5 }, month)).toBeCloseTo(1000)
    expect(burnOf({ good: 0, bad: 0 }, month)).toBe(0)
  })
})

describe('the pairs of an objective', () => {
  test('are the four of the workbook for 30 days, the short window a twelfth of the long', () => {
    expect(pairsOf(month, minuteMs)).toEqual([
      { id: '1h', longMs: hourMs, shortMs: 5 * minuteMs, burnRate: 14.4, limit: 0.0144, severity: 'page' },
      { id: '6h', longMs: 6 * hourMs, shortMs: 30 * minuteMs, burnRate: 6, limit: 0.006, severity: 'page' },
      { id: '1d', longMs: dayMs, shortMs: 2 * hourMs, burnRate: 3, limit: 0.003, severity: 'ticket' },
      { id: '3d', longMs: 3 * dayMs, shortMs: 6 * hourMs, burnRate: 1, limit: 0.001, severity: 'ticket' },
    ])
  })

  test('have the rates that use up the same shares of another window, never below 1', () => {
    const ratesOf = (windowMs: number) =>
      pairsOf({ objective: 99.9, windowMs }, minuteMs).map(({ burnRate }) => burnRate)
    expect(ratesOf(90 * dayMs)).toEqual([43.2, 18, 9, 3])
    expect(ratesOf(7 * dayMs)).toEqual([3.36, 1.4, 1, 1])
    expect(ratesOf(dayMs)).toEqual([1, 1, 1])
  })

  test('leave out what can say nothing', () => {
    // A total failure of a promise of 90 % burns at 10, of 50 % at 2.
    expect(idsOf(pairsOf({ objective: 90, windowMs: 30 * dayMs }, minuteMs))).toEqual(['6h', '1d', '3d'])
    expect(idsOf(pairsOf({ objective: 50, windowMs: 30 * dayMs }, minuteMs))).toEqual(['3d'])
    // A short window without a run in it.
    expect(idsOf(pairsOf(month, 10 * minuteMs))).toEqual(['6h', '1d', '3d'])
    expect(idsOf(pairsOf(month, dayMs))).toEqual([])
    // Longer than what is promised.
    expect(idsOf(pairsOf({ objective: 99.9, windowMs: dayMs }, minuteMs))).toEqual(['1h', '6h', '1d'])
  })
})

const votes = fc.record({ good: fc.nat(10_000), bad: fc.nat(10_000) })
const objective = fc.integer({ min: 50_000, max: 99_999 }).map((thousandths) => thousandths / 1000)
const slos = fc.record({ objective, windowMs: fc.integer({ min: 1, max: 90 }).map((days) => days * dayMs) })
const everyMs = fc.constantFrom(1000, 10_000, minuteMs, 5 * minuteMs, hourMs, dayMs)

describe('a pair', () => {
  const [pair] = pairsOf(month, minuteMs) as [Pair]

  test('burns where both windows are over its rate', () => {
    const long = { good: 179, bad: 3 }
    expect(badShare(long)).toBeGreaterThan(0.0144)
    expect(isBurning(pair, pace, long, { good: 14, bad: 1 })).toBe(true)
    expect(isBurning(pair, pace, long, { good: 15, bad: 0 })).toBe(false)
    expect(isBurning(pair, pace, { good: 300, bad: 3 }, { good: 14, bad: 1 })).toBe(false)
  })

  test('burns by the whole of its windows: what was not seen has burned nothing', () => {
    const started = { good: 9, bad: 3 }
    expect(isBurning(pair, { everyMs: 5000, places: 1 }, started, started)).toBe(false)
    expect(isBurning(pair, { everyMs: minuteMs, places: 1 }, started, started)).toBe(true)
    expect(isBurning(pair, { everyMs: minuteMs, places: 4 }, started, started)).toBe(false)
  })

  test('never says that more burned in a window than was seen down in it, and on full windows what the workbook says', () => {
    const paces = fc.record({ everyMs, places: fc.integer({ min: 1, max: 10 }) })
    fc.assert(
      fc.property(slos, paces, fc.func(votes), (slo, of, votesIn) => {
        for (const { pair: one, long, short, longBurn, shortBurn } of judgePairs(slo, of, votesIn)) {
          const windows = [
            [one.longMs, long, longBurn],
            [one.shortMs, short, shortBurn],
          ] as const
          for (const [ms, { good, bad }, burn] of windows) {
            const spentMs = (burn * ms * (100 - slo.objective)) / 100
            expect(spentMs).toBeLessThanOrEqual(((bad * of.everyMs) / of.places) * 1.000001)
            if (good + bad >= votesDue(ms, of)) expect(burn).toBe(burnOf({ good, bad }, slo))
          }
        }
      }),
    )
  })

  test('burns above its rate, not at it', () => {
    expect(isBurning(pair, pace, { good: 9856, bad: 144 }, { good: 0, bad: 5 })).toBe(false)
    expect(isBurning(pair, pace, { good: 9855, bad: 145 }, { good: 0, bad: 5 })).toBe(true)
  })

  test('never burns on fewer votes, or bad votes, than the least', () => {
    fc.assert(
      fc.property(slos, everyMs, votes, votes, (slo, every, long, short) => {
        for (const one of pairsOf(slo, every)) {
          const isEnough = long.good + long.bad >= leastVotes && long.bad >= leastBad
          if (isBurning(one, pace, long, short)) expect(isEnough).toBe(true)
        }
        const few: Votes = { good: leastVotes - 1 - leastBad, bad: leastBad }
        for (const one of pairsOf(slo, every)) {
          expect(isBurning(one, pace, few, short)).toBe(false)
          expect(isBurning(one, pace, { good: long.good, bad: leastBad - 1 }, short)).toBe(false)
        }
      }),
    )
  })

  test('never stops burning because one more vote was bad', () => {
    fc.assert(
      fc.property(slos, votes, votes, (slo, long, short) => {
        const worse = ({ good, bad }: Votes) => ({ good: Math.max(0, good - 1), bad: bad + 1 })
        for (const one of pairsOf(slo, minuteMs))
          if (isBurning(one, pace, long, short)) expect(isBurning(one, pace, worse(long), worse(short))).toBe(true)
      }),
    )
  })

  test('can always burn: total failure is over every limit that is left', () => {
    fc.assert(
      fc.property(slos, everyMs, (slo, every) => {
        const all = { everyMs: every, places: 1 }
        const total = (lastMs: number) => ({ good: 0, bad: Math.max(leastVotes, Math.ceil(votesDue(lastMs, all))) })
        const states = judgePairs(slo, all, total)
        for (const state of states) expect(state.isBurning).toBe(true)
        for (const { pair: one } of states) expect(one.shortMs).toBe(one.longMs / 12)
      }),
    )
  })
})

describe('what is told of the pairs of an objective', () => {
  const state = (id: Pair['id'], isBurning: boolean, longBurn: number): PairState => {
    const pair = pairsOf(month, minuteMs).find((one) => one.id === id)
    if (!pair) throw new Error(id)
    const none = { good: 0, bad: 0 }
    return { pair, isBurning, longBurn, shortBurn: 0, long: none, short: none, seenMs: pair.longMs }
  }
  const changesOf = (open: OpenBurns, ...states: PairState[]) =>
    judgeBurns(open, states).changes.map((one) => [one.severity, one.open, one.worst.pair.id])

  test('is the one that burns, though another is further over its rate in its long window alone', () => {
    expect(changesOf({}, state('1h', false, 144), state('6h', true, 6.5))).toEqual([['page', true, '6h']])
    expect(changesOf({}, state('1h', true, 15), state('6h', true, 30))).toEqual([['page', true, '1h']])
  })

  test('is once each that it begins and ends, of each severity', () => {
    const both = [state('1h', true, 20), state('1d', true, 4)]
    expect(changesOf({ page: true }, ...both)).toEqual([['ticket', true, '1d']])
    expect(changesOf({ page: true, ticket: true }, ...both)).toEqual([])
    expect(changesOf({ page: true }, state('1h', false, 2), state('6h', false, 5), state('1d', false, 0))).toEqual([
      ['page', false, '6h'],
    ])
  })
})

describe('how much of a window was seen', () => {
  test('is all of it from 95 % of its votes on, and never more', () => {
    const seen = (good: number) => seenOf(hourMs, { good, bad: 0 }, pace) / minuteMs
    expect([56, 57, 60, 70].map(seen)).toEqual([56, 60, 60, 60])
    expect(seenOf(hourMs, { good: 60, bad: 30 }, { everyMs: minuteMs, places: 3 })).toBe(hourMs / 2)
  })
})

describe('the ring of votes', () => {
  const start = Date.parse('2026-11-20T12:00:00Z')

  test('gives the votes of the last minutes, whatever the window, as a plain count does', () => {
    const cast = fc.record({ minute: fc.nat(5000), good: fc.nat(3), bad: fc.nat(3) })
    fc.assert(
      fc.property(fc.array(cast, { maxLength: 60 }), fc.nat(300), (all, later) => {
        const ring = emptyRing(start)
        const inOrder = [...all].sort((a, b) => a.minute - b.minute)
        for (const { minute, ...one } of inOrder) addVotes(ring, start + minute * minuteMs, one)
        const now = (inOrder.at(-1)?.minute ?? 0) + later
        advance(ring, start + now * minuteMs)
        for (const lastMinutes of [5, 60, 720, 4320]) {
          const within = inOrder.filter(({ minute }) => minute > now - lastMinutes)
          const sumOf = (key: 'good' | 'bad') => within.reduce((sum, one) => sum + one[key], 0)
          expect(votesIn(ring, lastMinutes * minuteMs)).toEqual({ good: sumOf('good'), bad: sumOf('bad') })
        }
      }),
      { numRuns: 60 },
    )
  })

  test('holds whole windows when a minute has just begun, so that no vote seems to be missing', () => {
    const ring = emptyRing(start)
    for (let minute = -10; minute < 0; minute++) addVotes(ring, start + minute * minuteMs, { good: 0, bad: 1 })
    advance(ring, start)
    const votesOf = wholeVotesOver(ring, [5 * minuteMs])
    expect(votesOf(5 * minuteMs)).toEqual({ good: 0, bad: 5 })
    expect(burnOf(votesOf(5 * minuteMs), month, votesDue(5 * minuteMs, pace))).toBeCloseTo(1000)
  })

  test('spreads an hour over its minutes without losing a vote', () => {
    fc.assert(
      fc.property(fc.nat(3600), fc.nat(3600), (good, bad) => {
        const ring = emptyRing(start)
        addHour(ring, start - hourMs, { good, bad })
        expect(votesIn(ring, 2 * hourMs)).toEqual({ good, bad })
      }),
    )
  })

  test('takes late votes, leaves out those before its time, and does not mind a clock that goes back', () => {
    const ring = emptyRing(start)
    addVotes(ring, start - 2 * minuteMs, { good: 1, bad: 0 })
    addVotes(ring, start - 4320 * minuteMs, { good: 7, bad: 7 })
    advance(ring, start - dayMs)
    expect(votesIn(ring, 3 * dayMs)).toEqual({ good: 1, bad: 0 })
    expect(votesIn(ring, 2 * minuteMs)).toEqual({ good: 0, bad: 0 })
  })
})
