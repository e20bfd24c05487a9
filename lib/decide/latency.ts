import type { Monitor } from '../model/monitor.ts'
import { quantile } from './quantile.ts'

/** What a monitor calls too slow. */
export type Latency = NonNullable<Monitor['latency']>

/** A limit on a percentile of the durations of runs that succeeded. */
export interface Limit {
  statistic: 'p95' | 'p99'
  /** 0 to 1. */
  share: number
  limitMs: number
  /** Fewer runs than these have no such percentile: one slow run would be it. */
  leastRuns: number
  /** Over how long it is taken. */
  windowMs: number
}

const statistics = [
  { statistic: 'p95', share: 0.95, leastRuns: 20, key: 'p95Ms' },
  { statistic: 'p99', share: 0.99, leastRuns: 100, key: 'p99Ms' },
] as const

const minuteMs = 60_000

/**
 * The limits of a monitor, on the runs of one window: the last `for`, or as long as it takes to have runs enough for the
 * percentiles where that is longer, as ten runs have no p95. One window, because CloudWatch takes one period an alarm.
 */
export function limitsOf(latency: Latency, everyMs: number, places = 1): Limit[] {
  const asked = statistics.flatMap(({ key, ...rest }) => {
    const limitMs = latency[key]
    return limitMs === undefined ? [] : [{ ...rest, limitMs }]
  })
  const windowMs = Math.max(latency.forMs, ...asked.map(({ leastRuns }) => timeOf(leastRuns, everyMs, places)))
  return asked.map((limit) => ({ ...limit, windowMs }))
}

/** How long so many runs take, in whole minutes: one in ten may be late, skipped or failed. */
export function timeOf(runs: number, everyMs: number, places: number): number {
  return Math.ceil((11 * runs * everyMs) / (10 * places * minuteMs)) * minuteMs
}

/** A run that succeeded: when, and how long it took. */
export interface Run {
  atMs: number
  durationMs: number
}

/** How runs stand against a limit. */
export interface LimitState {
  limit: Limit
  runs: number
  /** The percentile; undefined of too few runs. */
  valueMs?: number
  isOver: boolean
}

/** Judges a limit on the runs up to now; those older than its window do not count. */
export function judgeLimit(limit: Limit, runs: readonly Run[], nowMs: number): LimitState {
  const sorted = durationsSince(runs, nowMs - limit.windowMs)
  if (sorted.length < limit.leastRuns) return { limit, runs: sorted.length, isOver: false }
  const valueMs = quantile(sorted, limit.share) ?? 0
  return { limit, runs: sorted.length, valueMs, isOver: valueMs > limit.limitMs }
}

/** The durations of runs since a time, sorted. */
export function durationsSince(runs: readonly Run[], fromMs: number): Float64Array {
  return Float64Array.from(
    runs.filter(({ atMs }) => atMs > fromMs),
    ({ durationMs }) => durationMs,
  ).sort()
}
