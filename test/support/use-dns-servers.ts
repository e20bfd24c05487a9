import { afterEach, beforeEach } from 'vitest'
import type { DnsMonitor } from '../../lib/model/monitor.ts'
import { arrival, runDns, startDnsServer, type TestQuery } from './dns-server.ts'

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
    /** The same, with a deadline that comes as soon as a query was handled and what was sent has arrived. */
    askOnce: async (handle: (query: TestQuery) => void, changes: Partial<DnsMonitor> = {}) => {
      const deadline = new AbortController()
      const server = await serve((query) => {
        handle(query)
        void arrival().then(() => deadline.abort())
      })
      return { server, ...(await runDns({ servers: [server.label], ...changes }, {}, deadline.signal)) }
    },
  }
}

/** A deadline for each test that comes once all others have said what they have to say: called once at the top of a test file. */
export function useDeadline() {
  let deadline: AbortController
  beforeEach(() => {
    deadline = new AbortController()
  })
  return {
    signal: () => deadline.signal,
    /** A server that says nothing, and so brings the deadline. */
    silent: (): undefined => {
      const own = deadline
      void arrival().then(() => own.abort())
    },
  }
}
