import { describe, expect, test } from 'vitest'
import { heartbeatAlarm } from '../../lib/decide/alarms.ts'
import { awsProblems } from '../../lib/decide/aws-checks.ts'
import {
  controllerAlarms,
  failoverAlarmCount,
  notReadyAlarm,
  probeNowAlarms,
  servePrimaryAlarm,
} from '../../lib/decide/failover-alarms.ts'
import { functionAlarms } from '../../lib/decide/function-alarms.ts'
import { controllerAlarm, deadLetterAlarm, notifyErrorsAlarm } from '../../lib/decide/notify-alarms.ts'
import { parseConfig } from '../../lib/model/parse-config.ts'
import { failoverConfig, failoverInput } from '../support/failover-config.ts'

const named = { service: 'shop', env: 'staging' }
const failover = { id: 'api', record: 'api.example.com' }

test('a failover is not ready when something says so in two stretches of five minutes, or nothing says anything', () => {
  const alarm = notReadyAlarm(failover, named)
  expect(alarm).toMatchObject({
    ...{ name: 'vedette-shop-staging-api-not-ready', metric: 'NotReady', dimensions: { Failover: 'api' } },
    ...{ statistic: 'Maximum', comparison: '>=', threshold: 1, periodSeconds: 300, datapoints: 2, of: 2 },
    ...{ missing: 'breaching', severity: 'ticket' },
  })
  expect(alarm.description).toContain('Runbook: vedette failover status --aws')
})

test('the alarm that a health check looks through is one that it can read, and a silent controller moves nothing', () => {
  expect(servePrimaryAlarm(failover, named)).toMatchObject({
    ...{ name: 'vedette-shop-staging-api-serve-primary', metric: 'ServePrimary', dimensions: { Failover: 'api' } },
    ...{ statistic: 'Minimum', comparison: '<', threshold: 1, periodSeconds: 60, datapoints: 1, of: 1 },
    missing: 'ignore',
  })
})

describe('functions of failovers', () => {
  test('that decide have a ticket at the first error, drop and throttle', () => {
    const common = { dimensions: { FunctionName: 'vedette-shop-staging-failover' }, threshold: 1, severity: 'ticket' }
    expect(controllerAlarms(named)).toMatchObject([
      { ...common, metric: 'Errors' },
      { ...common, metric: 'AsyncEventsDropped' },
      { ...common, metric: 'Throttles' },
    ])
  })

  test('that probe for decisions have one at two in five minutes', () => {
    const common = { dimensions: { FunctionName: 'vedette-shop-staging-probe-now-us-east-1' }, threshold: 2 }
    expect(probeNowAlarms({ id: 'us-east-1' }, named)).toMatchObject([
      { ...common, metric: 'Errors', periodSeconds: 300 },
      { ...common, metric: 'Throttles', periodSeconds: 300 },
    ])
  })
})

test('whatever vantages are called, no two alarms have one name', () => {
  const ids = ['x', 'probe-now-x', 'failover', 'failover-function', 'notify', 'notify-page-dead', 'us-west-2']
  const vantages = ids.map((id) => ({ id, region: 'us-west-2' }))
  const config = parseConfig({ ...failoverConfig([failoverInput('api')]), vantages })
  const alarms = [
    ...config.vantages.flatMap((vantage) => [
      ...functionAlarms(vantage, config),
      ...probeNowAlarms(vantage, config),
      heartbeatAlarm(vantage, config),
    ]),
    ...controllerAlarms(config),
    ...[notifyErrorsAlarm(config), deadLetterAlarm('page', config), controllerAlarm('us-west-2', config)],
  ]
  const names = alarms.map(({ name }) => name)
  expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([])
})

test('descriptions are as short as CloudWatch takes them, whatever the names', () => {
  const long = { id: 'i'.repeat(64), record: 'r'.repeat(238) }
  const all = [
    notReadyAlarm(long, named),
    servePrimaryAlarm(long, named),
    ...controllerAlarms({ service: 's'.repeat(32), env: 'e'.repeat(64) }),
    ...probeNowAlarms({ id: 'i'.repeat(64) }, named),
  ]
  for (const { description, name } of all) {
    expect(description.length).toBeLessThanOrEqual(1024)
    expect(name.length).toBeLessThanOrEqual(255)
  }
})

test('alarms of failovers count for the quota of an account', () => {
  const monitors = Array.from({ length: 4989 }, (_, i) => ({ id: `m${i}`, kind: 'http', url: 'https://x.test/' }))
  const failovers = [failoverInput('api', { check: 'm0', switch: 'health-check' })]
  const config = parseConfig({ ...failoverConfig(failovers), monitors })
  expect(failoverAlarmCount(config)).toBe(1 + 1 + 3)
  // Those, the endpoints' own, the heartbeats and the certificates': 4989 + 2 + 3 + 1 + 5.
  expect(awsProblems(config)).toEqual([])
  const more = parseConfig({
    ...failoverConfig(failovers),
    monitors: [...monitors, { ...monitors[0], id: 'one-more' }],
  })
  expect(awsProblems(more).map(({ got }) => got)).toEqual(['5001', '5001'])
})
