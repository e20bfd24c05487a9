import type { Failover } from '../model/failover.ts'
import type { Reason } from './failover-reasons.ts'
import type { Ballot } from './quorum.ts'
import type { Switch } from './swap-state.ts'

/** All that a decision knows. Its votes are collected for it alone, and anew until `sustain` has passed. */
export interface FailoverFacts {
  failover: Failover
  /** Ids of the configured vantages. */
  vantages: readonly string[]
  nowMs: number
  /** Oldest first. */
  rounds: readonly Round[]
  /** Id of the endpoint that is active, as the TXT says; undefined where there is none or it cannot be read. */
  active: string | undefined
  /** Whether the live answer is what is declared for the active endpoint. */
  recordMatches: 'matches' | 'edited' | 'unreadable'
  /** Of the TXT. */
  flags: { locked: boolean; latched: boolean }
  /** This controller's own table. One that cannot be read counts as locked. */
  table: { locked: boolean } | 'unreadable'
  /** Newest last; at least those of the last 24 hours, and the last one whatever its age. */
  switches: readonly Switch[]
  /** Since when each endpoint has been up by quorum without interruption. */
  healthySince: Readonly<Record<string, number | undefined>>
  /** How many other failovers wanted to move within the last 5 minutes; see `wantsToMove`. */
  wantToMove: number
  /** How many may want to at once before a person has to look. */
  maxConcurrent: number
  /** How many wanted to at once when this one was left to a person, where it still is; see `heldBack`. */
  heldBack?: number | undefined
  claim?: Claim
  request?: Request
}

/** One collection of votes; `atMs` is when its last vote was in. */
export interface Round {
  atMs: number
  /** By vantage id. A vantage without a ballot has no vote. */
  ballots: ReadonlyMap<string, Ballot>
  /** Why vantages see down what they see down: by vantage, then by monitor. */
  causes?: ReadonlyMap<string, Readonly<Record<string, string>>>
}

/** Announced in the TXT while the hook before a switch runs. */
export interface Claim {
  to: string
  expiresAtMs: number
  /** Made by the controller that decides now. */
  mine: boolean
}

/** What a person wants: a move (`failover to`), or what an earlier decision asked for. */
export interface Request {
  to: string
  by: 'person'
  /** An approval: the policy itself must still want this move. */
  approval?: boolean
}

/** Why traffic moves. `request` is a person's move; all others are automatic and count towards `maxPerDay`. */
export type Why = 'failover' | 'last-resort' | 'failback' | 'take-over' | 'request'

interface Told {
  /** Whether a person has to be woken. */
  page: boolean
  /** What decided comes first; then everything that was measured. See `reasonText`. */
  reasons: Reason[]
}

export type Verdict = Told &
  (
    | { kind: 'stay' }
    /** Not held for `sustain` yet: collect votes again. Without `to`, no endpoint is fit so far. */
    | { kind: 'wait'; untilMs: number; to?: string; why?: Why }
    | { kind: 'move'; to: string; why: Why }
    /** A person is to approve; the approval decides anew. */
    | { kind: 'ask'; to: string; why: Why }
    /** With `to`, the votes wanted to move there and a guard held. `latch`: write the flag into the TXT. */
    | { kind: 'refuse'; code: RefusalCode; latch: boolean; to?: string; why?: Why }
  )

/** A report stands for a decision that is not acted upon. */
export type Decision = Verdict | (Told & { kind: 'report'; mode: 'observe' | 'dry-run'; would: Verdict })

/** Stable: events, metrics and pages name them. */
export type RefusalCode = Extract<
  Reason['code'],
  | GuardCode
  | 'txt-unreadable'
  | 'active-unknown'
  | 'blind'
  | 'nothing-up'
  | 'no-better-target'
  | 'claim-unfit'
  | 'claimed'
  | 'unknown-endpoint'
  | 'already-active'
  | 'target-not-up'
  | 'not-needed'
>

/** Guards, in the order in which they are asked. */
export type GuardCode = 'locked' | 'record-edited' | 'record-unreadable' | 'latched' | 'max-per-day' | 'max-concurrent'
