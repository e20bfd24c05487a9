import { describe, expect, test } from 'vitest'
import { type Bundle, bundleFunction, type FunctionName } from '../../lib/stacks/bundle.ts'

const names: FunctionName[] = ['probe', 'probe-now', 'failover', 'notify']
const bundles = Object.fromEntries(
  await Promise.all(names.map(async (name) => [name, await bundleFunction(name)])),
) as Record<FunctionName, Bundle>
const kilobytes = (texts: readonly string[]) => texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0) / 1000

test.each<[FunctionName, number]>([
  ['probe', 600],
  ['probe-now', 450],
  ['failover', 450],
  ['notify', 400],
])('the function %s is within its budget of %i KB', (name, budget) => {
  expect(kilobytes(Object.values(bundles[name]))).toBeLessThanOrEqual(budget)
})

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
