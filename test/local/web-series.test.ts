import path from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { HistoryAccess } from '../../lib/local/history-access.ts'
import { openForWriting } from '../../lib/local/history-schema.ts'
import type { HistoryStore } from '../../lib/local/history-store.ts'
import type { MonitorSeries } from '../../lib/local/web/api/series.ts'
import { createApi } from '../../lib/local/web/api-answers.ts'
import { Board } from '../../lib/local/web/board.ts'
import { EventRing } from '../../lib/local/web/event-ring.ts'
import { watchedMonitor } from '../../lib/local/web/watched.ts'
import { parseConfig } from '../../lib/model/parse-config.ts'
import type { DnsObserved, TlsObserved } from '../../lib/model/result.ts'
import { dayMs, minuteMs, temporaryFolder } from '../support/history.ts'
import { failedResult, httpResult } from '../support/results.ts'
import { get, oneMonitor, startSite } from '../support/site.ts'

const nowMs = () => Date.now()
const hourMs = 3_600_000

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

  it('takes degraded runs for good ones that are told of, and each vantage for itself', async () => {
    const fromMs = Math.floor((nowMs() - 3 * hourMs) / hourMs) * hourMs
    const at = (minute: number) => fromMs + minute * minuteMs
    const slow = { code: 'ASSERTION', stage: 'assert', message: 'too slow' } as const
    const self = { code: 'SELF', stage: 'connect', message: 'cut off' } as const
    const ip = (last: number) => ({ observed: { ip: `192.0.2.${last}` }, phases: {}, durationMs: 10 })
    const observed = { certificate: { fingerprint256: 'AA', validTo: '2030-01-01T00:00:00.000Z' } } as TlsObserved
    const results = [
      httpResult('api', at(0), ip(1)),
      httpResult('api', at(0.5), { ...ip(2), vantage: 'north' }),
      httpResult('api', at(1), { ...ip(1), status: 'degraded', durationMs: 30, failure: slow }),
      failedResult('api', at(2), { durationMs: 5000 }),
      failedResult('api', at(3), { status: 'unknown', failure: self }),
      httpResult('api', at(4), { ...ip(1), observed }),
    ]
    const { url } = await startSite({ fill: (store) => void store.append({ results, transitions: [] }) })
    const ask = (from: number, to: number) => get<MonitorSeries>(`${url}/api/monitors/api/series?from=${from}&to=${to}`)
    const { buckets, points, failures, failureCounts, changes } = await ask(fromMs, fromMs + 2 * hourMs)
    expect(buckets).toMatchObject([
      { up: 3, degraded: 1, down: 1, unknown: 1, durationMs: { min: 10, max: 30, mean: 15 } },
    ])
    expect(points.status).toBe('uudx-u')
    expect(failures.map(({ atMs, status, code, words }) => [atMs, status, code, words])).toEqual([
      [at(1), 'degraded', 'ASSERTION', 'an expectation was not met'],
      [at(2), 'down', 'CONNECT_REFUSED', 'connection refused'],
      [at(3), 'unknown', 'SELF', expect.any(String)],
    ])
    expect(failureCounts).toEqual({ ASSERTION: 1, CONNECT_REFUSED: 1, SELF: 1 })
    expect(changes.map(({ vantage, name, value }) => [vantage, name, value])).toEqual([
      ['local', 'ip', '192.0.2.1'],
      ['north', 'ip', '192.0.2.2'],
      ['local', 'certificate', 'AA'],
    ])
    // A range begins and ends where it says, within an hour too.
    const part = await ask(at(1), at(4))
    expect(part.points.atMs).toEqual([at(1), at(2), at(3)])
  })

  it('takes DNS answers in another order for the same, and others for a change', async () => {
    const fromMs = nowMs() - hourMs
    const sets = [['192.0.2.1', '192.0.2.2'], ['192.0.2.2', '192.0.2.1'], ['192.0.2.2']]
    const results = sets.map((answers, i) => httpResult('api', fromMs + i, { observed: { answers } as DnsObserved }))
    const { url } = await startSite({ fill: (store) => void store.append({ results, transitions: [] }) })
    const { changes } = await get<MonitorSeries>(`${url}/api/monitors/api/series`)
    expect(changes.map(({ atMs, before, value }) => [atMs - fromMs, before, value])).toEqual([
      [0, undefined, ['192.0.2.1', '192.0.2.2']],
      [2, ['192.0.2.1', '192.0.2.2'], ['192.0.2.2']],
    ])
  })

  it('goes with the id of an event before which all of it was seen', async () => {
    const file = path.join(temporaryFolder(), 'history.db')
    openForWriting(file).close()
    const { monitors } = parseConfig(oneMonitor)
    const setup = { service: 'shop', version: '1', startedAtMs: 1, feedFromMs: 1, historyPath: file, failovers: [] }
    const board = new Board({ ...setup, monitors: monitors.map(watchedMonitor) })
    const ring = new EventRing()
    const access = new HistoryAccess(file, () => {})
    onTestFinished(() => access.close())
    const { series } = createApi({ board, ring, history: access })
    const asked = series('api', new URLSearchParams())
    const before = ring.lastId
    // What comes while it is read may not be in it: whoever goes on from there must hear of it.
    ring.add('sights', [])
    expect(JSON.parse((await asked).body.toString()).eventId).toBe(before)
  })

  it('has the newest five hundred failures in words, and counts all', async () => {
    const fromMs = nowMs() - 2 * hourMs
    const results = Array.from({ length: 1100 }, (_, i) => failedResult('api', fromMs + i * 1000))
    const { url } = await startSite({ fill: (store) => void store.append({ results, transitions: [] }) })
    const { failures, failureCounts } = await get<MonitorSeries>(`${url}/api/monitors/api/series`)
    expect(failures.map(({ atMs }) => (atMs - fromMs) / 1000)).toEqual(Array.from({ length: 500 }, (_, i) => i + 600))
    expect(failureCounts).toEqual({ CONNECT_REFUSED: 1100 })
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

  it('is of the last day unless other times are asked for', async () => {
    const atMs = [25, 23].map((hours) => nowMs() - hours * hourMs)
    const results = atMs.map((ms) => httpResult('api', ms))
    const { url } = await startSite({ fill: (store) => void store.append({ results, transitions: [] }) })
    const points = async (query = '') =>
      (await get<MonitorSeries>(`${url}/api/monitors/api/series${query}`)).points.atMs
    expect(await points()).toEqual(atMs.slice(1))
    expect(await points(`?from=${atMs[0]}`)).toEqual(atMs)
    expect(await points(`?from=${atMs[0]}&to=${atMs[1]}`)).toEqual(atMs.slice(0, 1))
    expect(await points(`?to=${atMs[1]}`)).toEqual(atMs.slice(0, 1))
  })

  it('tells the newest changes where there are very many', async () => {
    const fromMs = nowMs() - 2 * hourMs
    const results = Array.from({ length: 2600 }, (_, i) =>
      httpResult('api', fromMs + i * 1000, { observed: { ip: `192.0.2.${i % 2}` } }),
    )
    const { url } = await startSite({ fill: (store) => void store.append({ results, transitions: [] }) })
    const { changes } = await get<MonitorSeries>(`${url}/api/monitors/api/series`)
    expect(changes).toHaveLength(500)
    expect(changes.at(-1)).toMatchObject({ atMs: fromMs + 2599 * 1000, before: '192.0.2.0', value: '192.0.2.1' })
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
    // As many of them as there are, however long the range: most of a month may be unseen.
    const month = await get<MonitorSeries>(`${url}/api/monitors/api/series?from=${fromMs - 22 * dayMs}`)
    expect(month.points).toEqual(points)
    expect([...points.status].filter((mark) => mark === 'x')).toHaveLength(12)
    expect(failures).toHaveLength(12)
    expect(buckets.reduce((sum, { up, down }) => sum + up + down, 0)).toBe(8 * 1440)
    expect(buckets.length).toBeLessThanOrEqual(401)
  })
})
