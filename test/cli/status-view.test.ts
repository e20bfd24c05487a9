import { describe, expect, test } from 'vitest'
import { needsPerson, type Row, type Screen, screenOf } from '../../lib/cli/status-view.ts'
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
    const { rows } = screenOf({ service: 'shop', atMs: 60_000, monitors: [], untold: [], failovers: [failover] })
    expect(rows).toEqual([
      { what: 'not ready', who: 'live', age: '60s', why: 'STANDBY_DOWN: two is down (and 1 more)' },
    ])
  })
})
