import { statSync } from 'node:fs'
import { Match, Template } from 'aws-cdk-lib/assertions'
import { describe, expect, test } from 'vitest'
import { deployableConfig } from '../support/deployable-config.ts'
import { synthesize, templateOf } from '../support/synth.ts'

const assembly = synthesize(deployableConfig())
const home = Template.fromJSON(templateOf(assembly, 'vedette-shop-staging-alarms-us-west-2-0'))
const standby = Template.fromJSON(templateOf(assembly, 'vedette-shop-staging-alarms-eu-central-1-0'))
const namesOf = (template: Template, type: string, key: string) =>
  Object.values(template.findResources(type)).map(({ Properties }) => Properties[key])

const topic = (region: string, severity: string) => ({
  'Fn::Join': ['', [`arn:aws:sns:${region}:`, { Ref: 'AWS::AccountId' }, `:vedette-shop-staging-${severity}`]],
})

const decider = (region: string) => ({
  'Fn::Join': ['', [`arn:aws:lambda:${region}:`, { Ref: 'AWS::AccountId' }, ':function:vedette-shop-staging-failover']],
})

describe('the alarm over a monitor of a failover', () => {
  const actionsOf = (template: Template) =>
    Object.values(template.findResources('AWS::CloudWatch::Alarm')).map(({ Properties }) => Properties)

  test('calls the function of its own region when it opens, not when it closes', () => {
    for (const id of ['api', 'api@use1', 'api@euw1', 'sorry-page', 'sorry-page@sorry']) {
      const AlarmName = `vedette-shop-staging-${id}-down`
      home.hasResourceProperties('AWS::CloudWatch::Alarm', {
        AlarmName,
        AlarmActions: Match.arrayWith([decider('us-west-2')]),
        OKActions: [topic('us-west-2', id === 'api' ? 'page' : id === 'sorry-page' ? 'page' : 'ticket')],
      })
      standby.hasResourceProperties('AWS::CloudWatch::Alarm', {
        AlarmName,
        AlarmActions: Match.arrayWith([decider('eu-central-1')]),
      })
    }
  })

  test('alone does so: other monitors and slowness are no reason to decide', () => {
    const calling = actionsOf(home).filter(({ AlarmActions = [] }) => AlarmActions.length > 1)
    const endpoints = ['api@euw1', 'api@use1', 'sorry-page@sorry', 'sorry-page@www-one', 'sorry-page@www-two']
    expect(calling.map(({ AlarmName }) => AlarmName).sort()).toEqual(
      ['api', 'sorry-page', ...endpoints].map((id) => `vedette-shop-staging-${id}-down`).sort(),
    )
  })

  test('is deployed after the function that it calls', () => {
    const { dependencies } = assembly.getStackByName('vedette-shop-staging-alarms-us-west-2-0')
    expect(dependencies.map(({ id }) => id)).toContain('vedette-shop-staging-failover-us-west-2')
  })
})

describe('the alarm over a monitor', () => {
  test('adds up votes against its quorum, and ignores what is missing', () => {
    home.hasResourceProperties('AWS::CloudWatch::Alarm', {
      AlarmName: 'vedette-shop-staging-api-down',
      Namespace: 'Vedette/staging',
      MetricName: 'Down',
      Dimensions: [{ Name: 'Monitor', Value: 'api' }],
      Statistic: 'Sum',
      ExtendedStatistic: Match.absent(),
      ComparisonOperator: 'GreaterThanOrEqualToThreshold',
      Threshold: 2,
      Period: 60,
      DatapointsToAlarm: 3,
      EvaluationPeriods: 4,
      TreatMissingData: 'ignore',
      AlarmActions: [topic('us-west-2', 'page'), decider('us-west-2')],
      OKActions: [topic('us-west-2', 'page')],
    })
  })

  test('says where to look and what to do', () => {
    home.hasResourceProperties('AWS::CloudWatch::Alarm', {
      AlarmName: 'vedette-shop-staging-api-down',
      AlarmDescription: Match.stringLikeRegexp(
        'at least 2 of 2 vantages.*vedette-shop-staging/failures/VANTAGE.*Runbook: https://example.com/runbook$',
      ),
    })
  })

  test('tells the topic of its severity, in its own region', () => {
    standby.hasResourceProperties('AWS::CloudWatch::Alarm', {
      AlarmName: 'vedette-shop-staging-fast-down',
      AlarmActions: [topic('eu-central-1', 'ticket')],
    })
  })

  test('has a period as long as the interval', () => {
    home.hasResourceProperties('AWS::CloudWatch::Alarm', {
      AlarmName: 'vedette-shop-staging-api-dns-down',
      Period: 3600,
    })
  })
})

describe('speed', () => {
  test('is judged at home only, where a monitor publishes its duration', () => {
    home.hasResourceProperties('AWS::CloudWatch::Alarm', {
      AlarmName: 'vedette-shop-staging-fast-slow',
      MetricName: 'Duration',
      ExtendedStatistic: 'p50',
      Statistic: Match.absent(),
      Metrics: Match.absent(),
      Threshold: 300,
      ComparisonOperator: 'GreaterThanThreshold',
    })
    const slow = namesOf(home, 'AWS::CloudWatch::Alarm', 'AlarmName').filter((name) => name.endsWith('-slow'))
    expect(slow.sort()).toEqual(['vedette-shop-staging-api-slow', 'vedette-shop-staging-fast-slow'])
    expect(namesOf(standby, 'AWS::CloudWatch::Alarm', 'AlarmName').join()).not.toMatch(/slow|regression|burn/)
  })

  test('is over a limit where a percentile of runs enough is', () => {
    const metric = (Id: string, Stat: string) => ({
      ...{ Id, ReturnData: false },
      MetricStat: {
        Metric: {
          Namespace: 'Vedette/staging',
          MetricName: 'Duration',
          Dimensions: [{ Name: 'Monitor', Value: 'api' }],
        },
        // A hundred runs of two vantages, and some that may fail.
        ...{ Period: 3300, Stat },
      },
    })
    home.hasResourceProperties('AWS::CloudWatch::Alarm', {
      AlarmName: 'vedette-shop-staging-api-slow',
      Metrics: [
        { Id: 'e', Expression: 'IF((n >= 20 AND p95 > 800) OR (n >= 100 AND p99 > 2000), 1, 0)' },
        metric('n', 'SampleCount'),
        metric('p95', 'p95'),
        metric('p99', 'p99'),
      ],
      ...{ ComparisonOperator: 'GreaterThanOrEqualToThreshold', Threshold: 1, EvaluationPeriods: 1 },
      ...{ MetricName: Match.absent(), Namespace: Match.absent(), Period: Match.absent(), Statistic: Match.absent() },
      AlarmActions: [topic('us-west-2', 'ticket')],
    })
  })

  test('is compared with what CloudWatch expects of the hour', () => {
    home.hasResourceProperties('AWS::CloudWatch::Alarm', {
      AlarmName: 'vedette-shop-staging-api-regression',
      ComparisonOperator: 'GreaterThanUpperThreshold',
      ...{ ThresholdMetricId: 'band', Threshold: Match.absent(), EvaluationPeriods: 2, DatapointsToAlarm: 2 },
      Metrics: [
        { Id: 'm', ReturnData: true, MetricStat: Match.objectLike({ Period: 300, Stat: 'p50' }) },
        { Id: 'band', Expression: 'ANOMALY_DETECTION_BAND(m, 3)' },
      ],
    })
  })
})

describe('an error budget', () => {
  test('has an alarm a window that tells nobody', () => {
    const statistic = (Id: string, Stat: string) => ({
      Id,
      ReturnData: false,
      MetricStat: Match.objectLike({ Period: 3600, Stat }),
    })
    home.hasResourceProperties('AWS::CloudWatch::Alarm', {
      AlarmName: 'vedette-shop-staging-api-burn-1h-long',
      Metrics: [
        { Id: 'e', Expression: 'IF(n >= 10 AND d >= 3, IF(n < 120, d / 120, d / n), 0)' },
        statistic('d', 'Sum'),
        statistic('n', 'SampleCount'),
      ],
      ...{ ComparisonOperator: 'GreaterThanThreshold', Threshold: 0.0144, EvaluationPeriods: 1 },
      ...{ AlarmActions: Match.absent(), OKActions: Match.absent(), TreatMissingData: 'ignore' },
    })
    home.hasResourceProperties('AWS::CloudWatch::Alarm', {
      AlarmName: 'vedette-shop-staging-api-burn-1h-short',
      ...{ MetricName: 'Down', Statistic: 'Sum', Period: 300, Threshold: 0.144, AlarmActions: Match.absent() },
    })
  })

  test('pages where both windows of a pair burn, and says so to one topic', () => {
    const both = (id: string) =>
      `(ALARM("vedette-shop-staging-api-burn-${id}-long") AND ALARM("vedette-shop-staging-api-burn-${id}-short"))`
    home.hasResource('AWS::CloudWatch::CompositeAlarm', {
      Properties: {
        AlarmName: 'vedette-shop-staging-api-burn-page',
        AlarmRule: `${both('1h')} OR ${both('6h')}`,
        AlarmActions: [topic('us-west-2', 'page')],
        OKActions: [topic('us-west-2', 'page')],
      },
      DependsOn: ['1hlong', '1hshort', '6hlong', '6hshort'].map((part) =>
        Match.stringLikeRegexp(`^Monitorapiburn${part}`),
      ),
    })
    home.hasResourceProperties('AWS::CloudWatch::CompositeAlarm', {
      AlarmName: 'vedette-shop-staging-api-burn-ticket',
      AlarmActions: [topic('us-west-2', 'ticket')],
    })
    home.resourceCountIs('AWS::CloudWatch::CompositeAlarm', 2)
    standby.resourceCountIs('AWS::CloudWatch::CompositeAlarm', 0)
  })
})

describe('maintenance', () => {
  test('mutes the alarms of its monitor, by cron in its time zone', () => {
    home.hasResource('AWS::CloudWatch::AlarmMuteRule', {
      Properties: {
        Name: 'vedette-shop-staging-api-maintenance-1',
        MuteTargets: {
          AlarmNames: ['down', 'slow', 'regression', 'burn-page', 'burn-ticket'].map(
            (what) => `vedette-shop-staging-api-${what}`,
          ),
        },
        Rule: { Schedule: { Expression: 'cron(0 2 * * SUN)', Timezone: 'Europe/Berlin', Duration: 'PT2H' } },
      },
      // A rule may name only alarms that exist.
      DependsOn: ['burnpage', 'burnticket', 'down', 'regression', 'slow'].map((what) =>
        Match.stringLikeRegexp(`^Monitorapi${what}`),
      ),
    })
  })

  test('at a fixed time mutes once', () => {
    standby.hasResourceProperties('AWS::CloudWatch::AlarmMuteRule', {
      Name: 'vedette-shop-staging-api-maintenance-2',
      MuteTargets: { AlarmNames: ['vedette-shop-staging-api-down'] },
      Rule: { Schedule: { Expression: 'at(2026-12-24T22:00)', Timezone: 'UTC', Duration: 'PT4H' } },
    })
  })

  test('on either of two days is two rules', () => {
    expect(
      Object.values(home.findResources('AWS::CloudWatch::AlarmMuteRule'))
        .map(({ Properties }) => Properties)
        .filter(({ Name }) => Name.includes('api-dns'))
        .map(({ Rule }) => Rule.Schedule),
    ).toEqual([
      { Expression: 'cron(0,30 2 1 * *)', Timezone: 'UTC', Duration: 'P1DT12H' },
      { Expression: 'cron(0,30 2 * * MON-FRI)', Timezone: 'UTC', Duration: 'P1DT12H' },
    ])
  })
})

test('ids that differ in a dot or a hyphen alone have alarms of their own', () => {
  const monitors = ['a.b', 'a-b', 'ab', 'a_b'].map((id) => ({ id, kind: 'http', url: 'https://x.test/' }))
  const built = synthesize({ service: 'shop', vantages: ['us-east-1'], controllers: ['us-west-2'], monitors })
  const template = Template.fromJSON(templateOf(built, 'vedette-shop-alarms-us-west-2-0'))
  template.resourceCountIs('AWS::CloudWatch::Alarm', 4)
})

describe('many monitors', () => {
  const monitors = Array.from({ length: 1200 }, (_, i) => ({
    id: `monitor-${i}`,
    kind: 'http',
    url: `https://x.test/${'y'.repeat(1000)}`,
    runbook: `https://example.com/${'x'.repeat(492)}`,
  }))
  const built = synthesize({
    service: 'many',
    vantages: ['us-east-1'],
    controllers: ['us-west-2', 'eu-central-1'],
    monitors,
  })
  const stacks = built.stacks.filter(({ stackName }) => stackName.includes('-alarms-'))

  test('are spread over stacks that CloudFormation takes', () => {
    expect(stacks.length).toBeGreaterThan(4)
    for (const { template, templateFullPath } of stacks) {
      expect(Object.keys(template.Resources).length).toBeLessThanOrEqual(400)
      expect(statSync(templateFullPath).size).toBeLessThan(1_000_000)
    }
  })

  test('each have one alarm in each region', () => {
    for (const region of ['us-west-2', 'eu-central-1']) {
      const names = stacks
        .filter(({ environment }) => environment.region === region)
        .flatMap(({ template }) => namesOf(Template.fromJSON(template), 'AWS::CloudWatch::Alarm', 'AlarmName'))
      expect(names.sort()).toEqual(monitors.map(({ id }) => `vedette-many-${id}-down`).sort())
    }
  })

  test('are deployed after the topics they publish to, and after the stack they were split off from, of their region only', () => {
    for (const { stackName, dependencies, environment } of stacks) {
      const others = dependencies.map(({ id }) => id.replace(/\.assets$/, '')).filter((id) => id !== stackName)
      const shard = stackName.split('-').at(-1) as string
      const { region } = environment
      expect(others).toContain(`vedette-many-control-${region}`)
      for (const other of others) expect(other).toContain(region)
      if (shard !== '0')
        expect(others).toContain(`vedette-many-alarms-${region}-${shard.slice(0, -1).replace(/0+$/, '') || '0'}`)
    }
  })
})
