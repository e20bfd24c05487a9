/*
 * How long from a confirmed failure to the event that PagerDuty has accepted, embedded: with the file of what was told, and a
 * PagerDuty on loopback that checks its contract. Then a storm, and how it ends.
 *
 *   node bench/notify.ts [--runs 60]
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { type LocalNotify, startNotify } from '../lib/local/notify.ts'
import { parseConfig } from '../lib/model/parse-config.ts'
import { downEvent, recoveredEvent } from '../test/support/notify.ts'
import { type PagerDuty, startPagerDuty } from '../test/support/pagerduty-server.ts'
import { script, whole } from '../test/support/script.ts'
import { median, percentile, printTable } from './support/table.ts'

const values = script('From a confirmed failure to the accepted alert.')
  .option('--runs <n>', 'how many times', whole(), 60)
  .parse()
  .opts<{ runs: number }>()
const runs = values.runs
const key = 'k'.repeat(32)
const stormOf = 500

const folder = mkdtempSync(path.join(tmpdir(), 'vedette-notify-'))
process.once('exit', () => rmSync(folder, { recursive: true, force: true }))

const url = 'http://127.0.0.1:9/'
const monitors = Array.from({ length: stormOf }, (_, i) => ({ id: `m${i}`, kind: 'http', url }))

async function start(name: string, count: number): Promise<{ pagerDuty: PagerDuty; notify: LocalNotify }> {
  const pagerDuty = await startPagerDuty([key])
  const routes = { page: [{ kind: 'pagerduty', routingKey: key, url: pagerDuty.url }] }
  const config = parseConfig({ service: 'shop', monitors, routes, notify: { storm: { count } } })
  const history = { recordEvent: () => {}, read: () => undefined }
  const notify = await startNotify(config, { file: path.join(folder, `${name}.db`), history, log: () => {} })
  return { pagerDuty, notify }
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await wait(2)
}

const times: number[] = []
{
  const { pagerDuty, notify } = await start('single', 1000)
  for (let i = 0; i < runs; i++) {
    const beganMs = performance.now()
    notify.tell(downEvent(`m${i}`, Date.now()))
    await until(() => pagerDuty.opened.length > i)
    times.push((pagerDuty.received.at(-1)?.atMs ?? Number.NaN) - beganMs)
    await wait(20)
  }
  await notify.stop()
  await pagerDuty.close()
}
printTable(
  ['from the confirmed failure to the accepted event', 'p50', 'p95', 'max', 'goal p50'],
  [
    [
      `${runs} incidents, one after the other`,
      ms(median(times)),
      ms(percentile(times, 0.95)),
      ms(Math.max(...times)),
      '≤ 1 s',
    ],
  ],
)

{
  const { pagerDuty, notify } = await start('storm', 10)
  const beganMs = performance.now()
  for (const { id } of monitors) notify.tell(downEvent(id, Date.now()))
  await until(() => pagerDuty.opened.length > 0)
  const openedMs = performance.now() - beganMs
  for (const { id } of monitors) notify.tell(recoveredEvent(id, Date.now()))
  const backMs = performance.now()
  await until(() => pagerDuty.open.get(key)?.size === 0)
  const closedMs = performance.now() - backMs
  const summary = /"summary":"([^"]*)"/.exec(pagerDuty.received[0]?.text ?? '')?.[1]
  console.log()
  printTable(
    [`a storm: ${stormOf} monitors down at once`, ''],
    [
      ['alerts opened', `${pagerDuty.opened.length}: ${summary}`],
      ['until it was accepted', ms(openedMs)],
      ['calls in all, its end included', `${pagerDuty.received.length}`],
      ['still open once all were back', `${pagerDuty.open.get(key)?.size}`],
      ['until its end was accepted', ms(closedMs)],
    ],
  )
  await notify.stop()
  await pagerDuty.close()
}

function ms(value: number): string {
  return `${Math.round(value)} ms`
}
