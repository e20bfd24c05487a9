import { expect, onTestFinished, test, vi } from 'vitest'
import type { ResultUpdate, StreamEvent } from '../../lib/local/web/api/events.ts'
import type { FailoverView } from '../../lib/local/web/api/failovers.ts'
import type { IncidentSummary } from '../../lib/local/web/api/incidents.ts'
import type { MonitorRow, Overview } from '../../lib/local/web/api/overview.ts'
import { serverNow } from '../../lib/local/web/client/clock.ts'
import { durationsOf, storeOf, take, withVoters } from '../../lib/local/web/client/store.ts'
import { encodeSparkline } from '../../lib/local/web/sparkline.ts'

const row = (id: string, durations: (number | null)[] = []) =>
  ({ id, state: 'up', sinceMs: 1, sparkline: encodeSparkline(durations) }) as MonitorRow
const incident = (id: string, over: Partial<IncidentSummary> = {}) => ({ id, ...over }) as IncidentSummary
const failover = (id: string, active: string) => ({ id, active }) as FailoverView

function store(monitors: MonitorRow[] = [row('api'), row('web')]) {
  const engine = { nowMs: Date.now(), version: '1' }
  return storeOf({ engine, monitors, failovers: [failover('f', 'one')], openIncidents: [] } as unknown as Overview)
}

const result = (id: string, over: Partial<ResultUpdate> = {}): ResultUpdate => ({
  ...{ id, vantage: 'local', state: 'up', sinceMs: 1 },
  last: { atMs: 5000, status: 'up', durationMs: 12, attempts: 1 },
  ...over,
})
const trouble = { code: 'CONNECT_REFUSED', words: 'connection refused', message: 'got refused' }
const down = { last: { atMs: 6000, status: 'down', durationMs: 1, attempts: 2 }, trouble, downAt: ['local'] } as const

test('a result changes its row alone: state, cause, who sees it down, and takes back what no longer is', () => {
  const known = store()
  const told = (data: ResultUpdate[]) => take(known, { name: 'results', data })
  expect(told([result('api', { ...down, downAt: ['local'], state: 'down', sinceMs: 6000, muted: true })])).toEqual([
    'api',
  ])
  const [api, web] = ['api', 'web'].map((id) => known.rows.get(id))
  expect(api).toMatchObject({ state: 'down', sinceMs: 6000, muted: true, downAt: ['local'], last: { status: 'down' } })
  expect(api?.lastFailure).toEqual({ ...trouble, atMs: 6000 })
  expect(web).toEqual(row('web'))
  // The pages read the same rows in the overview.
  expect(known.overview.monitors[0]).toBe(api)
  expect(told([result('api'), result('gone')])).toEqual(['api'])
  expect(api).toMatchObject({ state: 'up', lastFailure: { code: 'CONNECT_REFUSED' } })
  for (const name of ['muted', 'downAt']) expect(api).not.toHaveProperty(name)
})

test('a sparkline has the latest forty runs, and a gap for each that failed or had no vote', () => {
  const api = row('api', Array(40).fill(31))
  const known = store([api])
  const last = { atMs: 1, attempts: 1, durationMs: 7 }
  const statuses = ['up', 'down', 'unknown', 'degraded'] as const
  take(known, { name: 'results', data: statuses.map((status) => result('api', { last: { ...last, status } })) })
  expect(durationsOf(api)).toEqual([...Array(36).fill(31), 7, null, null, 7])
})

test('vantages that see a monitor down are those that were told last', () => {
  const known = store()
  expect(
    take(known, {
      name: 'sights',
      data: [
        { id: 'api', downAt: ['north'] },
        { id: 'gone', downAt: [] },
      ],
    }),
  ).toEqual(['api'])
  expect(known.rows.get('api')?.downAt).toEqual(['north'])
  take(known, { name: 'sights', data: [{ id: 'api', downAt: [] }] })
  expect(known.rows.get('api')).not.toHaveProperty('downAt')
})

test('incidents are open until they end, each once', () => {
  const known = store()
  const tell = (data: IncidentSummary) => take(known, { name: 'incident', data })
  const open = () => known.overview.openIncidents.map(({ id }) => id)
  for (const id of ['a', 'b', 'a']) tell(incident(id))
  expect(open()).toEqual(['a', 'b'])
  tell(incident('a', { recovery: { firstGoodMs: 1, confirmedMs: 2, to: 'up' } }))
  expect(open()).toEqual(['b'])
  tell(incident('b', { endUnknown: true }))
  expect(open()).toEqual([])
})

test('a failover is as it was told last, and ages count by the clock of the server', () => {
  vi.useFakeTimers({ toFake: ['Date'] })
  onTestFinished(() => void vi.useRealTimers())
  const known = store()
  take(known, { name: 'failover', data: { failover: failover('f', 'two') } })
  take(known, { name: 'failover', data: { failover: failover('other', 'two') } })
  expect(known.overview.failovers).toEqual([failover('f', 'two')])
  const nowMs = Date.now() + 3_600_000
  expect(serverNow()).toBe(Date.now())
  take(known, { name: 'tick', data: { nowMs, version: '2' } } as StreamEvent)
  expect([serverNow(), known.overview.engine.version]).toEqual([nowMs, '2'])
})

test('who votes is known also where the page was there first', () => {
  const endpoints = [
    { votes: { up: ['north'], down: ['west'], none: [] } },
    { votes: { up: [], down: [], none: ['north', 'south', 'west'] } },
  ] as unknown as FailoverView['endpoints']
  expect(withVoters([], { endpoints })).toEqual(['north', 'west', 'south'])
  expect(withVoters(['west', 'south', 'north'], { endpoints })).toEqual(['west', 'south', 'north'])
})
