import type { Notice, NotifyState } from '../decide/notice.ts'
import type { Change } from '../decide/swap-batch.ts'
import type { SwapEvent } from '../decide/swap-terms.ts'
import type { Datum } from '../decide/votes.ts'
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

/** Lists what is at a record and at its TXT's name. Never rejects: what came of it is data. */
export type ListOutcome = Extract<SwapEvent, { kind: 'listed' | 'denied' }> | { kind: 'throttled' | 'unknown' }
/** Sends one batch, in one attempt. Never rejects. */
export type ChangeOutcome =
  | Extract<SwapEvent, { kind: 'denied' }>
  | { kind: 'written' | 'refused' | 'throttled' | 'unknown' }

/** Where records live: Route 53, or the embedded zone. */
export interface RecordStore {
  list(failover: Failover): Promise<ListOutcome>
  change(failover: Failover, changes: readonly Change[]): Promise<ChangeOutcome>
}

/** What a controller remembers of a failover beside the TXT: in its region's table, or in a file when embedded. */
export interface ControllerMemory {
  /** The largest epoch ever seen: a change may be stranded and the zone's go back. */
  largestEpoch: number
  /** Since when each endpoint has been up by quorum, ms. */
  healthySince: Record<string, number | undefined>
  /** A lock of this controller alone. */
  locked: boolean
}

/** Keeps what a controller remembers. Rejects where it cannot: the controller then treats itself as locked. */
export interface ControllerTable {
  read(failover: string): Promise<ControllerMemory>
  /** Replaces what is given, all at once, and leaves the rest; `largestEpoch` never shrinks. */
  update(failover: string, changes: Partial<ControllerMemory>): Promise<void>
}

/** What came of telling a route. `isFinal` says that another try is useless. `ref` is what the destination calls the message. */
export type Delivery = { kind: 'delivered'; ref?: string } | { kind: 'undelivered'; reason: string; isFinal: boolean }

/** Tells a route of a notice, with retries until the deadline. Never rejects; reasons hold no secrets. */
export type Deliver = (notice: Notice, limit: { deadlineMs: number; signal?: AbortSignal }) => Promise<Delivery>

/** Keeps what people have been told. `version` tells whether somebody else has written since. */
export interface NotifyStore {
  /** Rejects where it cannot be read. */
  load(): Promise<{ state: NotifyState; version: number } | undefined>
  /** Rejects where it cannot be written; `conflict`: load it again. */
  save(state: NotifyState, version: number): Promise<'saved' | 'conflict'>
}
