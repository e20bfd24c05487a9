import { expect, test } from 'vitest'
import type { Decision } from '../../lib/decide/failover-facts.ts'
import { createFailoverRecord } from '../../lib/local/failover-record.ts'
import type { StoredEvent } from '../../lib/local/history-events.ts'
import type { FailoverEvent } from '../../lib/run/failover-event.ts'

const stay: Decision = { kind: 'stay', page: false, reasons: [] }
const refuse = (down: number): Decision => ({
  ...{ kind: 'refuse', code: 'locked', latch: false, to: 'two', page: true },
  reasons: [{ code: 'active-down', endpoint: 'one', down, fail: 2 }],
})
const move: Decision = { kind: 'move', to: 'two', why: 'failover', page: false, reasons: [] }

function record() {
  const kept: StoredEvent[] = []
  const take = createFailoverRecord({ recordEvent: (event) => kept.push(event) })
  const decided = (decision: Decision, trigger: 'tick' | 'person' = 'tick', failover = 'live') => {
    take({ type: 'decided', failover, trigger, decision, atMs: kept.length })
    return kept.length
  }
  return { take, kept, decided }
}

test('a decision is kept where it says something else than the one before', () => {
  const { decided } = record()
  expect(decided(stay)).toBe(0)
  expect(decided(refuse(2))).toBe(1)
  // Other figures, the same refusal.
  expect(decided(refuse(3))).toBe(1)
  expect(decided(stay)).toBe(2)
  expect(decided(stay)).toBe(2)
  expect(decided(move)).toBe(3)
  // To stay is what comes after every move.
  expect(decided(stay)).toBe(3)
  expect(decided(stay, 'person')).toBe(4)
  expect(decided(refuse(2), 'tick', 'other')).toBe(5)
})

test('everything else is kept as it is', () => {
  const { take, kept } = record()
  const swapped: FailoverEvent = {
    ...{ type: 'swapped', failover: 'live', to: 'two', by: 'auto', tookMs: 12, atMs: 7 },
    outcome: { kind: 'moved', epoch: 2, largestEpoch: 2, inDoubt: false, claimLeft: false },
  }
  take(swapped)
  take(swapped)
  expect(kept).toEqual([
    { atMs: 7, kind: 'failover', detail: swapped },
    { atMs: 7, kind: 'failover', detail: swapped },
  ])
})
