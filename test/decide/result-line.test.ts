import { expect, test } from 'vitest'
import { resultLine, shortLineBytes } from '../../lib/decide/result-line.ts'
import { failedResult, httpResult } from '../support/results.ts'

const atMs = Date.UTC(2026, 10, 21, 13, 30)
const long = 'x'.repeat(64)

test('a result that changes nothing is one short line with its phases', () => {
  const line = resultLine(httpResult('api-health', atMs, { vantage: 'ap-southeast-1' }), 'up')
  expect(JSON.parse(line)).toEqual({
    monitor: 'api-health',
    vantage: 'ap-southeast-1',
    status: 'up',
    durationMs: expect.any(Number),
    startedAt: '2026-11-21T13:30:00.000Z',
    phases: { resolve: 0.4, connect: 8, tls: 21, processing: 40, transfer: 0.5 },
  })
})

test.each([
  ['the first', undefined],
  ['one like the last', 'degraded'],
] as const)('the longest ids and numbers stay within the bound: %s', (_which, was) => {
  const phases = { resolve: 12345.678, connect: 12345.678, tls: 12345.678, processing: 12345.678, transfer: 12345.678 }
  const result = httpResult(long, atMs, {
    ...{ vantage: long, status: 'degraded', durationMs: 899_999.999, attempts: 6, phases },
  })
  const line = resultLine(result, was)
  expect(Buffer.byteLength(line)).toBeLessThanOrEqual(shortLineBytes)
  expect(JSON.parse(line)).toMatchObject({ monitor: long, vantage: long, status: 'degraded' })
})

test('a certificate near its end is named in every line', () => {
  const { observed } = httpResult('api', atMs)
  const certificate = { ...(observed as { certificate: object }).certificate, daysRemaining: 9.5 }
  const near = httpResult('api', atMs, { observed: { certificate } as never })
  expect(JSON.parse(resultLine(near, 'up'))).toMatchObject({ certificateDays: 9.5 })
  expect(JSON.parse(resultLine(httpResult('api', atMs), 'up'))).not.toHaveProperty('certificateDays')
})

test('every failure is there whole, also when it goes on', () => {
  const failed = failedResult('api', atMs)
  expect(JSON.parse(resultLine(failed, 'down'))).toEqual(failed)
  expect(JSON.parse(resultLine(failed, 'up'))).toEqual({ ...failed, was: 'up' })
})

test('a recovery is there whole, with what it was before', () => {
  const up = httpResult('api', atMs)
  expect(JSON.parse(resultLine(up, 'down'))).toEqual({ ...up, was: 'down' })
})

test('a line is never longer than the log takes', () => {
  const headers = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`h${i}`, 'y'.repeat(4096)]))
  const flood = failedResult('api', atMs, { observed: { statusCode: 500, headers } })
  const line = resultLine(flood, 'down')
  expect(line.length).toBeLessThan(250_000)
  expect(JSON.parse(line)).toMatchObject({ monitor: 'api', failure: { code: 'CONNECT_REFUSED' }, observed: {} })
})
