import type { State } from '../../../decide/health.ts'
import type { EngineState, Trouble } from './engine.ts'

/** The answer of `/api/incidents`, newest first. */
export interface IncidentList {
  eventId: string
  engine: EngineState
  incidents: IncidentSummary[]
  /** There are older ones in the range: ask again with `to` = the last one's `confirmedMs`. */
  more: boolean
}

/** A time in which a monitor was down. */
export interface IncidentSummary {
  /** Stable, also over restarts: `<monitor>~<confirmedMs>`. */
  id: string
  monitor: string
  severity: 'page' | 'ticket'
  /** The first failure of those that led to it. */
  firstFailureMs: number
  /** When enough of them had been seen. */
  confirmedMs: number
  /** Absent while it is open. */
  recovery?: {
    /** The first good result. */
    firstGoodMs: number
    /** When enough of them had been seen; the end of the incident. */
    confirmedMs: number
    /** The state after it. */
    to: State
  }
  /** The monitor is no longer watched, so nobody saw the end. */
  endUnknown?: true
  cause: Trouble
  /** It began in a maintenance window: nobody was alerted. */
  muted: boolean
}

/** The answer of `/api/incidents/:id`. */
export interface IncidentPage {
  eventId: string
  engine: EngineState
  /** Its first failure is here, as in `related`, the start of the first failed run, as long as single results are kept. */
  incident: IncidentSummary
  target: string
  runbook?: string
  /** Everything in order. */
  timeline: TimelineEntry[]
  /** Failures by code, of every vantage. */
  failureCounts: Record<string, number>
  /** Who saw it, by vantage. */
  seenBy: { vantage: string; firstFailureMs: number; lastFailureMs: number; failures: number; good: number }[]
  /** Other incidents at the same time, what failed first before the others. */
  related: IncidentSummary[]
}

export interface TimelineEntry {
  atMs: number
  kind:
    | 'last good'
    | 'first failure'
    | 'failure'
    | 'confirmed'
    | 'failover'
    | 'first good'
    | 'recovered'
    | 'other monitor'
  /** In words. */
  text: string
  vantage?: string
  /** Since the first failure; negative before it. */
  afterMs: number
}
