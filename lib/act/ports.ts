import type { LastDrill } from '../decide/drill.ts'
import type { Remembered } from '../decide/last-decision.ts'
import type { Notice, NotifyState } from '../decide/notice.ts'
import type { AnswerTo, Question } from '../decide/probe-now.ts'
import type { Minute } from '../decide/published.ts'
import type { Readiness } from '../decide/readiness.ts'
import type { Change } from '../decide/swap-batch.ts'
import type { SwapEvent } from '../decide/swap-terms.ts'
import type { Datum } from '../decide/votes.ts'
import type { Blast, EventCause } from '../model/event.ts'
import type { Failover } from '../model/failover.ts'

/** What became of metrics in one controller region. */
export interface PublishReport {
  region: string
  sent: number
  /** Refused, and kept for the next time. */
  queued: number
  /** Given up: the queue was full, the outcome unknown, or the datum itself refused. */
  dropped: number
  /** What went wrong, if anything did. */
  message?: string
}

/** Sends metrics to every controller region. Never rejects. */
export type PublishMetrics = (datums: readonly Datum[]) => Promise<PublishReport[]>

/** What a region has been told: the states of alarms, and votes. */
export interface PublishedVotes {
  /** Those of the alarms named that are in state ALARM. Rejects where it cannot be asked. */
  alarmsOpen(names: readonly string[]): Promise<ReadonlySet<string>>
  /** The votes on monitors in each period (a multiple of a minute) from that of `fromMs` on, newest first. Rejects where it cannot be asked. */
  votes(monitors: readonly string[], fromMs: number, periodMs: number): Promise<ReadonlyMap<string, readonly Minute[]>>
}

/** A call that was not carried out, or of which nobody knows; what was said of it. */
type NotDone = { kind: 'throttled' | 'unknown'; message?: string }
/** Lists what is at a record and at its TXT's name. Never rejects: what came of it is data. */
export type ListOutcome = Extract<SwapEvent, { kind: 'listed' | 'denied' }> | NotDone
/** Sends one batch, in one attempt. Never rejects. */
export type ChangeOutcome =
  | Extract<SwapEvent, { kind: 'denied' }>
  | { kind: 'refused' | 'throttled' | 'unknown' }
  /** The id of the change, where it takes time until all servers have it. */
  | { kind: 'written'; changeId?: string }

/** What is known of a hosted zone; its name servers in lower case, without the last dot. */
export type ZoneOutcome =
  | Exclude<ListOutcome, { kind: 'listed' }>
  | { kind: 'zone'; name: string; isPrivate: boolean; nameServers: string[] }

/** Where records live: Route 53, or the embedded zone. */
export interface RecordStore {
  list(failover: Failover): Promise<ListOutcome>
  change(failover: Failover, changes: readonly Change[]): Promise<ChangeOutcome>
  /** Whether every server of the zone has a change; undefined where that could not be asked. Absent where changes are at once. */
  isInSync?(changeId: string): Promise<boolean | undefined>
  /** Absent where the zone is our own. */
  zone?(failover: Failover): Promise<ZoneOutcome>
}

/** Asks a vantage, in at most so long. Never rejects: undefined where it could not answer in time, or at all. */
export type AskVantage = <Q extends Question>(
  vantage: string,
  question: Q,
  limitMs: number,
) => Promise<AnswerTo<Q> | undefined>

/** Why a decision is made. */
export type Trigger = 'vantage' | 'alarm' | 'tick' | 'person'

/** A move, and when it was seen to be served everywhere. */
export interface Move {
  atMs: number
  to: string
  /** How long writing the record took. */
  tookMs: number
  /** How long the endpoint before it had been seen down by then; absent where it was not down. */
  downForMs?: number
  verified?: boolean
}

/** What a controller remembers of a failover beside the TXT: in its region's table, or in a file when embedded. */
export interface ControllerMemory {
  /** The largest epoch ever seen: a change may be stranded and the zone's go back. */
  largestEpoch: number
  /** Since when each endpoint has been up by quorum, ms. */
  healthySince: Record<string, number | undefined>
  /** When that was last looked at, ms. */
  healthyAtMs?: number
  /** A lock of this controller alone. */
  locked: boolean
  /** The last decision, for those who ask; and the last before it that was more than to stay, and came to something else. */
  last?: Remembered & { trigger: Trigger }
  notable?: Remembered & { trigger: Trigger }
  lastMove?: Move
  /** What readiness found when it was last looked at. */
  readiness?: Readiness
  /** When a drill last passed, ms; and when this failover was first known here, which counts until one has. */
  drilledAtMs?: number
  knownSinceMs?: number
  /** What came of the last drill, passed or not. */
  lastDrill?: LastDrill
  /** What people were told lately, and when: the same is not said every minute. */
  told?: { key: string; atMs: number }[]
  /** The state of a failover that moves by health checks: it has no TXT. */
  text?: string
}

/** Keeps what a controller remembers. Rejects where it cannot: the controller then treats itself as locked. */
export interface ControllerTable {
  read(failover: string): Promise<ControllerMemory>
  /** Replaces what is given, all at once, and leaves the rest; `largestEpoch` never shrinks. */
  update(failover: string, changes: Partial<ControllerMemory>): Promise<void>
  /** When each failover last wanted to move by itself, ms. */
  wanted(): Promise<Record<string, number>>
  /** Notes that one wants to, now; gives what `wanted` does after it. */
  want(failover: string, nowMs: number): Promise<Record<string, number>>
  /** Takes the right to decide, for so long; false where another holds it. It limits load, nothing else. */
  lease(failover: string, holder: string, nowMs: number, forMs: number): Promise<boolean>
  /** Gives it back, if `holder` still has it. */
  release(failover: string, holder: string): Promise<void>
  /** Replaces `text`, only where it still is `before` (undefined: where there is none); whether it did. */
  swapText(failover: string, before: string | undefined, after: string): Promise<boolean>
}

/** What came of telling a route. `isFinal` says that another try is useless. `ref` is what the destination calls the message. */
export type Delivery =
  | { kind: 'delivered'; ref?: string }
  /** `retryAfterMs`: the destination asked not to be called for so long. */
  | { kind: 'undelivered'; reason: string; isFinal: boolean; retryAfterMs?: number }

/** Tells a route of a notice, with retries until the deadline. Never rejects; reasons hold no secrets. */
export type Deliver = (notice: Notice, limit: { deadlineMs: number; signal?: AbortSignal }) => Promise<Delivery>

/** Keeps what people have been told. `version` tells whether somebody else has written since. */
export interface NotifyStore {
  /** Rejects where it cannot be read. */
  load(): Promise<{ state: NotifyState; version: number } | undefined>
  /** Rejects where it cannot be written; `conflict`: load it again. */
  save(state: NotifyState, version: number): Promise<'saved' | 'conflict'>
}

/** Why a monitor is down, and who says so, as the logs of the vantages have it. */
export type Found = Pick<Blast, 'vantages' | 'families' | 'address' | 'resolver'> & { cause: EventCause }

/** Looks up why monitors are down, by their ids. Never rejects, and takes two seconds at most: what is not found is not known. */
export type FindCauses = (monitors: readonly string[]) => Promise<ReadonlyMap<string, Found>>
