import { rmSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Browser, BrowserContextOptions, Locator, Page } from 'playwright-core'
import { expect, onTestFinished } from 'vitest'
import { openForWriting } from '../../lib/local/history-schema.ts'
import { HistoryStore } from '../../lib/local/history-store.ts'
import { openBrowser } from './browser.ts'
import { startWatch, type Watch } from './dashboard.ts'
import { startHttpServer } from './http-server.ts'
import { failedResult, httpResult } from './results.ts'

/** What a monitored site would do to whoever looks at it. */
const evil = `"><img src=x onerror="document.title='owned'"><script>document.title='owned'</script>`
const minuteMs = 60_000

/** Two hours of `api`, with ten minutes of failures an hour ago. */
function fill(file: string): void {
  const db = openForWriting(file)
  const nowMs = Date.now()
  const isDown = (minute: number) => minute >= 60 && minute < 70
  const results = Array.from({ length: 119 }, (_, i) => {
    const atMs = nowMs - (120 - i) * minuteMs
    return isDown(i) ? failedResult('api', atMs) : httpResult('api', atMs, { index: i })
  })
  const [beganMs, endedMs] = [nowMs - 60 * minuteMs, nowMs - 50 * minuteMs]
  const cause = { code: 'CONNECT_REFUSED', message: 'expected a connection, got refused' }
  const down = { from: 'up', to: 'down', atMs: beganMs + 2 * minuteMs, firstAtMs: beganMs, cause } as const
  const up = { from: 'down', to: 'up', atMs: endedMs + minuteMs, firstAtMs: endedMs } as const
  const monthsAgo = (one: typeof down | typeof up) => {
    const agoMs = 40 * 1440 * minuteMs
    return { ...one, atMs: one.atMs - agoMs, firstAtMs: one.firstAtMs - agoMs }
  }
  const transitions = [monthsAgo(down), monthsAgo(up), down, up].map((one) => ({
    ...one,
    monitor: 'api',
    muted: false,
  }))
  new HistoryStore(db).append({ results, transitions })
  db.close()
}

function configOf(url: string) {
  const often = { kind: 'http', every: '2s', timeout: '1900ms', retries: 0, thresholds: { down: 2, up: 2 } } as const
  const expectSafe = [{ source: 'header', name: 'x-note', op: 'eq', value: 'safe' }]
  return {
    service: 'shop',
    monitors: [
      { ...often, id: 'home', url: `${url}/`, tags: ['web'] },
      {
        ...often,
        id: 'api',
        url: `${url}/api`,
        tags: ['backend'],
        runbook: 'https://runbooks.example.com/api',
      },
      { ...often, id: 'hostile', url: `${url}/hostile`, tags: ['web'], slo: { objective: 99.99 }, expect: expectSafe },
    ],
  }
}

/** A small shop that is watched, with a past, and a browser to look at it. */
export interface ShopPages {
  config: unknown
  folder: string
  browser: Browser
  watch: Watch
  /** While it is, `api` answers 503. */
  isBroken: boolean
  /** Opens a page; what the browser complains of fails the test. */
  open(at: string, options?: BrowserContextOptions): Promise<Page>
  stop(): Promise<void>
}

/** Starts the shop, its watch and the browser. */
export async function startShopPages(): Promise<ShopPages> {
  const target = await startHttpServer((request, response) => {
    if (request.url === '/api' && shop.isBroken) response.writeHead(503)
    if (request.url === '/hostile') response.setHeader('x-note', evil)
    response.end('ok')
  })
  const folder = await mkdtemp(path.join(tmpdir(), 'vedette-pages-'))
  fill(path.join(folder, 'history.db'))
  const config = configOf(target.url)
  const [watch, browser] = await Promise.all([startWatch({ config, folder }), openBrowser()])
  const shop: ShopPages = {
    ...{ config, folder, browser, watch, isBroken: false },
    open: (at, options) => open(shop, at, options),
    stop: async () => {
      await browser.close()
      await shop.watch.stop()
      await target.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
  return shop
}

async function open({ browser, watch }: ShopPages, at: string, options: BrowserContextOptions = {}): Promise<Page> {
  const page = await browser.newPage(options)
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('console', (message) => {
    if (message.type() === 'error' && !message.text().includes('ERR_')) complaints.push(message.text())
  })
  page.setDefaultTimeout(60_000)
  onTestFinished(async () => {
    await page.close()
    expect(complaints).toEqual([])
  })
  await page.goto(`${watch.url}${at}`)
  return page
}

/** The row of a monitor on the overview. */
export function rowOf(page: Page, id: string): Locator {
  return page.locator('.rows > .row').filter({ has: page.getByRole('link', { name: id, exact: true }) })
}

/** Resolves when the overview shows a monitor in a state. */
export function inState(page: Page, id: string, state: string): Promise<void> {
  return rowOf(page, id)
    .and(page.locator(`[data-state=${state}]`))
    .waitFor()
}
