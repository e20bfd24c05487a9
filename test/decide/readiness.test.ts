import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Ballot } from '../../lib/decide/quorum.ts'
import {
  isReadinessDue,
  isWriteCheckDue,
  type Readiness,
  readinessAfter,
  readinessByVotes,
  readinessOf,
} from '../../lib/decide/readiness.ts'
import { type ReadinessCode, type ReadinessFacts, readinessCodes } from '../../lib/decide/readiness-terms.ts'
import { doomedBatch } from '../../lib/decide/swap-batch.ts'
import {
  answerOf,
  type RawRecordSet,
  type RecordSet,
  rawOf,
  recordSetOf,
  txtOf,
} from '../../lib/decide/swap-records.ts'
import { encodeState, type SwapState } from '../../lib/decide/swap-state.ts'
import type { Endpoint, Failover } from '../../lib/model/failover.ts'
import { applyBatch, zoneOf } from '../support/route53-model.ts'

const minuteMs = 60_000
const dayMs = 1440 * minuteMs
const nowMs = Date.UTC(2026, 10, 21, 12)

const failover: Failover = {
  ...{ id: 'api', hostedZoneId: 'Z1', zone: 'example.com', record: 'api.example.com', ttl: 60, check: 'live' },
  endpoints: [
    { id: 'one', region: 'us-east-1', A: ['192.0.2.1'], lastResort: false },
    { id: 'two', region: 'eu-west-1', A: ['192.0.2.2'], AAAA: ['2001:db8::2'], lastResort: false },
    { id: 'name', region: 'external', CNAME: 'name.example.net', lastResort: false },
  ],
  ...{ quorum: {}, sustainMs: 0, mode: 'auto', switch: 'record', cooldownMs: 0, maxPerDay: 2, failback: 'manual' },
  ...{ servers: ['authoritative'], hooks: {} },
}
const [one, two] = failover.endpoints as [Endpoint, Endpoint]
const vantages = ['v1', 'v2', 'v3']

const stateOf = (more: Partial<SwapState> = {}): SwapState => ({
  ...{ version: 1, epoch: 1, decision: 'first', active: 'one', sinceMs: 0, switches: [] },
  ...{ flags: { locked: false, latched: false }, ...more },
})
const txt = (more: Partial<SwapState> = {}) => txtOf(failover, encodeState(stateOf(more)))

const allUp: Ballot = { one: 'up', two: 'up', name: 'up' }
const voting = (...ballots: Ballot[]): ReadinessFacts['votes'] => ({
  ballots: new Map(ballots.map((ballot, i) => [`v${i + 1}`, ballot])),
  causes: new Map(),
})
const listed = (...sets: RecordSet[]) => ({ kind: 'listed' as const, sets })
const raw = (set: RawRecordSet): RecordSet => recordSetOf({ Name: 'api.example.com.', Type: 'A', TTL: 60, ...set })
const servers = ['ns-1.example.net', 'ns-2.example.net']
const zone = { kind: 'zone' as const, name: 'example.com', isPrivate: false, nameServers: servers }
const denied = (message: string) => ({ kind: 'denied' as const, message })

/** A failover that is ready in every respect. */
const ready: ReadinessFacts = {
  ...{ failover, vantages, nowMs, zone, votes: voting(allUp, allUp, allUp) },
  record: listed(...answerOf(failover, one), txt()),
  ...{ delegation: servers, write: 'allowed' },
  table: { locked: false, knownSinceMs: nowMs },
}
const codes = (changes: Partial<ReadinessFacts>) => readinessOf({ ...ready, ...changes }).map(({ code }) => code)

test('a failover that has all it needs has no problem', () => {
  expect(readinessOf(ready)).toEqual([])
})

const record = (...sets: RecordSet[]): Partial<ReadinessFacts> => ({ record: listed(...sets, txt()) })
const down: Ballot = { ...allUp, two: 'down' }
const mx: RawRecordSet = { Name: 'api.example.com.', Type: 'MX', ResourceRecords: [{ Value: '10 mx.example.net.' }] }

/** For each code, facts that have it; what else there is to tell then follows it. */
const cases: Record<ReadinessCode, [Partial<ReadinessFacts>, ...ReadinessCode[]][]> = {
  ZONE_NOT_OURS: [
    [{ record: denied('NoSuchHostedZone: none'), zone: denied('NoSuchHostedZone: none') }],
    [{ record: denied('AccessDenied: not you'), zone: undefined, write: undefined }],
  ],
  WILDCARD: [[{ failover: { ...failover, record: '*.example.com' }, record: listed() }, 'NO_ANSWER', 'TXT_MISSING']],
  APEX_CNAME: [[{ failover: { ...failover, record: 'example.com' }, record: listed() }, 'NO_ANSWER', 'TXT_MISSING']],
  ROUTING: [[record(raw({ SetIdentifier: 'a', ResourceRecords: [{ Value: '192.0.2.1' }] }))]],
  HEALTH_CHECK: [[record(raw({ HealthCheckId: 'h', ResourceRecords: [{ Value: '192.0.2.1' }] }))]],
  TRAFFIC_POLICY: [[record(raw({ TrafficPolicyInstanceId: 't', ResourceRecords: [{ Value: '192.0.2.1' }] }))]],
  OTHER_TYPES: [[{ record: { ...listed(...answerOf(failover, one), txt()), besides: [mx] } }]],
  NO_ANSWER: [[{ record: listed() }, 'TXT_MISSING']],
  NO_ENDPOINT: [[{ record: listed(raw({ ResourceRecords: [{ Value: '192.0.2.99' }] })) }, 'TXT_MISSING']],
  EDITED: [
    [record(raw({ ResourceRecords: [{ Value: '192.0.2.99' }] }))],
    [record(...answerOf(failover, two))],
    [record()],
  ],
  TTL_DIFFERS: [[record(raw({ TTL: 30, ResourceRecords: [{ Value: '192.0.2.1' }] }))]],
  TTL_LONG: [
    [record(raw({ TTL: 300, ResourceRecords: [{ Value: '192.0.2.1' }] })), 'TTL_DIFFERS'],
    [{ failover: { ...failover, ttl: 300 }, ...record(...answerOf({ ...failover, ttl: 300 }, one)) }],
  ],
  TXT_MISSING: [[{ record: listed(...answerOf(failover, one)) }]],
  TXT_UNREADABLE: [[{ record: listed(...answerOf(failover, one), txtOf(failover, 'v=spf1 -all')) }]],
  LOCKED: [[{ record: listed(...answerOf(failover, one), txt({ flags: { locked: true, latched: false } })) }]],
  LATCHED: [[{ record: listed(...answerOf(failover, one), txt({ flags: { locked: false, latched: true } })) }]],
  ACTIVE_UNKNOWN: [[{ record: listed(...answerOf(failover, one), txt({ active: 'gone' })) }]],
  UNKNOWN_RECORD: [],
  STANDBY_DOWN: [
    [{ votes: voting(down, down, allUp) }],
    [{ votes: voting(down, down) }],
    // The active endpoint is for decisions to look at.
    [{ votes: voting({ one: 'down', two: 'down', name: 'up' }, { one: 'down', two: 'down', name: 'up' }) }],
  ],
  UNREACHABLE: [
    [
      {
        failover: {
          ...failover,
          endpoints: [one, { id: 'six', region: 'external', AAAA: ['2001:db8::6'], lastResort: false }],
        },
        votes: { ...voting(), causes: new Map(vantages.map((id) => [id, { 'live@six': 'UNSUPPORTED: no IPv6' }])) },
      },
    ],
  ],
  UNKNOWN_VOTES: [],
  ZONE_DENIED: [[{ zone: denied('AccessDenied: route53:GetHostedZone') }]],
  ZONE_PRIVATE: [[{ zone: { ...zone, isPrivate: true }, delegation: 'unneeded' }]],
  ZONE_NAME: [[{ zone: { ...zone, name: 'example.org' } }]],
  UNKNOWN_ZONE: [],
  DELEGATION: [
    [{ delegation: ['ns-1.example.net', 'old.example.net'] }],
    [{ delegation: ['ns-1.example.net'] }],
    [{ delegation: [...servers, 'more.example.net'] }],
    [{ delegation: [] }],
  ],
  UNKNOWN_DELEGATION: [],
  WRITE_DENIED: [[{ write: denied('AccessDenied: route53:ChangeResourceRecordSets') }]],
  UNKNOWN_WRITE: [],
  TABLE_UNREADABLE: [[{ table: undefined }]],
  LOCKED_HERE: [[{ table: { locked: true } }]],
  NO_DRILL: [
    [{ table: { locked: false, knownSinceMs: nowMs - 90 * dayMs } }],
    [{ table: { locked: false, knownSinceMs: 0, drilledAtMs: nowMs - 91 * dayMs } }],
  ],
}

describe('each thing that would keep it from moving is told', () => {
  const known = Object.entries(cases).flatMap(([code, some]) =>
    some.map((one, i) => [`${code} ${i + 1}`, code, one] as const),
  )
  test.each(known)('%s', (_, code, [changes, ...others]) => {
    expect(codes(changes).sort()).toEqual([code, ...others].sort())
    for (const { detail } of readinessOf({ ...ready, ...changes })) expect(detail).toMatch(/^\S.*\.$/)
  })

  test('with every code accounted for', () => {
    const all = Object.values(readinessCodes).flat()
    expect(Object.keys(cases).sort()).toEqual([...all].sort())
    const untested = all.filter((code) => cases[code].length === 0)
    expect(untested.every((code) => code.startsWith('UNKNOWN_'))).toBe(true)
  })
})

describe('is no problem', () => {
  test.each<[string, Partial<ReadinessFacts>]>([
    ['an active endpoint that is down', { votes: voting({ ...allUp, one: 'down' }, { ...allUp, one: 'down' }) }],
    ['a vantage without a vote, while the others are enough', { votes: voting(allUp, allUp) }],
    ['a drill within 90 days', { table: { locked: false, knownSinceMs: 0, drilledAtMs: nowMs - 89 * dayMs } }],
    [
      'names written in another way',
      { zone: { ...zone, name: 'Example.COM.' }, delegation: ['NS-2.example.net.', 'ns-1.example.net'] },
    ],
    [
      'other types where no endpoint is a CNAME',
      {
        failover: { ...failover, endpoints: [one, two] },
        record: { ...listed(...answerOf(failover, one), txt()), besides: [mx] },
      },
    ],
    ['an embedded zone, of which there is nothing to ask', { zone: 'unneeded', delegation: 'unneeded' }],
    [
      'an address that only some vantages can reach',
      {
        votes: {
          ...voting(allUp, allUp, allUp),
          causes: new Map([
            ['v1', { 'live@two.2': 'UNSUPPORTED: no IPv6' }],
            ['v2', {}],
          ]),
        },
      },
    ],
  ])('%s', (_, changes) => {
    expect(codes(changes)).toEqual([])
  })
})

test('an address that nobody can reach is noted where the endpoint has others', () => {
  const causes = new Map(vantages.map((id) => [id, { 'live@two.2': 'UNSUPPORTED: no IPv6' }]))
  const { problems, notes } = readinessAfter({ ...ready, votes: { ...voting(allUp, allUp, allUp), causes } })
  expect(problems).toEqual([])
  expect(notes).toEqual(['two: 2001:db8::2 cannot be reached from any vantage, so nobody watches it.'])
})

test('why a standby is down, for whom, and who has no vote is told', () => {
  const causes = new Map([['v1', { 'live@two.1': 'CONNECT_REFUSED: nothing listens' }]])
  const [problem] = readinessOf({ ...ready, votes: { ...voting(down, down), causes } })
  expect(problem).toMatchObject({ code: 'STANDBY_DOWN', endpoint: 'two' })
  expect(problem?.detail).toContain(
    'up for 2 vantages, got 0: down for v1, v2 (CONNECT_REFUSED: nothing listens), no vote from v3',
  )
})

test('one that moves by health checks is held to its table and its endpoints', () => {
  const moved: Failover = { ...failover, switch: 'health-check', endpoints: [one, two] }
  const unneeded = { record: 'unneeded', zone: 'unneeded', delegation: 'unneeded', write: 'unneeded' } as const
  const table = (more: Partial<SwapState>) => ({ locked: false, knownSinceMs: 0, text: encodeState(stateOf(more)) })
  const only = (more: Partial<SwapState>) =>
    codes({ failover: moved, ...unneeded, table: table(more), votes: voting(down, down) })
  const oneDown = voting({ one: 'down', two: 'up' }, { one: 'down', two: 'up' })
  expect(codes({ failover: moved, ...unneeded, table: { locked: false }, votes: oneDown })).toEqual([])
  expect(only({})).toEqual(['STANDBY_DOWN'])
  expect(only({ active: 'two', flags: { locked: false, latched: true } })).toEqual(['LATCHED'])
})

const blind: Partial<ReadinessFacts> = {
  ...{ record: undefined, zone: undefined, delegation: undefined, write: undefined },
  votes: voting(allUp),
}
const look = (changes: Partial<ReadinessFacts>, atMs: number, before?: Readiness) =>
  readinessAfter({ ...ready, ...changes, nowMs: atMs, table: { locked: false }, ...(before && { before }) })

describe('what could not be found out', () => {
  const unknown = ['UNKNOWN_RECORD', 'UNKNOWN_VOTES', 'UNKNOWN_ZONE', 'UNKNOWN_DELEGATION']

  test('is no problem at first, and one after an hour; the right to write has two', () => {
    const first = look(blind, nowMs)
    const before = look(blind, nowMs + 59 * minuteMs, first)
    const hour = look(blind, nowMs + 60 * minuteMs, before)
    const twoHours = look(blind, nowMs + 120 * minuteMs, hour)
    const found = [first, before, hour, twoHours].map(({ problems }) => problems.map(({ code }) => code))
    expect(found).toEqual([[], [], unknown, [...unknown, 'UNKNOWN_WRITE']])
  })

  test('is counted from when it was last known', () => {
    const known = look({}, nowMs + 30 * minuteMs, look(blind, nowMs))
    expect(look(blind, nowMs + 89 * minuteMs, known).problems).toEqual([])
    expect(look(blind, nowMs + 90 * minuteMs, known).problems.map(({ code }) => code)).toEqual(unknown)
  })

  test('stays as it was found last', () => {
    const wrong = { write: denied('AccessDenied: no'), delegation: [], votes: voting(down, down), ...record() }
    const before = look(wrong, nowMs)
    const after = look(blind, nowMs + 10 * minuteMs, before)
    expect(before.problems).toHaveLength(4)
    expect(after.problems).toEqual(before.problems)
    expect(look({}, nowMs + 20 * minuteMs, after).problems).toEqual([])
  })

  test('of one endpoint does not keep what is known of another', () => {
    const both: Ballot = { one: 'up', two: 'down', name: 'down' }
    const before = look({ votes: voting(both, both) }, nowMs)
    const votes = voting({ two: 'up', name: 'up' }, { two: 'up' })
    const after = look({ votes }, nowMs + minuteMs, before)
    expect(after.problems.map(({ endpoint }) => endpoint)).toEqual(['name'])
  })

  test('is not told beside a zone that is closed to us', () => {
    const changes = { ...blind, record: denied('AccessDenied: no') }
    expect(look(changes, nowMs + 120 * minuteMs, look(changes, nowMs)).problems.map(({ code }) => code)).toEqual([
      'ZONE_NOT_OURS',
    ])
  })

  test('does not make the active endpoint a standby', () => {
    const votes = voting({ ...allUp, one: 'down' }, { ...allUp, one: 'down' })
    expect(look({ votes, record: undefined }, nowMs + minuteMs, look({}, nowMs)).problems).toEqual([])
    expect(look({ votes, record: undefined }, nowMs).problems).toMatchObject([
      { code: 'STANDBY_DOWN', endpoint: 'one' },
    ])
  })
})

describe('looks', () => {
  test('come once in ten minutes for each failover', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z0-9-]{1,20}$/), fc.nat(30_000_000), (id, minute) => {
        const due = Array.from({ length: 10 }, (_, i) => isReadinessDue({ id }, minute + i))
        return due.filter(Boolean).length === 1
      }),
    )
  })

  test('are spread: of 100 failovers, no minute has more than twice its share', () => {
    const ids = Array.from({ length: 100 }, (_, i) => ({ id: `shop-${i}` }))
    const loads = Array.from({ length: 10 }, (_, minute) => ids.filter((one) => isReadinessDue(one, minute)).length)
    expect(Math.max(...loads)).toBeLessThanOrEqual(20)
  })

  test('prove the right to write once an hour, and at once where it is not known', () => {
    const proven = look({}, nowMs)
    expect(isWriteCheckDue(undefined, nowMs)).toBe(true)
    expect(isWriteCheckDue(look(blind, nowMs), nowMs + 10 * minuteMs)).toBe(true)
    const due = [10, 50, 60].map((minutes) => isWriteCheckDue(proven, nowMs + minutes * minuteMs))
    expect(due).toEqual([false, false, true])
    // A look that does not ask leaves it as it was.
    const later = look({ write: undefined }, nowMs + 50 * minuteMs, proven)
    expect(isWriteCheckDue(later, nowMs + 60 * minuteMs)).toBe(true)
  })
})

test('the right to write is asked about at once where a clock that was wrong has dated the last time ahead', () => {
  const last = (atMs: number): Readiness => ({ atMs, problems: [], knownAtMs: { write: atMs } })
  expect(isWriteCheckDue(last(nowMs + dayMs), nowMs)).toBe(true)
  expect(isWriteCheckDue(last(nowMs + 1000), nowMs)).toBe(false)
})

test('the batch that proves the right to write fails whatever is at the name', () => {
  const state = fc.record({ epoch: fc.nat(1000), active: fc.constantFrom('one', 'two') })
  fc.assert(
    fc.property(fc.option(state), (more) => {
      const sets = more ? [txt(more)] : []
      const before = zoneOf([...answerOf(failover, one), ...sets].map(rawOf))
      expect(applyBatch(before, doomedBatch(failover))).toBeUndefined()
    }),
  )
  expect(doomedBatch(failover)).toMatchObject([
    { action: 'DELETE', set: { name: '_vedette.api.example.com', type: 'TXT' } },
  ])
})

describe('by newer votes than those of the last look', () => {
  const before: Readiness = { atMs: nowMs, problems: [{ code: 'LOCKED', detail: 'It is locked.' }], active: 'one' }
  const by = (votes: ReadinessFacts['votes'], active?: string, looked = before) =>
    readinessByVotes(looked, { failover, vantages, votes }, active).problems.map(({ code, endpoint = '' }) =>
      `${code} ${endpoint}`.trim(),
    )
  const down = (id: string): Ballot => ({ ...allUp, [id]: 'down' })

  test('a standby that has died since is down, one that is back is not, and all else is as it was found', () => {
    const died = voting(down('two'), down('two'), down('two'))
    expect(by(died)).toEqual(['LOCKED', 'STANDBY_DOWN two'])
    const looked = readinessByVotes(before, { failover, vantages, votes: died })
    expect(by(voting(allUp, allUp, allUp), 'one', looked)).toEqual(['LOCKED'])
  })

  test('after a move the endpoint that was left is the standby, and the one that is active is none', () => {
    const left = voting(down('one'), down('one'), down('one'))
    expect(by(left, 'one')).toEqual(['LOCKED'])
    expect(by(left, 'two')).toEqual(['LOCKED', 'STANDBY_DOWN one'])
    const standby = readinessByVotes(before, {
      failover,
      vantages,
      votes: voting(down('two'), down('two'), down('two')),
    })
    expect(by(voting(), 'two', standby)).toEqual(['LOCKED'])
  })

  test('what they do not tell stays as it was found', () => {
    const looked = readinessByVotes(before, {
      failover,
      vantages,
      votes: voting(down('two'), down('two'), down('two')),
    })
    expect(by(voting(), 'one', looked)).toEqual(['LOCKED', 'STANDBY_DOWN two'])
    const unknown: Readiness = { ...before, problems: [{ code: 'UNKNOWN_VOTES', detail: 'For an hour.' }] }
    expect(by(voting(), 'one', unknown)).toEqual(['UNKNOWN_VOTES'])
    expect(by(voting(allUp, allUp, allUp), 'one', unknown)).toEqual([])
  })
})
