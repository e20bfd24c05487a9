import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { swapBatch, txtBatch } from '../../lib/decide/swap-batch.ts'
import { answerIn, stateIn, txtOf } from '../../lib/decide/swap-records.ts'
import { encodeState, type SwapState } from '../../lib/decide/swap-state.ts'
import { openControllerTable } from '../../lib/local/controller-table.ts'
import { runFlags } from '../../lib/run/swap.ts'
import { storeBySwitch, tableStore, tableText } from '../../lib/run/table-store.ts'
import { failoverOf } from '../support/failover-fixture.ts'

const failover = failoverOf({ switch: 'health-check' })

function setup() {
  const table = openControllerTable(':memory:')
  const store = tableStore(table, () => 7)
  const listed = async () => {
    const outcome = await store.list(failover)
    if (outcome.kind !== 'listed') throw new Error(`expected a list, got ${outcome.kind}`)
    const found = stateIn(outcome.sets, failover)
    return { sets: outcome.sets, state: typeof found === 'string' ? undefined : found.state }
  }
  const write = async (more: Partial<SwapState>) => {
    const { sets, state } = await listed()
    return store.change(failover, txtBatch(sets, { ...(state as SwapState), ...more }, failover))
  }
  return { table, store, listed, write }
}

describe('a failover that moves by health checks', () => {
  test('begins with its first endpoint, before anything is written', async () => {
    const { listed } = setup()
    const { sets, state } = await listed()
    expect(state).toMatchObject({ active: 'one', epoch: 1 })
    expect(answerIn(sets, failover)).toMatchObject([{ values: ['192.0.2.1'] }])
  })

  test('is moved by its table, and answers as that says', async () => {
    const { store, listed, table } = setup()
    const { sets, state } = await listed()
    const moved = { ...(state as SwapState), epoch: 2, active: 'two' }
    const answer = answerIn(sets, failover).map((set) => ({ ...set, values: ['192.0.2.2'] }))
    expect(await store.change(failover, swapBatch(sets, answer, moved, failover))).toEqual({ kind: 'written' })
    expect(await listed()).toMatchObject({ state: { active: 'two', epoch: 2 } })
    expect(answerIn((await listed()).sets, failover)).toMatchObject([{ values: ['192.0.2.2'] }])
    expect(await tableText(failover, table)).toBe(encodeState(moved))
  })

  test('is not moved by who saw it as it was before', async () => {
    const { store, listed, write } = setup()
    const stale = await listed()
    expect(await write({ epoch: 2, decision: 'a' })).toEqual({ kind: 'written' })
    const late = txtBatch(stale.sets, { ...(stale.state as SwapState), epoch: 2, decision: 'b' }, failover)
    expect(await store.change(failover, late)).toEqual({ kind: 'refused' })
    expect((await listed()).state?.decision).toBe('a')
  })

  test('is not moved by who saw what its table does not have any more', async () => {
    const written = setup()
    await written.write({ epoch: 2, decision: 'a' })
    const { sets, state } = await written.listed()
    const next = txtBatch(sets, { ...(state as SwapState), epoch: 3, decision: 'b' }, failover)
    const empty = setup()
    expect(await empty.store.change(failover, next)).toEqual({ kind: 'refused' })
    expect((await empty.listed()).state?.epoch).toBe(1)
  })

  test('is moved by one of two who begin at once', async () => {
    const { store, listed } = setup()
    const { sets, state } = await listed()
    const batches = ['a', 'b'].map((decision) =>
      txtBatch(sets, { ...(state as SwapState), epoch: 2, decision }, failover),
    )
    const outcomes = await Promise.all(batches.map((batch) => store.change(failover, batch)))
    expect(outcomes.map(({ kind }) => kind).sort()).toEqual(['refused', 'written'])
  })

  test.each([
    'a damaged text',
    encodeState({
      ...{ version: 1, epoch: 9, decision: 'd', active: 'renamed', sinceMs: 0, switches: [] },
      flags: { locked: false, latched: false },
    }),
  ])('can be adopted where its table says "%s"', async (text) => {
    const { table, store, listed } = setup()
    await table.swapText(failover.id, undefined, text)
    const limits = { reads: 5, writes: 5 }
    const plan = { failover, decision: 'adopt', change: 'adopt', largestEpoch: 9, limits } as const
    const outcome = await runFlags(plan, {
      records: store,
      hook: async () => ({ kind: 'hookOk' }),
      remember: async () => {},
      isLocked: async () => false,
      page: () => {},
      pause: async () => {},
    })
    expect(outcome).toMatchObject({ kind: 'written', epoch: 10 })
    expect((await listed()).state).toMatchObject({ active: 'one', epoch: 10 })
  })

  test('is unknown, not empty, where its table does not answer', async () => {
    const broken = {
      ...openControllerTable(':memory:'),
      read: () => Promise.reject(new Error('gone')),
      swapText: () => Promise.reject(new Error('gone')),
    }
    const store = tableStore(broken, () => 7)
    expect(await store.list(failover)).toEqual({ kind: 'unknown' })
    const text = encodeState({
      ...{ version: 1, epoch: 2, decision: 'd', active: 'two', sinceMs: 0, switches: [] },
      flags: { locked: false, latched: false },
    })
    expect(await store.change(failover, [{ action: 'CREATE', set: txtOf(failover, text) }])).toEqual({
      kind: 'unknown',
    })
  })

  test('refuses a batch that writes no state', async () => {
    const { store, listed } = setup()
    const { sets } = await listed()
    expect(
      await store.change(
        failover,
        sets.map((set) => ({ action: 'DELETE', set })),
      ),
    ).toEqual({ kind: 'refused' })
  })

  test('keeps exactly one of the writers that saw the same, in any order', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(3), { minLength: 1, maxLength: 12 }), async (order) => {
        const { store, listed } = setup()
        const views = new Map<number, Awaited<ReturnType<typeof listed>>>()
        let epoch = 1
        for (const [i, writer] of order.entries()) {
          const view = views.get(writer) ?? (await listed())
          const isFresh = view.state?.epoch === epoch
          const next = { ...(view.state as SwapState), epoch: epoch + 1, decision: `d${i}` }
          const { kind } = await store.change(failover, txtBatch(view.sets, next, failover))
          expect(kind).toBe(isFresh ? 'written' : 'refused')
          if (isFresh) epoch++
          // Others may have looked before this write.
          views.set((writer + 1) % 4, isFresh && i % 2 === 0 ? view : await listed())
          views.delete(writer)
        }
        expect((await listed()).state?.epoch).toBe(epoch)
      }),
      { numRuns: 200 },
    )
  })
})

test('each failover is in the store of its own way to move', async () => {
  const { store } = setup()
  const both = storeBySwitch(
    { ...store, list: async () => ({ kind: 'throttled' }), change: async () => ({ kind: 'throttled' }) },
    store,
  )
  expect((await both.list(failoverOf())).kind).toBe('throttled')
  expect((await both.list(failover)).kind).toBe('listed')
  expect((await both.change(failoverOf(), [])).kind).toBe('throttled')
  expect((await both.change(failover, [])).kind).toBe('refused')
})
