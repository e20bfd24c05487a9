import { describe, expect, test } from 'vitest'
import type { MonitorRow } from '../../lib/local/web/api/overview.ts'
import { countLooks, filtered, filterOf, grouped, queryOf, sorted } from '../../lib/local/web/client/overview-filter.ts'
import { lookOf } from '../../lib/local/web/look.ts'

function row(id: string, over: Partial<MonitorRow> = {}): MonitorRow {
  const bars = { down: [] }
  const plain = {
    kind: 'http',
    target: `https://${id}.example.com/`,
    tags: [],
    severity: 'page',
    everyMs: 60_000,
  } as const
  const past = {
    uptime: { h24: null, d7: null, d30: null },
    seenMs: { h24: 0, d7: 0, d30: 0 },
    hours: bars,
    days: bars,
    sparkline: { maxMs: 0, points: '' },
  }
  return { id, ...plain, ...past, tags: [], state: 'up', sinceMs: 0, ...over }
}

const ids = (rows: readonly MonitorRow[]) => rows.map(({ id }) => id)
const failing = { atMs: 0, status: 'down', durationMs: 1, attempts: 1, phases: {} } as const
const all = filterOf('')

describe('how a monitor is shown', () => {
  const last = (status: 'up' | 'degraded' | 'down' | 'unknown') => ({ ...failing, status })

  test.each([
    [{ state: 'down', last: last('up') }, 'down', 'muted'],
    [{ state: 'up', last: last('down') }, 'failing', 'muted'],
    [{ state: 'degraded', last: last('up') }, 'degraded', 'muted'],
    [{ state: 'degraded', last: last('down') }, 'failing', 'muted'],
    [{ state: 'up', last: last('unknown') }, 'unknown', 'unknown'],
    [{ state: 'pending' }, 'pending', 'pending'],
    [{ state: 'up', last: last('up') }, 'up', 'up'],
  ] as const)('%j is %s; in maintenance only what is not well is muted: %s', (view, look, muted) => {
    expect([lookOf(view), lookOf({ ...view, muted: true })]).toEqual([look, muted])
  })
})

describe('the order of the overview', () => {
  test('is worst first, of the bad the latest first, of the good by name', () => {
    const rows = [
      row('b'),
      row('a', { sinceMs: 9 }),
      row('new', { state: 'pending' }),
      row('old trouble', { state: 'down', sinceMs: 1 }),
      row('slow', { state: 'degraded' }),
      row('new trouble', { state: 'down', sinceMs: 2 }),
      row('first failure', { last: failing }),
      row('cut off', { last: { ...failing, status: 'unknown' } }),
    ]
    const order = ['new trouble', 'old trouble', 'first failure', 'slow', 'cut off', 'new', 'a', 'b']
    expect(ids(sorted(rows))).toEqual(order)
  })

  test('groups stand in the order of their worst monitor, those without a tag last among equals', () => {
    const rows = [
      row('1', { state: 'down', tags: ['web', 'eu'] }),
      row('2'),
      row('3', { tags: ['eu'] }),
      row('4', { tags: ['dns'] }),
    ]
    expect(grouped(sorted(rows)).map(({ name, rows: own }) => [name, ids(own)])).toEqual([
      ['eu', ['1', '3']],
      ['web', ['1']],
      ['dns', ['4']],
      ['', ['2']],
    ])
  })
})

describe('the filter', () => {
  const rows = [
    row('api', { tags: ['eu'], kind: 'dns' }),
    row('shop', {
      state: 'down',
      downAt: ['north'],
      lastFailure: { code: 'TLS_EXPIRED', words: 'the certificate has expired', message: '', atMs: 0 },
    }),
    row('blog', { lastFailure: { code: 'TLS_EXPIRED', words: 'the certificate has expired', message: '', atMs: 0 } }),
  ]

  test.each([
    ['q=SHOP', ['shop']],
    ['q=example api', ['api']],
    ['q=dns', ['api']],
    ['q=north', ['shop']],
    ['q=expired', ['shop']],
    ['tag=eu', ['api']],
    ['state=down', ['shop']],
    ['state=up,down', ['api', 'shop', 'blog']],
    ['state=nonsense', ['api', 'shop', 'blog']],
    ['q=shop&state=up', []],
  ])('%s finds what is meant', (search, found) => {
    expect(ids(filtered(rows, filterOf(search)))).toEqual(found)
  })

  test('what fails is found by its cause before it is held to be down', () => {
    const last = { atMs: 0, status: 'down', durationMs: 1, attempts: 1 } as const
    const failing = row('slow', { last, lastFailure: { code: 'X', words: 'no answer in time', message: '', atMs: 0 } })
    expect(ids(filtered([...rows, failing], filterOf('q=answer')))).toEqual(['slow'])
  })

  test('the counts of the states do not depend on the state that is chosen', () => {
    expect(countLooks(filtered(rows, filterOf('state=down'), true))).toEqual([
      { look: 'down', mark: '✖', count: 1 },
      { look: 'up', mark: '✔', count: 2 },
    ])
  })

  test('what stands in the address is what was chosen', () => {
    for (const search of ['q=a+b&state=down%2Cup&tag=eu&group=tag', '']) {
      const query = Object.entries(queryOf(filterOf(search))).filter(([, value]) => value !== '')
      expect(new URLSearchParams(query).toString()).toBe(search)
    }
    expect(filtered(rows, all)).toEqual(rows)
  })
})
