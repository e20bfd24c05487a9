/*
 * Fills a history as 1,000 monitors would in 30 days and measures its size and how fast it answers.
 *
 *   node bench/history.ts [--monitors 1000] [--days 30] [--every 1] [--dense 50] [--keep]
 *
 * All results are written by the code that `vedette run` uses. `--dense` monitors run every `--every` minutes, the others
 * once an hour (which leaves as many roll-ups, so queries meet the full load); the size is extrapolated from the dense
 * ones. `--dense 1000` is the real thing: 43.2 million results.
 */
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { parseArgs } from 'node:util'
import { HistoryReader } from '../lib/local/history-reader.ts'
import { hourMs, openForWriting } from '../lib/local/history-schema.ts'
import { HistoryStore } from '../lib/local/history-store.ts'
import { HistoryUpkeep } from '../lib/local/history-upkeep.ts'
import { quantile } from '../lib/local/quantile.ts'
import { failedResult, httpResult } from '../test/support/results.ts'

const { values } = parseArgs({
  options: {
    monitors: { type: 'string', default: '1000' },
    days: { type: 'string', default: '30' },
    every: { type: 'string', default: '1' },
    dense: { type: 'string', default: '50' },
    keep: { type: 'boolean', default: false },
  },
})
const [monitors, days, everyMinutes, dense] = [values.monitors, values.days, values.every, values.dense].map(
  Number,
) as [number, number, number, number]
const hours = days * 24
const startMs = Math.floor(Date.now() / hourMs) * hourMs - hours * hourMs
const endMs = startMs + hours * hourMs
const ids = Array.from({ length: monitors }, (_, i) => `monitor-${String(i).padStart(4, '0')}`)

/** One hour of all monitors, in the order of time. One run in 500 fails, one in 50 has seen another address. */
function* resultsOfHour(hour: number) {
  for (let minute = 0; minute < 60; minute += everyMinutes) {
    for (const [i, id] of ids.entries()) {
      if (i >= dense && minute > 0) break
      const index = hour * 60 + minute + i * 977
      const atMs = startMs + hour * hourMs + minute * 60_000 + ((i * 57) % 60_000) + (index % 7)
      yield index % 500 === 0 ? failedResult(id, atMs) : httpResult(id, atMs, { index })
    }
  }
}

function fill(db: DatabaseSync): { results: number; seconds: number; slowestFlushMs: number } {
  const store = new HistoryStore(db)
  const upkeep = new HistoryUpkeep(db, 30)
  const began = performance.now()
  let [results, slowestFlushMs] = [0, 0]
  for (let hour = 0; hour < hours; hour++) {
    for (const chunk of chunks(resultsOfHour(hour), 1000)) {
      const flushed = performance.now()
      store.append({ results: chunk, transitions: [] })
      slowestFlushMs = Math.max(slowestFlushMs, performance.now() - flushed)
      results += chunk.length
    }
    while (upkeep.step(startMs + (hour + 1) * hourMs, 100) > 0);
    if (hour % 24 === 23) process.stderr.write(`\rday ${(hour + 1) / 24} of ${days}, ${results} results …`)
  }
  process.stderr.write('\n')
  return { results, seconds: (performance.now() - began) / 1000, slowestFlushMs }
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

/** Median and worst of repeated runs, in milliseconds. */
function timed(work: (i: number) => unknown): string {
  const sorted = Array.from({ length: 20 }, (_, i) => {
    const began = performance.now()
    work(i)
    return performance.now() - began
  }).sort((a, b) => a - b)
  return `median ${(quantile(sorted, 0.5) ?? 0).toFixed(1)} ms, worst ${(quantile(sorted, 1) ?? 0).toFixed(1)} ms`
}

function measureQueries(file: string): Record<string, string> {
  const reader = new HistoryReader(file)
  const some = (i: number) => ids[(i * 37) % dense] ?? ''
  const dayMs = 24 * hourMs
  const queries = {
    'uptime 30 days, one monitor': timed((i) => reader.uptime(some(i), endMs - 30 * dayMs, endMs)),
    [`uptime 30 days, all ${monitors}`]: timed(() => reader.uptimes(endMs - 30 * dayMs, endMs)),
    [`uptime 24 hours, all ${monitors}`]: timed(() => reader.uptimes(endMs - dayMs, endMs)),
    'hours of 30 days with percentiles, one monitor': timed((i) =>
      reader.rollups(some(i), 'hour', endMs - 30 * dayMs, endMs),
    ),
    'every result of 24 hours, one monitor': timed((i) => reader.results(some(i), endMs - dayMs, endMs)),
    'every result of 30 days, one monitor': timed((i) => reader.results(some(i), endMs - 30 * dayMs, endMs)),
    'the last 50 in full, one monitor': timed((i) => reader.latest(some(i), 50)),
  }
  reader.close()
  return queries
}

function measureSize(db: DatabaseSync, file: string): Record<string, string> {
  const bytes = (table: string) => Number(db.prepare('SELECT sum(pgsize) n FROM dbstat WHERE name = ?').get(table)?.n)
  const mb = (n: number) => `${(n / 1e6).toFixed(1)} MB`
  const perHour = 60 / everyMinutes
  const denseShare = (monitors * perHour) / (dense * perHour + (monitors - dense))
  const blocks = bytes('block')
  const sparse = (blocks * (monitors - dense) * 90) / (dense * (60 + perHour * 17.8) + (monitors - dense) * 90)
  return {
    'file as filled': mb(statSync(file).size),
    'blocks, roll-ups, results in full': [blocks, bytes('rollup'), bytes('result')].map(mb).join(', '),
    extrapolated:
      dense === monitors
        ? 'not needed: this is the full load'
        : `${mb(((blocks - sparse) * monitors) / dense + bytes('rollup') + bytes('open_hour') + bytes('result') * Math.min(denseShare, 1.2))} for ${monitors} monitors`,
  }
}

const folder = mkdtempSync(path.join(tmpdir(), 'vedette-bench-'))
const file = path.join(folder, 'history.db')
const db = openForWriting(file)
const { results, seconds, slowestFlushMs } = fill(db)
db.exec('PRAGMA wal_checkpoint(TRUNCATE)')
console.table({
  results: String(results),
  written: `${Math.round(results / seconds)} a second; slowest flush of 1,000: ${slowestFlushMs.toFixed(0)} ms`,
  ...measureSize(db, file),
  ...measureQueries(file),
})
db.close()
if (values.keep) console.log(file)
else rmSync(folder, { recursive: true })
