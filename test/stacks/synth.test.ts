import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { tempFile } from '../support/cli.ts'
import { failoverConfig, failoverInput } from '../support/failover-config.ts'

const root = path.resolve(import.meta.dirname, '../..')
const outdir = mkdtempSync(path.join(tmpdir(), 'vedette-cdk-'))
afterAll(() => rmSync(outdir, { recursive: true, force: true }))

/** Neither credentials nor a region: synth needs no account. */
const env = {
  PATH: [path.dirname(process.execPath), process.env.PATH].join(path.delimiter),
  HOME: outdir,
  AWS_EC2_METADATA_DISABLED: 'true',
  CDK_DISABLE_CLI_TELEMETRY: 'true',
  NO_COLOR: '1',
}

/** `cdk synth`, as the operator runs it. */
function cdkSynth(args: string[]) {
  const cdk = path.join(root, 'node_modules/.bin/cdk')
  return spawnSync(cdk, ['synth', '--quiet', '--output', path.join(outdir, 'out'), ...args], {
    ...{ cwd: root, encoding: 'utf8', env },
  })
}

/** The app alone, told its config as the CDK tells it. */
function app(config: string) {
  const context = { ...env, CDK_CONTEXT_JSON: JSON.stringify({ config }) }
  return spawnSync(process.execPath, ['bin/app.ts'], { cwd: root, encoding: 'utf8', env: context })
}

describe('cdk synth', () => {
  test('makes the stacks of the config that ships, and says what they cost', () => {
    const { status, stdout, stderr } = cdkSynth([])
    expect(stderr).toMatch(/^shop: about \$\d+\.\d\d a month \(vedette cost shows every line\)$/m)
    expect({ status, stdout }).toEqual({ status: 0, stdout: '' })
    expect(stderr).toContain('vedette-shop-probe-ap-southeast-1')
  }, 60_000)

  test('makes those of failovers, with the code of all functions, and warns of what one should have meant', () => {
    const byCheck = failoverInput('www', { switch: 'health-check', ttl: 300 })
    const input = failoverConfig([failoverInput('api'), byCheck], { service: 'moved' })
    const { status, stderr } = cdkSynth(['-c', `config=${tempFile('failovers.json', JSON.stringify(input))}`])
    expect(stderr).toContain('vedette-moved-failover-eu-central-1')
    expect(stderr).toContain('vedette-moved-records')
    expect(stderr).toContain('Failover www: a TTL of 300 s')
    expect(status).toBe(0)
  }, 60_000)

  test('fails for a config that is wrong', () => {
    const wrong = tempFile('wrong.json', JSON.stringify({ service: 'shop', monitors: [] }))
    const { status, stderr } = cdkSynth(['-c', `config=${wrong}`])
    expect(status).toBe(1)
    expect(stderr).toContain('The config has 1 problem:\n  monitors: expected at least one monitor')
  }, 60_000)
})

describe('the app', () => {
  test('names every problem of a config with its place, and nothing else', () => {
    const monitors = [
      { id: 'a', kind: 'http', url: 'https://x.test/', every: '90s' },
      { id: 'b', kind: 'http', url: 'https://x.test/', auth: { bearer: { env: 'TOKEN' } } },
    ]
    const vantages = ['us-est-1', 'eu-west-1']
    const file = tempFile('problems.json', JSON.stringify({ service: 'shop', vantages, controllers: [], monitors }))
    const { status, stdout, stderr } = app(file)
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
    expect(stderr.split('\n')).toEqual([
      'The config has 4 problems:',
      '  vantages[0]: expected an AWS region, got "us-est-1" (did you mean "us-east-1"?)',
      '  controllers: expected at least one region that results are gathered in, got none (two that are neither us-east-1 nor where your service runs, such as ["us-west-2", "eu-central-1"])',
      '  monitors[0].every: expected in AWS, a divisor of a minute from 5s on ("5s", "10s", "15s", "20s", "30s"), or whole minutes, got 90s · in "a"',
      '  monitors[1].auth.bearer: expected a secret or ssm reference in AWS, where the environment of a function can be read by many, got {"env":"TOKEN"} (use { "secret": name } or { "ssm": name }) · in "b"',
      '',
    ])
  })

  test.each([
    ['does not exist', '/nowhere/vedette.config.ts', /^vedette: \/nowhere\/vedette\.config\.ts does not exist: .*\n$/],
    ['is no JSON', tempFile('broken.json', '{'), /^vedette: .*broken\.json is no JSON: .*\n$/],
    [
      'has no vantages',
      tempFile('nowhere.json', JSON.stringify({ service: 's', monitors: [{ id: 'a', kind: 'tls', host: 'x.test' }] })),
      /^vedette: the config has no "vantages": add the regions to probe from.*\n$/,
    ],
  ])('says in one line that a config %s', (_, file, message) => {
    const { status, stdout, stderr } = app(file)
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
    expect(stderr).toMatch(message)
  })
})
