import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { parseConfig } from '../../lib/model/parse-config.ts'
import { readAsset, withFiles } from '../../lib/run/lambda-asset.ts'
import { temporaryFolder } from '../support/history.ts'

test('a function reads what it was told beside its code', () => {
  const folder = temporaryFolder()
  writeFileSync(path.join(folder, 'config.json'), '{"vantage":"north"}')
  expect(readAsset(folder)).toEqual({ vantage: 'north' })
})

test('certificate files are found beside the code, and what has none stays as it is', () => {
  const { monitors } = parseConfig({
    service: 'shop',
    monitors: [
      { id: 'api', kind: 'http', url: 'https://shop.test/', tls: { caFile: 'ca.pem' } },
      { id: 'b', kind: 'http', url: 'https://shop.test/' },
    ],
  })
  const [withCa, without] = monitors.map((monitor) => withFiles(monitor, '/var/task'))
  expect(withCa?.tls.caFile).toBe('/var/task/ca.pem')
  expect(without).toEqual(monitors[1])
})
