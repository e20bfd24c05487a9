import { describe, expect, test } from 'vitest'
import { drillBatch, drillStageMs, drillTarget, isDrillDue } from '../../lib/decide/drill.ts'
import { answerOf, drillOf, type RecordSet } from '../../lib/decide/swap-records.ts'
import type { Endpoint } from '../../lib/model/failover.ts'
import { failoverOf, recordsOf } from '../support/failover-fixture.ts'

const hourMs = 3_600_000
const dayMs = 24 * hourMs
const monthly = failoverOf({ drill: { every: '30d' } })
const nowMs = 365 * dayMs

describe('a drill is due', () => {
  const days = (count: number) => nowMs - count * dayMs
  const last = (outcome: 'passed' | 'failed' | 'yielded', agoMs: number) => ({
    lastDrill: { outcome, detail: '', atMs: nowMs - agoMs },
  })
  test.each<[string, Parameters<typeof isDrillDue>[1], boolean]>([
    ['never, of one that is not known yet', {}, false],
    ['not yet, of a new one', { knownSinceMs: days(29) }, false],
    ['of one that never drilled', { knownSinceMs: days(30) }, true],
    [
      'not so soon after one that passed',
      { knownSinceMs: 0, drilledAtMs: days(29), ...last('passed', 29 * dayMs) },
      false,
    ],
    ['again', { knownSinceMs: 0, drilledAtMs: days(30), ...last('passed', 30 * dayMs) }, true],
    ['not within a day of one that failed', { knownSinceMs: 0, ...last('failed', 23 * hourMs) }, false],
    ['a day after one that failed', { knownSinceMs: 0, ...last('failed', 24 * hourMs) }, true],
    ['not within an hour of one that gave way', { knownSinceMs: 0, ...last('yielded', hourMs - 1) }, false],
    ['an hour after one that gave way', { knownSinceMs: 0, ...last('yielded', hourMs) }, true],
  ])('%s', (_, memory, isDue) => {
    expect(isDrillDue(monthly, memory, nowMs)).toBe(isDue)
  })

  test('though a clock that was wrong has dated the last one ahead, and not for a clock that is a little late', () => {
    const ahead = (ms: number) => ({ knownSinceMs: 0, drilledAtMs: nowMs + ms, ...last('passed', -ms) })
    expect(isDrillDue(monthly, ahead(dayMs), nowMs)).toBe(true)
    expect(isDrillDue(monthly, { knownSinceMs: 0, ...last('failed', -dayMs) }, nowMs)).toBe(true)
    expect(isDrillDue(monthly, ahead(1000), nowMs)).toBe(false)
    expect(isDrillDue(monthly, { knownSinceMs: 0, ...last('yielded', -1000) }, nowMs)).toBe(false)
  })

  test('never where none are asked for, nor where there is no record to move', () => {
    expect(isDrillDue(failoverOf(), { knownSinceMs: 0 }, nowMs)).toBe(false)
    expect(isDrillDue({ ...monthly, switch: 'health-check' }, { knownSinceMs: 0 }, nowMs)).toBe(false)
  })

  test('for the second controller later than for the first', () => {
    const due = [0, 5, 6].map((hours) =>
      isDrillDue(monthly, { knownSinceMs: nowMs - 30 * dayMs - hours * hourMs }, nowMs, 1),
    )
    expect(due).toEqual([false, false, true])
  })
})

test.each([
  [['active', 'two', 'three'], 'two'],
  [['zero', 'active', 'two'], 'zero'],
  [['active', 'sorry!', 'two'], 'two'],
  [['active', 'sorry!'], 'sorry!'],
  [['active'], undefined],
])('of %j, with the last resort marked, a drill moves to %s', (ids, target) => {
  const endpoints = ids.map((id): Endpoint => ({ id, region: 'external', lastResort: id.endsWith('!') }))
  expect(drillTarget({ endpoints }, 'active')?.id).toBe(target)
})

test.each([
  [['authoritative'], 60, 120_000],
  [['authoritative:5353'], 60, 120_000],
  [['authoritative', '1.1.1.1'], 60, 180_000],
  [['authoritative', '1.1.1.1'], 3600, 240_000],
])('servers %j have, at a TTL of %i s, %i ms to show a change', (servers, ttl, ms) => {
  expect(drillStageMs({ servers, ttl })).toBe(ms)
})

describe('the batch of a drill', () => {
  const failover = failoverOf()
  const drill = drillOf(failover)
  const [one, two] = failover.endpoints as [Endpoint, Endpoint]

  test('deletes exactly what is listed at its name, and nothing of the record', () => {
    const listed: RecordSet[] = [...recordsOf(failover), ...answerOf(drill, one)]
    expect(drillBatch(listed, answerOf(drill, two), failover)).toEqual([
      { action: 'DELETE', set: answerOf(drill, one)[0] },
      { action: 'CREATE', set: answerOf(drill, two)[0] },
    ])
  })

  test.each<[string, RecordSet[]]>([
    ['the record', answerOf(failover, two)],
    ['its TXT', recordsOf(failover).filter(({ type }) => type === 'TXT')],
    ['a TXT at its own name', [{ name: drill.record, type: 'TXT', ttl: 60, values: ['"x"'] }]],
  ])('never holds %s', (_, wanted) => {
    expect(() => drillBatch([], wanted, failover)).toThrow(`of ${drill.record} only, got`)
  })
})
