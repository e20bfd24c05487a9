import { EventEmitter } from 'node:events'
import type { TLSSocket } from 'node:tls'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { serverVerdict } from '../../lib/probe/tls-verdict.ts'
import { arrival } from '../support/dns-server.ts'

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
})
afterEach(() => {
  vi.useRealTimers()
})

// In virtual time: how long a silent server is waited for must not depend on the machine. The real ones are in tls-openssl.
const silentServer = (version: string) =>
  Object.assign(new EventEmitter(), { getProtocol: () => version, destroy: () => {} }) as unknown as TLSSocket

test('a TLS 1.3 server that says nothing is waited for two handshakes and 100 ms, and no longer', async () => {
  let isDone = false
  const verdict = serverVerdict(silentServer('TLSv1.3'), { tls: 10 }, new AbortController().signal).then(() => {
    isDone = true
  })
  await vi.advanceTimersByTimeAsync(119)
  await arrival()
  expect(isDone).toBe(false)
  await vi.advanceTimersByTimeAsync(1)
  await arrival()
  expect(isDone).toBe(true)
  await verdict
})

test('a refusal that came in time counts, however late a busy process gets to read it', async () => {
  const secure = silentServer('TLSv1.3')
  const verdict = serverVerdict(secure, { tls: 0 }, new AbortController().signal)
  const refused = expect(verdict).rejects.toMatchObject({ code: 'TLS_HANDSHAKE' })
  // All timers that are due come before anything is read.
  setTimeout(() => setImmediate(() => secure.emit('error', new Error('certificate required'))), 99)
  vi.advanceTimersByTime(100)
  await refused
})

test('a TLS 1.2 server has judged already', async () => {
  await serverVerdict(silentServer('TLSv1.2'), { tls: 10 }, new AbortController().signal)
  expect(vi.getTimerCount()).toBe(0)
})
