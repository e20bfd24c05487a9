import { Match, Template } from 'aws-cdk-lib/assertions'
import { describe, expect, test } from 'vitest'
import { deployableConfig } from '../support/deployable-config.ts'
import { synthesize, templateOf } from '../support/synth.ts'

const assembly = synthesize(deployableConfig())
const home = Template.fromJSON(templateOf(assembly, 'vedette-shop-staging-control-us-west-2'))
const standby = Template.fromJSON(templateOf(assembly, 'vedette-shop-staging-control-eu-central-1'))

describe.each([
  ['home', home],
  ['standby', standby],
])('the control stack of %s', (_, control) => {
  test('has the topics page and ticket by name', () => {
    const names = Object.values(control.findResources('AWS::SNS::Topic')).map(({ Properties }) => Properties.TopicName)
    expect(names).toEqual(['vedette-shop-staging-page', 'vedette-shop-staging-ticket'])
  })

  test('lets the alarms of this account publish, and nobody without TLS', () => {
    control.allResourcesProperties('AWS::SNS::TopicPolicy', {
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({
            Effect: 'Deny',
            Principal: '*',
            Condition: { Bool: { 'aws:SecureTransport': 'false' } },
          }),
          Match.objectLike({
            Effect: 'Allow',
            Principal: { Service: 'cloudwatch.amazonaws.com' },
            Condition: { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } },
          }),
        ]),
      },
    })
  })

  test.each(['us-east-1', 'eu-west-1', 'inside'])('misses the sign of life of %s', (vantage) => {
    control.hasResourceProperties('AWS::CloudWatch::Alarm', {
      AlarmName: `vedette-shop-staging-${vantage}-heartbeat`,
      Namespace: 'Vedette/staging',
      MetricName: 'Heartbeat',
      Dimensions: [{ Name: 'Vantage', Value: vantage }],
      Statistic: 'Maximum',
      Period: 60,
      Threshold: 1,
      ComparisonOperator: 'LessThanThreshold',
      DatapointsToAlarm: 3,
      EvaluationPeriods: 3,
      TreatMissingData: 'breaching',
      AlarmActions: [{ Ref: Match.stringLikeRegexp('^Ticket') }],
      OKActions: [{ Ref: Match.stringLikeRegexp('^Ticket') }],
    })
  })

  test('has one alarm over all certificates', () => {
    control.hasResourceProperties('AWS::CloudWatch::Alarm', {
      AlarmName: 'vedette-shop-staging-certificate',
      MetricName: 'CertificateDaysRemaining',
      Dimensions: Match.absent(),
      Statistic: 'Minimum',
      ComparisonOperator: 'LessThanThreshold',
      Threshold: 14,
      TreatMissingData: 'ignore',
    })
  })
})

describe('the dashboard', () => {
  /** Its body with every reference written as its name. */
  const bodyOf = (control: Template) => {
    const [dashboard] = Object.values(control.findResources('AWS::CloudWatch::Dashboard'))
    const parts: (string | object)[] = dashboard?.Properties.DashboardBody['Fn::Join'][1]
    return JSON.parse(parts.map((part) => (typeof part === 'string' ? part : 'arn')).join(''))
  }

  test('is at home only', () => {
    home.hasResourceProperties('AWS::CloudWatch::Dashboard', { DashboardName: 'vedette-shop-staging' })
    standby.resourceCountIs('AWS::CloudWatch::Dashboard', 0)
  })

  test('searches for metrics, with the namespace of the environment', () => {
    const text = JSON.stringify(bodyOf(home))
    expect(text).toContain(String.raw`SEARCH('{\"Vedette/staging\",Monitor} MetricName=\"Down\"', 'Sum', 60)`)
    expect(text).not.toContain('api')
  })

  test('shows the active endpoints of failovers and whether they are ready, where there are any', () => {
    const title = 'Failovers: active endpoint (0 is the primary), and whether something would keep it from moving (1)'
    const widgets: { properties: { title: string; metrics: { expression: string; id: string }[][] } }[] =
      bodyOf(home).widgets
    const widget = widgets.find(({ properties }) => properties.title === title)
    expect(widget?.properties.metrics.flat().map(({ expression, id }) => [id, expression])).toEqual([
      ['e1', `SEARCH('{"Vedette/staging",Failover} MetricName="ActiveEndpoint"', 'Maximum', 60)`],
      ['e2', `SEARCH('{"Vedette/staging",Failover} MetricName="NotReady"', 'Maximum', 60)`],
    ])
    const { failovers: _, ...plain } = deployableConfig()
    const without = templateOf(synthesize(plain), 'vedette-shop-staging-control-us-west-2')
    expect(JSON.stringify(bodyOf(Template.fromJSON(without)))).not.toContain('Failover')
  })

  test('is as large with ten times the monitors', () => {
    const config = deployableConfig()
    const [first] = config.monitors
    const more = Array.from({ length: 100 }, (_, i) => ({ ...first, id: `more-${i}` }) as typeof first)
    const built = synthesize({ ...config, monitors: [...config.monitors, ...more] })
    const large = Template.fromJSON(templateOf(built, 'vedette-shop-staging-control-us-west-2'))
    expect(bodyOf(large)).toEqual(bodyOf(home))
  })
})
