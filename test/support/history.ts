import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { onTestFinished } from 'vitest'
import { HistoryReader } from '../../lib/local/history-reader.ts'
import { hourMs, openForWriting } from '../../lib/local/history-schema.ts'
import { HistoryStore } from '../../lib/local/history-store.ts'
import { HistoryUpkeep } from '../../lib/local/history-upkeep.ts'
import type { ProbeResult, Status } from '../../lib/model/result.ts'
import type { Log, LogLevel } from '../../lib/run/log.ts'
import { failedResult, httpResult } from './results.ts'

/** A folder of its own that goes away after the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'vedette-test-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

export interface LogLine {
  level: LogLevel
  event: string
  [field: string]: unknown
}

/** A log that keeps its lines, and lets a test wait for one. */
export function keptLog(): { log: Log; lines: LogLine[]; saw(event: string): Promise<LogLine> } {
  const lines: LogLine[] = []
  const waiters = new Map<string, (line: LogLine) => void>()
  return {
    lines,
    log: (level, event, fields) => {
      const line = { level, event, ...fields }
      lines.push(line)
      waiters.get(event)?.(line)
    },
    saw: (event) => {
      const seen = lines.find((line) => line.event === event)
      return seen ? Promise.resolve(seen) : new Promise((resolve) => waiters.set(event, resolve))
    },
  }
}

export const dayMs = 24 * hourMs
export const minuteMs = 60_000
/** Midnight, so that days and hours are whole. */
export const base = Date.parse('2026-11-02T00:00:00Z')

/** A new history in a folder of its own, written and read without the thread between. */
export function history(retentionDays = 30) {
  const file = path.join(temporaryFolder(), 'history.db')
  const db = openForWriting(file)
  const store = new HistoryStore(db)
  const upkeep = new HistoryUpkeep(db, retentionDays)
  const reader = new HistoryReader(file)
  onTestFinished(() => {
    reader.close()
    db.close()
  })
  const add = (...results: ProbeResult[]) => store.append({ results, transitions: [] })
  const settle = (nowMs: number) => {
    while (upkeep.step(nowMs, 50) > 0);
  }
  return { file, db, store, upkeep, reader, add, settle }
}

/** One result a minute. */
export function minutes(monitor: string, fromMs: number, count: number, status: (i: number) => Status = () => 'up') {
  return Array.from({ length: count }, (_, i) => {
    const atMs = fromMs + i * minuteMs
    return status(i) === 'down'
      ? failedResult(monitor, atMs)
      : httpResult(monitor, atMs, { index: i, status: status(i) })
  })
}

/** Rows of a table. */
export const counts = (db: DatabaseSync, table: string) =>
  Number(db.prepare(`SELECT count(*) n FROM ${table}`).get()?.n)
