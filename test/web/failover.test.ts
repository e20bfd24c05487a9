import { rmSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { complaintsOf, openBrowser } from '../support/browser.ts'
import { startDemoWatch } from '../support/dashboard.ts'
import { requireSystem } from '../support/system.ts'

test.skipIf(!requireSystem('chromium'))('the demo’s failover is seen as it happens', { timeout: 180_000 }, async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'vedette-failover-'))
  const [watch, browser] = await Promise.all([startDemoWatch(folder), openBrowser()])
  onTestFinished(async () => {
    await browser.close()
    await watch.stop()
    rmSync(folder, { recursive: true, force: true })
  }, 60_000)
  const page = await browser.newPage()
  page.setDefaultTimeout(90_000)
  await page.goto(`${watch.url}/failovers`)
  const votesOf = (id: string) => page.getByRole('row').filter({ has: page.getByRole('link', { name: id }) })
  await votesOf('primary').getByText('✔ up').nth(2).waitFor()
  await votesOf('primary').getByText('▶ active').waitFor()

  await watch.demo.setBroken('down', true)
  await votesOf('primary').getByText('✖ down').nth(2).waitFor()
  await votesOf('standby').getByText('▶ active').waitFor()
  await page.getByText('live: primary → standby').waitFor()
  for (const step of ['votes held', 'record changed', 'served', 'answered']) {
    expect(await page.locator('.steps li').filter({ hasText: step }).locator('.number').textContent()).toMatch(
      /\d+ (ms|s)/,
    )
  }
  await page.getByText('Reasons', { exact: true }).click()
  await page.locator('.happening').getByText('standby is chosen, as the active endpoint is down').waitFor()
  const held = page.locator('.happening .reasons li').filter({ hasText: 'have held for' })
  expect(await held.locator('time').getAttribute('title')).toMatch(/ UTC$/)
  expect(await held.textContent()).not.toMatch(/\dZ/)

  await page.goto(`${watch.url}/?q=live@primary`)
  await page.getByText(/refused the connection · from local, north, south, west$/).waitFor()
  const line = page.getByRole('list', { name: 'Failovers' }).getByRole('listitem')
  await line.getByText('→ standby').waitFor()
  await line.getByText('✔ 3 up').waitFor()
  await line.getByText('✔ not locked').waitFor()
  expect(await line.getByRole('link', { name: 'live' }).getAttribute('href')).toBe('/failovers')
  await page.goto(`${watch.url}/failovers`)

  // Cut off, a vantage has no vote; that is not a vote for anything.
  const [north] = watch.failovers?.vantages ?? []
  if (!north) throw new Error('expected the demo to have simulated vantages')
  north.isCut = true
  await watch.failovers?.controller.decide('live', 'tick')
  await votesOf('standby').getByText('– no vote').waitFor()
  await page.goto(watch.url)
  await line.getByText('▲ 2 up, 1 without a vote').waitFor()
  await page.goto(`${watch.url}/failovers`)
  await votesOf('standby').getByText('– no vote').waitFor()
  expect(await complaintsOf(page)).toEqual([])
})
