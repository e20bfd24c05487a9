import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { HourVotes } from '../decide/budget-account.ts'
import type { State } from '../decide/health.ts'
import type { ProbeResult } from '../model/result.ts'
import { type StoredResult, shorten, ticksPerMs, unpackBlock } from './history-block.ts'
import { eventsIn, type StoredEvent } from './history-events.ts'
import { type ResultRow, toResult } from './history-rows.ts'
import { blockId, hourMs, hoursPerDay, openForReading, span, statuses } from './history-schema.ts'
import type { StoredTransition } from './history-store.ts'
import { hourVotes, type MonitorVotes, votesSince, watchedFrom } from './history-votes.ts'
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

/**
 * Reads a history, beside its writer or without one. Each method takes one moment's view of the file and blocks until it
 * has it; times are milliseconds since 1970, ranges are [from, to). Uptime counts whole hours that the range touches.
 */
export class HistoryReader {
  readonly #db: DatabaseSync
  readonly #seriesOf: StatementSync
  readonly #rollup: StatementSync
  readonly #block: StatementSync
  readonly #unsealed: StatementSync
  readonly #latest: StatementSync

  /** Throws `HistoryError` where the file cannot be read. */
  constructor(path: string) {
    const db = openForReading(path)
    const result = `SELECT monitor, vantage, time, status, duration, detail
                    FROM result JOIN series ON series.id = series`
    this.#db = db
    this.#seriesOf = db.prepare('SELECT id, vantage FROM series WHERE monitor = ?')
    this.#rollup = db.prepare('SELECT * FROM rollup WHERE span = ? AND start = ? AND series = ?')
    this.#block = db.prepare('SELECT data FROM block WHERE id = ?')
    this.#unsealed = db.prepare(`${result} WHERE series = ? AND sealed = 0 AND time >= ? AND time < ?`)
    this.#latest = db.prepare(`${result} WHERE series = ? ORDER BY time DESC LIMIT ?`)
  }

  close(): void {
    this.#db.close()
  }

  /** Uptime of one monitor, over all its vantages. */
  uptime(monitor: string, fromMs: number, toMs: number): Uptime {
    const sum: Counts = { up: 0, degraded: 0, down: 0, unknown: 0 }
    this.#atOnce(() => {
      for (const { id } of this.#series(monitor)) {
        for (const { size, from, to } of spansOf(fromMs, toMs)) {
          for (let start = from; start < to; start++) add(sum, this.#rollup.get(size, start, id) as Counts | undefined)
        }
      }
    })
    return uptimeOf(sum)
  }

  /** Ids of all monitors that it has results of. */
  monitors(): string[] {
    const rows = this.#db.prepare('SELECT DISTINCT monitor FROM series ORDER BY monitor').all()
    return rows.map(({ monitor }) => String(monitor))
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

  /** The latest durations before a time, of every monitor, oldest first; null for a run that was down or unknown. */
  recentDurations(beforeMs: number, limit: number): Map<string, (number | null)[]> {
    const latest = this.#db.prepare(
      'SELECT time, status, duration FROM result WHERE series = ? AND time < ? ORDER BY time DESC LIMIT ?',
    )
    const found = new Map<string, { time: number; ms: number | null }[]>()
    for (const { id, monitor } of this.#db.prepare('SELECT id, monitor FROM series').all()) {
      const rows = latest.all(id ?? 0, beforeMs, limit) as unknown as ResultRow[]
      const own = rows.map(({ time, status, duration }) => ({
        time,
        ms: isGood(status) ? duration / ticksPerMs : null,
      }))
      found.set(String(monitor), [...(found.get(String(monitor)) ?? []), ...own])
    }
    const newest = (runs: { time: number; ms: number | null }[]) =>
      runs
        .sort((a, b) => a.time - b.time)
        .slice(-limit)
        .map(({ ms }) => ms)
    return new Map([...found].map(([monitor, runs]) => [monitor, newest(runs)]))
  }

  /** The newest changes of state of all monitors, oldest first. */
  latestTransitions(limit: number): StoredTransition[] {
    const rows = this.#db.prepare('SELECT * FROM transition ORDER BY time DESC, id DESC LIMIT ?')
    return rows.all(limit).map(toTransition).reverse()
  }

  /** The hours, or days, of a monitor that have results, in order; percentiles are of hours that are over. */
  rollups(monitor: string, size: 'hour' | 'day', fromMs: number, toMs: number): Rollup[] {
    const lengthMs = size === 'hour' ? hourMs : hourMs * hoursPerDay
    const rollups: Rollup[] = []
    for (let start = Math.floor(fromMs / lengthMs); start * lengthMs < toMs; start++) {
      for (const { id, vantage } of this.#series(monitor)) {
        const row = this.#rollup.get(span[size], start, id) as Row | undefined
        if (row) rollups.push({ startMs: start * lengthMs, vantage, ...toRollup(row) })
      }
    }
    return rollups
  }

  /** A monitor's results over some time, in short, by time. */
  results(monitor: string, fromMs: number, toMs: number): (StoredResult & { vantage: string })[] {
    return this.#atOnce(() =>
      this.#series(monitor)
        .flatMap(({ id, vantage }) => this.#resultsOf(id, fromMs, toMs).map((one) => ({ ...one, vantage })))
        .sort((a, b) => a.atMs - b.atMs),
    )
  }

  /** A monitor's newest results in full, newest first; at least 50 are there, if ever there were. */
  latest(monitor: string, limit: number): ProbeResult[] {
    return this.#series(monitor)
      .flatMap(({ id }) => (this.#latest.all(id, limit) as unknown as ResultRow[]).map(toResult))
      .sort((a, b) => (a.startedAt < b.startedAt ? 1 : -1))
      .slice(0, limit)
  }

  /** Changes of state, oldest first: of one monitor, or of all. */
  transitions(fromMs: number, toMs: number, monitor?: string): StoredTransition[] {
    const rows = this.#db.prepare(
      `SELECT * FROM transition WHERE time >= ? AND time < ? ${monitor === undefined ? '' : 'AND monitor = ?'} ORDER BY time, id`,
    )
    return rows.all(fromMs, toMs, ...(monitor === undefined ? [] : [monitor])).map(toTransition)
  }

  /** The last change of state of every monitor before a time. */
  statesAt(ms: number): StoredTransition[] {
    const rows = this.#db.prepare(
      `SELECT t.* FROM (SELECT DISTINCT monitor FROM series) s JOIN transition t ON t.id =
         (SELECT id FROM transition WHERE monitor = s.monitor AND time < ? ORDER BY time DESC, id DESC LIMIT 1)`,
    )
    return rows.all(ms).map(toTransition)
  }

  /** The last change of state of every monitor that has had a result since `sinceMs`. */
  lastStates(sinceMs: number): StoredTransition[] {
    return this.statesAt(Number.MAX_SAFE_INTEGER).filter(
      ({ monitor }) => Date.parse(this.latest(monitor, 1)[0]?.startedAt ?? '') >= sinceMs,
    )
  }

  /** What happened beside results and changes of state, oldest first: of these kinds, or all. */
  events(fromMs: number, toMs: number, options: { kinds?: readonly string[]; limit?: number } = {}): StoredEvent[] {
    return eventsIn(this.#db, fromMs, toMs, options)
  }

  /** A monitor's votes by hour, over all its vantages. */
  hourVotes(monitor: string, fromMs: number, toMs: number): HourVotes[] {
    return hourVotes(this.#db, monitor, fromMs, toMs)
  }

  /** Since when a monitor has been watched, and from how many places since `fromMs`. */
  watchedFrom(monitor: string, fromMs: number): { firstMs?: number; places: number } {
    const { firstMs, places } = watchedFrom(this.#db, monitor, fromMs)
    if (firstMs === undefined) return { places }
    // The hour is counted; when in it the first result came is in the results, while those are kept.
    const [first] = this.results(monitor, firstMs, firstMs + hourMs)
    return { firstMs: first?.atMs ?? firstMs, places }
  }

  /** The votes of all monitors since a time: of hours that are over by hour, of those that are open by minute. */
  votesSince(fromMs: number): { hours: MonitorVotes[]; minutes: MonitorVotes[] } {
    return this.#atOnce(() => votesSince(this.#db, fromMs))
  }

  /** Several queries that see the file as it was at one moment: an hour may be sealed between two of them. */
  #atOnce<T>(work: () => T): T {
    this.#db.exec('BEGIN')
    try {
      return work()
    } finally {
      this.#db.exec('COMMIT')
    }
  }

  #series(monitor: string): { id: number; vantage: string }[] {
    return this.#seriesOf.all(monitor) as unknown as { id: number; vantage: string }[]
  }

  #resultsOf(series: number, fromMs: number, toMs: number): StoredResult[] {
    const results: StoredResult[] = []
    for (let hour = Math.floor(fromMs / hourMs); hour * hourMs < toMs; hour++) {
      const data = this.#block.get(blockId(hour, series))?.data as Uint8Array | undefined
      if (data) results.push(...unpackBlock(data).filter(({ atMs }) => atMs >= fromMs && atMs < toMs))
    }
    const rows = this.#unsealed.all(series, fromMs, toMs) as unknown as ResultRow[]
    return [...results, ...rows.map((row) => shorten(toResult(row), row.time))]
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

/** Whether the number that a status is stored as is of a run whose duration counts. */
function isGood(status: number): boolean {
  return statuses[status] === 'up' || statuses[status] === 'degraded'
}

function toTransition(row: Record<string, unknown>): StoredTransition {
  return {
    monitor: String(row.monitor),
    from: row.from_state as State,
    to: row.to_state as State,
    atMs: Number(row.time),
    firstAtMs: Number(row.first_time),
    ...(row.code !== null && { cause: { code: String(row.code), message: String(row.message) } }),
    muted: row.muted === 1,
  }
}
