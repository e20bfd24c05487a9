import { quantile } from '../decide/quantile.ts'
import { type Tail, tailOf } from '../decide/tail.ts'
import type { HistoryReader } from '../local/history-reader.ts'
import { isWell } from '../model/result.ts'
import { chosenMonitors } from './chosen-monitors.ts'
import type { Output } from './output.ts'
import { plainTable } from './plain-table.ts'
import { timeOption, withHistory } from './read-history.ts'
import { type WatchedOptions, watchedBy } from './watched.ts'
import { msText } from './words.ts'

export interface LatencyOptions extends WatchedOptions {
  monitor?: string[]
  since?: string
  json?: boolean
}

const usualSince = '24h'
/** More make no better percentile, and take their time to read. */
const mostRuns = 200_000
const leastForP95 = 20

/** `vedette latency`: how long runs take and what their tail looks like. Always exit 0. */
export async function latency(options: LatencyOptions, output: Output): Promise<number> {
  const { config, history } = await watchedBy(options, output)
  const monitors = chosenMonitors(config, options.monitor)
  const nowMs = Date.now()
  const fromMs = timeOption('--since', options.since ?? usualSince, nowMs)
  const tails = withHistory(history, (reader) =>
    monitors.map(({ id }) => ({ monitor: id, ...read(reader, id, fromMs, nowMs) })),
  )
  output.out(options.json ? JSON.stringify({ fromMs, toMs: nowMs, monitors: tails }) : table(tails))
  return 0
}

interface Found {
  monitor: string
  runs: number
  /** Of 20 runs and more. */
  p95Ms?: number
  p50Ms?: number
  tail?: Tail
}

function read(reader: HistoryReader, id: string, fromMs: number, toMs: number): Omit<Found, 'monitor'> {
  const durations = reader
    .results(id, fromMs, toMs)
    .flatMap(({ status, durationMs }) => (isWell(status) ? [durationMs] : []))
    .slice(-mostRuns)
  const sorted = Float64Array.from(durations).sort()
  const [p50Ms, p95Ms] = [quantile(sorted, 0.5), sorted.length < leastForP95 ? undefined : quantile(sorted, 0.95)]
  const tail = tailOf(durations)
  return {
    runs: durations.length,
    ...(p50Ms !== undefined && { p50Ms }),
    ...(p95Ms !== undefined && { p95Ms }),
    ...(tail && { tail }),
  }
}

function table(found: readonly Found[]): string {
  const worstFirst = found.toSorted((a, b) => (b.tail?.p99ToMedian ?? 0) - (a.tail?.p99ToMedian ?? 0))
  const shown = (ms: number | undefined) => (ms === undefined ? '–' : msText(ms))
  const rows = worstFirst.map(({ monitor, runs, p50Ms, p95Ms, tail }) => [
    ...[monitor, `${runs}`, shown(p50Ms), shown(p95Ms), shown(tail?.p99Ms), shown(tail?.maxMs)],
    tail ? `${tail.p99ToMedian.toFixed(1)}×` : '–',
    tail ? shape(tail) : 'fewer than 100 runs: no tail to speak of',
  ])
  const head = ['monitor', 'runs', 'p50', 'p95', 'p99', 'max', 'p99/p50', 'shape']
  return plainTable({ head, rows, aligns: ['left', 'right', 'right', 'right', 'right', 'right', 'right', 'left'] })
}

function shape({ modes, p99ToMedian }: Tail): string {
  if (modes) {
    const [fast, slow] = modes.map(({ medianMs, share }) => `${msText(medianMs)} (${Math.round(share * 100)} %)`)
    return `two groups: ${fast} and ${slow}: a cache that misses, or one of two servers?`
  }
  return p99ToMedian > 5 ? 'a long tail' : 'one group'
}
