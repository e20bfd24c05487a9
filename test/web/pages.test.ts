import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { complaintsOf } from '../support/browser.ts'
import { inState, rowOf, type ShopPages, startShopPages } from '../support/shop-pages.ts'
import { requireSystem } from '../support/system.ts'

const minuteMs = 60_000

let shop: ShopPages

describe.skipIf(!requireSystem('chromium'))('the pages in Chromium', { timeout: 120_000 }, () => {
  beforeAll(async () => {
    shop = await startShopPages()
  }, 120_000)
  afterAll(() => shop?.stop(), 60_000)

  test('the overview shows every monitor, worst first, with state, cause and uptime', async () => {
    const page = await shop.open('/')
    await inState(page, 'hostile', 'down')
    await inState(page, 'home', 'up')
    await inState(page, 'api', 'up')
    const names = () => page.locator('.rows .name').allTextContents()
    await expect.poll(names, { timeout: 60_000 }).toEqual(['hostile', 'api', 'home'])
    const worst = rowOf(page, 'hostile')
    expect(await worst.locator('.look').textContent()).toBe('✖ down')
    expect(await worst.locator('.cause .code').textContent()).toBe('ASSERTION')
    expect(await worst.locator('.cause').textContent()).toMatch(/^ASSERTION.*expected header x-note eq "safe", got /)
    expect(await worst.locator('.latency .number').textContent()).toBe('–')
    // Of an hour without a good run nothing is green.
    const hours = worst.locator('.uptime-24')
    await hours.locator('.bar-down').waitFor()
    expect(await hours.locator('.bar-up').count()).toBe(0)
    const uptime = rowOf(page, 'api').locator('.uptime-24')
    await uptime.locator('svg').waitFor()
    expect(await uptime.locator('svg').getAttribute('aria-label')).toMatch(/; failures in \d hours?$/)
    // Its votes stand for four minutes: no percentage of a day.
    const number = uptime.locator('.number')
    expect(await number.textContent()).toBe('new')
    expect(await number.getAttribute('title')).toMatch(
      /^too little seen over the last 24 hours to say: 9\d\.\d\d % up in \d+ m/,
    )
    expect(await page.title()).toMatch(/^✖ \d down · Overview · shop$/)
  })

  test('a failure appears by itself, and so does its recovery', async () => {
    const page = await shop.open('/')
    await inState(page, 'api', 'up')
    shop.isBroken = true
    await inState(page, 'api', 'down')
    expect(await rowOf(page, 'api').locator('.cause').textContent()).toContain('got 503')
    shop.isBroken = false
    await inState(page, 'api', 'up')
  })

  test('search, states, tags and groups survive a reload', async () => {
    const page = await shop.open('/')
    await inState(page, 'hostile', 'down')
    await page.getByRole('searchbox').fill('ho')
    await rowOf(page, 'api').waitFor({ state: 'detached' })
    await page.getByLabel('Tag', { exact: true }).selectOption('web')
    await page.getByRole('button', { name: 'down 1' }).click()
    await page.getByLabel('Group by tag').check()
    await page.getByRole('heading', { name: 'web · 1 monitor' }).waitFor()
    await page.reload()
    await page.getByRole('heading', { name: 'web · 1 monitor' }).waitFor()
    expect(await page.locator('.rows .name').allTextContents()).toEqual(['hostile'])
    expect(await page.getByRole('searchbox').inputValue()).toBe('ho')
    expect(await page.getByRole('button', { name: 'down 1' }).getAttribute('aria-pressed')).toBe('true')
    await page.getByRole('searchbox').fill('nothing like it')
    await page.getByText('No monitor is like this.').waitFor()
    await page.goto(`${shop.watch.url}/?tag=of-long-ago`)
    await rowOf(page, 'home').waitFor()
  })

  test('what a site says is text, wherever it is shown', async () => {
    const page = await shop.open('/')
    await inState(page, 'hostile', 'down')
    await page.getByText('<img src=x').first().waitFor()
    await page.getByRole('link', { name: 'hostile', exact: true }).click()
    await page.getByRole('heading', { name: 'hostile' }).waitFor()
    await page.locator('.results summary').first().click()
    await page.locator('.results pre').getByText('<script>').first().waitFor()
    await page.locator('.panel').filter({ hasText: 'Incidents of 30 days' }).getByRole('link').first().click()
    await page.getByText('Timeline').waitFor()
    expect(await page.locator('img, #page script').count()).toBe(0)
    expect(await page.title()).not.toContain('owned')
  })

  test('the charts zoom by drag, button and key, and the range is in the address', async () => {
    const page = await shop.open('/monitors/api?last=6h')
    const chart = page.locator('.charts .u-over').first()
    const box = await chart.boundingBox()
    if (!box) throw new Error('expected a chart on the page')
    /** The series of a range that stands in the address by then, or of none: what was asked for before may come late. */
    const asked = (isRange = true) =>
      page.waitForResponse((response) => {
        const [shown, { pathname, searchParams }] = [new URL(page.url()).searchParams, new URL(response.url())]
        const isIt = isRange ? searchParams.get('from') === shown.get('from') : !shown.has('from')
        return pathname.endsWith('/series') && isIt && response.ok()
      })
    const range = () => {
      const { searchParams } = new URL(page.url())
      return Number(searchParams.get('to')) - Number(searchParams.get('from'))
    }
    const y = box.y + box.height / 2
    await page.mouse.move(box.x + box.width * 0.5, y)
    await page.mouse.down()
    await page.mouse.move(box.x + box.width * 0.75, y, { steps: 4 })
    const [series] = await Promise.all([asked(), page.mouse.up()])
    expect(range() / minuteMs).toBeGreaterThan(80)
    expect(range() / minuteMs).toBeLessThan(100)
    const { fromMs, toMs } = (await series.json()) as { fromMs: number; toMs: number }
    expect((toMs - fromMs) / range()).toBeCloseTo(1, 2)

    await page.getByRole('group', { name: 'Latency over time' }).focus()
    await Promise.all([asked(), page.keyboard.press('+')])
    expect(range() / minuteMs).toBeLessThan(50)
    const before = new URL(page.url()).searchParams.get('from')
    await Promise.all([asked(), page.keyboard.press('ArrowLeft')])
    expect(Number(new URL(page.url()).searchParams.get('from'))).toBeLessThan(Number(before))
    await Promise.all([asked(), page.getByRole('button', { name: 'Zoom out' }).click()])
    expect(range() / minuteMs).toBeGreaterThan(80)
    await page.reload()
    await page.getByText(/ – /).first().waitFor()
    await Promise.all([asked(false), page.getByRole('button', { name: 'Reset the range' }).click()])
    expect(new URL(page.url()).search).toBe('')
  })

  test('a monitor has its failures by code, results in full, config and runbook', async () => {
    const page = await shop.open('/monitors/api?last=6h')
    await page.getByText(/CONNECT_REFUSED 10/).waitFor()
    await page.getByText('"everyMs": 2000').waitFor()
    expect(await page.getByRole('link', { name: 'https://runbooks.example.com/api' }).getAttribute('rel')).toContain(
      'noreferrer',
    )
    expect(await page.locator('.results > li').count()).toBeGreaterThan(10)
    await page.getByText('days left').waitFor()
    await page.locator('td').getByText('192.0.2.10').first().waitFor()
  })

  test('an error budget says what is left, how fast it goes and what to do; what burns is marked', async () => {
    const page = await shop.open('/')
    await rowOf(page, 'hostile').getByText('burns its budget').waitFor({ timeout: 90_000 })
    await rowOf(page, 'hostile').getByRole('link', { name: 'hostile', exact: true }).click()
    const budget = page.locator('.panel').filter({ hasText: 'Error budget' })
    await budget.getByText('✖ roll back').waitFor()
    await budget.getByText(/^the 1h pair burns: /).waitFor()
    await budget.getByText('99.99 % over 30 d').waitFor()
    const hour = budget.getByRole('row').filter({ hasText: '1h' })
    expect(await hour.textContent()).toMatch(/^1h.* seen.*×.*in 5 m14\.4×page$/)
    await page.goto(`${shop.watch.url}/monitors/home`)
    await page.getByRole('heading', { name: 'Uptime' }).waitFor()
    expect(await page.getByText('Error budget').count()).toBe(0)
  })

  test('an incident is exported as Markdown', async () => {
    const page = await shop.open('/incidents?monitor=api')
    await page.getByRole('row').filter({ hasText: 'connection refused' }).getByRole('link', { name: 'api' }).click()
    await page.getByText('Seen from').waitFor()
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('link', { name: 'Export as Markdown' }).click(),
    ])
    const text = readFileSync(await download.path(), 'utf8')
    expect(download.suggestedFilename()).toMatch(/\.md$/)
    expect(text).toMatch(/^# /)
    expect(text).toContain('CONNECT_REFUSED')
  })

  test('incidents of longer ago are asked for a month at a time', async () => {
    const page = await shop.open('/incidents?monitor=api')
    const rows = page.locator('tbody tr')
    await rows.first().waitFor()
    const before = await rows.count()
    await page.getByRole('button', { name: 'Older ones' }).click()
    await expect.poll(() => rows.count(), { timeout: 30_000 }).toBe(before + 1)
    await page.getByText('All since').waitFor()
  })

  test('everything is reached by keyboard alone', async () => {
    const page = await shop.open('/')
    await inState(page, 'hostile', 'down')
    await page.keyboard.press('Tab')
    expect(await page.locator(':focus').textContent()).toBe('Skip to the page')
    await page.keyboard.press('Enter')
    expect(await page.evaluate('document.activeElement.id')).toBe('page')
    // Past the states to the search, and from there into the list.
    while ((await page.locator('input[type=search]:focus').count()) === 0) await page.keyboard.press('Tab')
    while ((await page.locator('a.name:focus').count()) === 0) await page.keyboard.press('Tab')
    expect(await page.locator(':focus').textContent()).toBe('hostile')
    await page.keyboard.press('ArrowDown')
    expect(await page.locator(':focus').textContent()).toBe('api')
    expect(await page.evaluate("getComputedStyle(document.activeElement, '::after').outlineStyle")).toBe('solid')
    await page.keyboard.press('End')
    expect(await page.locator(':focus').textContent()).toBe('home')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'home' }).waitFor()
    expect(await page.evaluate('document.activeElement.id')).toBe('page')
    while ((await page.locator('.figure:focus').count()) === 0) await page.keyboard.press('Tab')
    expect(await page.evaluate('getComputedStyle(document.activeElement).outlineStyle')).toBe('solid')
    await page.goBack()
    await inState(page, 'hostile', 'down')
  })

  test('times are in the viewer’s zone, with UTC on hover', async () => {
    const page = await shop.open('/incidents?monitor=api', { timezoneId: 'Asia/Tokyo' })
    const time = page.locator('tbody time').last()
    await time.waitFor()
    const atMs = Date.parse((await time.getAttribute('datetime')) ?? '')
    const tokyo = new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium', timeZone: 'Asia/Tokyo' }).format(atMs)
    expect(await time.textContent()).toContain(tokyo)
    expect(await time.getAttribute('title')).toBe(`${new Date(atMs).toISOString().slice(0, 19).replace('T', ' ')} UTC`)
  })

  test('what does not exist is said in words', async () => {
    const page = await shop.open('/monitors/nothing')
    await page.getByText('There is no monitor nothing.').waitFor()
    await page.getByRole('link', { name: 'Incidents', exact: false }).click()
    await page.getByRole('heading', { name: 'Incidents' }).waitFor()
  })

  test.each(['/', '/monitors/hostile', '/incidents', 'an incident'])(
    'contrast, names and roles are as WCAG AA asks for, and it fits a phone: %s',
    async (at) => {
      const page = await shop.open(at === 'an incident' ? await incidentPath() : at)
      await page.locator('#page h1').waitFor({ state: 'attached' })
      expect(await complaintsOf(page)).toEqual([])
    },
  )

  async function incidentPath(): Promise<string> {
    const response = await fetch(`${shop.watch.url}/api/incidents?monitor=api`)
    const { incidents } = (await response.json()) as { incidents: { id: string }[] }
    return `/incidents/${encodeURIComponent(incidents[0]?.id ?? '')}`
  }

  test('the theme that was chosen stays', async () => {
    const page = await shop.open('/', { colorScheme: 'light' })
    const ground = () => page.evaluate('getComputedStyle(document.body).backgroundColor')
    const light = await ground()
    await page.getByRole('button', { name: 'Dark or light' }).click()
    const dark = await ground()
    expect(dark).not.toBe(light)
    await page.reload()
    await rowOf(page, 'home').waitFor()
    expect(await ground()).toBe(dark)
  })
})
