import { describe, expect, test } from 'vitest'
import { inHours } from '../../lib/decide/business-hours.ts'
import type { Hours } from '../../lib/model/route.ts'

const berlin = (from: number, to: number, days: Hours['days'] = ['MON', 'TUE', 'WED', 'THU', 'FRI']): Hours => {
  return { days, fromMinute: from * 60, toMinute: to * 60, timeZone: 'Europe/Berlin' }
}
const at = (hours: Hours, text: string) => inHours(hours, Date.parse(text))

describe('business hours', () => {
  test.each([
    // 2026-11-23 is a Monday; Berlin is an hour ahead of UTC.
    ['2026-11-23T07:59:59Z', false],
    ['2026-11-23T08:00:00Z', true],
    ['2026-11-23T15:59:59Z', true],
    ['2026-11-23T16:00:00Z', false],
    ['2026-11-22T10:00:00Z', false],
  ])('from nine to five in Berlin, at %s: %s', (text, expected) => {
    expect(at(berlin(9, 17), text)).toBe(expected)
  })

  test.each([
    ['2026-11-23T20:59:59Z', false],
    ['2026-11-23T21:00:00Z', true],
    ['2026-11-24T00:00:00Z', true],
    ['2026-11-24T04:59:59Z', true],
    ['2026-11-24T05:00:00Z', false],
    // Saturday's early hours belong to Friday, Monday's to Sunday, which is none.
    ['2026-11-28T03:00:00Z', true],
    ['2026-11-23T03:00:00Z', false],
  ])('from ten to six across midnight, at %s: %s', (text, expected) => {
    expect(at(berlin(22, 6), text)).toBe(expected)
  })

  test('follow the wall clock when it changes', () => {
    const sunday = berlin(2, 4, ['SUN'])
    // 2026-03-29: 2:00 is skipped. 2026-10-25: 2:30 comes twice.
    expect([
      at(sunday, '2026-03-29T00:59:59Z'),
      at(sunday, '2026-03-29T01:00:00Z'),
      at(sunday, '2026-03-29T02:00:00Z'),
    ]).toEqual([false, true, false])
    expect([
      at(sunday, '2026-10-25T00:30:00Z'),
      at(sunday, '2026-10-25T01:30:00Z'),
      at(sunday, '2026-10-25T03:00:00Z'),
    ]).toEqual([true, true, false])
  })

  test('all day is all day', () => {
    expect(at(berlin(0, 24), '2026-11-23T22:59:59Z')).toBe(true)
    expect(at(berlin(0, 0), '2026-11-23T12:00:00Z')).toBe(true)
  })
})
