import { badShare, type Slo, seenOf, type Votes } from './budget.ts'

/** The votes of one hour, and the runs that were none. */
export interface HourVotes extends Votes {
  startMs: number
  unknown: number
}

/** Time that was planned for maintenance, and the votes that fell into it. */
export interface MaintenanceVotes extends Votes {
  ms: number
}

/**
 * Where a time went. `upMs + downMs + unknownMs + unwatchedMs` is all of it: what nobody saw is never counted as up.
 */
export interface Account {
  fromMs: number
  toMs: number
  upMs: number
  downMs: number
  /** No vote though there should have been one: the engine was off, the vantage cut off, a result was lost. */
  unknownMs: number
  /** Before the first vote: the monitor was not there yet. */
  unwatchedMs: number
  /** Share of the time seen that was up, maintenance counted as what was measured in it; absent where nothing was seen. */
  uptime?: number
  /** The same without what was measured in maintenance. */
  uptimeOutsideMaintenance?: number
  maintenance: { ms: number; downMs: number }
  /** Downtime that the objective allows in its whole window. */
  budgetMs: number
  /** What of it is left; negative once it is overdrawn. */
  leftMs: number
  /** `leftMs` as a share of the budget. */
  left: number
}

export interface Watched {
  slo: Slo
  everyMs: number
  /** From how many places it is watched: their votes are pooled. */
  places: number
  fromMs: number
  toMs: number
  /** When it was seen first, ever; undefined where it never was. */
  firstMs: number | undefined
}

const hourMs = 3_600_000

/**
 * Accounts for an objective's time. A vote stands for the interval of its monitor (shared among its places), so that an hour
 * that was watched for ten minutes weighs ten minutes; downtime in maintenance is downtime, and told apart.
 */
export function accountOf(hours: readonly HourVotes[], maintenance: MaintenanceVotes, watched: Watched): Account {
  const { slo, everyMs, places, fromMs, toMs, firstMs = toMs } = watched
  const unwatchedMs = Math.min(Math.max(0, firstMs - fromMs), toMs - fromMs)
  // An interval above an hour needs longer buckets, or its votes would seem to leave hours out.
  const bucketMs = Math.ceil(everyMs / hourMs) * hourMs
  const buckets = Map.groupBy(hours, ({ startMs }) => Math.floor((startMs - fromMs) / bucketMs))
  let [upMs, downMs] = [0, 0]
  for (const [index, bucket] of buckets) {
    const startMs = Math.max(fromMs + index * bucketMs, Math.min(firstMs, toMs))
    const lengthMs = Math.max(0, Math.min(fromMs + (index + 1) * bucketMs, toMs) - startMs)
    const votes = pooled(bucket)
    const seenMs = seenOf(lengthMs, votes, watched)
    downMs += seenMs * badShare(votes)
    upMs += seenMs * (1 - badShare(votes))
  }
  const budgetMs = (slo.windowMs * (100 - slo.objective)) / 100
  const ofMaintenance = {
    ms: maintenance.ms,
    downMs: Math.min(downMs, (maintenance.bad * everyMs) / places),
  }
  const upOfMaintenance = Math.min(upMs, (maintenance.good * everyMs) / places)
  const uptime = shareOf(upMs, upMs + downMs)
  const outside = shareOf(upMs - upOfMaintenance, upMs - upOfMaintenance + downMs - ofMaintenance.downMs)
  return {
    ...{ fromMs, toMs, upMs, downMs, unwatchedMs, maintenance: ofMaintenance },
    unknownMs: Math.max(0, toMs - fromMs - unwatchedMs - upMs - downMs),
    ...(uptime !== undefined && { uptime }),
    ...(outside !== undefined && { uptimeOutsideMaintenance: outside }),
    ...{ budgetMs, leftMs: budgetMs - downMs, left: 1 - downMs / budgetMs },
  }
}

function pooled(all: readonly Votes[]): Votes {
  return {
    good: all.reduce((sum, { good }) => sum + good, 0),
    bad: all.reduce((sum, { bad }) => sum + bad, 0),
  }
}

function shareOf(part: number, whole: number): number | undefined {
  return whole > 0 ? part / whole : undefined
}
