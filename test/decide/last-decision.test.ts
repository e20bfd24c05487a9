import { describe, expect, test } from 'vitest'
import type { FailoverFacts, Verdict } from '../../lib/decide/failover-facts.ts'
import { downSince, notableBeside, type Remembered } from '../../lib/decide/last-decision.ts'
import { failoverOf } from '../support/failover-fixture.ts'

const told = { page: false, reasons: [] }
const stay: Verdict = { kind: 'stay', ...told }
const refuse = (code: 'blind' | 'locked'): Verdict => ({ kind: 'refuse', code, latch: false, ...told })
const at = (atMs: number, decision: Remembered['decision']): Remembered => ({ atMs, decision })

/** Decisions one after the other, as a controller remembers them. */
function remembered(...decisions: Remembered['decision'][]) {
  let [last, notable]: [Remembered?, Remembered?] = []
  for (const [i, decision] of decisions.entries())
    [last, notable] = [at(i, decision), notableBeside(decision, last, notable)]
  return { last: last?.atMs, notable: notable?.atMs }
}

describe('beside the newest decision stands the last that mattered', () => {
  const ended = { largestEpoch: 1, inDoubt: false, claimLeft: false }
  const move: Remembered['decision'] = { kind: 'move', to: 'two', why: 'failover', ...told }
  test.each<[string, Remembered['decision'][], number | undefined]>([
    ['none where nothing did', [stay, stay], undefined],
    ['a refusal, however often it stays since', [refuse('locked'), stay, stay, stay], 0],
    ['none while the newest is the same', [refuse('blind'), refuse('blind')], undefined],
    [
      "a person's refusal, though the minute refuses for another reason",
      [refuse('blind'), refuse('locked'), refuse('blind')],
      1,
    ],
    ['the newer of two', [refuse('blind'), refuse('locked'), stay], 1],
    ['a move that was not made', [{ ...move, outcome: { kind: 'gaveUp', reason: 'READS', ...ended } }, stay], 0],
    ['a move', [move, stay], 0],
    ['no report that it would stay', [{ kind: 'report', mode: 'observe', would: stay, ...told }, stay], undefined],
    ['a report of what it would do', [{ kind: 'report', mode: 'observe', would: refuse('blind'), ...told }, stay], 0],
    ['none for waiting', [{ kind: 'wait', untilMs: 0, ...told }, stay], undefined],
  ])('%s', (_, decisions, notable) => {
    expect(remembered(...decisions)).toEqual({ last: decisions.length - 1, notable })
  })
})

describe('since when the active endpoint is down', () => {
  const vantages = ['north', 'south', 'west']
  const facts = (down: number): FailoverFacts => ({
    ...{ failover: failoverOf(), vantages, nowMs: 0, active: 'one', recordMatches: 'matches' },
    ...{ flags: { locked: false, latched: false }, table: { locked: false }, switches: [], healthySince: {} },
    ...{ wantToMove: 0, maxConcurrent: 2 },
    rounds: [
      { atMs: 0, ballots: new Map(vantages.map((id, i) => [id, { one: i < down ? 'down' : 'up', two: 'up' }])) },
    ],
  })
  const last = (atMs: number, endpoint = 'one'): Remembered => ({
    ...at(atMs, stay),
    down: { endpoint, sinceMs: 1000 },
  })

  test('is this decision, where it is the first to see it', () => {
    expect(downSince(facts(2), 50_000, undefined)).toEqual({ endpoint: 'one', sinceMs: 50_000 })
    expect(downSince(facts(2), 50_000, last(40_000, 'two'))).toEqual({ endpoint: 'one', sinceMs: 50_000 })
  })

  test('goes on from decision to decision, but not over a longer break', () => {
    expect(downSince(facts(3), 100_000, last(40_000))).toEqual({ endpoint: 'one', sinceMs: 1000 })
    expect(downSince(facts(3), 400_000, last(40_000))).toEqual({ endpoint: 'one', sinceMs: 400_000 })
  })

  test('is nothing while too few see it so, or it is not known which is active', () => {
    expect(downSince(facts(1), 50_000, last(40_000))).toBeUndefined()
    expect(downSince({ ...facts(3), active: undefined }, 50_000, undefined)).toBeUndefined()
    expect(downSince({ ...facts(3), rounds: [] }, 50_000, undefined)).toBeUndefined()
  })
})
