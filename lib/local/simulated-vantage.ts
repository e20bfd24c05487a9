import type { VantageHost } from '../run/vantage.ts'

/** A vantage that runs on this machine under a name of its own, and whose network can be cut. */
export interface SimulatedVantage {
  id: string
  host: VantageHost
  isCut: boolean
}

/** Makes one of a host: while it is cut nothing answers, its own self-check neither, so it has no vote. */
export function simulateVantage(host: VantageHost): SimulatedVantage {
  const simulated: SimulatedVantage = {
    id: host.vantage,
    isCut: false,
    host: {
      ...host,
      probe: async (monitor, deps, signal) => (simulated.isCut ? unreachable() : host.probe(monitor, deps, signal)),
      isConnected: async () => !simulated.isCut && host.isConnected(),
    },
  }
  return simulated
}

function unreachable() {
  const message = 'the network of this simulated vantage is cut'
  return { phases: {}, observed: {}, failure: { code: 'CONNECT_UNREACHABLE', stage: 'connect', message } as const }
}
