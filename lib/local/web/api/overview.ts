import type { State } from '../../../decide/health.ts'
import type { Kind } from '../../../model/monitor.ts'
import type { Phases, Status } from '../../../model/result.ts'
import type { BudgetMark } from './budget.ts'
import type { EngineState, TroubleAt } from './engine.ts'
import type { FailoverView } from './failovers.ts'
import type { IncidentSummary } from './incidents.ts'

/**
 * How it went over some time, as bars. Each is the share of votes that were down in ten-thousandths (0 = none, 10,000 = all,
 * rounded up), null where there was no vote. `degraded`, in the same way, is there only where a bar has any.
 */
export interface Bars {
  down: (number | null)[]
  degraded?: (number | null)[]
}

/** Share of votes that were up or degraded (0–1); null without votes. */
export interface UptimeRatios {
  h24: number | null
  d7: number | null
  d30: number | null
}

/** How much of each of these times its votes stand for, each for one interval; a share of little says little. */
export interface SeenTimes {
  h24: number
  d7: number
  d30: number
}

/**
 * The latest durations, oldest first, as one character each: `0`–`9`, `a`–`v` (base 32) are shares of `maxMs`, `-` is a run
 * without a duration that counts (down or unknown). `decodeSparkline` in `sparkline.ts` reads it.
 */
export interface Sparkline {
  maxMs: number
  points: string
}

/** A monitor as it stands: one row of the overview. */
export interface MonitorRow {
  id: string
  kind: Kind
  /** What it watches, short: `https://api.example.com/health`, `A api.example.com`, `mx.example.com:25`. */
  target: string
  tags: string[]
  severity: 'page' | 'ticket'
  everyMs: number
  state: State
  /** Since when it is in this state; for `pending`, since the engine started. */
  sinceMs: number
  /** In a maintenance window at its last run: nobody is alerted. Absent for no. */
  muted?: true
  /** The latest run; absent before the first. */
  last?: LastRun
  /** The latest run that failed or was degraded. */
  lastFailure?: TroubleAt
  /** Vantages whose latest run of it was down; absent for none. */
  downAt?: string[]
  uptime: UptimeRatios
  seenMs: SeenTimes
  /** Of `Overview.hours` and `Overview.days`. */
  hours: Bars
  days: Bars
  sparkline: Sparkline
  /** Its error budget, where it promises something and anything was seen of it. */
  budget?: BudgetMark
}

export interface LastRun {
  atMs: number
  status: Status
  durationMs: number
  attempts: number
  /** Left out in rows of the overview, for its size. */
  phases?: Phases
}

/** The answer of `/api/overview`. Rows are in the order of the config. */
export interface Overview {
  /** Id of the last event that is contained here: `/api/events?after=` carries on from it. */
  eventId: string
  engine: EngineState
  /** Start of the first of 24 hours, and of the first of 30 days (UTC); the last bar is the one under way. */
  hours: { startMs: number; count: number }
  days: { startMs: number; count: number }
  monitors: MonitorRow[]
  failovers: FailoverView[]
  openIncidents: IncidentSummary[]
}
