import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { packBlock, type StoredResult, shorten, unpackBlock } from './history-block.ts'
import { type ResultRow, toResult } from './history-rows.ts'
import { blockId, hourMs, hoursPerDay, span } from './history-schema.ts'
import { inTransaction } from './history-store.ts'
import { percentiles } from './rollup.ts'

/** The newest results of a series stay in full. */
export const keptInFull = 50

/** Counts per hour and day, changes of state and events are small: they stay long enough to compare a year with the last. */
export const rollupDays = 400

/** A run that began in an hour may end, and be written, a little after it. */
const sealAfterMs = 120_000

const dayMs = hoursPerDay * hourMs

/**
 * Seals hours that have passed and forgets what is too old, in steps small enough to come between two writes.
 * Each step is one transaction and finds its work in the file itself: it may be cut off anywhere, and run again.
 */
export class HistoryUpkeep {
  readonly #db: DatabaseSync
  readonly #retentionDays: number
  readonly #openHours: StatementSync
  readonly #resultsOfHour: StatementSync
  readonly #getBlock: StatementSync
  readonly #putBlock: StatementSync
  readonly #closeHour: StatementSync
  readonly #markSealed: StatementSync
  readonly #dropSealed: StatementSync

  constructor(db: DatabaseSync, retentionDays: number) {
    this.#db = db
    this.#retentionDays = retentionDays
    this.#openHours = db.prepare(
      'SELECT start, series FROM rollup INDEXED BY open_hour WHERE open = 1 AND start < ? ORDER BY start, series LIMIT ?',
    )
    this.#resultsOfHour = db.prepare(
      `SELECT monitor, vantage, time, status, duration, detail FROM result JOIN series ON series.id = series
       WHERE series = ? AND time >= ? AND time < ? AND sealed = 0 ORDER BY time`,
    )
    this.#getBlock = db.prepare('SELECT data FROM block WHERE id = ?')
    this.#putBlock = db.prepare('INSERT OR REPLACE INTO block VALUES (?, ?)')
    this.#closeHour = db.prepare(
      'UPDATE rollup SET p50 = ?, p95 = ?, p99 = ?, open = 0 WHERE span = ? AND start = ? AND series = ?',
    )
    this.#markSealed = db.prepare('UPDATE result SET sealed = 1 WHERE series = ? AND time >= ? AND time < ?')
    this.#dropSealed = db.prepare(
      `DELETE FROM result WHERE series = ?1 AND sealed = 1 AND time <
         (SELECT time FROM result WHERE series = ?1 ORDER BY time DESC LIMIT 1 OFFSET ${keptInFull - 1})`,
    )
  }

  /** Does at most `limit` hours and rows of each kind; gives how much was done (0: nothing is left to do). */
  step(nowMs: number, limit: number): number {
    return this.#seal(nowMs, limit) + this.#prune(nowMs, limit)
  }

  #seal(nowMs: number, limit: number): number {
    const before = Math.floor((nowMs - sealAfterMs) / hourMs)
    const open = this.#openHours.all(before, limit) as unknown as { start: number; series: number }[]
    if (open.length > 0) {
      inTransaction(this.#db, () => {
        for (const { start, series } of open) this.#sealHour(start, series)
      })
    }
    return open.length
  }

  #sealHour(hour: number, series: number): void {
    const [from, to] = [hour * hourMs, (hour + 1) * hourMs]
    const rows = this.#resultsOfHour.all(series, from, to) as unknown as ResultRow[]
    const id = blockId(hour, series)
    const sealed = this.#getBlock.get(id)?.data as Uint8Array | undefined
    // A clock that was set back, or a late write, opens a sealed hour again: what it has is kept.
    const all = new Map<number, StoredResult>((sealed ? unpackBlock(sealed) : []).map((one) => [one.atMs, one]))
    for (const row of rows) all.set(row.time, shorten(toResult(row), row.time))
    const results = [...all.values()].sort((a, b) => a.atMs - b.atMs)
    const { p50, p95, p99 } = percentiles(results)
    if (results.length > 0) this.#putBlock.run(id, packBlock(results))
    this.#closeHour.run(p50, p95, p99, span.hour, hour, series)
    this.#markSealed.run(series, from, to)
    this.#dropSealed.run(series)
  }

  #prune(nowMs: number, limit: number): number {
    const db = this.#db
    const hour = Math.floor(nowMs / hourMs)
    const oldestBlock = blockId(hour - this.#retentionDays * hoursPerDay, 0)
    const oldestHour = hour - rollupDays * hoursPerDay
    const old = (table: string, key: string, where: string) =>
      `DELETE FROM ${table} WHERE (${key}) IN (SELECT ${key} FROM ${table} WHERE ${where} ORDER BY ${key} LIMIT ${limit})`
    const changes = [
      db.prepare(old('block', 'id', 'id < ?')).run(oldestBlock).changes,
      db.prepare(old('rollup', 'span, start, series', 'span = 0 AND start < ?')).run(oldestHour).changes,
      db.prepare(old('rollup', 'span, start, series', 'span = 1 AND start < ?')).run(oldestHour / hoursPerDay).changes,
      db.prepare(old('transition', 'time, id', 'time < ?')).run(nowMs - rollupDays * dayMs).changes,
      db.prepare(old('event', 'time, id', 'time < ?')).run(nowMs - rollupDays * dayMs).changes,
    ]
    return changes.reduce((sum: number, one) => sum + Number(one), 0)
  }
}
