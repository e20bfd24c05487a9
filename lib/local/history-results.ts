import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { isWell, type ProbeResult } from '../model/result.ts'
import { type StoredResult, shorten, ticksPerMs, unpackBlock } from './history-block.ts'
import { type ResultRow, type SeriesQuery, seriesQuery, toResult } from './history-rows.ts'
import { blockId, hourMs, statuses } from './history-schema.ts'

/** Single results: those of hours that are over from their blocks, the newest in full. */
export class ResultQueries {
  readonly #db: DatabaseSync
  readonly #seriesOf: SeriesQuery
  readonly #block: StatementSync
  readonly #unsealed: StatementSync
  readonly #latest: StatementSync

  constructor(db: DatabaseSync) {
    const result = `SELECT monitor, vantage, time, status, duration, detail
                    FROM result JOIN series ON series.id = series`
    this.#db = db
    this.#seriesOf = seriesQuery(db)
    this.#block = db.prepare('SELECT data FROM block WHERE id = ?')
    this.#unsealed = db.prepare(`${result} WHERE series = ? AND sealed = 0 AND time >= ? AND time < ?`)
    this.#latest = db.prepare(`${result} WHERE series = ? ORDER BY time DESC LIMIT ?`)
  }

  /** A monitor's results over some time, in short, by time. */
  between(monitor: string, fromMs: number, toMs: number): (StoredResult & { vantage: string })[] {
    return this.#seriesOf(monitor)
      .flatMap(({ id, vantage }) => this.#resultsOf(id, fromMs, toMs).map((one) => ({ ...one, vantage })))
      .sort((a, b) => a.atMs - b.atMs)
  }

  /** A monitor's newest results in full, newest first; at least 50 are there, if ever there were. */
  latest(monitor: string, limit: number): ProbeResult[] {
    return this.#seriesOf(monitor)
      .flatMap(({ id }) => (this.#latest.all(id, limit) as unknown as ResultRow[]).map(toResult))
      .sort((a, b) => (a.startedAt < b.startedAt ? 1 : -1))
      .slice(0, limit)
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

/** Whether the number that a status is stored as is of a run whose duration counts. */
function isGood(status: number): boolean {
  return isWell(statuses[status])
}
