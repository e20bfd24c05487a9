import { isIP } from 'node:net'
import { splitHostPort } from '../model/host-port.ts'
import type { DnsMonitor } from '../model/monitor.ts'
import { endpoint } from './dns-inquiry.ts'
import type { DnsServer } from './dns-transport.ts'
import { type ProbeDeps, ProbeFailure } from './probe.ts'
import { nameServers } from './resolve.ts'

/** Whom a monitor asks. */
export interface ServerPlan {
  servers: DnsServer[]
  /** The port of the zone's own name servers, where they are to be asked. */
  authoritativePort?: number
}

/** Reads `servers` of a monitor; the machine's resolvers where it is empty. Throws `ProbeFailure` for an unusable entry. */
export function planServers(monitor: DnsMonitor, deps: ProbeDeps): ServerPlan {
  const port = monitor.protocol === 'dot' ? 853 : 53 // RFC 7858 §3.1
  const plan: ServerPlan = { servers: [] }
  for (const entry of monitor.servers) {
    const authoritative = /^authoritative(?::(\d+))?$/.exec(entry)
    if (!authoritative) plan.servers.push(parseServer(entry, monitor.protocol, port))
    else if (monitor.protocol === 'doh') throw unusable('an https URL for protocol doh', entry)
    else plan.authoritativePort = checkedPort(authoritative[1] ?? port, entry)
  }
  if (monitor.servers.length > 0) return plan
  if (monitor.protocol === 'doh') throw unusable('an https URL for protocol doh', 'nothing')
  const { servers } = nameServers(monitor.resolver, deps)
  // A resolver's own port is meant for UDP and TCP; over TLS it has another.
  const portOf = (own: number) => (monitor.protocol === 'dot' && own === 53 ? port : own)
  return { servers: servers.map((server) => addressed(server.address, portOf(server.port))) }
}

function parseServer(entry: string, protocol: DnsMonitor['protocol'], defaultPort: number): DnsServer {
  if (protocol === 'doh') {
    const url = URL.parse(entry)
    if (url?.protocol !== 'https:') throw unusable('an https URL for protocol doh', entry)
    // What is behind the path may be a key.
    return { host: url.hostname, port: Number(url.port || 443), label: entry.replace(/[?#].*/, ''), url }
  }
  const parts = splitHostPort(entry)
  if (!parts) throw unusable('host, host:port or [IPv6]:port', entry)
  const { host, port = defaultPort } = parts
  return isIP(host) ? addressed(host, port) : { host, port, label: `${host}:${port}` }
}

function checkedPort(text: string | number, entry: string): number {
  const port = Number(text)
  if (port < 1 || port > 65535) throw unusable('a port from 1 to 65535', entry)
  return port
}

function addressed(address: string, port: number): DnsServer {
  return { host: address, port, label: endpoint(address, port).label }
}

function unusable(expected: string, got: string): ProbeFailure {
  return new ProbeFailure('INTERNAL', 'resolve', `servers: expected ${expected}, got ${got}`)
}
