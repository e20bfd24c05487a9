import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ControllerTableError, openControllerTable } from '../../lib/local/controller-table.ts'
import { temporaryFolder } from '../support/history.ts'

test('what is given is replaced, the rest stays, and the largest epoch never shrinks', async () => {
  const table = openControllerTable(':memory:')
  expect(await table.read('api')).toEqual({ largestEpoch: 0, healthySince: {}, locked: false })
  await table.update('api', { largestEpoch: 7 })
  await table.update('api', { locked: true, healthySince: { one: 5 } })
  await table.update('api', { largestEpoch: 3 })
  expect(await table.read('api')).toEqual({ largestEpoch: 7, healthySince: { one: 5 }, locked: true })
  expect(await table.read('web')).toEqual({ largestEpoch: 0, healthySince: {}, locked: false })
  table.close()
})

test('it is there after a restart', async () => {
  const file = path.join(temporaryFolder(), 'failover.db')
  const before = openControllerTable(file)
  await before.update('api', { largestEpoch: 7, locked: true })
  before.close()
  const after = openControllerTable(file)
  expect(await after.read('api')).toMatchObject({ largestEpoch: 7, locked: true })
  after.close()
  await expect(after.read('api')).rejects.toThrow()
})

test('a file that cannot be opened is told with what to do, and a folder that is missing is made', async () => {
  const folder = temporaryFolder()
  const damaged = path.join(folder, 'damaged.db')
  writeFileSync(damaged, 'this is no database, whatever its name says')
  expect(() => openControllerTable(damaged)).toThrow(ControllerTableError)
  expect(() => openControllerTable(damaged)).toThrow(/damaged\.db, got "file is not a database".*move it away/)
  openControllerTable(path.join(folder, 'new', 'failover.db')).close()
})

test('a row that is damaged is no memory: reading and writing it reject', async () => {
  const file = path.join(temporaryFolder(), 'failover.db')
  openControllerTable(file).close()
  const database = new DatabaseSync(file)
  database.exec("INSERT INTO controller VALUES ('api', '{oops')")
  database.close()
  const table = openControllerTable(file)
  await expect(table.read('api')).rejects.toThrow(/row of api in .*failover\.db is damaged/)
  await expect(table.update('api', { locked: false })).rejects.toThrow('damaged')
  expect(await table.read('web')).toMatchObject({ locked: false })
  table.close()
})

test('the largest epoch never shrinks, whatever is given in whatever order', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.record({ largestEpoch: fc.nat(1000) }, { requiredKeys: [] })), async (updates) => {
      const table = openControllerTable(':memory:')
      let largest = 0
      for (const update of updates) {
        await table.update('api', update)
        largest = Math.max(largest, update.largestEpoch ?? 0)
        expect((await table.read('api')).largestEpoch).toBe(largest)
      }
      table.close()
    }),
  )
})

test('a lease is had by one at a time, until it ends or is given back by who has it', async () => {
  const act = fc.record({
    what: fc.constantFrom('lease', 'release'),
    who: fc.constantFrom('a', 'b', 'c'),
    afterMs: fc.nat(40),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(act), async (acts) => {
      const table = openControllerTable(':memory:')
      let nowMs = 0
      let held: { by: string; untilMs: number } | undefined
      for (const { what, who, afterMs } of acts) {
        nowMs += afterMs
        if (held && held.untilMs <= nowMs) held = undefined
        if (what === 'release') {
          await table.release('api', who)
          if (held?.by === who) held = undefined
        } else {
          const isFree = !held || held.by === who
          expect(await table.lease('api', who, nowMs, 30)).toBe(isFree)
          if (isFree) held = { by: who, untilMs: nowMs + 30 }
        }
      }
      table.close()
    }),
  )
})

test('a text is replaced only where it is what it was, and one failover is not another', async () => {
  const table = openControllerTable(':memory:')
  expect(await table.swapText('api', 'x', 'y')).toBe(false)
  expect(await table.swapText('api', undefined, 'a')).toBe(true)
  expect(await table.swapText('api', undefined, 'b')).toBe(false)
  expect(await table.swapText('api', 'a', 'b')).toBe(true)
  await table.update('api', { locked: true })
  expect(await table.read('api')).toMatchObject({ text: 'b', locked: true })
  expect((await table.read('web')).text).toBeUndefined()
  table.close()
})

test('all that want to move at once see each other: of many only so many find room', async () => {
  const table = openControllerTable(':memory:')
  const seen = await Promise.all(['a', 'b', 'c'].map((id, i) => table.want(id, i)))
  expect(seen.map((wanted) => Object.keys(wanted).length).sort()).toEqual([1, 2, 3])
  expect(await table.wanted()).toEqual({ a: 0, b: 1, c: 2 })
  table.close()
})
