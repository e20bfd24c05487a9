import path from 'node:path'
import { expect, test } from 'vitest'
import { openControllerTable } from '../../lib/local/controller-table.ts'
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
