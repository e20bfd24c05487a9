import type { TLSSocket } from 'node:tls'
import type { Phases } from '../model/result.ts'
import { tlsFailure } from './tls-handshake.ts'

/** On top of two handshakes' time, in which any refusal must have come. */
const leastVerdictMs = 100

/**
 * In TLS 1.3 a client is done before the server has judged the client's certificate (RFC 8446 §2): its "certificate
 * required" arrives a round trip later. A session ticket, any data or an orderly end says that it was content; a server
 * that sends none of them is given a little time. Rejects with the refusal.
 */
export function serverVerdict(secure: TLSSocket, phases: Phases, signal: AbortSignal): Promise<void> {
  if (secure.getProtocol() !== 'TLSv1.3') return Promise.resolve()
  return new Promise((resolve, reject) => {
    const settle = (error?: Error) => {
      clearTimeout(timer)
      clearImmediate(late)
      signal.removeEventListener('abort', onAbort)
      for (const event of ['session', 'data', 'end', 'error'] as const) secure.removeAllListeners(event)
      if (!error) return resolve()
      secure.on('error', () => {})
      secure.destroy()
      reject(error)
    }
    const onAbort = () => settle()
    let late: NodeJS.Immediate | undefined
    // A process that is short of CPU finds the time over before it has read what came meanwhile: that goes first.
    const onTime = () => {
      late = setImmediate(() => {
        late = setImmediate(() => settle())
      })
    }
    const timer = setTimeout(onTime, leastVerdictMs + 2 * (phases.tls ?? 0))
    signal.addEventListener('abort', onAbort, { once: true })
    secure.once('session', () => settle())
    secure.once('data', () => settle())
    secure.once('end', () => settle())
    secure.once('error', (error: NodeJS.ErrnoException) => settle(tlsFailure(error)))
  })
}
