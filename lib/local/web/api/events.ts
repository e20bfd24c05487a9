import type { State } from '../../../decide/health.ts'
import type { EngineState, Trouble } from './engine.ts'
import type { FailoverHappening, FailoverView } from './failovers.ts'
import type { IncidentSummary } from './incidents.ts'
import type { LastRun } from './overview.ts'

/**
 * The stream of `/api/events`. Every event but `hello`, `tick` and `reset` has an id, so a client that comes back catches up
 * on what it missed. Where that is no longer known, `reset` says so: load the page's data anew and carry on from its
 * `eventId`. Without any word for 15 seconds (`tick` comes every 5) the page is stale.
 */
export interface StreamEvents {
  /** First of all: the connection stands, and what follows is in order. */
  hello: { nowMs: number; version: string; startedAtMs: number }
  /** What was missed is not known any more, or the engine was started anew. The server closes the stream after it. */
  reset: { eventId: string; reason: string }
  tick: EngineState
  /** Results of the last quarter of a second. */
  results: ResultUpdate[]
  /** Monitors that other vantages see down now than before, without a result from here. */
  sights: { id: string; downAt: string[] }[]
  /** Changes of monitors' states. */
  state: StateChange
  /** A failover as it stands now, and what has happened to it, if that is worth telling. */
  failover: { failover: FailoverView; happening?: FailoverHappening }
  /** An incident that began or ended. */
  incident: IncidentSummary
}

/** One event of the stream, with its name. */
export type StreamEvent = { [Name in keyof StreamEvents]: { name: Name; data: StreamEvents[Name] } }[keyof StreamEvents]

/** A result, for the overview and for charts; the page of its monitor loads the rest where it needs it. */
export interface ResultUpdate {
  id: string
  vantage: string
  last: LastRun
  state: State
  sinceMs: number
  muted?: true
  /** Why it was not up. */
  trouble?: Trouble
  downAt?: string[]
}

export interface StateChange {
  id: string
  from: State
  to: State
  atMs: number
  firstAtMs: number
  muted: boolean
  trouble?: Trouble
}
