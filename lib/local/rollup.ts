import { quantile } from '../decide/quantile.ts'
import { isWell } from '../model/result.ts'
import type { StoredResult } from './history-block.ts'
import { ticksPerMs } from './history-block.ts'

/** The percentiles of the durations of successful runs, in ticks; null without any. */
export interface Percentiles {
  p50: number | null
  p95: number | null
  p99: number | null
}

/** Percentiles of an hour. A failed run has no honest duration (refused at once, or cut off at its deadline). */
export function percentiles(results: readonly StoredResult[]): Percentiles {
  const good = results.filter(({ status }) => isWell(status))
  const sorted = Float64Array.from(good, ({ durationMs }) => Math.round(durationMs * ticksPerMs)).sort()
  const at = (q: number) => quantile(sorted, q) ?? null
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99) }
}

/** How often a monitor was found in which state over some time. */
export interface Uptime {
  up: number
  degraded: number
  down: number
  /** No vote: neither good nor bad. */
  unknown: number
  /**
   * Share of votes that were up or degraded (0–1). Time without results (the engine was off, a result was dropped) and
   * `unknown` results are no downtime; without any vote there is no ratio.
   */
  ratio?: number
}

/** The uptime of these counts. */
export function uptimeOf({ up, degraded, down, unknown }: Omit<Uptime, 'ratio'>): Uptime {
  const votes = up + degraded + down
  return { up, degraded, down, unknown, ...(votes > 0 && { ratio: (up + degraded) / votes }) }
}
