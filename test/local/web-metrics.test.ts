import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import type { MonitorRow } from '../../lib/local/web/api/overview.ts'
import { badge } from '../../lib/local/web/badge.ts'
import { MetricFamilies } from '../../lib/local/web/prometheus.ts'
import type { TlsObserved } from '../../lib/model/result.ts'
import type { FailoverStatus } from '../../lib/run/failover-status.ts'
import { parseMetrics } from '../support/prometheus.ts'
import { failedResult, httpResult } from '../support/results.ts'
import { ask, startSite, transition, viewOf } from '../support/site.ts'

const config = {
  service: 'shop',
  monitors: [
    { id: 'api', kind: 'http', url: 'https://api.example.com/health' },
    { id: 'names', kind: 'dns', name: 'api.example.com', type: 'A' },
    { id: 'mail', kind: 'tcp', host: 'mx.example.com', port: 25 },
    { id: 'cert', kind: 'tls', host: 'api.example.com', port: 443 },
  ],
}

async function scrape(url: string) {
  const { text, headers } = await ask(`${url}/metrics`)
  expect(headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8')
  const samples = parseMetrics(text)
  return (name: string, labels: Record<string, string> = {}) =>
    samples.filter((sample) => {
      return sample.name === name && Object.entries(labels).every(([label, value]) => sample.labels[label] === value)
    })
}

describe('/metrics', () => {
  it('has the names and meanings of blackbox_exporter, with the labels of the run', async () => {
    const { url, feed } = await startSite({ config })
    const phases = { resolve: 1, connect: 2, tls: 4, processing: 8, transfer: 16 }
    const dns = { rcode: 'NOERROR', counts: { answers: 2, authorities: 0, additionals: 1 }, serial: 42, answers: [] }
    const good = httpResult('api', 1_500_000, { durationMs: 31, phases })
    const sans = ['api.example.com', '192.0.2.1', '2001:db8::1', 'ops@example.com', '*.example.com']
    Object.assign((good.observed as TlsObserved).certificate ?? {}, {
      subject: 'CN=api.example.com, O=Shop\\, Inc',
      sans,
    })
    feed({
      results: [
        good,
        httpResult('names', 1_600_000, {
          kind: 'dns',
          durationMs: 9,
          phases: { connect: 3, processing: 5 },
          observed: dns,
        }),
        failedResult('mail', 1_700_000, { kind: 'tcp' }),
        httpResult('cert', 1_750_000, {
          kind: 'tls',
          observed: { version: 'TLSv1.3', cipher: 'TLS_AES_128_GCM_SHA256' },
        }),
      ],
      transitions: [transition('mail', 'down', 1_700_000)],
    })
    const find = await scrape(url)
    const value = (name: string, labels: Record<string, string> = {}) =>
      find(name, labels).map((sample) => sample.value)
    const api = { monitor: 'api', kind: 'http', target: 'https://api.example.com/health', vantage: 'local' }
    expect(find('probe_success', { monitor: 'api' })).toEqual([{ name: 'probe_success', labels: api, value: 1 }])
    expect(value('probe_success', { monitor: 'mail' })).toEqual([0])
    expect(value('vedette_probe_degraded', { monitor: 'mail' })).toEqual([0])
    expect(value('probe_duration_seconds', api)).toEqual([0.031])
    const inPhases = find('probe_http_duration_seconds').map(({ labels, value }) => [labels.phase, value])
    expect(Object.fromEntries(inPhases)).toEqual({
      resolve: 0.001,
      connect: 0.002,
      tls: 0.004,
      processing: 0.008,
      transfer: 0.016,
    })
    expect(value('probe_dns_lookup_time_seconds', api)).toEqual([0.001])
    expect(value('probe_http_status_code')).toEqual([200])
    expect(value('probe_http_version')).toEqual([1.1])
    expect(value('probe_ip_protocol', api)).toEqual([4])
    expect(value('probe_ssl_earliest_cert_expiry')).toEqual([Date.parse('2026-12-30T00:00:00Z') / 1000])
    expect(value('probe_ssl_last_chain_expiry_timestamp_seconds', { monitor: 'api' })).toEqual([
      Date.parse('2026-12-30T00:00:00Z') / 1000,
    ])
    expect(find('probe_ssl_last_chain_info')[0]?.labels).toMatchObject({
      ...{ subject: 'CN=api.example.com,O=Shop\\, Inc', issuer: "CN=R11,O=Let's Encrypt,C=US" },
      subjectalternative: 'api.example.com,*.example.com',
      fingerprint_sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
    })
    const ofDns = find('probe_dns_duration_seconds').map(({ labels, value }) => [labels.phase, value])
    expect(Object.fromEntries(ofDns)).toEqual({ resolve: 0, connect: 0.003, request: 0.005 })
    expect(value('probe_dns_answer_rrs')).toEqual([2])
    expect(find('probe_tls_version_info').map(({ labels }) => labels.version)).toEqual(['TLS 1.3'])
    expect(value('probe_dns_serial')).toEqual([42])
    expect(value('vedette_monitor_state', { monitor: 'mail', state: 'down' })).toEqual([1])
    expect(find('vedette_probe_failure_info').map(({ labels }) => [labels.monitor, labels.code])).toEqual([
      ['mail', 'CONNECT_REFUSED'],
    ])
    expect(value('vedette_incidents_open')).toEqual([1])
    expect(find('vedette_build_info')[0]?.labels).toEqual({ version: '1.2.3', service: 'shop' })
  })

  it('has all that docs/api.md names, nothing else, and says of it what is so', async () => {
    const slo = { objective: 99 }
    const monitors = config.monitors.map((one) => (one.id === 'api' ? { ...one, slo } : one))
    const endpoints = [1, 2].map((n) => ({ id: `e${n}`, region: 'external', A: [`192.0.2.${n}`] }))
    const failover = { id: 'f', hostedZoneId: 'Z1', zone: 'example.com', record: 'api.example.com', check: 'api' }
    const { url, feed } = await startSite({
      config: { ...config, monitors, failovers: [{ ...failover, endpoints }] },
      fill: (store) => {
        const results = Array.from({ length: 10 }, (_, i) => httpResult('api', Date.now() - (i + 1) * 60_000))
        store.append({ results, transitions: [] })
      },
    })
    const { certificate } = httpResult('api', 1).observed as TlsObserved
    if (!certificate) throw new Error('expected a certificate')
    const issuer = { ...certificate, validTo: '2026-12-01T00:00:00.000Z' }
    const observed = {
      ...httpResult('api', 1).observed,
      ip: '2001:db8::1',
      redirects: 2,
      bodyBytes: 7,
      decodedBytes: 9,
    }
    const api = httpResult('api', 90_000, {
      ...{ status: 'degraded', attempts: 2, failure: { code: 'ASSERTION', stage: 'assert', message: 'slow' } },
      observed: { ...observed, certificate: { ...certificate, chain: [issuer] } },
    })
    const counts = { answers: 1, authorities: 2, additionals: 3 }
    const names = httpResult('names', 2, {
      ...{ kind: 'dns', phases: { connect: 1, tls: 2, processing: 4, transfer: 8 } },
      observed: { rcode: 'NOERROR', counts, serial: 42, answers: [] },
    })
    const cert = { kind: 'tls', observed: { version: 'TLSv1', cipher: 'X', certificate } } as const
    const lag = { count: 1, p50Ms: 1, p99Ms: 2, maxMs: 3 }
    const [up, down, none] = [['north'], ['south', 'west'], []]
    const e1 = { id: 'e1', active: true, up, down, none }
    const readiness = { atMs: 1, problems: [{ code: 'LATCHED', detail: 'It is latched.' }] } as const
    const status = { id: 'f', record: failover.record, mode: 'auto', locked: true, endpoints: [e1], readiness } as const
    feed({
      results: [api, names, httpResult('cert', 3, cert)],
      views: [{ ...viewOf(api), muted: true, skipped: 4 }],
      failovers: [status as unknown as FailoverStatus],
      vitals: {
        ...{ lag, history: { path: 'h.db', waiting: 5, dropped: 6 } },
        routes: [{ route: 'page-1', sent: 1, failed: 0, waiting: 0 }],
      },
    })
    // Budgets are reckoned a little at a time.
    await expect
      .poll(async () => (await ask(`${url}/metrics`)).text, { timeout: 30_000 })
      .toContain('vedette_error_budget_burning')
    const { text } = await ask(`${url}/metrics`)
    const samples = parseMetrics(text)
    const docs = readFileSync(new URL('../../docs/api.md', import.meta.url), 'utf8')
    const cells = docs.split('\n').flatMap((line) => /^\| (`(?:probe|vedette)_[^|]*)/.exec(line)?.[1] ?? [])
    const named = cells.flatMap((cell) => [...cell.matchAll(/`(\w+)`/g)].map(([, name]) => name))
    expect([...new Set(samples.map(({ name }) => name))].sort()).toEqual(named.sort())
    const all = (name: string, ...by: string[]) =>
      samples
        .filter((one) => one.name === name && (one.labels.monitor ?? 'api') === 'api')
        .map(({ labels, value }) => [...by.map((label) => labels[label]), value].join(' '))
    const seconds = (iso: string) => `${Date.parse(iso) / 1000}`
    expect({
      runs: ['success', 'ip_protocol', 'http_redirects', 'http_content_length'].map((name) => all(`probe_${name}`)[0]),
      body: [all('probe_http_uncompressed_body_length'), all('probe_http_ssl')].flat(),
      chain: [all('probe_ssl_earliest_cert_expiry'), all('probe_ssl_last_chain_expiry_timestamp_seconds')].flat(),
      own: ['no_vote', 'degraded', 'attempts', 'timestamp_seconds'].map((name) => all(`vedette_probe_${name}`)[0]),
      monitor: [all('vedette_monitor_muted'), all('vedette_monitor_skipped_runs_total')].flat(),
      failover: [all('vedette_failover_locked'), all('vedette_failover_ready')].flat(),
      active: all('vedette_failover_active', 'endpoint'),
      votes: all('vedette_failover_votes', 'endpoint', 'vote'),
      lag: all('vedette_lag_seconds', 'stat'),
      history: [all('vedette_history_waiting'), all('vedette_history_dropped_total'), all('vedette_history_up')].flat(),
    }).toEqual({
      ...{ runs: ['1', '6', '2', '7'], body: ['9', '1'] },
      chain: [seconds(issuer.validTo), seconds(issuer.validTo)],
      ...{ own: ['0', '1', '2', '90'], monitor: ['1', '4'], failover: ['1', '0'], active: ['e1 1', 'e2 0'] },
      votes: ['e1 up 1', 'e1 down 2', 'e1 none 0', 'e2 up 0', 'e2 down 0', 'e2 none 3'],
      ...{ lag: ['p50 0.001', 'p99 0.002', 'max 0.003'], history: ['5', '6', '1'] },
    })
    const ofDns = samples.filter(({ labels }) => labels.monitor === 'names')
    const dns = ofDns.flatMap(({ name, labels, value }) =>
      name.startsWith('probe_dns_') ? [[name, labels.phase, value]] : [],
    )
    expect(dns).toEqual([
      ['probe_dns_duration_seconds', 'resolve', 0],
      ['probe_dns_duration_seconds', 'connect', 0.003],
      ['probe_dns_duration_seconds', 'request', 0.012],
      ['probe_dns_query_succeeded', undefined, 1],
      ['probe_dns_answer_rrs', undefined, 1],
      ['probe_dns_authority_rrs', undefined, 2],
      ['probe_dns_additional_rrs', undefined, 3],
      ['probe_dns_serial', undefined, 42],
    ])
    expect(samples.find(({ name }) => name === 'probe_tls_version_info')?.labels.version).toBe('TLS 1.0')
    const startedAt = samples.find(({ name }) => name === 'vedette_start_time_seconds')?.value ?? 0
    expect(Math.abs(startedAt - Date.now() / 1000)).toBeLessThan(600)
  })

  it('tells of a chain only where it was verified', async () => {
    const [api] = config.monitors
    const monitors = [api, { ...api, id: 'expired' }, { ...api, id: 'trusting', tls: { verify: false } }]
    const { url, feed } = await startSite({ config: { ...config, monitors } })
    const failure = { code: 'TLS_EXPIRED', stage: 'tls', message: 'expired yesterday' } as const
    const { observed } = httpResult('api', 1)
    feed({
      results: [httpResult('api', 1), failedResult('expired', 2, { failure, observed }), httpResult('trusting', 3)],
    })
    const find = await scrape(url)
    const monitorsOf = (name: string) => find(name).map(({ labels }) => labels.monitor)
    expect(monitorsOf('probe_ssl_earliest_cert_expiry')).toEqual(['api', 'expired', 'trusting'])
    expect(monitorsOf('probe_ssl_last_chain_expiry_timestamp_seconds')).toEqual(['api'])
  })

  it('says nothing of success where there was no vote', async () => {
    const { url, feed } = await startSite({ config })
    const failure = { code: 'SELF', stage: 'connect', message: 'cut off' } as const
    const unanswered = failedResult('names', 1, { kind: 'dns' })
    feed({ results: [failedResult('api', 1, { status: 'unknown', failure }), unanswered] })
    const find = await scrape(url)
    expect(find('probe_dns_query_succeeded').map((sample) => sample.value)).toEqual([0])
    expect(find('probe_success', { monitor: 'api' })).toEqual([])
    expect(find('vedette_probe_no_vote', { monitor: 'api' }).map((sample) => sample.value)).toEqual([1])
    expect(find('probe_http_status_code').map((sample) => sample.value)).toEqual([0])
  })

  it('comes back from any text as it went in', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' }), { minLength: 1 }), (texts) => {
        const families = new MetricFamilies()
        for (const [i, text] of texts.entries()) families.gauge('probe_x', 'a \\ b\nc', { i: `${i}`, text }, i / 7)
        const samples = parseMetrics(families.text())
        expect(samples.map(({ labels }) => labels.text)).toEqual(texts.map((text) => text.toWellFormed()))
        expect(samples.map(({ value }) => value)).toEqual(texts.map((_, i) => i / 7))
      }),
    )
  })
})

describe('/healthz', () => {
  it('fails with words where the history is not written', async () => {
    const { url, feed } = await startSite()
    expect((await ask(`${url}/healthz`)).status).toBe(200)
    const lag = { count: 0, p50Ms: 0, p99Ms: 0, maxMs: 0 }
    feed({
      vitals: {
        lag,
        history: { path: '/secret/place', waiting: 9, dropped: 1, trouble: 'the disk of /secret/place is full' },
      },
    })
    const { status, text } = await ask(`${url}/healthz`)
    expect([status, text]).toEqual([
      503,
      '{"status":"failing","problems":["the history is not written: the log says why"]}',
    ])
    const find = await scrape(url)
    expect(find('vedette_history_up').map(({ value }) => value)).toEqual([0])
    // They are told less often than all else.
    feed({ vitals: undefined as never, results: [httpResult('api', 1000)] })
    expect((await ask(`${url}/healthz`)).status).toBe(503)
  })

  it('fails, and /livez with it, where nothing was heard of the engine for 15 seconds, whatever the clock says', async () => {
    vi.useFakeTimers({ toFake: ['performance', 'Date'] })
    onTestFinished(() => void vi.useRealTimers())
    const { url, feed } = await startSite()
    const answers = async () => {
      const both = await Promise.all(['/healthz', '/livez'].map((path) => ask(url + path)))
      return both.map(({ status, text }) => `${status} ${text}`)
    }
    const ok = '200 {"status":"ok","problems":[]}'
    feed({})
    vi.advanceTimersByTime(14_999)
    expect(await answers()).toEqual([ok, ok])
    vi.advanceTimersByTime(2)
    const silent = '503 {"status":"failing","problems":["the engine has said nothing for 15 s"]}'
    expect(await answers()).toEqual([silent, silent])
    // A clock that is set says nothing of how long it has been silent.
    vi.setSystemTime(Date.now() - 3_600_000)
    expect(await answers()).toEqual([silent, silent])
    feed({})
    vi.setSystemTime(Date.now() + 7_200_000)
    expect(await answers()).toEqual([ok, ok])
  })
})

describe('a route that cannot be told', () => {
  const lag = { count: 0, p50Ms: 0, p99Ms: 0, maxMs: 0 }
  const history = { path: 'h.db', waiting: 0, dropped: 0 }

  it('fails /healthz without a word of what is watched, and not /livez: a restart mends it not', async () => {
    const { url, feed } = await startSite()
    const failing = { sinceMs: 1000, reason: 'HOOK_SECRET is not set' }
    const routes = [
      { route: 'page-1', sent: 2, failed: 3, waiting: 1, failing },
      { route: 'ticket-1', sent: 4, failed: 0, waiting: 0 },
    ]
    feed({ vitals: { lag, history, routes } })
    const { status, text } = await ask(`${url}/healthz`)
    expect([status, text]).toEqual([
      503,
      JSON.stringify({
        status: 'failing',
        problems: ['1 of 2 routes cannot be told: "vedette status" says which, since when and why'],
      }),
    ])
    expect((await ask(`${url}/livez`)).text).toBe('{"status":"ok","problems":[]}')
    const find = await scrape(url)
    const valuesOf = (name: string) => find(name).map(({ labels, value }) => [labels.route, value])
    expect(valuesOf('vedette_notify_up')).toEqual([
      ['page-1', 0],
      ['ticket-1', 1],
    ])
    expect(valuesOf('vedette_notify_sent_total')).toEqual([
      ['page-1', 2],
      ['ticket-1', 4],
    ])
    expect(valuesOf('vedette_notify_failed_total')[0]).toEqual(['page-1', 3])
    expect(valuesOf('vedette_notify_waiting')[0]).toEqual(['page-1', 1])
  })
})

describe('a badge', () => {
  const row = (over: Partial<MonitorRow> = {}) => {
    const [uptime, seenMs] = [1, 30 * 3_600_000].map((value) => ({ h24: value, d7: value, d30: value }))
    return { id: 'api', state: 'up', uptime, seenMs, ...over } as MonitorRow
  }
  const drawn = (over: Partial<MonitorRow>, show: string) => {
    const svg = badge(row(over), show).body.toString()
    const [, colour] = [...svg.matchAll(/fill="(#[0-9a-f]{6})"/g)].map((match) => match[1])
    return [/<title>(.*)<\/title>/.exec(svg)?.[1], colour]
  }
  const [green, amber, red, grey] = ['#187a3c', '#8f5a00', '#b3261e', '#5c6470']

  it('is as green as what it shows is good', () => {
    const ofMonth = (d30: number | null) => ({ uptime: { h24: 1, d7: 1, d30 } })
    expect(drawn(ofMonth(1), 'uptime')).toEqual(['api: 100 % in 30 d', green])
    expect(drawn(ofMonth(0.999), 'uptime')).toEqual(['api: 99.90 % in 30 d', green])
    expect(drawn(ofMonth(0.9989), 'uptime')).toEqual(['api: 99.89 % in 30 d', amber])
    expect(drawn(ofMonth(0.99), 'uptime')).toEqual(['api: 99.00 % in 30 d', amber])
    expect(drawn(ofMonth(0.98), 'uptime')).toEqual(['api: 98.00 % in 30 d', red])
    expect(drawn(ofMonth(null), 'uptime')).toEqual(['api: no votes', grey])
    expect(drawn({ seenMs: { h24: 0, d7: 0, d30: 30 * 3_600_000 - 1 } }, 'uptime')).toEqual(['api: too new', grey])
    const last = { atMs: 1, durationMs: 41.5, attempts: 1 }
    expect(drawn({ last: { ...last, status: 'degraded' } }, 'latency')).toEqual(['api: 42 ms', amber])
    // How soon it failed is no latency.
    for (const status of ['down', 'unknown'] as const)
      expect(drawn({ last: { ...last, status } }, 'latency')).toEqual(['api: no run', grey])
    expect(drawn({ state: 'degraded' }, 'state')).toEqual(['api: degraded', amber])
  })

  it('has no markup of a name, and no more of it than fits', () => {
    const svg = badge(row({ id: `<b a="1" c='2'>&\n${'x'.repeat(60)}` }), 'state').body.toString()
    expect(svg).toContain('<title>&lt;b a=&quot;1&quot; c=&#39;2&#39;&gt;&amp; ')
    expect(svg).toContain('x…: up</title>')
    expect(svg.match(/<(?!\/?(svg|title|rect|g|text)\b)/)).toBe(null)
  })

  it('shows state, uptime or latency, and says what else it was asked for', async () => {
    const now = Date.now()
    const { url, feed } = await startSite({
      fill: (store) => {
        const good = Array.from({ length: 2999 }, (_, i) => httpResult('api', now - (i + 2) * 60_000))
        store.append({ results: [...good, failedResult('api', now - 1000)], transitions: [] })
      },
    })
    const shown = async (query: string) =>
      /<title>(.*)<\/title>/.exec((await ask(`${url}/badges/api.svg${query}`)).text)?.[1]
    expect(await shown('')).toBe('api: pending')
    expect(await shown('?show=latency')).toBe('api: no run')
    feed({ results: [httpResult('api', now, { durationMs: 41.6 })] })
    expect(await shown('')).toBe('api: up')
    expect(await shown('?show=uptime')).toBe('api: 99.96 % in 30 d')
    expect(await shown('?show=latency')).toBe('api: 42 ms')
    feed({ transitions: [transition('api', 'down', now)] })
    expect(await shown('')).toBe('api: down')
    const { status, text } = await ask(`${url}/badges/api.svg?show=colour`)
    expect([status, text]).toEqual([400, 'expected show to be state, uptime or latency, got "colour"\n'])
    const { headers } = await ask(`${url}/badges/api.svg`)
    expect([headers['content-type'], headers['cross-origin-resource-policy']]).toEqual([
      'image/svg+xml; charset=utf-8',
      'cross-origin',
    ])
  })
})
