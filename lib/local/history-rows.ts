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
