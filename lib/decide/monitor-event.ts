import type { Blast, Named, VedetteEvent } from '../model/event.ts'
import type { Monitor } from '../model/monitor.ts'
import type { Observed, ProbeResult } from '../model/result.ts'
import { targetOf } from './alarms.ts'
import { causeOf, type Transition } from './health.ts'

/** What people are told when a monitor changes, seen from one place: the result is the one that tipped it. */
export function monitorEvent(
  monitor: Monitor,
  { to, atMs, firstAtMs }: Pick<Transition, 'to' | 'atMs' | 'firstAtMs'>,
  result: ProbeResult | undefined,
  { service, env }: Named,
): VedetteEvent {
  const head = { service, ...(env !== undefined && { env }), atMs, monitor: monitor.id, target: targetOf(monitor) }
  if (to !== 'down' && to !== 'degraded') return { ...head, type: 'monitor.recovered', sinceMs: firstAtMs }
  const cause = result && causeOf(result)
  const stage = result?.failure?.stage ?? 'assert'
  return {
    ...{ ...head, type: `monitor.${to}`, sinceMs: firstAtMs },
    ...(cause && { cause: { ...cause, stage } }),
    blast: result ? blastOf(result, monitor) : { vantages: [], seeing: 1, of: 1, families: [] },
  }
}

/** Who is hit, as one place sees it. */
export function blastOf(
  { vantage, observed }: Pick<ProbeResult, 'vantage' | 'observed'>,
  { resolver, ipVersion = 'any' }: Partial<Pick<Monitor, 'resolver' | 'ipVersion'>> = {},
): Blast {
  const address = 'ip' in observed ? observed.ip : undefined
  const asked = serverOf(observed) ?? resolver
  return {
    ...{ vantages: [vantage], seeing: 1, of: 1, families: familiesOf(address, ipVersion) },
    ...(address !== undefined && { address }),
    ...(asked !== undefined && { resolver: asked }),
  }
}

function familiesOf(address: string | undefined, ipVersion: Monitor['ipVersion']): Blast['families'] {
  if (address !== undefined) return [address.includes(':') ? 'IPv6' : 'IPv4']
  return ipVersion === 'any' ? [] : [`IPv${ipVersion}`]
}

/** The DNS servers that a dns monitor asked. */
function serverOf(observed: Observed): string | undefined {
  if ('servers' in observed && observed.servers) return observed.servers.map(({ server }) => server).join(', ')
  return 'server' in observed ? observed.server : undefined
}
