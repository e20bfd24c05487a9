import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Stage } from './failover-stage.ts'
import { deployHook, type HookFunction } from './hook-function.ts'

/** What a function of the user's before and after a move has a say in. */
export function hookTests(stage: () => Stage): void {
  describe('with a function that is called before and after', () => {
    let hook: HookFunction
    beforeAll(async () => {
      hook = await deployHook(stage().sandbox)
    }, 180_000)
    afterAll(async () => {
      await hook?.stop()
    }, 180_000)

    test('it moves between the two, which are called once each; the first by the key of its claim', async () => {
      const { reset, origin, decides, state } = stage()
      await reset('hook')
      hook.calls.length = 0
      const before = await state('hook')
      let during = before
      hook.onCall = async ({ hook }) => {
        if (hook === 'before') during = await state('hook')
      }
      await origin('hook', 'one').kill()
      await decides('hook', { kind: 'move' })
      expect(during).toMatchObject({ active: 'one', claim: { to: 'two', epoch: before.epoch + 1 } })
      const after = await state('hook')
      expect(after).toMatchObject({ active: 'two', switches: [{ to: 'two' }] })
      expect(after).not.toHaveProperty('claim')
      const common = { failover: 'hook', record: 'www-hook.live.sandbox.test', to: 'two' }
      expect(hook.calls).toEqual([
        { ...common, hook: 'before', key: `hook/${during.claim?.epoch}` },
        { ...common, hook: 'after', key: expect.stringMatching(/^hook\/\d+$/) },
      ])
    })

    test('one that fails before it stops the move, and pages', async () => {
      const { told, reset, origin, decides, state, answer } = stage()
      await reset('hook')
      await told.forget()
      hook.calls.length = 0
      hook.onCall = () => {
        throw new Error('no')
      }
      await origin('hook', 'one').kill()
      await decides('hook', { kind: 'move' })
      const page = await told.of(
        ({ event }) => event.type === 'page' && event.pages.some(({ code }) => code === 'HOOK_FAILED'),
        'the hook',
      )
      expect(page.topic).toBe('page')
      expect(await state('hook')).toMatchObject({ active: 'one', switches: [] })
      expect(await state('hook')).not.toHaveProperty('claim')
      expect(await answer('hook')).toEqual(['127.0.0.1'])
      expect(hook.calls.map(({ hook }) => hook)).toEqual(['before'])
    })

    test('a record that is edited by hand while it runs is not overwritten', async () => {
      const { told, reset, edit, origin, decides, state, answer, logged } = stage()
      await reset('hook')
      await told.forget()
      hook.onCall = () => edit('hook', '192.0.2.99')
      await origin('hook', 'one').kill()
      await decides('hook', { kind: 'move' })
      const page = await told.of(
        ({ event }) => event.type === 'page' && event.pages.some(({ code }) => code === 'EDITED'),
        'the edit',
      )
      expect(page.topic).toBe('page')
      expect(await answer('hook')).toEqual(['192.0.2.99'])
      expect((await logged('hook', 'failover.swapped')).at(-1)).toMatchObject({ kind: 'refused', reason: 'EDITED' })
      expect(await state('hook')).toMatchObject({ active: 'one', switches: [] })
    })
  })
}
