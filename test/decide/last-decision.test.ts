import { describe, expect, test } from 'vitest'
import type { FailoverFacts, Verdict } from '../../lib/decide/failover-facts.ts'
import { downSince, heldBack, heldBackBy, notableBeside, type Remembered } from '../../lib/decide/last-decision.ts'
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

describe('what was left to a person, because too many wanted to move', () => {
  const held: Verdict = {
    ...{ kind: 'refuse', code: 'max-concurrent', latch: false, page: true },
    reasons: [{ code: 'max-concurrent', wanting: 5, limit: 4 }],
  }
  const wait: Verdict = { kind: 'wait', untilMs: 0, ...told }
  const move: Verdict = { kind: 'move', to: 'two', why: 'request', ...told }

  test.each<[string, Remembered['decision'][], number | undefined]>([
    ['is so by the decision that left it', [held], 5],
    ['stays so while nothing else is decided', [held, refuse('blind'), wait, refuse('locked')], 5],
    ['is over once there is nothing to move for', [held, stay, refuse('blind')], undefined],
    ['is over once someone has moved it', [held, move], undefined],
    ['was never so where something else held it', [refuse('locked'), wait], undefined],
    ['is so in a dry run too', [{ kind: 'report', mode: 'dry-run', would: held, ...told }], 5],
  ])('%s', (_, decisions, wanting) => {
    const none: number | undefined = undefined
    expect(decisions.reduce((before: number | undefined, one) => heldBackBy(one, before), none)).toBe(wanting)
  })

  test('holds in the next decision, but not after a break, nor by a clock that was far ahead', () => {
    const last = { ...at(1_000_000, held), heldBack: 5 }
    expect(heldBack(last, 1_000_000 + 299_999)).toBe(5)
    expect(heldBack(last, 1_000_000 + 300_000)).toBeUndefined()
    expect(heldBack(last, 1_000_000 - 300_000)).toBeUndefined()
    expect(heldBack(undefined, 1_000_000)).toBeUndefined()
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

  test('goes by as many vantages as a failover needs, not by a majority', () => {
    const needing = (fail: number) => ({ ...facts(2), failover: failoverOf({ quorum: { fail } }) })
    expect(downSince(needing(3), 50_000, undefined)).toBeUndefined()
    expect(downSince(needing(1), 50_000, undefined)).toEqual({ endpoint: 'one', sinceMs: 50_000 })
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
