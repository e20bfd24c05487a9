import { describe, expect, test } from 'vitest'
import { awsProblems } from '../../lib/decide/aws-checks.ts'
import { failoverProblems } from '../../lib/decide/failover-checks.ts'
import { failoverWarnings } from '../../lib/decide/failover-warnings.ts'
import { formatProblem, parseConfig } from '../../lib/model/parse-config.ts'
import { failoverConfig, failoverInput } from '../support/failover-config.ts'

type More = Parameters<typeof failoverInput>[1]

const problemsOf = (more: More, config: object = {}) =>
  awsProblems(parseConfig({ ...failoverConfig([failoverInput('api', more)]), ...config })).map(formatProblem)
const pathsOf = (more: More, config: object = {}) =>
  awsProblems(parseConfig({ ...failoverConfig([failoverInput('api', more)]), ...config })).map(({ path }) => path)
const allow = (rule: string) => ({ allow: { [rule]: 'a reason that is long enough' } })
const use1 = { id: 'use1', region: 'us-east-1', A: ['192.0.2.10'] }

test('a failover as AWS takes it has no problems', () => {
  expect(problemsOf({})).toEqual([])
  expect(
    problemsOf({ hooks: { before: { lambda: 'arn:aws:lambda:eu-west-1:123456789012:function:promote' } } }),
  ).toEqual([])
})

describe('a hook in AWS', () => {
  const arn = 'arn:aws:lambda:us-west-2:123456789012:function:promote'

  test('is no command, as there is no machine to run it on', () => {
    expect(problemsOf({ hooks: { before: { command: ['./promote.sh'] } } })).toEqual([
      'failovers[0].hooks.before.command: expected "lambda" in AWS, where there is no machine to run a command on, ' +
        'got a command (let a function do it: { "lambda": arn })',
    ])
    expect(pathsOf({ hooks: { after: { command: ['./tell.sh'] } } })).toEqual(['failovers[0].hooks.after.command'])
  })

  test.each([
    [arn, true],
    [`${arn}:live`, true],
    [`${arn}:$LATEST`, true],
    ['arn:aws:lambda:ap-southeast-1:123456789012:function:a_b-c', true],
    [`${arn}*`, false],
    [`${arn}:*`, false],
    ['promote', false],
    ['arn:aws:lambda:us-west-2:123456789012:layer:promote', false],
    ['arn:aws:sns:us-west-2:123456789012:promote', false],
    ['arn:aws:lambda:*:123456789012:function:promote', false],
  ])('is a function by its whole ARN: %s', (lambda, isRight) => {
    expect(pathsOf({ hooks: { before: { lambda } } })).toEqual(isRight ? [] : ['failovers[0].hooks.before.lambda'])
  })
})

test.each(['*', 'Z1/../Z2', 'z1', ''])('the id of a zone is one, as the policy is made of it: %j', (hostedZoneId) => {
  expect(pathsOf({ hostedZoneId })).toEqual(['failovers[0].hostedZoneId'])
})

test('the zone of an alias is one', () => {
  const alias = { id: 'lb', region: 'eu-west-1', alias: { hostedZoneId: 'nowhere', dnsName: 'lb.example.net' } }
  expect(pathsOf({ endpoints: [use1, alias] })).toEqual(['failovers[0].endpoints[1].alias.hostedZoneId'])
})

test('the region of an endpoint is one, or external: a mistyped one would hide a controller that is in it', () => {
  const at = (region: string) => ({ endpoints: [use1, { id: 'two', region, A: ['198.51.100.20'] }] })
  expect(problemsOf(at('eu-wst-1'))).toEqual([
    'failovers[0].endpoints[1].region: expected an AWS region, got "eu-wst-1" (did you mean "eu-west-1"?)',
  ])
  expect(pathsOf(at('external'))).toEqual([])
  expect(pathsOf(at('eu-wst-1'), allow('unknown-region'))).toEqual([])
})

describe('controllers', () => {
  test('are in no region of an endpoint, unless that is said to be right', () => {
    const there = { controllers: ['us-west-2', 'eu-west-1'] }
    expect(problemsOf({}, there)).toEqual([
      'controllers[1]: expected a region other than those of the endpoints of failover "api", got "eu-west-1" ' +
        '(it would go down with what it may have to leave; or "allow": { "controller-in-endpoint-region": reason })',
    ])
    expect(pathsOf({}, { ...there, ...allow('controller-in-endpoint-region') })).toEqual([])
  })

  test('have to be, or nobody decides', () => {
    expect(pathsOf({}, { controllers: [] })).toEqual(['controllers'])
  })
})

describe('what a function takes', () => {
  test('is a name of 64 characters: the longest is the one that probes for decisions', () => {
    const place = { vantages: [{ id: 'a-place-with-quite-a-name', region: 'us-east-1' }], env: 'staging-of-mine' }
    expect(problemsOf({}, place)).toEqual([])
    expect(problemsOf({}, { ...place, service: 'a-shop-of-all' })).toEqual([
      expect.stringMatching(/^vantages\[0\]: expected a function name of at most 64 characters, got ".*" \(73\)/),
    ])
    const env = 'an-environment-with-a-name-that-has-no-end'
    expect(pathsOf({}, { vantages: ['us-east-1'], env })).toContain('vantages[0]')
    expect(pathsOf({}, { env: `${env}-indeed` })).toContain('service')
  })

  test('is 15 minutes, in which a decision that sustains its votes has to fit', () => {
    expect(problemsOf({ sustain: '6m' })).toEqual([
      'failovers[0].sustain: expected at most 5m in AWS: a decision, and what it waits for, fits the 15m of a function, got 6m',
    ])
    expect(problemsOf({ sustain: '5m' })).toEqual([])
  })

  test('is 15 minutes, in which two attempts of a check have to fit', () => {
    const monitors = (timeout: string) => [
      { id: 'api', kind: 'http', url: 'https://x.test/', every: '1h', timeout, retries: 0 },
    ]
    expect(pathsOf({}, { monitors: monitors('8m') })).toEqual(['failovers[0].check'])
    expect(pathsOf({}, { monitors: monitors('442s') })).toEqual(['failovers[0].check'])
    expect(pathsOf({}, { monitors: monitors('441s') })).toEqual([])
  })
})

describe('many failovers', () => {
  const many = (count: number, more: More = {}) =>
    Array.from({ length: count }, (_, i) => failoverInput(`${i}-${'x'.repeat(50)}`, more))
  const all = (failovers: ReturnType<typeof many>, config: object = {}) =>
    awsProblems(parseConfig({ ...failoverConfig(failovers), ...config })).map(formatProblem)

  test('have names that fit the policies that a role may have attached, or a raised quota', () => {
    expect(all(many(240))).toEqual([])
    expect(all(many(300))).toEqual([
      'failovers: expected records whose names fit the 10 policies of 6144 characters that a role may have attached, ' +
        'got 13 policies (split the config in two, each with a "service" of its own; or, with a raised quota, ' +
        '"allow": { "policy-quota": reason })',
    ])
    expect(all(many(300), allow('policy-quota'))).toEqual([])
  })

  test('have zones and vantages whose ARNs fit the policies of a role', () => {
    const vantages = Array.from({ length: 100 }, (_, i) => ({ id: `v${i}`, region: 'us-east-1' }))
    expect(all(many(1), { vantages })).toEqual([
      expect.stringMatching(/^failovers: expected vantages, zones and hooks whose ARNs fit the 8000 characters/),
    ])
  })

  test('have alarms that fit a stack', () => {
    const alarms = all(many(371), allow('policy-quota'))
    expect(alarms).toEqual([expect.stringContaining('expected at most 370 alarms on failovers in a stack, got 371')])
  })

  test('by health check have checks and records that fit a stack, and the quota of an account', () => {
    const checked = (count: number) => many(count, { switch: 'health-check' })
    expect(all(checked(57), allow('health-check-quota'))).toEqual([])
    expect(all(checked(58), allow('health-check-quota'))).toEqual([
      expect.stringContaining('expected at most 400 health checks and records in a stack, got 406'),
    ])
    expect(all(checked(67)).at(-1)).toContain('expected at most 200 health checks, the quota of an account, got 201')
  })
})

test('secrets of endpoints that are watched elsewhere count for a vantage too: it probes them for decisions', () => {
  const monitors = Array.from({ length: 120 }, (_, i) => ({
    ...{ id: `m${i}`, kind: 'http', url: 'https://x.test/', vantages: i < 60 ? ['us-east-1'] : ['eu-west-1'] },
    auth: { bearer: { secret: `shop/token-of-service-${i}` } },
  }))
  const failovers = monitors.map(({ id }) => failoverInput(id, { check: id }))
  const config = parseConfig({ ...failoverConfig(failovers), vantages: ['us-east-1', 'eu-west-1'], monitors })
  expect(awsProblems(config).map(({ path }) => path)).toEqual(['vantages[0]', 'vantages[1]'])
})

test('moves of a day that a TXT could not count are a problem wherever a failover runs', () => {
  const endpoints = ['a', 'b'].map((name, i) => ({ ...use1, id: name.repeat(64), A: [`192.0.2.${i}`] }))
  const config = parseConfig(failoverConfig([failoverInput('ok'), failoverInput('api', { endpoints, maxPerDay: 50 })]))
  expect(failoverProblems(config).map(formatProblem)).toEqual([
    expect.stringMatching(/^failovers\[1\]\.maxPerDay: expected a "maxPerDay" of at most \d+ .*, got 50 \(shorter/),
  ])
})

describe('is warned of, as it works and is hardly meant,', () => {
  const rulesOf = (more: object, vantages = 4) => {
    const { failovers, monitors } = parseConfig(failoverConfig([failoverInput('api', more as More)]))
    return failovers.flatMap((failover) => failoverWarnings(failover, vantages, monitors).map(({ rule }) => rule))
  }

  test('half of the vantages or less that may move it alone', () => {
    expect([1, 2, 3].map((fail) => rulesOf({ quorum: { fail } }))).toEqual([['quorum'], ['quorum'], []])
    expect([rulesOf({ quorum: { fail: 2 } }, 3), rulesOf({ quorum: { fail: 1 } }, 1)]).toEqual([[], []])
    expect([1, 2, 3, 4, 10].flatMap((vantages) => rulesOf({}, vantages))).toEqual([])
  })

  test('a way back by itself that too few vantages publish votes for', () => {
    const { failovers, monitors } = parseConfig(failoverConfig([failoverInput('api', { failback: { after: '1h' } })]))
    const rulesAt = (vantages: string[] | undefined, more: object = {}) =>
      failovers.flatMap((failover) =>
        failoverWarnings(
          { ...failover, ...more },
          4,
          monitors.map((one) => ({ ...one, ...(vantages && { vantages }) })),
        ).map(({ rule }) => rule),
      )
    const three = ['us-east-1', 'eu-west-1', 'ap-southeast-1']
    expect([rulesAt(three.slice(1)), rulesAt(three), rulesAt(undefined)]).toEqual([['failback'], [], []])
    expect(rulesAt(three.slice(1), { failback: 'manual' })).toEqual([])
  })

  test('votes that hold for less than five seconds, and a TTL above a minute', () => {
    expect(['0s', '4s', '5s'].map((sustain) => rulesOf({ sustain }))).toEqual([['sustain'], ['sustain'], []])
    expect([60, 61].map((ttl) => rulesOf({ ttl }))).toEqual([[], ['ttl']])
  })
})
