/*
 * Judges 500 monitors with an objective, a limit and a regression each, as `vedette run` does once a minute, over a history of
 * three hours, and times what blocks the engine's thread.
 *
 *   node --expose-gc bench/slo.ts [--monitors 500] [--hours 3]
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { quantile } from '../lib/decide/quantile.ts'
import { HistoryReader } from '../lib/local/history-reader.ts'
import { openForWriting } from '../lib/local/history-schema.ts'
import { HistoryStore } from '../lib/local/history-store.ts'
import { HistoryUpkeep } from '../lib/local/history-upkeep.ts'
import { startSloWatch } from '../lib/local/slo-watch.ts'
import { parseConfig } from '../lib/model/parse-config.ts'
import { httpResult } from '../test/support/results.ts'
import { script, whole } from '../test/support/script.ts'
import { printTable } from './support/table.ts'

const values = script('Error budgets and latency, judged.')
  .option('--monitors <n>', 'how many monitors', whole(), 500)
  .option('--hours <n>', 'hours of history', whole(), 3)
  .parse()
  .opts<{ monitors: number; hours: number }>()
const minuteMs = 60_000
const evaluations = 50

const { service, monitors } = parseConfig({
  service: 'bench',
  monitors: Array.from({ length: values.monitors }, (_, i) => ({
    ...{ id: `m${i}`, kind: 'http', url: 'http://x.test/', slo: { objective: 99.9 } },
    latency: { p95: '800ms', for: '10m', regression: 2 },
  })),
})
const folder = mkdtempSync(path.join(tmpdir(), 'vedette-bench-'))
try {
  measure(path.join(folder, 'history.db'))
} finally {
  rmSync(folder, { recursive: true, force: true })
}

function measure(file: string): void {
  const db = openForWriting(file)
  const store = new HistoryStore(db)
  const nowMs = Date.now()
  for (let minute = values.hours * 60; minute > 0; minute--) {
    const results = monitors.map(({ id }, i) => httpResult(id, nowMs - minute * minuteMs + i, { index: i }))
    store.append({ results, transitions: [] })
  }
  const upkeep = new HistoryUpkeep(db, 30)
  while (upkeep.step(nowMs, 500) > 0);
  const reader = new HistoryReader(file)
  const before = memoryMb()
  const began = performance.now()
  const watch = startSloWatch(
    {
      ...{ service, monitors, log: () => {}, tell: () => {}, standing: () => {} },
      history: { read: (question) => question(reader), recordEvent: () => {} },
    },
    { subscribe: () => () => {} },
  )
  const startMs = performance.now() - began
  const heldMb = memoryMb() - before
  const took = Array.from({ length: evaluations }, () => {
    const from = performance.now()
    watch.evaluate()
    return performance.now() - from
  }).sort((a, b) => a - b)
  watch.stop()
  reader.close()
  db.close()
  const at = (share: number) => `${(quantile(took, share) ?? 0).toFixed(1)} ms`
  printTable(
    ['what', 'measured'],
    [
      ['start, with what the history has', `${startMs.toFixed(0)} ms`],
      ['once a minute, median', at(0.5)],
      ['once a minute, slowest', at(1)],
      ['memory', `${heldMb.toFixed(1)} MB`],
    ],
  )
}

function memoryMb(): number {
  globalThis.gc?.()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return (heapUsed + arrayBuffers) / 1e6
}
