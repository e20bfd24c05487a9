import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { batchProblems, type Change, swapBatch, txtBatch } from '../../lib/decide/swap-batch.ts'
import { recordProblems } from '../../lib/decide/swap-first-contact.ts'
import {
  answerIn,
  answerOf,
  differentTtls,
  endpointIn,
  matchesAnswer,
  type RawRecordSet,
  rawOf,
  recordSetOf,
  relevantSets,
  setsBeside,
  stateIn,
  txtOf,
} from '../../lib/decide/swap-records.ts'
import { encodeState, type SwapState } from '../../lib/decide/swap-state.ts'
import type { Endpoint, Failover } from '../../lib/model/failover.ts'
import { applyBatch, editByHand, listZone, zoneOf } from '../support/route53-model.ts'

const record = 'api.example.com'

const failoverOf = (...forms: Partial<Endpoint>[]): Failover => ({
  ...{ id: 'f', hostedZoneId: 'Z1', zone: 'example.com', record, ttl: 60, check: 'api' },
  endpoints: forms.map((form, i) => ({ id: `e${i}`, region: 'external', lastResort: false, ...form })),
  ...{ quorum: {}, sustainMs: 0, mode: 'auto', switch: 'record', cooldownMs: 0, maxPerDay: 2, failback: 'manual' },
  servers: ['authoritative'],
  hooks: {},
})

const stateOf = (epoch: number, active: string): SwapState => ({
  ...{ version: 1, epoch, decision: `d${epoch}`, active, sinceMs: 0, switches: [] },
  flags: { locked: false, latched: false },
})

const last = fc.integer({ min: 1, max: 9 })
const v4 = fc.uniqueArray(
  last.map((n) => `192.0.2.${n}`),
  { minLength: 1, maxLength: 3 },
)
const v6 = fc.uniqueArray(
  last.map((n) => `2001:db8::${n}`),
  { minLength: 1, maxLength: 3 },
)
const form: fc.Arbitrary<Partial<Endpoint>> = fc.oneof(
  v4.map((A) => ({ A })),
  v6.map((AAAA) => ({ AAAA })),
  fc.record({ A: v4, AAAA: v6 }),
  last.map((n) => ({ CNAME: `host-${n}.example.net` })),
  last.map((n) => ({ alias: { hostedZoneId: 'Z2', dnsName: `lb-${n}.example.net` } })),
)
const aside: RawRecordSet = {
  Name: `${record}.`,
  Type: 'MX',
  TTL: 60,
  ResourceRecords: [{ Value: '10 mx.example.net.' }],
}
const handmade: RawRecordSet[] = [
  { Name: record, Type: 'A', TTL: 60, ResourceRecords: [{ Value: '203.0.113.1' }] },
  { Name: record, Type: 'AAAA', TTL: 60, ResourceRecords: [{ Value: '2001:db8::bad' }] },
]

/** A zone in which the first of two endpoints is active, and the batch that moves it to the second. */
const moves = fc.tuple(form, form, fc.integer({ min: 1, max: 900 })).map(([a, b, ttl]) => {
  const failover = failoverOf(a, b)
  const [from, to] = failover.endpoints.map((endpoint) => answerOf(failover, endpoint))
  // As someone else once wrote it: another TTL, its values in another order.
  const written = (from ?? []).map((set) => ({
    ...set,
    ...(set.ttl && { ttl }),
    ...(set.values && { values: set.values.toReversed() }),
  }))
  const zone = zoneOf([...written, txtOf(failover, encodeState(stateOf(1, 'e0')))].map(rawOf))
  const changes = swapBatch(listZone(zone, failover), to ?? [], stateOf(2, 'e1'), failover)
  return { failover, zone, target: to ?? [], changes }
})

describe('a batch', () => {
  test('gives exactly the answer of the target, and the TXT, whatever the forms', () => {
    fc.assert(
      fc.property(moves, ({ failover, zone, target, changes }) => {
        expect(batchProblems(changes, failover)).toEqual([])
        const after = applyBatch(zone, changes)
        const sets = after ? listZone(after, failover) : []
        expect(answerIn(sets, failover).map(rawOf)).toEqual(target.map(rawOf))
        expect(matchesAnswer(answerIn(sets, failover), target)).toBe(true)
        expect(stateIn(sets, failover)).toMatchObject({ state: stateOf(2, 'e1') })
        expect(after?.sets).toHaveLength(target.length + 1)
      }),
      { numRuns: 500 },
    )
  })

  test('fails and changes nothing after an edit by hand of what was listed or is created', () => {
    fc.assert(
      fc.property(moves, fc.subarray(handmade), ({ zone, changes }, edit) => {
        expect(applyBatch(editByHand(zone, record, edit), changes)).toBeUndefined()
      }),
    )
  })

  test('does not guard against a type added by hand that it neither deletes nor creates', () => {
    const failover = failoverOf({ A: ['192.0.2.1'] }, { A: ['192.0.2.2'] })
    const [a, b] = failover.endpoints.map((endpoint) => answerOf(failover, endpoint))
    const zone = zoneOf([...(a ?? []), txtOf(failover, encodeState(stateOf(1, 'e0')))].map(rawOf))
    const changes = swapBatch(listZone(zone, failover), b ?? [], stateOf(2, 'e1'), failover)
    const edited = editByHand(zone, record, [...(a ?? []).map(rawOf), ...handmade.slice(1)])
    const after = applyBatch(edited, changes)
    expect(after?.sets).toContainEqual(handmade[1])
    expect(after && endpointIn(listZone(after, failover), failover)).toBeUndefined()
  })

  test('fails after any other write of the TXT, and the same batch twice fails the second time', () => {
    fc.assert(
      fc.property(moves, ({ failover, zone, changes }) => {
        const fence = txtBatch(listZone(zone, failover), stateOf(3, 'e0'), failover)
        expect(batchProblems(fence, failover)).toEqual([])
        const fenced = applyBatch(zone, fence)
        expect(fenced && applyBatch(fenced, changes)).toBeUndefined()
        const moved = applyBatch(zone, changes)
        expect(moved && applyBatch(moved, changes)).toBeUndefined()
      }),
    )
  })

  test('deletes what was listed as it was listed', () => {
    const raw: RawRecordSet = { Name: 'API.example.com.', Type: 'A', TTL: 5, ResourceRecords: [{ Value: '192.0.2.1' }] }
    const [change] = swapBatch([recordSetOf(raw)], [], stateOf(2, 'e1'), { record })
    expect(change?.action).toBe('DELETE')
    expect(change && rawOf(change.set)).toBe(raw)
  })
})

describe('a batch is not sent', () => {
  const failover = failoverOf({ A: ['192.0.2.1'] }, { A: ['192.0.2.2'] })
  const [old, answer] = failover.endpoints.flatMap((endpoint) => answerOf(failover, endpoint)) as [never, never]
  const txt = txtOf(failover, encodeState(stateOf(1, 'e0')))
  const del = (set: typeof txt): Change => ({ action: 'DELETE', set })
  const put = (set: typeof txt): Change => ({ action: 'CREATE', set })
  const other = { ...txt, name: 'www.example.com' }
  const many = Array.from({ length: 1001 }, (_, i) => `192.0.${i >> 8}.${i & 255}`)

  test.each<[string, Change[], string]>([
    ['that leaves an empty answer', [del(old), del(txt), put(txt)], 'expected an answer'],
    [
      'that creates an empty set',
      [del(txt), put(txt), del(old), put({ ...txt, name: record, type: 'A', values: [] })],
      'empty one',
    ],
    ['that moves without the TXT', [del(old), put(answer)], 'expected one new TXT'],
    ['that moves without deleting a TXT', [del(old), put(answer), put(txt)], 'unguarded'],
    ['that touches another name', [del(txt), put(txt), put(other)], 'got others'],
    ['with UPSERT', [{ action: 'UPSERT' as never, set: txt }], 'only CREATE and DELETE'],
    ['with a set twice', [del(txt), del(txt), put(txt)], 'twice'],
    [
      'of too many records',
      [del(txt), put(txt), del(old), put({ ...txt, name: record, type: 'A', values: many })],
      '1000 records',
    ],
    ['of too many characters', [del(txt), put({ ...txt, values: ['x'.repeat(32_000)] })], '32000 characters'],
    [
      'with a CNAME beside others',
      [del(old), del(txt), put(answer), put({ ...txt, name: record, type: 'CNAME', values: ['a.'] }), put(txt)],
      'a CNAME alone',
    ],
  ])('%s', (_, changes, problem) => {
    expect(batchProblems(changes, failover).join()).toContain(problem)
  })
})

describe('a listed answer', () => {
  const of = (form: Partial<Endpoint>) =>
    answerOf(failoverOf(form), { id: 'e', region: '', lastResort: false, ...form })
  const listed = (raw: RawRecordSet) => [recordSetOf({ Name: 'Api.Example.com.', ...raw })]
  const values = (...all: string[]) => all.map((Value) => ({ Value }))
  const a = of({ A: ['192.0.2.1', '192.0.2.2'] })

  test('matches in any order and spelling', () => {
    const ab = { Type: 'A', TTL: 60, ResourceRecords: values('192.0.2.2', '192.0.2.1') }
    expect(matchesAnswer(listed(ab), a)).toBe(true)
    const v6 = { Type: 'AAAA', TTL: 60, ResourceRecords: values('2001:DB8:0:0::1') }
    expect(matchesAnswer(listed(v6), of({ AAAA: ['2001:db8::1'] }))).toBe(true)
    const cname = { Type: 'CNAME', TTL: 60, ResourceRecords: values('Host.Example.NET') }
    expect(matchesAnswer(listed(cname), of({ CNAME: 'host.example.net.' }))).toBe(true)
    const alias = { HostedZoneId: '/hostedzone/Z2', DNSName: 'LB.example.net.', EvaluateTargetHealth: true }
    const declared = of({ alias: { hostedZoneId: 'Z2', dnsName: 'lb.example.net' } })
    expect(matchesAnswer(listed({ Type: 'A', AliasTarget: alias }), declared)).toBe(true)
    expect(matchesAnswer(listed({ Type: 'AAAA', AliasTarget: alias }), declared)).toBe(false)
  })

  test('matches with another TTL, which is told', () => {
    const slow = listed({ Type: 'A', TTL: 300, ResourceRecords: values('192.0.2.1', '192.0.2.2') })
    expect(matchesAnswer(slow, a)).toBe(true)
    expect(differentTtls(slow, a)).toEqual([300])
    expect(differentTtls(a, a)).toEqual([])
  })

  test('does not match with less, with more, or with routing', () => {
    const both = { Type: 'A', TTL: 60, ResourceRecords: values('192.0.2.1', '192.0.2.2') }
    expect(matchesAnswer(listed({ ...both, ResourceRecords: values('192.0.2.1') }), a)).toBe(false)
    expect(matchesAnswer([...listed(both), ...handmade.slice(1).map(recordSetOf)], a)).toBe(false)
    expect(matchesAnswer([], a)).toBe(false)
    for (const field of ['SetIdentifier', 'HealthCheckId', 'TrafficPolicyInstanceId', 'GeoLocation'])
      expect(matchesAnswer(listed({ ...both, [field]: 'x' }), a)).toBe(false)
  })
})

test('a TXT is a state where it is one set, of one string, at its own name and with simple routing: else nothing moves', () => {
  const failover = failoverOf({ A: ['192.0.2.1'] }, { A: ['192.0.2.2'] })
  const state = stateOf(7, 'e0')
  const text = encodeState(state)
  const name = '_vedette.api.example.com.'
  const raw = (over: RawRecordSet, ...values: string[]): RawRecordSet => ({
    ...{ Name: name, Type: 'TXT', TTL: 60, ResourceRecords: values.map((Value) => ({ Value })), ...over },
  })
  const found = (...sets: RawRecordSet[]) => stateIn(relevantSets(sets, failover), failover)
  expect(found(raw({}, `"${text}"`))).toEqual({ state, text })
  expect(found(raw({ Name: `${record}.` }, `"${text}"`))).toBe('missing')
  expect(found(raw({ Name: '_vedette.www.example.com.' }, `"${text}"`))).toBe('missing')
  for (const sets of [
    [raw({}, `"${text}"`, '"another"')],
    [raw({}, text)],
    [raw({}, `"${text.slice(0, 100)}" "${text.slice(100)}"`)],
    [raw({ SetIdentifier: 'blue' }, `"${text}"`)],
    [raw({ HealthCheckId: 'h' }, `"${text}"`)],
    [raw({ SetIdentifier: 'blue' }, `"${text}"`), raw({ SetIdentifier: 'green' }, `"${text}"`)],
  ])
    expect(found(...sets)).toBe('unreadable')
})

test('at first contact a record is refused for everything that makes it unsafe to move', () => {
  const failover = failoverOf({ A: ['192.0.2.1'] }, { CNAME: 'host.example.net' })
  const good: RawRecordSet = { Name: `${record}.`, Type: 'A', TTL: 60, ResourceRecords: [{ Value: '192.0.2.1' }] }
  const codes = (listed: RawRecordSet[], over: Partial<Failover> = {}) =>
    recordProblems(listed, { ...failover, ...over }).map(({ code }) => code)
  expect(codes([good, { ...good, Name: 'www.example.com.', SetIdentifier: 'x' }])).toEqual([])
  expect(codes([])).toEqual(['NO_ANSWER'])
  expect(codes([{ ...good, ResourceRecords: [{ Value: '192.0.2.7' }] }])).toEqual(['NO_ENDPOINT'])
  expect(codes([{ ...good, SetIdentifier: 'x', HealthCheckId: 'h' }])).toEqual([
    'ROUTING',
    'HEALTH_CHECK',
    'NO_ENDPOINT',
  ])
  expect(codes([{ ...good, TrafficPolicyInstanceId: 't' }])).toEqual(['TRAFFIC_POLICY', 'NO_ENDPOINT'])
  expect(codes([good, aside])).toEqual(['OTHER_TYPES'])
  expect(codes([aside], { endpoints: failover.endpoints.slice(0, 1) })).toEqual(['NO_ANSWER'])
  const spf: RawRecordSet = { Name: `${record}.`, Type: 'TXT', TTL: 60, ResourceRecords: [{ Value: '"v=spf1 -all"' }] }
  expect(codes([good, spf])).toEqual(['OTHER_TYPES'])
  expect(setsBeside([good, spf, aside, { ...spf, Name: 'www.example.com.' }], failover)).toEqual([spf, aside])
  expect(codes([good, aside], { endpoints: failover.endpoints.slice(0, 1) })).toEqual([])
  expect(codes([good], { zone: 'API.example.com' })).toEqual(['APEX_CNAME'])
  expect(codes([{ ...good, Name: '\\052.example.com.' }], { record: '\\052.example.com' })).toEqual(['WILDCARD'])
})
