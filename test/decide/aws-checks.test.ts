import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { awsProblems } from '../../lib/decide/aws-checks.ts'
import { formatProblem, parseConfig, readConfig } from '../../lib/model/parse-config.ts'
import { deployableConfig } from '../support/deployable-config.ts'
import { failoverConfig, failoverInput } from '../support/failover-config.ts'

const monitor = { id: 'a', kind: 'http', url: 'https://x.test/' }
const good = { service: 'shop', vantages: ['us-east-1'], controllers: ['us-west-2'], monitors: [monitor] }

const problemsOf = (config: object) => awsProblems(parseConfig({ ...good, ...config })).map(formatProblem)
const pathsOf = (config: object) => awsProblems(parseConfig({ ...good, ...config })).map(({ path }) => path)
const withMonitor = (more: object) => ({
  monitors: [
    { ...monitor, id: 'first' },
    { ...monitor, ...more },
  ],
})
const allow = (rule: string) => ({ allow: { [rule]: 'a reason that is long enough' } })

test('a config that uses every key, as AWS takes it, has no problems', () => {
  expect(awsProblems(parseConfig(deployableConfig()))).toEqual([])
})

/** Where something stands in a config. */
function placesIn(value: unknown, at: PropertyKey[] = []): PropertyKey[][] {
  if (typeof value !== 'object' || value === null) return [at]
  const inner = Object.entries(value).flatMap(([key, one]) =>
    placesIn(one, [...at, Array.isArray(value) ? Number(key) : key]),
  )
  return at.length > 0 ? [at, ...inner] : inner
}

test('whatever is wrong with a config, what AWS would refuse of the rest can be said', () => {
  const places = placesIn(deployableConfig())
  const slip = fc.record({
    place: fc.constantFrom(...places),
    value: fc.constantFrom<unknown>(undefined, null, 7.5, '%', [], [7], { junk: 1 }),
  })
  fc.assert(
    fc.property(fc.array(slip, { minLength: 1, maxLength: 3 }), (slips) => {
      const config = deployableConfig()
      for (const { place, value } of slips) {
        const holder = place
          .slice(0, -1)
          .reduce<unknown>((at, key) => (at as Record<PropertyKey, unknown> | undefined)?.[key], config)
        if (typeof holder === 'object' && holder !== null)
          Object.assign(holder, { [place.at(-1) ?? '']: structuredClone(value) })
      }
      const read = readConfig(config)
      const hasMonitors = Array.isArray(config.monitors) && config.monitors.length > 0
      expect(read.config !== undefined).toBe(hasMonitors)
      if (read.config && read.config.vantages.length > 0) awsProblems(read.config)
    }),
    { numRuns: 1000 },
  )
})

test('two functions of a region never have one name', () => {
  const twins = (region: string) => [
    { id: 'x', region: 'eu-west-1' },
    { id: 'now-x', region },
  ]
  const failing = (vantages: object[]) =>
    awsProblems(parseConfig({ ...failoverConfig([failoverInput('api')]), vantages }))
  expect(failing(twins('eu-west-1')).map(formatProblem)).toEqual([
    'vantages[1].id: expected another id than "now-" and that of the vantage "x": both would have a function ' +
      '"vedette-shop-probe-now-x", got "now-x"',
  ])
  expect(failing(twins('us-east-1'))).toEqual([])
  // Without failovers nothing probes for decisions.
  expect(pathsOf({ vantages: twins('eu-west-1') })).toEqual([])
})

test('all problems are reported at once, each with its place', () => {
  expect(
    pathsOf({
      env: 'a_b',
      vantages: ['us-est-1'],
      controllers: ['mars'],
      ...withMonitor({ every: '90s', tls: { certFile: 'a.pem', keyFile: 'a.key' } }),
    }),
  ).toEqual(['env', 'vantages[0]', 'controllers[0]', 'monitors[1].every', 'monitors[1].tls.keyFile'])
})

describe('a vantage', () => {
  test('has to be in a region that there is', () => {
    expect(problemsOf({ vantages: ['eu-west-9', { id: 'inside', region: 'eu-wset-1' }] })).toEqual([
      'vantages[0]: expected an AWS region, got "eu-west-9" (did you mean "eu-west-1"?)',
      'vantages[1].region: expected an AWS region, got "eu-wset-1" (did you mean "eu-west-1"?)',
    ])
    expect(problemsOf({ vantages: ['eu-west-9'], ...allow('unknown-region') })).toEqual([])
  })

  test.each(['a.b', 'a_b'])('needs an id that can be in the name of a stack, unlike %s', (id) => {
    expect(problemsOf({ vantages: [{ id, region: 'us-east-1' }] })).toEqual([
      `vantages[0].id: expected letters, digits and "-" only: it becomes part of the names of stacks, got "${id}"`,
    ])
  })

  test('needs a name that Lambda takes', () => {
    const id = 'a-place-with-quite-a-long-name'
    const long = { service: 'a-service-with-a-long-name', env: 'staging', vantages: [{ id, region: 'us-east-1' }] }
    expect(problemsOf(long)).toEqual([
      expect.stringMatching(
        /^vantages\[0\]: expected a function name of at most 64 characters, got ".*… \(79\) \(shorten/,
      ),
    ])
  })

  test('runs something', () => {
    expect(
      problemsOf({ vantages: ['us-east-1', 'eu-west-1'], ...{ monitors: [{ ...monitor, vantages: ['us-east-1'] }] } }),
    ).toEqual(['vantages[1]: expected at least one monitor that runs here, got none (leave the vantage out)'])
  })

  const vpc = {
    ...{ id: 'inside', region: 'us-east-1', vpcId: 'vpc-01234567' },
    ...{ subnetIds: ['subnet-01234567'], securityGroupIds: ['sg-01234567'] },
  }
  const times = (count: number, text: string) => Array.from({ length: count }, () => text)

  test.each([
    ['is whole', {}, []],
    ['needs subnets', { subnetIds: [] }, ['vantages[0].subnetIds']],
    ['needs security groups', { securityGroupIds: undefined }, ['vantages[0].securityGroupIds']],
    ['takes 16 subnets', { subnetIds: times(17, 'subnet-01234567') }, ['vantages[0].subnetIds']],
    ['takes 5 security groups', { securityGroupIds: times(6, 'sg-01234567') }, ['vantages[0].securityGroupIds']],
    ['is the one of its subnets', { vpcId: undefined }, ['vantages[0].vpcId', 'vantages[0].vpcId']],
    ['needs an id', { vpcId: 'my-vpc' }, ['vantages[0].vpcId']],
    ['needs ids of subnets', { subnetIds: ['sg-01234567'] }, ['vantages[0].subnetIds[0]']],
  ])('in a VPC %s', (_, change, paths) => {
    expect(pathsOf({ vantages: [{ ...vpc, ...change }] })).toEqual(paths)
  })
})

describe('a controller', () => {
  const failovers = [
    {
      ...{ id: 'api', hostedZoneId: 'Z1', zone: 'x.test', record: 'x.test', check: 'a' },
      endpoints: [
        { id: 'one', region: 'eu-west-1', A: ['192.0.2.1'] },
        { id: 'two', region: 'eu-central-1', A: ['192.0.2.2'] },
      ],
    },
  ]

  test('has to be', () => {
    expect(pathsOf({ controllers: [] })).toEqual(['controllers'])
  })

  test('is not where the primary endpoint is, which it is to leave', () => {
    expect(problemsOf({ failovers, controllers: ['us-west-2', 'eu-west-1'] })).toEqual([
      'controllers[1]: expected a region other than that of the primary endpoint of failover "api", got "eu-west-1" ' +
        '(it would go down with what it is to move; or "allow": { "controller-in-primary-region": reason })',
    ])
    expect(pathsOf({ failovers, controllers: ['eu-west-1'], ...allow('controller-in-primary-region') })).toEqual([])
  })

  test('is not where the control plane of Route 53 is, if there is anything to move', () => {
    expect(pathsOf({ failovers, controllers: ['us-east-1'] })).toEqual(['controllers[0]'])
    expect(pathsOf({ failovers, controllers: ['us-east-1'], ...allow('controller-in-us-east-1') })).toEqual([])
    expect(pathsOf({ controllers: ['us-east-1'] })).toEqual([])
  })
})

describe('a monitor', () => {
  test.each(['1s', '4s', '45s', '90s', '150s'])('cannot run every %s', (every) => {
    expect(pathsOf(withMonitor({ every, timeout: '100ms', retries: 0 }))).toEqual(['monitors[1].every'])
  })

  test('has to be done within what a function may take', () => {
    expect(problemsOf(withMonitor({ every: '1h', timeout: '10m', retries: 1 }))).toEqual([
      'monitors[1].timeout: expected all attempts, and what a start takes, within the 15m of a Lambda function, got 1231s',
    ])
  })

  test.each([
    ['1m', { down: 3, of: 100 }, []],
    ['30m', { down: 3, of: 48 }, []],
    ['30m', { down: 3, of: 49 }, ['monitors[1].thresholds']],
    ['1h', { down: 3, of: 100 }, []],
    ['2h', { down: 85 }, ['monitors[1].thresholds']],
    ['1d', { down: 7 }, []],
    ['1d', { down: 8 }, ['monitors[1].thresholds']],
  ])('every %s with thresholds %j is as far as CloudWatch looks back, or not', (every, thresholds, paths) => {
    expect(pathsOf(withMonitor({ every, thresholds }))).toEqual(paths)
  })

  test('has a runbook that fits into a description', () => {
    expect(pathsOf(withMonitor({ runbook: `https://x.test/${'x'.repeat(500)}` }))).toEqual(['monitors[1].runbook'])
  })

  test('has maintenance that mute rules can say', () => {
    const odd = (max: number) => Array.from({ length: max / 2 }, (_, i) => i * 2 + 1).join(',')
    const cron = `${odd(60)} ${odd(24)} ${odd(30)} ${odd(12)} *`
    const windows = [
      { cron: '0 2 * * SUN', for: '2h' },
      { cron, for: '1m' },
    ]
    expect(pathsOf(withMonitor({ maintenance: windows }))).toEqual([])
    expect(pathsOf(withMonitor({ maintenance: [{ cron: '0 2 * * *', timeZone: '+01:00', for: '2h' }] }))).toEqual([
      'monitors[1].maintenance[0].timeZone',
    ])
    const many = Array.from({ length: 400 }, () => windows[0])
    expect(pathsOf(withMonitor({ maintenance: many }))).toEqual(['monitors[1].maintenance'])
  })

  test('keeps its private key out of the asset bucket, unless that is said to be right', () => {
    const tls = { certFile: 'a.pem', keyFile: 'a.key' }
    expect(pathsOf(withMonitor({ tls }))).toEqual(['monitors[1].tls.keyFile'])
    expect(pathsOf({ ...withMonitor({ tls }), ...allow('key-in-asset') })).toEqual([])
  })

  test.each([
    [{ headers: { 'x-key': { env: 'KEY' } } }, 'monitors[1].headers.x-key'],
    [{ body: { env: 'KEY' } }, 'monitors[1].body'],
    [{ auth: { bearer: { env: 'KEY' } } }, 'monitors[1].auth.bearer'],
    [{ auth: { basic: { username: 'a', password: { env: 'KEY' } } } }, 'monitors[1].auth.basic.password'],
    [{ proxy: { env: 'KEY' } }, 'monitors[1].proxy'],
  ])('takes no secret from the environment: %j', (more, path) => {
    expect(pathsOf(withMonitor(more))).toEqual([path])
  })

  test('takes none in a route either, and no text', () => {
    const routes = (routingKey: unknown) => ({ routes: { ticket: [{ kind: 'pagerduty', routingKey }] } })
    expect(pathsOf(routes({ env: 'KEY' }))).toEqual(['routes.ticket[0].routingKey'])
    expect(pathsOf(routes('k'.repeat(32)))).toEqual(['routes.ticket[0].routingKey'])
    expect(pathsOf(routes({ secret: 'with space' }))).toEqual(['routes.ticket[0].routingKey'])
    expect(pathsOf(routes({ ssm: '/vedette/key' }))).toEqual([])
    expect(pathsOf({ routes: { page: [{ kind: 'webhook', url: 'https://x.test/hook' }] } })).toEqual([
      'routes.page[0].url',
    ])
  })

  test('takes none in a dialog either', () => {
    const tcp = {
      id: 'b',
      kind: 'tcp',
      host: 'x.test',
      port: 25,
      dialog: [{ expect: '^220' }, { send: { env: 'KEY' } }],
    }
    expect(pathsOf({ monitors: [tcp] })).toEqual(['monitors[0].dialog[1].send'])
  })

  test.each([
    [{ secret: 'vedette/api' }, true],
    [{ secret: 'a+b=c.d@e-f_g' }, true],
    [{ secret: 'with space' }, false],
    [{ secret: 'arn:aws:secretsmanager:us-east-1:1:secret:x' }, false],
    [{ ssm: '/vedette/api' }, true],
    [{ ssm: 'vedette' }, true],
    [{ ssm: 'vedette/api' }, false],
    [{ ssm: '/vedette//api' }, false],
    [{ ssm: '*' }, false],
  ])('names a secret as AWS would: %j', (bearer, isRight) => {
    expect(pathsOf(withMonitor({ auth: { bearer } }))).toEqual(isRight ? [] : ['monitors[1].auth.bearer'])
  })

  test('may have a header called env, with a text as its value', () => {
    expect(pathsOf(withMonitor({ headers: { env: 'staging' } }))).toEqual([])
  })
})

describe('quotas', () => {
  const monitors = (count: number) => Array.from({ length: count }, (_, i) => ({ ...monitor, id: `m${i}` }))

  test('of alarms in a region are those of an account', () => {
    expect(problemsOf({ monitors: monitors(5000) })).toEqual([
      'controllers[0]: expected at most 5000 alarms in us-west-2, the quota of an account, got 5002 ' +
        '(with a raised quota: "allow": { "alarm-quota": reason })',
    ])
    expect(problemsOf({ monitors: monitors(4998) })).toEqual([])
    expect(problemsOf({ monitors: monitors(5000), ...allow('alarm-quota') })).toEqual([])
  })

  test('of resources in a stack limit the vantages', () => {
    const vantages = Array.from({ length: 400 }, (_, i) => ({ id: `v${i}`, region: 'us-east-1' }))
    expect(pathsOf({ vantages })).toEqual(['vantages'])
  })

  test('of what a function may unpack limit the bodies that are sent', () => {
    const monitors = Array.from({ length: 25 }, (_, i) => ({ ...monitor, id: `m${i}`, body: 'x'.repeat(10_000_000) }))
    expect(pathsOf({ monitors })).toEqual(['vantages[0]'])
  })
})

describe('secrets', () => {
  const http = (more: object) => ({ id: 'api', kind: 'http', url: 'https://x.test/', ...more })
  const pathsOf = (monitor: object, allow: Record<string, string> = {}) => {
    const vantages = ['us-east-1']
    const config = parseConfig({ service: 'shop', vantages, controllers: ['us-west-2'], monitors: [monitor], allow })
    return awsProblems(config).map(({ path }) => path)
  }

  test.each([
    [http({ auth: { bearer: 'hunter2hunter2' } }), 'monitors[0].auth.bearer'],
    [http({ auth: { basic: { username: 'a', password: 'hunter2' } } }), 'monitors[0].auth.basic.password'],
    [http({ headers: { 'x-api-key': 'plain' } }), 'monitors[0].headers.x-api-key'],
    [http({ proxy: 'http://me:hunter2@proxy.test:3128' }), 'monitors[0].proxy'],
    [
      { id: 'mail', kind: 'tcp', host: 'x.test', port: 25, dialog: [{ send: 'AUTH PLAIN aGkK\r\n' }] },
      'monitors[0].dialog[0].send',
    ],
  ])('as text would lie in the bucket of assets: %j', (monitor, path) => {
    expect(pathsOf(monitor)).toEqual([path])
    expect(pathsOf(monitor, { 'secret-in-asset': 'a password that opens nothing' })).toEqual([])
  })

  test('what is no secret may be text', () => {
    expect(pathsOf(http({ headers: { accept: 'text/html' }, body: 'x', proxy: 'http://proxy.test:3128' }))).toEqual([])
  })

  test('have to fit into the policies of a role', () => {
    const monitors = Array.from({ length: 120 }, (_, i) => ({
      ...http({ auth: { bearer: { secret: `shop/token-of-service-${i}` } } }),
      id: `m${i}`,
    }))
    const config = parseConfig({ service: 'shop', vantages: ['us-east-1'], controllers: ['us-west-2'], monitors })
    expect(awsProblems(config)).toMatchObject([{ path: 'vantages[0]', hint: 'let monitors share secrets' }])
  })
  test('and logs have to fit into the policies of what tells people', () => {
    const config = (vantages: number, secrets: number) =>
      parseConfig({
        ...good,
        vantages: Array.from({ length: vantages }, (_, i) => ({ id: `v${i}-${'x'.repeat(30)}`, region: 'eu-west-1' })),
        routes: {
          page: Array.from({ length: secrets }, (_, i) => ({
            kind: 'pagerduty',
            routingKey: { secret: `shop/${'x'.repeat(200)}-${i}` },
          })),
        },
      })
    const told = [{ path: 'routes', got: expect.stringMatching(/^\d+$/) }]
    expect(awsProblems(config(70, 0))).toEqual([])
    expect(awsProblems(config(70, 1))).toMatchObject(told)
    expect(awsProblems(config(60, 1))).toEqual([])
    expect(awsProblems(config(35, 20))).toMatchObject(told)
  })
})
