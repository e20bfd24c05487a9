import { rmSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { complaintsOf } from '../support/browser.ts'
import { startWatch } from '../support/dashboard.ts'
import { startRelay } from '../support/relay.ts'
import { inState, type ShopPages, startShopPages } from '../support/shop-pages.ts'
import { requireSystem } from '../support/system.ts'

/** Lets a test ask how many streams a page holds, or tries to. */
const countStreams = `
  const streams = []
  window.EventSource = class extends EventSource { constructor(url) { super(url); streams.push(this) } }
  window.streamsInUse = () => streams.filter(({ readyState }) => readyState !== 2).length
  window.streamsOpened = () => streams.length
`

/** Other pages have every place, and the browser takes its time to say so. */
const noPlaces = `
  const later = () => new Promise((resolve) => setTimeout(resolve, 500))
  LockManager.prototype.request = (name, options, hold) => later().then(() => hold(null))
`

/** Leaves the tab and comes back, again and again while every try fails. */
const comeBackOften = "window.comingBack = setInterval(() => document.dispatchEvent(new Event('visibilitychange')), 50)"

let shop: ShopPages

describe.skipIf(!requireSystem('chromium'))('a page that loses its server', { timeout: 120_000 }, () => {
  beforeAll(async () => {
    shop = await startShopPages()
  }, 120_000)
  afterAll(() => shop?.stop(), 60_000)

  test('after a cut line the page catches up on what it missed, without loading all anew', async () => {
    const relay = await startRelay(Number(new URL(shop.watch.url).port))
    onTestFinished(relay.close)
    const page = await shop.browser.newPage()
    onTestFinished(() => page.close())
    page.setDefaultTimeout(60_000)
    const asked: string[] = []
    page.on('request', (request) => asked.push(new URL(request.url()).pathname))
    await page.addInitScript(countStreams)
    await page.goto(`${relay.url}/incidents?monitor=api`)
    await page.getByText('● live').waitFor()
    const rows = page.locator('tbody tr')
    await rows.first().waitFor()
    const before = await rows.count()
    asked.length = 0
    relay.setCut(true)
    // Whoever comes back to the tab meanwhile is told all the same, and waits for no second stream.
    await page.evaluate(comeBackOften)
    await page.getByRole('alert').getByText('No word from Vedette').waitFor()
    await page.evaluate('clearInterval(window.comingBack)')
    shop.isBroken = true
    await stateOf('api', 'down')
    shop.isBroken = false
    await stateOf('api', 'up')
    relay.setCut(false)
    await page.getByText('● live').waitFor()
    await expect.poll(() => rows.count(), { timeout: 30_000 }).toBe(before + 1)
    await rows.first().getByText('✔ over').waitFor()
    expect(asked.filter((at) => at !== '/api/events' && at !== '/api/overview')).toEqual([])
    expect(await page.evaluate('window.streamsInUse()')).toBe(1)
  })

  /** Resolves when the engine holds a monitor to be in a state. */
  const stateOf = (id: string, state: string) =>
    expect.poll(() => shop.watch.engine.view(id)?.state, { timeout: 60_000 }).toBe(state)

  test('more pages than a browser has connections for are all live', async () => {
    const context = await shop.browser.newContext()
    onTestFinished(() => context.close())
    context.setDefaultTimeout(60_000)
    for (let i = 0; i < 8; i++) {
      const page = await context.newPage()
      await page.goto(`${shop.watch.url}/monitors/api`)
    }
    const states = () => Promise.all(context.pages().map((page) => page.locator('.monitor-head .look').textContent()))
    shop.isBroken = true
    await expect.poll(states, { timeout: 60_000 }).toEqual(Array(8).fill('✖ down'))
    shop.isBroken = false
  })

  test('a page without a place takes turns, also where its line was cut while it asked for one', async () => {
    const relay = await startRelay(Number(new URL(shop.watch.url).port))
    onTestFinished(relay.close)
    const page = await shop.browser.newPage()
    onTestFinished(() => page.close())
    await page.addInitScript(countStreams + noPlaces)
    await page.goto(`${relay.url}/incidents`)
    await page.getByText('● live').waitFor()
    relay.setCut(true)
    relay.setCut(false)
    // The first, the one after the cut, and the first of those that come back.
    await expect.poll(() => page.evaluate('window.streamsOpened()'), { timeout: 30_000 }).toBeGreaterThan(2)
  })

  test('a page that was opened in the background listens once it is seen', async () => {
    const page = await shop.browser.newPage()
    onTestFinished(() => page.close())
    page.setDefaultTimeout(60_000)
    await page.addInitScript(countStreams)
    await page.addInitScript("Object.defineProperty(document, 'visibilityState', { value: 'hidden', writable: true })")
    await page.goto(`${shop.watch.url}/`)
    await inState(page, 'home', 'up')
    expect(await page.evaluate('window.streamsInUse()')).toBe(0)
    await page.evaluate("document.visibilityState = 'visible'; document.dispatchEvent(new Event('visibilitychange'))")
    expect(await page.evaluate('window.streamsInUse()')).toBe(1)
    await page.getByText('● live').waitFor()
  })

  test('where a token is needed the page asks for it, and for a wrong one again', async () => {
    const token = 'a-token-that-only-we-know'
    const other = await mkdtemp(path.join(tmpdir(), 'vedette-login-'))
    const closed = await startWatch({ config: shop.config, folder: other, token })
    const page = await shop.browser.newPage()
    onTestFinished(async () => {
      await page.close()
      await closed.stop()
      rmSync(other, { recursive: true, force: true })
    })
    page.setDefaultTimeout(60_000)
    await page.goto(`${closed.url}/incidents`)
    await page.getByLabel('Token').fill('a-token-that-is-not-it')
    await page.keyboard.press('Enter')
    await page.getByText('This is not the token.').waitFor()
    expect(await complaintsOf(page)).toEqual([])
    await page.getByLabel('Token').fill(token)
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'Incidents' }).waitFor()
    await page.getByText('● live').waitFor()
  })

  test('after a restart the page comes back by itself, and says so while it cannot', async () => {
    const page = await shop.open('/')
    await inState(page, 'home', 'up')
    await page.evaluate('window.isSamePage = true')
    const port = Number(new URL(shop.watch.url).port)
    await shop.watch.stop()
    await page.getByRole('alert').getByText('No word from Vedette').waitFor()
    shop.watch = await startWatch({ config: shop.config, folder: shop.folder, port })
    await page.getByRole('alert').getByText('No word from Vedette').waitFor({ state: 'detached' })
    await inState(page, 'home', 'up')
    shop.isBroken = true
    await inState(page, 'api', 'down')
    shop.isBroken = false
    expect(await page.evaluate('window.isSamePage')).toBe(true)
  })
})
