import { describe, expect, test } from 'vitest'
import { type FlagPlan, type FlagStep, startFlags, stepFlags } from '../../lib/decide/swap-flags.ts'
import { answerOf, rawOf, stateIn, txtOf } from '../../lib/decide/swap-records.ts'
import { encodeState, type SwapState } from '../../lib/decide/swap-state.ts'
import type { SwapEvent } from '../../lib/decide/swap-terms.ts'
import type { Failover } from '../../lib/model/failover.ts'
import { applyBatch, listZone, type Zone, zoneOf } from '../support/route53-model.ts'

const atMs = Date.UTC(2026, 10, 21, 14, 42, 27)
const failover: Failover = {
  ...{ id: 'f', hostedZoneId: 'Z1', zone: 'example.com', record: 'api.example.com', ttl: 60, check: 'api' },
  endpoints: ['a', 'b'].map((id, i) => ({ id, region: 'external', A: [`192.0.2.${i + 1}`], lastResort: false })),
  ...{ quorum: {}, sustainMs: 0, mode: 'auto', switch: 'record', cooldownMs: 0, maxPerDay: 2, failback: 'manual' },
  servers: ['authoritative'],
  hooks: {},
}
const first: SwapState = {
  ...{ version: 1, epoch: 5, decision: 'before', active: 'a', sinceMs: atMs - 60_000, switches: [] },
  flags: { locked: false, latched: false },
}
const claim = { epoch: 5, decision: 'before', to: 'b', expiresAtMs: atMs }

/** A zone that answers as an endpoint, with a TXT of a state, of any text, or without one. */
const zoneWith = (txt?: Partial<SwapState> | string, answering = 'a'): Zone => {
  const answer = failover.endpoints.filter(({ id }) => id === answering).flatMap((one) => answerOf(failover, one))
  const text = typeof txt === 'object' ? encodeState({ ...first, ...txt }) : txt
  return zoneOf([...answer, ...(text === undefined ? [] : [txtOf(failover, text)])].map(rawOf))
}

type Reply = 'ok' | 'lost' | 'landed' | 'throttled'

/** Carries a change out on a zone; each write meets the next of the replies, at first by `meanwhile` another's work is done. */
function carry(zone: Zone, change: FlagPlan['change'], replies: Reply[] = [], meanwhile?: (zone: Zone) => Zone) {
  const plan = { failover, decision: 'ours', change, largestEpoch: 0, limits: { reads: 6, writes: 3 } }
  let step: FlagStep = startFlags(plan)
  let [now, writes] = [zone, 0]
  while (step.effect.kind !== 'done') {
    const { effect, state } = step
    let event: SwapEvent = { kind: 'paused' }
    if (effect.kind === 'read') event = { kind: 'listed', sets: listZone(now, failover), atMs }
    if (effect.kind === 'write') {
      const reply = replies[writes++] ?? 'ok'
      const after = reply === 'ok' || reply === 'landed' ? applyBatch(now, effect.changes) : undefined
      now = after ?? now
      event = { kind: reply === 'throttled' ? 'throttled' : reply !== 'ok' ? 'unknown' : after ? 'written' : 'refused' }
      if (meanwhile && writes === 1) now = meanwhile(now)
    }
    step = stepFlags(state, event)
  }
  const found = stateIn(listZone(now, failover), failover)
  return { outcome: step.effect.outcome, state: typeof found === 'string' ? undefined : found.state, zone: now, writes }
}

describe('the TXT alone', () => {
  test('is locked, unlocked and unlatched, and nothing else of it changes', () => {
    const locked = carry(zoneWith({ claim }), { locked: true })
    expect(locked.outcome).toMatchObject({ kind: 'written', epoch: 6, largestEpoch: 6, inDoubt: false })
    const own = { epoch: 6, decision: 'ours' }
    expect(locked.state).toEqual({ ...first, ...own, claim, flags: { locked: true, latched: false } })
    const latched = zoneWith({ flags: { locked: true, latched: true } })
    expect(carry(latched, { latched: false }).state?.flags).toEqual({ locked: true, latched: false })
    expect(carry(latched, { locked: false }).state?.flags).toEqual({ locked: false, latched: true })
  })

  test('is not written where it says so already', () => {
    expect(carry(zoneWith({}), { locked: false })).toMatchObject({ outcome: { kind: 'alreadyDone' }, writes: 0 })
    expect(carry(zoneWith({}), 'adopt')).toMatchObject({ outcome: { kind: 'alreadyDone' }, writes: 0 })
  })

  test('is written again after a lost reply, unless that write is seen', () => {
    const lost = carry(zoneWith({}), { locked: true }, ['lost', 'throttled'])
    expect(lost).toMatchObject({ outcome: { kind: 'written', inDoubt: false }, writes: 3 })
    expect(lost.state?.flags.locked).toBe(true)
    expect(carry(zoneWith({}), { locked: true }, ['landed'])).toMatchObject({ outcome: { kind: 'written' }, writes: 1 })
  })

  test('is left alone where another wrote over what may have been ours', () => {
    const relock = (zone: Zone) => zoneWith({ ...stateOf(zone), epoch: 9, flags: { locked: true, latched: false } })
    const { outcome, state } = carry(
      zoneWith({ flags: { locked: true, latched: false } }),
      { locked: false },
      ['landed'],
      relock,
    )
    expect(outcome).toMatchObject({ kind: 'superseded', by: { epoch: 9, decision: 'theirs' } })
    expect(state?.flags.locked).toBe(true)
  })

  test('is locked on what another has just written', () => {
    const move = () => zoneWith({ epoch: 8, decision: 'theirs', active: 'b' }, 'b')
    const late = carry(zoneWith({}), { locked: true }, ['throttled'], move)
    expect(late.state).toMatchObject({ epoch: 9, active: 'b', flags: { locked: true } })
  })

  test('is given up within bounds, and in doubt', () => {
    const { outcome, writes } = carry(zoneWith({}), { locked: true }, ['lost', 'lost', 'lost', 'lost'])
    expect(outcome).toMatchObject({ kind: 'gaveUp', reason: 'WRITES', inDoubt: true })
    expect(writes).toBe(3)
  })

  const started = (limits = { reads: 6, writes: 3 }, largestEpoch = 0) =>
    startFlags({ failover, decision: 'ours', change: { locked: true }, largestEpoch, limits })
  const listed: SwapEvent = { kind: 'listed', sets: listZone(zoneWith({}), failover), atMs }
  const following = (step: FlagStep, ...events: SwapEvent[]) =>
    events.reduce((last, event) => stepFlags(last.state, event), step)

  test('waits where Route 53 is busy, reads no more often than it may, and takes no for an answer', () => {
    expect(following(started(), listed, { kind: 'throttled' }).effect).toEqual({ kind: 'pause', ms: 500 })
    const twice = following(started({ reads: 1, writes: 3 }), listed, { kind: 'refused' })
    expect(twice.effect).toMatchObject({ outcome: { kind: 'gaveUp', reason: 'READS' } })
    for (const events of [[], [listed], [listed, { kind: 'throttled' } as const]])
      expect(following(started(), ...events, { kind: 'denied', message: 'AccessDenied' }).effect).toMatchObject({
        outcome: { kind: 'refused', reason: 'DENIED', detail: 'AccessDenied' },
      })
    const last = following(started(undefined, 99_999_999), listed)
    expect(last.effect).toMatchObject({ outcome: { kind: 'refused', reason: 'NO_EPOCH_LEFT' } })
  })

  test.each([
    [undefined, 'TXT_MISSING'],
    ['by hand', 'TXT_UNREADABLE'],
  ])('%s is refused', (txt, reason) => {
    expect(carry(zoneWith(txt), { locked: true }).outcome).toMatchObject({ kind: 'refused', reason })
  })
})

const stateOf = (zone: Zone): Partial<SwapState> => {
  const found = stateIn(listZone(zone, failover), failover)
  return { ...(typeof found === 'string' ? {} : found.state), decision: 'theirs' }
}

describe('adopt', () => {
  test.each([undefined, 'by hand'])('writes the TXT of the answer that is there, where it is %s', (txt) => {
    const { outcome, state } = carry(zoneWith(txt, 'b'), 'adopt')
    expect(outcome).toMatchObject({ kind: 'written', epoch: 1 })
    expect(state).toMatchObject({ epoch: 1, active: 'b', sinceMs: atMs, switches: [] })
  })

  test('accepts an edit that was meant, as a switch by a person after those that were made', () => {
    const moved = { atMs: atMs - 60_000, from: 'b', to: 'a', by: 'auto' } as const
    const held = { claim, flags: { locked: true, latched: false }, switches: [moved] }
    const { state } = carry(zoneWith(held, 'b'), 'adopt')
    expect(state).toEqual({
      ...{ ...first, epoch: 6, decision: 'ours', active: 'b', sinceMs: atMs },
      switches: [{ atMs, from: 'a', to: 'b', by: 'person' }, moved],
      flags: { locked: true, latched: false },
    })
  })

  test('refuses an answer that is no endpoint’s', () => {
    expect(carry(zoneWith(undefined, 'neither'), 'adopt').outcome).toMatchObject({ kind: 'refused', reason: 'EDITED' })
  })

  test('refuses what stands beside a record that may become a CNAME', () => {
    const [a, b] = failover.endpoints
    const endpoints = [
      ...(a ? [a] : []),
      ...(b ? [{ id: 'b', region: 'external', lastResort: false, CNAME: 'b.test' }] : []),
    ]
    const plan = { decision: 'ours', change: 'adopt', largestEpoch: 0, limits: { reads: 6, writes: 3 } } as const
    const { state } = startFlags({ ...plan, failover: { ...failover, endpoints } })
    const mx = { Name: 'api.example.com.', Type: 'MX', TTL: 60, ResourceRecords: [{ Value: '10 mx.test' }] }
    const sets = listZone(zoneWith(undefined), failover)
    expect(stepFlags(state, { kind: 'listed', sets, besides: [mx], atMs }).effect).toMatchObject({
      outcome: { kind: 'refused', reason: 'EDITED', detail: expect.stringContaining('MX') },
    })
  })

  test('does not overwrite a TXT that came first', () => {
    const { outcome, state } = carry(zoneWith(undefined), 'adopt', ['throttled'], () =>
      zoneWith({ decision: 'theirs' }),
    )
    expect(outcome.kind).toBe('alreadyDone')
    expect(state?.decision).toBe('theirs')
  })
})
