import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Step } from '../../lib/decide/swap-attempt.ts'
import { startSwap, step } from '../../lib/decide/swap-protocol.ts'
import { answerOf, type RecordSet, rawOf, stateIn, txtOf } from '../../lib/decide/swap-records.ts'
import { encodeState, type SwapState } from '../../lib/decide/swap-state.ts'
import { defaultLimits, type SwapEvent, type SwapPlan } from '../../lib/decide/swap-terms.ts'
import type { Failover } from '../../lib/model/failover.ts'
import { applyBatch, listZone, type Zone, zoneOf } from '../support/route53-model.ts'

const atMs = Date.UTC(2026, 10, 21, 14, 42, 27)
const minuteMs = 60_000

const plain: Failover = {
  ...{ id: 'f', hostedZoneId: 'Z1', zone: 'example.com', record: 'api.example.com', ttl: 60, check: 'api' },
  endpoints: ['a', 'b', 'c'].map((id, i) => ({ id, region: 'external', A: [`192.0.2.${i + 1}`], lastResort: false })),
  ...{ quorum: {}, sustainMs: 0, mode: 'auto', switch: 'record', cooldownMs: 0, maxPerDay: 2, failback: 'manual' },
  servers: ['authoritative'],
  hooks: {},
}
const hooked: Failover = { ...plain, hooks: { before: { command: ['promote'] } } }

const first: SwapState = {
  ...{ version: 1, epoch: 5, decision: 'before', active: 'a', sinceMs: atMs - minuteMs, switches: [] },
  flags: { locked: false, latched: false },
}

const planOf = (over: Partial<SwapPlan> = {}): SwapPlan => ({
  ...{ failover: plain, decision: 'ours', basis: { epoch: 5, decision: 'before' }, to: 'b', by: 'auto' },
  ...{ largestEpoch: 5, goodUntilMs: atMs + minuteMs, claimMs: minuteMs, limits: defaultLimits, ...over },
})

const setsOf = (state: Partial<SwapState> = {}, answering = state.active ?? 'a'): RecordSet[] => {
  const endpoint = plain.endpoints.find(({ id }) => id === answering)
  return [...(endpoint ? answerOf(plain, endpoint) : []), txtOf(plain, encodeState({ ...first, ...state }))]
}
const listed = (sets = setsOf(), laterMs = 0): SwapEvent => ({ kind: 'listed', sets, atMs: atMs + laterMs })
const is = (kind: Exclude<SwapEvent['kind'], 'listed' | 'denied'>): SwapEvent => ({ kind })
const answer = setsOf().slice(0, 1)
const run = (plan: SwapPlan, ...events: SwapEvent[]): Step =>
  events.reduce((last, event) => step(last.state, event), startSwap(plan))
const outcomeOf = ({ effect }: Step) => (effect.kind === 'done' ? effect.outcome : effect.kind)
const codesOf = ({ pages }: Step) => pages.map(({ code }) => code)
const whatOf = ({ effect }: Step) => ('what' in effect ? effect.what : effect.kind)
const changesOf = ({ effect }: Step) => (effect.kind === 'write' ? effect.changes : [])
const putsOf = (one: Step) => {
  const found = stateIn(
    changesOf(one).flatMap(({ action, set }) => (action === 'CREATE' ? [set] : [])),
    plain,
  )
  return typeof found === 'string' ? undefined : found.state
}

describe('a move', () => {
  test('is one read and one batch, which names the decision, the switch and the epoch after the largest ever seen', () => {
    expect(putsOf(run(planOf({ largestEpoch: 41 }), listed()))?.epoch).toBe(42)
    const writes = run(planOf(), listed())
    expect(changesOf(writes).map(({ action, set }) => `${action} ${set.type}`)).toEqual([
      'DELETE A',
      'DELETE TXT',
      'CREATE A',
      'CREATE TXT',
    ])
    expect(putsOf(writes)).toEqual({
      ...{ ...first, epoch: 6, decision: 'ours', active: 'b', sinceMs: atMs },
      switches: [{ atMs, from: 'a', to: 'b', by: 'auto' }],
    })
    const done = step(writes.state, is('written'))
    expect(outcomeOf(done)).toEqual({ kind: 'moved', epoch: 6, largestEpoch: 6, inDoubt: false, claimLeft: false })
    expect(codesOf(done)).toEqual([])
  })

  test('is no place for an event that answers nothing: a fault of the host', () => {
    expect(() => run(planOf(), is('written'))).toThrow('expected an event that answers "read", got "written"')
  })

  test('waits longer each time when throttled, and reads again', () => {
    const events = [listed(), is('throttled'), is('paused'), listed(), is('throttled')]
    expect(run(planOf(), ...events.slice(0, 2)).effect).toEqual({ kind: 'pause', ms: 500 })
    expect(run(planOf(), ...events).effect).toEqual({ kind: 'pause', ms: 1000 })
    expect(whatOf(run(planOf(), is('throttled'), is('paused')))).toBe('read')
  })

  test('reads again when refused, and goes on where nothing has changed', () => {
    expect(putsOf(run(planOf(), listed(), is('refused'), listed()))).toMatchObject({ epoch: 7, active: 'b' })
  })

  test('is not made where the target is active already, or another decision wrote or claims', () => {
    const done = setsOf({ epoch: 6, decision: 'other', active: 'b' })
    expect(outcomeOf(run(planOf(), listed(), is('refused'), listed(done)))).toMatchObject({
      kind: 'alreadyDone',
      epoch: 6,
    })
    const by = { epoch: 6, decision: 'other' }
    for (const over of [{ active: 'c' }, {}])
      expect(outcomeOf(run(planOf(), listed(setsOf({ ...by, ...over }))))).toMatchObject({ kind: 'superseded', by })
    const claim = { epoch: 5, decision: 'before', to: 'b', expiresAtMs: atMs + 1000 }
    expect(outcomeOf(run(planOf(), listed(setsOf({ claim }))))).toMatchObject({ kind: 'superseded', reason: 'CLAIMED' })
  })

  test('is not called edited where another move fell between the two calls of a listing', () => {
    const other = { epoch: 6, decision: 'other', active: 'b' }
    const done = run(planOf(), listed(setsOf({}, 'b')), listed(setsOf(other, 'a')), listed(setsOf(other)))
    expect(outcomeOf(done)).toMatchObject({ kind: 'alreadyDone', epoch: 6 })
    expect(codesOf(done)).toEqual([])
  })

  const expired = { epoch: 4, decision: 'other', to: 'c', expiresAtMs: atMs }
  test('that a person asks for goes elsewhere than an expired claim, under a claim and a key of its own', () => {
    const asked = planOf({ failover: hooked, by: 'person' })
    const claims = run(asked, listed(setsOf({ claim: expired })))
    expect([whatOf(claims), codesOf(claims)]).toEqual(['claim', ['CLAIM_EXPIRED']])
    expect(putsOf(claims)?.claim).toMatchObject({ epoch: 6, decision: 'ours', to: 'b' })
    const moves = run(planOf({ by: 'person' }), listed(setsOf({ claim: expired })))
    expect([whatOf(moves), putsOf(moves)?.active, putsOf(moves)?.claim]).toEqual(['answer', 'b', undefined])
  })

  test('is not held up until a time that only a wrong clock can have put into a claim', () => {
    const dated = (afterMs: number) => listed(setsOf({ claim: { ...expired, to: 'b', expiresAtMs: atMs + afterMs } }))
    expect(outcomeOf(run(planOf(), dated(2 * minuteMs)))).toMatchObject({ kind: 'superseded', reason: 'CLAIMED' })
    const goesOn = run(planOf(), dated(2 * minuteMs + 1000))
    expect([whatOf(goesOn), codesOf(goesOn)]).toEqual(['answer', ['CLAIM_EXPIRED']])
  })

  test.each<[string, SwapEvent, string[], Partial<SwapPlan>?]>([
    ['LOCKED', listed(setsOf({ flags: { locked: true, latched: false } })), []],
    ['LATCHED', listed(setsOf({ flags: { locked: false, latched: true } })), []],
    ['STALE', listed(setsOf(), minuteMs + 1), []],
    ['TXT_MISSING', listed(answer), ['TXT_MISSING']],
    ['TXT_UNREADABLE', listed([...answer, txtOf(plain, 'vedette1 by hand')]), ['TXT_UNREADABLE']],
    ['EDITED', listed(setsOf({}, 'c')), ['EDITED']],
    ['EDITED', listed(setsOf({}, 'nothing')), ['EDITED']],
    ['CLAIMED_ELSEWHERE', listed(setsOf({ claim: expired })), ['CLAIMED_ELSEWHERE']],
    ['UNKNOWN_ENDPOINT', listed(setsOf({ active: 'gone' })), ['UNKNOWN_ENDPOINT']],
    ['UNKNOWN_ENDPOINT', listed(), ['UNKNOWN_ENDPOINT'], { to: 'gone' }],
    ['NO_EPOCH_LEFT', listed(), ['NO_EPOCH_LEFT'], { largestEpoch: 99_999_999 }],
    ['DENIED', { kind: 'denied', message: 'AccessDenied' }, ['DENIED']],
  ])('is refused: %s', (reason, event, pages, over = {}) => {
    const once = run(planOf(over), event)
    const done = reason === 'EDITED' ? step(once.state, event) : once
    expect(outcomeOf(done)).toMatchObject({ kind: 'refused', reason, inDoubt: false })
    expect(codesOf(done)).toEqual(pages)
  })
})

describe('a write whose outcome is unknown', () => {
  test('is fenced by a swap of the TXT alone before anything else', () => {
    const fence = run(planOf(), listed(), is('unknown'), listed())
    expect(whatOf(fence)).toBe('fence')
    expect(changesOf(fence).map(({ action, set }) => `${action} ${set.type}`)).toEqual(['DELETE TXT', 'CREATE TXT'])
    expect(putsOf(fence)).toEqual({ ...first, epoch: 7, decision: 'ours' })
    const fenced = step(fence.state, is('written'))
    expect(whatOf(step(fenced.state, listed(setsOf({ epoch: 7, decision: 'ours' }))))).toBe('answer')
  })

  test('is a move where its decision is seen', () => {
    const moved = setsOf({ epoch: 6, decision: 'ours', active: 'b' })
    expect(outcomeOf(run(planOf(), listed(), is('unknown'), listed(moved)))).toMatchObject({ kind: 'moved', epoch: 6 })
  })

  test('is fenced although a person has edited the answer, which stays as it is', () => {
    const edited = setsOf({}, 'c')
    const fence = run(planOf(), listed(), is('unknown'), listed(edited))
    expect(whatOf(fence)).toBe('fence')
    const fenced = step(fence.state, is('written'))
    const after = listed(setsOf({ epoch: 7, decision: 'ours' }, 'c'))
    const done = step(step(fenced.state, after).state, after)
    expect(outcomeOf(done)).toMatchObject({ kind: 'refused', reason: 'EDITED', inDoubt: false })
  })

  test('stays in doubt, and pages, where the TXT is gone', () => {
    const done = run(planOf(), listed(), is('unknown'), listed(answer))
    expect(outcomeOf(done)).toMatchObject({ kind: 'refused', reason: 'TXT_MISSING', inDoubt: true })
    expect(codesOf(done)).toEqual(['TXT_MISSING', 'IN_DOUBT'])
  })
})

describe('with a hook before it', () => {
  const plan = planOf({ failover: hooked })
  const claim = { epoch: 6, decision: 'ours', to: 'b', expiresAtMs: atMs + minuteMs }
  const claimed = listed(setsOf({ epoch: 6, decision: 'ours', claim }))
  const toHook = [listed(), is('written'), claimed]

  test('a move is a claim, the hook with its key, then an answer that deletes that claim', () => {
    const claiming = run(plan, listed())
    expect(whatOf(claiming)).toBe('claim')
    expect(putsOf(claiming)).toEqual({ ...first, epoch: 6, decision: 'ours', claim })
    const calls = run(plan, ...toHook)
    expect(calls.effect).toEqual({ kind: 'hook', name: 'before', key: 'f/6', to: 'b' })
    const writes = [is('hookOk'), claimed].reduce((last, event) => step(last.state, event), calls)
    expect(whatOf(writes)).toBe('answer')
    expect(changesOf(writes)[1]).toEqual({ action: 'DELETE', set: setsOf({ epoch: 6, decision: 'ours', claim })[1] })
    expect(putsOf(writes)).not.toHaveProperty('claim')
    expect(outcomeOf(step(writes.state, is('written')))).toMatchObject({ kind: 'moved', epoch: 7, claimLeft: false })
  })

  test('a hook that fails releases the claim and pages', () => {
    const failed = run(plan, ...toHook, is('hookFailed'))
    expect(codesOf(failed)).toEqual(['HOOK_FAILED'])
    const releases = step(failed.state, claimed)
    expect(whatOf(releases)).toBe('release')
    expect(putsOf(releases)).toEqual({ ...first, epoch: 7, decision: 'ours' })
    const done = step(releases.state, is('written'))
    expect(outcomeOf(done)).toMatchObject({ kind: 'refused', reason: 'HOOK_FAILED', claimLeft: false })
  })

  test('a hook without a reply is called again with the same key, then left to a take-over', () => {
    const again = run(plan, ...toHook, is('hookUnknown'), is('paused'), claimed)
    expect(again.effect).toMatchObject({ kind: 'hook', key: 'f/6' })
    const events = [is('hookUnknown'), is('paused'), claimed, is('hookUnknown')]
    const done = events.reduce((last, event) => step(last.state, event), again)
    expect(outcomeOf(done)).toMatchObject({ kind: 'gaveUp', reason: 'HOOK', claimLeft: true })
    expect(codesOf(done)).toEqual(['HOOK_UNKNOWN', 'GAVE_UP', 'CLAIM_LEFT'])
  })

  test('an expired claim pages, and its take-over has the same target and key', () => {
    const old = { epoch: 4, decision: 'other', to: 'b', expiresAtMs: atMs }
    const takes = run(plan, listed(setsOf({ claim: old })))
    expect(codesOf(takes)).toEqual(['CLAIM_EXPIRED'])
    expect(putsOf(takes)?.claim).toEqual({ epoch: 4, decision: 'ours', to: 'b', expiresAtMs: atMs + minuteMs })
    const taken = setsOf({ epoch: 6, decision: 'ours', claim: { ...old, decision: 'ours' } })
    expect(run(plan, listed(setsOf({ claim: old })), is('written'), listed(taken)).effect).toMatchObject({ key: 'f/4' })
  })

  test('a lock set while the hook ran stops the move, and pages for what is left behind', () => {
    const locked = setsOf({ epoch: 7, decision: 'person', claim, flags: { locked: true, latched: false } })
    const done = run(plan, ...toHook, is('hookOk'), listed(locked))
    expect(outcomeOf(done)).toMatchObject({ kind: 'refused', reason: 'LOCKED', claimLeft: true })
    expect(codesOf(done)).toEqual(['CLAIM_LEFT', 'HOOK_RAN'])
  })
})

test('whatever happens, it ends within its limits, and a move it tells of is in the zone', () => {
  const chances = fc.array(fc.nat(5), { minLength: 150, maxLength: 150 })
  fc.assert(
    fc.property(chances, fc.boolean(), (rolls, withHook) => {
      const plan = planOf({ failover: withHook ? hooked : plain })
      let zone: Zone = zoneOf(setsOf().map(rawOf))
      let now = startSwap(plan)
      for (const roll of rolls) {
        const { effect, state } = now
        if (effect.kind === 'done') break
        if (effect.kind === 'read') now = step(state, roll < 4 ? listed(listZone(zone, plain)) : is('unknown'))
        else if (effect.kind === 'hook')
          now = step(state, is((['hookOk', 'hookFailed', 'hookUnknown'] as const)[roll % 3] ?? 'hookOk'))
        else if (effect.kind === 'pause') now = step(state, is('paused'))
        else {
          const after = roll === 5 ? undefined : applyBatch(zone, effect.changes)
          zone = after ?? zone
          now = step(
            state,
            is(roll < 2 ? (after ? 'written' : 'refused') : roll === 4 && !after ? 'throttled' : 'unknown'),
          )
        }
      }
      const { reads, writes, hookCalls } = now.state.used
      expect([reads <= 16, writes <= 8, hookCalls <= 3, now.effect.kind]).toEqual([true, true, true, 'done'])
      const found = stateIn(listZone(zone, plain), plain)
      const active = typeof found === 'string' ? found : found.state.active
      const { kind, inDoubt } = now.effect.kind === 'done' ? now.effect.outcome : {}
      if (kind === 'moved' || (kind === 'refused' && !inDoubt)) expect(active).toBe(kind === 'moved' ? 'b' : 'a')
    }),
    { numRuns: 2000 },
  )
})
