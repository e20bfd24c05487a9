import { describe, expect, it } from 'vitest'
import type { HistoryStore } from '../../lib/local/history-store.ts'
import type { MonitorPage } from '../../lib/local/web/api/monitor.ts'
import type { Overview } from '../../lib/local/web/api/overview.ts'
import { decodeSparkline } from '../../lib/local/web/sparkline.ts'
import { dayMs, minuteMs } from '../support/history.ts'
import { failedResult, httpResult } from '../support/results.ts'
import { ask, get, oneMonitor, startSite, transition } from '../support/site.ts'

const nowMs = () => Date.now()
const hourMs = 3_600_000

/** One result a minute for so many minutes before now; the last `failing` of them failed. */
function fillMinutes(store: HistoryStore, minutes: number, failing = 0): number {
  const firstMs = nowMs() - minutes * minuteMs
  const results = Array.from({ length: minutes }, (_, i) => {
    const atMs = firstMs + i * minuteMs
    return i >= minutes - failing ? failedResult('api', atMs) : httpResult('api', atMs, { index: i })
  })
  store.append({ results, transitions: [] })
  return firstMs
}

describe('the overview', () => {
  it('has for each monitor its state, its last failure in words, uptime in bars and a sparkline from before the start', async () => {
    const { url, feed } = await startSite({ fill: (store) => void fillMinutes(store, 90, 9) })
    const atMs = nowMs()
    feed({ results: [failedResult('api', atMs)], transitions: [transition('api', 'down', atMs)] })
    const { monitors, hours, days, openIncidents, engine } = await get<Overview>(`${url}/api/overview`)
    const [row] = monitors
    expect(row).toMatchObject({
      ...{ id: 'api', kind: 'http', target: 'https://api.example.com/health', state: 'down', sinceMs: atMs },
      ...{ downAt: ['local'], last: { atMs, status: 'down' } },
      lastFailure: { atMs, code: 'CONNECT_REFUSED', words: 'connection refused' },
      uptime: { h24: 81 / 90, d7: 81 / 90, d30: 81 / 90 },
    })
    expect([row?.hours.down.length, row?.days.down.length, hours.count, days.count]).toEqual([24, 30, 24, 30])
    const votes = row?.hours.down.filter((share) => share !== null) ?? []
    expect(votes.length).toBeGreaterThanOrEqual(2)
    expect(Math.max(...votes)).toBeGreaterThanOrEqual(1000)
    expect(row?.hours.down.slice(0, 20)).toEqual(Array(20).fill(null))
    expect(hours.startMs % hourMs).toBe(0)
    expect(days.startMs % dayMs).toBe(0)
    const durations = decodeSparkline(row?.sparkline ?? { maxMs: 0, points: '' })
    expect(durations).toHaveLength(40)
    expect(durations.slice(-10)).toEqual(Array(10).fill(null))
    expect(durations.slice(0, 30).every((ms) => ms !== null && ms > 0)).toBe(true)
    expect(openIncidents.map(({ monitor }) => monitor)).toEqual(['api'])
    expect(engine).toMatchObject({ service: 'shop', version: '1.2.3', lag: { p50Ms: 0.5 } })
  })

  it('adds what is written later to the bars under way', async () => {
    const { url, store } = await startSite()
    const ratio = async () => (await get<Overview>(`${url}/api/overview?ids=api`)).monitors[0]?.uptime.h24
    expect(await ratio()).toBe(null)
    fillMinutes(store, 1)
    await expect.poll(ratio, { timeout: 20_000 }).toBe(1)
  })

  it('says what the last failure was before the start, and of degraded runs how many', async () => {
    const before = nowMs() - hourMs
    const fill = (store: HistoryStore) => {
      // Two that no midnight comes between.
      const atMs = Math.floor(nowMs() / 2) * 2 - 2
      const results = [httpResult('api', atMs, { status: 'degraded' }), httpResult('api', atMs + 1)]
      store.append({ results, transitions: [transition('api', 'down', before), transition('api', 'up', before + 1)] })
    }
    const { url } = await startSite({ fill })
    const { monitors, engine } = await get<Overview>(`${url}/api/overview`)
    const [row] = monitors
    expect([row?.state, row?.sinceMs]).toEqual(['pending', engine.startedAtMs])
    expect(row?.lastFailure).toMatchObject({ atMs: before, words: 'connection refused' })
    const day = row?.days.down.findLastIndex((share) => share !== null) ?? -1
    expect(row?.days.degraded?.[day]).toBe(5000)
    expect(row?.days.down[day]).toBe(0)
  })
})

describe('the page of a monitor', () => {
  const secretive = {
    service: 'shop',
    monitors: [
      {
        ...{ id: 'api', kind: 'http', url: 'https://api.example.com/?token=t0psecret&page=2' },
        headers: { 'x-api-key': 'k3y-of-ours', accept: 'text/plain', cookie: { env: 'COOKIE' } },
        auth: { basic: { username: 'robot', password: 'pa55word' } },
        proxy: 'http://robot:pr0xypass@proxy.example.com:3128',
        ...{ method: 'POST', body: 'client_secret=b0dy-of-ours' },
      },
      {
        ...{ id: 'mail', kind: 'tcp', host: 'mx.example.com', port: 25 },
        dialog: [{ expect: '^220' }, { send: 'AUTH PLAIN c2VjcmV0\r\n' }, { send: 'QUIT\r\n' }],
      },
      {
        ...{ id: 'bearer', kind: 'http', url: 'https://api.example.com/' },
        ...{ auth: { bearer: 'b3arer-of-ours' }, proxy: { env: 'PROXY' } },
      },
    ],
  }

  it('shows the config as it runs, with every default, and no secret anywhere', async () => {
    const { url } = await startSite({ config: secretive })
    const { config } = await get<MonitorPage>(`${url}/api/monitors/api`)
    expect(config).toMatchObject({
      ...{
        everyMs: 60_000,
        retries: 2,
        thresholds: { down: 3, up: 10 },
        proxy: 'http://secret:secret@proxy.example.com:3128/',
      },
      headers: { 'x-api-key': '[secret]', accept: 'text/plain', cookie: { env: 'COOKIE' } },
      auth: { basic: { username: 'robot', password: '[secret]' } },
    })
    const { config: mail } = await get<MonitorPage>(`${url}/api/monitors/mail`)
    expect(mail.dialog).toEqual([{ expect: '^220' }, { send: '[secret]' }, { send: '[secret]' }])
    expect(config.body).toBe('[secret]')
    const { config: bearer } = await get<MonitorPage>(`${url}/api/monitors/bearer`)
    expect(bearer).toMatchObject({ auth: { bearer: '[secret]' }, proxy: { env: 'PROXY' } })
    for (const path of ['/api/overview', ...['api', 'mail', 'bearer'].map((id) => `/api/monitors/${id}`), '/metrics']) {
      const { text } = await ask(url + path)
      expect(text).not.toMatch(/t0psecret|k3y-of-ours|pa55word|pr0xypass|c2VjcmV0|b0dy-of-ours|b3arer-of-ours/)
    }
  })

  it('has the last 50 results in full, those that the history does not have yet first, and the certificate', async () => {
    const { url, feed } = await startSite({ fill: (store) => void fillMinutes(store, 70) })
    const atMs = nowMs()
    feed({ results: [httpResult('api', atMs, { durationMs: 12.5 })] })
    const { results, certificate, incidents, badge } = await get<MonitorPage>(`${url}/api/monitors/api`)
    expect(results).toHaveLength(50)
    expect(results[0]).toMatchObject({ startedAt: new Date(atMs).toISOString(), durationMs: 12.5 })
    expect(results[1]).toMatchObject({ observed: { statusCode: 200, headers: { server: 'nginx' } } })
    expect(certificate).toMatchObject({ subject: 'CN=api.example.com', daysRemaining: 38.55, seenAtMs: atMs })
    expect([incidents, badge]).toEqual([[], '/badges/api.svg'])
  })
})

describe('what a monitored site says', () => {
  const attack = `"><img src=x onerror=alert(1)></td><script>alert(1)</script>\n\n| \`\` [x](javascript:alert(1))`

  it('runs nowhere: not in JSON, events, Markdown, metrics or badges', async () => {
    const { url, feed } = await startSite({
      config: {
        ...oneMonitor,
        monitors: [{ ...oneMonitor.monitors[0], url: 'https://example.com/?q=<script>alert(1)</script>' }],
      },
    })
    const atMs = nowMs()
    const failure = { code: 'ASSERTION', stage: 'assert', message: attack } as const
    const observed = { statusCode: 200, headers: { 'x-attack': attack, [attack]: 'x' } }
    const cause = { code: 'ASSERTION', message: attack }
    feed({
      results: [failedResult('api', atMs, { failure, observed })],
      transitions: [transition('api', 'down', atMs, { cause })],
    })
    const paths = [
      '/api/overview',
      '/api/monitors/api',
      '/api/monitors/api/series',
      '/api/incidents',
      `/api/incidents/api~${atMs}`,
    ]
    for (const path of paths) {
      const { text, headers } = await ask(url + path)
      expect({ path, type: headers['content-type'] }).toEqual({ path, type: 'application/json; charset=utf-8' })
      expect(text).not.toContain('<')
      expect(() => JSON.parse(text)).not.toThrow()
    }
    expect((await ask(`${url}/api/monitors/api`)).text).toContain('\\u003cscript>alert(1)')
    const markdown = (await ask(`${url}/api/incidents/api~${atMs}/markdown`)).text
    const outsideOfCode = markdown.replace(/`[^`]*`/g, '')
    expect(outsideOfCode).not.toMatch(/[<>]|javascript/)
    expect(markdown).toContain('<script>')
    expect((await ask(`${url}/badges/api.svg`)).text).not.toContain('script>')
    expect((await ask(`${url}/metrics`)).text).toContain('target="https://example.com/?q=<script>alert(1)</script>"')
    expect((await ask(`${url}/api/<script>`)).text).not.toContain('<')
  })
})
