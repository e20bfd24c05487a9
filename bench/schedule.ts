/*
 * A thousand monitors every ten seconds on the path of `vedette run` (engine, history and all) against a server in another
 * process: how late runs start, what it costs, and whether memory stays where it is.
 *
 *   node bench/schedule.ts [--minutes 3] [--monitors 1000] [--every 10]
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { Engine } from '../lib/local/engine.ts'
import { openHistory } from '../lib/local/history.ts'
import { keepHeapSmall } from '../lib/local/small-heap.ts'
import { parseConfig } from '../lib/model/parse-config.ts'
import { createHost } from '../lib/run/host.ts'
import { enableLinearRegex } from '../lib/run/linear-regex.ts'
import type { Log } from '../lib/run/log.ts'
import { runMonitor } from '../lib/run/vantage.ts'
import { script, whole } from '../test/support/script.ts'
import { startChild } from './support/child.ts'
import { printTable } from './support/table.ts'

const values = script('Monitors on time, and the memory they take.')
  .option('--minutes <n>', 'for how long', whole(), 3)
  .option('--monitors <n>', 'how many monitors', whole(), 1000)
  .option('--every <n>', 'seconds between runs', whole(), 10)
  .parse()
  .opts<{ minutes: number; monitors: number; every: number }>()
const [minutes, count] = [values.minutes, values.monitors]

enableLinearRegex()
keepHeapSmall()
const server = await startChild<{ port: number }>(new URL('delay-server.ts', import.meta.url), ['50'])
const url = `http://127.0.0.1:${server.hello.port}/`
const { service, monitors } = parseConfig({
  service: 'bench',
  monitors: Array.from({ length: count }, (_, i) => ({ id: `m${i}`, kind: 'http', url, every: `${values.every}s` })),
})
const folder = mkdtempSync(path.join(tmpdir(), 'vedette-bench-'))
const log: Log = (level, event, fields) => {
  if (level === 'error') console.error(event, fields)
}
const history = await openHistory({ path: path.join(folder, 'history.db'), log })
const host = createHost({ vantage: 'bench', version: 'bench', selfCheck: [] })
const engine = new Engine({
  service,
  monitors,
  runMonitor: (one, signal) => runMonitor(one, host, signal),
  history,
  log,
})
let [results, notUp] = [0, 0]
engine.subscribe((event) => {
  if (event.type !== 'result') return
  results++
  if (event.result.status !== 'up') notUp++
})

engine.start()
const rows: string[][] = []
const rssMb: number[] = []
for (let minute = 1; minute <= minutes; minute++) {
  const [cpuBefore, resultsBefore] = [process.cpuUsage(), results]
  await wait(60_000)
  const { lag, monitors: views } = engine.snapshot()
  const cpu = process.cpuUsage(cpuBefore)
  const { rss, heapUsed } = process.memoryUsage()
  rssMb.push(rss / 1e6)
  rows.push([
    String(minute),
    String(results - resultsBefore),
    String(views.reduce((sum, one) => sum + one.skipped, 0)),
    `${lag.p50Ms.toFixed(1)} / ${lag.p99Ms.toFixed(1)} / ${lag.maxMs.toFixed(1)}`,
    `${((cpu.user + cpu.system) / 1000 / (results - resultsBefore)).toFixed(2)}`,
    (rss / 1e6).toFixed(0),
    (heapUsed / 1e6).toFixed(0),
  ])
}
await engine.stop()
await history.close()
server.stop()
rmSync(folder, { recursive: true })

const { p99Ms } = engine.snapshot().lag
printTable(['minute', 'results', 'skipped', 'lag p50 / p99 / max (ms)', 'CPU ms a result', 'RSS MB', 'heap MB'], rows)
const most = Math.max(...rssMb)
console.log(`
${count} monitors every ${values.every} s for ${minutes} min; ${notUp} results were not up.
lag p99 ${p99Ms.toFixed(1)} ms (goal ≤ 250): ${p99Ms <= 250 ? 'met' : 'MISSED'}; RSS ${most.toFixed(0)} MB at most (goal ≤ 200): ${most <= 200 ? 'met' : 'MISSED'}.
RSS and CPU are of all threads: probes, judging, history.`)
