/*
 * Makes the pictures of the dashboard in docs/: overview and monitor page of a service that does not exist, and the demo's
 * failover. Needs Debian's chromium. `npm run screenshots [folder]`.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { hourMs, openForWriting } from '../lib/local/history-schema.ts'
import { openBrowser } from '../test/support/browser.ts'
import { startDemoWatch, startWatch } from '../test/support/dashboard.ts'
import { script } from '../test/support/script.ts'
import { sampleService } from './support/sample-service.ts'
import { writeHistory } from './support/write-history.ts'

const [folder = path.resolve(import.meta.dirname, '../docs/images')] = script('Makes the pictures of the dashboard.')
  .usage('[folder]')
  .argument('[folder]', 'where they go (default: docs/images)')
  .parse().args
const desk = { width: 1600, height: 900 }
const phone = { width: 390, height: 844 }
/** One result every so many minutes; on the last day, one a minute. */
const everyMinutes = 5

/** A page in one theme and size: what can be seen of it without scrolling. */
async function shoot(
  browser: Browser,
  url: string,
  { name, theme, size = desk }: { name: string; theme: 'dark' | 'light'; size?: typeof desk },
  ready: (page: Page) => Promise<unknown>,
): Promise<void> {
  const page = await browser.newPage({ viewport: size, colorScheme: theme, deviceScaleFactor: size === phone ? 2 : 1 })
  await page.goto(url)
  await ready(page)
  await page.screenshot({ path: path.join(folder, `${name}.png`) })
  await page.close()
}

async function shootService(browser: Browser, scratch: string): Promise<void> {
  const nowMs = Date.now()
  const { config, days, resultAt, transitions } = sampleService(nowMs)
  const startMs = Math.floor(nowMs / hourMs) * hourMs - days * 24 * hourMs
  const db = openForWriting(path.join(scratch, 'history.db'))
  const ids = config.monitors.map(({ id = '' }) => id)
  const resultsOfHour = function* (hour: number) {
    for (let minute = 0; minute < 60; minute += hour < (days - 1) * 24 ? everyMinutes : 1) {
      const atMs = startMs + hour * hourMs + minute * 60_000
      if (atMs < nowMs) for (const [i, id] of ids.entries()) yield resultAt(id, atMs + i * 900)
    }
  }
  writeHistory(db, { startMs, days, resultsOfHour, transitions }, 0, days * 24 + 1)
  db.close()
  const watch = await startWatch({
    ...{ config, folder: scratch },
    runMonitor: async ({ id }) => resultAt(id, Date.now()),
  })
  try {
    const settled = async (page: Page) => {
      await page.locator('.rows > .row').first().waitFor()
      await page.locator('#counts .pending').waitFor({ state: 'detached' })
      await page.locator('#counts .down').waitFor()
    }
    await shoot(browser, watch.url, { name: 'overview-light', theme: 'light' }, settled)
    await shoot(browser, watch.url, { name: 'overview-dark', theme: 'dark' }, settled)
    await shoot(browser, watch.url, { name: 'overview-phone', theme: 'dark', size: phone }, settled)
    const drawn = (page: Page) => page.locator('.charts canvas').nth(1).waitFor()
    const monitor = `${watch.url}/monitors/checkout?last=24h`
    await shoot(browser, monitor, { name: 'monitor-light', theme: 'light' }, drawn)
    await shoot(browser, monitor, { name: 'monitor-dark', theme: 'dark' }, drawn)
    await shoot(browser, monitor, { name: 'monitor-phone', theme: 'dark', size: phone }, drawn)
  } finally {
    await watch.stop()
  }
}

async function shootFailover(browser: Browser, scratch: string): Promise<void> {
  const watch = await startDemoWatch(scratch)
  try {
    const up = (page: Page) => page.getByText('✔ up').first().waitFor({ timeout: 60_000 })
    const page = await browser.newPage()
    await page.goto(`${watch.url}/failovers`)
    await up(page)
    await watch.demo.setBroken('down', true)
    await page.getByText('Moved to standby, verified.').waitFor({ timeout: 60_000 })
    await page.close()
    const moved = (shown: Page) => shown.getByText('Moved to standby, verified.').waitFor()
    await shoot(browser, `${watch.url}/failovers`, { name: 'failovers-light', theme: 'light' }, moved)
    await shoot(browser, `${watch.url}/failovers`, { name: 'failovers-dark', theme: 'dark' }, moved)
  } finally {
    await watch.stop()
  }
}

mkdirSync(folder, { recursive: true })
const scratch = ['service', 'demo'].map((name) => mkdtempSync(path.join(tmpdir(), `vedette-look-${name}-`)))
const browser = await openBrowser()
try {
  await shootService(browser, scratch[0] ?? '')
  await shootFailover(browser, scratch[1] ?? '')
} finally {
  await browser.close()
  for (const one of scratch) rmSync(one, { recursive: true })
}
console.log(`pictures in ${folder}`)
