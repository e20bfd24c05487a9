import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { ticksPerMs } from './history-block.ts'
import { type SeriesQuery, seriesQuery } from './history-rows.ts'
import { hourMs, hoursPerDay, span } from './history-schema.ts'
import { type Uptime, uptimeOf } from './rollup.ts'

/** One hour, or day, of one monitor from one vantage. Durations are of runs that were up or degraded. */
export interface Rollup extends Uptime {
  startMs: number
  vantage: string
  durationMs?: { mean: number; min: number; max: number; p50?: number; p95?: number; p99?: number }
}

/** The results of one hour, or day, of one monitor from one vantage. */
export interface CountRow {
  monitor: string
  /** Number of hours, or days, since 1970. */
  start: number
  up: number
  degraded: number
  down: number
  unknown: number
}

type Row = Record<string, number | null>
type Counts = { up: number; degraded: number; down: number; unknown: number }

const countsInRange =
  'SELECT series, start, up, degraded, down, unknown FROM rollup WHERE span = ? AND start >= ? AND start < ?'

const sums = 'sum(up) up, sum(degraded) degraded, sum(down) down, sum(unknown) unknown'

/** Adds counts up by series first: numbers are grouped faster than names. */
function sumsOf(counts: string): string {
  return `SELECT monitor, ${sums} FROM (SELECT series, ${sums} FROM (${counts}) GROUP BY series)
          JOIN series ON series.id = series GROUP BY monitor`
}

/** How often monitors were in which state: by the hours and days that results are counted in. */
export class CountQueries {
  readonly #db: DatabaseSync
  readonly #seriesOf: SeriesQuery
  readonly #rollup: StatementSync

  constructor(db: DatabaseSync) {
    this.#db = db
    this.#seriesOf = seriesQuery(db)
    this.#rollup = db.prepare('SELECT * FROM rollup WHERE span = ? AND start = ? AND series = ?')
  }

  /** Of one monitor, over all its vantages. */
  uptime(monitor: string, fromMs: number, toMs: number): Uptime {
    const sum: Counts = { up: 0, degraded: 0, down: 0, unknown: 0 }
    for (const { id } of this.#seriesOf(monitor)) {
      for (const { size, from, to } of spansOf(fromMs, toMs)) {
        for (let start = from; start < to; start++) add(sum, this.#rollup.get(size, start, id) as Counts | undefined)
      }
    }
    return uptimeOf(sum)
  }

  /** Uptime of every monitor at once, by id. */
  uptimes(fromMs: number, toMs: number): Map<string, Uptime> {
    const parts = spansOf(fromMs, toMs)
    const rows = this.#db.prepare(
      sumsOf(parts.map(() => countsInRange).join(' UNION ALL ') || `${countsInRange} LIMIT 0`),
    )
    const bounds = parts.length > 0 ? parts.flatMap(({ size, from, to }) => [size, from, to]) : [0, 0, 0]
    return new Map(rows.all(...bounds).map((row) => [String(row.monitor), uptimeOf(row as unknown as Counts)]))
  }

  /** The hours, or days, of every monitor; `from` and `to` are numbers of such spans since 1970. */
  counts(size: 'hour' | 'day', from: number, to: number): CountRow[] {
    const monitors = new Map(
      this.#db
        .prepare('SELECT id, monitor FROM series')
        .all()
        .map((row) => [row.id, row.monitor]),
    )
    const rows = this.#db.prepare(countsInRange)
    // Names are put in here: to join them to every row takes SQLite longer.
    return rows.all(span[size], from, to).map(({ series, ...counts }) => {
      return { monitor: String(monitors.get(series ?? 0)), ...counts } as CountRow
    })
  }

  /** The hours, or days, of a monitor that have results, in order; percentiles are of hours that are over. */
  rollups(monitor: string, size: 'hour' | 'day', fromMs: number, toMs: number): Rollup[] {
    const lengthMs = size === 'hour' ? hourMs : hourMs * hoursPerDay
    const rollups: Rollup[] = []
    for (let start = Math.floor(fromMs / lengthMs); start * lengthMs < toMs; start++) {
      for (const { id, vantage } of this.#seriesOf(monitor)) {
        const row = this.#rollup.get(span[size], start, id) as Row | undefined
        if (row) rollups.push({ startMs: start * lengthMs, vantage, ...toRollup(row) })
      }
    }
    return rollups
  }
}

/** Cuts a range into whole days and, at both ends, hours: a month is thirty rows a monitor, not seven hundred. */
function spansOf(fromMs: number, toMs: number): { size: number; from: number; to: number }[] {
  const [firstHour, endHour] = [Math.floor(fromMs / hourMs), Math.ceil(toMs / hourMs)]
  const [firstDay, endDay] = [Math.ceil(firstHour / hoursPerDay), Math.floor(endHour / hoursPerDay)]
  const parts =
    firstDay < endDay
      ? [
          { size: span.hour, from: firstHour, to: firstDay * hoursPerDay },
          { size: span.day, from: firstDay, to: endDay },
          { size: span.hour, from: endDay * hoursPerDay, to: endHour },
        ]
      : [{ size: span.hour, from: firstHour, to: endHour }]
  return parts.filter(({ from, to }) => from < to)
}

function add(sum: Counts, more: Counts | undefined): void {
  if (!more) return
  sum.up += more.up
  sum.degraded += more.degraded
  sum.down += more.down
  sum.unknown += more.unknown
}

function toRollup(row: Row): Uptime & Pick<Rollup, 'durationMs'> {
  const uptime = uptimeOf(row as Counts)
  const count = uptime.up + uptime.degraded
  const ms = (name: string) => (row[name] ?? 0) / ticksPerMs
  if (count === 0) return uptime
  const sealed = row.p50 !== null && { p50: ms('p50'), p95: ms('p95'), p99: ms('p99') }
  const durations = { mean: ms('duration_sum') / count, min: ms('duration_min'), max: ms('duration_max') }
  return { ...uptime, durationMs: { ...durations, ...sealed } }
}
