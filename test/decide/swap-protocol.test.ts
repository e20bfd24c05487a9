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
/** Of a TXT that our fence wrote. */
const own = { epoch: 7, decision: 'ours' }
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

  test('keeps the moves before it, which limits and cooldown go by, and the lock of others', () => {
    const before = { atMs: atMs - 2 * minuteMs, from: 'c', to: 'a', by: 'auto' } as const
    const writes = run(planOf(), listed(setsOf({ switches: [before] })))
    expect(putsOf(writes)?.switches).toEqual([{ atMs, from: 'a', to: 'b', by: 'auto' }, before])
  })

  test('begins until its votes are too old, and with the last epoch that there is room for', () => {
    expect(whatOf(run(planOf(), listed(setsOf(), minuteMs)))).toBe('answer')
    expect(putsOf(run(planOf({ largestEpoch: 99_999_998 }), listed()))?.epoch).toBe(99_999_999)
  })

  test('is not begun without what it takes to fence it, and to release its claim', () => {
    const limited = (writes: number, failover = plain) => planOf({ failover, limits: { ...defaultLimits, writes } })
    for (const [failover, what] of [
      [plain, 'answer'],
      [hooked, 'claim'],
    ] as const) {
      expect(whatOf(run(limited(3, failover), listed()))).toBe(what)
      expect(outcomeOf(run(limited(2, failover), listed()))).toMatchObject({ kind: 'gaveUp', reason: 'WRITES' })
    }
    const done = run(limited(3), listed(), is('unknown'), listed(), is('written'), listed(setsOf(own)))
    expect([outcomeOf(done), codesOf(done)]).toMatchObject([{ kind: 'gaveUp', inDoubt: false }, ['GAVE_UP']])
  })

  test('whose batch would break our own rules is not sent', () => {
    const [a, b] = plain.endpoints
    const empty = { ...plain, endpoints: [...(a ? [a] : []), ...(b ? [{ ...b, A: [] }] : [])] }
    const done = run(planOf({ failover: empty }), listed())
    expect([outcomeOf(done), codesOf(done)]).toMatchObject([{ reason: 'INVALID_BATCH' }, ['INVALID_BATCH']])
  })

  test('is no place for an event that answers nothing: a fault of the host', () => {
    expect(() => run(planOf(), is('written'))).toThrow('expected an event that answers "read", got "written"')
  })

  test('waits longer each time when throttled, and reads again', () => {
    const events = [listed(), is('throttled'), is('paused'), listed(), is('throttled')]
    expect(run(planOf(), ...events.slice(0, 2)).effect).toEqual({ kind: 'pause', ms: 500 })
    expect(run(planOf(), ...events).effect).toEqual({ kind: 'pause', ms: 1000 })
    expect(whatOf(run(planOf(), is('throttled'), is('paused')))).toBe('read')
    const busy = Array.from({ length: 6 }, () => [is('throttled'), is('paused')]).flat()
    expect(run(planOf(), ...busy.slice(0, -1)).effect).toEqual({ kind: 'pause', ms: 8000 })
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
    // Both halves of what names a state: a stranded change may bring an epoch, or a decision, back.
    for (const over of [{ decision: 'other' }, { epoch: 6 }, { epoch: 4 }])
      expect(outcomeOf(run(planOf(), listed(setsOf(over))))).toMatchObject({ kind: 'superseded', by: over })
    expect(outcomeOf(run(planOf(), listed(setsOf({ epoch: 9 }))))).toMatchObject({ largestEpoch: 9 })
    const claim = { epoch: 5, decision: 'before', to: 'b', expiresAtMs: atMs + 1000 }
    expect(outcomeOf(run(planOf(), listed(setsOf({ claim }))))).toMatchObject({ kind: 'superseded', reason: 'CLAIMED' })
    const leaving = listed(setsOf({ active: 'b', claim: { ...claim, to: 'c' } }))
    expect(outcomeOf(run(planOf(), leaving))).toMatchObject({ kind: 'superseded', reason: 'CLAIMED' })
  })

  test('that is done already but edited since pages, and so does one of which no more can be read', () => {
    const edited = listed(setsOf({ epoch: 6, decision: 'other', active: 'b' }, 'c'))
    const done = run(planOf(), edited, edited)
    expect([outcomeOf(done), codesOf(done)]).toMatchObject([{ kind: 'alreadyDone' }, ['EDITED']])
    const limits = { ...defaultLimits, reads: 1 }
    expect(outcomeOf(run(planOf({ limits }), listed(setsOf({}, 'c'))))).toMatchObject({ reason: 'EDITED' })
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
    const again = [is('throttled'), is('paused'), dated(2 * minuteMs + 1000)]
    expect(codesOf(again.reduce((last, event) => step(last.state, event), goesOn))).toEqual([])
  })

  test.each<[string, SwapEvent, string[], Partial<SwapPlan>?]>([
    ['LOCKED', listed(setsOf({ flags: { locked: true, latched: false } })), []],
    ['LOCKED', { ...listed(), isLocked: true } as SwapEvent, []],
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

  test('is over when its fence is seen, though the reply to that was lost too', () => {
    const fenced = run(planOf(), listed(), is('unknown'), listed(), is('unknown'), listed(setsOf(own)))
    expect(whatOf(fenced)).toBe('answer')
  })

  const locked = { flags: { locked: true, latched: false } }
  test.each<[string, SwapEvent[]]>([
    ['another state is seen', [is('unknown')]],
    ['another state is seen after a fence whose reply was lost', [is('unknown'), listed(), is('unknown')]],
    [
      'the move was seen, edited, before another state',
      [is('unknown'), listed(setsOf({ epoch: 6, decision: 'ours', active: 'b' }, 'c'))],
    ],
  ])('is not called undone where %s: it may have stood until then', (_, events) => {
    const other = listed(setsOf({ epoch: 9, decision: 'other', active: 'c', ...locked }))
    expect(outcomeOf(run(planOf(), listed(), ...events, other))).toMatchObject({
      ...{ kind: 'superseded', reason: 'OTHER_STATE', inDoubt: false },
    })
  })

  test('is done where another has moved there over it', () => {
    const there = listed(setsOf({ epoch: 9, decision: 'other', active: 'b' }))
    expect(outcomeOf(run(planOf(), listed(), is('unknown'), there))).toMatchObject({ kind: 'alreadyDone', epoch: 9 })
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
    const done = step(writes.state, is('written'))
    expect(outcomeOf(done)).toMatchObject({ kind: 'moved', epoch: 7, claimLeft: false })
    expect(codesOf(done)).toEqual([])
  })

  test('a hook may take longer than votes are good for', () => {
    const late = listed(setsOf({ epoch: 6, decision: 'ours', claim }), 50_000)
    const plan = planOf({ failover: hooked, goodUntilMs: atMs + 15_000 })
    expect(whatOf(run(plan, ...toHook, is('hookOk'), late))).toBe('answer')
  })

  test('a claim is kept through a fence, and told where no more can be read', () => {
    const limits = { ...defaultLimits, reads: 4 }
    const fence = run({ ...plan, limits }, ...toHook, is('hookOk'), claimed, is('unknown'), claimed)
    expect([whatOf(fence), putsOf(fence)?.claim]).toEqual(['fence', claim])
    const done = step(fence.state, is('written'))
    expect(outcomeOf(done)).toMatchObject({ kind: 'gaveUp', reason: 'READS', claimLeft: true })
    expect(codesOf(done)).toEqual(['GAVE_UP', 'CLAIM_LEFT', 'HOOK_RAN'])
  })

  test('a take-over that has ended the switch while our hook ran is no reason to wake anyone', () => {
    const over = listed(setsOf({ epoch: 8, decision: 'other', active: 'b' }))
    const done = run(plan, ...toHook, is('hookOk'), over)
    expect([outcomeOf(done), codesOf(done)]).toMatchObject([{ kind: 'alreadyDone' }, []])
  })

  test('a claim is released once, and only where it is ours', () => {
    const failed = [...toHook, is('hookFailed')]
    const taken = { ...claim, decision: 'other' }
    const theirs = run(plan, ...failed, listed(setsOf({ epoch: 8, decision: 'other', claim: taken })))
    expect(outcomeOf(theirs)).toMatchObject({ kind: 'superseded', reason: 'OTHER_STATE' })
    const released = run(plan, ...failed, claimed, is('unknown'), listed(setsOf(own)))
    expect(outcomeOf(released)).toMatchObject({ reason: 'HOOK_FAILED', inDoubt: false })
    const again = run(plan, ...failed, claimed, is('unknown'), claimed)
    expect(whatOf(again)).toBe('release')
    expect(outcomeOf(step(again.state, is('written')))).toMatchObject({ reason: 'HOOK_FAILED', inDoubt: false })
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

  test.each([
    ['LOCKED', { locked: true, latched: false }],
    ['LATCHED', { locked: false, latched: true }],
  ])('%s while the hook ran stops the move, and pages for what is left behind', (reason, flags) => {
    const held = setsOf({ epoch: 7, decision: 'person', claim, flags })
    const done = run(plan, ...toHook, is('hookOk'), listed(held))
    expect(outcomeOf(done)).toMatchObject({ kind: 'refused', reason, claimLeft: true })
    expect(codesOf(done)).toEqual(['CLAIM_LEFT', 'HOOK_RAN'])
  })

  test('a flag that was set and taken back while the hook ran, or over a lost answer, changes nothing', () => {
    const back = listed(setsOf({ epoch: 8, decision: 'person', claim }))
    expect(whatOf(run(plan, ...toHook, is('hookOk'), back))).toBe('answer')
    expect(whatOf(run(plan, ...toHook, is('hookOk'), claimed, is('unknown'), back))).toBe('answer')
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
