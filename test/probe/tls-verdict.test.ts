import { EventEmitter } from 'node:events'
import type { TLSSocket } from 'node:tls'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { serverVerdict } from '../../lib/probe/tls-verdict.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

// In virtual time: how long a silent server is waited for must not depend on the machine. The real ones are in tls-openssl.
const silentServer = (version: string) =>
  Object.assign(new EventEmitter(), { getProtocol: () => version, destroy: () => {} }) as unknown as TLSSocket

test('a TLS 1.3 server that says nothing is waited for two handshakes and 25 ms, and no longer', async () => {
  let isDone = false
  const verdict = serverVerdict(silentServer('TLSv1.3'), { tls: 10 }, new AbortController().signal).then(() => {
    isDone = true
  })
  await vi.advanceTimersByTimeAsync(44)
  expect(isDone).toBe(false)
  await vi.advanceTimersByTimeAsync(1)
  expect(isDone).toBe(true)
  await verdict
})

test('a TLS 1.2 server has judged already', async () => {
  await serverVerdict(silentServer('TLSv1.2'), { tls: 10 }, new AbortController().signal)
  expect(vi.getTimerCount()).toBe(0)
})
