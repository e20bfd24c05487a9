import { describe, expect, test } from 'vitest'
import { needsPerson, type Row, type Screen, screenOf, screenText } from '../../lib/cli/status-view.ts'
import type { MonitorStatus } from '../../lib/local/overview.ts'
import type { FailoverStatus } from '../../lib/run/failover-status.ts'

describe('the screen of vedette status', () => {
  const screen = (row: Partial<Row>, more: Partial<Screen> = {}): Screen => ({
    ...{ service: 'shop', atMs: 0, well: 0, failovers: [] },
    rows: [{ what: 'down', who: 'api', age: '', why: '', ...row }],
    ...more,
  })

  test.each([
    ['down', {}, true],
    ['silent', {}, true],
    ['blind', {}, true],
    ['locked', {}, true],
    ['not ready', {}, true],
    ['fault', {}, true],
    ['burning', { severity: 'page' }, true],
    ['burning', { severity: 'ticket' }, false],
    ['degraded', {}, false],
    ['slow', {}, false],
    ['certificate', {}, false],
    ['pending', {}, false],
    ['muted', {}, false],
  ] as const)('with something %s %j needs a person: %s', (what, more, expected) => {
    expect(needsPerson(screen({ what, ...more }))).toBe(expected)
  })

  const running = { service: 'shop', atMs: 0, running: true, monitors: [], untold: [], failovers: [] }
  const monitor = (over: Partial<MonitorStatus>): MonitorStatus => {
    return { id: 'api', state: 'down', muted: false, silent: false, slow: [], ...over }
  }

  test('says who cannot be told, since when and why, before all else, and needs a person', () => {
    const untold = [{ route: 'page-1', sinceMs: 0, waiting: 2, reason: 'HOOK_SECRET is not set' }]
    const found = screenOf({ ...running, atMs: 95_000, untold, monitors: [monitor({})] })
    expect(screenText(found).split('\n').slice(2)).toEqual([
      'CANNOT TELL  page-1  95s  HOOK_SECRET is not set (2 waiting)',
      'DOWN         api',
    ])
    expect(needsPerson(screenOf({ ...running, untold }))).toBe(true)
  })

  test.each([60, 80, 100])('tells reasons whole on a terminal of %i columns, none of its lines wider', (columns) => {
    const message =
      'the certificate of CN=shop.test, O=Demo shop expired on 2026-11-19T23:19:01.000Z (CERT_HAS_EXPIRED)'
    const found = screenOf({
      ...running,
      monitors: [monitor({ id: 'checkout', cause: { code: 'TLS_EXPIRED', message } })],
    })
    const lines = screenText(found, columns).split('\n')
    expect(lines.join(' ').replaceAll(/ +/g, ' ')).toContain(`TLS_EXPIRED: ${message}`)
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(columns)
  })

  test('says first that nothing is watched, and of when it is', () => {
    const stopped = { ...running, running: false, atMs: 62_000, asOfMs: 20_000, monitors: [monitor({})] }
    expect(screenText(screenOf(stopped)).split('\n').slice(0, 2)).toEqual([
      'shop: NOT RUNNING. Nothing is watched now: start "vedette run" (or npm start)',
      'as of 1970-01-01 00:00:20 UTC, 42s ago: 1 down · 0 well',
    ])
    expect(needsPerson(screenOf({ ...stopped, monitors: [] }))).toBe(true)
  })

  test('needs a person for what is silent, in maintenance too, as measuring goes on there; not for what is down in it', () => {
    const inMaintenance = (silent: boolean) => screenOf({ ...running, monitors: [monitor({ muted: true, silent })] })
    expect(needsPerson(inMaintenance(false))).toBe(false)
    expect(inMaintenance(true).rows.map(({ what }) => what)).toEqual(['silent', 'muted'])
    expect(needsPerson(inMaintenance(true))).toBe(true)
  })

  test('calls muted what is wrong in maintenance, and nothing else', () => {
    const { rows, well } = screenOf({
      ...running,
      monitors: [monitor({ muted: true }), monitor({ id: 'web', state: 'up', muted: true })],
    })
    expect(rows.map(({ what, who }) => [what, who])).toEqual([['muted', 'api']])
    expect(well).toBe(1)
  })

  test('needs one too where failovers cannot be asked for', () => {
    expect(needsPerson(screen({ what: 'slow' }, { unreachable: 'no engine listens' }))).toBe(true)
  })

  test('has failovers that could not move', () => {
    const problems = [
      { code: 'STANDBY_DOWN', detail: 'two is down' },
      { code: 'ZONE', detail: 'the zone is gone' },
    ]
    const failover = {
      ...{ id: 'live', record: 'a.test', mode: 'auto', endpoints: [], locked: false },
      readiness: { atMs: 0, problems },
    } as unknown as FailoverStatus
    const { rows } = screenOf({ ...running, atMs: 60_000, failovers: [failover] })
    expect(rows).toEqual([
      { what: 'not ready', who: 'failover live', age: '60s', why: 'STANDBY_DOWN: two is down (and 1 more)' },
    ])
  })

  test('counts a monitor as well whose failover, of the same name, is locked', () => {
    const failover = { ...{ id: 'api', record: 'a.test', endpoints: [], locked: true } } as unknown as FailoverStatus
    const found = screenOf({ ...running, monitors: [monitor({ state: 'up' })], failovers: [failover] })
    expect(found).toMatchObject({ well: 1, rows: [{ what: 'locked', who: 'failover api' }] })
  })
})
