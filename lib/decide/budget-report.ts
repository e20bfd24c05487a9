import type { Monitor } from '../model/monitor.ts'
import { allWindowsMs, judgePairs, type PairState, type Slo, votesDue } from './budget.ts'
import { type Account, accountOf, type HourVotes, type MaintenanceVotes } from './budget-account.ts'
import { type BudgetVerdict, decideBudget } from './budget-decision.ts'
import { type VoteRing, votesIn, wholeVotesOver } from './vote-ring.ts'

/** A monitor that promises something. */
export type Promised = Monitor & { slo: Slo }

/** As much of it as its objective is judged by. */
export type Judged = Pick<Promised, 'id' | 'everyMs' | 'slo' | 'maintenance'>

/** How an objective stands. */
export interface SloReport {
  monitor: string
  slo: Slo
  account: Account
  pairs: PairState[]
  verdict: BudgetVerdict
}

/** What is known of a monitor's votes, wherever it was read. */
export interface KnownVotes {
  /** Of its objective's window, by hour. */
  hours: readonly HourVotes[]
  maintenance: MaintenanceVotes
  /** From how many places it is watched. */
  places: number
  /** When it was seen first; undefined where it never was. */
  firstMs: number | undefined
  /** Of the last three days, by minute. */
  ring: VoteRing
}

const [hourMs, dayMs] = [3_600_000, 86_400_000]

/** Where the window of an objective begins: with a whole hour, as votes are counted by hour. */
export function windowStart({ windowMs }: Slo, nowMs: number): number {
  return Math.floor((nowMs - windowMs) / hourMs) * hourMs
}

/** Accounts for an objective and decides; `sinceMs` asks what came after a time, at most three days ago. */
export function reportOn(
  { id, slo, everyMs }: Judged,
  { hours, maintenance, ring, ...known }: KnownVotes,
  { nowMs, sinceMs }: { nowMs: number; sinceMs?: number },
): SloReport {
  const pace = { everyMs, places: Math.max(1, known.places) }
  const watched = { slo, ...pace, fromMs: windowStart(slo, nowMs), toMs: nowMs, firstMs: known.firstMs }
  const account = accountOf(hours, maintenance, watched)
  const lately = wholeVotesOver(ring, allWindowsMs)
  const pairs = judgePairs(slo, pace, lately)
  const watchedMs = nowMs - account.fromMs - account.unwatchedMs
  const verdict = decideBudget({
    ...{ slo, pace, account, pairs },
    ...{ hour: lately(hourMs), day: lately(dayMs) },
    votesPerHour: votesDue(Math.min(hourMs, watchedMs), pace),
    ...(sinceMs !== undefined && {
      since: { ms: sinceMs, forMs: nowMs - sinceMs, votes: votesIn(ring, nowMs - sinceMs) },
    }),
  })
  return { monitor: id, slo, account, pairs, verdict }
}

/** Those of the monitors that promise something. */
export function withSlo(monitors: readonly Monitor[]): Promised[] {
  return monitors.filter((monitor): monitor is Promised => monitor.slo !== undefined)
}
