import type { CountRow } from '../history-counts.ts'
import type { HistoryReader } from '../history-reader.ts'
import { hourMs, hoursPerDay } from '../history-schema.ts'
import type { Bars, SeenTimes, UptimeRatios } from './api/overview.ts'

const hourBars = 24
const dayBars = 30
const daysOfWeek = 7
const dayMs = hourMs * hoursPerDay

/** What is under way is read anew after so long. */
const freshForMs = 3000

/** Results are still added to so many of the newest spans. */
const openSpans = 2

type Counts = Pick<CountRow, 'up' | 'degraded' | 'down'>
type Spans = readonly (Counts | undefined)[]

/** The bars of one monitor, and what they add up to. */
export interface MonitorBars {
  hours: Bars
  days: Bars
  uptime: UptimeRatios
  seenMs: SeenTimes
}

/**
 * How every monitor did in each of the last 24 hours and 30 days. All of it is read once an hour, or day; in between the
 * newest spans alone are read again, and only monitors in which something changed are reckoned anew.
 */
export class BarsBoard {
  readonly #hours = new SpanTable('hour', hourMs, hourBars)
  readonly #days = new SpanTable('day', dayMs, dayBars)
  readonly #known = new Map<string, MonitorBars>()
  #readAtMs = Number.NEGATIVE_INFINITY

  /** Reads what is missing or may have changed. */
  refresh(reader: HistoryReader, nowMs: number): void {
    if (nowMs - this.#readAtMs < freshForMs && nowMs >= this.#readAtMs) return
    const changed = [this.#hours.read(reader, nowMs), this.#days.read(reader, nowMs)]
    if (changed.includes('all')) this.#known.clear()
    else for (const monitors of changed) for (const monitor of monitors) this.#known.delete(monitor)
    this.#readAtMs = nowMs
  }

  /** The bars of a monitor that runs every `everyMs`, as they were read last. */
  of(monitor: string, everyMs: number): MonitorBars {
    const known = this.#known.get(monitor) ?? this.#reckon(monitor, everyMs)
    this.#known.set(monitor, known)
    return known
  }

  #reckon(monitor: string, everyMs: number): MonitorBars {
    const [hours, days] = [this.#hours.of(monitor), this.#days.of(monitor)]
    const week = days.slice(-daysOfWeek)
    const seen = (list: Spans, lengthMs: number) => sum(list, (counts) => Math.min(lengthMs, votesOf(counts) * everyMs))
    return {
      ...{ hours: barsOf(hours), days: barsOf(days) },
      uptime: { h24: ratioOf(hours), d7: ratioOf(week), d30: ratioOf(days) },
      seenMs: { h24: seen(hours, hourMs), d7: seen(week, dayMs), d30: seen(days, dayMs) },
    }
  }
}

/** Where the bars begin. */
export function barStarts(nowMs: number) {
  const startMs = (lengthMs: number, count: number) => firstSpan(nowMs, lengthMs, count) * lengthMs
  return {
    hours: { startMs: startMs(hourMs, hourBars), count: hourBars },
    days: { startMs: startMs(dayMs, dayBars), count: dayBars },
  }
}

/** The number of the first of so many spans, the last of which is under way. */
function firstSpan(nowMs: number, lengthMs: number, count: number): number {
  return Math.floor(nowMs / lengthMs) - count + 1
}

/** Results by monitor and span. */
class SpanTable {
  readonly #size: 'hour' | 'day'
  readonly #lengthMs: number
  readonly #count: number
  #first = Number.NaN
  #rows = new Map<string, (Counts | undefined)[]>()

  constructor(size: 'hour' | 'day', lengthMs: number, count: number) {
    this.#size = size
    this.#lengthMs = lengthMs
    this.#count = count
  }

  of(monitor: string): Spans {
    return this.#rows.get(monitor) ?? Array(this.#count).fill(undefined)
  }

  /** Reads what may be new; gives the monitors that it changed, or `all`. */
  read(reader: HistoryReader, nowMs: number): Set<string> | 'all' {
    const first = firstSpan(nowMs, this.#lengthMs, this.#count)
    const end = first + this.#count
    const isNew = first !== this.#first
    if (isNew) this.#rows = new Map()
    this.#first = first
    const from = isNew ? first : end - openSpans
    const before = new Map<string, (Counts | undefined)[]>()
    for (const { monitor, start, up, degraded, down } of reader.counts(this.#size, from, end)) {
      const row = this.#rowOf(monitor)
      // A monitor has a row of counts from each vantage: what is read replaces what was there, then adds up.
      if (!before.has(monitor)) {
        before.set(monitor, row.slice(from - first))
        row.fill(undefined, from - first)
      }
      const sum = row[start - first] ?? { up: 0, degraded: 0, down: 0 }
      row[start - first] = { up: sum.up + up, degraded: sum.degraded + degraded, down: sum.down + down }
    }
    if (isNew) return 'all'
    const isChanged = ([monitor, old]: [string, (Counts | undefined)[]]) =>
      old.some((counts, i) => !isSame(counts, this.#rowOf(monitor)[from - first + i]))
    return new Set([...before].filter(isChanged).map(([monitor]) => monitor))
  }

  #rowOf(monitor: string): (Counts | undefined)[] {
    const row = this.#rows.get(monitor) ?? Array(this.#count).fill(undefined)
    this.#rows.set(monitor, row)
    return row
  }
}

function isSame(a: Counts | undefined, b: Counts | undefined): boolean {
  return a?.up === b?.up && a?.degraded === b?.degraded && a?.down === b?.down
}

function barsOf(list: Spans): Bars {
  const down = list.map((counts) => shareOf(counts, 'down'))
  const degraded = list.map((counts) => shareOf(counts, 'degraded'))
  return { down, ...(degraded.some((share) => share !== null && share > 0) && { degraded }) }
}

/** In ten-thousandths, rounded up so that one failure in a million is still seen. */
function shareOf(counts: Counts | undefined, state: 'down' | 'degraded'): number | null {
  const votes = counts ? votesOf(counts) : 0
  return counts && votes > 0 ? Math.ceil((counts[state] / votes) * 10_000) : null
}

function ratioOf(list: Spans): number | null {
  const votes = sum(list, votesOf)
  return votes > 0 ? sum(list, ({ up, degraded }) => up + degraded) / votes : null
}

function votesOf({ up, degraded, down }: Counts): number {
  return up + degraded + down
}

function sum(list: Spans, of: (counts: Counts) => number): number {
  return list.reduce((total, counts) => total + (counts ? of(counts) : 0), 0)
}
