import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { ChangeOutcome, RecordStore } from '../../lib/act/ports.ts'
import { type Change, sizeOf } from '../../lib/decide/swap-batch.ts'
import type { Failover } from '../../lib/model/failover.ts'
import { batching } from '../../lib/run/batching.ts'
import { failoverOf } from '../support/failover-fixture.ts'

beforeEach(() => vi.useFakeTimers())
afterEach(() => vi.useRealTimers())

const of = (id: string, hostedZoneId = 'Z'): Failover => ({ ...failoverOf(), id, hostedZoneId })
const changeOf = (name: string, value = '192.0.2.1'): Change => ({
  ...{ action: 'CREATE', set: { name, type: 'A', ttl: 60, values: [value] } },
})

/** A store that keeps every batch, and answers as it is told. */
function storeThat(answer: (batch: readonly Change[]) => Promise<ChangeOutcome>) {
  const batches: (readonly Change[])[] = []
  const store: RecordStore = {
    list: async () => ({ kind: 'unknown' }),
    change: (_, batch) => {
      batches.push(batch)
      return answer(batch)
    },
  }
  return { batches, store: batching(store) }
}
const settle = async <T>(work: Promise<T>): Promise<T> => (await Promise.all([work, vi.runAllTimersAsync()]))[0]
const written = async (): Promise<ChangeOutcome> => ({ kind: 'written', changeId: 'C1' })

describe('changes that come together', () => {
  test('go in one batch for each zone, and each gets what came of it', async () => {
    const { batches, store } = storeThat(written)
    const outcomes = await settle(
      Promise.all([
        store.change(of('a'), [changeOf('a')]),
        store.change(of('b'), [changeOf('b')]),
        store.change(of('c', 'Y'), [changeOf('c')]),
      ]),
    )
    expect(batches.map((batch) => batch.map(({ set }) => set.name))).toEqual([['a', 'b'], ['c']])
    expect(outcomes).toEqual(Array(3).fill({ kind: 'written', changeId: 'C1' }))
  })

  test('fall back to one batch each where the whole is refused: what does not fit holds up nobody', async () => {
    const { batches, store } = storeThat(async (batch) => ({
      kind: batch.some(({ set }) => set.name === 'b') ? 'refused' : 'written',
    }))
    const outcomes = await settle(Promise.all(['a', 'b', 'c'].map((id) => store.change(of(id), [changeOf(id)]))))
    expect(outcomes.map(({ kind }) => kind)).toEqual(['written', 'refused', 'written'])
    expect(batches.map(({ length }) => length)).toEqual([3, 1, 1, 1])
  })

  test('go alone where the whole is denied: the rights to their names may be in several policies', async () => {
    const { batches, store } = storeThat(async (batch) =>
      batch.length > 1 ? { kind: 'denied', message: 'AccessDenied' } : { kind: 'written' },
    )
    const outcomes = await settle(Promise.all(['a', 'b'].map((id) => store.change(of(id), [changeOf(id)]))))
    expect(outcomes).toEqual([{ kind: 'written' }, { kind: 'written' }])
    expect(batches.map(({ length }) => length)).toEqual([2, 1, 1])
  })

  test('are no more than Route 53 takes, in records and in characters', async () => {
    const values = Array.from({ length: 400 }, (_, i) => `192.0.${i >> 8}.${i & 255}`)
    const large = (name: string): Change => ({ action: 'CREATE', set: { name, type: 'A', ttl: 60, values } })
    const { batches, store } = storeThat(written)
    await settle(Promise.all(['a', 'b', 'c'].map((id) => store.change(of(id), [large(id)]))))
    expect(batches).toHaveLength(3)
    expect([sizeOf([large('a')]), sizeOf([changeOf('a', 'x'.repeat(16_000))])]).toEqual([0.4, 0.5])
  })

  test('are not tried one by one for ever: who is still waiting was not carried out', async () => {
    const { batches, store } = storeThat(async (batch) => {
      await new Promise((resolve) => setTimeout(resolve, batch.length > 1 ? 0 : 8000))
      return { kind: batch.length > 1 ? 'refused' : 'written' }
    })
    const outcomes = await settle(Promise.all(['a', 'b', 'c', 'd'].map((id) => store.change(of(id), [changeOf(id)]))))
    expect(outcomes.map(({ kind }) => kind)).toEqual(['written', 'written', 'throttled', 'throttled'])
    expect(batches).toHaveLength(3)
  })

  test.each(['throttled', 'unknown'] as const)(
    'are all %s where their batch is, and are not sent again',
    async (kind) => {
      const { batches, store } = storeThat(async () => ({ kind }))
      const outcomes = await settle(Promise.all(['a', 'b'].map((id) => store.change(of(id), [changeOf(id)]))))
      expect(outcomes).toEqual([{ kind }, { kind }])
      expect(batches).toHaveLength(1)
    },
  )

  test('are all of unknown outcome where the store breaks its promise: nobody waits for ever', async () => {
    const { store } = storeThat(() => Promise.reject(new Error('broken')))
    const outcomes = await settle(Promise.all(['a', 'b'].map((id) => store.change(of(id), [changeOf(id)]))))
    expect(outcomes).toEqual([{ kind: 'unknown' }, { kind: 'unknown' }])
  })

  test('of a second moment go in a second batch', async () => {
    const { batches, store } = storeThat(written)
    await settle(store.change(of('a'), [changeOf('a')]))
    await settle(store.change(of('b'), [changeOf('b')]))
    expect(batches.map(({ length }) => length)).toEqual([1, 1])
  })

  test('are each answered with what became of them, and no batch of several is more than Route 53 takes', async () => {
    const one = fc.record({
      zone: fc.constantFrom('Y', 'Z'),
      characters: fc.integer({ min: 1, max: 20_000 }),
      fits: fc.boolean(),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(one, { maxLength: 40 }), async (all) => {
        const { batches, store } = storeThat(async (batch) => {
          const fits = batch.every(({ set }) => all[Number(set.name)]?.fits)
          return { kind: fits ? 'written' : 'refused' }
        })
        const changes = all.map(({ zone, characters }, i) =>
          store.change(of(`${i}`, zone), [changeOf(`${i}`, 'x'.repeat(characters))]),
        )
        const outcomes = await settle(Promise.all(changes))
        expect(outcomes.map(({ kind }) => kind === 'written')).toEqual(all.map(({ fits }) => fits))
        for (const batch of batches) {
          expect(batch.length === 1 || sizeOf(batch) <= 1).toBe(true)
          const zones = new Set(batch.map(({ set }) => all[Number(set.name)]?.zone))
          expect(zones.size).toBe(1)
        }
        const landed = batches.filter((batch) => batch.every(({ set }) => all[Number(set.name)]?.fits)).flat()
        expect(new Set(landed).size).toBe(landed.length)
      }),
      { numRuns: 100 },
    )
  })
})
