import { Stack } from 'aws-cdk-lib'
import { Annotations, Match } from 'aws-cdk-lib/assertions'
import { Effect, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import { describe, expect, test } from 'vitest'
import type { ProbeAsset } from '../../lib/decide/probe-asset.ts'
import { parseConfig } from '../../lib/model/parse-config.ts'
import { regions } from '../../lib/model/regions.ts'
import { addStacks } from '../../lib/stacks/app.ts'
import { functionsOf } from '../../lib/stacks/bundle.ts'
import { deployableConfig } from '../support/deployable-config.ts'
import { failoverConfig, failoverInput } from '../support/failover-config.ts'
import { assetOf, code, synthesize, type TemplateJson, testApp } from '../support/synth.ts'

const assembly = synthesize(deployableConfig())
const { stacks } = assembly

/** Every object in a template that has this key. */
function found(value: unknown, key: string): unknown[] {
  if (typeof value !== 'object' || value === null) return []
  const here = key in value ? [(value as Record<string, unknown>)[key]] : []
  return [...here, ...Object.values(value).flatMap((inner) => found(inner, key))]
}

describe('the stacks', () => {
  test('are one a vantage, a control, a failover and an alarms stack a controller region, and one of records', () => {
    expect(stacks.map(({ stackName, environment }) => [stackName, environment.region]).sort()).toEqual([
      ['vedette-shop-staging-alarms-eu-central-1-0', 'eu-central-1'],
      ['vedette-shop-staging-alarms-us-west-2-0', 'us-west-2'],
      ['vedette-shop-staging-control-eu-central-1', 'eu-central-1'],
      ['vedette-shop-staging-control-us-west-2', 'us-west-2'],
      ['vedette-shop-staging-failover-eu-central-1', 'eu-central-1'],
      ['vedette-shop-staging-failover-us-west-2', 'us-west-2'],
      ['vedette-shop-staging-probe-eu-west-1', 'eu-west-1'],
      ['vedette-shop-staging-probe-inside', 'eu-west-1'],
      ['vedette-shop-staging-probe-us-east-1', 'us-east-1'],
      ['vedette-shop-staging-records', 'us-west-2'],
    ])
  })

  test('are tagged, described, and can be deleted', () => {
    for (const { tags, template, terminationProtection } of stacks) {
      expect(tags).toMatchObject({ 'vedette:service': 'shop', 'vedette:env': 'staging' })
      expect(Object.keys(tags)).toContainEqual(expect.stringMatching(/^vedette:(vantage|controller)$/))
      expect(template.Description).toMatch(/^Vedette/)
      expect(terminationProtection ?? false).toBe(false)
    }
  })

  test('export nothing, and refer to nothing of another region', () => {
    for (const { template, environment } of stacks) {
      expect(found(template, 'Fn::ImportValue')).toEqual([])
      expect(template.Outputs ?? {}).toEqual({})
      const others = regions.filter((region) => region !== environment.region)
      // Names of vantages are regions too; what is referred to are resources, by Ref, GetAtt and ARN.
      for (const reference of ['Ref', 'Fn::GetAtt', 'Fn::Join', 'Fn::Sub'].flatMap((key) => found(template, key))) {
        // What a role may call or read is named: nothing waits for it, or is made because of it.
        const arns = JSON.stringify(reference).match(/arn:aws:(?!lambda:|logs:)[^"]*/g) ?? []
        for (const other of others) expect(arns.join()).not.toContain(`:${other}:`)
      }
    }
  })

  test('depend on stacks of their own region alone, but for the records that either controller may move', () => {
    for (const { dependencies, environment } of stacks.filter(({ stackName }) => !stackName.endsWith('-records')))
      for (const dependency of dependencies)
        if ('environment' in dependency)
          expect((dependency as (typeof stacks)[number]).environment.region).toBe(environment.region)
  })

  test('hold no account, and no name that changes from synth to synth', () => {
    for (const { template, environment } of stacks) {
      expect(environment.account).toBe('unknown-account')
      expect(found(template, 'AWS::CDK::Metadata')).toEqual([])
    }
  })
})

describe('without failovers and routes', () => {
  const { failovers: _, routes: __, ...plain } = deployableConfig()
  const without = synthesize(plain).stacks

  test('there is no function, table, role or stack of theirs', () => {
    const text = JSON.stringify(without.map(({ stackName, template }) => [stackName, template]))
    expect(text).not.toMatch(/failover|probe-now|DynamoDB|route53|health-?check/i)
  })

  test('the code of one function is all that is made', () => {
    expect(functionsOf(parseConfig(plain))).toEqual(['probe'])
    expect(functionsOf(parseConfig(deployableConfig()))).toEqual(['probe', 'probe-now', 'failover', 'notify'])
    const app = testApp()
    expect(() => addStacks(app, parseConfig(plain), { code: { probe: code.probe } })).not.toThrow()
    expect(() => addStacks(testApp(), parseConfig(deployableConfig()), { code: { probe: code.probe } })).toThrow(
      'expected the code of probe-now in the target, got that of probe',
    )
  })
})

test('a secret is in an asset by its name only, and in a template as what may be read', () => {
  const asset: ProbeAsset = JSON.parse(assetOf(assembly, 'vedette-shop-staging-probe-us-east-1')('config.json'))
  const api = asset.shards.flatMap(({ monitors }) => monitors).find(({ id }) => id === 'api')
  expect(api).toMatchObject({
    auth: { bearer: { secret: 'vedette/api' } },
    headers: { 'x-key': { ssm: '/vedette/api-key' }, 'x-other': { ssm: 'plain' } },
  })
  for (const { template } of stacks) {
    expect(JSON.stringify(template)).not.toContain('{{resolve:')
    for (const { Type, Properties } of Object.values((template as TemplateJson).Resources))
      if (Type !== 'AWS::IAM::Role') expect(JSON.stringify(Properties)).not.toContain('vedette/api')
  }
})

describe('checks at synth', () => {
  test('a finding of cdk-nag fails it', () => {
    const app = testApp()
    const stack = new Stack(app, 'wrong')
    const role = new Role(stack, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') })
    role.addToPolicy(new PolicyStatement({ effect: Effect.ALLOW, actions: ['s3:*'], resources: ['*'] }))
    expect(() => app.synth()).toThrow(/AwsSolutions-IAM5/)
  })

  test('a promise that nothing alerts on is warned of, at home', () => {
    const app = testApp()
    const slo = { objective: 99.9 }
    const monitors = [
      { id: 'daily', kind: 'http', url: 'https://x.test/', every: '1d', slo },
      { id: 'often', kind: 'http', url: 'https://x.test/', slo },
    ]
    addStacks(
      app,
      parseConfig({ service: 'shop', vantages: ['us-east-1'], controllers: ['us-west-2', 'eu-west-1'], monitors }),
      {
        code,
      },
    )
    const of = (region: string) =>
      Annotations.fromStack(app.node.findChild(`vedette-shop-alarms-${region}-0`) as Stack).findWarning(
        '*',
        Match.anyValue(),
      )
    expect(of('us-west-2').map(({ entry }) => entry.data)).toEqual([
      expect.stringContaining('Nothing alerts on the error budget of daily: it runs too seldom'),
    ])
    expect(of('eu-west-1')).toEqual([])
  })

  test('a target on loopback, and IPv6 outside a VPC, are warned of', () => {
    const app = testApp()
    const monitors = [
      { id: 'here', kind: 'http', url: 'http://localhost:8080/' },
      { id: 'dialled', kind: 'http', url: 'https://x.test/', connectTo: '[::1]:443' },
      { id: 'resolver', kind: 'dns', name: 'x.test', servers: ['127.0.0.53'] },
      { id: 'there', kind: 'tcp', host: '10.0.0.1', port: 25, ipVersion: '6' },
    ]
    const config = parseConfig({ service: 'shop', vantages: ['us-east-1'], controllers: ['us-west-2'], monitors })
    addStacks(app, config, { code })
    const annotations = Annotations.fromStack(app.node.findChild('vedette-shop-probe-us-east-1') as Stack)
    annotations.hasWarning('*', Match.stringLikeRegexp('here, dialled, resolver would look at'))
    annotations.hasWarning('*', Match.stringLikeRegexp('there will be UNSUPPORTED'))
  })
})

describe('failovers that work, and that one should have meant', () => {
  const warningsOf = (more: Parameters<typeof failoverInput>[1], config: object = {}) => {
    const app = testApp()
    addStacks(app, parseConfig({ ...failoverConfig([failoverInput('api', more)]), ...config }), { code })
    return Annotations.fromStack(app.node.findChild('vedette-shop-failover-us-west-2') as Stack)
  }
  const ipv6 = [
    { id: 'one', region: 'us-east-1', A: ['192.0.2.10'], AAAA: ['2001:db8::1'] },
    { id: 'two', region: 'eu-west-1', AAAA: ['2001:db8::2'] },
  ]

  test.each<[string, Parameters<typeof failoverInput>[1], string]>([
    ['a quorum that is no majority', { quorum: { fail: 1 } }, 'Failover api: 1 of 3 vantages are no majority'],
    [
      'votes that hold for a moment',
      { sustain: '1s' },
      'Failover api: votes that hold for 1s only may agree by chance',
    ],
    ['a long TTL', { ttl: 61 }, 'Failover api: a TTL of 61 s'],
    ['an endpoint with IPv6 alone', { endpoints: ipv6 }, 'api/two will have no vote from us-east-1, eu-west-1'],
  ])('%s is warned of', (_, more, text) => {
    warningsOf(more).hasWarning('*', Match.stringLikeRegexp(text))
  })

  test('one that moves nothing is noted', () => {
    const note = Match.stringLikeRegexp('Failover api is in mode "observe"')
    warningsOf({}).hasInfo('*', note)
    warningsOf({ mode: 'auto' }).hasNoInfo('*', note)
  })

  test('others are not, and once is enough', () => {
    warningsOf({ mode: 'auto', quorum: { fail: 2 }, ttl: 60 }).hasNoWarning('*', Match.anyValue())
    const app = testApp()
    addStacks(app, parseConfig(failoverConfig([failoverInput('api', { ttl: 300 })])), { code })
    const standby = app.node.findChild('vedette-shop-failover-eu-central-1') as Stack
    Annotations.fromStack(standby).hasNoWarning('*', Match.anyValue())
  })
})

test('everything on, as it is deployed', () => {
  const templates = Object.fromEntries(stacks.map(({ stackName, template }) => [stackName, template]))
  // What is in an asset is another test's; here a change of code changes nothing.
  expect(JSON.stringify(templates, null, 1).replace(/[0-9a-f]{64}/g, 'HASH')).toMatchSnapshot()
})
