import { expect, test } from 'vitest'
import { failoverLines } from '../../lib/cli/failover-view.ts'
import type { FailoverStatus } from '../../lib/run/failover-status.ts'

const nowMs = 1_000_000
const status: FailoverStatus = {
  ...{ id: 'live', record: 'shop.live.test', mode: 'auto', locked: false, servedAt: '127.0.0.1:4455' },
  endpoints: [
    { id: 'one', active: false, up: [], down: ['north', 'south'], none: [] },
    { id: 'two', active: true, up: ['north', 'south'], down: [], none: [] },
  ],
  last: { atMs: nowMs - 5000, trigger: 'tick', decision: { kind: 'stay', page: false, reasons: [] } },
  notable: {
    ...{ atMs: nowMs - 120_000, trigger: 'person' },
    decision: { kind: 'refuse', code: 'locked', latch: false, page: false, reasons: [{ code: 'locked', by: 'txt' }] },
  },
  lastMove: { atMs: nowMs - 60_000, to: 'two', tookMs: 3, downForMs: 13_000, verified: true },
}

test('a failover says where it is asked, what was decided, what mattered before, and how long a move took from the failure on', () => {
  expect(failoverLines([status], nowMs)).toEqual([
    '⇄ live: shop.live.test → two (auto)  one ✔0 ✖2  two ✔2 ✖0',
    '  dig @127.0.0.1 -p 4455 shop.live.test',
    '  5s ago, asked by tick: stay. ',
    expect.stringMatching(/^ {2}before that, 2m ago, asked by person: refuse\. .*locked/i),
    '  moved to two 60s ago, 13s after the failure was first seen, verified',
  ])
})

test('it says that it is locked, latched or not ready, why what is active is down, and nothing that is not so', () => {
  const { lastMove, ...rest } = status
  const endpoints = status.endpoints.map((one) => ({
    ...{ ...one, active: one.id === 'two' },
    causes: [`why ${one.id} is down`],
  }))
  const move = lastMove && { ...lastMove, verified: false }
  const lines = failoverLines(
    [{ ...rest, endpoints, locked: true, latched: true, ...(move && { lastMove: move }) }],
    nowMs,
  )
  expect(lines[0]).toContain('→ two (auto, LOCKED, LATCHED)')
  expect(lines).toContain('  two: why two is down')
  expect(lines.at(-1)).toBe('  moved to two 60s ago, 13s after the failure was first seen')
})
