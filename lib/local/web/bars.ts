import type { CountRow, HistoryReader } from '../history-reader.ts'
import { hourMs, hoursPerDay } from '../history-schema.ts'
import type { Bars, UptimeRatios } from './api.ts'

export const hourBars = 24
export const dayBars = 30
const daysOfWeek = 7
const dayMs = hourMs * hoursPerDay

/** What is under way is read anew after so long. */
const freshForMs = 3000

type Counts = Omit<CountRow, 'monitor' | 'start'>
type Size = 'hour' | 'day'

/** Results of every monitor, by the number of the hour or day. */
type Spans = Map<number, Map<string, Counts>>

/** The bars of one monitor, and what they add up to. */
export interface MonitorBars {
  hours: Bars
  days: Bars
  uptime: UptimeRatios
}

/**
 * How every monitor did in each of the last 24 hours and 30 days. What is over is read once; only the newest two spans,
 * to which results are still added, are read again.
 */
export class BarsBoard {
  readonly #spans: Record<Size, Spans> = { hour: new Map(), day: new Map() }
  #readAtMs = Number.NEGATIVE_INFINITY

  /** Reads what is missing or may have changed. */
  refresh(reader: HistoryReader, nowMs: number): void {
    if (nowMs - this.#readAtMs < freshForMs && nowMs >= this.#readAtMs) return
    readSpans(this.#spans.hour, reader, 'hour', firstHour(nowMs), hourBars)
    readSpans(this.#spans.day, reader, 'day', firstDay(nowMs), dayBars)
    this.#readAtMs = nowMs
  }

  /** The bars of a monitor at this time. */
  of(monitor: string, nowMs: number): MonitorBars {
    const hours = listOf(this.#spans.hour, monitor, firstHour(nowMs), hourBars)
    const days = listOf(this.#spans.day, monitor, firstDay(nowMs), dayBars)
    return {
      hours: barsOf(hours),
      days: barsOf(days),
      uptime: { h24: ratioOf(hours), d7: ratioOf(days.slice(-daysOfWeek)), d30: ratioOf(days) },
    }
  }
}

/** Where the bars begin. */
export function barStarts(nowMs: number) {
  return {
    hours: { startMs: firstHour(nowMs) * hourMs, count: hourBars },
    days: { startMs: firstDay(nowMs) * dayMs, count: dayBars },
  }
}

function firstHour(nowMs: number): number {
  return Math.floor(nowMs / hourMs) - hourBars + 1
}

function firstDay(nowMs: number): number {
  return Math.floor(nowMs / dayMs) - dayBars + 1
}

function readSpans(spans: Spans, reader: HistoryReader, size: Size, first: number, count: number): void {
  const end = first + count
  for (const start of spans.keys()) if (start < first || start >= end - 2) spans.delete(start)
  const numbers = Array.from({ length: count }, (_, i) => first + i)
  const from = numbers.find((start) => !spans.has(start)) ?? end
  for (let start = from; start < end; start++) spans.set(start, new Map())
  for (const { monitor, start, ...counts } of reader.counts(size, from, end)) spans.get(start)?.set(monitor, counts)
}

function listOf(spans: Spans, monitor: string, first: number, count: number): (Counts | undefined)[] {
  return Array.from({ length: count }, (_, i) => spans.get(first + i)?.get(monitor))
}

function barsOf(list: readonly (Counts | undefined)[]): Bars {
  const down = list.map((counts) => shareOf(counts, 'down'))
  const degraded = list.map((counts) => shareOf(counts, 'degraded'))
  return { down, ...(degraded.some((share) => share !== null && share > 0) && { degraded }) }
}

/** In ten-thousandths, rounded up so that one failure in a million is still seen. */
function shareOf(counts: Counts | undefined, state: 'down' | 'degraded'): number | null {
  const votes = counts ? counts.up + counts.degraded + counts.down : 0
  return counts && votes > 0 ? Math.ceil((counts[state] / votes) * 10_000) : null
}

function ratioOf(list: readonly (Counts | undefined)[]): number | null {
  let [good, votes] = [0, 0]
  for (const counts of list) {
    if (!counts) continue
    good += counts.up + counts.degraded
    votes += counts.up + counts.degraded + counts.down
  }
  return votes > 0 ? good / votes : null
}
