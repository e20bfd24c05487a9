import type { Trigger } from '../act/ports.ts'
import type { DrillOutcome } from '../decide/drill.ts'
import type { Decision } from '../decide/failover-facts.ts'
import type { ReadinessProblem } from '../decide/readiness.ts'
import type { Outcome, Page } from '../decide/swap-terms.ts'
import type { Verification } from './verify.ts'

/** What a controller tells, as it happens. */
export type FailoverEvent = { failover: string; atMs: number } & (
  | { type: 'decided'; trigger: Trigger; decision: Decision; note?: string }
  /** `tookMs`: writing the record; `downForMs`: how long the active endpoint had been seen down by then, where it was. */
  | { type: 'swapped'; to: string; outcome: Outcome; tookMs: number; downForMs?: number; by: 'auto' | 'person' }
  /** `movedAtMs`: when the move was made that was looked after here. */
  | ({ type: 'verified'; to: string; movedAtMs: number } & Verification)
  | { type: 'page'; pages: Page[] }
  /** What readiness found, where that is not what it found before; nothing where it is ready again. */
  | { type: 'readiness'; problems: ReadinessProblem[] }
  | ({ type: 'drill' } & DrillOutcome)
  /** What a person asked for beside moves; `problem`: why it was not done, or not everywhere. */
  | { type: 'locked' | 'unlocked' | 'adopted'; problem?: string }
  /** A decision broke: our own fault. */
  | { type: 'failed'; message: string }
)
