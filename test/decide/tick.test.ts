import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  concerned,
  concernsActive,
  healthOf,
  isDecisionDue,
  monitorsOfAlarms,
  returnTargets,
  votesToRead,
} from '../../lib/decide/tick.ts'
import type { Failover } from '../../lib/model/failover.ts'
import { failoverOf } from '../support/failover-fixture.ts'

const minuteMs = 60_000
const nowMs = 1000 * minuteMs
const failover = failoverOf({ failback: { after: '30m' } })
const other: Failover = { ...failoverOf(), id: 'other', check: 'other' }
const quiet = { alarmed: [], healthySince: {}, nowMs }
const claim = { epoch: 2, decision: 'd', to: 'two', expiresAtMs: nowMs }

test('failures concern the failovers that check those endpoints', () => {
  expect(concerned([failover, other], ['other@two'])).toEqual([other])
  expect(concerned([failover, other], ['live'])).toEqual([])
})

test('a failure concerns the active endpoint, and any endpoint where nobody knows which that is', () => {
  expect(concernsActive(failover, 'one', ['live@one'])).toBe(true)
  expect(concernsActive(failover, 'one', ['live@two'])).toBe(false)
  expect(concernsActive(failover, undefined, ['live@two'])).toBe(true)
  expect(concernsActive(failover, 'renamed', ['live@two'])).toBe(true)
})

test('alarms lead to their monitors', () => {
  const monitors = ['a', 'b'].map((id) => ({ id, everyMs: minuteMs, timeoutMs: 1000, alarm: `alarm-${id}` }))
  expect(monitorsOfAlarms({ monitors }, new Set(['alarm-b', 'alarm-of-another']))).toEqual(['b'])
})

describe('a decision is due in a minute', () => {
  test.each<[string, Parameters<typeof isDecisionDue>[1], Partial<Parameters<typeof isDecisionDue>[2]>, boolean]>([
    ['in which nothing is the matter', { active: 'one' }, {}, false],
    ['with the alarm of the active endpoint open', { active: 'one' }, { alarmed: ['live@one'] }, true],
    ['with the alarm of a standby open', { active: 'one' }, { alarmed: ['live@two'] }, false],
    ['with the alarm of another failover open', { active: 'one' }, { alarmed: ['other@one'] }, false],
    ['with a claim in the TXT', { active: 'one', claim }, {}, true],
    ['in which DNS does not say what is active, with an alarm open', undefined, { alarmed: ['live@two'] }, true],
    [
      "in which DNS does not say what is active, with another failover's alarm open",
      undefined,
      { alarmed: ['other@one'] },
      false,
    ],
    [
      "in which DNS names an endpoint that is none, with another failover's alarm open",
      { active: 'old' },
      { alarmed: ['other@one'] },
      false,
    ],
    ['in which DNS says nothing, and nothing is the matter', undefined, {}, false],
    [
      'once the way back has been clear for long enough',
      { active: 'two' },
      { healthySince: { one: nowMs - 30 * minuteMs } },
      true,
    ],
    ['before the way back has been', { active: 'two' }, { healthySince: { one: nowMs - 29 * minuteMs } }, false],
    ['in which nothing is known of the way back', { active: 'two' }, {}, false],
    ['in which it is where it is to be', { active: 'one' }, { healthySince: { two: 0, one: 0 } }, false],
  ])('%s', (_, state, more, is) => {
    expect(isDecisionDue(failover, state, { ...quiet, ...more })).toBe(is)
  })

  test("never for the way back where that is a person's", () => {
    expect(isDecisionDue(failoverOf(), { active: 'two' }, { ...quiet, healthySince: { one: 0 } })).toBe(false)
  })

  test('no less for one more alarm', () => {
    const ids = fc.subarray(['live@one', 'live@two', 'other@one', 'other@two'])
    const state = fc.constantFrom(
      undefined,
      { active: 'one' },
      { active: 'two' },
      { active: 'old' },
      { active: 'one', claim },
    )
    fc.assert(
      fc.property(ids, ids, state, (some, more, state) => {
        const due = (alarmed: string[]) => isDecisionDue(failover, state, { ...quiet, alarmed })
        return !due(some) || due([...some, ...more])
      }),
    )
  })
})

test('traffic returns to the first endpoint, and from a last resort to any other', () => {
  const check = 'live'
  const endpoints = [
    { id: 'one', region: 'external', A: ['192.0.2.1'] },
    { id: 'two', region: 'external', A: ['192.0.2.2'] },
    { id: 'sorry', region: 'external', A: ['192.0.2.3'], lastResort: true, check },
    { id: 'sorry2', region: 'external', A: ['192.0.2.4'], lastResort: true, check },
  ]
  const four = failoverOf({ failback: { after: '30m' }, endpoints })
  const targets = (active?: string) => returnTargets(four, active).map(({ id }) => id)
  expect([targets('one'), targets('two'), targets('sorry'), targets()]).toEqual([[], ['one'], ['one', 'two'], []])
  // Nobody asks since when an endpoint is up where the way back is a person's.
  expect(returnTargets(failoverOf({ endpoints }), 'two')).toEqual([])
})

describe('votes that were published', () => {
  const monitors = [
    { id: 'live@one.1', everyMs: 10_000, timeoutMs: 1000, alarm: '' },
    { id: 'live@one.2', everyMs: 10_000, timeoutMs: 1000, alarm: '' },
    { id: 'slow@two', everyMs: 5 * minuteMs, timeoutMs: 1000, alarm: '' },
  ]
  const mixed: Failover = {
    ...failover,
    endpoints: [
      { id: 'one', region: 'external', A: ['192.0.2.1', '192.0.2.9'], lastResort: false },
      { id: 'two', region: 'external', A: ['192.0.2.2'], lastResort: false, check: 'slow' },
    ],
  }
  const vantages = ['a', 'b', 'c'].map((id) => ({ id, region: id, functionName: id }))

  test('are read by the period of each monitor, from the beginning of one, and a little further than failback asks', () => {
    expect(votesToRead(mixed, { monitors }, nowMs + 1)).toEqual([
      { monitors: ['live@one.1', 'live@one.2'], fromMs: nowMs - 34 * minuteMs, periodMs: minuteMs },
      { monitors: ['slow@two'], fromMs: nowMs - 50 * minuteMs, periodMs: 5 * minuteMs },
    ])
    expect(votesToRead(failoverOf(), { monitors }, nowMs)).toEqual([])
  })

  test('are enough for failback when an endpoint was up for exactly that long', () => {
    const [read] = votesToRead(failover, { monitors: [] }, nowMs)
    if (!read) throw new Error('nothing is read')
    const minutes = []
    for (let atMs = read.fromMs; atMs <= nowMs - 3 * minuteMs; atMs += minuteMs)
      minutes.push({ atMs, votes: 3, down: 0 })
    const healthySince = healthOf(failover, new Map([['live@one', minutes]]), { monitors: [], vantages }, nowMs)
    expect(isDecisionDue(failover, { active: 'two' }, { ...quiet, healthySince })).toBe(true)
  })

  test('say an endpoint is up since the last of its monitors is', () => {
    const up = (from: number, periodMs: number) =>
      Array.from({ length: (nowMs - from) / periodMs + 1 }, (_, i) => ({
        atMs: from + i * periodMs,
        votes: 3,
        down: 0,
      }))
    const votes = new Map([
      ['live@one.1', up(nowMs - 10 * minuteMs, minuteMs)],
      ['live@one.2', up(nowMs - 4 * minuteMs, minuteMs)],
      ['slow@two', up(nowMs - 20 * minuteMs, 5 * minuteMs)],
    ])
    const asset = { monitors, vantages }
    expect(healthOf(mixed, votes, asset, nowMs)).toEqual({ one: nowMs - 4 * minuteMs, two: nowMs - 20 * minuteMs })
    votes.delete('live@one.2')
    expect(healthOf(mixed, votes, asset, nowMs).one).toBeUndefined()
  })
})
