import { Stack } from 'aws-cdk-lib'
import { Annotations, Match } from 'aws-cdk-lib/assertions'
import { Effect, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import { describe, expect, test } from 'vitest'
import type { ProbeAsset } from '../../lib/decide/probe-asset.ts'
import { parseConfig } from '../../lib/model/parse-config.ts'
import { regions } from '../../lib/model/regions.ts'
import { addStacks } from '../../lib/stacks/app.ts'
import { deployableConfig } from '../support/deployable-config.ts'
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
  test('are one a vantage, and a control and an alarms stack a controller region', () => {
    expect(stacks.map(({ stackName, environment }) => [stackName, environment.region]).sort()).toEqual([
      ['vedette-shop-staging-alarms-eu-central-1-0', 'eu-central-1'],
      ['vedette-shop-staging-alarms-us-west-2-0', 'us-west-2'],
      ['vedette-shop-staging-control-eu-central-1', 'eu-central-1'],
      ['vedette-shop-staging-control-us-west-2', 'us-west-2'],
      ['vedette-shop-staging-probe-eu-west-1', 'eu-west-1'],
      ['vedette-shop-staging-probe-inside', 'eu-west-1'],
      ['vedette-shop-staging-probe-us-east-1', 'us-east-1'],
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
        const arns = JSON.stringify(reference).match(/arn:aws:[^"]*/g) ?? []
        for (const other of others) expect(arns.join()).not.toContain(`:${other}:`)
      }
    }
  })

  test('depend on stacks of their own region alone', () => {
    for (const { dependencies, environment } of stacks)
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

test('everything on, as it is deployed', () => {
  const templates = Object.fromEntries(stacks.map(({ stackName, template }) => [stackName, template]))
  // What is in an asset is another test's; here a change of code changes nothing.
  expect(JSON.stringify(templates, null, 1).replace(/[0-9a-f]{64}/g, 'HASH')).toMatchSnapshot()
})
