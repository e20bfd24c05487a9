import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { inMaintenance } from '../../lib/decide/maintenance.ts'
import { schedulesOf, withoutEndedWindows } from '../../lib/decide/mute-rules.ts'
import { parseConfig } from '../../lib/model/parse-config.ts'

const expressions = (cron: string) =>
  schedulesOf({ cron, timeZone: 'UTC', forMs: 60_000 }).map(({ expression }) => expression)

/** A field of a cron expression: everything, a value, a range, a list, with and without steps. */
function field(min: number, max: number): fc.Arbitrary<string> {
  const value = fc.integer({ min, max })
  const range = fc.tuple(value, value).map(([a, b]) => `${Math.min(a, b)}-${Math.max(a, b)}`)
  const step = fc.tuple(fc.oneof(fc.constant('*'), range), fc.integer({ min: 1, max })).map(([of, by]) => `${of}/${by}`)
  const item = fc.oneof(value.map(String), range, step)
  return fc.oneof(
    fc.constant('*'),
    fc.array(item, { minLength: 1, maxLength: 3 }).map((items) => items.join(',')),
  )
}

const crons = fc
  .tuple(field(0, 59), field(0, 23), field(1, 28), field(1, 12), field(0, 6))
  .map((fields) => fields.join(' '))
const instants = fc
  .integer({ min: Date.parse('2026-01-01T00:00Z') / 60_000, max: Date.parse('2027-01-01T00:00Z') / 60_000 })
  .map((minute) => minute * 60_000)

describe('a cron expression as CloudWatch takes it', () => {
  test.each([
    ['0 2 * * *', ['cron(0 2 * * *)']],
    ['*/20 1-3 * * SUN', ['cron(0,20,40 1-3 * * SUN)']],
    ['30/10 0 * jan,FEB 7', ['cron(30,40,50 0 * 1-2 SUN)']],
    ['0 0 * * 5-7', ['cron(0 0 * * SUN,FRI-SAT)']],
    ['0 0 1 * MON', ['cron(0 0 1 * *)', 'cron(0 0 * * MON)']],
  ])('%s', (cron, expected) => {
    expect(expressions(cron)).toEqual(expected)
  })

  test('has neither steps nor numbers of weekdays, and starts exactly when it did', () => {
    fc.assert(
      fc.property(crons, fc.array(instants, { minLength: 20, maxLength: 20 }), (cron, times) => {
        const rewritten = expressions(cron).map((text) => /^cron\((.*)\)$/.exec(text)?.[1] as string)
        expect(rewritten.join(' ')).not.toContain('/')
        const window = (text: string) => ({ cron: text, timeZone: 'UTC', forMs: 60_000 })
        for (const time of times)
          expect(inMaintenance(rewritten.map(window), time)).toBe(inMaintenance([window(cron)], time))
      }),
      { numRuns: 60 },
    )
  })
})

test.each([
  [60_000, 'PT1M'],
  [90_000, 'PT2M'],
  [7_200_000, 'PT2H'],
  [5_400_000, 'PT1H30M'],
  [86_400_000, 'P1D'],
  [604_800_000, 'P7D'],
  [217_800_000, 'P2DT12H30M'],
])('%i ms of maintenance are %s', (forMs, duration) => {
  expect(schedulesOf({ cron: '0 0 * * *', timeZone: 'UTC', forMs })[0]?.duration).toBe(duration)
})

test('a fixed window is told in UTC, and covers the minutes that it touches', () => {
  expect(schedulesOf({ start: '2026-12-24T23:30:30+01:00', forMs: 3_600_000 })).toEqual([
    { expression: 'at(2026-12-24T22:30)', timeZone: 'UTC', duration: 'PT1H1M' },
  ])
})

test('a fixed window that is over is left out, one that goes on is not', () => {
  const over = { start: '2026-01-01T00:00:00Z', for: '2h' }
  const open = { start: '2026-01-01T01:30:00Z', for: '2h' }
  const cron = { cron: '0 2 * * SUN', timeZone: 'europe/berlin', for: '2h' }
  const config = parseConfig({
    service: 'shop',
    monitors: [{ id: 'api', kind: 'tcp', host: 'x.test', port: 1, maintenance: [over, open, cron] }],
  })
  const [monitor] = withoutEndedWindows(config, Date.parse('2026-01-01T02:00:00Z')).monitors
  expect(monitor?.maintenance).toEqual(config.monitors[0]?.maintenance.slice(1))
})

test('a time zone is spelled as IANA does', () => {
  expect(schedulesOf({ cron: '0 2 * * *', timeZone: 'europe/berlin', forMs: 3_600_000 })).toMatchObject([
    { timeZone: 'Europe/Berlin' },
  ])
})
