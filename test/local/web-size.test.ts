import { deflateRawSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import type { HistoryStore } from '../../lib/local/history-store.ts'
import type { Overview } from '../../lib/local/web/api/overview.ts'
import { failedResult, httpResult } from '../support/results.ts'
import { ask, startSite, transition } from '../support/site.ts'

const ids = Array.from({ length: 1000 }, (_, i) => `monitor-${String(i).padStart(4, '0')}`)
const config = {
  service: 'shop',
  monitors: ids.map((id, i) => {
    return { id, kind: 'http', url: `https://${id}.example.com/health/${i * 7919}`, tags: [`team-${i % 9}`, 'web'] }
  }),
}
const hourMs = 3_600_000
const [hoursBack, daysBack, recent] = [24, 30, 40]

/** What a month leaves behind for the overview: the hours of a day, the days of a month, the last results of each. */
function fillMonth({ db }: HistoryStore): void {
  const hour = Math.floor(Date.now() / hourMs)
  const detail = deflateRawSync(JSON.stringify({ kind: 'http', attempts: 1, phases: {}, observed: {} }))
  const series = db.prepare('INSERT INTO series (id, monitor, vantage) VALUES (?, ?, ?)')
  const rollup = db.prepare('INSERT INTO rollup VALUES (?, ?, ?, ?, ?, ?, 0, 100, 1, 9, NULL, NULL, NULL, 0)')
  const result = db.prepare('INSERT INTO result VALUES (?, ?, 0, ?, 1, ?)')
  db.exec('BEGIN')
  for (const [i, id] of ids.entries()) {
    series.run(i + 1, id, 'local')
    // One span in eleven had failures, of different number; one in fifty was degraded for a while.
    const bad = (n: number) => ((i * 31 + n * 17) % 11 === 0 ? (i + n) % 37 : 0)
    const slow = (n: number) => ((i + n) % 50 === 0 ? 3 : 0)
    for (let n = 0; n < hoursBack; n++) rollup.run(0, hour - n, i + 1, 60, slow(n), bad(n))
    for (let n = 0; n < daysBack; n++) rollup.run(1, Math.floor(hour / 24) - n, i + 1, 1440, slow(n), bad(n))
    for (let n = 0; n < recent; n++) {
      const noise = ((i * 7919 + n * 104_729) % 10_007) / 10_007
      result.run(i + 1, Date.now() - (n + 1) * 60_000, Math.round(4000 + 9000 * noise ** 3), detail)
    }
  }
  db.exec('COMMIT')
}

describe('the overview of 1,000 monitors with 30 days behind them', () => {
  it('is small enough to be loaded at once, whole', async () => {
    const { url, feed } = await startSite({ config, fill: fillMonth })
    const atMs = Date.now()
    const results = ids.map((id, i) => {
      return i % 20 === 0 ? failedResult(id, atMs + i) : httpResult(id, atMs + i, { index: i * 31 })
    })
    const transitions = ids.flatMap((id, i) => (i % 20 === 0 ? [transition(id, 'down', atMs)] : []))
    feed({ results, transitions })
    const headers = { 'accept-encoding': 'br' }
    const packed = await ask(`${url}/api/overview`, { headers })
    expect(packed.bytes).toBeLessThan(100_000)
    const { monitors, openIncidents } = JSON.parse((await ask(`${url}/api/overview`)).text) as Overview
    expect([monitors.length, openIncidents.length]).toEqual([1000, 50])
    expect(monitors.filter(({ sparkline }) => sparkline.points.length === recent)).toHaveLength(1000)
    expect(monitors.filter(({ uptime }) => uptime.d30 !== null && uptime.d30 < 1).length).toBeGreaterThan(900)
  })
})
