import type { DatabaseSync } from 'node:sqlite'
import { hourMs } from '../../lib/local/history-schema.ts'
import { HistoryStore, type StoredTransition } from '../../lib/local/history-store.ts'
import { HistoryUpkeep } from '../../lib/local/history-upkeep.ts'
import type { ProbeResult } from '../../lib/model/result.ts'

/** What a history is filled with. */
export interface Filling {
  /** Start of the first hour. */
  startMs: number
  days: number
  /** Every result of an hour, by time; the first hour is 0. */
  resultsOfHour(hour: number): Iterable<ProbeResult>
  transitions?: readonly StoredTransition[]
}

/** What was written, how fast, and the longest time that a batch took. */
export interface Written {
  results: number
  seconds: number
  slowestMs: number
}

const batchSize = 1000

/** Writes the hours [from, to) as `vedette run` does: in batches, with upkeep between them. */
export function writeHistory(
  db: DatabaseSync,
  { startMs, days, resultsOfHour, transitions = [] }: Filling,
  from: number,
  to: number,
): Written {
  const store = new HistoryStore(db)
  const upkeep = new HistoryUpkeep(db, days + 1)
  const began = performance.now()
  let [results, slowestMs] = [0, 0]
  store.append({ results: [], transitions })
  for (let hour = from; hour < to; hour++) {
    for (const chunk of chunks(resultsOfHour(hour), batchSize)) {
      const flushed = performance.now()
      store.append({ results: chunk, transitions: [] })
      slowestMs = Math.max(slowestMs, performance.now() - flushed)
      results += chunk.length
    }
    while (upkeep.step(startMs + (hour + 1) * hourMs + 200_000, 100) > 0);
    if (process.stderr.isTTY) process.stderr.write(`\rhour ${hour + 1} of ${to} …\x1b[K`)
  }
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K')
  return { results, seconds: (performance.now() - began) / 1000, slowestMs }
}

function* chunks<T>(items: Iterable<T>, size: number): Generator<T[]> {
  let chunk: T[] = []
  for (const item of items) {
    if (chunk.push(item) < size) continue
    yield chunk
    chunk = []
  }
  if (chunk.length > 0) yield chunk
}
