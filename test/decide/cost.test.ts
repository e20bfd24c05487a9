import { describe, expect, test } from 'vitest'
import { type Bill, billOf } from '../../lib/decide/cost.ts'
import { planShards } from '../../lib/decide/plan.ts'
import type { Config } from '../../lib/model/config.ts'
import { parseConfig } from '../../lib/model/parse-config.ts'

const vantages = [
  'us-east-1',
  'us-east-2',
  'us-west-1',
  'eu-west-1',
  'eu-west-2',
  'eu-central-1',
  'ap-south-1',
  'ap-southeast-1',
  'ap-northeast-1',
  'sa-east-1',
]

function configOf(more: Record<string, unknown> = {}, count = 100, top: Record<string, unknown> = {}): Config {
  const monitors = Array.from({ length: count }, (_, i) => ({
    id: `m${i}`,
    kind: 'http',
    url: `https://x${i}.test/`,
    ...more,
  }))
  return parseConfig({ service: 'hundred', vantages, controllers: ['us-west-2', 'eu-north-1'], monitors, ...top })
}

const usd = (bill: Bill, what: string) => bill.lines.find((line) => line.what === what)?.monthlyUsd ?? 0

describe('the bill', () => {
  test('of telling people is a few dollars, and nothing without routes', () => {
    const routes = { page: [{ kind: 'pagerduty', routingKey: { secret: 'vedette/pagerduty' } }] }
    const told = billOf(configOf({}, 100, { routes }))
    const lines = told.lines.filter(({ what }) => what.startsWith('notify'))
    expect(lines.find(({ what }) => what === 'notify: secrets')?.quantity).toBe(2)
    expect(told.monthlyUsd - billOf(configOf()).monthlyUsd).toBeCloseTo(
      lines.reduce((sum, line) => sum + line.monthlyUsd, 0),
    )
    expect(told.monthlyUsd - billOf(configOf()).monthlyUsd).toBeLessThan(8)
  })

  test('of 100 monitors × 10 vantages × 1/min with two controllers is at most $120 a month', () => {
    const bill = billOf(configOf())
    expect(bill.monthlyUsd).toBeLessThanOrEqual(120)
    expect(bill.runsPerMonth).toBe(43_200_000)
    expect(bill.syntheticsUsd).toBeCloseTo(51_840)
    expect(usd(bill, 'metric Down')).toBeCloseTo(60)
    expect(usd(bill, 'alarm on Down')).toBeCloseTo(20)
    expect(usd(bill, 'PutMetricData')).toBeCloseTo(8.64)
    expect(usd(bill, 'logs')).toBeCloseTo(5.45)
    expect(usd(bill, 'Lambda time') + usd(bill, 'Lambda invocations')).toBeCloseTo(8.73, 1)
  })

  test('says what intervals below a minute cost, and what a minute would', () => {
    const monitors = ['10s', '30s', '30s', '1m'].map((every, i) => ({
      ...{ id: `m${i}`, kind: 'tls', host: 'x.test', every, timeout: '1s', retries: 1 },
    }))
    const at = (every?: string) =>
      billOf(configOf({}, 0, { monitors: monitors.map((one) => ({ ...one, ...(every && { every }) })) }))
    const { belowMinute, ...bill } = at()
    expect(belowMinute?.loops.map(({ everyMs, monitors }) => [everyMs, monitors])).toEqual([
      [30_000, 2],
      [10_000, 1],
    ])
    const loops = (belowMinute?.loops ?? []).map(({ monthlyUsd }) => monthlyUsd)
    // 115 s a minute and vantage, whatever the interval.
    for (const usd of loops) expect(usd).toBeCloseTo(43_200 * 10 * 115 * 0.5 * 0.0000133334)
    expect(loops.reduce((sum, one) => sum + one, 0)).toBeLessThan(usd(bill, 'Lambda time'))
    expect(belowMinute?.atMinuteUsd).toBeCloseTo(at('1m').monthlyUsd)
    expect(at('1m').belowMinute).toBeUndefined()
  })

  test('is the sum of its lines, each quantity times its price', () => {
    const bill = billOf(configOf({ every: '10s', metrics: { duration: true, perVantage: true } }))
    expect(bill.monthlyUsd).toBeCloseTo(bill.lines.reduce((sum, line) => sum + line.monthlyUsd, 0))
    for (const { quantity, price, monthlyUsd } of bill.lines)
      expect(monthlyUsd).toBeCloseTo((quantity * price.usd) / price.per)
  })

  test('grows by what is asked for: metrics per vantage, secrets in every region, loops below a minute', () => {
    const plain = billOf(configOf())
    expect(usd(billOf(configOf({ metrics: { perVantage: true } })), 'metrics per vantage')).toBeCloseTo(300)
    expect(usd(billOf(configOf({ auth: { bearer: { secret: 'vedette/token' } } })), 'secrets')).toBeCloseTo(4)
    const fast = billOf(configOf({ every: '10s' }))
    expect(fast.runsPerMonth).toBe(plain.runsPerMonth * 6)
    expect(usd(fast, 'Lambda invocations')).toBe(usd(plain, 'Lambda invocations'))
    expect(usd(fast, 'Lambda time')).toBeCloseTo((usd(plain, 'Lambda time') * 115) / 3)
  })

  test('has what is deployed: alarms on slowness where a bound says so, a series for each metric and vantage', () => {
    const slow = [{ source: 'duration', op: 'lt', value: '1s', level: 'degraded' }]
    const timed = billOf(configOf({ metrics: { duration: true } }))
    expect(usd(timed, 'metric Duration')).toBeCloseTo(30)
    expect(usd(timed, 'alarms on slowness')).toBe(0)
    const bounded = billOf(configOf({ metrics: { duration: true, perVantage: true }, expect: slow }))
    expect(usd(bounded, 'alarms on slowness')).toBeCloseTo(10)
    expect(usd(bounded, 'metrics per vantage')).toBeCloseTo(600)
  })

  test('counts each metric in an alarm: count and percentiles of a limit, a metric and its band for a regression', () => {
    const metrics = { duration: true }
    const limited = billOf(configOf({ metrics, latency: { p95: '800ms', p99: '2s' } }))
    expect(usd(limited, 'alarms on slowness')).toBeCloseTo(30)
    const compared = billOf(configOf({ metrics, latency: { p95: '800ms', regression: 2 } }))
    expect(usd(compared, 'alarms on slowness')).toBeCloseTo(20)
    expect(usd(compared, 'alarms on regressions')).toBeCloseTo(30)
  })

  test('has a secret in the regions that read it, and certificates where they are watched', () => {
    const here = { vantages: ['eu-west-1', 'eu-west-2'], auth: { bearer: { secret: 'vedette/token' } } }
    expect(usd(billOf(configOf(here)), 'secrets')).toBeCloseTo(0.8)
    expect(usd(billOf(configOf()), 'metric CertificateDaysRemaining')).toBeCloseTo(0.6)
    expect(usd(billOf(configOf({ tls: { verify: false } })), 'metric CertificateDaysRemaining')).toBe(0)
  })

  test('compares with Route 53 only what Route 53 can watch', () => {
    const monitors = [
      { id: 'a', kind: 'http', url: 'http://x.test/' },
      { id: 'b', kind: 'http', url: 'https://x.test/', every: '10s' },
      { id: 'c', kind: 'dns', name: 'x.test' },
      { id: 'd', kind: 'tls', host: 'x.test' },
    ]
    expect(billOf(configOf({}, 0, { monitors })).healthChecks).toEqual({ monitors: 2, monthlyUsd: 0.75 * 2 + 2 * 2 })
  })
})

describe('the bill of failovers', () => {
  const failover = (id: string, more: object = {}) => ({
    ...{ id, hostedZoneId: 'Z1', zone: 'x.test', record: `${id}.x.test`, check: 'm0' },
    endpoints: [
      { id: `${id}-one`, region: 'eu-west-1', A: ['192.0.2.1'] },
      { id: `${id}-two`, region: 'eu-west-2', A: ['192.0.2.2'] },
    ],
    ...more,
  })
  const of = (failovers: object[], more: object = {}) =>
    billOf(configOf({}, 1, { vantages: vantages.slice(0, 3), failovers, ...more }))

  test('is nothing without failovers', () => {
    const lines = of([]).lines.map(({ what }) => what)
    for (const what of ['NotReady', 'failover', 'probe-now', 'DynamoDB', 'health', 'DescribeAlarms'])
      expect(lines.filter((line) => line.includes(what))).toEqual([])
  })

  test('has ticks, tables, metrics and alarms in each controller region, and functions at each vantage', () => {
    const bill = of([failover('api')])
    const ticks = 2 * 43_200
    const looks = 4320
    expect(usd(bill, 'metric NotReady')).toBeCloseTo(0.6)
    expect(usd(bill, 'metric ActiveEndpoint')).toBeCloseTo(0.6)
    expect(usd(bill, 'alarm on NotReady')).toBeCloseTo(0.2)
    expect(usd(bill, 'alarms on functions of failovers')).toBeCloseTo((2 * 3 + 3 * 2) * 0.1)
    expect(usd(bill, 'PutMetricData, failovers')).toBeCloseTo((ticks / 1000) * 0.01)
    expect(usd(bill, 'DescribeAlarms')).toBeCloseTo((ticks / 1000) * 0.01)
    // A tick takes a second, a look at readiness three more.
    expect(usd(bill, 'Lambda time, failover')).toBeCloseTo(2 * (43_200 + 3 * looks) * 0.5 * 0.0000133334)
    // All vantages vote at each look; the first also reads the zone each minute, and its delegation.
    expect(usd(bill, 'Lambda time, probe-now')).toBeCloseTo(2 * (3 * looks + 43_200 + looks) * 0.5 * 0.0000133334)
    expect(usd(bill, 'DynamoDB reads')).toBeCloseTo((2 * (43_200 + 3 * looks) * 0.125) / 1e6)
    expect(usd(bill, 'health checks')).toBe(0)
  })

  test('has the monitors of its endpoints among the others', () => {
    expect(usd(of([failover('api')]), 'metric Down')).toBeCloseTo(3 * 2 * 0.3)
  })

  test('has one health check a controller and one over them for those that move by them, and no read of a zone', () => {
    const bill = of([failover('api', { switch: 'health-check' })])
    expect(usd(bill, 'health checks')).toBeCloseTo(3 * 0.5)
    expect(usd(bill, 'metric ServePrimary')).toBeCloseTo(0.6)
    expect(usd(bill, 'alarm on ServePrimary')).toBeCloseTo(0.2)
    expect(usd(bill, 'Lambda time, probe-now')).toBeCloseTo(2 * 3 * 4320 * 0.5 * 0.0000133334)
  })

  test('has the secrets of its monitors at every vantage, as all of them probe for decisions', () => {
    const monitors = [
      { id: 'm0', kind: 'http', url: 'https://x.test/', auth: { bearer: { secret: 'a' } }, vantages: ['us-east-1'] },
      { id: 'm1', kind: 'http', url: 'https://x.test/' },
    ]
    expect(usd(of([], { monitors }), 'secrets')).toBeCloseTo(0.4)
    expect(usd(of([failover('api')], { monitors }), 'secrets')).toBeCloseTo(3 * 0.4)
  })

  test('counts its ticks among the calls of schedules', () => {
    const many = Array.from({ length: 10 }, (_, i) => ({ id: `v${i}`, region: 'us-east-1' }))
    const places = Array.from({ length: 33 }, (_, k) =>
      many.map(({ id, region }) => ({ id: `${id}-${k}`, region })),
    ).flat()
    const schedules = (failovers: object[], routes: object = {}) =>
      of(failovers, { vantages: places, routes }).lines.find(({ what }) => what === 'EventBridge Scheduler')?.quantity
    expect(schedules([failover('api')])).toBe((schedules([]) ?? 0) + 2 * 43_200)
    const told = { page: [{ kind: 'pagerduty', routingKey: { secret: 'pd' } }] }
    expect(schedules([], told)).toBe((schedules([]) ?? 0) + 2 * 43_200)
  })
})

test('a plan has every monitor in each of its vantages once', () => {
  const config = configOf({}, 3)
  const [first, second] = config.monitors
  if (!first || !second) throw new Error('no monitors')
  config.monitors = [{ ...first, vantages: ['eu-west-1'] }, second]
  const ids = planShards(config).map(({ vantage, monitors }) => [vantage, monitors.map(({ id }) => id)])
  expect(ids).toHaveLength(10)
  for (const [vantage, list] of ids) expect(list).toEqual(vantage === 'eu-west-1' ? ['m0', 'm1'] : ['m1'])
})
