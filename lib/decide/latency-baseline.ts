import { durationsSince, type Run, timeOf } from './latency.ts'
import { quantile } from './quantile.ts'

/** The median of an hour of an earlier week. */
export interface BaselineHour {
  medianMs: number
  runs: number
}

/** How runs stand against what was usual at that hour. */
export interface Regression {
  /** Median of the runs of the window. */
  valueMs: number
  /** Median of the same hour's medians in earlier weeks. */
  baselineMs: number
  /** What it may be: the baseline times the factor. */
  limitMs: number
  isOver: boolean
}

/** How many weeks are looked at, and how many of them must have something to say. */
const baselineWeeks = 4
const leastWeeks = 2
/** Fewer runs in a window, or in an hour of a week, are no measure. */
const leastRuns = 10
/** A difference that nobody feels: on loopback 0.4 ms may well become 1 ms. */
const leastDifferenceMs = 20

const weekMs = 7 * 24 * 3_600_000
const hourMs = 3_600_000

/** The starts of the hours that now is compared with: the same hour of the week, in UTC, newest first. */
export function baselineStarts(nowMs: number): number[] {
  const hour = Math.floor(nowMs / hourMs) * hourMs
  return Array.from({ length: baselineWeeks }, (_, i) => hour - (i + 1) * weekMs)
}

/** Over how long the median is taken: `forMs`, or as long as ten runs take. */
export function regressionWindowMs(forMs: number, everyMs: number, places = 1): number {
  return Math.max(forMs, timeOf(leastRuns, everyMs, places))
}

/**
 * Whether runs take `factor` times as long as was usual at this hour of the week, and noticeably longer; undefined where there
 * are too few runs, now or then, to say. The median of medians: one week with an incident does not make slow usual.
 */
export function judgeRegression(
  factor: number,
  runs: readonly Run[],
  hours: readonly BaselineHour[],
  { windowMs, nowMs }: { windowMs: number; nowMs: number },
): Regression | undefined {
  const sorted = durationsSince(runs, nowMs - windowMs)
  const medians = hours.filter((hour) => hour.runs >= leastRuns).map(({ medianMs }) => medianMs)
  if (sorted.length < leastRuns || medians.length < leastWeeks) return undefined
  const valueMs = quantile(sorted, 0.5) ?? 0
  const baselineMs = quantile(Float64Array.from(medians).sort(), 0.5) ?? 0
  const limitMs = baselineMs * factor
  return { valueMs, baselineMs, limitMs, isOver: valueMs > limitMs && valueMs - baselineMs > leastDifferenceMs }
}
