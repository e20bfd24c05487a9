import { canonicalName } from '../model/dns-answer.ts'
import type { Finding, ReadinessFacts, ReadinessProblem } from './readiness-terms.ts'

const dayMs = 86_400_000
/** Without a drill for so long nobody knows whether a move would work. */
const longestWithoutDrillMs = 90 * dayMs

/** Whether the hosted zone is the one that is declared, and public. */
export function zoneFinding({ failover: { hostedZoneId, zone: declared }, zone, record }: ReadinessFacts): Finding {
  if (zone === 'unneeded') return { problems: [] }
  if (zone === undefined)
    return { problems: [], unknown: `what the hosted zone ${hostedZoneId} is: Route 53 gave no answer` }
  if (zone.kind === 'denied') {
    // Where records cannot be listed either, that is told.
    const isTold = typeof record === 'object' && record.kind === 'denied'
    const detail = `Expected to read the hosted zone ${hostedZoneId}, got ${zone.message}: deploy the failover stack again, and look for policies that deny it.`
    return { problems: isTold ? [] : [{ code: 'ZONE_DENIED', detail }] }
  }
  const problems: ReadinessProblem[] = []
  if (canonicalName(zone.name) !== canonicalName(declared)) {
    const detail = `Expected the hosted zone ${hostedZoneId} to be ${declared}, got ${zone.name}: correct "hostedZoneId" or "zone".`
    problems.push({ code: 'ZONE_NAME', detail })
  }
  if (zone.isPrivate) {
    const detail = `Expected a public hosted zone, got the private ${hostedZoneId}: it is not what users look up. Name the public zone of ${declared}.`
    problems.push({ code: 'ZONE_PRIVATE', detail })
  }
  return { problems }
}

/** Whether the parent zone sends the world to this zone's name servers: any other difference splits what users get. */
export function delegationFinding({ failover, zone, delegation }: ReadinessFacts): Finding {
  if (delegation === 'unneeded') return { problems: [] }
  // Told as it is.
  if (typeof zone === 'object' && zone.kind === 'denied') return { problems: [] }
  if (typeof zone !== 'object' || delegation === undefined)
    return { problems: [], unknown: `which name servers the zone above ${failover.zone} names: no vantage could tell` }
  const [own, named] = [zone.nameServers, delegation].map((names) => [...new Set(names.map(canonicalName))].sort())
  if (own?.join() === named?.join()) return { problems: [] }
  const detail = `Expected the zone above ${failover.zone} to name its hosted zone's servers (${list(own)}), got ${list(named)}: correct the delegation at the registrar or in the parent zone, or the name servers there.`
  return { problems: [{ code: 'DELEGATION', detail }] }
}

/** Whether the controller may change the record. */
export function writeFinding({ failover: { record }, write }: ReadinessFacts): Finding {
  if (write === undefined) return { problems: [], unknown: `whether the controller may change ${record}` }
  if (typeof write === 'string') return { problems: [] }
  const detail = `Expected to be allowed to change ${record}, got ${write.message}: deploy the failover stack again, and look for policies that deny it.`
  return { problems: [{ code: 'WRITE_DENIED', detail }] }
}

/** Whether the controller's memory lets it move, and when a drill last passed. */
export function tableFinding({ failover, table, nowMs }: ReadinessFacts): Finding {
  if (!table) {
    const detail =
      "This controller's table cannot be read or written, so it treats itself as locked: look at its metrics and its policy."
    return { problems: [{ code: 'TABLE_UNREADABLE', detail }] }
  }
  const problems: ReadinessProblem[] = []
  if (table.locked) {
    const detail = "It is locked in this controller's table; `vedette failover unlock` opens it."
    problems.push({ code: 'LOCKED_HERE', detail })
  }
  const { drilledAtMs, knownSinceMs } = table
  const sinceMs = drilledAtMs ?? knownSinceMs ?? nowMs
  if (failover.switch === 'record' && nowMs - sinceMs >= longestWithoutDrillMs) {
    const days = Math.floor((nowMs - sinceMs) / dayMs)
    const last =
      drilledAtMs === undefined ? `none in the ${days} days that it is known here` : `the last ${days} days ago`
    const detail = `Expected a drill that passed within 90 days, got ${last}: run \`vedette drill ${failover.id}\`, or set "drill".`
    problems.push({ code: 'NO_DRILL', detail })
  }
  return { problems }
}

function list(names: readonly string[] = []): string {
  return names.length > 0 ? names.join(', ') : 'none'
}
