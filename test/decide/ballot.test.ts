import { expect, test } from 'vitest'
import { ballotOf } from '../../lib/decide/ballot.ts'
import type { Endpoint } from '../../lib/model/failover.ts'
import type { FailureCode, Status } from '../../lib/model/result.ts'

const endpoint = (id: string, more: Partial<Endpoint> = {}): Endpoint => {
  return { id, region: 'external', A: ['192.0.2.1'], lastResort: false, ...more }
}
const saw = (monitor: string, status: Status, code?: FailureCode) => {
  return { monitor, status, ...(code && { failure: { code, stage: 'connect' as const, message: '' } }) }
}

const one = { check: 'api', endpoints: [endpoint('a'), endpoint('b')] }
const several = { check: 'api', endpoints: [endpoint('a', { A: ['192.0.2.1', '192.0.2.2'], AAAA: ['2001:db8::1'] })] }

test('a vote is what was seen of an endpoint', () => {
  expect(ballotOf(one, [saw('api@a', 'down', 'CONNECT_REFUSED'), saw('api@b', 'up')])).toEqual({ a: 'down', b: 'up' })
  expect(ballotOf(one, [saw('api@a', 'degraded'), saw('api', 'down')])).toEqual({ a: 'up' })
})

test.each(['SELF', 'INTERNAL', 'UNSUPPORTED'] as const)('%s is no vote', (code) => {
  expect(ballotOf(one, [saw('api@a', 'unknown', code), saw('api@b', 'up')])).toEqual({ b: 'up' })
})

test('what did not end in time is no vote', () => {
  expect(ballotOf(one, [])).toEqual({})
})

test('an endpoint of several addresses is up when all of them are', () => {
  const up = [saw('api@a.1', 'up'), saw('api@a.2', 'up')]
  expect(ballotOf(several, [...up, saw('api@a.3', 'up')])).toEqual({ a: 'up' })
  expect(ballotOf(several, [...up, saw('api@a.3', 'down', 'CONNECT_TIMEOUT')])).toEqual({ a: 'down' })
  expect(ballotOf(several, [...up, saw('api@a.3', 'unknown', 'SELF')])).toEqual({})
  expect(ballotOf(several, up)).toEqual({})
})

test('an address that a place cannot reach at all is not judged', () => {
  const v6 = saw('api@a.3', 'unknown', 'UNSUPPORTED')
  expect(ballotOf(several, [saw('api@a.1', 'up'), saw('api@a.2', 'up'), v6])).toEqual({ a: 'up' })
  const only = { check: 'api', endpoints: [{ ...endpoint('a'), A: [], AAAA: ['2001:db8::1'] }] }
  expect(ballotOf(only, [saw('api@a', 'unknown', 'UNSUPPORTED')])).toEqual({})
})

test('an endpoint with a check of its own is seen by that', () => {
  const sorry = { check: 'api', endpoints: [endpoint('a'), endpoint('sorry', { lastResort: true, check: 'page' })] }
  expect(ballotOf(sorry, [saw('api@sorry', 'down'), saw('page@sorry', 'up')])).toEqual({ sorry: 'up' })
})
