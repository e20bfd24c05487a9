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

/** A monitor's votes by hour, over all its vantages; hours without a result are left out. */
export function hourVotes(db: DatabaseSync, monitor: string, fromMs: number, toMs: number): HourVotes[] {
  const rows = db
    .prepare(
      `SELECT start, sum(up + degraded) good, sum(down) bad, sum(unknown) unknown FROM rollup JOIN series ON series.id = series
       WHERE monitor = ? AND span = ${span.hour} AND start >= ? AND start < ? GROUP BY start ORDER BY start`,
    )
    .all(monitor, Math.floor(fromMs / hourMs), Math.ceil(toMs / hourMs))
  return rows.map((row) => ({ startMs: Number(row.start) * hourMs, ...votesOf(row), unknown: Number(row.unknown) }))
}

/** When a monitor's first result was, to the hour, and from how many vantages it has had some since `fromMs`. */
export function watchedFrom(db: DatabaseSync, monitor: string, fromMs: number): { firstMs?: number; places: number } {
  const first = db
    .prepare(
      `SELECT min(start) start FROM rollup JOIN series ON series.id = series WHERE monitor = ? AND span = ${span.hour}`,
    )
    .get(monitor)?.start
  const places = db
    .prepare(
      `SELECT count(DISTINCT series) n FROM rollup JOIN series ON series.id = series
       WHERE monitor = ? AND span = ${span.hour} AND start >= ?`,
    )
    .get(monitor, Math.floor(fromMs / hourMs))?.n
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
