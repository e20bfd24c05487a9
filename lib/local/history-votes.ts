import type { DatabaseSync } from 'node:sqlite'
import type { Votes } from '../decide/budget.ts'
import type { HourVotes } from '../decide/budget-account.ts'
import { hourMs, span, statuses } from './history-schema.ts'

/** Votes of one monitor in one minute or hour. */
export interface MonitorVotes extends Votes {
  monitor: string
  startMs: number
}

const minuteMs = 60_000

/**
 * The hours [?, ?) of a monitor, looked up one by one: roll-ups are kept by time, so a range of them holds those of every
 * other monitor too.
 */
const hoursOf = `WITH RECURSIVE
  hour(start) AS (SELECT ?1 WHERE ?1 < ?2 UNION ALL SELECT start + 1 FROM hour WHERE start + 1 < ?2),
  hours AS (SELECT rollup.* FROM hour CROSS JOIN series CROSS JOIN rollup ON rollup.span = ${span.hour}
    AND rollup.start = hour.start AND rollup.series = series.id WHERE monitor = ?3)`

/** A monitor's votes by hour, over all its vantages; hours without a result are left out. */
export function hourVotes(db: DatabaseSync, monitor: string, fromMs: number, toMs: number): HourVotes[] {
  const rows = db
    .prepare(
      `${hoursOf} SELECT start, sum(up + degraded) good, sum(down) bad, sum(unknown) unknown FROM hours
       GROUP BY start ORDER BY start`,
    )
    .all(Math.floor(fromMs / hourMs), Math.ceil(toMs / hourMs), monitor)
  return rows.map((row) => ({ startMs: Number(row.start) * hourMs, ...votesOf(row), unknown: Number(row.unknown) }))
}

/** When a monitor's first result was, to the hour, and from how many vantages it has had some since `fromMs`. */
export function watchedFrom(db: DatabaseSync, monitor: string, fromMs: number): { firstMs?: number; places: number } {
  // Each by itself: then neither reads more than the end of the tree that it is at.
  const bound = (which: string) => db.prepare(`SELECT ${which}(start) n FROM rollup WHERE span = ${span.hour}`).get()?.n
  const [from, end] = [Number(bound('min') ?? 0), Number(bound('max') ?? -1) + 1]
  // The recursion ends with the first hour that is found.
  const first = db.prepare(`${hoursOf} SELECT start FROM hours LIMIT 1`).get(from, end, monitor)?.start
  const places = db
    .prepare(`${hoursOf} SELECT count(DISTINCT series) n FROM hours`)
    .get(Math.max(from, Math.floor(fromMs / hourMs)), end, monitor)?.n
  return { ...(typeof first === 'number' && { firstMs: first * hourMs }), places: Number(places) }
}

/** All votes since a time, each once: by hour where the hour is sealed, else by minute. */
export function votesSince(db: DatabaseSync, fromMs: number): { hours: MonitorVotes[]; minutes: MonitorVotes[] } {
  const hours = db
    .prepare(
      `SELECT monitor, start, sum(up + degraded) good, sum(down) bad FROM rollup JOIN series ON series.id = series
       WHERE span = ${span.hour} AND start >= ? AND open = 0 GROUP BY monitor, start`,
    )
    .all(Math.floor(fromMs / hourMs))
  const [up, down] = [statuses.indexOf('degraded'), statuses.indexOf('down')]
  const minutes = db
    .prepare(
      `SELECT monitor, time / ${minuteMs} start, sum(status <= ${up}) good, sum(status = ${down}) bad
       FROM result JOIN series ON series.id = series WHERE sealed = 0 AND time >= ? GROUP BY monitor, start`,
    )
    .all(Math.floor(fromMs))
  const toVotes = (lengthMs: number) => (row: Record<string, unknown>) => ({
    ...{ monitor: String(row.monitor), startMs: Number(row.start) * lengthMs },
    ...votesOf(row),
  })
  return { hours: hours.map(toVotes(hourMs)), minutes: minutes.map(toVotes(minuteMs)) }
}

function votesOf({ good, bad }: Record<string, unknown>): Votes {
  return { good: Number(good), bad: Number(bad) }
}
