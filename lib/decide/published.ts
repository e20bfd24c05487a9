import { endpointMonitorIds } from '../model/endpoint-monitors.ts'
import type { Endpoint, Failover } from '../model/failover.ts'

/** The votes on one monitor in one period, as CloudWatch adds them up. */
export interface Minute {
  atMs: number
  votes: number
  down: number
}

/** Votes come in up to so many periods late: these may be missing from the newest. */
const latePeriods = 3

/**
 * Since when an endpoint has been up by quorum without a break, as the votes that were published say; undefined where it is
 * not up now. A period in which too few vantages saw all of its monitors up, or in which too few voted, is a break.
 */
export function upSinceMs(
  failover: Pick<Failover, 'check'>,
  endpoint: Endpoint,
  votes: ReadonlyMap<string, readonly Minute[]>,
  { pass, periodMs, nowMs }: { pass: number; periodMs: number; nowMs: number },
): number | undefined {
  const upAt = endpointMonitorIds(failover, endpoint).map(
    (id) => new Map((votes.get(id) ?? []).map(({ atMs, votes, down }) => [atMs, votes - down])),
  )
  const newest = Math.floor(nowMs / periodMs) * periodMs
  let sinceMs: number | undefined
  for (let atMs = newest; ; atMs -= periodMs) {
    const isUp = upAt.every((up) => (up.get(atMs) ?? 0) >= pass)
    if (isUp) sinceMs = atMs
    else if (sinceMs !== undefined || newest - atMs >= latePeriods * periodMs) return sinceMs
    // What is not in yet says nothing; that it is down does.
    else if (upAt.some((up) => up.has(atMs) && isComplete(votes, atMs))) return undefined
  }
}

/** Whether a later period has votes too: then nothing more is to be expected of this one. */
function isComplete(votes: ReadonlyMap<string, readonly Minute[]>, atMs: number): boolean {
  return [...votes.values()].some((minutes) => minutes.some((one) => one.atMs > atMs))
}
