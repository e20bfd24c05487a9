import type { DatabaseSync } from 'node:sqlite'
import { inflateRawSync } from 'node:zlib'
import type { ProbeResult } from '../model/result.ts'
import { ticksPerMs } from './history-block.ts'
import { statuses } from './history-schema.ts'
import type { Detail } from './history-store.ts'

/** A row of the table `result` with its series' names. */
export interface ResultRow {
  monitor: string
  vantage: string
  time: number
  status: number
  duration: number
  detail: Uint8Array
}

/** The result of a row, in full. */
export function toResult({ monitor, vantage, time, status, duration, detail }: ResultRow): ProbeResult {
  return {
    monitor,
    vantage,
    status: statuses[status] ?? 'unknown',
    startedAt: new Date(time).toISOString(),
    durationMs: duration / ticksPerMs,
    ...(JSON.parse(inflateRawSync(detail).toString()) as Detail),
  }
}

/** The series of a monitor: one a vantage. */
export type SeriesQuery = (monitor: string) => { id: number; vantage: string }[]

/** Asks for the series of monitors. */
export function seriesQuery(db: DatabaseSync): SeriesQuery {
  const rows = db.prepare('SELECT id, vantage FROM series WHERE monitor = ?')
  return (monitor) => rows.all(monitor) as unknown as ReturnType<SeriesQuery>
}
