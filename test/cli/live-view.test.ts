import { stripVTControlCharacters } from 'node:util'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sparkline } from '../../lib/cli/live-table.ts'
import { renderLiveView } from '../../lib/cli/live-view.ts'
import { toWidth } from '../../lib/cli/text-width.ts'
import type { MonitorView, Snapshot } from '../../lib/local/snapshot.ts'
import { age } from '../../lib/model/duration.ts'
import type { FailoverStatus } from '../../lib/run/failover-status.ts'

const nowMs = Date.parse('2026-11-20T12:00:00Z')

function view(id: string, over: Partial<MonitorView> = {}): MonitorView {
  return {
    id,
    kind: 'http',
    tags: [],
    severity: 'page',
    everyMs: 60_000,
    state: 'up',
    sinceMs: nowMs - 3_600_000,
    muted: false,
    last: { atMs: nowMs - 5000, status: 'up', durationMs: 51.4, attempts: 1, phases: {} },
    recent: [40, 51.4],
    uptime24h: 1,
    skipped: 0,
    ...over,
  }
}

const cause = { code: 'CONNECT_REFUSED', message: 'connection to 192.0.2.10:443 refused' }
const failed = { atMs: nowMs - 5000, status: 'down' as const, durationMs: 1.2, attempts: 3, phases: {}, cause }
const down = (id: string, over: Partial<MonitorView> = {}) =>
  view(id, { state: 'down', sinceMs: nowMs - 120_000, last: failed, recent: [50, null], uptime24h: 0.99876, ...over })

function snapshot(...monitors: MonitorView[]): Snapshot {
  return {
    service: 'shop',
    startedAtMs: nowMs - 7_200_000,
    monitors,
    lag: { count: 9, p50Ms: 0.4, p99Ms: 3, maxMs: 5 },
    history: { path: '.vedette/history.db', waiting: 0, dropped: 0 },
  }
}

const defaults = { width: 120, height: 24, nowMs, colour: false, hints: [] }
const lines = (shown: Snapshot, over: Partial<Parameters<typeof renderLiveView>[1]> = {}) =>
  renderLiveView(shown, { ...defaults, ...over }).map((line) => line.trimEnd())

describe('the live view', () => {
  it('shows each monitor with state, since, last duration, uptime and cause', () => {
    expect(lines(snapshot(view('api'), down('checkout')))).toEqual([
      'vedette · shop · 1 down · 1 up',
      'running 2h, starts late by 3 ms at most (p99), history .vedette/history.db',
      '',
      'state       for monitor     last                         24 h  cause',
      '✖ down       2m checkout                           █×  99.87%  CONNECT_REFUSED: connection to 192.0.2.10:443 refused',
      '✔ up        60m api         51ms                   ▇█    100%',
    ])
  })

  it('puts the worst first, and of the same the latest to change', () => {
    const shown = lines(
      snapshot(
        view('fine'),
        view('new', { state: 'pending', last: undefined as never, recent: [] }),
        view('failing', { last: failed }),
        view('slow', { state: 'degraded' }),
        view('blind', { last: { ...failed, status: 'unknown' } }),
        down('old', { sinceMs: nowMs - 9_000_000 }),
        down('fresh'),
      ),
    )
    const order = shown.slice(4).map((line) => line.split(/\s+/)[3])
    expect(order).toEqual(['fresh', 'old', 'failing', 'slow', 'blind', 'new', 'fine'])
    expect(shown[0]).toBe('vedette · shop · 2 down · 1 failing · 1 degraded · 1 unknown · 1 pending · 1 up')
  })

  it('shows what fits and counts the rest', () => {
    const many = Array.from({ length: 1000 }, (_, i) => (i % 100 === 0 ? down(`m${i}`) : view(`m${i}`)))
    const shown = lines(snapshot(...many), { height: 20 })
    expect(shown.length).toBe(20)
    expect(shown.at(-1)).toBe('… and 985 more up')
    expect(shown.slice(4, 14).every((line) => line.includes('✖ down'))).toBe(true)
    expect(lines(snapshot(...many), { height: 9 }).at(-1)).toBe('… and 996 more: 6 down, 990 up')
  })

  it('has hints below, and drops them before monitors', () => {
    const hints = ['Break it:', '  curl …', 'Ctrl-C ends it.']
    expect(lines(snapshot(view('api')), { hints }).slice(-4)).toEqual(['', ...hints])
    const crowded = lines(snapshot(...Array.from({ length: 50 }, (_, i) => view(`m${i}`))), { hints, height: 10 })
    expect(crowded.length).toBe(10)
    expect(crowded.filter((line) => line.includes('✔ up')).length).toBeGreaterThanOrEqual(2)
  })

  it('tells the whole cause of what is down, and whole hints, also where there is little room', () => {
    const why = {
      code: 'CONNECT_REFUSED',
      message: 'expected 127.0.0.1:9443 to take the connection, got a refusal there',
    }
    const whole = `CONNECT_REFUSED: ${why.message}`
    const hint =
      'Break it: curl -X POST http://127.0.0.1:4401/break/checkout, and mend it: the same with /mend/checkout'
    for (const width of [60, 80, 100, 120]) {
      const shown = lines(snapshot(down('checkout', { last: { ...failed, cause: why } }), view('api')), {
        width,
        hints: [hint],
      })
      const text = shown.slice(4).join(' ').replaceAll(/\s+/g, ' ')
      expect(text).toContain(whole)
      expect(text).toContain(hint)
      expect(shown[3]?.includes('24 h')).toBe(width === 120)
    }
  })

  it('hides what is well rather than a cause or a way out, and counts it', () => {
    const message =
      'expected 127.0.0.1:9443 to take the connection, got a refusal there, and another one on each further attempt'
    const wrong = ['a', 'b', 'c'].map((id) => down(id, { last: { ...failed, cause: { ...cause, message } } }))
    const fine = Array.from({ length: 12 }, (_, index) => view(`fine${index}`))
    const shown = lines(snapshot(...fine, ...wrong), {
      width: 80,
      height: 20,
      hints: ['one', 'two', 'three', 'four', 'five'],
    })
    const text = shown.join(' ').replaceAll(/\s+/g, ' ')
    expect(text.split('each further attempt').length - 1).toBe(3)
    expect(text).toMatch(/… and \d+ more up/)
    expect(text).toContain('one two three')
    expect(shown.length).toBe(20)
  })

  it('leaves half of the screen to monitors, however many failovers there are, and shows those in trouble first', () => {
    const votes = { active: true, up: ['north'], down: [], none: [] }
    const failover = (id: string, locked = false): FailoverStatus => ({
      ...{ id, record: `${id}.test`, mode: 'auto', locked, endpoints: [{ id: 'one', ...votes }] },
      last: { atMs: nowMs, trigger: 'tick', decision: { kind: 'stay', page: false, reasons: [] } },
    })
    const failovers = [...Array.from({ length: 30 }, (_, index) => failover(`f${index}`)), failover('stuck', true)]
    const shown = lines(snapshot(down('api')), { failovers })
    expect(shown[3]).toMatch(/^⇄ stuck: .*LOCKED/)
    expect(shown).toContain('… and 20 more failovers')
    expect(shown.some((line) => line.startsWith('✖ down'))).toBe(true)
    expect(
      lines(snapshot(down('api')), { failovers: failovers.slice(0, 10) }).filter((line) => line.startsWith('⇄')),
    ).toHaveLength(10)
  })

  it('has no duration of a failed run, and no uptime before there is one', () => {
    const { uptime24h: _, ...fresh } = down('api', { recent: [null] })
    expect(lines(snapshot(fresh))[4]).toMatch(/^✖ down {7}2m api {28,}× {7}– {2}CONNECT_REFUSED/)
  })

  it('counts what is wrong in maintenance as muted, and what is well in it as well', () => {
    const shown = lines(snapshot(down('api', { muted: true }), view('web', { muted: true }), down('cart')))
    expect(shown[0]).toBe('vedette · shop · 1 down · 1 muted · 1 up')
    const states = shown.slice(4).map((line) => line.slice(0, 8).trim())
    expect(states.filter((state) => state !== '')).toEqual(['✖ down', '◌ muted', '✔ up'])
  })

  it('says who cannot be told right below the head', () => {
    const troubles = ['CANNOT TELL page-1 since 10:00:00 UTC: HOOK_SECRET is not set']
    expect(lines(snapshot(view('api')), { troubles })[2]).toBe(troubles[0])
  })

  it('says what is wrong with the history', () => {
    const shown = snapshot(view('api'))
    shown.history.trouble = 'the history h.db cannot be used: the disk is full'
    expect(lines(shown)[1]).toBe('the history h.db cannot be used: the disk is full')
  })

  it('tells of maintenance, and of the last failure of what is well', () => {
    const lastFailure = { ...cause, atMs: nowMs - 200_000 }
    expect(lines(snapshot(view('api', { lastFailure })))[4]).toMatch(/3m ago: CONNECT_REFUSED: connection to .*/)
    expect(lines(snapshot(down('api', { muted: true })))[4]).toMatch(/in maintenance · CONNECT_REFUSED: connection to/)
  })

  it('colours only where the terminal does, and changes no text by it', () => {
    const shown = snapshot(down('api'), view('b'))
    const coloured = renderLiveView(shown, { ...defaults, colour: true })
    expect(coloured.join('')).toContain('\x1b[31m')
    expect(coloured.map(stripVTControlCharacters)).toEqual(renderLiveView(shown, defaults))
    expect(renderLiveView(shown, defaults).join('')).not.toContain('\x1b')
  })

  it('lets no text of a monitored site control the terminal', () => {
    const evil = { ...cause, message: 'boom\x1b[2J\x07\r\nnext\u202e' }
    const shown = renderLiveView(snapshot(down('api', { last: { ...failed, cause: evil } })), defaults).join('')
    expect(shown).not.toMatch(/[\x00-\x1f\u202e]/)
  })

  it('is never higher or wider than the terminal', () => {
    const monitor = fc.record({
      id: fc.string({ maxLength: 60 }),
      message: fc.string({ unit: 'grapheme' }),
      isDown: fc.boolean(),
    })
    fc.assert(
      fc.property(
        fc.array(monitor),
        fc.integer({ min: 1, max: 200 }),
        fc.integer({ min: 1, max: 60 }),
        (all, width, height) => {
          const monitors = all.map(({ id, message, isDown }) =>
            isDown ? down(id, { last: { ...failed, cause: { ...cause, message } } }) : view(id),
          )
          const shown = renderLiveView(snapshot(...monitors), { ...defaults, width, height, hints: ['one', 'two'] })
          expect(shown.length).toBeLessThanOrEqual(height)
          for (const line of shown) expect(toWidth(line, width).trimEnd()).toBe(line.trimEnd())
        },
      ),
    )
  })
})

describe('parts of the live view', () => {
  it('fits text to columns, with wide and combining characters', () => {
    expect(toWidth('abc', 5)).toBe('abc  ')
    expect(toWidth('abc', 5, 'right')).toBe('  abc')
    expect(toWidth('abcdef', 4)).toBe('abc…')
    expect(toWidth('日本語', 6)).toBe('日本語')
    expect(toWidth('日本語', 5)).toBe('日本…')
    expect(toWidth('日本語', 4)).toBe('日… ')
    expect(toWidth('e\u0301e\u0301', 2)).toBe('e\u0301e\u0301')
    expect(toWidth('abc', 0)).toBe('')
  })

  it('draws durations as bars, the longest highest', () => {
    expect(sparkline([1, 2, 3, 4, 5, 6, 7, 8], 8)).toBe('▂▃▄▅▆▇██')
    expect(sparkline([5, 10, null], 2)).toBe('█×')
    expect(sparkline([0, 0], 5)).toBe('▁▁')
    expect(sparkline([null], 5)).toBe('×')
    expect(sparkline([], 5)).toBe('')
  })

  it('tells ages in their largest unit', () => {
    expect([0, 99_000, 100_000, 5_999_000, 6_000_000, 359_000_000, 864_000_000, -5].map(age)).toEqual([
      '0s',
      '99s',
      '1m',
      '99m',
      '1h',
      '99h',
      '10d',
      '0s',
    ])
  })
})
