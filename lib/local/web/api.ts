/*
 * What the dashboard's server answers, and what its stream of events says. The pages, the tests and other people's programs
 * build on these shapes: they are extended, never broken. This file holds types and the list of routes, nothing else, so
 * that the pages may import it.
 *
 * Times are milliseconds since 1970 (`…Ms`), durations milliseconds with fractions, ranges [fromMs, toMs). Texts come from
 * monitored sites: they are data, and whoever shows them escapes them.
 */
import type { State } from '../../decide/health.ts'
import type { RouteHealth } from '../../decide/route-health.ts'
import type { FailoverMode } from '../../model/failover.ts'
import type { Kind } from '../../model/monitor.ts'
import type { Certificate, Phases, ProbeResult, Status } from '../../model/result.ts'

/** Every route, by name; `:id` is a monitor's or an incident's id, percent-encoded. All are read with GET or HEAD. */
export const routes = {
  /** `Overview`; with `?ids=a,b` the rows of these monitors only. */
  overview: '/api/overview',
  /** `MonitorPage`. */
  monitor: '/api/monitors/:id',
  /** `MonitorSeries`; `?from=…&to=…` in milliseconds, by default the last 24 hours; at most 31 days. */
  series: '/api/monitors/:id/series',
  /** `FailoversPage`. */
  failovers: '/api/failovers',
  /** `IncidentList`; `?from=…&to=…` (by default the last 30 days), `?monitor=…`, `?limit=…` (at most 200). */
  incidents: '/api/incidents',
  /** `IncidentPage`. */
  incident: '/api/incidents/:id',
  /** The same as Markdown, for a post-mortem: a download. */
  incidentMarkdown: '/api/incidents/:id/markdown',
  /** Server-sent events; see `StreamEvents`. `?after=<event id>` starts after that event, as does `Last-Event-ID`. */
  events: '/api/events',
  /** SVG: a monitor's state; `?show=uptime` (of 30 days) or `?show=latency` (of its last good run). */
  badge: '/badges/:id',
  /** Prometheus's text format. */
  metrics: '/metrics',
  /** `Health`: 200 while the engine runs, its history is written and people can be told, else 503. */
  healthz: '/healthz',
  /** `Health`: 200 while the engine runs, else 503: for what restarts it. */
  livez: '/livez',
} as const

/** Pages of the client; all of them are the same document. */
export const pages = ['/', '/monitors/:id', '/failovers', '/incidents', '/incidents/:id'] as const

/** What every error answers, with its status: 400, 401, 403, 404, 405, 413, 421, 429, 500 or 503. */
export interface ApiError {
  /** What was expected, what was got, what to do. */
  error: string
}

/** Why something was not up. */
export interface Trouble {
  code: string
  /** The code's meaning in words: `connection refused`. */
  words: string
  /** What was expected, what was got. */
  message: string
}

export interface TroubleAt extends Trouble {
  atMs: number
}

/** The engine itself. */
export interface EngineState {
  service: string
  version: string
  startedAtMs: number
  /** The server's clock when it answered: ages are counted from it, not from the viewer's. */
  nowMs: number
  /** How late runs start, of the latest of them. */
  lag: { p50Ms: number; p99Ms: number; maxMs: number }
  history: {
    /** Results not written yet. */
    waiting: number
    /** Results lost so far because the file could not be written. */
    dropped: number
    /** What is wrong, and what to do, while something is. */
    trouble?: string
  }
  /** How telling each route of the config goes. */
  routes: RouteHealth[]
}

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
  /** Of `Overview.hours` and `Overview.days`. */
  hours: Bars
  days: Bars
  sparkline: Sparkline
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

/** The answer of `/api/monitors/:id`. */
export interface MonitorPage {
  eventId: string
  engine: EngineState
  hours: Overview['hours']
  days: Overview['days']
  row: MonitorRow
  /** As it runs: every default filled in, secrets blotted out. */
  config: Record<string, unknown>
  runbook?: string
  dependsOn: string[]
  /** Failovers that it checks an endpoint of. */
  failovers: string[]
  /** Of the latest run that saw one. */
  certificate?: Certificate & { seenAtMs: number }
  /** The last 50, newest first, in full. */
  results: ProbeResult[]
  /** Of the last 30 days, newest first, at most 20. */
  incidents: IncidentSummary[]
  /** Path of its badge; where a token is needed, with a key that opens this badge alone. */
  badge: string
}

/** The answer of `/api/monitors/:id/series`. All of its lists are oldest first. */
export interface MonitorSeries {
  eventId: string
  fromMs: number
  toMs: number
  /** Length of a bucket. */
  bucketMs: number
  /** Only buckets with results; gaps are left out. */
  buckets: SeriesBucket[]
  points: SeriesPoints
  /** Runs that were not up: the newest 500 in the range. */
  failures: SeriesFailure[]
  /** How many there were in all, by code. */
  failureCounts: Record<string, number>
  /** What was seen at the start of the range, and each change of it: at most 500. */
  changes: FactChange[]
}

export interface SeriesBucket {
  startMs: number
  up: number
  degraded: number
  down: number
  unknown: number
  /** Of runs that were up or degraded; absent without any. */
  durationMs?: { p50: number; p95: number; p99: number; mean: number; min: number; max: number }
  /** Means of the same runs. */
  phases?: Phases
}

/** Single results as columns. */
export interface SeriesPoints {
  atMs: number[]
  /** As measured, of failed runs too. */
  durationMs: number[]
  /** One character a result: `u` up, `d` degraded, `x` down, `-` unknown. */
  status: string
  /** The range holds more: every nth good result is here (n given), and every other one up to a bound. */
  everyNth: number
}

export interface SeriesFailure extends TroubleAt {
  status: Status
  vantage: string
}

/** Something seen that seldom changes. */
export interface FactChange {
  atMs: number
  vantage: string
  /** `answers` (a list), `rcode`, `serial`, `ip`, `statusCode`, `version`, `httpVersion`, `certificate` (a fingerprint). */
  name: string
  /** Absent for what was seen first. */
  before?: unknown
  value: unknown
}

/** The answer of `/api/failovers`. */
export interface FailoversPage {
  eventId: string
  engine: EngineState
  /** Ids of the vantages that vote. */
  vantages: string[]
  failovers: FailoverView[]
  /** What happened, newest first: at most 200. */
  history: FailoverHappening[]
}

/** A failover as it stands. */
export interface FailoverView {
  id: string
  record: string
  zone: string
  ttlSeconds: number
  mode: FailoverMode
  /** No move by itself until a person unlocks it. (Latched after too many moves is said by readiness and by reasons.) */
  locked: boolean
  /** Id of the active endpoint; absent while it is not known. */
  active?: string
  /** How many vantages it takes: to see the active one down, the target up, and to have a vote at all. */
  quorum: { fail: number; pass: number; voters: number }
  endpoints: EndpointView[]
  /** Absent until it was looked at. No problems: ready. */
  readiness?: { atMs: number; problems: { code: string; detail: string }[] }
  /** Absent until the first decision. */
  last?: DecisionView
  lastMove?: { atMs: number; to: string; tookMs: number; verified?: boolean }
}

export interface EndpointView {
  id: string
  region: string
  active: boolean
  lastResort: boolean
  /** Where it leads: `A 192.0.2.10`, `CNAME status.example.net`. */
  answer: string
  /** Ids of the monitors that check it. */
  monitors: string[]
  /** The votes of the last decision: ids of the vantages. `none` had no vote. */
  votes: { up: string[]; down: string[]; none: string[] }
  /** Why it is down, in the words of those who see it so. */
  causes?: string[]
}

export interface DecisionView {
  atMs: number
  /** `vantage`, `alarm`, `tick` or `person`. */
  trigger: string
  /** `stay`, `wait`, `move`, `ask`, `refuse` or `report` (of what it would have done). */
  kind: string
  /** Where it moves, or would. */
  to?: string
  /** Whether a person has to be woken. */
  page: boolean
  /** In words; what decided comes first. */
  reasons: string[]
  /** Why a decided move was not made; absent where it was, or is under way. */
  notMoved?: string
}

/** Something that happened to a failover. */
export type FailoverHappening = FailoverMove | FailoverNote

/** A move, or an attempt at one. */
export interface FailoverMove {
  kind: 'move'
  failover: string
  /** When it was decided. */
  atMs: number
  from?: string
  to: string
  trigger: string
  /** What a person said of it. */
  note?: string
  outcome: 'under way' | 'moved' | 'not moved'
  /** `verified`, or what was wrong; absent while it is not known. */
  verification?: { verified: boolean; problem?: string }
  /** What came of it in words. */
  text: string
  /** In order, each with its duration: votes held, record changed, in sync (Route 53), served, answered. */
  steps: { name: string; atMs: number; tookMs: number }[]
  reasons: string[]
}

/** All else: refusals, questions to a person, pages, readiness, drills. Repeated ones are told once. */
export interface FailoverNote {
  kind: 'refused' | 'asked' | 'reported' | 'page' | 'failed' | 'readiness' | 'drill'
  failover: string
  atMs: number
  /** In words. */
  text: string
  reasons: string[]
  /** Whether it is trouble that a person should look at. */
  isTrouble: boolean
}

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
  incident: IncidentSummary
  target: string
  runbook?: string
  /** Everything in order. */
  timeline: TimelineEntry[]
  /** Failures by code, of every vantage. */
  failureCounts: Record<string, number>
  /** Who saw it, by vantage. */
  seenBy: { vantage: string; firstFailureMs: number; lastFailureMs: number; failures: number; good: number }[]
  /** Other incidents at the same time. */
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
  /** Changes of monitors' states. */
  state: StateChange
  /** A failover as it stands now, and what has happened to it, if that is worth telling. */
  failover: { failover: FailoverView; happening?: FailoverHappening }
  /** An incident that began or ended. */
  incident: IncidentSummary
}

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

/** The answer of `/healthz`. */
export interface Health {
  status: 'ok' | 'failing'
  /** What is wrong; empty for nothing. */
  problems: string[]
}
