import { afterEach } from 'vitest'
import type { DnsMonitor } from '../../lib/model/monitor.ts'
import { runDns, startDnsServer, type TestQuery } from './dns-server.ts'

/** DNS servers that last as long as a test: called once at the top of a test file. */
export function useDnsServers() {
  const stops: (() => Promise<unknown>)[] = []
  afterEach(() => Promise.all(stops.splice(0).map((stop) => stop())))

  async function serve(handle: (query: TestQuery) => void, options?: { host?: string; port?: number }) {
    const server = await startDnsServer(handle, options)
    stops.push(server.stop)
    return server
  }

  return {
    serve,
    /** Ends something else after the test. */
    later: (stop: () => Promise<unknown>) => stops.push(stop),
    /** Runs the probe against a server that does with each query what the test says. */
    ask: async (handle: (query: TestQuery) => void, changes: Partial<DnsMonitor> = {}) => {
      const server = await serve(handle)
      return { server, ...(await runDns({ servers: [server.label], ...changes })) }
    },
  }
}
