import { endpointMonitorIds } from '../model/endpoint-monitors.ts'
import type { Failover } from '../model/failover.ts'
import type { FailoverAsset } from './failover-asset.ts'
import { latePeriods, type Minute, upSinceMs } from './published.ts'
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

/** How often a monitor's votes are published, ms: at most once a minute. */
function periodOf(id: string, { monitors }: Pick<FailoverAsset, 'monitors'>): number {
  return Math.max(60_000, monitors.find((monitor) => monitor.id === id)?.everyMs ?? 0)
}

/** Which votes tell since when the endpoints of a failover have been up, as far as failback asks: by the monitors' periods. */
export function votesToRead(
  failover: Failover,
  asset: Pick<FailoverAsset, 'monitors'>,
  nowMs: number,
): { monitors: string[]; fromMs: number; periodMs: number }[] {
  const { failback, endpoints } = failover
  if (failback === 'manual') return []
  const ids = [...new Set(endpoints.flatMap((endpoint) => endpointMonitorIds(failover, endpoint)))]
  return [...Map.groupBy(ids, (id) => periodOf(id, asset))].map(([periodMs, monitors]) => {
    const fromMs = nowMs - failback.afterMs - (latePeriods + 1) * periodMs
    return { monitors, fromMs: Math.floor(fromMs / periodMs) * periodMs, periodMs }
  })
}

/** Since when each endpoint has been up by quorum, as published votes say: all of its monitors have. */
export function healthOf(
  failover: Failover,
  votes: ReadonlyMap<string, readonly Minute[]>,
  asset: Pick<FailoverAsset, 'monitors' | 'vantages'>,
  nowMs: number,
): Record<string, number | undefined> {
  const { pass } = failoverQuorum(failover.quorum, asset.vantages.length)
  const sinceMs = (id: string) =>
    upSinceMs(votes.get(id) ?? [], { pass, vantages: asset.vantages.length, periodMs: periodOf(id, asset), nowMs })
  return Object.fromEntries(
    failover.endpoints.map((endpoint) => {
      const since = endpointMonitorIds(failover, endpoint).map(sinceMs)
      const known = since.filter((ms) => ms !== undefined)
      return [endpoint.id, known.length > 0 && known.length === since.length ? Math.max(...known) : undefined]
    }),
  )
}

/**
 * Why a failover is to be decided on this minute, although nobody has called: its active endpoint's alarm is open, a claim
 * is in its TXT, or the way back has been clear for long enough. Where its state is not known, any of its alarms will do.
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
  const isConcerned = concerned([failover], alarmed).length > 0
  // What DNS does not tell now, a decision reads from Route 53.
  if (isConcerned && concernsActive(failover, state?.active, alarmed)) return true
  if (!state) return false
  if (state.claim) return true
  const { failback } = failover
  return returnTargets(failover, state.active).some(({ id }) => {
    const sinceMs = healthySince[id]
    return failback !== 'manual' && sinceMs !== undefined && nowMs - sinceMs >= failback.afterMs
  })
}
