import type { Datum } from '../decide/votes.ts'

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
