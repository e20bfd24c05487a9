/*
 * The dashboard with 1,000 monitors and 30 days of history, in headless Chromium: how soon it can be used, what it
 * transfers, how soon a result is on the page, and the memory of the page after an hour's worth of results.
 *
 *   node bench/look.ts [--monitors 1000] [--views 7] [--updates 60000] [--folder made-before]
 *
 * The history is written by the code that `vedette run` uses, with one result an hour: the overview reads its roll-ups.
 * First views are taken while each monitor runs once a minute. Then each runs every second, so that an hour's worth of
 * results takes a minute.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { Browser, CDPSession, Page } from 'playwright-core'
import { openForWriting } from '../lib/local/history-schema.ts'
import { openBrowser } from '../test/support/browser.ts'
import { startWatch, type Watch } from '../test/support/dashboard.ts'
import { failedResult, httpResult } from '../test/support/results.ts'
import { script, whole } from '../test/support/script.ts'
import { fill, hours, madeUp } from './support/fill-history.ts'
import { median, percentile, printTable } from './support/table.ts'

const values = script('The dashboard in a browser.')
  .option('--monitors <n>', 'how many monitors', whole(), 1000)
  .option('--views <n>', 'how many first views', whole(), 7)
  .option('--updates <n>', 'how many updates to wait for', whole(), 60000)
  .option('--folder <folder>', 'where the history of an earlier run is; it stays there')
  .parse()
  .opts<{ monitors: number; views: number; updates: number; folder?: string }>()
const about = madeUp(values.monitors, 0, 1)
const { ids } = about
/** Never fails, so that it keeps its place. */
const [steady = ''] = ids
const tags = ['web', 'api', 'dns', 'mail', 'edge']

/** Milliseconds from the start of the navigation until all rows are there and the browser has nothing left to do, and bytes. */
async function view(browser: Browser, url: string): Promise<{ ms: number; bytes: number }> {
  const context = await browser.newContext({ viewport: { width: 1600, height: 900 } })
  const page = await context.newPage()
  const session = await context.newCDPSession(page)
  await session.send('Network.enable')
  let bytes = 0
  session.on('Network.loadingFinished', ({ encodedDataLength }) => {
    bytes += encodedDataLength
  })
  // A task behind the first frame with all rows: whatever is clicked then is answered.
  await page.addInitScript(`
    new MutationObserver((_, observer) => {
      if (document.querySelectorAll('.rows > .row').length < ${ids.length}) return
      observer.disconnect()
      requestAnimationFrame(() => setTimeout(() => { document.documentElement.dataset.readyMs = performance.now() }))
    }).observe(document, { childList: true, subtree: true })`)
  await page.goto(url)
  await page.locator('html[data-ready-ms]').waitFor()
  const ms = Number(await page.locator('html').getAttribute('data-ready-ms'))
  await context.close()
  return { ms, bytes }
}

/** Milliseconds from a result to its being on the page, for results of one row that can be seen. */
async function updateTimes(page: Page, watch: Watch, times: number): Promise<number[]> {
  await page.evaluate(`
    window.changes = []
    const rows = [...document.querySelectorAll('.rows > .row')]
    const row = rows.find((one) => one.querySelector('.name').textContent === '${steady}')
    new MutationObserver(() => window.changes.push(Date.now()))
      .observe(row.querySelector('.latency'), { childList: true, subtree: true, characterData: true })`)
  const results: number[] = []
  const end = watch.engine.subscribe((event) => {
    if (event.type === 'result' && event.result.monitor === steady) results.push(Date.now())
  })
  while (results.length < times) await wait(100)
  end()
  await wait(1500)
  const changes = (await page.evaluate('window.changes')) as number[]
  return results.map((atMs) => (changes.find((changedMs) => changedMs >= atMs) ?? Number.POSITIVE_INFINITY) - atMs)
}

/** The page's heap after a collection, and what its process has for itself alone, in megabytes. */
async function memory(browser: Browser, session: CDPSession): Promise<{ heap: number; own: number }> {
  await session.send('HeapProfiler.collectGarbage')
  await session.send('Performance.enable')
  const { metrics } = await session.send('Performance.getMetrics')
  const heap = metrics.find(({ name }) => name === 'JSHeapUsedSize')?.value ?? Number.NaN
  const all = await browser.newBrowserCDPSession()
  const { processInfo } = await all.send('SystemInfo.getProcessInfo')
  const own = Math.max(...processInfo.filter(({ type }) => type === 'renderer').map(({ id }) => privateBytes(id)))
  return { heap: heap / 1e6, own: own / 1e6 }
}

function privateBytes(pid: number): number {
  const lines = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8').matchAll(/^Private_\w+: +(\d+) kB$/gm)
  return [...lines].reduce((sum, [, kilobytes]) => sum + Number(kilobytes) * 1024, 0)
}

async function updates(browser: Browser, watch: Watch) {
  const page = await browser.newPage({ viewport: { width: 1600, height: 900 } })
  const session = await page.context().newCDPSession(page)
  await page.goto(watch.url)
  await page.locator('.rows > .row').first().waitFor()
  const before = await memory(browser, session)
  let seen = 0
  const end = watch.engine.subscribe((event) => {
    if (event.type === 'result') seen++
  })
  const began = performance.now()
  const lags = await updateTimes(page, watch, 20)
  while (seen < values.updates) await wait(500)
  end()
  const perSecond = seen / ((performance.now() - began) / 1000)
  await wait(1500)
  const after = await memory(browser, session)
  const isStale = (await page.locator('[data-stale]').count()) > 0
  await page.close()
  return { before, after, lags, perSecond, seen, isStale }
}

const scratch = values.folder ?? mkdtempSync(path.join(tmpdir(), 'vedette-bench-look-'))
if (!values.folder) {
  const db = openForWriting(path.join(scratch, 'history.db'))
  fill(db, about, 0, hours)
  db.close()
}
let index = 0
/** Watches all monitors, each so often; results take no time and no network. */
function watchEvery(every: string, timeout: string): Promise<Watch> {
  const monitors = ids.map((id, i) => ({
    ...{ id, kind: 'http', url: `https://${id}.example.com/health`, every, timeout, retries: 0 },
    ...{ tags: [tags[i % tags.length] ?? ''], slo: { objective: 99.9 } },
  }))
  return startWatch({
    ...{ config: { service: 'bench', monitors }, folder: scratch },
    runMonitor: async ({ id }) => {
      index++
      return index % 500 === 0 && id !== steady ? failedResult(id, Date.now()) : httpResult(id, Date.now(), { index })
    },
  })
}

const browser = await openBrowser()
try {
  const calm = await watchEvery('60s', '5s')
  await view(browser, calm.url)
  const runs = []
  for (let i = 0; i < values.views; i++) runs.push(await view(browser, calm.url))
  await calm.stop()
  const busy = await watchEvery('1s', '900ms')
  const { before, after, lags, perSecond, seen, isStale } = await updates(browser, busy)
  await busy.stop()
  const times = runs.map(({ ms }) => ms)
  const mb = ({ heap, own }: { heap: number; own: number }) =>
    `${heap.toFixed(1)} MB of heap, ${own.toFixed(0)} MB in all`
  printTable(
    ['figure', 'measured', 'goal'],
    [
      [
        'until it can be used',
        `median ${median(times).toFixed(0)} ms, worst ${Math.max(...times).toFixed(0)} ms`,
        '1,000 ms',
      ],
      [
        'transferred for the first view',
        `${(Math.max(...runs.map(({ bytes }) => bytes)) / 1000).toFixed(0)} KB`,
        '150 KB',
      ],
      [
        'from a result to the page',
        `median ${median(lags).toFixed(0)} ms, p95 ${percentile(lags, 0.95).toFixed(0)} ms`,
        '1,000 ms',
      ],
      ['memory of the page at first', mb(before), ''],
      [
        `memory after ${seen} results, ${perSecond.toFixed(0)} a second${isStale ? ', STALE' : ''}`,
        mb(after),
        '150 MB',
      ],
    ],
  )
} finally {
  await browser.close()
  if (!values.folder) rmSync(scratch, { recursive: true })
}
