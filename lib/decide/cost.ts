import type { Config, Vantage } from '../model/config.ts'
import type { Monitor } from '../model/monitor.ts'
import { monitorAlarms } from './alarm-shards.ts'
import { type Alarm, certificateAlarm } from './alarms.ts'
import { monitorsOf, type PlannedShard, planShards } from './plan.ts'
import { probeMemoryMb } from './probe-function.ts'
import { shortLineBytes } from './result-line.ts'
import { minuteMs } from './schedule.ts'
import { secretsOf } from './secrets.ts'
import { datumsPerCall } from './votes.ts'

/** A list price of AWS in us-east-1, in US dollars. */
interface Price {
  usd: number
  per: number
  unit: string
  source: string
}

/** When the prices below were read. They are list prices: free tiers and discounts are left out. */
export const pricesAsOf = '2026-11'

const cloudWatch = 'https://aws.amazon.com/cloudwatch/pricing/'
const lambda = 'https://aws.amazon.com/lambda/pricing/'
const route53 = 'https://aws.amazon.com/route53/pricing/'

const prices = {
  metric: { usd: 0.3, per: 1, unit: 'metric', source: cloudWatch },
  alarm: { usd: 0.1, per: 1, unit: 'alarm', source: cloudWatch },
  // An alarm over an expression costs one for each metric in it; one over a band three: the metric and both of its edges.
  alarmMetric: { usd: 0.1, per: 1, unit: 'metric of alarm', source: cloudWatch },
  compositeAlarm: { usd: 0.5, per: 1, unit: 'composite alarm', source: cloudWatch },
  putMetricData: { usd: 0.01, per: 1000, unit: 'request', source: cloudWatch },
  logs: { usd: 0.5, per: 1, unit: 'GB', source: cloudWatch },
  dashboard: { usd: 3, per: 1, unit: 'dashboard', source: cloudWatch },
  lambdaSecond: { usd: 0.0000133334, per: 1, unit: 'GB-second', source: lambda },
  lambdaRequest: { usd: 0.2, per: 1_000_000, unit: 'invocation', source: lambda },
  secret: { usd: 0.4, per: 1, unit: 'secret', source: 'https://aws.amazon.com/secrets-manager/pricing/' },
  secretRead: { usd: 0.05, per: 10_000, unit: 'read', source: 'https://aws.amazon.com/secrets-manager/pricing/' },
  // Beyond 14 million a month, which are free for good.
  schedule: { usd: 1, per: 1_000_000, unit: 'invocation', source: 'https://aws.amazon.com/eventbridge/pricing/' },
  healthCheck: { usd: 0.75, per: 1, unit: 'health check', source: route53 },
  healthCheckFeature: { usd: 2, per: 1, unit: 'feature', source: route53 },
  canaryRun: { usd: 0.0012, per: 1, unit: 'run', source: cloudWatch },
} satisfies Record<string, Price>

const probeMemoryGb = probeMemoryMb / 1024
/** Billed seconds of an invocation: its start, and what each monitor adds (measured: 3 s for 100 monitors). */
const startSeconds = 1
const secondsPerMonitor = 0.02
/**
 * Below a minute an invocation waits for the minute after the one it was scheduled for, then runs to that one's last slot.
 * Scheduler fires early in a minute more often than late.
 */
const loopSeconds = 115

type Priced = Pick<Config, 'service' | 'env' | 'vantages' | 'controllers' | 'monitors'>

/** One line of the bill. */
export interface CostLine {
  what: string
  /** How the quantity comes about, in words and numbers. */
  formula: string
  quantity: number
  unit: string
  /** US dollars for `per` units. */
  price: { usd: number; per: number }
  monthlyUsd: number
  source: string
}

export interface Bill {
  lines: CostLine[]
  monthlyUsd: number
  /** Runs of monitors a month. */
  runsPerMonth: number
  /** The same number of runs by canaries of CloudWatch Synthetics. */
  syntheticsUsd: number
  /** Health checks of Route 53 (endpoints outside AWS) for the monitors that it can watch at all: http and tcp, from its own places. */
  healthChecks: { monitors: number; monthlyUsd: number }
  pricesAsOf: string
}

/** The monthly bill of a config in AWS, line by line, before anything is deployed. */
export function billOf(config: Priced): Bill {
  const shards = planShards(config)
  const lines = [
    ...metricLines(config),
    ...alarmLines(config),
    ...callLines(config, shards),
    ...lambdaLines(shards),
    ...secretLines(config),
  ].filter(({ quantity }) => quantity > 0)
  const runsPerMonth = sum(shards.map((shard) => shard.runsPerMonth))
  const monthlyUsd = sum(lines.map((line) => line.monthlyUsd))
  const syntheticsUsd = runsPerMonth * prices.canaryRun.usd
  return { lines, monthlyUsd, runsPerMonth, syntheticsUsd, healthChecks: healthChecks(config.monitors), pricesAsOf }
}

function metricLines(config: Priced): CostLine[] {
  const { vantages, controllers, monitors } = config
  const c = controllers.length
  const timed = monitors.filter(({ metrics }) => metrics.duration).length
  const perVantage = monitors.filter(({ metrics }) => metrics.perVantage)
  // In each vantage one for Down, and one for Duration where that is published at all.
  const series = sum(perVantage.map((monitor) => placesOf(monitor, config) * (monitor.metrics.duration ? 2 : 1)))
  const ofVantages = `${perVantage.length} monitors × their vantages and metrics, home only`
  return [
    line('metric Down', `${monitors.length} monitors × ${c} controllers`, monitors.length * c, prices.metric),
    line('metric Heartbeat', `${vantages.length} vantages × ${c} controllers`, vantages.length * c, prices.metric),
    line('metric CertificateDaysRemaining', `1 × ${c} controllers`, certificateAlarm(config) ? c : 0, prices.metric),
    line('metric Duration', `${timed} monitors, home only`, c > 0 ? timed : 0, prices.metric),
    line('metrics per vantage', ofVantages, c > 0 ? series : 0, prices.metric),
    line('dashboard', '1, home only', c > 0 ? 1 : 0, prices.dashboard),
  ]
}

function alarmLines(config: Priced): CostLine[] {
  const { vantages, controllers, monitors } = config
  const c = controllers.length
  const atHome = c > 0 ? monitors.map((monitor) => monitorAlarms(monitor, config, true)) : []
  const alarms = atHome.flatMap((one) => one.alarms)
  const metricsOf = (kind: string) => sum(alarms.filter((alarm) => alarm.kind.startsWith(kind)).map(pricedMetrics))
  const composites = sum(atHome.map((one) => one.composites.length))
  const promised = monitors.filter(({ slo }) => slo).length
  return [
    line('alarm on Down', `${monitors.length} monitors × ${c} controllers`, monitors.length * c, prices.alarm),
    line('alarm on Heartbeat', `${vantages.length} vantages × ${c} controllers`, vantages.length * c, prices.alarm),
    line('alarm on certificates', `1 × ${c} controllers`, certificateAlarm(config) ? c : 0, prices.alarm),
    line('alarms on slowness', 'each metric in them, home only', metricsOf('slow'), prices.alarmMetric),
    line('alarms on regressions', 'each 3: metric and band, home only', metricsOf('regression'), prices.alarmMetric),
    line(
      'alarms on error budgets',
      `${promised} monitors × their windows, home only`,
      metricsOf('burn'),
      prices.alarmMetric,
    ),
    line(
      'composite alarms on error budgets',
      `${promised} monitors × page and ticket`,
      composites,
      prices.compositeAlarm,
    ),
    line('alarms on functions', `${vantages.length} vantages × 2`, vantages.length * 2, prices.alarm),
  ]
}

/** As how many an alarm is priced. */
function pricedMetrics({ math, band }: Alarm): number {
  return math ? Object.keys(math.statistics).length : band === undefined ? 1 : 3
}

/** In how many vantages a monitor runs. */
function placesOf(monitor: Monitor, { vantages }: Priced): number {
  return vantages.filter((vantage) => monitorsOf([monitor], vantage).length > 0).length
}

/** Secrets in Secrets Manager are replicated to every region that reads them; parameters of SSM's standard tier cost nothing. */
function secretLines({ vantages, monitors }: Priced): CostLine[] {
  const namesIn = (vantage: Vantage) =>
    new Set(
      secretsOf(monitorsOf(monitors, vantage)).flatMap(({ ref }) =>
        'secret' in ref ? [`${vantage.region} ${ref.secret}`] : [],
      ),
    )
  const replicas = new Set(vantages.flatMap((vantage) => [...namesIn(vantage)]))
  const readers = sum(vantages.map((vantage) => namesIn(vantage).size))
  return [
    line('secrets', `${replicas.size}, each in every region that reads it`, replicas.size, prices.secret),
    line('reads of secrets', `${readers} × every 5 minutes`, readers * readsPerMonth, prices.secretRead),
  ]
}

/** A function keeps a secret for five minutes. */
const readsPerMonth = (30 * 24 * 60) / 5

function callLines({ controllers }: Pick<Config, 'controllers'>, shards: PlannedShard[]): CostLine[] {
  const invocations = sum(shards.map(({ invocationsPerMonth }) => invocationsPerMonth))
  const runs = sum(shards.map(({ runsPerMonth }) => runsPerMonth))
  const c = controllers.length
  const calls = sum(shards.map((shard) => shard.invocationsPerMonth * callsOf(shard, c)))
  const lines = runs + invocations
  return [
    line(
      'PutMetricData',
      `${amount(invocations)} invocations × ${c} controllers, ${datumsPerCall} a call`,
      calls,
      prices.putMetricData,
    ),
    line('logs', `${amount(lines)} lines × ${shortLineBytes} B`, (lines * shortLineBytes) / 1e9, prices.logs),
  ]
}

/** Calls of one invocation: everything to home, to standby without what is for home alone. */
function callsOf({ monitors }: PlannedShard, controllers: number): number {
  const everywhere = monitors.length + 2
  const atHome = sum(
    monitors.map(({ metrics: { duration, perVantage } }) => (duration ? 1 : 0) + (perVantage ? (duration ? 2 : 1) : 0)),
  )
  const calls = (datums: number) => Math.ceil(datums / datumsPerCall)
  return controllers === 0 ? 0 : calls(everywhere + atHome) + (controllers - 1) * calls(everywhere)
}

function lambdaLines(shards: PlannedShard[]): CostLine[] {
  const invocations = sum(shards.map(({ invocationsPerMonth }) => invocationsPerMonth))
  const seconds = sum(shards.map((shard) => shard.invocationsPerMonth * billedSeconds(shard)))
  const time = `${amount(seconds)} s × ${probeMemoryGb} GB`
  return [
    line('Lambda time', time, seconds * probeMemoryGb, prices.lambdaSecond),
    line('Lambda invocations', `${amount(invocations)} invocations`, invocations, prices.lambdaRequest),
    line(
      'EventBridge Scheduler',
      `${amount(invocations)} − 14 million free`,
      Math.max(0, invocations - freeSchedules),
      prices.schedule,
    ),
  ]
}

function billedSeconds({ everyMs, monitors, worstCaseMs }: PlannedShard): number {
  if (everyMs < minuteMs) return loopSeconds
  return Math.min(startSeconds + secondsPerMonitor * monitors.length, startSeconds + worstCaseMs / 1000)
}

const freeSchedules = 14_000_000

/** What Route 53's own checks can watch: no DNS, no certificate, no assertion but a text. HTTPS and 10 s are features of their own. */
function healthChecks(monitors: readonly Monitor[]): Bill['healthChecks'] {
  const watchable = monitors.filter(({ kind }) => kind === 'http' || kind === 'tcp')
  const features = watchable.flatMap((monitor) => [
    monitor.kind === 'http' && /^https:/i.test(monitor.url),
    monitor.everyMs < 30_000,
    monitor.expect.some(({ source }) => source === 'body' || source === 'json'),
  ])
  const usd =
    watchable.length * prices.healthCheck.usd + features.filter(Boolean).length * prices.healthCheckFeature.usd
  return { monitors: watchable.length, monthlyUsd: usd }
}

function line(what: string, formula: string, quantity: number, { usd, per, unit, source }: Price): CostLine {
  return { what, formula, quantity, unit, price: { usd, per }, monthlyUsd: (quantity * usd) / per, source }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0)
}

/** `1,234,567`, or with decimals where it is small. */
export function amount(number: number): string {
  return number.toLocaleString('en-US', { maximumFractionDigits: number < 100 ? 2 : 0 })
}
