import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { ControllerTableError } from '../../lib/local/controller-table.ts'
import { openKeptRecords } from '../../lib/local/kept-records.ts'
import { temporaryFolder } from '../support/history.ts'

test('a file that is damaged behind its schema is told by its name, when it is read and when it is written', () => {
  const file = path.join(temporaryFolder(), 'history.failover.db')
  const before = openKeptRecords(file)
  before.write(new Map([['shop.live.test', []]]))
  before.close()
  const bytes = readFileSync(file)
  // The first page has the schema.
  writeFileSync(file, bytes.fill(0xff, bytes.readUInt16BE(16)))
  const kept = openKeptRecords(file)
  const isTold = expect.objectContaining({ message: expect.stringMatching(/history\.failover\.db.*malformed/) })
  for (const use of [() => kept.read('shop.live.test'), () => kept.write(new Map([['shop.live.test', []]]))]) {
    expect(use).toThrow(ControllerTableError)
    expect(use).toThrow(isTold)
  }
  kept.close()
})
