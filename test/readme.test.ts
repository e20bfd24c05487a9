import { readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { configShape, failoverShape } from '../lib/model/config-schema.ts'
import { dnsTypes } from '../lib/model/dns-names.ts'
import { operators } from '../lib/model/monitor.ts'
import { monitorShapes } from '../lib/model/monitor-schema.ts'
import { failureCodes } from '../lib/model/result.ts'
import { sources } from '../lib/model/sources.ts'

const readme = readFileSync(path.resolve(import.meta.dirname, '../README.md'), 'utf8')
/** Every word that stands in code in the README. */
const words = new Set(
  [...readme.matchAll(/`([^`\n]+)`/g)].flatMap(([, code]) => [code, ...(code ?? '').split(/[^\w.$]+/)]),
)

const keys = new Set(
  [configShape, failoverShape, ...Object.values(monitorShapes)].flatMap(({ shape }) => Object.keys(shape)),
)

test.each([...keys])('the README explains the key %s', (key) => {
  expect(words).toContain(key)
})

test.each([...new Set(Object.values(sources).flatMap((of) => Object.keys(of)))])(
  'the README explains the source %s',
  (source) => {
    expect(words).toContain(source)
  },
)

test.each([...Object.keys(failureCodes), ...operators])('the README explains %s', (word) => {
  expect(words).toContain(word)
})

test('the README names every record type', () => {
  expect(readme).toContain(dnsTypes.join(' '))
})
