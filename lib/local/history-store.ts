import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { deflateRawSync } from 'node:zlib'
import type { State, Transition } from '../decide/health.ts'
import { isWell, type ProbeResult } from '../model/result.ts'
import { ticksPerMs } from './history-block.ts'
import { addEvents, type StoredEvent } from './history-events.ts'
import { hourMs, hoursPerDay, span, statuses } from './history-schema.ts'

/** A change of a monitor's state as it is kept. */
export interface StoredTransition extends Transition {
  monitor: string
  /** In a maintenance window: nobody is alerted. */
  muted: boolean
}

export interface Batch {
  results: readonly ProbeResult[]
  transitions: readonly StoredTransition[]
  events?: readonly StoredEvent[]
}

/** What `detail` holds: all of a result that no column has. */
export type Detail = Omit<ProbeResult, 'monitor' | 'vantage' | 'status' | 'startedAt' | 'durationMs'>

/** Small windows and chunks: zlib takes 270 KB of memory a call by default, for texts of two. */
const deflating = { level: 3, windowBits: 12, memLevel: 5, chunkSize: 2048 }

const addToRollup = `
INSERT INTO rollup
  (span, start, series, up, degraded, down, unknown, duration_sum, duration_min, duration_max, open)
VALUES
  (:span, :start, :series, :up, :degraded, :down, :unknown, ifnull(:duration, 0), :duration, :duration, :open)
ON CONFLICT DO UPDATE SET
  up = up + excluded.up,
  degraded = degraded + excluded.degraded,
  down = down + excluded.down,
  unknown = unknown + excluded.unknown,
  duration_sum = duration_sum + excluded.duration_sum,
  duration_min = min(ifnull(duration_min, excluded.duration_min), ifnull(excluded.duration_min, duration_min)),
  duration_max = max(ifnull(duration_max, excluded.duration_max), ifnull(excluded.duration_max, duration_max)),
  open = excluded.open`

/** Writes results and changes of state: one transaction a batch, all of it or nothing. */
export class HistoryStore {
  readonly db: DatabaseSync
  readonly #series = new Map<string, number>()
  readonly #findSeries: StatementSync
  readonly #addSeries: StatementSync
  readonly #addResult: StatementSync
  readonly #addToRollup: StatementSync
  readonly #addTransition: StatementSync

  constructor(db: DatabaseSync) {
    this.db = db
    this.#findSeries = db.prepare('SELECT id FROM series WHERE monitor = ? AND vantage = ?')
    this.#addSeries = db.prepare('INSERT INTO series (monitor, vantage) VALUES (?, ?) RETURNING id')
    this.#addResult = db.prepare('INSERT INTO result VALUES (?, ?, ?, ?, 0, ?) ON CONFLICT (series, time) DO NOTHING')
    this.#addToRollup = db.prepare(addToRollup)
    this.#addTransition = db.prepare(
      `INSERT INTO transition (monitor, time, first_time, from_state, to_state, code, message, muted)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    )
  }

  /**
   * Writes a batch as one. An entry that no history can take (a duration that is no number, say) must not keep back all
   * others for ever: it is left out and given back as an error. Trouble with the file is thrown.
   */
  append(batch: Batch): Error[] {
    try {
      this.#appendAll(batch)
      return []
    } catch (error) {
      if (!isOfEntry(error)) throw error
      const { results, transitions, events = [] } = batch
      if (results.length + transitions.length + events.length === 1) return [error as Error]
      const ones: Batch[] = [
        ...results.map((one) => ({ results: [one], transitions: [] })),
        ...transitions.map((one) => ({ results: [], transitions: [one] })),
        ...events.map((one) => ({ results: [], transitions: [], events: [one] })),
      ]
      return ones.flatMap((one) => this.append(one))
    }
  }

  #appendAll({ results, transitions, events = [] }: Batch): void {
    try {
      inTransaction(this.db, () => {
        for (const result of results) this.#appendResult(result)
        for (const one of transitions) this.#appendTransition(one)
        addEvents(this.db, events)
      })
    } catch (error) {
      // Numbers given to new series were rolled back as well.
      this.#series.clear()
      throw error
    }
  }

  #appendResult(result: ProbeResult): void {
    const { monitor, vantage, status, startedAt, durationMs, ...detail } = result
    const time = Date.parse(startedAt)
    const ticks = Math.round(durationMs * ticksPerMs)
    const series = this.#seriesOf(monitor, vantage)
    const blob = deflateRawSync(JSON.stringify(detail satisfies Detail), deflating)
    const { changes } = this.#addResult.run(series, time, statuses.indexOf(status), ticks, blob)
    // The same result once more (a batch sent again): it is counted already.
    if (changes === 0) return
    const count = { up: 0, degraded: 0, down: 0, unknown: 0, [status]: 1 }
    const duration = isWell(status) ? ticks : null
    const hour = Math.floor(time / hourMs)
    this.#addToRollup.run({ span: span.hour, start: hour, series, ...count, duration, open: 1 })
    this.#addToRollup.run({
      span: span.day,
      start: Math.floor(hour / hoursPerDay),
      series,
      ...count,
      duration,
      open: 0,
    })
  }

  #appendTransition(one: StoredTransition): void {
    const { monitor, atMs, firstAtMs, from, to, cause, muted } = one
    this.#addTransition.run(
      monitor,
      Math.round(atMs),
      Math.round(firstAtMs),
      from satisfies State,
      to satisfies State,
      cause?.code ?? null,
      cause?.message ?? null,
      muted ? 1 : 0,
    )
  }

  #seriesOf(monitor: string, vantage: string): number {
    const key = `${monitor}\0${vantage}`
    let id = this.#series.get(key)
    if (id === undefined) {
      const row = this.#findSeries.get(monitor, vantage) ?? this.#addSeries.get(monitor, vantage)
      id = Number(row?.id)
      this.#series.set(key, id)
    }
    return id
  }
}

/** Whether an error is of what was to be written, not of where: a constraint of the schema (SQLite's code 19), or not SQLite's at all. */
function isOfEntry(error: unknown): boolean {
  const { errcode } = error as { errcode?: number }
  return errcode === undefined || (errcode & 0xff) === 19
}

/** Runs `work` as one transaction: what it throws undoes all of it. */
export function inTransaction<T>(db: DatabaseSync, work: () => T): T {
  db.exec('BEGIN IMMEDIATE')
  try {
    const value = work()
    db.exec('COMMIT')
    return value
  } catch (error) {
    // SQLite itself has rolled back after some errors, such as a full disk.
    if (db.isTransaction) db.exec('ROLLBACK')
    throw error
  }
}
