import { expect, test } from 'vitest'
import { bundleFunction } from '../../lib/stacks/bundle.ts'

const files = await bundleFunction('probe')
const kilobytes = (texts: readonly string[]) => texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0) / 1000

test('the probe function is within its budget', () => {
  expect(kilobytes(Object.values(files))).toBeLessThanOrEqual(600)
})

test('what few functions need is not in what all of them import', () => {
  const entry = files['index.mjs'] ?? ''
  const others = Object.entries(files).filter(([name]) => name !== 'index.mjs')
  for (const service of ['GetSecretValue', 'GetParameter']) {
    expect(entry.includes(service)).toBe(false)
    expect(others.some(([, text]) => text.includes(service))).toBe(true)
  }
  expect(kilobytes([entry])).toBeLessThanOrEqual(400)
})

test('neither the validator nor the CDK nor the chain of credential providers is in it', () => {
  const code = Object.values(files).join('\n')
  const signs = ['ZodError', 'aws-cdk-lib', 'GetRoleCredentials', 'AssumeRoleWithWebIdentity']
  expect(signs.filter((sign) => code.includes(sign))).toEqual([])
})

test('every file that it imports is there', () => {
  const wanted = Object.values(files).flatMap((text) =>
    [...text.matchAll(/"\.\/([\w-]+\.mjs)"/g)].map(([, name]) => name),
  )
  expect(wanted.length).toBeGreaterThan(3)
  for (const name of wanted) expect(files).toHaveProperty([name ?? ''])
})
