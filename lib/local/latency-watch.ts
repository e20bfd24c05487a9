import { judgeLimit, type Latency, type Limit, type LimitState, limitsOf, type Run } from '../decide/latency.ts'
import { type BaselineHour, baselineStarts, judgeRegression, regressionWindowMs } from '../decide/latency-baseline.ts'
import type { EventOf } from '../model/event.ts'
import type { Monitor } from '../model/monitor.ts'
import { isWell, type ProbeResult } from '../model/result.ts'
import type { History } from './history.ts'

type Against = EventOf<'latency.slow'>['against']
type Slow = Pick<EventOf<'latency.slow'>, 'type' | 'against' | 'sinceMs' | 'statistic' | 'valueMs' | 'limitMs'>
type Normal = Pick<EventOf<'latency.normal'>, 'type' | 'against'>

const hourMs = 3_600_000
/** What is kept of a monitor that runs every second over a day is the newest; percentiles of so many are good enough. */
const mostRuns = 20_000

/** Watches how long the runs of one monitor take. */
export class LatencyWatch {
  readonly #monitor: Monitor
  readonly #latency: Latency
  readonly #limits: Limit[]
  readonly #history: Pick<History, 'read'>
  readonly #windowMs: number
  readonly #slow: Set<Against>
  #runs: Run[]
  #baseline: { hour: number; hours: BaselineHour[] } | undefined

  /** `slow` is what an earlier process found slow and did not see end. */
  constructor(monitor: Monitor, history: Pick<History, 'read'>, slow: readonly Against[], nowMs: number) {
    this.#monitor = monitor
    this.#latency = monitor.latency ?? { forMs: 0 }
    this.#limits = limitsOf(this.#latency, monitor.everyMs)
    this.#history = history
    this.#slow = new Set(slow)
    const ofRegression = regressionWindowMs(this.#latency.forMs, monitor.everyMs)
    this.#windowMs = Math.max(ofRegression, ...this.#limits.map(({ windowMs }) => windowMs))
    const results = history.read((reader) => reader.results(monitor.id, nowMs - this.#windowMs, nowMs)) ?? []
    this.#runs = results.flatMap(({ atMs, status, durationMs }) => (isWell(status) ? [{ atMs, durationMs }] : []))
  }

  /** Takes in a result: a failed run has no honest duration. */
  take({ status, startedAt, durationMs }: ProbeResult): void {
    if (isWell(status)) this.#runs.push({ atMs: Date.parse(startedAt), durationMs })
    if (this.#runs.length > mostRuns) this.#runs.shift()
  }

  /** What has become slow, or is no longer, at this time. */
  judge(nowMs: number): (Slow | Normal)[] {
    this.#runs = this.#runs.filter(({ atMs }) => atMs > nowMs - this.#windowMs)
    return [...this.#change('limit', this.#overLimit(nowMs)), ...this.#change('baseline', this.#overBaseline(nowMs))]
  }

  /** How it stands at this time, whether or not that has changed. */
  standing(nowMs: number): (Slow | Normal)[] {
    return [
      this.#overLimit(nowMs) ?? { type: 'latency.normal', against: 'limit' },
      this.#overBaseline(nowMs) ?? { type: 'latency.normal', against: 'baseline' },
    ]
  }

  #change(against: Against, slow: Slow | undefined): (Slow | Normal)[] {
    const was = this.#slow.has(against)
    if (slow) this.#slow.add(against)
    else this.#slow.delete(against)
    if (slow && !was) return [slow]
    return !slow && was ? [{ type: 'latency.normal', against }] : []
  }

  #overLimit(nowMs: number): Slow | undefined {
    const worst = this.#limits
      .map((limit) => judgeLimit(limit, this.#runs, nowMs))
      .filter(({ isOver }) => isOver)
      .sort((a, b) => excess(b) - excess(a))[0]
    if (!worst) return undefined
    const { limit, valueMs = 0 } = worst
    const sinceMs = this.#firstAbove(limit.limitMs, nowMs)
    return {
      type: 'latency.slow',
      against: 'limit',
      sinceMs,
      statistic: limit.statistic,
      valueMs,
      limitMs: limit.limitMs,
    }
  }

  #overBaseline(nowMs: number): Slow | undefined {
    const { regression, forMs } = this.#latency
    if (regression === undefined) return undefined
    const windowMs = regressionWindowMs(forMs, this.#monitor.everyMs)
    const found = judgeRegression(regression, this.#runs, this.#usual(nowMs), { windowMs, nowMs })
    if (!found?.isOver) return undefined
    const { valueMs, limitMs } = found
    const sinceMs = this.#firstAbove(limitMs, nowMs)
    return { type: 'latency.slow', against: 'baseline', sinceMs, statistic: 'p50', valueMs, limitMs }
  }

  #firstAbove(limitMs: number, nowMs: number): number {
    return this.#runs.find(({ durationMs }) => durationMs > limitMs)?.atMs ?? nowMs
  }

  /** What was usual at this hour: read once an hour, as it does not change within it. */
  #usual(nowMs: number): BaselineHour[] {
    const hour = Math.floor(nowMs / hourMs)
    if (this.#baseline?.hour !== hour) {
      const hours = this.#history.read((reader) =>
        baselineStarts(nowMs).flatMap((startMs) =>
          reader
            .rollups(this.#monitor.id, 'hour', startMs, startMs + hourMs)
            .flatMap(({ durationMs, up, degraded }) => {
              const medianMs = durationMs?.p50
              return medianMs === undefined ? [] : [{ medianMs, runs: up + degraded }]
            }),
        ),
      )
      this.#baseline = { hour, hours: hours ?? [] }
    }
    return this.#baseline.hours
  }
}

function excess({ limit, valueMs = 0 }: LimitState): number {
  return valueMs / limit.limitMs
}
