import { allWindowsMs, judgePairs, longestWindowMs, type PairState, type Slo, type Votes } from '../decide/budget.ts'
import { type Account, accountOf, type MaintenanceVotes } from '../decide/budget-account.ts'
import { type BudgetVerdict, decideBudget } from '../decide/budget-decision.ts'
import { maintenanceSpans } from '../decide/maintenance.ts'
import { addHour, addVotes, advance, emptyRing, type VoteRing, votesIn, votesOver } from '../decide/vote-ring.ts'
import type { Monitor } from '../model/monitor.ts'
import type { HistoryReader } from './history-reader.ts'

/** How an objective stands. */
export interface SloReport {
  monitor: string
  slo: Slo
  account: Account
  pairs: PairState[]
  verdict: BudgetVerdict
}

const [hourMs, dayMs] = [3_600_000, 86_400_000]

/** The votes of the last three days of these monitors, as a history has them; hours that are over are spread over their minutes. */
export function ringsOf(
  reader: HistoryReader,
  monitors: readonly { id: string }[],
  nowMs: number,
): Map<string, VoteRing> {
  const rings = new Map(monitors.map(({ id }) => [id, emptyRing(nowMs)]))
  const { hours, minutes } = reader.votesSince(nowMs - longestWindowMs)
  for (const { monitor, startMs, ...votes } of hours) {
    const ring = rings.get(monitor)
    if (ring) addHour(ring, startMs, votes)
  }
  for (const { monitor, startMs, ...votes } of minutes) {
    const ring = rings.get(monitor)
    if (ring) addVotes(ring, startMs, votes)
  }
  for (const ring of rings.values()) advance(ring, nowMs)
  return rings
}

/** Reads a history and decides; `sinceMs` asks what came after a time, at most three days ago. */
export function reportOf(
  monitor: Monitor & { slo: Slo },
  reader: HistoryReader,
  ring: VoteRing,
  { nowMs, sinceMs }: { nowMs: number; sinceMs?: number },
): SloReport {
  const { id, slo, everyMs } = monitor
  const account = readAccount(monitor, reader, nowMs, maintenanceVotes)
  const pairs = judgePairs(slo, everyMs, votesOver(ring, allWindowsMs))
  const { places } = reader.watchedFrom(id, nowMs - dayMs)
  const verdict = decideBudget({
    ...{ slo, account, pairs },
    ...{ hour: votesIn(ring, hourMs), day: votesIn(ring, dayMs) },
    votesPerHour: (Math.max(1, places) * Math.min(hourMs, nowMs - account.fromMs - account.unwatchedMs)) / everyMs,
    ...(sinceMs !== undefined && { since: { ms: sinceMs, votes: votesIn(ring, nowMs - sinceMs) } }),
  })
  return { monitor: id, slo, account, pairs, verdict }
}

/** Accounts for the window of an objective up to now; maintenance takes longest to read, and is left out unless asked for. */
export function readAccount(
  monitor: Monitor & { slo: Slo },
  reader: HistoryReader,
  nowMs: number,
  inMaintenance: typeof maintenanceVotes = () => ({ ms: 0, good: 0, bad: 0 }),
): Account {
  const { id, slo, everyMs } = monitor
  const fromMs = Math.floor((nowMs - slo.windowMs) / hourMs) * hourMs
  const { firstMs, places } = reader.watchedFrom(id, fromMs)
  const hours = reader.hourVotes(id, fromMs, nowMs)
  const watched = { slo, everyMs, places: Math.max(1, places), fromMs, toMs: nowMs, firstMs }
  return accountOf(hours, inMaintenance(monitor, reader, fromMs, nowMs), watched)
}

/** What was measured in maintenance, as far back as single results are kept. */
export function maintenanceVotes(
  monitor: Monitor,
  reader: HistoryReader,
  fromMs: number,
  toMs: number,
): MaintenanceVotes {
  const sum = { ms: 0, good: 0, bad: 0 }
  for (const span of maintenanceSpans(monitor.maintenance, fromMs, toMs)) {
    const votes: Votes = { good: 0, bad: 0 }
    for (const { status } of reader.results(monitor.id, span.fromMs, span.toMs)) {
      if (status === 'down') votes.bad++
      else if (status !== 'unknown') votes.good++
    }
    sum.ms += span.toMs - span.fromMs
    sum.good += votes.good
    sum.bad += votes.bad
  }
  return sum
}

/** Those of the monitors that promise something. */
export function withSlo(monitors: readonly Monitor[]): (Monitor & { slo: Slo })[] {
  return monitors.filter((monitor): monitor is Monitor & { slo: Slo } => monitor.slo !== undefined)
}
