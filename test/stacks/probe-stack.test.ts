import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { Match, Template } from 'aws-cdk-lib/assertions'
import { describe, expect, test } from 'vitest'
import type { ProbeAsset } from '../../lib/decide/probe-asset.ts'
import { tempFolder } from '../support/cli.ts'
import { deployableConfig } from '../support/deployable-config.ts'
import { assetOf, synthesize, templateOf } from '../support/synth.ts'

const assembly = synthesize(deployableConfig())
const name = (vantage: string) => `vedette-shop-staging-probe-${vantage}`
const template = (vantage: string) => Template.fromJSON(templateOf(assembly, name(vantage)))
const virginia = template('us-east-1')
const inside = template('inside')

/** The statements of the probe function's policies, by policy. */
function statements(of: Template): Record<string, { Action: string | string[]; Resource: unknown }[]> {
  const roles = Object.values(
    of.findResources('AWS::IAM::Role', { Properties: { Description: Match.stringLikeRegexp('^Runs') } }),
  )
  const policies: { PolicyName: string; PolicyDocument: { Statement: [] } }[] = roles[0]?.Properties.Policies
  return Object.fromEntries(policies.map(({ PolicyName, PolicyDocument }) => [PolicyName, PolicyDocument.Statement]))
}

describe('a probe stack', () => {
  test('has the function by its name, on the runtime that is pinned, with room for its slowest shard', () => {
    virginia.hasResourceProperties('AWS::Lambda::Function', {
      FunctionName: 'vedette-shop-staging-probe-us-east-1',
      Runtime: 'nodejs24.x',
      Architectures: ['arm64'],
      Handler: 'index.handler',
      MemorySize: 512,
      // The shard of 10 s may wait for two minutes and then try to its end; then 30 s of margin.
      Timeout: Math.ceil(120 + 9.5 + 30),
      LoggingConfig: { LogFormat: 'JSON', SystemLogLevel: 'WARN', ApplicationLogLevel: 'INFO' },
      Environment: Match.absent(),
      VpcConfig: Match.absent(),
    })
  })

  test('runs nothing twice: neither Lambda nor Scheduler tries again', () => {
    virginia.hasResourceProperties('AWS::Lambda::EventInvokeConfig', {
      MaximumRetryAttempts: 0,
      MaximumEventAgeInSeconds: 60,
    })
    for (const { Properties } of Object.values(virginia.findResources('AWS::Scheduler::Schedule')))
      expect(Properties.Target.RetryPolicy).toEqual({ MaximumRetryAttempts: 0, MaximumEventAgeInSeconds: 60 })
  })

  test('has one schedule a shard, each in its own minute or second, with the time it was meant for', () => {
    const schedules = Object.values(virginia.findResources('AWS::Scheduler::Schedule')).map(
      ({ Properties }) => Properties,
    )
    expect(schedules.map(({ Name, ScheduleExpression }) => [Name, ScheduleExpression])).toEqual([
      ['10s-0', 'cron(* * * * ? *)'],
      ['1m-0', 'cron(* * * * ? *)'],
      ['1h-0', 'cron(0 * * * ? *)'],
    ])
    for (const { Name, GroupName, FlexibleTimeWindow, State, Target } of schedules) {
      expect({ GroupName, FlexibleTimeWindow, State }).toEqual({
        GroupName: name('us-east-1'),
        FlexibleTimeWindow: { Mode: 'OFF' },
        State: 'ENABLED',
      })
      expect(JSON.parse(Target.Input)).toEqual({ shard: Name, scheduledTime: '<aws.scheduler.scheduled-time>' })
    }
    template('eu-west-1').hasResourceProperties('AWS::Scheduler::Schedule', {
      ScheduleExpression: 'cron(20 * * * ? *)',
    })
  })

  test('lets the schedules of its group alone be the role that calls the function', () => {
    virginia.hasResourceProperties('AWS::IAM::Role', {
      AssumeRolePolicyDocument: {
        Statement: [
          Match.objectLike({
            Principal: { Service: 'scheduler.amazonaws.com' },
            Condition: {
              StringEquals: {
                'aws:SourceAccount': { Ref: 'AWS::AccountId' },
                'aws:SourceArn': Match.objectLike({ 'Fn::Join': Match.anyValue() }),
              },
            },
          }),
        ],
      },
    })
  })

  test('keeps its log for a month and no longer than itself', () => {
    virginia.hasResource('AWS::Logs::LogGroup', {
      Properties: { LogGroupName: '/aws/lambda/vedette-shop-staging-probe-us-east-1', RetentionInDays: 30 },
      DeletionPolicy: 'Delete',
    })
  })

  test('saves the queries under the name that alarms mention, over its own log', () => {
    const found = Object.values(virginia.findResources('AWS::Logs::QueryDefinition')).map(
      ({ Properties }) => Properties,
    )
    expect(found.map(({ Name }) => Name)).toEqual(
      ['failures', 'latency', 'changes', 'certificates'].map((query) => `vedette-shop-staging/${query}/us-east-1`),
    )
    for (const { LogGroupNames } of found) expect(LogGroupNames).toEqual([{ Ref: expect.stringMatching(/^Logs/) }])
  })

  test('says when the function itself fails, over TLS, to a topic in its own region', () => {
    virginia.hasResourceProperties('AWS::SNS::Topic', { TopicName: 'vedette-shop-staging-ticket-us-east-1' })
    virginia.hasResourceProperties('AWS::CloudWatch::Alarm', {
      AlarmName: 'vedette-shop-staging-us-east-1-errors',
      Namespace: 'AWS/Lambda',
      MetricName: 'Errors',
      Dimensions: [{ Name: 'FunctionName', Value: 'vedette-shop-staging-probe-us-east-1' }],
      Statistic: 'Sum',
      Threshold: 2,
      ComparisonOperator: 'GreaterThanOrEqualToThreshold',
      DatapointsToAlarm: 1,
      EvaluationPeriods: 1,
      TreatMissingData: 'notBreaching',
      AlarmActions: [{ Ref: Match.stringLikeRegexp('^Ticket') }],
    })
  })
})

describe('the role of a probe function', () => {
  test('may write its own log and its own metrics, and nothing else where no monitor needs more', () => {
    const ireland = statements(template('eu-west-1'))
    expect(Object.keys(ireland)).toEqual(['Logs', 'Metrics'])
    expect(ireland.Metrics).toEqual([
      {
        Effect: 'Allow',
        Action: 'cloudwatch:PutMetricData',
        Resource: '*',
        Condition: { StringEquals: { 'cloudwatch:namespace': 'Vedette/staging' } },
      },
    ])
    expect(ireland.Logs?.map(({ Action }) => Action)).toEqual([['logs:CreateLogStream', 'logs:PutLogEvents']])
  })

  test('may read the secrets that monitors of this vantage name, in its own region', () => {
    const text = JSON.stringify(statements(virginia).Secrets)
    expect(text).toContain('arn:aws:secretsmanager:us-east-1:')
    expect(text).toContain(':secret:vedette/api-??????')
    expect(text).toContain(':parameter/vedette/api-key')
    expect(text).toContain(':parameter/plain')
    expect(JSON.stringify(statements(inside).Secrets)).toContain('arn:aws:secretsmanager:eu-west-1:')
  })

  test('may make network interfaces in a VPC, but its code may not', () => {
    expect(Object.keys(statements(virginia))).not.toContain('Network')
    const [allow, deny] = statements(inside).Network ?? []
    expect(allow).toMatchObject({ Effect: 'Allow', Resource: '*' })
    expect(deny).toMatchObject({
      Effect: 'Deny',
      Action: allow?.Action,
      Condition: { ArnEquals: { 'lambda:SourceFunctionArn': expect.anything() } },
    })
  })
})

test('a vantage in a VPC is placed there by its ids, with IPv6 as a monitor asks for it', () => {
  inside.hasResourceProperties('AWS::Lambda::Function', {
    VpcConfig: {
      SubnetIds: ['subnet-0123456789abcdef0', 'subnet-0123456789abcdef1'],
      SecurityGroupIds: ['sg-0123456789abcdef0'],
      Ipv6AllowedForDualStack: true,
    },
  })
})

describe('the asset of a probe function', () => {
  test('holds the code, and what this vantage is to watch', () => {
    const file = assetOf(assembly, name('eu-west-1'))
    expect(file('index.mjs')).toContain('handler')
    const asset: ProbeAsset = JSON.parse(file('config.json'))
    expect(asset).toMatchObject({
      vantage: 'eu-west-1',
      place: { index: 1, count: 3 },
      controllers: ['us-west-2', 'eu-central-1'],
      namespace: 'Vedette/staging',
    })
    // "api" runs elsewhere.
    expect(asset.shards.flatMap(({ monitors }) => monitors.map(({ id }) => id))).not.toContain('api')
  })

  test('has the certificate files of its monitors under the hash of their content, each once', () => {
    const pem = path.join(tempFolder(), 'ca.pem')
    writeFileSync(pem, 'a certificate')
    const monitors = ['a', 'b'].map((id) => ({ id, kind: 'tls', host: 'x.test', tls: { caFile: pem } }))
    const built = synthesize({ service: 'shop', vantages: ['us-east-1'], controllers: ['us-west-2'], monitors })
    const file = assetOf(built, 'vedette-shop-probe-us-east-1')
    const asset: ProbeAsset = JSON.parse(file('config.json'))
    const files = asset.shards.flatMap((shard) => shard.monitors.map(({ tls }) => tls.caFile))
    expect(files).toEqual([files[0], files[0]])
    expect(files[0]).toMatch(/^tls\/[0-9a-f]{16}\.pem$/)
    expect(file(files[0] as string)).toBe(readFileSync(pem, 'utf8'))
  })

  test('is the same for the same config, and another for another', () => {
    const codeOf = (input: unknown) =>
      Template.fromJSON(templateOf(synthesize(input), name('us-east-1'))).findResources('AWS::Lambda::Function')
    const changed = deployableConfig()
    changed.monitors = changed.monitors.map((monitor) => ({ ...monitor, tags: ['changed'] }))
    expect(codeOf(deployableConfig())).toEqual(virginia.findResources('AWS::Lambda::Function'))
    expect(codeOf(changed)).not.toEqual(virginia.findResources('AWS::Lambda::Function'))
  })
})
