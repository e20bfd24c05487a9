import type { ListOutcome, ZoneOutcome } from '../act/ports.ts'
import { failoverWarnings } from '../decide/failover-warnings.ts'
import { failoverQuorum } from '../decide/quorum.ts'
import { type ReadinessProblem, readinessOf } from '../decide/readiness.ts'
import { defaultZonePort, digCommand, zoneOrigins } from '../local/zone-place.ts'
import type { Config } from '../model/config.ts'
import { canonicalName } from '../model/dns-answer.ts'
import { formatDuration } from '../model/duration.ts'
import { addressesOf, endpointMonitorIds } from '../model/endpoint-monitors.ts'
import type { Failover } from '../model/failover.ts'
import { delegationOf } from '../probe/dns-delegation.ts'
import { createHost } from '../run/host.ts'
import { answered } from '../run/readiness.ts'
import { loadConfig } from './load-config.ts'
import type { Output } from './output.ts'
import { UsageError } from './usage-error.ts'
import { version } from './version.ts'

export interface FailoverPlanOptions {
  config?: string
  json?: boolean
  /** Look at the records in Route 53 too. */
  live?: boolean
}

/**
 * `vedette failover plan`: what each failover of a config would do and need, before anything runs: exit 0, or with `--live`
 * 1 where something at a record stands in the way.
 */
export async function failoverPlan(options: FailoverPlanOptions, output: Output): Promise<number> {
  const config = await loadConfig(options.config)
  if (config.failovers.length === 0) throw new UsageError('the config has no "failovers"')
  const found = options.live ? await Promise.all(config.failovers.map((failover) => problemsAt(failover, config))) : []
  const plans = config.failovers.map((failover, i) => planOf(failover, config, found[i]))
  output.out(options.json ? JSON.stringify({ failovers: plans }) : plans.map(planText).join('\n\n'))
  return found.some(({ length }) => length > 0) ? 1 : 0
}

const liveTimeoutMs = 20_000

/** What readiness can tell of a failover before anything is deployed: its record, its zone, the delegation. Changes nothing. */
async function problemsAt(failover: Failover, { resolver, vantages }: Config): Promise<ReadinessProblem[]> {
  // The SDK is loaded by those who need it.
  const { createRoute53 } = await import('../act/route53.ts')
  const { list, zone } = createRoute53(() => Date.now())
  const { deps } = createHost({ vantage: 'local', version, selfCheck: [], ...(resolver !== undefined && { resolver }) })
  const signal = AbortSignal.timeout(liveTimeoutMs)
  const [record, described, delegation] = await Promise.all([
    // The records that health checks choose between are those of the stack, with routing of their own and no TXT.
    failover.switch === 'record' ? list(failover) : undefined,
    zone?.(failover),
    delegationOf(failover.zone, { deps, signal }).catch((error: Error) => error),
  ])
  const problems = readinessOf({
    ...{ failover, vantages: placesOf(vantages), nowMs: Date.now() },
    // Nobody has voted yet.
    votes: { ballots: new Map(), causes: new Map() },
    ...{ record: record ? answered(record) : 'unneeded', zone: described && answered(described) },
    ...{ delegation: delegation instanceof Error ? undefined : delegation, write: undefined, table: { locked: false } },
  })
  return [...problems, ...unanswered(failover, { record, described, delegation })]
}

/** What could not be found out, with what the call answered: readiness would give it an hour, who asks now has none. */
function unanswered(
  { record: name, zone, hostedZoneId }: Failover,
  {
    record,
    described,
    delegation,
  }: { record: ListOutcome | undefined; described: ZoneOutcome | undefined; delegation: string[] | Error },
): ReadinessProblem[] {
  const got = (said: ListOutcome | ZoneOutcome) =>
    ('message' in said && said.message) || 'no answer from Route 53: try again'
  // What keeps one call to Route 53 from an answer keeps the others from it too.
  if (record && !answered(record))
    return [{ code: 'UNKNOWN_RECORD', detail: `Expected to see ${name} in ${hostedZoneId}, got ${got(record)}.` }]
  if (described && !answered(described))
    return [
      { code: 'UNKNOWN_ZONE', detail: `Expected to read the hosted zone ${hostedZoneId}, got ${got(described)}.` },
    ]
  if (described?.kind !== 'zone' || described.isPrivate || !(delegation instanceof Error)) return []
  const detail = `Expected to learn which name servers the zone above ${zone} names, got "${delegation.message}".`
  return [{ code: 'UNKNOWN_DELEGATION', detail }]
}

/** Embedded, three vantages are simulated where the config has none. */
function placesOf(vantages: Config['vantages']): string[] {
  return vantages.length > 0 ? vantages.map(({ id }) => id) : ['first', 'second', 'third']
}

function planOf(failover: Failover, { vantages, monitors, failovers }: Config, problems?: readonly ReadinessProblem[]) {
  const { id, record, ttl, mode, endpoints, sustainMs, cooldownMs, maxPerDay, failback } = failover
  const places = placesOf(vantages).length
  const quorum = failoverQuorum(failover.quorum, places)
  const warnings = failoverWarnings(failover, places, monitors).map(({ text }) => text)
  const zoneAt = zoneOrigins(failovers).indexOf(canonicalName(failover.zone))
  return {
    ...{
      id,
      record,
      servedAt: `127.0.0.1:${defaultZonePort + zoneAt}`,
      ttl,
      mode,
      vantages: places,
      quorum,
      sustainMs,
      cooldownMs,
      maxPerDay,
      failback,
      warnings,
    },
    ...(problems && { problems }),
    endpoints: endpoints.map((endpoint) => ({
      ...{ id: endpoint.id, region: endpoint.region, lastResort: endpoint.lastResort },
      ...{ addresses: addressesOf(endpoint), monitors: endpointMonitorIds(failover, endpoint) },
    })),
  }
}

function planText(plan: ReturnType<typeof planOf>): string {
  const { id, record, servedAt, ttl, mode, vantages, quorum, sustainMs, cooldownMs, maxPerDay, endpoints } = plan
  const { warnings, problems } = plan
  const rows = endpoints.map(({ id: endpoint, region, addresses, monitors, lastResort }, i) => {
    const role = lastResort ? 'last resort' : i === 0 ? 'primary' : 'standby'
    return `  ${endpoint} (${role}, ${region}): ${addresses.join(', ')}, checked by ${monitors.join(', ')}`
  })
  return [
    `${id}: ${record}, TTL ${ttl} s, mode ${mode}`,
    ...rows,
    `  moves when ${quorum.fail} of ${vantages} vantages see the active endpoint down and ${quorum.pass} the target up, for ${formatDuration(sustainMs)}; blind below ${quorum.voters} votes`,
    `  at most ${maxPerDay} times a day by itself, ${formatDuration(cooldownMs)} before any way back`,
    `  in "vedette run", without --route53: ${digCommand(servedAt, record)} (--zone-port changes that)`,
    ...warnings.map((warning) => `  warning: ${warning}`),
    ...(problems ?? []).map(({ code, detail }) => `  ${code}: ${detail}`),
    ...(problems?.length === 0 ? ['  its record, zone and delegation are as a move needs them'] : []),
  ].join('\n')
}
