import { quantile } from './quantile.ts'

/** The shape of the durations of runs that succeeded. */
export interface Tail {
  runs: number
  p50Ms: number
  p95Ms: number
  p99Ms: number
  maxMs: number
  /** How many times the median the slowest hundredth takes. */
  p99ToMedian: number
  /** Two groups instead of one, where that is what the durations are: a cache that misses, one of two servers that is slow. */
  modes?: [Mode, Mode]
}

export interface Mode {
  /** Median of the group. */
  medianMs: number
  /** Its share of the runs, 0 to 1. */
  share: number
}

/** Fewer have no tail to speak of. */
const leastRuns = 100
/** A smaller group is a tail, not a mode. */
const leastShare = 0.05
/** Groups nearer than this are one. */
const leastRatio = 1.5
/** How much of the spread two groups must explain (on a logarithmic scale) before they are believed: a single heap explains about 0.64. */
const leastExplained = 0.8

/** The tail of some durations in milliseconds, in any order; undefined of fewer than a hundred. */
export function tailOf(durations: readonly number[]): Tail | undefined {
  if (durations.length < leastRuns) return undefined
  const sorted = Float64Array.from(durations).sort()
  const at = (share: number) => quantile(sorted, share) ?? 0
  const [p50Ms, p95Ms, p99Ms, maxMs] = [at(0.5), at(0.95), at(0.99), at(1)]
  const modes = modesOf(sorted)
  return {
    ...{ runs: sorted.length, p50Ms, p95Ms, p99Ms, maxMs, p99ToMedian: p50Ms > 0 ? p99Ms / p50Ms : 1 },
    ...(modes && { modes }),
  }
}

/**
 * Splits sorted durations where the two halves are most alike in themselves (Otsu's method, on logarithms, as durations are
 * skewed), and believes the split if it explains nearly all of the spread and both groups are large and apart.
 */
function modesOf(sorted: Float64Array): [Mode, Mode] | undefined {
  const logs = sorted.map((ms) => Math.log(Math.max(ms, 0.001)))
  const total = logs.reduce((sum, x) => sum + x, 0)
  const mean = total / logs.length
  const spread = logs.reduce((sum, x) => sum + (x - mean) ** 2, 0)
  let [best, bestAt, below] = [0, 0, 0]
  for (let i = 1; i < logs.length; i++) {
    below += logs[i - 1] ?? 0
    const [left, right] = [below / i, (total - below) / (logs.length - i)]
    const between = i * (left - mean) ** 2 + (logs.length - i) * (right - mean) ** 2
    if (between > best) [best, bestAt] = [between, i]
  }
  const groups = [sorted.subarray(0, bestAt), sorted.subarray(bestAt)].map((group) => ({
    medianMs: quantile(group, 0.5) ?? 0,
    share: group.length / sorted.length,
  }))
  const [fast, slow] = groups
  if (!fast || !slow || spread === 0 || best / spread < leastExplained) return undefined
  const areApart = slow.medianMs / Math.max(fast.medianMs, 0.001) >= leastRatio
  return areApart && Math.min(fast.share, slow.share) >= leastShare ? [fast, slow] : undefined
}
