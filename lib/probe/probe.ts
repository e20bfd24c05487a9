import type { Failure, FailureCode, Observation, Observed, Stage } from '../model/result.ts'

/** What a probe takes from its host. */
export interface ProbeDeps {
  /** Monotonic milliseconds. */
  now(): number
  /** Wall clock in milliseconds, for certificate dates. */
  wallClock(): number
  /** DNS server (host:port) for names that a probe looks up, where the monitor has none of its own. */
  resolver?: string
  userAgent: string
}

/**
 * Observes one target once. Gives what was seen, with a failure where the target did not answer as its protocol asks;
 * whatever a peer does, it never rejects. It ends soon after `signal` aborts; deadline, retries and duration are the caller's.
 */
export type ProbeFn<M, O extends Observed = Observed> = (
  monitor: M,
  deps: ProbeDeps,
  signal: AbortSignal,
) => Promise<Observation<O>>

/** A failure on its way up inside this room; each probe turns it into data beside what it has seen. */
export class ProbeFailure extends Error {
  readonly code: FailureCode
  readonly stage: Stage

  constructor(code: FailureCode, stage: Stage, message: string, cause?: unknown) {
    super(message, { cause })
    this.code = code
    this.stage = stage
  }

  toFailure(): Failure {
    return { code: this.code, stage: this.stage, message: this.message }
  }
}
