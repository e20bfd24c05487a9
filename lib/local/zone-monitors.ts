import { canonicalName } from '../model/dns-answer.ts'
import { dialling } from '../model/endpoint-monitors.ts'
import type { Failover } from '../model/failover.ts'
import { joinHostPort, splitHostPort } from '../model/host-port.ts'
import type { Monitor } from '../model/monitor.ts'
import { type EmbeddedZone, placeOf, zoneOf } from './failover-zones.ts'
import { ownNames } from './zone-restore.ts'

/**
 * A monitor as it runs beside zones of this machine: one that looks up the record of a failover, and names no resolver of its
 * own, asks the zone that serves it. Other names of such a zone stay with whoever knows them: ours has its records alone.
 */
export function asServedHere(
  monitor: Monitor,
  failovers: readonly Failover[],
  zones: readonly EmbeddedZone[],
): Monitor {
  const name = nameOf(monitor)
  const failover = failovers.find((one) => ownNames(one).includes(name))
  const zone = failover && zoneOf(failover, zones)
  if (!zone || !looksUpByItself(monitor)) return monitor
  const resolver = placeOf(zone)
  const target = leadsTo(zone, name)
  if (monitor.kind === 'dns') {
    // A name outside the zone is for the others to know.
    if (target !== undefined && (monitor.type === 'A' || monitor.type === 'AAAA')) return { ...monitor, name: target }
    const given = monitor.servers.length > 0 ? monitor.servers : [resolver]
    const servers = given.map((server) => (server.startsWith('authoritative') ? resolver : server))
    // Names of other servers are not ours to look up.
    return { ...monitor, servers: [...new Set(servers)] }
  }
  // So are those that a redirect leads to; Host and SNI stay the record's.
  const address = target ?? (monitor.kind === 'http' ? addressIn(zone, name, monitor.ipVersion) : undefined)
  if (address === undefined) return { ...monitor, resolver }
  return dialling(pinnedTo(monitor, address), address)
}

/** One that is pinned to the record is pinned to what it stands for. */
function pinnedTo(monitor: Monitor, address: string): Monitor {
  if (!('connectTo' in monitor) || !monitor.connectTo) return monitor
  const { port = 0 } = splitHostPort(monitor.connectTo) ?? {}
  return { ...monitor, connectTo: joinHostPort(address, port) }
}

/** The first address of a record that a monitor may dial. */
function addressIn({ store }: EmbeddedZone, name: string, ipVersion: Monitor['ipVersion']): string | undefined {
  const types = { any: ['A', 'AAAA'], 4: ['A'], 6: ['AAAA'] }[ipVersion]
  return store.sets().find((one) => one.name === name && types.includes(one.type))?.values?.[0]
}

/** Whether it asks who answers for names on this machine: a zone of ours speaks neither DoT nor DoH, and a proxy looks up names itself. */
function looksUpByItself(monitor: Monitor): boolean {
  if (monitor.resolver !== undefined) return false
  if (monitor.kind === 'dns') return monitor.protocol === 'udp' || monitor.protocol === 'tcp'
  return !('proxy' in monitor && monitor.proxy !== undefined)
}

/** What a monitor looks up. */
function nameOf(monitor: Monitor): string {
  if (monitor.kind === 'dns') return canonicalName(monitor.name)
  if ('connectTo' in monitor && monitor.connectTo) return canonicalName(splitHostPort(monitor.connectTo)?.host ?? '')
  return canonicalName(monitor.kind === 'http' ? new URL(monitor.url).hostname : monitor.host)
}

/** The name that a record stands for now, where it is no addresses of its own. */
function leadsTo({ store }: EmbeddedZone, name: string): string | undefined {
  const set = store.sets().find((one) => one.name === name && (one.type === 'CNAME' || one.alias))
  const target = set?.alias?.dnsName ?? set?.values?.[0]
  return target && canonicalName(target)
}
