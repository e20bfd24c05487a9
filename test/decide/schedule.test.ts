import { Cron } from 'croner'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { intervalProblem, minuteOfVotes, scheduleExpression, slotsOf } from '../../lib/decide/schedule.ts'

const minuteMs = 60_000
const places = fc
  .integer({ min: 1, max: 12 })
  .chain((count) => fc.record({ count: fc.constant(count), index: fc.nat(count - 1) }))
const minutes = fc.integer({ min: 0, max: 40_000_000 }).map((minute) => minute * minuteMs)
const loops = fc.constantFrom(5000, 6000, 10_000, 12_000, 15_000, 20_000, 30_000)
const wholeMinutes = fc.constantFrom(1, 2, 5, 10, 15, 30, 60, 120, 360, 720, 1440)

describe('slots below a minute', () => {
  test('fill the minute after the one scheduled, evenly', () => {
    fc.assert(
      fc.property(loops, minutes, places, (everyMs, scheduledMs, place) => {
        const slots = slotsOf(everyMs, scheduledMs, place)
        expect(slots).toHaveLength(minuteMs / everyMs)
        for (const [i, slot] of slots.entries()) {
          expect(Math.floor(slot / minuteMs) * minuteMs).toBe(minuteOfVotes(everyMs, scheduledMs))
          if (i > 0) expect(slot - (slots[i - 1] as number)).toBeCloseTo(everyMs)
        }
      }),
    )
  })

  test('go on from one invocation to the next without a gap or an overlap', () => {
    fc.assert(
      fc.property(loops, minutes, places, (everyMs, scheduledMs, place) => {
        const [last, next] = [
          slotsOf(everyMs, scheduledMs, place).at(-1),
          slotsOf(everyMs, scheduledMs + minuteMs, place)[0],
        ]
        expect((next as number) - (last as number)).toBeCloseTo(everyMs)
      }),
    )
  })

  test('are shifted from vantage to vantage', () => {
    const firsts = [0, 1, 2].map((index) => slotsOf(30_000, 0, { index, count: 3 })[0])
    expect(firsts).toEqual([60_000, 70_000, 80_000])
  })
})

test('from a minute on, the votes count for the minute that was scheduled', () => {
  expect(minuteOfVotes(minuteMs, 120_000)).toBe(120_000)
})

describe('a schedule', () => {
  /** When a cron expression of EventBridge fires, in minutes of the epoch. */
  const fires = (expression: string, count: number) => {
    const fields = /^cron\((.+) \*\)$/.exec(expression)?.[1]?.replace('?', '*') ?? 'none'
    const cron = new Cron(fields, { timezone: 'UTC', mode: '5-part', sloppyRanges: true, paused: true })
    return cron.nextRuns(count, new Date('2026-03-01T00:00:30Z')).map((date) => date.getTime() / minuteMs)
  }

  test('fires every so often, day in, day out, whatever the place of the vantage', () => {
    fc.assert(
      fc.property(wholeMinutes, places, (every, place) => {
        const times = fires(scheduleExpression(every * minuteMs, place), 50)
        for (const [i, time] of times.entries()) if (i > 0) expect(time - (times[i - 1] as number)).toBe(every)
      }),
    )
  })

  test('gives each vantage a minute of its own where there are enough', () => {
    fc.assert(
      fc.property(wholeMinutes, fc.integer({ min: 1, max: 10 }), (every, count) => {
        const firsts = Array.from({ length: count }, (_, index) => {
          const [time] = fires(scheduleExpression(every * minuteMs, { index, count }), 1)
          return (time as number) % every
        })
        expect(new Set(firsts).size).toBe(Math.min(every, count))
      }),
    )
  })

  test('of an interval that divides neither an hour nor a day is a rate', () => {
    expect(scheduleExpression(7 * minuteMs, { index: 1, count: 3 })).toBe('rate(7 minutes)')
    expect(scheduleExpression(300 * minuteMs, { index: 0, count: 1 })).toBe('rate(300 minutes)')
  })

  test('below a minute fires every minute', () => {
    expect(scheduleExpression(10_000, { index: 2, count: 3 })).toBe('cron(* * * * ? *)')
  })
})

describe('an interval', () => {
  test.each([5000, 10_000, 15_000, 20_000, 30_000, 60_000, 420_000, 86_400_000])('of %i ms can be scheduled', (ms) => {
    expect(intervalProblem(ms)).toBeUndefined()
  })

  test.each([1000, 4000, 7000, 45_000, 61_000, 90_000])('of %i ms cannot', (ms) => {
    expect(intervalProblem(ms)).toContain('a divisor of a minute from 5s on')
  })
})
