import type { DatabaseSync } from 'node:sqlite'
import { hourMs } from '../../lib/local/history-schema.ts'
import { failedResult, httpResult } from '../../test/support/results.ts'
import { type Written, writeHistory } from './write-history.ts'

export const days = 30
export const hours = days * 24

/** Monitors whose history is made up: 30 days that end with the hour before this one. */
export interface MadeUp {
  ids: string[]
  startMs: number
  endMs: number
  /** The last so many hours have a result every so many minutes; those before have one an hour. */
  fullHours: number
  everyMinutes: number
}

/** So many monitors with a month behind them. */
export function madeUp(monitors: number, fullDays: number, everyMinutes: number): MadeUp {
  const startMs = Math.floor(Date.now() / hourMs) * hourMs - hours * hourMs
  const ids = Array.from({ length: monitors }, (_, i) => `monitor-${String(i).padStart(4, '0')}`)
  return { ids, startMs, endMs: startMs + hours * hourMs, fullHours: fullDays * 24, everyMinutes }
}

/** One hour of all monitors, in the order of time. One run in 500 fails. */
function* resultsOfHour({ ids, startMs, fullHours, everyMinutes }: MadeUp, hour: number) {
  const isFull = hour >= hours - fullHours
  for (let minute = 0; minute < (isFull ? 60 : 1); minute += everyMinutes) {
    for (const [i, id] of ids.entries()) {
      const index = hour * 60 + minute + i * 977
      const atMs = startMs + hour * hourMs + minute * 60_000 + ((i * 57) % 60_000) + (index % 7)
      yield index % 500 === 0 ? failedResult(id, atMs) : httpResult(id, atMs, { index })
    }
  }
}

/** Writes the hours [from, to) of made-up monitors. */
export function fill(db: DatabaseSync, about: MadeUp, from: number, to: number): Written {
  const { startMs } = about
  return writeHistory(db, { startMs, days, resultsOfHour: (hour) => resultsOfHour(about, hour) }, from, to)
}
