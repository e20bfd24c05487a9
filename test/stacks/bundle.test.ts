import { describe, expect, test } from 'vitest'
import { type Bundle, bundleFunction, type FunctionName } from '../../lib/stacks/bundle.ts'

const names: FunctionName[] = ['probe', 'probe-now', 'failover']
const bundles = Object.fromEntries(
  await Promise.all(names.map(async (name) => [name, await bundleFunction(name)])),
) as Record<FunctionName, Bundle>
const kilobytes = (texts: readonly string[]) => texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0) / 1000

test.each<[FunctionName, number, number]>([
  ['probe', 600, 400],
  ['probe-now', 600, 400],
  ['failover', 450, 400],
])('the function %s is within its budget: %i KB, of which %i are imported at its start', (name, whole, entry) => {
  expect(kilobytes(Object.values(bundles[name]))).toBeLessThanOrEqual(whole)
  expect(kilobytes([bundles[name]['index.mjs'] ?? ''])).toBeLessThanOrEqual(entry)
})

test.each<FunctionName>(['probe', 'probe-now'])(
  'what few monitors need is not in what %s imports at its start',
  (name) => {
    const { 'index.mjs': entry = '', ...others } = bundles[name]
    for (const service of ['GetSecretValue', 'GetParameter']) {
      expect(entry.includes(service)).toBe(false)
      expect(Object.values(others).some((text) => text.includes(service))).toBe(true)
    }
  },
)

describe.each(names)('the function %s', (name) => {
  const files = bundles[name]

  test('has neither the validator nor the CDK nor the chain of credential providers', () => {
    const code = Object.values(files).join('\n')
    const signs = ['ZodError', 'aws-cdk-lib', 'GetRoleCredentials', 'AssumeRoleWithWebIdentity']
    expect(signs.filter((sign) => code.includes(sign))).toEqual([])
  })

  test('has every file that it imports', () => {
    const wanted = Object.values(files).flatMap((text) =>
      [...text.matchAll(/"\.\/([\w-]+\.mjs)"/g)].map(([, file]) => file),
    )
    expect(wanted.length).toBeGreaterThan(1)
    for (const file of wanted) expect(files).toHaveProperty([file ?? ''])
  })
})

test('whatever decides does not probe, and whatever probes for a decision changes nothing', () => {
  const code = (name: FunctionName) => Object.values(bundles[name]).join('\n')
  // undici's client, of which only the functions that probe have a copy.
  expect(code('failover')).not.toContain('llhttp')
  for (const action of ['ChangeResourceRecordSets', 'PutMetricData', 'UpdateItem'])
    expect([action, code('probe-now').includes(action)]).toEqual([action, false])
  expect(code('failover')).toContain('ChangeResourceRecordSets')
  expect(code('failover')).not.toContain('UPSERT')
})
