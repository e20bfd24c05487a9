import { expect, test } from 'vitest'
import type { DrillOutcome } from '../../lib/decide/drill.ts'
import { drillZone } from './failover-config.ts'
import type { Stage } from './failover-stage.ts'

/** What becomes of moves when Route 53 does not do as it is told, or does not say so. */
export function route53Tests(stage: () => Stage): void {
  test.each(['throttle', 'unavailable', 'reset'] as const)(
    'a Route 53 that refuses two changes (%s) has it wait, read again, and move once',
    async (fault) => {
      const { sandbox, reset, origin, decides, state, answer } = stage()
      await reset('main')
      const before = await state('main')
      await origin('main', 'one').kill()
      const met = sandbox.route53.met()
      sandbox.route53.next(fault, 2)
      await decides('main', { kind: 'move' })
      expect(sandbox.route53.met()).toBe(met + 2)
      const after = await state('main')
      expect(after).toMatchObject({ active: 'two', switches: [{ from: 'one', to: 'two' }] })
      expect(after.epoch).toBeGreaterThan(before.epoch)
      expect(await answer('main')).toEqual(['127.0.0.2'])
    },
  )

  test('a change whose reply is lost is found done, and not made twice', async () => {
    const { sandbox, reset, origin, decides, state, logged } = stage()
    await reset('main')
    const before = await state('main')
    await origin('main', 'one').kill()
    sandbox.route53.next('loseReply', 1)
    await decides('main', { kind: 'move' })
    const swap = (await logged('main', 'failover.swapped')).at(-1)
    expect(swap).toMatchObject({ kind: 'moved', inDoubt: false })
    expect(await state('main')).toMatchObject({ active: 'two', epoch: before.epoch + 1, switches: [{ to: 'two' }] })
  })

  test('a change that hangs on the way is fenced off: when it comes, it is refused', async () => {
    const { sandbox, reset, origin, decides, state, answer, call, home } = stage()
    await reset('main')
    const before = await state('main')
    await origin('main', 'one').kill()
    sandbox.route53.next('late', 1)
    await decides('main', { kind: 'move' })
    const moved = await state('main')
    // The fence has an epoch of its own.
    expect(moved).toMatchObject({ active: 'two', switches: [{ from: 'one', to: 'two' }] })
    expect(moved.epoch).toBeGreaterThan(before.epoch + 1)
    await origin('main', 'one').mend()
    await call(home, { do: 'to', failover: 'main', endpoint: 'one' })
    const back = await state('main')

    expect(await sandbox.route53.release()).toEqual([400])
    expect(await state('main')).toEqual(back)
    expect(await answer('main')).toEqual(['127.0.0.1'])
  })

  test('a drill moves a name of its own, measures it from every vantage, and leaves nothing', async () => {
    const { sandbox, call, state, answer, home, memory } = stage()
    const before = [await state('drill'), await answer('drill')]
    const drilled = await call<DrillOutcome>(home, { do: 'drill', failover: 'drill' })
    expect(drilled).toMatchObject({ outcome: 'passed', from: 'one', to: 'two' })
    expect(drilled).not.toHaveProperty('left')
    for (const move of ['there', 'back'])
      for (const vantage of sandbox.config.vantages)
        expect(drilled.seen).toContainEqual(
          expect.objectContaining({ move, vantage, server: expect.any(String), afterMs: expect.any(Number) }),
        )
    expect([await state('drill'), await answer('drill')]).toEqual(before)
    const sets = await sandbox.zones.list(sandbox.zoneIds[drillZone] ?? '')
    expect(sets.filter(({ Name = '' }) => Name.startsWith('_vedette-drill.'))).toEqual([])
    expect(await memory(home, 'drill')).toMatchObject({ lastDrill: { outcome: 'passed' } })
  })
}
