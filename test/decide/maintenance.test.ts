import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { inMaintenance } from '../../lib/decide/maintenance.ts'

const hourMs = 3_600_000
const at = (time: string) => Date.parse(time)

/** Whether the window is open just before, at, and just after both of its ends. */
function edges(window: Parameters<typeof inMaintenance>[0][number], from: string, to: string): boolean[] {
  return [at(from) - 1, at(from), at(to) - 1, at(to)].map((ms) => inMaintenance([window], ms))
}
const exactly = [false, true, true, false]

describe('maintenance', () => {
  it('is off without windows, and on in any of several', () => {
    const fixed = { start: '2026-05-01T10:00:00Z', forMs: hourMs }
    expect(inMaintenance([], 0)).toBe(false)
    expect(inMaintenance([{ start: '2020-01-01T00:00:00Z', forMs: 1 }, fixed], at('2026-05-01T10:30:00Z'))).toBe(true)
  })

  it('opens a fixed window once, from its start to its end', () => {
    const window = { start: '2026-05-01T12:00:00+02:00', forMs: hourMs }
    expect(edges(window, '2026-05-01T10:00:00Z', '2026-05-01T11:00:00Z')).toEqual(exactly)
  })

  it('opens a cron window at the wall-clock time of its zone, summer and winter', () => {
    const window = { cron: '0 2 * * SUN', timeZone: 'Europe/Berlin', forMs: 2 * hourMs }
    expect(edges(window, '2026-07-05T00:00:00Z', '2026-07-05T02:00:00Z')).toEqual(exactly)
    expect(edges(window, '2026-12-06T01:00:00Z', '2026-12-06T03:00:00Z')).toEqual(exactly)
    expect(inMaintenance([window], at('2026-07-06T00:30:00Z'))).toBe(false)
  })

  it('runs across midnight, and across the end of a month', () => {
    const window = { cron: '30 23 31 * *', timeZone: 'America/New_York', forMs: 3 * hourMs }
    expect(edges(window, '2026-08-01T03:30:00Z', '2026-08-01T06:30:00Z')).toEqual(exactly)
  })

  it('starts when the clock resumes where spring skips its start, and lasts as long as ever', () => {
    const window = { cron: '30 2 * * *', timeZone: 'Europe/Berlin', forMs: hourMs }
    expect(edges(window, '2026-03-29T01:00:00Z', '2026-03-29T02:00:00Z')).toEqual(exactly)
  })

  it('starts once where autumn repeats its start', () => {
    const window = { cron: '30 2 * * *', timeZone: 'Europe/Berlin', forMs: hourMs / 2 }
    expect(edges(window, '2026-10-25T00:30:00Z', '2026-10-25T01:00:00Z')).toEqual(exactly)
    expect(inMaintenance([window], at('2026-10-25T01:45:00Z'))).toBe(false)
  })

  it('lasts its real time over the change of clocks', () => {
    const window = { cron: '0 1 * * *', timeZone: 'Europe/Berlin', forMs: 4 * hourMs }
    expect(edges(window, '2026-03-29T00:00:00Z', '2026-03-29T04:00:00Z')).toEqual(exactly)
    expect(edges(window, '2026-10-24T23:00:00Z', '2026-10-25T03:00:00Z')).toEqual(exactly)
  })

  it('is always on where each start comes before the last end', () => {
    const window = { cron: '0 * * * *', timeZone: 'Asia/Kolkata', forMs: hourMs }
    fc.assert(
      fc.property(fc.integer({ min: at('2026-01-01'), max: at('2028-01-01') }), (ms) => inMaintenance([window], ms)),
    )
  })

  it('takes what the config takes: steps, lists, names, and a day that never comes', () => {
    const noon = at('2026-05-04T12:00:00Z')
    for (const cron of ['*/15 * * * *', '0 12 * * 1,3', '0 12 * MAY MON-FRI', '0/30 12 * * 1', '0 12 * * 1-5/2']) {
      expect([cron, inMaintenance([{ cron, timeZone: 'UTC', forMs: 60_000 }], noon)]).toEqual([cron, true])
    }
    expect(inMaintenance([{ cron: '0 0 31 2 *', timeZone: 'UTC', forMs: hourMs }], noon)).toBe(false)
  })
})
