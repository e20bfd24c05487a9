import { Match, Template } from 'aws-cdk-lib/assertions'
import { describe, expect, test } from 'vitest'
import { failoverConfig, failoverInput } from '../support/failover-config.ts'
import { synthesize, templateOf } from '../support/synth.ts'

const alias = (id: string) => ({ hostedZoneId: 'Z35SXDOTRQ7X7K', dnsName: `${id}.elb.amazonaws.com` })
const failovers = [
  failoverInput('api', {
    switch: 'health-check',
    ttl: 30,
    endpoints: [
      { id: 'api-one', region: 'us-east-1', A: ['192.0.2.10', '192.0.2.11'], AAAA: ['2001:db8::1'] },
      { id: 'api-two', region: 'eu-west-1', A: ['198.51.100.20'], AAAA: ['2001:db8::2'] },
    ],
  }),
  failoverInput('lb', {
    switch: 'health-check',
    endpoints: [
      { id: 'lb-one', region: 'us-east-1', alias: alias('one') },
      { id: 'lb-two', region: 'eu-west-1', alias: alias('two') },
    ],
  }),
  failoverInput('cdn', {
    switch: 'health-check',
    endpoints: [
      { id: 'cdn-one', region: 'external', CNAME: 'one.example.net' },
      { id: 'cdn-two', region: 'external', CNAME: 'two.example.net' },
    ],
  }),
  failoverInput('www'),
]
const assembly = synthesize(failoverConfig(failovers))
const records = Template.fromJSON(templateOf(assembly, 'vedette-shop-records'))
const home = Template.fromJSON(templateOf(assembly, 'vedette-shop-failover-us-west-2'))
const sets = () => Object.values(records.findResources('AWS::Route53::RecordSet')).map(({ Properties }) => Properties)

describe('the records of a failover by health checks', () => {
  test('are a primary and a secondary of each type, and only the primary has the check', () => {
    const common = { Name: 'api.example.com.', HostedZoneId: 'Z1', TTL: '30' }
    const HealthCheckId = { 'Fn::GetAtt': [expect.stringMatching(/^Failoverapi/), 'HealthCheckId'] }
    const primary = { ...common, SetIdentifier: 'api-one', Failover: 'PRIMARY', HealthCheckId }
    const secondary = { ...common, SetIdentifier: 'api-two', Failover: 'SECONDARY' }
    expect(sets().filter(({ Name }) => Name === 'api.example.com.')).toEqual([
      { ...primary, Type: 'A', ResourceRecords: ['192.0.2.10', '192.0.2.11'] },
      { ...primary, Type: 'AAAA', ResourceRecords: ['2001:db8::1'] },
      { ...secondary, Type: 'A', ResourceRecords: ['198.51.100.20'] },
      { ...secondary, Type: 'AAAA', ResourceRecords: ['2001:db8::2'] },
    ])
  })

  test('may be aliases, which have no TTL, or names', () => {
    records.hasResourceProperties('AWS::Route53::RecordSet', {
      Name: 'lb.example.com.',
      Type: 'A',
      Failover: 'SECONDARY',
      TTL: Match.absent(),
      AliasTarget: { HostedZoneId: 'Z35SXDOTRQ7X7K', DNSName: 'two.elb.amazonaws.com.', EvaluateTargetHealth: false },
    })
    records.hasResourceProperties('AWS::Route53::RecordSet', {
      Name: 'cdn.example.com.',
      Type: 'CNAME',
      Failover: 'PRIMARY',
      TTL: '60',
      ResourceRecords: ['one.example.net.'],
    })
  })

  test('are none where a failover moves its record itself', () => {
    expect(sets().map(({ Name }) => Name)).not.toContain('www.example.com.')
    const plain = synthesize(failoverConfig([failoverInput('www')]))
    expect(plain.stacks.map(({ stackName }) => stackName)).not.toContain('vedette-shop-records')
  })
})

describe('the health check of a primary', () => {
  const checks = Object.entries(records.findResources('AWS::Route53::HealthCheck')).filter(([id]) =>
    id.startsWith('Failoverapi'),
  )
  const configs = checks.map(([, { Properties }]) => Properties.HealthCheckConfig)

  test("looks through each controller's alarm, by name, and keeps what it saw last when there is nothing to see", () => {
    expect(configs.filter(({ Type }) => Type === 'CLOUDWATCH_METRIC')).toEqual(
      ['us-west-2', 'eu-central-1'].map((Region) => ({
        Type: 'CLOUDWATCH_METRIC',
        AlarmIdentifier: { Name: 'vedette-shop-api-serve-primary', Region },
        InsufficientDataHealthStatus: 'LastKnownStatus',
      })),
    )
  })

  test('wants all controllers to say that the primary serves, so that either can move it', () => {
    const children = checks.filter(([, { Properties }]) => Properties.HealthCheckConfig.Type !== 'CALCULATED')
    expect(configs.filter(({ Type }) => Type === 'CALCULATED')).toEqual([
      {
        Type: 'CALCULATED',
        ChildHealthChecks: children.map(([id]) => ({ 'Fn::GetAtt': [id, 'HealthCheckId'] })),
        HealthThreshold: 2,
      },
    ])
  })

  test('of one controller wants that one', () => {
    const one = synthesize(failoverConfig(failovers, { controllers: ['us-west-2'] }))
    Template.fromJSON(templateOf(one, 'vedette-shop-records')).hasResourceProperties('AWS::Route53::HealthCheck', {
      HealthCheckConfig: Match.objectLike({ Type: 'CALCULATED', HealthThreshold: 1 }),
    })
  })
})

describe('the alarm under a health check', () => {
  test('is one that a health check can read, in each controller region', () => {
    const regions = ['us-west-2', 'eu-central-1'].map((region) =>
      templateOf(assembly, `vedette-shop-failover-${region}`),
    )
    for (const template of regions)
      Template.fromJSON(template).hasResourceProperties('AWS::CloudWatch::Alarm', {
        AlarmName: 'vedette-shop-api-serve-primary',
        Namespace: 'Vedette',
        MetricName: 'ServePrimary',
        Dimensions: [{ Name: 'Failover', Value: 'api' }],
        Statistic: 'Minimum',
        Period: 60,
        EvaluationPeriods: 1,
        DatapointsToAlarm: 1,
        ComparisonOperator: 'LessThanThreshold',
        Threshold: 1,
        TreatMissingData: 'ignore',
      })
  })

  test('is there before the checks are, in both regions', () => {
    const { dependencies, environment } = assembly.getStackByName('vedette-shop-records')
    expect(environment.region).toBe('us-west-2')
    expect(dependencies.map(({ id }) => id).filter((id) => !id.endsWith('.assets'))).toEqual([
      'vedette-shop-failover-us-west-2',
      'vedette-shop-failover-eu-central-1',
    ])
  })

  test('is not there for failovers that move their record themselves', () => {
    const names = Object.values(home.findResources('AWS::CloudWatch::Alarm')).map(
      ({ Properties }) => Properties.AlarmName,
    )
    expect(names.filter((name) => name.endsWith('-serve-primary'))).toEqual([
      ...['api', 'lb', 'cdn'].map((id) => `vedette-shop-${id}-serve-primary`),
    ])
  })
})

test('the controllers may not write the records that health checks move', () => {
  const text = JSON.stringify(Object.values(home.findResources('AWS::IAM::ManagedPolicy')))
  expect(text).toContain('www.example.com')
  for (const id of ['api', 'lb', 'cdn']) expect(text).not.toContain(`${id}.example.com`)
  const checked = synthesize(failoverConfig(failovers.slice(0, 3)))
  const all = JSON.stringify(templateOf(checked, 'vedette-shop-failover-us-west-2'))
  expect(all).not.toMatch(/ChangeResourceRecordSets|route53:GetChange/)
  // They look at the zone, all the same.
  expect(all).toContain('route53:ListResourceRecordSets')
})
