import { canonicalName } from './dns-answer.ts'
import type { Endpoint, Failover } from './failover.ts'
import { joinHostPort } from './host-port.ts'
import type { Monitor } from './monitor.ts'

/**
 * The monitors that check the endpoints of failovers, each at its own address with the name of the record: after a move the
 * old endpoint is still watched, and readiness and failback have something to go by. Failovers that check the same endpoint
 * in the same way share its monitor.
 */
export function endpointMonitors(failovers: readonly Failover[], monitors: readonly Monitor[]): Monitor[] {
  const templates = new Map(monitors.map((monitor) => [monitor.id, monitor]))
  const made = new Map<string, Monitor>()
  for (const failover of failovers) {
    for (const endpoint of failover.endpoints) {
      const template = templates.get(checkOf(failover, endpoint))
      if (!template) continue
      const ids = endpointMonitorIds(failover, endpoint)
      for (const [i, address] of addressesOf(endpoint).entries()) {
        const id = ids[i] ?? ''
        made.set(id, sentTo(template, address, id))
      }
    }
  }
  return [...made.values()]
}

type Checked = Pick<Failover, 'check'>

/** Ids of the monitors of one endpoint: `api@use1`, or `api@use1.1`, `api@use1.2` where it has several addresses. */
export function endpointMonitorIds(failover: Checked, endpoint: Pick<Endpoint, 'id' | 'check'> & Form): string[] {
  const base = `${checkOf(failover, endpoint)}@${endpoint.id}`
  const addresses = addressesOf(endpoint)
  return addresses.length === 1 ? [base] : addresses.map((_, i) => `${base}.${i + 1}`)
}

/** Whether a monitor was made for an endpoint: an id in a config has no `@`. */
export function isEndpointMonitor({ id }: Pick<Monitor, 'id'>): boolean {
  return id.includes('@')
}

function checkOf(failover: Checked, endpoint: Pick<Endpoint, 'check'>): string {
  return endpoint.check ?? failover.check
}

/** What an endpoint may be. */
type Form = Pick<Endpoint, 'A' | 'AAAA' | 'CNAME' | 'alias'>

/** What an endpoint is reached by; names are looked up when they are probed. */
export function addressesOf({ A = [], AAAA = [], CNAME, alias }: Form): string[] {
  return [...A, ...AAAA, ...[CNAME, alias?.dnsName].filter((name) => name !== undefined).map(canonicalName)]
}

/**
 * A template sent to one address. What it finds there is about an endpoint, not about what users get: a ticket, without
 * an objective or limits, and without metrics that cost extra.
 */
export function sentTo(template: Monitor, address: string, id: string): Monitor {
  const { slo: _, latency: __, ...rest } = template
  return dialling({ ...rest, id, severity: 'ticket', metrics: { duration: false, perVantage: false } }, address)
}

/** A monitor that dials this address; Host and SNI stay what they were. One that is pinned stays so. */
export function dialling(monitor: Monitor, address: string): Monitor {
  if (monitor.kind === 'tcp') {
    const { serverName = monitor.host } = monitor.tls
    return { ...monitor, host: address, tls: { ...monitor.tls, serverName } }
  }
  if (monitor.kind === 'dns' || ('connectTo' in monitor && monitor.connectTo)) return monitor
  const port = monitor.kind === 'tls' ? monitor.port : portOf(monitor.url)
  return { ...monitor, connectTo: joinHostPort(address, port) }
}

function portOf(url: string): number {
  const { protocol, port } = new URL(url)
  return port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port)
}
