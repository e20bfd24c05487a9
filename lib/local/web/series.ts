import { causeOf } from '../../decide/health.ts'
import { quantile } from '../../decide/quantile.ts'
import { isWell, type Phases, type Status } from '../../model/result.ts'
import { hourMs } from '../history-schema.ts'
import { HttpError } from './answer.ts'
import type { FactChange, MonitorSeries, SeriesBucket, SeriesFailure, SeriesPoints } from './api/series.ts'
import { type KeptResult as Kept, type Read, type ResultsOptions, resultsInSlices } from './result-slices.ts'
import { troubleOf } from './trouble.ts'

const dayMs = 24 * hourMs
/** No one asks for more at once. */
export const longestRangeMs = 31 * dayMs

const secondMs = 1000
/** Each divides an hour, so that no bucket holds results of two. */
const bucketLengths = [10, 30, 60, 120, 300, 600, 900, 1800, 3600].map((seconds) => seconds * secondMs)
/** As many as a screen can show, and a bucket of fewer results has no percentiles worth the name. */
const mostBuckets = 400
const leastResults = 5

const mostGoodPoints = 3000
const mostBadPoints = 2000
const mostFailures = 500
const mostChanges = 500

/** The length of the buckets of a range, for a monitor that runs so often. */
export function bucketMsFor(rangeMs: number, everyMs: number): number {
  const fits = bucketLengths.find((length) => rangeMs / length <= mostBuckets && length >= leastResults * everyMs)
  return fits ?? hourMs
}

/** The range of a request. Throws `HttpError` for one that is too long, or none. */
export function rangeOf(query: URLSearchParams, nowMs: number, defaultMs: number): { fromMs: number; toMs: number } {
  const toMs = timeOf(query, 'to') ?? nowMs
  const fromMs = timeOf(query, 'from') ?? toMs - defaultMs
  if (fromMs < toMs) return { fromMs, toMs }
  throw new HttpError(400, `expected from < to, got from=${fromMs} and to=${toMs}`)
}

function timeOf(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name)
  if (text === null) return undefined
  if (/^\d{1,15}$/.test(text)) return Number(text)
  throw new HttpError(400, `expected ${name} to be milliseconds since 1970, got ${JSON.stringify(text)}`)
}

/** Latency, failures and what changed over a range. Throws `HttpError` for a range that is too long. */
export async function seriesOf(
  { everyMs, ...options }: ResultsOptions & { everyMs: number },
  read: Read,
): Promise<Omit<MonitorSeries, 'eventId'>> {
  const { fromMs, toMs } = options
  if (toMs - fromMs > longestRangeMs) {
    const got = `${Math.ceil((toMs - fromMs) / dayMs)}`
    throw new HttpError(400, `expected a range of at most 31 days, got ${got}: ask for parts of it`)
  }
  const bucketMs = bucketMsFor(toMs - fromMs, everyMs)
  const summary = new Summary(bucketMs)
  for await (const results of resultsInSlices(options, read)) for (const result of results) summary.add(result)
  return { fromMs, toMs, bucketMs, ...summary.end() }
}

/** What is made of results that come in order. */
class Summary {
  readonly #bucketMs: number
  readonly #buckets: SeriesBucket[] = []
  #inBucket: Kept[] = []
  #points: SeriesPoints = { atMs: [], durationMs: [], status: '', everyNth: 1 }
  #good = 0
  #goodDrawn = 0
  #bad = 0
  #failures: SeriesFailure[] = []
  readonly #failureCounts: Record<string, number> = Object.create(null)
  #changes: FactChange[] = []
  readonly #facts = new Map<string, string>()

  constructor(bucketMs: number) {
    this.#bucketMs = bucketMs
  }

  add(result: Kept): void {
    const [before] = this.#inBucket
    if (before && this.#startOf(before) !== this.#startOf(result)) this.#endBucket()
    this.#inBucket.push(result)
    this.#addPoint(result)
    if (result.status !== 'up') this.#addFailure(result)
    this.#addFacts(result)
  }

  end(): Pick<MonitorSeries, 'buckets' | 'points' | 'failures' | 'failureCounts' | 'changes'> {
    this.#endBucket()
    return {
      ...{ buckets: this.#buckets, points: this.#points, failures: this.#failures.slice(-mostFailures) },
      ...{ failureCounts: this.#failureCounts, changes: this.#changes.slice(-mostChanges) },
    }
  }

  #startOf({ atMs }: Kept): number {
    return Math.floor(atMs / this.#bucketMs) * this.#bucketMs
  }

  #endBucket(): void {
    const [first] = this.#inBucket
    if (first) this.#buckets.push(bucketOf(this.#startOf(first), this.#inBucket))
    this.#inBucket = []
  }

  #addPoint({ atMs, durationMs, status }: Kept): void {
    const isGood = isWell(status)
    if (isGood && this.#good++ % this.#points.everyNth !== 0) return
    if (!isGood && this.#bad++ >= mostBadPoints) return
    addPoint(this.#points, atMs, durationMs, marks[status])
    if (isGood && ++this.#goodDrawn > mostGoodPoints) this.#thin()
  }

  /** Leaves out every second of the good ones. */
  #thin(): void {
    const { atMs, durationMs, status, everyNth } = this.#points
    this.#points = { atMs: [], durationMs: [], status: '', everyNth: 2 * everyNth }
    this.#goodDrawn = 0
    let good = 0
    for (const [i, mark] of [...status].entries()) {
      const isGood = mark === marks.up || mark === marks.degraded
      if (isGood && good++ % 2 !== 0) continue
      if (isGood) this.#goodDrawn++
      addPoint(this.#points, atMs[i] ?? 0, durationMs[i] ?? 0, mark)
    }
  }

  #addFailure(result: Kept): void {
    const { atMs, status, vantage } = result
    const cause = causeOf(result) ?? { code: 'ASSERTION', message: 'an expectation was not met' }
    this.#failureCounts[cause.code] = (this.#failureCounts[cause.code] ?? 0) + 1
    this.#failures.push({ atMs, status, vantage, ...troubleOf(cause) })
    if (this.#failures.length > 2 * mostFailures) this.#failures = this.#failures.slice(-mostFailures)
  }

  /** What a failed run did not see has not changed. */
  #addFacts({ atMs, vantage, facts }: Kept): void {
    for (const [name, value] of Object.entries(facts)) {
      if (name === 'validTo') continue
      const key = `${vantage}\0${name}`
      const text = JSON.stringify(value)
      const before = this.#facts.get(key)
      if (before === text) continue
      this.#facts.set(key, text)
      this.#changes.push({ atMs, vantage, name, ...(before !== undefined && { before: JSON.parse(before) }), value })
      if (this.#changes.length > 2 * mostChanges) this.#changes = this.#changes.slice(-mostChanges)
    }
  }
}

function addPoint(points: SeriesPoints, atMs: number, durationMs: number, mark: string): void {
  points.atMs.push(atMs)
  points.durationMs.push(durationMs)
  points.status += mark
}

const marks: Record<Status, string> = { up: 'u', degraded: 'd', down: 'x', unknown: '-' }

function bucketOf(startMs: number, results: readonly Kept[]): SeriesBucket {
  const count = { up: 0, degraded: 0, down: 0, unknown: 0 }
  for (const { status } of results) count[status]++
  const good = results.filter(({ status }) => isWell(status))
  if (good.length === 0) return { startMs, ...count }
  const sorted = Float64Array.from(good, ({ durationMs }) => durationMs).sort()
  const at = (q: number) => quantile(sorted, q) ?? 0
  const mean = hundredths(sorted.reduce((sum, ms) => sum + ms, 0) / sorted.length)
  const durationMs = { p50: at(0.5), p95: at(0.95), p99: at(0.99), mean, min: at(0), max: at(1) }
  return { startMs, ...count, durationMs, phases: meanPhases(good) }
}

/** A phase that a run did not have took it no time: the means add up to the mean duration. */
function meanPhases(results: readonly Kept[]): Phases {
  const sums: Phases = {}
  for (const { phases } of results) {
    for (const [name, ms] of Object.entries(phases) as [keyof Phases, number][]) sums[name] = (sums[name] ?? 0) + ms
  }
  for (const name of Object.keys(sums) as (keyof Phases)[]) sums[name] = hundredths((sums[name] ?? 0) / results.length)
  return sums
}

function hundredths(ms: number): number {
  return Math.round(ms * 100) / 100
}
