import { existsSync } from 'node:fs'
import path from 'node:path'
import { HistoryError } from '../local/history-errors.ts'
import { HistoryReader } from '../local/history-reader.ts'
import { parseDuration } from '../model/duration.ts'
import { UsageError } from './usage-error.ts'

/** Where `vedette run` keeps what it saw, from the folder that it was started in. */
export const defaultHistory = path.join('.vedette', 'history.db')

/** Reads a history beside the engine that writes it, or without one. Throws `UsageError` where there is none to read. */
export function withHistory<T>(name: string, work: (reader: HistoryReader) => T): T {
  if (!existsSync(name))
    throw new UsageError(
      `there is no history ${name}: start "vedette run" in this folder first, or name one with --history`,
    )
  let reader: HistoryReader | undefined
  try {
    reader = new HistoryReader(name)
    return work(reader)
  } catch (error) {
    if (error instanceof HistoryError) throw new UsageError(error.message)
    throw error
  } finally {
    reader?.close()
  }
}

/** A time that a person gave: ISO 8601, or how long ago (`10m`, `2h`). Throws `UsageError`. */
export function timeOption(option: string, text: string, nowMs: number): number {
  const agoMs = parseDuration(text)
  const atMs = agoMs === undefined ? isoTime(text) : nowMs - agoMs
  if (atMs === undefined)
    throw new UsageError(
      `${option}: expected a time such as "2026-11-20T12:00Z", or how long ago such as "10m", got ${JSON.stringify(text)}${/^\d+$/.test(text) ? ` (did you mean "${text}m"?)` : ''}`,
    )
  if (atMs > nowMs + 60_000) throw new UsageError(`${option}: expected a time that has come, got ${text}`)
  return atMs
}

/** Dates and times without an offset are UTC, as everything that Vedette prints. */
function isoTime(text: string): number | undefined {
  const match = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?)(Z|[+-]\d\d:?\d\d)?)?$/i.exec(text)
  const ms = match ? Date.parse(`${match[1]}T${match[2] ?? '00:00'}${match[3]?.toUpperCase() ?? 'Z'}`) : Number.NaN
  return Number.isNaN(ms) ? undefined : ms
}
