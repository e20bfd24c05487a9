import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  bounded,
  defaultRange,
  limitsOf,
  panned,
  type Range,
  rangeOf,
  rangeQuery,
  zoomed,
} from '../../lib/local/web/client/range.ts'

const nowMs = Date.parse('2026-11-21T12:00:00Z')
const dayMs = 86_400_000
const fallback = defaultRange(60_000)
const anyTime = fc.integer({ min: nowMs - 400 * dayMs, max: nowMs })
const anyRange = fc.oneof(
  fc.constantFrom<Range>({ lastMs: 3_600_000 }, { lastMs: dayMs }, { lastMs: 30 * dayMs }),
  fc.record({ fromMs: anyTime, toMs: anyTime }).map((range) => bounded(range, nowMs)),
)

describe('the range of the charts', () => {
  test('wherever one pans and zooms, it can be asked for and is not in the future', () => {
    const moves = fc.array(fc.oneof(fc.double({ min: -3, max: 3, noNaN: true }), fc.constantFrom('in', 'out')))
    fc.assert(
      fc.property(anyRange, moves, (range, steps) => {
        const moved = steps.reduce<Range>(
          (at, step) =>
            typeof step === 'number' ? panned(at, step, nowMs) : zoomed(at, step === 'in' ? 0.5 : 2, nowMs),
          range,
        )
        const { fromMs, toMs } = limitsOf(moved, nowMs)
        expect(toMs).toBeLessThanOrEqual(nowMs)
        expect(toMs - fromMs).toBeGreaterThanOrEqual(60_000 - 1)
        // As it is asked: of whole milliseconds, the last of them included.
        expect(Math.ceil(toMs) + 1 - Math.floor(fromMs)).toBeLessThanOrEqual(31 * dayMs)
      }),
    )
  })

  test('the address gives it back', () => {
    fc.assert(
      fc.property(anyRange, (range) => {
        const query = Object.entries(rangeQuery(range, fallback)).filter(([, value]) => value !== '')
        expect(rangeOf(new URLSearchParams(query).toString(), fallback, nowMs)).toEqual(range)
      }),
    )
  })

  test('zooming keeps the time under the cursor where it is', () => {
    const range = { fromMs: nowMs - 8 * 3_600_000, toMs: nowMs - 4 * 3_600_000 }
    const atMs = nowMs - 5 * 3_600_000
    expect(zoomed(range, 0.5, nowMs, atMs)).toEqual({ fromMs: nowMs - 6.5 * 3_600_000, toMs: nowMs - 4.5 * 3_600_000 })
  })

  test.each(['from=5&to=4', 'from=x&to=9', 'last=9y', ''])('%s is no range: what is shown at first is', (search) => {
    expect(rangeOf(search, fallback, nowMs)).toEqual(fallback)
  })

  test('a range of 1970 does not begin before it', () => {
    expect(rangeOf('from=1&to=2', fallback, nowMs)).toEqual({ fromMs: 0, toMs: 60_000 })
  })

  test('what runs every few seconds is shown for an hour, all else for a day', () => {
    expect(defaultRange(5000)).toEqual({ lastMs: 3_600_000 })
    expect(defaultRange(29_999)).toEqual({ lastMs: 3_600_000 })
    expect(defaultRange(30_000)).toEqual({ lastMs: dayMs })
    expect(defaultRange(60_000)).toEqual({ lastMs: dayMs })
  })
})
