import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  decodeState,
  encodeState,
  lastEpoch,
  mostDecisionCharacters,
  roomProblem,
  type SwapState,
} from '../../lib/decide/swap-state.ts'

const nowMs = Date.UTC(2026, 10, 21, 14, 42, 27)

const state: SwapState = {
  ...{ version: 1, epoch: 12, decision: 'k3j5h2l1m0', active: 'euw1', sinceMs: nowMs },
  switches: [
    { atMs: nowMs, from: 'use1', to: 'euw1', by: 'auto' },
    { atMs: nowMs - 3_600_000, from: 'euw1', to: 'use1', by: 'person' },
  ],
  flags: { locked: false, latched: false },
}

const characters = (max: number) =>
  fc.string({
    unit: fc.constantFrom(...'abcXYZ019._-'),
    minLength: 1,
    maxLength: max,
  })
const id = fc.oneof(characters(12), characters(64), fc.constantFrom('a'.repeat(64), 'b'.repeat(64)))
const decision = characters(mostDecisionCharacters)
const epoch = fc.nat(lastEpoch)
const time = fc.integer({ min: 0, max: 253_402_300_799 }).map((s) => s * 1000)
const states = fc
  .record(
    {
      version: fc.constant(1 as const),
      epoch,
      decision,
      active: id,
      sinceMs: time,
      switches: fc.array(fc.record({ atMs: time, from: id, to: id, by: fc.constantFrom('auto', 'person') }), {
        maxLength: 30,
      }),
      flags: fc.record({ locked: fc.boolean(), latched: fc.boolean() }),
      claim: fc.record({ epoch, decision, to: id, expiresAtMs: time }),
    },
    { requiredKeys: ['version', 'epoch', 'decision', 'active', 'sinceMs', 'switches', 'flags'] },
  )
  .map((one) => one as SwapState)

describe('the TXT', () => {
  test('can be read by a person', () => {
    expect(encodeState(state)).toMatch(
      /^vedette1 epoch=12 id=k3j5h2l1m0 on=euw1 since=20261121T144227Z ids=use1 moves=a1>0\+0,p0>1-3600 [0-9a-z]{4}$/,
    )
    const claim = { epoch: 11, decision: 'k3j5h2l1m0', to: 'use1', expiresAtMs: nowMs + 300_000 }
    expect(encodeState({ ...state, switches: [], claim, flags: { locked: true, latched: true } })).toMatch(
      / since=20261121T144227Z to=use1 claim=11:k3j5h2l1m0:20261121T144727Z lock latch [0-9a-z]{4}$/,
    )
  })

  test('is one string of at most 255 printable ASCII characters that holds the newest switch, and of the others all but the oldest', () => {
    fc.assert(
      fc.property(states, (one) => {
        const text = encodeState(one)
        expect(text).toMatch(/^[ !#-[\]-~]{1,255}$/)
        const read = decodeState(text)
        const kept = read?.switches ?? []
        expect(read).toEqual({ ...one, switches: kept })
        expect(kept.slice(0, 1)).toEqual(kept.length > 0 ? one.switches.slice(0, 1) : [])
        for (const by of ['auto', 'person'] as const) {
          const [here, all] = [kept, one.switches].map((some) => some.slice(1).filter((each) => each.by === by))
          expect(here).toEqual(all?.slice(0, here?.length))
        }
      }),
      { numRuns: 2000 },
    )
  })

  test('counts every move by itself that there is room for, however often people moved it in between', () => {
    const at = (i: number) => ({ ...state.switches[0], atMs: nowMs - i * 1000, by: i % 8 === 4 ? 'auto' : 'person' })
    const many = Array.from({ length: 40 }, (_, i) => at(i) as never)
    const kept = decodeState(encodeState({ ...state, switches: many }))?.switches ?? []
    expect(kept.length).toBeLessThan(30)
    expect(kept.filter(({ by }) => by === 'auto')).toHaveLength(5)
  })

  test('drops no switch that there is room for', () => {
    const many = Array.from({ length: 40 }, (_, i) => ({ ...state.switches[0], atMs: nowMs - i * 1000 }) as never)
    const text = encodeState({ ...state, switches: many })
    expect(text.length).toBeGreaterThan(245)
    expect(decodeState(text)?.switches.length).toBeGreaterThan(15)
  })

  test('with the longest of everything is 255 characters exactly', () => {
    const [a, b, d] = ['a'.repeat(64), 'b'.repeat(64), 'd'.repeat(mostDecisionCharacters)]
    const claim = { epoch: lastEpoch, decision: d, to: b, expiresAtMs: nowMs }
    const flags = { locked: true, latched: true }
    expect(encodeState({ ...state, epoch: lastEpoch, decision: d, active: a, claim, flags })).toHaveLength(255)
  })

  test.each([
    { decision: 'longer-than-ten' },
    { active: 'a b' },
    { active: '' },
    { epoch: lastEpoch + 1 },
    { epoch: 0.5 },
    { sinceMs: Number.NaN },
    { sinceMs: -1 },
  ])('is not written for %o', (wrong) => {
    expect(() => encodeState({ ...state, ...wrong })).toThrow(RangeError)
  })
})

describe('what is not a state of ours', () => {
  test('any text', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.string({ minLength: 250, maxLength: 300 }), characters(64)), (text) => {
        expect(decodeState(text)).toBeUndefined()
      }),
    )
  })

  test('a text with a character changed, left out or put in', () => {
    fc.assert(
      fc.property(states, fc.nat(), fc.constantFrom(0, 1), fc.string({ maxLength: 1 }), (one, where, cut, put) => {
        const text = encodeState(one)
        const at = where % text.length
        const edited = text.slice(0, at) + put + text.slice(at + cut)
        fc.pre(edited !== text)
        expect(decodeState(edited)).toBeUndefined()
      }),
      { numRuns: 2000 },
    )
  })

  test.each([
    'v=spf1 -all',
    encodeState(state).replace('vedette1', 'vedette2'),
    encodeState(state).toUpperCase(),
    ` ${encodeState(state)}`,
  ])('%s', (text) => {
    expect(decodeState(text)).toBeUndefined()
  })
})

describe('room for the moves of a day', () => {
  const endpoints = (...ids: string[]) => ids.map((id) => ({ id, region: 'external', lastResort: false }))

  test('is there for two moves with any ids, as long as no hook needs a claim', () => {
    const ids = endpoints('a'.repeat(64), 'b'.repeat(64))
    expect(roomProblem({ endpoints: ids, maxPerDay: 2, hooks: {} })).toBeUndefined()
    const before = { lambda: 'arn:aws:lambda:eu-west-1:123456789012:function:promote' }
    expect(roomProblem({ endpoints: ids, maxPerDay: 1, hooks: { before } })).toMatchObject({
      expected: 'a "maxPerDay" of at most 0 with these endpoint ids',
      got: '1',
    })
  })

  test('ends at a number of moves that is told', () => {
    const many = { endpoints: endpoints('use1', 'euw1'), maxPerDay: 100, hooks: {} }
    const most = Number(roomProblem(many)?.expected.match(/\d+/)?.[0])
    expect(most).toBeGreaterThan(10)
    expect(roomProblem({ ...many, maxPerDay: most })).toBeUndefined()
  })

  test('is there for all of them, with both flags, whatever ids there are', () => {
    const ids = fc.uniqueArray(id, { minLength: 2, maxLength: 4 })
    fc.assert(
      fc.property(ids, fc.integer({ min: 1, max: 20 }), fc.boolean(), (ids, maxPerDay, withHook) => {
        const hooks = withHook ? { before: { command: ['promote'] } } : {}
        fc.pre(roomProblem({ endpoints: endpoints(...ids), maxPerDay, hooks }) === undefined)
        const at = (i: number) => ids[i % ids.length] ?? ''
        const switches = Array.from({ length: maxPerDay }, (_, i) => {
          return { atMs: nowMs - i * 1000 * 3600, to: at(i), from: at(i + 1), by: 'auto' as const }
        })
        const most = { epoch: lastEpoch, decision: 'd'.repeat(mostDecisionCharacters) }
        const claim = { ...most, to: at(1), expiresAtMs: nowMs }
        const full = { ...state, ...most, active: at(0), switches, flags: { locked: true, latched: true } }
        const text = encodeState({ ...full, ...(withHook && { claim }) })
        expect(decodeState(text)?.switches).toHaveLength(maxPerDay)
      }),
      { numRuns: 100 },
    )
  })
})
