import type { TLSSocket } from 'node:tls'
import type { TlsMonitor } from '../model/monitor.ts'
import type { Observation, Phases, TlsObserved } from '../model/result.ts'
import { connectTcp } from './connect.ts'
import { type ProbeDeps, ProbeFailure } from './probe.ts'
import { parseHostPort } from './proxy.ts'
import { startTls, tlsFailure } from './tls-handshake.ts'

/** How long a TLS 1.3 server is waited for that sends no session ticket: its refusal would come within a round trip. */
const verdictMs = 250

/** Shakes hands with a TLS server and observes its certificate, refused or not. */
export async function probeTls(
  monitor: TlsMonitor,
  deps: ProbeDeps,
  signal: AbortSignal,
): Promise<Observation<TlsObserved>> {
  const phases: Phases = {}
  const observed: TlsObserved = {}
  const { host, port, connectTo, ipVersion, resolver } = monitor
  const address = connectTo ? parseHostPort(connectTo) : { host, port }
  try {
    const target = { ...address, ipVersion, ...(resolver && { resolver }) }
    const socket = await connectTcp(target, phases, deps, signal)
    observed.ip = socket.remoteAddress ?? ''
    const secure = await startTls(socket, { host, tls: monitor.tls }, observed, phases, deps, signal)
    if (observed.version === 'TLSv1.3') await serverAccepted(secure, signal)
    secure.on('error', () => {})
    secure.destroySoon()
    return { phases, observed }
  } catch (error) {
    if (error instanceof ProbeFailure) return { phases, observed, failure: error.toFailure() }
    throw error
  }
}

/**
 * In TLS 1.3 a client is done before the server has judged the client's certificate (RFC 8446 §2): its "certificate
 * required" arrives later. A session ticket, any data or an orderly end says that it was content.
 */
function serverAccepted(secure: TLSSocket, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (error?: Error) => {
      clearTimeout(timer)
      signal.removeEventListener('abort', onAbort)
      for (const event of ['session', 'data', 'end', 'error'] as const) secure.removeAllListeners(event)
      if (!error) return resolve()
      secure.on('error', () => {})
      secure.destroy()
      reject(error)
    }
    const onAbort = () => settle()
    const timer = setTimeout(() => settle(), verdictMs)
    signal.addEventListener('abort', onAbort, { once: true })
    secure.once('session', () => settle())
    secure.once('data', () => settle())
    secure.once('end', () => settle())
    secure.once('error', (error: NodeJS.ErrnoException) => settle(tlsFailure(error)))
  })
}
