import type { MonitorSeries, SeriesBucket, SeriesFailure } from '../api/series.ts'

/** Milliseconds by phase. */
export type Phases = NonNullable<SeriesBucket['phases']>

/** Columns by time; null where a line is to break. */
export type Columns = [number[], ...(number | null)[][]]

/** From the ground up, as they follow one another. */
export const phaseNames = ['resolve', 'connect', 'tls', 'processing', 'transfer'] as const satisfies (keyof Phases)[]

/** Percentiles by bucket: time, p50, p95, p99. A stretch without results breaks the lines. */
export function percentiles({ buckets, bucketMs }: MonitorSeries): Columns {
  const columns: Columns = [[], [], [], []]
  let lastMs: number | undefined
  for (const { startMs, durationMs } of buckets) {
    if (lastMs !== undefined && startMs - lastMs > 1.5 * bucketMs) push(columns, lastMs + bucketMs, [null, null, null])
    const { p50 = null, p95 = null, p99 = null } = durationMs ?? {}
    push(columns, startMs + bucketMs / 2, [p50, p95, p99])
    lastMs = startMs
  }
  return columns
}

/** Single results that were up, and that were degraded: failures are marked, not measured. */
export function singleResults({ points }: MonitorSeries): { up: Columns; degraded: Columns } {
  const [up, degraded]: [Columns, Columns] = [
    [[], []],
    [[], []],
  ]
  points.atMs.forEach((atMs, i) => {
    const status = points.status[i]
    const columns = status === 'u' ? up : status === 'd' ? degraded : undefined
    if (columns && atMs !== columns[0].at(-1)) push(columns, atMs, [points.durationMs[i] ?? null])
  })
  return { up, degraded }
}

/** Phases by bucket, each on top of those before it: time, then one column a phase. */
export function stackedPhases({ buckets, bucketMs }: MonitorSeries): Columns {
  const columns: Columns = [[], ...phaseNames.map(() => [])]
  let lastMs: number | undefined
  for (const { startMs, phases } of buckets) {
    if (lastMs !== undefined && startMs - lastMs > 1.5 * bucketMs) {
      push(
        columns,
        lastMs + bucketMs,
        phaseNames.map(() => null),
      )
    }
    push(columns, startMs + bucketMs / 2, phases ? sums(phases) : phaseNames.map(() => null))
    lastMs = startMs
  }
  return columns
}

/** The height at which each phase ends. */
function sums(phases: Phases): number[] {
  let sum = 0
  return phaseNames.map((name) => {
    sum += phases[name] ?? 0
    return sum
  })
}

/** Runs that were not up and stand together, with their code. */
export interface FailureMark extends Pick<SeriesFailure, 'atMs' | 'status'> {
  text: string
}

/** One mark for runs of one status and code that are closer than `nearMs` to each other: at the first of them. */
export function failureMarks(failures: readonly SeriesFailure[], nearMs: number): FailureMark[] {
  const marks: (FailureMark & { code: string; lastMs: number; count: number })[] = []
  for (const { atMs, code, status } of failures) {
    const last = marks.at(-1)
    if (last?.code === code && last.status === status && atMs - last.lastMs < nearMs) {
      last.count++
      last.lastMs = atMs
      last.text = `${code} ×${last.count}`
    } else marks.push({ atMs, status, code, lastMs: atMs, count: 1, text: code })
  }
  return marks.map(({ atMs, status, text }) => ({ atMs, status, text }))
}

/** What a range held, in a sentence. */
export function summaryOf({ buckets, failureCounts }: MonitorSeries): {
  runs: number
  bad: number
  /** Of all runs that were not up, the degraded ones too. */
  codes: string
} {
  const sum = (name: 'up' | 'degraded' | 'down' | 'unknown') => buckets.reduce((all, bucket) => all + bucket[name], 0)
  const codes = Object.entries(failureCounts).sort(([, a], [, b]) => b - a)
  return {
    runs: sum('up') + sum('degraded') + sum('down') + sum('unknown'),
    bad: sum('down'),
    codes: codes.map(([code, n]) => `${code} ${n}`).join(', '),
  }
}

function push(columns: Columns, atMs: number, values: readonly (number | null)[]): void {
  columns[0].push(atMs)
  const rest: (number | null)[][] = columns.slice(1)
  values.forEach((value, i) => {
    rest[i]?.push(value)
  })
}
