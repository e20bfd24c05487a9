import type { Cause, State } from '../decide/health.ts'
import type { Phases, Status } from '../model/result.ts'
import type { HistoryStatus } from './history.ts'
import type { LagSummary } from './lag.ts'

/** The latest run of a monitor. */
export interface LastRun {
  atMs: number
  status: Status
  durationMs: number
  attempts: number
  phases: Phases
  /** Why it was not up. */
  cause?: Cause
}

/** A monitor as it stands now. */
export interface MonitorView {
  id: string
  kind: string
  tags: string[]
  severity: 'page' | 'ticket'
  everyMs: number
  state: State
  /** Since when it is in this state; for `pending`, since the engine started. */
  sinceMs: number
  /** In a maintenance window at its last run. */
  muted: boolean
  last?: LastRun
  /** The latest run that failed or was degraded. */
  lastFailure?: Cause & { atMs: number }
  /** The latest durations, oldest first; null for a run without one that counts (down or unknown). */
  recent: (number | null)[]
  /** Share of good votes in the last 24 hours (0–1); absent where there are too few to say. */
  uptime24h?: number
  /** Slots that came while a run was still under way. */
  skipped: number
}

/** The engine as it stands now. */
export interface Snapshot {
  service: string
  startedAtMs: number
  monitors: MonitorView[]
  /** How late runs start. */
  lag: LagSummary
  history: HistoryStatus
}
