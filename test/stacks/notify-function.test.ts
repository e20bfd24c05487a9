import { Match, Template } from 'aws-cdk-lib/assertions'
import { describe, expect, test } from 'vitest'
import type { NotifyAsset } from '../../lib/decide/notify-asset.ts'
import { deployableConfig } from '../support/deployable-config.ts'
import { assetOf, synthesize, templateOf } from '../support/synth.ts'

const assembly = synthesize(deployableConfig())
const stackOf = (region: string) => `vedette-shop-staging-control-${region}`
const home = Template.fromJSON(templateOf(assembly, stackOf('us-west-2')))
const standby = Template.fromJSON(templateOf(assembly, stackOf('eu-central-1')))

describe.each([
  ['home', home, 'eu-central-1'],
  ['standby', standby, 'us-west-2'],
])('what tells people at %s', (_, control, other) => {
  test('takes the messages of both topics from queues, a hundred at a time, within a second', () => {
    for (const list of ['page', 'ticket']) {
      control.hasResourceProperties('AWS::SQS::Queue', {
        QueueName: `vedette-shop-staging-notify-${list}`,
        VisibilityTimeout: 90,
        RedrivePolicy: { maxReceiveCount: 5, deadLetterTargetArn: Match.anyValue() },
      })
      control.hasResourceProperties('AWS::SQS::Queue', { QueueName: `vedette-shop-staging-notify-${list}-dead` })
    }
    control.resourceCountIs('AWS::SNS::Subscription', 2)
    control.allResourcesProperties('AWS::SNS::Subscription', { Protocol: 'sqs', RawMessageDelivery: true })
    control.allResourcesProperties('AWS::Lambda::EventSourceMapping', {
      ...{ BatchSize: 100, MaximumBatchingWindowInSeconds: 1, ScalingConfig: { MaximumConcurrency: 2 } },
    })
  })

  test('tells the other topic of messages that could not be taken in', () => {
    for (const [list, told] of [
      ['page', 'Ticket'],
      ['ticket', 'Page'],
    ])
      control.hasResourceProperties('AWS::CloudWatch::Alarm', {
        ...{ Namespace: 'AWS/SQS', MetricName: 'ApproximateNumberOfMessagesVisible' },
        Dimensions: [{ Name: 'QueueName', Value: `vedette-shop-staging-notify-${list}-dead` }],
        AlarmActions: [{ Ref: Match.stringLikeRegexp(`^${told}`) }],
      })
  })

  test('misses the sign of life of the other controller after five minutes', () => {
    control.hasResourceProperties('AWS::CloudWatch::Alarm', {
      AlarmName: `vedette-shop-staging-${other}-controller`,
      ...{ Namespace: 'Vedette/staging', MetricName: 'Heartbeat', TreatMissingData: 'breaching' },
      Dimensions: [{ Name: 'Controller', Value: other }],
      ...{ Period: 60, EvaluationPeriods: 5, DatapointsToAlarm: 5 },
    })
  })

  test('is called every minute', () => {
    control.hasResourceProperties('AWS::Scheduler::Schedule', {
      ScheduleExpression: 'rate(1 minute)',
      Target: { Input: '{"do":"tick"}' },
    })
  })

  test('may read the keys of its routes and the logs of the vantages, and no more', () => {
    const roles = Object.values(control.findResources('AWS::IAM::Role'))
    const own = roles.find(({ Properties }) => Properties.Description === 'Runs vedette-shop-staging-notify')
    const statements = own?.Properties.Policies.flatMap(
      (policy: { PolicyDocument: { Statement: { Action: string | string[]; Resource: unknown }[] } }) =>
        policy.PolicyDocument.Statement,
    )
    const actions = statements.flatMap((statement: { Action: string | string[] }) => statement.Action)
    expect(actions.sort()).toEqual([
      'cloudwatch:PutMetricData',
      'dynamodb:GetItem',
      'dynamodb:PutItem',
      'logs:CreateLogStream',
      'logs:FilterLogEvents',
      'logs:PutLogEvents',
      'secretsmanager:GetSecretValue',
      'sns:Publish',
      'sqs:DeleteMessage',
      'sqs:GetQueueAttributes',
      'sqs:ReceiveMessage',
      'ssm:GetParameter',
    ])
    expect(JSON.stringify(statements)).toContain(
      '"Action":"sns:Publish","Effect":"Allow","Resource":"arn:aws:sns:eu-west-1:123456789012:alerts"',
    )
    expect(JSON.stringify(statements)).toContain('secret:vedette/pagerduty-??????')
    expect(JSON.stringify(statements)).toContain('log-group:/aws/lambda/vedette-shop-staging-probe-us-east-1:*')
  })
})

test('its asset says who is home, and holds no secret', () => {
  const assets = ['us-west-2', 'eu-central-1'].map((region): NotifyAsset => {
    return JSON.parse(assetOf(assembly, stackOf(region), 'vedette-shop-staging-notify')('config.json'))
  })
  expect(assets.map(({ isHome, peers }) => [isHome, peers])).toEqual([
    [true, ['eu-central-1']],
    [false, ['us-west-2']],
  ])
  expect(assets[0]?.routes[0]).toMatchObject({ routingKey: { secret: 'vedette/pagerduty' } })
  expect(assets[0]?.alarms['vedette-shop-staging-api-down']).toMatchObject({ is: 'down', monitor: 'api', of: 2 })
})

test('without routes there is none of it: people may subscribe to the topics themselves', () => {
  const quiet = templateOf(synthesize({ ...deployableConfig(), routes: {} }), stackOf('us-west-2'))
  const types = Object.values(quiet.Resources).map(({ Type }) => Type)
  expect(types.filter((type) => /SQS|Lambda|DynamoDB|Subscription/.test(type))).toEqual([])
})
