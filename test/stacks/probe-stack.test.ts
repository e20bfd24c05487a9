import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { Match, Template } from 'aws-cdk-lib/assertions'
import { describe, expect, test } from 'vitest'
import type { ProbeAsset } from '../../lib/decide/probe-asset.ts'
import type { ProbeNowAsset } from '../../lib/decide/probe-now.ts'
import { tempFolder } from '../support/cli.ts'
import { deployableConfig } from '../support/deployable-config.ts'
import { failoverConfig, failoverInput } from '../support/failover-config.ts'
import { assetOf, synthesize, templateOf } from '../support/synth.ts'

const assembly = synthesize(deployableConfig())
const name = (vantage: string) => `vedette-shop-staging-probe-${vantage}`
const template = (vantage: string) => Template.fromJSON(templateOf(assembly, name(vantage)))
const virginia = template('us-east-1')
const inside = template('inside')

/** The statements of the policies of the probe function, or of the one for decisions, by policy. */
function statements(
  of: Template,
  kind: 'probe' | 'probe-now' = 'probe',
): Record<string, { Action: string | string[]; Resource: unknown }[]> {
  const description = `^Runs vedette-shop-staging-${kind}-(?!now-)`
  const roles = Object.values(
    of.findResources('AWS::IAM::Role', { Properties: { Description: Match.stringLikeRegexp(description) } }),
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
      AlarmName: 'vedette-shop-staging-probe-us-east-1-errors',
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
  test('may write its own log and its own metrics and call controllers, and nothing else where no monitor needs more', () => {
    const ireland = statements(template('eu-west-1'))
    expect(Object.keys(ireland)).toEqual(['Logs', 'Metrics', 'Trigger'])
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

  test('may call the failover function of each controller region, and no other', () => {
    const arn = (region: string) => ({
      'Fn::Join': [
        '',
        [`arn:aws:lambda:${region}:`, { Ref: 'AWS::AccountId' }, ':function:vedette-shop-staging-failover'],
      ],
    })
    expect(statements(virginia).Trigger).toEqual([
      { Effect: 'Allow', Action: 'lambda:InvokeFunction', Resource: [arn('eu-central-1'), arn('us-west-2')] },
    ])
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

describe('the function that probes for decisions', () => {
  const functionName = (vantage: string) => `vedette-shop-staging-probe-now-${vantage}`

  test('is beside the one that runs monitors, and shares no concurrency with it', () => {
    virginia.hasResourceProperties('AWS::Lambda::Function', {
      FunctionName: functionName('us-east-1'),
      Runtime: 'nodejs24.x',
      Architectures: ['arm64'],
      Handler: 'index.handler',
      MemorySize: 512,
      // Two attempts of 5 s each and 3 s of grace, and 15 s for its start.
      Timeout: 2 * 5 + 3 + 15,
      ReservedConcurrentExecutions: 2 * (2 + 2),
      LoggingConfig: { LogFormat: 'JSON', SystemLogLevel: 'WARN', ApplicationLogLevel: 'INFO' },
      VpcConfig: Match.absent(),
    })
    virginia.hasResourceProperties('AWS::Lambda::Function', {
      FunctionName: name('us-east-1'),
      ReservedConcurrentExecutions: Match.absent(),
    })
  })

  test('may share it where an account has none to reserve', () => {
    const allow = { 'shared-concurrency': 'a small account may reserve nothing' }
    const shared = synthesize({ ...deployableConfig(), allow })
    for (const stack of [name('us-east-1'), 'vedette-shop-staging-failover-us-west-2'])
      for (const { Properties } of Object.values(
        Template.fromJSON(templateOf(shared, stack)).findResources('AWS::Lambda::Function'),
      ))
        expect(Properties).not.toHaveProperty('ReservedConcurrentExecutions')
  })

  test('is called once, has a log of its own for a month, and a ticket when it fails', () => {
    const configs = virginia.findResources('AWS::Lambda::EventInvokeConfig')
    expect(Object.values(configs).map(({ Properties }) => Properties.MaximumRetryAttempts)).toEqual([0, 0])
    virginia.hasResource('AWS::Logs::LogGroup', {
      Properties: { LogGroupName: `/aws/lambda/${functionName('us-east-1')}`, RetentionInDays: 30 },
      DeletionPolicy: 'Delete',
    })
    for (const MetricName of ['Errors', 'Throttles'])
      virginia.hasResourceProperties('AWS::CloudWatch::Alarm', {
        Namespace: 'AWS/Lambda',
        MetricName,
        Dimensions: [{ Name: 'FunctionName', Value: functionName('us-east-1') }],
        AlarmActions: [{ Ref: Match.stringLikeRegexp('^Ticket') }],
      })
  })

  test('may write its own log and read the secrets of failovers, even where their monitors do not run; no metrics', () => {
    const ireland = statements(template('eu-west-1'), 'probe-now')
    expect(Object.keys(ireland)).toEqual(['Logs', 'Secrets'])
    expect(ireland.Logs).toEqual([
      {
        Effect: 'Allow',
        Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
        Resource: { 'Fn::GetAtt': [expect.stringMatching(/^ProbeNowLogs/), 'Arn'] },
      },
    ])
    const text = JSON.stringify(ireland.Secrets)
    expect(text).toContain('arn:aws:secretsmanager:eu-west-1:')
    expect(text).toContain(':secret:vedette/api-??????')
    expect(text).toContain(':parameter/vedette/api-key')
  })

  test('is in the VPC of its vantage, whose network its code may not touch', () => {
    inside.hasResourceProperties('AWS::Lambda::Function', {
      FunctionName: functionName('inside'),
      VpcConfig: Match.objectLike({ SecurityGroupIds: ['sg-0123456789abcdef0'] }),
    })
    const [, deny] = statements(inside, 'probe-now').Network ?? []
    expect(JSON.stringify(deny)).toContain(`:function:${functionName('inside')}`)
    expect(deny).toMatchObject({ Effect: 'Deny' })
  })

  test('has IPv6 in a VPC where an endpoint has nothing else', () => {
    const vpc = {
      ...{ id: 'inside', region: 'us-east-1', vpcId: 'vpc-01234567' },
      ...{ subnetIds: ['subnet-01234567'], securityGroupIds: ['sg-01234567'] },
    }
    const ipv6 = (addresses: object) => {
      const two = { id: 'two', region: 'eu-west-1', ...addresses }
      const { endpoints } = failoverInput('api')
      const failover = failoverInput('api', { endpoints: [endpoints[0] as (typeof endpoints)[number], two] })
      const built = synthesize(failoverConfig([failover], { vantages: [vpc] }))
      const functions = Template.fromJSON(templateOf(built, 'vedette-shop-probe-inside'))
      return Object.values(functions.findResources('AWS::Lambda::Function')).map(
        ({ Properties }) => Properties.VpcConfig.Ipv6AllowedForDualStack,
      )
    }
    expect(ipv6({ AAAA: ['2001:db8::1'] })).toEqual([true, true])
    // Its other address is voted on: a subnet without IPv6 would do.
    expect(ipv6({ A: ['192.0.2.2'], AAAA: ['2001:db8::1'] })).toEqual([undefined, undefined])
  })

  test('is told what it may be asked, with secrets by name only', () => {
    const file = assetOf(assembly, name('eu-west-1'), functionName('eu-west-1'))
    const asset: ProbeNowAsset = JSON.parse(file('config.json'))
    expect(asset.failovers.map(({ id }) => id)).toEqual(['api', 'www'])
    const endpoints = ['api@use1', 'api@euw1', 'sorry-page@sorry', 'sorry-page@www-one', 'sorry-page@www-two']
    expect(asset.monitors.map(({ id }) => id)).toEqual(['api', 'sorry-page', ...endpoints])
    expect(asset.monitors[0]).toMatchObject({ auth: { bearer: { secret: 'vedette/api' } } })
  })

  test('has the certificate files of failovers beside it', () => {
    const pem = path.join(tempFolder(), 'failover-ca.pem')
    writeFileSync(pem, 'a certificate')
    const monitors = [{ id: 'api', kind: 'tls', host: 'x.test', tls: { caFile: pem } }]
    const built = synthesize({ ...failoverConfig([failoverInput('api')]), monitors })
    const file = assetOf(built, 'vedette-shop-probe-us-east-1', 'vedette-shop-probe-now-us-east-1')
    const asset: ProbeNowAsset = JSON.parse(file('config.json'))
    const files = asset.monitors.map(({ tls }) => tls.caFile)
    expect(new Set(files).size).toBe(1)
    expect(file(files[0] as string)).toBe('a certificate')
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
