import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Datum, datumsOf } from '../../lib/decide/votes.ts'
import type { Monitor } from '../../lib/model/monitor.ts'
import { parseConfig } from '../../lib/model/parse-config.ts'
import type { FailureCode, ProbeResult, Status } from '../../lib/model/result.ts'
import { failedResult, httpResult } from '../support/results.ts'

const atMs = Date.UTC(2026, 10, 21, 13, 30)

function monitor(more: Record<string, unknown> = {}): Monitor {
  const one = { id: 'api', kind: 'http', url: 'https://api.example.com/', ...more }
  return parseConfig({ service: 'shop', monitors: [one] }).monitors[0] as Monitor
}

const up = (over: Partial<ProbeResult> = {}) => httpResult('api', atMs, over)
const down = () => failedResult('api', atMs)
const unknown = (code: FailureCode = 'SELF') =>
  failedResult('api', atMs, { status: 'unknown', failure: { code, stage: 'connect', message: '' } })

const votesOf = (results: ProbeResult[], more: Record<string, unknown> = {}) =>
  datumsOf('eu-west-1', [{ monitor: monitor(more), results }], atMs)
const pick = (datums: Datum[], metric: Datum['metric']) => datums.filter((datum) => datum.metric === metric)

test('a monitor votes once, with its last result that was a vote', () => {
  for (const [results, value] of [
    [[up()], 0],
    [[up({ status: 'degraded' })], 0],
    [[down()], 1],
    [[up(), down()], 1],
    [[down(), up()], 0],
    [[down(), unknown()], 1],
  ] as const) {
    const dimensions = { Monitor: 'api' }
    expect(pick(votesOf([...results]), 'Down')).toEqual([
      { metric: 'Down', dimensions, atMs, values: [value], unit: 'Count', homeOnly: false },
    ])
  }
})

test('no vote publishes nothing, and where nothing could be seen there is no sign of life', () => {
  expect(votesOf([unknown('SELF')])).toEqual([])
  expect(votesOf([unknown('INTERNAL')])).toEqual([])
  expect(votesOf([])).toEqual([])
})

test('a monitor that this place cannot run does not make the place blind', () => {
  expect(votesOf([unknown('UNSUPPORTED')]).map(({ metric }) => metric)).toEqual(['Heartbeat'])
})

test('the heartbeat is one, whatever the number of monitors', () => {
  const runs = ['a', 'b', 'c'].map((id) => ({ monitor: monitor({ id }), results: [up({ monitor: id })] }))
  expect(pick(datumsOf('eu-west-1', runs, atMs), 'Heartbeat')).toEqual([
    { metric: 'Heartbeat', dimensions: { Vantage: 'eu-west-1' }, atMs, values: [1], unit: 'Count', homeOnly: false },
  ])
})

test('certificates share one metric: the fewest days of those that are to be valid', () => {
  const seen = (id: string, daysRemaining: number, more = {}) => {
    const { observed } = up()
    const certificate = 'certificate' in observed && observed.certificate
    const result = up({ monitor: id, observed: { certificate: { ...certificate, daysRemaining } as never } })
    return { monitor: monitor({ id, ...more }), results: [result] }
  }
  const runs = [
    seen('a', 40),
    seen('b', 12.5),
    seen('c', -3, { tls: { verify: false } }),
    seen('d', -9, { invert: true }),
  ]
  const [datum, ...others] = pick(datumsOf('eu-west-1', runs, atMs), 'CertificateDaysRemaining')
  expect(datum).toMatchObject({ dimensions: {}, values: [12.5], unit: 'None' })
  expect(others).toEqual([])
})

test('durations and votes of a vantage are sent on request, home only, and not where the target did not answer', () => {
  const results = [up({ durationMs: 10 }), down(), up({ durationMs: 30 })]
  const datums = votesOf(results, { metrics: { duration: true, perVantage: true } })
  expect(pick(datums, 'Duration')).toEqual(
    [{ Monitor: 'api' }, { Monitor: 'api', Vantage: 'eu-west-1' }].map((dimensions) => ({
      ...{ metric: 'Duration', dimensions, atMs, values: [10, 30], unit: 'Milliseconds', homeOnly: true },
    })),
  )
  expect(pick(datums, 'Down')).toMatchObject([
    { dimensions: { Monitor: 'api' }, homeOnly: false },
    { dimensions: { Monitor: 'api', Vantage: 'eu-west-1' }, values: [0], homeOnly: true },
  ])
  expect(pick(votesOf([down()], { metrics: { duration: true } }), 'Duration')).toEqual([])
})

test('whatever a minute held, a monitor has at most one vote, and it is 0 or 1', () => {
  const status = fc.constantFrom<Status>('up', 'degraded', 'down', 'unknown')
  fc.assert(
    fc.property(fc.array(fc.array(status, { maxLength: 12 }), { maxLength: 8 }), (minutes) => {
      const runs = minutes.map((statuses, i) => {
        const results = statuses.map((one) => ({ down: down(), unknown: unknown(), up: up(), degraded: up() })[one])
        return { monitor: monitor({ id: `m${i}` }), results }
      })
      const votes = pick(datumsOf('eu-west-1', runs, atMs), 'Down')
      expect(new Set(votes.map(({ dimensions }) => dimensions.Monitor)).size).toBe(votes.length)
      for (const { values } of votes) expect([[0], [1]]).toContainEqual(values)
      const voted = minutes.filter((statuses) => statuses.some((one) => one !== 'unknown'))
      expect(votes).toHaveLength(voted.length)
    }),
  )
})
