import { Match, Template } from 'aws-cdk-lib/assertions'
import { describe, expect, test } from 'vitest'
import { type FailoverAsset, failoverAssetOf } from '../../lib/decide/failover-asset.ts'
import { parseConfig } from '../../lib/model/parse-config.ts'
import { failoverConfig, failoverInput } from '../support/failover-config.ts'
import { assetOf, synthesize, templateOf } from '../support/synth.ts'

const lambda = 'arn:aws:lambda:us-west-2:123456789012:function:promote'
const config = failoverConfig([
  failoverInput('api', { hooks: { before: { lambda }, after: { lambda } } }),
  failoverInput('www', { hostedZoneId: 'Z2', zone: 'example.org', record: 'www.example.org' }),
])
const assembly = synthesize(config)
const name = 'vedette-shop-failover-us-west-2'
const home = Template.fromJSON(templateOf(assembly, name))
const standby = Template.fromJSON(templateOf(assembly, 'vedette-shop-failover-eu-central-1'))

const arn = (service: string, resource: string, region = 'us-west-2') => ({
  'Fn::Join': ['', [`arn:aws:${service}:${region}:`, { Ref: 'AWS::AccountId' }, `:${resource}`]],
})
const topic = (severity: string) => arn('sns', `vedette-shop-${severity}`)

interface Statement {
  Effect: string
  Action: string | string[]
  Resource: unknown
  Condition?: object
}

/** The statements of the function's own policies, by policy. */
function statements(of: Template): Record<string, Statement[]> {
  const [role] = Object.values(
    of.findResources('AWS::IAM::Role', { Properties: { Description: 'Runs vedette-shop-failover' } }),
  )
  const policies: { PolicyName: string; PolicyDocument: { Statement: Statement[] } }[] = role?.Properties.Policies
  return Object.fromEntries(policies.map(({ PolicyName, PolicyDocument }) => [PolicyName, PolicyDocument.Statement]))
}

/** The statements of the managed policies. */
const managed = (of: Template): Statement[] =>
  Object.values(of.findResources('AWS::IAM::ManagedPolicy')).flatMap(
    ({ Properties }) => Properties.PolicyDocument.Statement,
  )

describe('the failover function', () => {
  test('is in each controller region under one name, with as long as Lambda gives and runs of its own', () => {
    for (const region of [home, standby])
      region.hasResourceProperties('AWS::Lambda::Function', {
        FunctionName: 'vedette-shop-failover',
        Runtime: 'nodejs24.x',
        Architectures: ['arm64'],
        Handler: 'index.handler',
        MemorySize: 512,
        Timeout: 900,
        ReservedConcurrentExecutions: 3 + 10,
      })
  })

  test('knows the topics of its region', () => {
    home.hasResourceProperties('AWS::Lambda::Function', {
      Environment: { Variables: { PAGE_TOPIC_ARN: topic('page'), TICKET_TOPIC_ARN: topic('ticket') } },
    })
  })

  test('is not tried again, not called late, and a call that is lost is a ticket', () => {
    home.hasResourceProperties('AWS::Lambda::EventInvokeConfig', {
      MaximumRetryAttempts: 0,
      MaximumEventAgeInSeconds: 60,
      DestinationConfig: { OnFailure: { Destination: topic('ticket') } },
    })
  })

  test('is called every minute with a tick, by a schedule that alone may be its role', () => {
    home.hasResourceProperties('AWS::Scheduler::Schedule', {
      Name: 'tick',
      GroupName: 'vedette-shop-failover',
      ScheduleExpression: 'rate(1 minute)',
      FlexibleTimeWindow: { Mode: 'OFF' },
      Target: Match.objectLike({
        Input: '{"do":"tick"}',
        RetryPolicy: { MaximumRetryAttempts: 0, MaximumEventAgeInSeconds: 60 },
      }),
    })
    home.hasResourceProperties('AWS::IAM::Role', {
      Description: 'Calls vedette-shop-failover',
      AssumeRolePolicyDocument: {
        Statement: [
          Match.objectLike({
            Condition: {
              StringEquals: {
                'aws:SourceAccount': { Ref: 'AWS::AccountId' },
                'aws:SourceArn': arn('scheduler', 'schedule-group/vedette-shop-failover'),
              },
            },
          }),
        ],
      },
    })
  })

  test("may be called by this service's alarms of this account and region, with one permission for all of them", () => {
    home.resourceCountIs('AWS::Lambda::Permission', 1)
    home.hasResourceProperties('AWS::Lambda::Permission', {
      Action: 'lambda:InvokeFunction',
      Principal: 'lambda.alarms.cloudwatch.amazonaws.com',
      SourceAccount: { Ref: 'AWS::AccountId' },
      SourceArn: arn('cloudwatch', 'alarm:vedette-shop-*'),
    })
  })

  test('keeps its log for a month', () => {
    home.hasResource('AWS::Logs::LogGroup', {
      Properties: { LogGroupName: '/aws/lambda/vedette-shop-failover', RetentionInDays: 30 },
      DeletionPolicy: 'Delete',
    })
  })

  test('is told what its region needs to know', () => {
    const asset: FailoverAsset = JSON.parse(assetOf(assembly, name)('config.json'))
    expect(asset).toEqual(JSON.parse(JSON.stringify(failoverAssetOf(parseConfig(config), 'us-west-2'))))
    expect(asset).toMatchObject({ region: 'us-west-2', rank: 0, table: 'vedette-shop-failover' })
  })
})

test('its memory is a table of its own that is paid by use, can be restored, and goes with the stack', () => {
  home.hasResource('AWS::DynamoDB::Table', {
    Properties: {
      TableName: 'vedette-shop-failover',
      BillingMode: 'PAY_PER_REQUEST',
      KeySchema: [{ AttributeName: 'failover', KeyType: 'HASH' }],
      AttributeDefinitions: [{ AttributeName: 'failover', AttributeType: 'S' }],
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
    },
    DeletionPolicy: 'Delete',
    UpdateReplacePolicy: 'Delete',
  })
})

describe('the role of the failover function', () => {
  test('may do these things, and nothing else', () => {
    const own = Object.entries(statements(home)).map(([policy, all]) => [policy, all.flatMap(({ Action }) => Action)])
    expect(Object.fromEntries(own)).toEqual({
      Logs: ['logs:CreateLogStream', 'logs:PutLogEvents'],
      Metrics: ['cloudwatch:PutMetricData'],
      Published: ['cloudwatch:DescribeAlarms', 'cloudwatch:GetMetricData'],
      Memory: ['dynamodb:GetItem', 'dynamodb:UpdateItem'],
      Topics: ['sns:Publish'],
      Vantages: ['lambda:InvokeFunction'],
      Hooks: ['lambda:InvokeFunction'],
      Zones: ['route53:GetHostedZone', 'route53:ListResourceRecordSets', 'route53:GetChange'],
    })
    expect(new Set(managed(home).flatMap(({ Action }) => Action))).toEqual(
      new Set(['route53:ChangeResourceRecordSets']),
    )
  })

  test('may write metrics of the service alone', () => {
    expect(statements(home).Metrics?.[0]?.Condition).toEqual({ StringEquals: { 'cloudwatch:namespace': 'Vedette' } })
  })

  test('may call each vantage in its region, and each hook once, by their whole ARNs', () => {
    const { Vantages, Hooks } = statements(home)
    expect(Vantages?.[0]?.Resource).toEqual(
      ['ap-southeast-1', 'eu-west-1', 'us-east-1'].map((region) =>
        arn('lambda', `function:vedette-shop-probe-now-${region}`, region),
      ),
    )
    expect(Hooks?.[0]?.Resource).toBe(lambda)
  })

  test('may read its own table and write to it, and say things to both topics', () => {
    expect(statements(home).Memory?.[0]?.Resource).toEqual({ 'Fn::GetAtt': [expect.stringMatching(/^Memory/), 'Arn'] })
    expect(statements(home).Topics?.[0]?.Resource).toEqual([topic('page'), topic('ticket')])
  })

  test('may look at its zones, and wait for changes, whose ids nobody knows before', () => {
    expect(statements(home).Zones?.map(({ Resource }) => Resource)).toEqual([
      ['arn:aws:route53:::hostedzone/Z1', 'arn:aws:route53:::hostedzone/Z2'],
      'arn:aws:route53:::change/*',
    ])
  })

  test('may CREATE and DELETE the names of each failover in its own zone: no UPSERT, no other name, no pattern', () => {
    const changes = managed(home)
    expect(changes.map(({ Effect, Resource, Condition }) => [Effect, Resource, Condition])).toEqual(
      (
        [
          ['Z1', 'api.example.com'],
          ['Z2', 'www.example.org'],
        ] as const
      ).map(([zone, record]) => [
        'Allow',
        `arn:aws:route53:::hostedzone/${zone}`,
        {
          'ForAllValues:StringEquals': {
            'route53:ChangeResourceRecordSetsNormalizedRecordNames': [
              record,
              `_vedette.${record}`,
              `_vedette-drill.${record}`,
            ],
            'route53:ChangeResourceRecordSetsRecordTypes': ['A', 'AAAA', 'CNAME', 'TXT'],
            'route53:ChangeResourceRecordSetsActions': ['CREATE', 'DELETE'],
          },
          Null: {
            'route53:ChangeResourceRecordSetsNormalizedRecordNames': 'false',
            'route53:ChangeResourceRecordSetsRecordTypes': 'false',
            'route53:ChangeResourceRecordSetsActions': 'false',
          },
        },
      ]),
    )
    expect(JSON.stringify(changes)).not.toMatch(/UPSERT|\*|StringLike/)
  })

  test('has as many policies as 100 failovers need, all of them attached', () => {
    const failovers = Array.from({ length: 100 }, (_, i) =>
      failoverInput(`failover-${i}`, { record: `a-record-with-quite-a-name-${i}.example.com` }),
    )
    const template = Template.fromJSON(templateOf(synthesize(failoverConfig(failovers)), name))
    const policies = template.findResources('AWS::IAM::ManagedPolicy')
    expect(Object.keys(policies).length).toBeGreaterThan(2)
    expect(Object.keys(policies).length).toBeLessThanOrEqual(10)
    for (const { Properties } of Object.values(policies))
      expect(JSON.stringify(Properties.PolicyDocument).length).toBeLessThanOrEqual(6144)
    template.hasResourceProperties('AWS::IAM::Role', {
      ManagedPolicyArns: Object.keys(policies).map((Ref) => ({ Ref })),
    })
    const names = managed(template).flatMap(
      ({ Condition }) =>
        (Condition as Record<string, Record<string, string[]>>)['ForAllValues:StringEquals']?.[
          'route53:ChangeResourceRecordSetsNormalizedRecordNames'
        ] ?? [],
    )
    expect(names).toHaveLength(300)
    expect(new Set(names).size).toBe(300)
  })
})

describe('alarms', () => {
  test('are over the readiness of each failover, in each region', () => {
    for (const region of [home, standby])
      for (const id of ['api', 'www'])
        region.hasResourceProperties('AWS::CloudWatch::Alarm', {
          AlarmName: `vedette-shop-${id}-not-ready`,
          AlarmDescription: Match.stringLikeRegexp('Runbook: '),
          Namespace: 'Vedette',
          MetricName: 'NotReady',
          Dimensions: [{ Name: 'Failover', Value: id }],
          Statistic: 'Maximum',
          ComparisonOperator: 'GreaterThanOrEqualToThreshold',
          Threshold: 1,
          Period: 300,
          DatapointsToAlarm: 2,
          EvaluationPeriods: 2,
          TreatMissingData: 'breaching',
        })
  })

  test.each(['Errors', 'AsyncEventsDropped', 'Throttles'])('are over %s of the function, as a ticket', (MetricName) => {
    home.hasResourceProperties('AWS::CloudWatch::Alarm', {
      Namespace: 'AWS/Lambda',
      MetricName,
      Dimensions: [{ Name: 'FunctionName', Value: 'vedette-shop-failover' }],
      AlarmActions: [topic('ticket')],
    })
  })

  test('call no function: what they are over is the function itself', () => {
    for (const { Properties } of Object.values(home.findResources('AWS::CloudWatch::Alarm')))
      expect(Properties.AlarmActions).toEqual([topic('ticket')])
  })
})

test('is deployed after the topics of its region, and waits for nothing of another', () => {
  const { dependencies } = assembly.getStackByName(name)
  const others = dependencies.map(({ id }) => id).filter((id) => !id.startsWith(name))
  expect(others).toEqual(['vedette-shop-control-us-west-2'])
})
