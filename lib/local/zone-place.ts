import { canonicalName } from '../model/dns-answer.ts'
import type { Failover } from '../model/failover.ts'
import { splitHostPort } from '../model/host-port.ts'

/** Where the first zone of `vedette run` is served, unless told otherwise or taken; each further one has the next port. */
export const defaultZonePort = 4455

/** The zones of failovers, in the order of the config. */
export function zoneOrigins(failovers: readonly Pick<Failover, 'zone'>[]): string[] {
  return [...new Set(failovers.map(({ zone }) => canonicalName(zone)))]
}

/** How to ask a zone on this machine (`127.0.0.1:4455`) for a name, to be copied to a shell. */
export function digCommand(servedAt: string, name: string): string {
  const { host, port = 53 } = splitHostPort(servedAt) ?? { host: servedAt }
  return `dig @${host} -p ${port} ${canonicalName(name)}`
}
