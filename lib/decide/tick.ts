import { endpointMonitorIds } from '../model/endpoint-monitors.ts'
import type { Failover } from '../model/failover.ts'
import type { FailoverAsset } from './failover-asset.ts'
import { type Minute, upSinceMs } from './published.ts'
import { failoverQuorum } from './quorum.ts'
import type { SwapState } from './swap-state.ts'

/** Failovers with an endpoint that one of these monitors checks. */
export function concerned(failovers: readonly Failover[], monitors: readonly string[]): Failover[] {
  return failovers.filter((failover) =>
    failover.endpoints.some((endpoint) => endpointMonitorIds(failover, endpoint).some((id) => monitors.includes(id))),
  )
}

/** Whether a monitor's failure concerns the endpoint that is active; where that is not known, it may. */
export function concernsActive(failover: Failover, active: string | undefined, monitors: readonly string[]): boolean {
  const endpoint = failover.endpoints.find(({ id }) => id === active)
  return !endpoint || endpointMonitorIds(failover, endpoint).some((id) => monitors.includes(id))
}

/** The monitors whose alarms these are. */
export function monitorsOfAlarms({ monitors }: Pick<FailoverAsset, 'monitors'>, alarms: ReadonlySet<string>): string[] {
  return monitors.filter(({ alarm }) => alarms.has(alarm)).map(({ id }) => id)
}

/** Endpoints whose published votes tell whether traffic may return to them: those for which that is asked at all. */
export function returnTargets({ failback, endpoints }: Failover, active: string | undefined) {
  const now = endpoints.find(({ id }) => id === active)
  if (failback === 'manual' || !now) return []
  const preferred = now.lastResort ? endpoints.filter(({ lastResort }) => !lastResort) : endpoints.slice(0, 1)
  return preferred.filter(({ id }) => id !== active)
}

/** The longest period of an endpoint's monitors, a minute at least: that of its votes. */
export function periodOf(failover: Failover, { monitors }: Pick<FailoverAsset, 'monitors'>): number {
  const ids = failover.endpoints.flatMap((endpoint) => endpointMonitorIds(failover, endpoint))
  return Math.max(60_000, ...monitors.filter(({ id }) => ids.includes(id)).map(({ everyMs }) => everyMs))
}

/** Since when each endpoint has been up by quorum, as published votes say. */
export function healthOf(
  failover: Failover,
  votes: ReadonlyMap<string, readonly Minute[]>,
  asset: Pick<FailoverAsset, 'monitors' | 'vantages'>,
  nowMs: number,
): Record<string, number | undefined> {
  const { pass } = failoverQuorum(failover.quorum, asset.vantages.length)
  const about = { pass, nowMs, periodMs: periodOf(failover, asset) }
  return Object.fromEntries(
    failover.endpoints.map((endpoint) => [endpoint.id, upSinceMs(failover, endpoint, votes, about)]),
  )
}

/**
 * Why a failover is to be decided on this minute, although nobody has called: its active endpoint's alarm is open, a claim
 * is in its TXT, or the way back has been clear for long enough.
 */
export function isDecisionDue(
  failover: Failover,
  state: Pick<SwapState, 'active' | 'claim'> | undefined,
  {
    alarmed,
    healthySince,
    nowMs,
  }: { alarmed: readonly string[]; healthySince: Record<string, number | undefined>; nowMs: number },
): boolean {
  // What cannot be read is for readiness to tell: a decision could not read it either.
  if (!state) return false
  if (state.claim || (alarmed.length > 0 && concernsActive(failover, state.active, alarmed))) return true
  const { failback } = failover
  return returnTargets(failover, state.active).some(({ id }) => {
    const sinceMs = healthySince[id]
    return failback !== 'manual' && sinceMs !== undefined && nowMs - sinceMs >= failback.afterMs
  })
}
