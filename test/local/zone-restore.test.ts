import { expect, test } from 'vitest'
import { answerOf, type RawRecordSet, rawOf, stateIn, txtOf } from '../../lib/decide/swap-records.ts'
import { encodeState, type SwapState } from '../../lib/decide/swap-state.ts'
import { restore } from '../../lib/local/zone-restore.ts'
import type { Endpoint } from '../../lib/model/failover.ts'
import { failoverOf } from '../support/failover-fixture.ts'

const failover = failoverOf()
const [one, two] = failover.endpoints as [Endpoint, Endpoint]
const state = (more: Partial<SwapState> = {}): SwapState => ({
  ...{ version: 1, epoch: 7, decision: 'moved', active: 'two', sinceMs: 1000, switches: [] },
  ...{ flags: { locked: true, latched: false }, ...more },
})
const keptOn = (endpoint: Endpoint, more: Partial<SwapState> = {}): RawRecordSet[] =>
  [...answerOf(failover, endpoint), txtOf(failover, encodeState(state(more)))].map(rawOf)
const values = (sets: { type: string; values?: string[] }[]) =>
  sets.filter(({ type }) => type !== 'TXT').flatMap(({ values = [] }) => values)

test('a record that was never kept begins as its first endpoint, at epoch 1', () => {
  const { sets, note } = restore(failover, undefined, 5000)
  expect([values(sets), note]).toEqual([['192.0.2.1'], undefined])
  expect(stateIn(sets, failover)).toMatchObject({ state: { epoch: 1, active: 'one', sinceMs: 5000 } })
})

test('what was kept goes on: endpoint, lock, epoch', () => {
  const { sets, note } = restore(failover, keptOn(two), 5000)
  expect([values(sets), note]).toEqual([['192.0.2.2'], undefined])
  expect(stateIn(sets, failover)).toMatchObject({ state: state() })
})

test('the active endpoint has another address or TTL in the config now: traffic stays on it, and that is said', () => {
  const moved = failoverOf({ ttl: 5, endpoints: [one, { ...two, A: ['192.0.2.22'] }] })
  const { sets, note } = restore(moved, keptOn(two), 5000)
  expect(values(sets)).toEqual(['192.0.2.22'])
  expect(sets[0]).toMatchObject({ ttl: 5 })
  expect(stateIn(sets, moved)).toMatchObject({ state: state() })
  expect(note).toMatch(/stays on two, whose answer is another one in the config now/)
})

test('an endpoint that the config no longer has goes on being served, and nothing moves until it is adopted', () => {
  const without = failoverOf({ endpoints: [one, { ...two, id: 'zwei' }] })
  const renamed = restore(without, keptOn(two), 5000)
  expect(values(renamed.sets)).toEqual(['192.0.2.2'])
  expect(stateIn(renamed.sets, without)).toMatchObject({ state: { active: 'two' } })
  expect(renamed.note).toMatch(/nothing moves it: it was on two, which the config does not have.*that of zwei.*adopt/)
  const gone = restore(failoverOf({ endpoints: [one, { ...two, id: 'c', A: ['192.0.2.3'] }] }), keptOn(two), 5000)
  expect([values(gone.sets), gone.note]).toEqual([['192.0.2.2'], expect.stringMatching(/of no endpoint. bring.* back/)])
})

test('a TXT that is missing or cannot be read is not made up', () => {
  const [answer] = keptOn(two) as [RawRecordSet]
  const missing = restore(failover, [answer], 5000)
  expect([values(missing.sets), stateIn(missing.sets, failover)]).toEqual([['192.0.2.2'], 'missing'])
  expect(missing.note).toContain('its TXT is missing')
  const edited = rawOf(txtOf(failover, 'vedette1 epoch=9 edited by hand'))
  const unreadable = restore(failover, [answer, edited], 5000)
  expect([values(unreadable.sets), stateIn(unreadable.sets, failover)]).toEqual([['192.0.2.2'], 'unreadable'])
  expect(unreadable.note).toContain('its TXT cannot be read')
})

test.each([
  ['text that is no list of sets', 'damaged' as const],
  ['no answer at all', []],
  ['an answer that no zone can serve', [{ Name: 'shop.live.test.', Type: 'A', ResourceRecords: [{ Value: 'oops' }] }]],
  ['records of other names alone', [{ Name: 'www.live.test.', Type: 'A', ResourceRecords: [{ Value: '192.0.2.9' }] }]],
])('%s: it answers as its first endpoint, never nothing, and a person is to adopt it', (_, kept) => {
  const { sets, note } = restore(failover, kept, 5000)
  expect([values(sets), stateIn(sets, failover)]).toEqual([['192.0.2.1'], 'missing'])
  expect(note).toMatch(/damaged.*nothing moves it until "vedette failover adopt"/)
})
