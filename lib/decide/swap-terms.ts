import type { Failover } from '../model/failover.ts'
import type { Change } from './swap-batch.ts'
import type { RawRecordSet, RecordSet } from './swap-records.ts'
import type { Claim, SwapState, Switch } from './swap-state.ts'

/** What names one state of a TXT among all that ever were. */
export type Identity = Pick<SwapState, 'epoch' | 'decision'>

/** How much one attempt may ask of Route 53 and of the hook. */
export interface Limits {
  reads: number
  writes: number
  hookCalls: number
}

export const defaultLimits: Limits = { reads: 16, writes: 8, hookCalls: 3 }

/** How long a claim holds: the longest that a hook may take, and then some. */
export const defaultClaimMs = 5 * 60_000

/**
 * Whether a claim still holds. One that would for far longer than any is made for was dated by a clock that was wrong, and
 * counts as expired, lest nothing moves until then; as long again is left for controllers whose clocks differ.
 */
export function claimHolds(
  { expiresAtMs }: Pick<Claim, 'expiresAtMs'>,
  nowMs: number,
  madeForMs = defaultClaimMs,
): boolean {
  return nowMs < expiresAtMs && expiresAtMs - nowMs <= 2 * madeForMs
}

/** A decided move. */
export interface SwapPlan {
  failover: Failover
  /** Id of this decision: 1 to 10 letters, digits, `.`, `_` or `-`, never used before. */
  decision: string
  /** The state that was decided on; on any other, nothing is carried out. */
  basis: Identity
  /** Id of the endpoint to move to. */
  to: string
  by: Switch['by']
  /** The largest epoch ever seen, in the zone or in the controller's table. */
  largestEpoch: number
  /** No move is begun after this: the votes are too old. */
  goodUntilMs: number
  /** How long a claim holds: the longest that the hook may take, and then some. */
  claimMs: number
  limits: Limits
}

/**
 * What the host does next. `read` lists the record sets at the record and its TXT's name; `write` sends one batch, in one
 * attempt; `pause` waits, and up to as much again by chance, so that two controllers fall out of step.
 */
export type Effect =
  | { kind: 'read' }
  | { kind: 'write'; what: 'claim' | 'release' | 'fence' | 'answer' | 'state'; changes: Change[] }
  | { kind: 'hook'; name: 'before'; key: string; to: string }
  | { kind: 'pause'; ms: number }
  | { kind: 'done'; outcome: Outcome }

/**
 * What came of it. `besides` are sets at the record of types that are none of ours. `isLocked`: the controller's own table locks
 * the failover, whatever its TXT says. `refused` is Route 53's InvalidChangeBatch. `throttled` is PriorRequestNotComplete or throttling: not
 * carried out. `unknown` is a time-out, a lost reply, a 5xx: perhaps carried out, perhaps later. `denied` is any other
 * definite no.
 */
export type SwapEvent =
  | { kind: 'listed'; sets: RecordSet[]; besides?: RawRecordSet[]; isLocked?: boolean; atMs: number }
  | { kind: 'written' | 'refused' | 'throttled' | 'unknown' | 'paused' }
  | { kind: 'denied'; message: string }
  | { kind: 'hookOk' }
  /** `why`, for people: an exit code, a refused call; nothing that the hook itself said, which may hold secrets. */
  | { kind: 'hookFailed' | 'hookUnknown'; why?: string }

/** What came of a hook, in a few words. */
export function hookText(
  hook: string,
  { kind, why }: Extract<SwapEvent, { kind: 'hookFailed' | 'hookUnknown' }>,
): string {
  return `the hook ${hook} ${kind === 'hookFailed' ? 'failed' : 'may have run'}${why === undefined ? '' : `: ${why}`}`
}

export type Refusal =
  | 'LOCKED'
  | 'LATCHED'
  | 'TXT_MISSING'
  | 'TXT_UNREADABLE'
  | 'EDITED'
  | 'UNKNOWN_ENDPOINT'
  | 'CLAIMED_ELSEWHERE'
  | 'STALE'
  | 'HOOK_FAILED'
  | 'DENIED'
  | 'INVALID_BATCH'
  | 'NO_EPOCH_LEFT'

/** How an attempt ended. */
export type Outcome = Ending & {
  /** Largest epoch seen or used: to be kept, and given to the next plan. */
  largestEpoch: number
  /** A write of unknown outcome may still land. */
  inDoubt: boolean
  /** A claim of this decision is still in the TXT. */
  claimLeft: boolean
}

export type Ending =
  /** By this decision. */
  | { kind: 'moved'; epoch: number }
  /** A change of the TXT alone (`startFlags`). */
  | { kind: 'written'; epoch: number }
  /** It was as it should be, by no write of ours that we know of. */
  | { kind: 'alreadyDone'; epoch: number }
  /** The state decided on is no more: another decision wrote, or has claimed the record. */
  | { kind: 'superseded'; reason: 'OTHER_STATE' | 'CLAIMED'; by: Identity }
  | { kind: 'refused'; reason: Refusal; detail: string }
  | { kind: 'gaveUp'; reason: 'READS' | 'WRITES' | 'HOOK' }

/** Something that a person must be woken for. */
export interface Page {
  code: Refusal | 'CLAIM_EXPIRED' | 'HOOK_UNKNOWN' | 'HOOK_RAN' | 'IN_DOUBT' | 'CLAIM_LEFT' | 'GAVE_UP'
  detail: string
}
