/*
 * Fills a history as 1,000 monitors would in 30 days and measures its size and how fast it answers.
 *
 *   node bench/history.ts [--monitors 1000] [--full-days 1] [--every 1] [--keep]
 *
 * All results are written by the code that `vedette run` uses. The last `--full-days` have a result every `--every`
 * minutes; the days before have one an hour, which leaves as many roll-ups and blocks, so queries meet the full number of
 * rows. The size of 30 full days follows from the full ones. `--full-days 30` is the real thing: 43.2 million results.
 */
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { quantile } from '../lib/decide/quantile.ts'
import { HistoryReader } from '../lib/local/history-reader.ts'
import { hourMs, openForWriting } from '../lib/local/history-schema.ts'
import { script, whole } from '../test/support/script.ts'
import { days, fill, hours, madeUp } from './support/fill-history.ts'
import { printTable } from './support/table.ts'

const values = script('Size and speed of the history file.')
  .option('--monitors <n>', 'how many monitors', whole(), 1000)
  .option('--full-days <n>', 'days with every single result', whole(0), 1)
  .option('--every <n>', 'minutes between results', whole(), 1)
  .option('--keep', 'leave the file, and say where it is')
  .parse()
  .opts<{ monitors: number; fullDays: number; every: number; keep?: boolean }>()
const about = madeUp(values.monitors, values.fullDays, values.every)
const { ids, endMs, fullHours } = about

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
  const some = (i: number) => ids[(i * 37) % ids.length] ?? ''
  const dayMs = 24 * hourMs
  const monthAgo = endMs - days * dayMs
  const queries = {
    'uptime 30 days, one monitor': timed((i) => reader.uptime(some(i), monthAgo, endMs)),
    'uptime 30 days, all monitors': timed(() => reader.uptimes(monthAgo, endMs)),
    'uptime 24 hours, all monitors': timed(() => reader.uptimes(endMs - dayMs, endMs)),
    'hours of 30 days, percentiles, one monitor': timed((i) => reader.rollups(some(i), 'hour', monthAgo, endMs)),
    'every result of 24 hours, one monitor': timed((i) => reader.results(some(i), endMs - dayMs, endMs)),
    'every result of 30 days, one monitor': timed((i) => reader.results(some(i), monthAgo, endMs)),
    'the last 50 in full, one monitor': timed((i) => reader.latest(some(i), 50)),
  }
  reader.close()
  return queries
}

const folder = mkdtempSync(path.join(tmpdir(), 'vedette-bench-'))
const file = path.join(folder, 'history.db')
const db = openForWriting(file)
const bytes = (table: string) =>
  Number(db.prepare('SELECT sum(pgsize) n FROM dbstat WHERE name = ?').get(table)?.n ?? 0)
const mb = (n: number) => `${(n / 1e6).toFixed(0)} MB`

fill(db, about, 0, hours - fullHours)
const blocksBefore = bytes('block')
const { results, seconds, slowestMs } = fill(db, about, hours - fullHours, hours)
db.exec('PRAGMA wal_checkpoint(TRUNCATE)')
const fullBlocks = bytes('block') - blocksBefore
const others = bytes('rollup') + bytes('open_hour') + bytes('result')
printTable(
  ['figure', ''],
  Object.entries({
    'results at full rate': `${results}, ${Math.round(results / seconds)} a second`,
    'slowest flush of 1,000 results': `${slowestMs.toFixed(0)} ms`,
    'bytes a result, sealed': (fullBlocks / results).toFixed(1),
    'file as filled': mb(statSync(file).size),
    'size of 30 days at full rate': mb((fullBlocks * hours) / fullHours + others),
    'of it roll-ups, results in full': `${mb(bytes('rollup'))}, ${mb(bytes('result'))}`,
    ...measureQueries(file),
  }),
)
db.close()
if (values.keep) console.log(file)
else rmSync(folder, { recursive: true })
