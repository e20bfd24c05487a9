import type { DatabaseSync } from 'node:sqlite'
import type { HourVotes } from '../decide/budget-account.ts'
import type { ProbeResult } from '../model/result.ts'
import type { StoredResult } from './history-block.ts'
import { CountQueries, type CountRow, type Rollup } from './history-counts.ts'
import { eventsIn, type StoredEvent } from './history-events.ts'
import { ResultQueries } from './history-results.ts'
import { hourMs, openForReading } from './history-schema.ts'
import type { StoredTransition } from './history-store.ts'
import { latestTransitions, statesAt, transitionsIn } from './history-transitions.ts'
import { hourVotes, type MonitorVotes, votesSince, watchedFrom } from './history-votes.ts'
import type { Uptime } from './rollup.ts'

/**
 * Reads a history, beside its writer or without one. Each method takes one moment's view of the file and blocks until it
 * has it; times are milliseconds since 1970, ranges are [from, to). Uptime counts whole hours that the range touches.
 */
export class HistoryReader {
  readonly #db: DatabaseSync
  readonly #counts: CountQueries
  readonly #results: ResultQueries

  /** Throws `HistoryError` where the file cannot be read. */
  constructor(path: string) {
    this.#db = openForReading(path)
    this.#counts = new CountQueries(this.#db)
    this.#results = new ResultQueries(this.#db)
  }

  close(): void {
    this.#db.close()
  }

  /** Uptime of one monitor, over all its vantages. */
  uptime(monitor: string, fromMs: number, toMs: number): Uptime {
    return this.#atOnce(() => this.#counts.uptime(monitor, fromMs, toMs))
  }

  /** Ids of all monitors that it has results of. */
  monitors(): string[] {
    const rows = this.#db.prepare('SELECT DISTINCT monitor FROM series ORDER BY monitor').all()
    return rows.map(({ monitor }) => String(monitor))
  }

  /** Uptime of every monitor at once, by id. */
  uptimes(fromMs: number, toMs: number): Map<string, Uptime> {
    return this.#counts.uptimes(fromMs, toMs)
  }

  /** The hours, or days, of every monitor; `from` and `to` are numbers of such spans since 1970. */
  counts(size: 'hour' | 'day', from: number, to: number): CountRow[] {
    return this.#counts.counts(size, from, to)
  }

  /** The hours, or days, of a monitor that have results, in order; percentiles are of hours that are over. */
  rollups(monitor: string, size: 'hour' | 'day', fromMs: number, toMs: number): Rollup[] {
    return this.#counts.rollups(monitor, size, fromMs, toMs)
  }

  /** A monitor's results over some time, in short, by time. */
  results(monitor: string, fromMs: number, toMs: number): (StoredResult & { vantage: string })[] {
    return this.#atOnce(() => this.#results.between(monitor, fromMs, toMs))
  }

  /** A monitor's newest results in full, newest first; at least 50 are there, if ever there were. */
  latest(monitor: string, limit: number): ProbeResult[] {
    return this.#results.latest(monitor, limit)
  }

  /** The latest durations before a time, of every monitor, oldest first; null for a run that was down or unknown. */
  recentDurations(beforeMs: number, limit: number): Map<string, (number | null)[]> {
    return this.#results.recentDurations(beforeMs, limit)
  }

  /** The newest changes of state of all monitors, oldest first. */
  latestTransitions(limit: number): StoredTransition[] {
    return latestTransitions(this.#db, limit)
  }

  /** Changes of state, oldest first: of one monitor, or of all. */
  transitions(fromMs: number, toMs: number, monitor?: string): StoredTransition[] {
    return transitionsIn(this.#db, fromMs, toMs, monitor)
  }

  /** The last change of state of every monitor before a time. */
  statesAt(ms: number): StoredTransition[] {
    return statesAt(this.#db, ms)
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
}
