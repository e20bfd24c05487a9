import { describe, expect, it } from 'vitest'
import type { HistoryStore } from '../../lib/local/history-store.ts'
import type { IncidentList, IncidentPage } from '../../lib/local/web/api/incidents.ts'
import type { MonitorPage } from '../../lib/local/web/api/monitor.ts'
import type { Overview } from '../../lib/local/web/api/overview.ts'
import type { MonitorSeries } from '../../lib/local/web/api/series.ts'
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
    const [row] = (await get<Overview>(`${url}/api/overview`)).monitors
    expect(row?.state).toBe('pending')
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
    for (const path of ['/api/overview', '/api/monitors/api', '/api/monitors/mail', '/metrics']) {
      const { text } = await ask(url + path)
      expect(text).not.toMatch(/t0psecret|k3y-of-ours|pa55word|pr0xypass|c2VjcmV0|b0dy-of-ours/)
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

describe('the series of a monitor', () => {
  it('has percentiles and phases by bucket, every result, failures and what changed', async () => {
    const fromMs = Math.floor((nowMs() - 3 * hourMs) / hourMs) * hourMs
    const ofMinute = (i: number) => {
      const atMs = fromMs + i * minuteMs
      if (i === 65) return failedResult('api', atMs)
      const result = httpResult('api', atMs, { durationMs: i + 1, phases: { connect: 1, processing: i } })
      return i < 100 ? result : { ...result, observed: { ...result.observed, ip: '198.51.100.7' } }
    }
    const fill = (store: HistoryStore) =>
      void store.append({ results: Array.from({ length: 120 }, (_, i) => ofMinute(i)), transitions: [] })
    const { url } = await startSite({ fill })
    const series = await get<MonitorSeries>(`${url}/api/monitors/api/series?from=${fromMs}&to=${fromMs + 2 * hourMs}`)
    const { bucketMs, buckets, points, failures, failureCounts, changes } = series
    expect(bucketMs).toBe(5 * minuteMs)
    expect(buckets).toHaveLength(24)
    expect(buckets[0]).toEqual({
      ...{ startMs: fromMs, up: 5, degraded: 0, down: 0, unknown: 0 },
      durationMs: { p50: 3, p95: 5, p99: 5, mean: 3, min: 1, max: 5 },
      phases: { connect: 1, processing: 2 },
    })
    expect(buckets[13]).toMatchObject({ up: 4, down: 1, durationMs: { min: 67 } })
    expect([points.atMs.length, points.durationMs.length, points.status.length]).toEqual([120, 120, 120])
    expect([points.status[64], points.status[65], points.everyNth]).toEqual(['u', 'x', 1])
    expect(failures).toMatchObject([{ atMs: fromMs + 65 * minuteMs, code: 'CONNECT_REFUSED', vantage: 'local' }])
    expect(failureCounts).toEqual({ CONNECT_REFUSED: 1 })
    const ofIp = changes.filter(({ name }) => name === 'ip')
    expect(ofIp).toEqual([
      { atMs: fromMs, vantage: 'local', name: 'ip', value: '192.0.2.10' },
      { atMs: fromMs + 100 * minuteMs, vantage: 'local', name: 'ip', before: '192.0.2.10', value: '198.51.100.7' },
    ])
  })

  it('ends with the newest result, whether the history has it or not, once', async () => {
    const { url, feed, store } = await startSite()
    const result = httpResult('api', nowMs())
    feed({ results: [result] })
    const points = async () => (await get<MonitorSeries>(`${url}/api/monitors/api/series`)).points.atMs
    expect(await points()).toEqual([Date.parse(result.startedAt)])
    store.append({ results: [result], transitions: [] })
    expect(await points()).toEqual([Date.parse(result.startedAt)])
  })

  it('thins single results where there are many, but keeps every failure', async () => {
    const fromMs = nowMs() - 8 * dayMs
    const fill = (store: HistoryStore) => {
      const results = Array.from({ length: 8 * 1440 }, (_, i) => {
        const atMs = fromMs + i * minuteMs
        return i % 1000 === 7 ? failedResult('api', atMs) : httpResult('api', atMs, { phases: {}, observed: {} })
      })
      store.append({ results, transitions: [] })
    }
    const { url } = await startSite({ fill })
    const { points, buckets, failures } = await get<MonitorSeries>(`${url}/api/monitors/api/series?from=${fromMs}`)
    expect(points.everyNth).toBe(4)
    expect(points.atMs.length).toBeLessThan(3020)
    expect([...points.status].filter((mark) => mark === 'x')).toHaveLength(12)
    expect(failures).toHaveLength(12)
    expect(buckets.reduce((sum, { up, down }) => sum + up + down, 0)).toBe(8 * 1440)
    expect(buckets.length).toBeLessThanOrEqual(401)
  })
})

describe('incidents', () => {
  it('are found again after a restart, with who saw what, and as Markdown', async () => {
    const startMs = nowMs() - hourMs
    const fill = (store: HistoryStore) => {
      const results = Array.from({ length: 40 }, (_, i) => {
        const atMs = startMs + i * minuteMs
        // One failure a little before is not part of it.
        return i === 8 || (i >= 10 && i < 15) ? failedResult('api', atMs) : httpResult('api', atMs)
      })
      const [first, back] = [startMs + 10 * minuteMs, startMs + 15 * minuteMs]
      const transitions = [
        transition('api', 'down', first + 2 * minuteMs, { firstAtMs: first }),
        transition('api', 'up', back + 9 * minuteMs, { firstAtMs: back }),
      ]
      store.append({ results, transitions })
    }
    const { url } = await startSite({ fill })
    const { incidents, more } = await get<IncidentList>(`${url}/api/incidents`)
    expect(more).toBe(false)
    const [summary] = incidents
    const first = startMs + 10 * minuteMs
    expect(summary).toEqual({
      ...{ id: `api~${first + 2 * minuteMs}`, monitor: 'api', severity: 'page', muted: false, firstFailureMs: first },
      confirmedMs: first + 2 * minuteMs,
      recovery: { firstGoodMs: first + 5 * minuteMs, confirmedMs: first + 14 * minuteMs, to: 'up' },
      cause: { code: 'CONNECT_REFUSED', words: 'connection refused', message: 'refused' },
    })
    const page = await get<IncidentPage>(`${url}/api/incidents/${encodeURIComponent(summary?.id ?? '')}`)
    expect(page.timeline.map(({ kind, afterMs }) => [kind, afterMs / minuteMs])).toEqual([
      ['last good', -1],
      ['first failure', 0],
      ['confirmed', 2],
      ['first good', 5],
      ['recovered', 14],
    ])
    expect(page.seenBy).toEqual([
      { vantage: 'local', firstFailureMs: first, lastFailureMs: first + 4 * minuteMs, failures: 5, good: 10 },
    ])
    const { text, headers } = await ask(`${url}/api/incidents/${encodeURIComponent(summary?.id ?? '')}/markdown`)
    expect(headers['content-type']).toBe('text/markdown; charset=utf-8')
    expect(headers['content-disposition']).toMatch(/^attachment; filename="incident-api-\d+\.md"$/)
    expect(text).toContain('# Incident: `api` down, ')
    expect(text).toContain('| Down for | 5 min 00 s |')
    expect(text).toContain('| −1 min 00 s | last good, `local` | Good from local. |')
    expect(text).toContain(
      '| +0 s | first failure, `local` | `connection refused (CONNECT_REFUSED): expected a connection',
    )
    expect(text).toContain('| `local` | 5 | 10 | ')
    expect(text).toContain('Failures by code: 5 × CONNECT_REFUSED.')
  })

  it('are listed newest first, by monitor and page by page; one that nobody can end says so', async () => {
    const at = (hours: number) => nowMs() - hours * hourMs
    const transitions = [
      transition('gone', 'down', at(9)),
      ...[8, 6, 4].flatMap((hours) => [transition('api', 'down', at(hours)), transition('api', 'up', at(hours - 1))]),
      transition('api', 'down', at(2)),
      // After a restart: found down once more.
      transition('api', 'down', at(1), { from: 'pending' }),
    ]
    const { url } = await startSite({ fill: (store) => void store.append({ results: [], transitions }) })
    const list = (query: string) => get<IncidentList>(`${url}/api/incidents${query}`)
    const { incidents } = await list('')
    expect(incidents.map(({ monitor }) => monitor)).toEqual(['api', 'api', 'api', 'api', 'gone'])
    expect(incidents.map(({ recovery }) => recovery !== undefined)).toEqual([false, true, true, true, false])
    expect(incidents.at(-1)?.endUnknown).toBe(true)
    const page = await list('?monitor=api&limit=2')
    expect([page.incidents.length, page.more]).toEqual([2, true])
    const rest = await list(`?monitor=api&from=0&to=${page.incidents.at(-1)?.confirmedMs}`)
    expect([rest.incidents.length, rest.more]).toEqual([2, false])
    const { openIncidents } = await get<Overview>(`${url}/api/overview`)
    expect(openIncidents.map(({ monitor }) => monitor)).toEqual(['api'])
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
