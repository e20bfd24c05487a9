import { rmSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { openBrowser } from '../support/browser.ts'
import { startWatch, type Watch } from '../support/dashboard.ts'
import { failedResult, httpResult } from '../support/results.ts'
import { requireSystem } from '../support/system.ts'

const phone = { width: 375, height: 740 }
const longId = 'x'.repeat(60)

let browser: Browser
let folder: string
let watch: Watch
const silence = Promise.withResolvers<void>()

/** As long as a config lets them be, and without a place to break. */
function config() {
  const often = { kind: 'http', every: '1s', timeout: '900ms', retries: 0, thresholds: { down: 1, up: 1 } } as const
  const url = `https://${'y'.repeat(60)}.example.com/${'z'.repeat(200)}`
  return {
    service: 'shop',
    monitors: [
      { ...often, id: longId, url, tags: ['t'.repeat(64)] },
      { ...often, id: 'fine', url: 'https://example.com/' },
      // An engine gives up a run that never ends, but not while the tests run.
      { ...often, id: 'silent', url: 'https://example.com/', every: '1h', timeout: '1m' },
    ],
  }
}

describe.skipIf(!requireSystem('chromium'))('on a phone', { timeout: 120_000 }, () => {
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'vedette-phone-'))
    const runMonitor: Parameters<typeof startWatch>[0]['runMonitor'] = async ({ id }) => {
      if (id === 'silent') await silence.promise
      return id === longId ? failedResult(id, Date.now()) : httpResult(id, Date.now())
    }
    ;[watch, browser] = await Promise.all([startWatch({ config: config(), folder, runMonitor }), openBrowser()])
  }, 120_000)
  afterAll(async () => {
    await browser?.close()
    silence.resolve()
    await watch?.stop()
    rmSync(folder, { recursive: true, force: true })
  }, 60_000)

  async function open(at: string): Promise<Page> {
    const context = await browser.newContext({ viewport: phone, hasTouch: true, isMobile: true })
    onTestFinished(() => context.close())
    const page = await context.newPage()
    page.setDefaultTimeout(60_000)
    await page.goto(`${watch.url}${at}`)
    return page
  }

  const widthOf = (page: Page) => page.evaluate('document.documentElement.scrollWidth')

  test('long names, targets and causes take no page beyond its width, and can be read', async () => {
    const overview = await open('/')
    await overview.locator('.row[data-state=down] .name').waitFor()
    expect(await widthOf(overview)).toBe(phone.width)
    const right = "document.querySelector('.row[data-state=down] .name').getBoundingClientRect().right"
    expect(await overview.evaluate(right)).toBeLessThan(phone.width)
    await overview.getByLabel('Group by tag').check()
    await overview.getByRole('heading', { name: 'ttt' }).waitFor()
    expect(await widthOf(overview)).toBe(phone.width)

    const monitor = await open(`/monitors/${longId}`)
    await monitor.getByRole('link', { name: '/badges/' }).waitFor()
    expect(await widthOf(monitor)).toBe(phone.width)

    const incidents = await open('/incidents')
    const row = incidents.getByRole('row').filter({ hasText: 'connection refused' })
    await row.getByRole('rowheader', { name: longId }).waitFor()
    const cause = await row.getByRole('cell').filter({ hasText: 'connection refused' }).boundingBox()
    expect(cause?.width).toBeGreaterThan(phone.width * 0.8)
    expect(await widthOf(incidents)).toBe(phone.width)
  })

  test('two fingers zoom, and one pans', async () => {
    const page = await open('/monitors/fine?last=6h')
    const chart = page.locator('.charts .u-over').first()
    await chart.scrollIntoViewIfNeeded()
    const box = await chart.boundingBox()
    if (!box) throw new Error('expected a chart on the page')
    const client = await page.context().newCDPSession(page)
    const touch = (type: 'touchStart' | 'touchMove' | 'touchEnd', ...shares: number[]) => {
      const y = box.y + box.height / 2
      const touchPoints = shares.map((share, id) => ({ x: box.x + share * box.width, y, id }))
      return client.send('Input.dispatchTouchEvent', { type, touchPoints })
    }
    const asked = () => page.waitForResponse((response) => response.url().includes('/series?') && response.ok())
    const range = () => {
      const { searchParams } = new URL(page.url())
      return { from: Number(searchParams.get('from')), to: Number(searchParams.get('to')) }
    }

    await touch('touchStart', 0.4, 0.6)
    for (const by of [0.05, 0.1, 0.15, 0.2]) await touch('touchMove', 0.4 - by, 0.6 + by)
    await Promise.all([asked(), touch('touchEnd')])
    const zoomed = range()
    const hours = (zoomed.to - zoomed.from) / 3_600_000
    expect(hours).toBeGreaterThan(1.5)
    expect(hours).toBeLessThan(3)

    await touch('touchStart', 0.3)
    for (const share of [0.4, 0.5, 0.6, 0.7]) await touch('touchMove', share)
    await Promise.all([asked(), touch('touchEnd')])
    expect(range().from).toBeLessThan(zoomed.from)
    expect(range().to - range().from).toBeCloseTo(zoomed.to - zoomed.from, -1)
  })

  test('a monitor that has not answered yet says so', async () => {
    const page = await open('/monitors/silent')
    await page.getByText('No results in this range.').waitFor()
    await page.getByText('No run has ended yet.').waitFor()
    await page.getByText('· pending', { exact: true }).waitFor()
  })
})
