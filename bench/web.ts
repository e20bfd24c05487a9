/*
 * The dashboard with a thousand monitors and 30 days of history: how soon it answers, how much it sends, and whether looking
 * at it disturbs the probes. A probe's error is what it measured beyond what the server itself says that it took. Quiet and
 * looked-at times take turns in one run, so that what else the machine does falls on both.
 *
 *   node bench/web.ts [--monitors 1000] [--full-days 0] [--turns 8] [--seconds 10]
 */
import { mkdtempSync, rmSync } from 'node:fs'
import http from 'node:http'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { Worker } from 'node:worker_threads'
import { Engine } from '../lib/local/engine.ts'
import { openHistory } from '../lib/local/history.ts'
import { openForWriting } from '../lib/local/history-schema.ts'
import { keepHeapSmall } from '../lib/local/small-heap.ts'
import { startDashboard } from '../lib/local/web/dashboard.ts'
import { parseConfig } from '../lib/model/parse-config.ts'
import type { HttpObserved } from '../lib/model/result.ts'
import { createHost } from '../lib/run/host.ts'
import { enableLinearRegex } from '../lib/run/linear-regex.ts'
import type { Log } from '../lib/run/log.ts'
import { runMonitor } from '../lib/run/vantage.ts'
import { script, whole } from '../test/support/script.ts'
import { startChild } from './support/child.ts'
import { fill, hours, madeUp } from './support/fill-history.ts'
import { median, percentile, printTable } from './support/table.ts'

const values = script('The dashboard: its answers, and whether it disturbs the probes.')
  .option('--monitors <n>', 'how many monitors', whole(), 1000)
  .option('--full-days <n>', 'days with every single result', whole(0), 0)
  .option('--turns <n>', 'how many turns', whole(), 8)
  .option('--seconds <n>', 'how long a turn takes', whole(), 10)
  .parse()
  .opts<{ monitors: number; fullDays: number; turns: number; seconds: number }>()
const about = madeUp(values.monitors, values.fullDays, 1)
const folder = mkdtempSync(path.join(tmpdir(), 'vedette-bench-'))
const historyPath = path.join(folder, 'history.db')
const filled = openForWriting(historyPath)
fill(filled, about, 0, hours)
filled.close()

enableLinearRegex()
keepHeapSmall()
const server = await startChild<{ port: number }>(new URL('delay-server.ts', import.meta.url), ['20'])
const url = `http://127.0.0.1:${server.hello.port}/`
const config = parseConfig({
  service: 'bench',
  monitors: about.ids.map((id) => ({ id, kind: 'http', url, every: '10s', tags: [`team-${id.at(-1)}`] })),
})
const log: Log = (level, event, fields) => {
  if (level === 'error') console.error(event, fields)
}
const history = await openHistory({ path: historyPath, log })
const host = createHost({ vantage: 'local', version: 'bench', selfCheck: [] })
const run: ConstructorParameters<typeof Engine>[0]['runMonitor'] = (one, signal) => runMonitor(one, host, signal)
const engine = new Engine({ ...config, runMonitor: run, history, log })
const place = { host: '127.0.0.1', port: 0, isDefault: false }
const cacheFile = path.join(folder, 'dashboard.json')
const threads: Worker[] = []
process.on('worker', (worker) => threads.push(worker))
const dashboard = await startDashboard({ config, engine, historyPath, place, cacheFile, version: 'bench', log })
let errorsMs: number[] = []
engine.subscribe((event) => {
  if (event.type !== 'result' || event.result.status !== 'up') return
  const { headers } = event.result.observed as HttpObserved
  errorsMs.push(event.result.durationMs - Number(headers?.['x-delay-ms']))
})
engine.start()
await wait(12_000)

/**
 * Times of an answer, whole, the CPU time of the dashboard's thread for it (without compression, which has threads of its own),
 * and its size as sent.
 */
async function timed(name: string, pathOf: (i: number) => string, count = 10): Promise<string[]> {
  const [took, cpu]: [number[], number[]] = [[], []]
  let bytes = 0
  for (let i = 0; i < count; i++) {
    // What is shared among those who ask within a second is not to be measured.
    await wait(1100)
    const before = await threads.at(-1)?.cpuUsage()
    const began = performance.now()
    bytes = await sizeOf(pathOf(i))
    took.push(performance.now() - began)
    const spent = await threads.at(-1)?.cpuUsage(before)
    cpu.push(((spent?.user ?? 0) + (spent?.system ?? 0)) / 1000)
  }
  const [first = 0, ...later] = took
  const kb = `${(bytes / 1000).toFixed(1)} KB`
  const times = [first, Math.min(...later), median(later), Math.max(...later)]
  return [name, ...[...times, median(cpu)].map((ms) => `${ms.toFixed(0)} ms`), kb]
}

function sizeOf(where: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const request = http.get(dashboard.url + where, { headers: { 'accept-encoding': 'br' } }, (response) => {
      let bytes = 0
      response.on('data', (chunk) => {
        bytes += chunk.length
      })
      response.once('end', () => resolve(bytes)).once('error', reject)
    })
    request.once('error', reject)
  })
}

const some = (i: number) => about.ids[(i * 37) % about.ids.length] ?? ''
const series = (i: number, days: number) => `/api/monitors/${some(i)}/series?from=${Date.now() - days * 86_400_000}`
printTable(
  ['answer', 'first', 'best', 'median', 'worst', 'CPU', 'as sent'],
  [
    await timed('overview', () => '/api/overview'),
    await timed('monitor', (i) => `/api/monitors/${some(i)}`),
    await timed('series of 24 hours', (i) => series(i, 1)),
    await timed('series of 30 days', (i) => series(i, 30)),
    await timed('metrics', () => '/metrics', 4),
  ],
)

const viewer = await startChild(new URL('web-viewer.ts', import.meta.url), [dashboard.url])
const turns: { quiet: number[]; looked: number[] }[] = []
const settleMs = 1500
for (let turn = 0; turn < values.turns; turn++) {
  const measured: { [State in 'quiet' | 'looked']: number[] } = { quiet: [], looked: [] }
  // The first of the two takes turns as well.
  for (const isLooking of turn % 2 === 0 ? [false, true] : [true, false]) {
    await viewer.ask(isLooking)
    await wait(settleMs)
    errorsMs = []
    await wait(values.seconds * 1000)
    measured[isLooking ? 'looked' : 'quiet'] = errorsMs
  }
  turns.push(measured)
}
viewer.stop()
const difference = (share: number) => {
  return turns.map(({ quiet, looked }) => percentile(looked, share) - percentile(quiet, share))
}
const all = (state: 'quiet' | 'looked') => turns.flatMap((turn) => turn[state])
const row = (state: 'quiet' | 'looked') => {
  return [0.5, 0.9, 0.99].map((share) => `${percentile(all(state), share).toFixed(2)} ms`)
}
const differences = [0.5, 0.9, 0.99].map((share) => `${median(difference(share)).toFixed(2)} ms`)
console.log(`\nWhat a probe adds to what the server took, ${all('quiet').length + all('looked').length} probes:\n`)
printTable(
  ['', 'p50', 'p90', 'p99'],
  [
    ['nobody looks', ...row('quiet')],
    ['looked at', ...row('looked')],
    ['median difference of a pair', ...differences],
  ],
)

await engine.stop()
await dashboard.stop()
await history.close()
server.stop()
rmSync(folder, { recursive: true })
