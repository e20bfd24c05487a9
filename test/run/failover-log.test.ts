import { expect, test } from 'vitest'
import type { FailoverEvent } from '../../lib/run/failover-event.ts'
import { logFailover } from '../../lib/run/failover-log.ts'
import { jsonLog } from '../../lib/run/log.ts'

const at = { failover: 'live', atMs: 5 }
const outcome = { kind: 'moved', epoch: 7, largestEpoch: 7, inDoubt: false, claimLeft: false } as const

/** The lines that an event makes, without their time. */
function linesOf(event: FailoverEvent, verbose = false) {
  const lines: string[] = []
  logFailover(
    jsonLog((line) => void lines.push(line), { verbose }),
    event,
  )
  return lines.map((line) => {
    const { time: _, ...rest } = JSON.parse(line)
    return rest
  })
}

test('a decision is one line with its reasons in words, and what a person said of it', () => {
  const decision = {
    kind: 'refuse',
    code: 'txt-unreadable',
    latch: false,
    page: true,
    reasons: [{ code: 'txt-unreadable' }],
  } as const
  const event: FailoverEvent = {
    ...at,
    type: 'decided',
    trigger: 'person',
    decision: decision as never,
    note: 'a test',
  }
  expect(linesOf(event)).toEqual([
    {
      ...{ level: 'error', event: 'failover.decided', failover: 'live', trigger: 'person', note: 'a test' },
      ...{ kind: 'refuse', code: 'txt-unreadable', latch: false, why: [expect.stringContaining('failover adopt')] },
    },
  ])
})

test('a decision to stay, which is made all the time, is left to those who want everything', () => {
  const event: FailoverEvent = {
    ...at,
    type: 'decided',
    trigger: 'tick',
    decision: { kind: 'stay', page: false, reasons: [] },
  }
  expect(linesOf(event)).toEqual([])
  expect(linesOf(event, true)).toMatchObject([{ level: 'debug', kind: 'stay' }])
})

test.each<[string, FailoverEvent, object]>([
  [
    'a move',
    { ...at, type: 'swapped', to: 'two', outcome, tookMs: 9, by: 'auto' },
    { level: 'warn', kind: 'moved', epoch: 7, tookMs: 9 },
  ],
  [
    'a page',
    { ...at, type: 'page', pages: [{ code: 'DENIED', detail: 'no' }] },
    { level: 'error', pages: [{ code: 'DENIED' }] },
  ],
  [
    'a move that is served',
    { ...at, type: 'verified', to: 'two', movedAtMs: 1, servedMs: 5 },
    { level: 'info', servedMs: 5 },
  ],
  [
    'a move that is not',
    { ...at, type: 'verified', to: 'two', movedAtMs: 1, problem: 'ns2' },
    { level: 'error', problem: 'ns2' },
  ],
  ['readiness lost', { ...at, type: 'readiness', problems: [{ code: 'EDITED', detail: 'x' }] }, { level: 'warn' }],
  ['readiness found', { ...at, type: 'readiness', problems: [] }, { level: 'info' }],
  ['a lock', { ...at, type: 'locked' }, { level: 'info' }],
  ['a lock that is not everywhere', { ...at, type: 'locked', problem: 'gone' }, { level: 'warn', problem: 'gone' }],
  [
    'a drill that passed',
    { ...at, type: 'drill', outcome: 'passed', detail: 'x', seen: [], steps: [] },
    { level: 'info' },
  ],
  [
    'a drill that failed',
    { ...at, type: 'drill', outcome: 'failed', detail: 'x', seen: [], steps: [] },
    { level: 'warn' },
  ],
  ['a fault of ours', { ...at, type: 'failed', message: 'TypeError' }, { level: 'error', message: 'TypeError' }],
])('%s is one line, as loud as it matters', (_, event, line) => {
  expect(linesOf(event)).toMatchObject([{ event: `failover.${event.type}`, failover: 'live', ...line }])
})
