import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { judgePairs, type Votes } from '../../lib/decide/budget.ts'
import { accountOf, type HourVotes } from '../../lib/decide/budget-account.ts'
import { type BudgetFacts, budgetReasonText, decideBudget } from '../../lib/decide/budget-decision.ts'
import { maintenanceSpans } from '../../lib/decide/maintenance.ts'

const [minuteMs, hourMs, dayMs] = [60_000, 3_600_000, 86_400_000]
const slo = { objective: 99.9, windowMs: 30 * dayMs }
const pace = { everyMs: minuteMs, places: 1 }
const toMs = Date.parse('2026-11-20T12:00:00Z')
const fromMs = toMs - slo.windowMs

/** An account with so much downtime, in the first hours of the window. */
function account(downMinutes: number, hours = 720) {
  const bad = (i: number) => Math.min(60, Math.max(0, downMinutes - 60 * i))
  const all = Array.from({ length: hours }, (_, i): HourVotes => {
    return { startMs: toMs - (hours - i) * hourMs, good: 60 - bad(i), bad: bad(i), unknown: 0 }
  })
  const watched = { slo, everyMs: minuteMs, places: 1, fromMs, toMs, firstMs: toMs - hours * hourMs }
  return accountOf(all, { ms: 0, good: 0, bad: 0 }, watched)
}

/** Facts whose last hours have these votes: by how far back they reach. */
function facts({
  hour = { good: 60, bad: 0 },
  day = { good: 1440, bad: 0 },
  short = hour,
  down = 0,
  ...more
}: Partial<BudgetFacts & { hour: Votes; day: Votes; short: Votes; down: number }> = {}): BudgetFacts {
  const pairs = judgePairs(slo, pace, (lastMs) => (lastMs < hourMs ? short : lastMs < 12 * hourMs ? hour : day))
  return { slo, pace, account: account(down), pairs, hour, day, votesPerHour: 60, ...more }
}
const decide = (given: Parameters<typeof facts>[0]) => {
  const { decision, reasons } = decideBudget(facts(given))
  return [decision, ...reasons.map(({ code }) => code)]
}

describe('the decision', () => {
  test('is to keep a change while nothing burns and enough is left', () => {
    expect(decide({})).toEqual(['keep', 'within-budget'])
    expect(decide({ down: 20 })).toEqual(['keep', 'within-budget'])
  })

  test('is to roll back while a page burns', () => {
    const [decision, first] = decide({ hour: { good: 50, bad: 10 }, short: { good: 0, bad: 5 } })
    expect([decision, first]).toEqual(['roll back', 'burning'])
  })

  test('is to roll back what goes on burning an overdrawn budget, and to be careful where it only is overdrawn', () => {
    expect(decide({ down: 60, hour: { good: 57, bad: 3 }, short: { good: 5, bad: 0 } }).slice(0, 2)).toEqual([
      'roll back',
      'overdrawn',
    ])
    expect(decide({ down: 60 })).toEqual(['watch closely', 'overdrawn'])
  })

  test('is to watch what burns slowly, has eased, leaves little, ends soon or is hardly seen', () => {
    const cases: [Parameters<typeof facts>[0], string][] = [
      [{ day: { good: 1430, bad: 10 }, hour: { good: 59, bad: 1 } }, 'burning'],
      [{ hour: { good: 50, bad: 10 }, short: { good: 5, bad: 0 } }, 'easing'],
      [{ down: 40 }, 'little-left'],
      [{ day: { good: 1420, bad: 20 } }, 'ends-soon'],
      [{ hour: { good: 20, bad: 0 } }, 'too-few-votes'],
    ]
    for (const [given, code] of cases) {
      const [decision, ...codes] = decide(given)
      expect(decision, code).toBe('watch closely')
      expect(codes).toContain(code)
    }
  })

  test('at its limits: nothing left is too little, a quarter is enough, what is gone ends no more, and a slow burn that eased is none', () => {
    const withLeft = (left: number) => decide({ account: { ...account(0), left } })
    expect(withLeft(0)).toEqual(['watch closely', 'overdrawn'])
    expect(withLeft(0.249)).toEqual(['watch closely', 'little-left'])
    expect(withLeft(0.25)).toEqual(['keep', 'within-budget'])
    const gone = decide({ down: 60, hour: { good: 57, bad: 3 }, short: { good: 5, bad: 0 } })
    expect(gone.slice(0, 2)).toEqual(['roll back', 'overdrawn'])
    expect(gone).not.toContain('ends-soon')
    expect(decide({ day: { good: 1430, bad: 10 } })).toEqual(['keep', 'within-budget'])
  })

  test('is to watch what was never seen, and what runs seldom and has not been seen for a day', () => {
    const unseen = accountOf(
      [],
      { ms: 0, good: 0, bad: 0 },
      {
        ...{ slo, everyMs: minuteMs, places: 1, fromMs, toMs, firstMs: undefined },
      },
    )
    const none = { good: 0, bad: 0 }
    expect(decide({ account: unseen, hour: none, day: none, votesPerHour: 0 })).toEqual([
      'watch closely',
      'too-few-votes',
    ])
    expect(decide({ hour: none, day: none, votesPerHour: 2 })).toEqual(['watch closely', 'too-few-votes'])
    expect(decide({ hour: { good: 1, bad: 0 }, day: { good: 40, bad: 0 }, votesPerHour: 2 })).toEqual([
      'keep',
      'within-budget',
    ])
    // Five votes a day are too few to miss one of them.
    expect(decide({ hour: none, day: { good: 1, bad: 0 }, votesPerHour: 0.2 })).toEqual(['keep', 'within-budget'])
  })

  test('since a change goes by what came after it', () => {
    const since = (good: number, bad: number) =>
      decide({ since: { ms: toMs - 10 * minuteMs, forMs: 10 * minuteMs, votes: { good, bad } } }).slice(0, 2)
    expect(since(10, 0)).toEqual(['keep', 'within-budget'])
    expect(since(5, 5)).toEqual(['roll back', 'since'])
    expect(since(990, 10)).toEqual(['watch closely', 'since'])
    expect(since(8, 2)).toEqual(['keep', 'within-budget'])
    expect(since(3, 3)).toEqual(['watch closely', 'since-too-few'])
    expect(since(9857, 143)).toEqual(['watch closely', 'since'])
    expect(since(9855, 145)).toEqual(['roll back', 'since'])
    // Three of a hundred that are due, though ninety are missing.
    const hardlySeen = { since: { ms: toMs - 100 * minuteMs, forMs: 100 * minuteMs, votes: { good: 7, bad: 3 } } }
    const { decision } = decideBudget({ ...facts(hardlySeen), slo: { objective: 99, windowMs: 30 * dayMs } })
    expect(decision).toBe('watch closely')
    const loose = {
      ...facts({ since: { ms: toMs - 10 * minuteMs, forMs: 10 * minuteMs, votes: { good: 0, bad: 10 } } }),
      slo: { objective: 50, windowMs: 30 * dayMs },
    }
    expect(decideBudget(loose).decision).toBe('roll back')
  })

  test('never gets better because more votes were bad', () => {
    const order = ['keep', 'watch closely', 'roll back']
    const count = fc.integer({ min: 0, max: 60 })
    fc.assert(
      fc.property(count, count, count, fc.nat(80), (badHour, badShort, more, down) => {
        const at = (extra: number) => {
          const [hourBad, shortBad] = [Math.min(60, badHour + extra), Math.min(60, badShort + extra)]
          const hour = { good: 60 - hourBad, bad: hourBad }
          return decideBudget(
            facts({
              down,
              hour,
              short: { good: 60 - shortBad, bad: shortBad },
              day: { good: 1440 - hourBad, bad: hourBad },
            }),
          ).decision
        }
        expect(order.indexOf(at(more))).toBeGreaterThanOrEqual(order.indexOf(at(0)))
      }),
    )
  })

  test('says when the budget is gone at the present rate', () => {
    // 43.2 minutes are left; six bad votes of sixty use up six minutes an hour.
    expect(decideBudget(facts({ hour: { good: 54, bad: 6 } })).exhaustion).toEqual({
      inMs: expect.closeTo(7.2 * hourMs),
      over: '1h',
    })
    expect(decideBudget(facts({ day: { good: 1437, bad: 3 } })).exhaustion).toEqual({
      inMs: expect.closeTo(14.4 * dayMs),
      over: '1d',
    })
    expect(decideBudget(facts()).exhaustion).toBeUndefined()
  })

  test('says nothing of when it is gone of a time that was hardly seen, or at a rate that never uses it up', () => {
    const day = { good: 100, bad: 10 }
    expect(decideBudget(facts({ hour: { good: 20, bad: 4 }, day })).exhaustion).toBeUndefined()
    expect(decideBudget(facts({ hour: { good: 26, bad: 4 }, day })).exhaustion?.over).toBe('1h')
    const loose = { objective: 90, windowMs: 30 * dayMs }
    expect(decideBudget({ ...facts({ hour: { good: 56, bad: 4 } }), slo: loose }).exhaustion).toBeUndefined()
  })

  test('is not to roll back for 15 seconds that were down in the first minute of a monitor', () => {
    const often = { everyMs: 5000, places: 1 }
    const minute = { good: 9, bad: 3 }
    const pairs = judgePairs(slo, often, () => minute)
    const watched = { slo, ...often, fromMs, toMs, firstMs: toMs - minuteMs }
    const hours = [{ startMs: toMs - hourMs, ...minute, unknown: 0 }]
    const verdict = decideBudget({
      ...{ slo, pace: often, pairs, hour: minute, day: minute, votesPerHour: 12 },
      account: accountOf(hours, { ms: 0, good: 0, bad: 0 }, watched),
    })
    expect(verdict).toEqual({ decision: 'keep', reasons: [{ code: 'within-budget', left: expect.closeTo(0.9942, 4) }] })
  })

  test('names how much was seen of a window that was not seen whole', () => {
    const quarter = { good: 5, bad: 10 }
    const [first] = decideBudget(facts({ hour: quarter, short: { good: 0, bad: 5 }, day: quarter })).reasons
    expect(first && budgetReasonText(first)).toBe(
      'the 1h pair burns: 167× over 1h (15m of it seen) and 1000× over 5m, where 14.4× is a page',
    )
  })

  test('has a sentence for every reason', () => {
    const burning = decideBudget(facts({ hour: { good: 50, bad: 10 }, short: { good: 0, bad: 5 } })).reasons.map(
      budgetReasonText,
    )
    expect(burning[0]).toBe('the 1h pair burns: 167× over 1h and 1000× over 5m, where 14.4× is a page')
    expect(budgetReasonText({ code: 'within-budget', left: 0.9999 })).toBe(
      '99.9 % of the budget is left and nothing burns',
    )
  })
})

describe('the account', () => {
  const hours = fc.array(fc.record({ good: fc.nat(200), bad: fc.nat(200), unknown: fc.nat(5) }), {
    minLength: 0,
    maxLength: 48,
  })

  test('always adds up to all of its time', () => {
    fc.assert(
      fc.property(
        hours,
        fc.constantFrom(10_000, minuteMs, 5 * minuteMs, 2 * hourMs),
        fc.integer({ min: 1, max: 5 }),
        fc.nat(hourMs),
        (all, everyMs, places, part) => {
          const end = fromMs + all.length * hourMs + part
          const watched = { slo, everyMs, places, fromMs, toMs: end, firstMs: fromMs + hourMs }
          const found = accountOf(
            all.map((one, i) => ({ ...one, startMs: fromMs + i * hourMs })),
            { ms: 0, good: 0, bad: 0 },
            watched,
          )
          const { upMs, downMs, unknownMs, unwatchedMs } = found
          expect(upMs + downMs + unknownMs + unwatchedMs).toBeCloseTo(end - fromMs, 3)
          for (const ms of [upMs, downMs, unknownMs, unwatchedMs]) expect(ms).toBeGreaterThanOrEqual(0)
          expect(found.left).toBeLessThanOrEqual(1)
        },
      ),
    )
  })

  test('takes a gap for neither up nor down', () => {
    const half = accountOf(
      [{ startMs: fromMs, good: 30, bad: 0, unknown: 30 }],
      { ms: 0, good: 0, bad: 0 },
      {
        ...{ slo, everyMs: minuteMs, places: 1, fromMs, toMs: fromMs + hourMs, firstMs: fromMs },
      },
    )
    expect(half).toMatchObject({ upMs: 30 * minuteMs, downMs: 0, unknownMs: 30 * minuteMs, uptime: 1 })
    const none = accountOf(
      [],
      { ms: 0, good: 0, bad: 0 },
      {
        ...{ slo, everyMs: minuteMs, places: 1, fromMs, toMs, firstMs: undefined },
      },
    )
    expect(none).toMatchObject({ unwatchedMs: slo.windowMs, left: 1 })
    expect(none.uptime).toBeUndefined()
  })

  test('pools the votes of several places: one of three that is down is a third of the time', () => {
    const found = accountOf(
      [{ startMs: fromMs, good: 120, bad: 60, unknown: 0 }],
      { ms: hourMs / 2, good: 60, bad: 30 },
      {
        ...{ slo, everyMs: minuteMs, places: 3, fromMs, toMs: fromMs + hourMs, firstMs: fromMs },
      },
    )
    expect(found.upMs / minuteMs).toBeCloseTo(40)
    expect(found.downMs / minuteMs).toBeCloseTo(20)
    expect(found.maintenance.downMs / minuteMs).toBeCloseTo(10)
  })
})

describe('the times of maintenance', () => {
  const spans = (windows: Parameters<typeof maintenanceSpans>[0], from: string, to: string) =>
    maintenanceSpans(windows, Date.parse(from), Date.parse(to)).map((span) =>
      [span.fromMs, span.toMs].map((ms) => new Date(ms).toISOString().slice(5, 16)),
    )

  test('are those of every window, joined where they overlap and cut to what was asked', () => {
    const nightly = { cron: '30 23 * * *', timeZone: 'UTC', forMs: hourMs }
    const fixed = { start: '2026-11-20T00:00:00Z', forMs: 2 * hourMs }
    expect(spans([nightly, fixed], '2026-11-19T00:00:00Z', '2026-11-20T23:45:00Z')).toEqual([
      ['11-19T00:00', '11-19T00:30'],
      ['11-19T23:30', '11-20T02:00'],
      ['11-20T23:30', '11-20T23:45'],
    ])
    expect(spans([], '2026-11-19T00:00:00Z', '2026-11-20T00:00:00Z')).toEqual([])
  })

  test('follow the clock of their zone over a change of it', () => {
    const window = { cron: '0 4 * * SUN', timeZone: 'Europe/Berlin', forMs: hourMs }
    expect(spans([window], '2026-10-17T00:00:00Z', '2026-10-26T00:00:00Z').map(([from]) => from)).toEqual([
      '10-18T02:00',
      '10-25T03:00',
    ])
  })
})
