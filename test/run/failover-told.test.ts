import { describe, expect, test } from 'vitest'
import type { Decision } from '../../lib/decide/failover-facts.ts'
import { effectOf, isTold } from '../../lib/decide/incident.ts'
import type { FailoverEvent } from '../../lib/run/failover-event.ts'
import { failoverTold } from '../../lib/run/failover-told.ts'

const about = { service: 'shop', record: 'api.example.com' }
const told = (event: Record<string, unknown>) =>
  failoverTold({ failover: 'api', atMs: 1000, ...event } as FailoverEvent, about)
const decided = (decision: Record<string, unknown>) =>
  told({ type: 'decided', trigger: 'tick', decision: { page: false, reasons: [], ...decision } as unknown as Decision })
const typesOf = (events: { type: string }[]) => events.map(({ type }) => type)

describe('what people are told of a failover', () => {
  test('a decision that needs nobody ends what was asked before', () => {
    expect(typesOf(decided({ kind: 'stay' }))).toEqual(['fault.closed', 'failover.settled'])
    expect(typesOf(decided({ kind: 'wait', untilMs: 5 }))).toEqual(['fault.closed'])
    const move = decided({ kind: 'move', to: 'euw1', why: 'failover' })
    expect(typesOf(move)).toEqual(['fault.closed', 'failover.settled', 'failover.started'])
  })

  test('a refusal that pages says what it refused and why', () => {
    const reasons = [{ code: 'blind', votes: 1, voters: 2, silent: ['eu-west-1'] }]
    expect(decided({ kind: 'refuse', code: 'blind', page: true, reasons }).at(-1)).toMatchObject({
      ...{ type: 'failover.refused', code: 'blind', record: 'api.example.com' },
      reasons: ['Blind: 1 vantage with a vote on the active endpoint, of 2 needed; no vote from eu-west-1.'],
    })
    expect(typesOf(decided({ kind: 'refuse', code: 'cooldown', page: false }))).toEqual([
      'fault.closed',
      'failover.settled',
    ])
  })

  test('a move is told once, when it is made', () => {
    const events = [
      ...decided({ kind: 'move', to: 'euw1', why: 'failover' }),
      ...told({ type: 'swapped', to: 'euw1', tookMs: 800, by: 'auto', outcome: { kind: 'moved', epoch: 2 } }),
      ...told({ type: 'verified', to: 'euw1' }),
    ]
    expect(typesOf(events)).toEqual(expect.arrayContaining(['failover.started', 'failover.done', 'failover.verified']))
    expect(typesOf(events.filter(isTold))).toEqual(['failover.done'])
    expect(told({ type: 'drill', outcome: 'yielded', detail: '', seen: [], steps: [] }).filter(isTold)).toEqual([])
  })

  test.each([
    ['refused', { kind: 'refused', reason: 'LOCKED', detail: 'the TXT is locked' }, 'LOCKED'],
    ['given up', { kind: 'gaveUp', reason: 'READS' }, 'READS'],
  ])('a move that was %s has failed', (_, outcome, code) => {
    expect(told({ type: 'swapped', to: 'euw1', tookMs: 1, by: 'auto', outcome })).toMatchObject([
      { type: 'failover.failed', code },
    ])
  })

  test('another that was faster is no failure', () => {
    const outcome = { kind: 'superseded', reason: 'OTHER_STATE', by: { epoch: 3, decision: 'x' } }
    expect(told({ type: 'swapped', to: 'euw1', tookMs: 1, by: 'auto', outcome })).toEqual([])
  })

  test('a move that is not served everywhere has failed, and a later one that is ends that', () => {
    const [failed] = told({ type: 'verified', to: 'euw1', problem: 'ns2 says 192.0.2.10' })
    const [verified] = told({ type: 'verified', to: 'euw1' })
    const severityOf = () => 'page' as const
    expect(failed && effectOf(failed, severityOf)).toMatchObject({
      does: 'open',
      key: 'vedette/shop/failover/api/move',
    })
    expect(verified && effectOf(verified, severityOf)).toMatchObject({
      keys: expect.arrayContaining(['vedette/shop/failover/api/move']),
    })
  })

  test('pages, readiness, drills and broken decisions each have an event', () => {
    const drill = {
      outcome: 'failed',
      detail: 'ns2 never saw it.',
      left: 'A TXT is left.',
      steps: [{ step: 'move', tookMs: 5 }],
      seen: [],
    }
    const events = [
      ...told({ type: 'page', pages: [{ code: 'CLAIM_EXPIRED', detail: 'its hook may have run' }] }),
      ...told({ type: 'readiness', problems: [{ code: 'STANDBY_DOWN', detail: 'euw1 is down' }] }),
      ...told({ type: 'readiness', problems: [] }),
      ...told({ type: 'drill', ...drill }),
      ...told({ type: 'failed', message: 'boom' }),
    ]
    expect(events).toMatchObject([
      { type: 'failover.failed', code: 'CLAIM_EXPIRED' },
      { type: 'failover.notReady', problems: [{ code: 'STANDBY_DOWN', detail: 'euw1 is down' }] },
      { type: 'failover.ready' },
      { type: 'drill.failed', detail: 'ns2 never saw it. A TXT is left.', tookMs: 5 },
      { type: 'fault.opened', detail: 'boom' },
    ])
  })
})
