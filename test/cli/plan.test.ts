import { expect, test } from 'vitest'
import { tempFile, vedette } from '../support/cli.ts'
import { deployableConfig } from '../support/deployable-config.ts'
import { failoverConfig, failoverInput } from '../support/failover-config.ts'

const monitors = [{ id: 'a', kind: 'http', url: 'https://x.test/' }]
const file = tempFile(
  'aws.json',
  JSON.stringify({ service: 'shop', vantages: ['us-east-1', 'eu-west-1'], controllers: ['us-west-2'], monitors }),
)

test('plan shows each shard, its worst case and its calls', async () => {
  const { code, stdout } = await vedette(['plan', '-c', file])
  expect(code).toBe(0)
  expect(stdout).toMatch(/^us-east-1 +1m-0 +1 +1m +17s +43,200 +43,200$/m)
  expect(stdout).toContain('shop: 1 monitor in 2 vantages, 1 controller region')
})

test('plan --json is data', async () => {
  const { shards } = JSON.parse((await vedette(['plan', '--json', '-c', file])).stdout)
  expect(shards).toHaveLength(2)
  expect(shards[0]).toMatchObject({ vantage: 'us-east-1', id: '1m-0', monitors: ['a'], worstCaseMs: 17_000 })
})

const failovers = JSON.stringify({ ...failoverConfig([failoverInput('api')]), service: 'moved' })

test('plan shows the functions of failovers, what they may do at once and their calls', async () => {
  const { code, stdout } = await vedette(['plan', '-c', tempFile('failovers.json', failovers)])
  expect(code).toBe(0)
  expect(stdout).toMatch(/^vedette-moved-probe-now-eu-west-1 +eu-west-1 +28s +6 +8,640$/m)
  expect(stdout).toMatch(/^vedette-moved-failover +us-west-2 +900s +13 +43,200$/m)
  const file = tempFile('failovers.json', failovers)
  const { functions } = JSON.parse((await vedette(['plan', '--json', '-c', file])).stdout)
  expect(functions).toHaveLength(3 + 2)
})

test('cost shows what failovers cost, at prices below a cent', async () => {
  const { stdout } = await vedette(['cost', '-c', tempFile('failovers.json', failovers)])
  expect(stdout).toMatch(/^metric NotReady +1 failovers × 2 controllers +2 metrics +\$0\.30 +\$0\.60$/m)
  expect(stdout).toMatch(/^DynamoDB reads .* read units +\$0\.125 per 1,000,000 /m)
})

test('a failover whose TXT could not count the moves of a day is no config, here or in AWS', async () => {
  const endpoints = ['a', 'b'].map((letter, i) => ({ id: letter.repeat(64), region: 'external', A: [`192.0.2.${i}`] }))
  const config = failoverConfig([failoverInput('api', { endpoints, maxPerDay: 50 })])
  const { code, stderr } = await vedette(['validate', '-c', tempFile('room.json', JSON.stringify(config))])
  expect(code).toBe(2)
  expect(stderr).toContain('failovers[0].maxPerDay: expected a "maxPerDay" of at most')
})

test('cost shows every line with its price, the total, and what others would cost', async () => {
  const { code, stdout } = await vedette(['cost', '-c', file])
  expect(code).toBe(0)
  expect(stdout).toMatch(/^metric Down +1 monitors × 1 controllers +1 metric +\$0\.30 +\$0\.30$/m)
  expect(stdout).toMatch(/shop: \$[\d.]+ a month for 86,400 runs/)
  expect(stdout).toContain('CloudWatch Synthetics: $103.68')
  expect(stdout).not.toContain('below a minute')
})

test('cost says what intervals below a minute cost, and what a minute would', async () => {
  const often = monitors.map((one) => ({ ...one, every: '30s' }))
  const top = { service: 'often', vantages: ['us-east-1'], controllers: ['us-west-2'], monitors: often }
  const { stdout } = await vedette(['cost', '-c', tempFile('often.json', JSON.stringify(top))])
  expect(stdout).toMatch(
    /^ {2}every: "30s" on 1 monitor: \$33\.12 of it, as below a minute functions run all the time$/m,
  )
  expect(stdout).toMatch(/^ {2}with every: "1m" instead: \$\d\.\d\d a month$/m)
})

test('cost --json is data that adds up', async () => {
  const bill = JSON.parse((await vedette(['cost', '--json', '-c', file])).stdout)
  const sum = bill.lines.reduce((total: number, line: { monthlyUsd: number }) => total + line.monthlyUsd, 0)
  expect(bill.monthlyUsd).toBeCloseTo(sum)
})

test.each(['plan', 'cost'])('%s of a config without vantages says what to add', async (command) => {
  const nowhere = tempFile('nowhere.json', JSON.stringify({ service: 'shop', monitors }))
  const { code, stdout, stderr } = await vedette([command, '-c', nowhere])
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  expect(stderr).toContain('add the regions to probe from')
})

test('a config that uses every key can be planned', async () => {
  const file = tempFile('full.json', JSON.stringify(deployableConfig()))
  expect((await vedette(['plan', '-c', file])).code).toBe(0)
})

test.each(['validate', 'plan', 'cost'])('%s says what AWS would refuse', async (command) => {
  const wrong = { service: 'shop', vantages: ['us-est-1'], controllers: ['us-west-2'], monitors }
  const { code, stdout, stderr } = await vedette([command, '-c', tempFile('wrong.json', JSON.stringify(wrong))])
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  expect(stderr).toBe(
    'The config has 1 problem:\n  vantages[0]: expected an AWS region, got "us-est-1" (did you mean "us-east-1"?)\n',
  )
})
