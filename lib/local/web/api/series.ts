import type { Phases, Status } from '../../../model/result.ts'
import type { TroubleAt } from './engine.ts'

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
  /** What was seen at the start of the range, and each change of it: the newest 500. */
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
