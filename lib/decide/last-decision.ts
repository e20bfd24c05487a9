import type { Decision, FailoverFacts } from './failover-facts.ts'
import { failoverQuorum, tally } from './quorum.ts'
import { type Decided, whyNotMoved } from './swap-outcome.ts'

/** A decision as it is remembered until the next one. */
export interface Remembered {
  atMs: number
  decision: Decided
  /** The endpoint that was active and down, for as many vantages as a failover needs, and since when one decision after the other has seen it so. */
  down?: { endpoint: string; sinceMs: number }
  /** How many wanted to move at once when this was left to a person, by this decision or by one before it in the same outage. */
  heldBack?: number
}

/** Decisions follow each other once a minute while an endpoint is down; a longer break is between two outages. */
const longestBreakMs = 5 * 60_000

/** What a decision comes to, without its figures. */
export function gistOf(decision: Decision): string {
  const verdict = decision.kind === 'report' ? decision.would : decision
  const to = 'to' in verdict ? verdict.to : undefined
  return JSON.stringify([decision.kind, verdict.kind, to, 'code' in verdict && verdict.code])
}

/**
 * The decision to show beside the newest one: the last that was more than to stay or to wait and came to something else. A
 * minute's own decision to stay is made after every refusal, and would hide it from whoever looks.
 */
export function notableBeside<R extends Remembered>(now: Decision, last: R | undefined, notable: R | undefined) {
  return last && isOfNote(last.decision) && gistOf(last.decision) !== gistOf(now) ? last : notable
}

function isOfNote(decision: Decided): boolean {
  const verdict = decision.kind === 'report' ? decision.would : decision
  const isQuiet = verdict.kind === 'stay' || verdict.kind === 'wait'
  return !isQuiet || (decision.outcome !== undefined && whyNotMoved(decision.outcome) !== undefined)
}

/**
 * How many wanted to move at once when a failover was left to a person by this decision, or by what held `before`: it is until
 * someone moves it, or there is nothing to move for any more.
 */
export function heldBackBy(decision: Decision, before: number | undefined): number | undefined {
  const verdict = decision.kind === 'report' ? decision.would : decision
  if (verdict.kind === 'stay' || verdict.kind === 'move') return undefined
  if (verdict.kind !== 'refuse' || verdict.code !== 'max-concurrent') return before
  return verdict.reasons.find((reason) => reason.code === 'max-concurrent')?.wanting ?? before
}

/** What of that holds in a decision that begins now: a failover that nobody had to decide on for a while has no outage to wait in. */
export function heldBack(last: Remembered | undefined, nowMs: number): number | undefined {
  return last && Math.abs(nowMs - last.atMs) < longestBreakMs ? last.heldBack : undefined
}

/** Which endpoint is down now that traffic is on, and since when: `seenMs`, where this decision is the first to see it, or what those right before it said. */
export function downSince(facts: FailoverFacts, seenMs: number, last: Remembered | undefined): Remembered['down'] {
  const { active: endpoint, failover, vantages, rounds } = facts
  const round = rounds.at(-1)
  if (endpoint === undefined || !round) return undefined
  const { fail } = failoverQuorum(failover.quorum, vantages.length)
  if (tally(endpoint, vantages, round.ballots).down.length < fail) return undefined
  const isOngoing = last?.down?.endpoint === endpoint && seenMs - last.atMs < longestBreakMs
  return { endpoint, sinceMs: isOngoing && last.down ? last.down.sinceMs : seenMs }
}
