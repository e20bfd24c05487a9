import type { TlsMonitor } from '../model/monitor.ts'
import type { Observation, Phases, TlsObserved } from '../model/result.ts'
import { connectTcp, parseHostPort } from './connect.ts'
import { type ProbeDeps, ProbeFailure } from './probe.ts'
import { startTls } from './tls-handshake.ts'
import { serverVerdict } from './tls-verdict.ts'

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
    await serverVerdict(secure, phases, signal)
    secure.on('error', () => {})
    secure.destroySoon()
    return { phases, observed }
  } catch (error) {
    if (error instanceof ProbeFailure) return { phases, observed, failure: error.toFailure() }
    throw error
  }
}
