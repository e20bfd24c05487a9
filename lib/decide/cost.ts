import type { Config } from '../model/config.ts'
import type { Monitor } from '../model/monitor.ts'
import { type PlannedShard, planShards } from './plan.ts'

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
  putMetricData: { usd: 0.01, per: 1000, unit: 'request', source: cloudWatch },
  logs: { usd: 0.5, per: 1, unit: 'GB', source: cloudWatch },
  dashboard: { usd: 3, per: 1, unit: 'dashboard', source: cloudWatch },
  lambdaSecond: { usd: 0.0000133334, per: 1, unit: 'GB-second', source: lambda },
  lambdaRequest: { usd: 0.2, per: 1_000_000, unit: 'invocation', source: lambda },
  secret: { usd: 0.4, per: 1, unit: 'secret', source: 'https://aws.amazon.com/secrets-manager/pricing/' },
  // Beyond 14 million a month, which are free for good.
  schedule: { usd: 1, per: 1_000_000, unit: 'invocation', source: 'https://aws.amazon.com/eventbridge/pricing/' },
  healthCheck: { usd: 0.75, per: 1, unit: 'health check', source: route53 },
  healthCheckFeature: { usd: 2, per: 1, unit: 'feature', source: route53 },
  canaryRun: { usd: 0.0012, per: 1, unit: 'run', source: cloudWatch },
} satisfies Record<string, Price>

/** Memory of a probe function. */
const probeMemoryGb = 0.5
/** A result that changes nothing is logged in at most this. */
const bytesPerResult = 250
/** Billed seconds of an invocation: its start, and what each monitor adds (measured: 3 s for 100 monitors). */
const startSeconds = 1
const secondsPerMonitor = 0.02

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
export function billOf(config: Pick<Config, 'vantages' | 'controllers' | 'monitors'>): Bill {
  const shards = planShards(config)
  const secrets = secretNames(config.monitors).size
  const regions = new Set(config.vantages.map(({ region }) => region)).size
  const lines = [
    ...metricLines(config),
    ...alarmLines(config),
    ...callLines(config, shards),
    ...lambdaLines(shards),
    line('secrets', `${secrets} secrets × ${regions} regions`, secrets * regions, prices.secret),
  ].filter(({ quantity }) => quantity > 0)
  const runsPerMonth = sum(shards.map((shard) => shard.runsPerMonth))
  const monthlyUsd = sum(lines.map((line) => line.monthlyUsd))
  const syntheticsUsd = runsPerMonth * prices.canaryRun.usd
  return { lines, monthlyUsd, runsPerMonth, syntheticsUsd, healthChecks: healthChecks(config.monitors), pricesAsOf }
}

function metricLines({
  vantages,
  controllers,
  monitors,
}: Pick<Config, 'vantages' | 'controllers' | 'monitors'>): CostLine[] {
  const c = controllers.length
  const timed = monitors.filter(({ metrics }) => metrics.duration).length
  const perVantage = monitors.filter(({ metrics }) => metrics.perVantage)
  const series = sum(perVantage.map((monitor) => monitor.vantages?.length ?? vantages.length))
  const certified = monitors.some(showsCertificate) ? c : 0
  return [
    line('metric Down', `${monitors.length} monitors × ${c} controllers`, monitors.length * c, prices.metric),
    line('metric Heartbeat', `${vantages.length} vantages × ${c} controllers`, vantages.length * c, prices.metric),
    line('metric CertificateDaysRemaining', `1 × ${c} controllers`, certified, prices.metric),
    line('metric Duration', `${timed} monitors, home only`, c > 0 ? timed : 0, prices.metric),
    line(
      'metrics per vantage',
      `${perVantage.length} monitors × their vantages, home only`,
      c > 0 ? series : 0,
      prices.metric,
    ),
    line('dashboard', '1, home only', c > 0 ? 1 : 0, prices.dashboard),
  ]
}

function alarmLines({
  vantages,
  controllers,
  monitors,
}: Pick<Config, 'vantages' | 'controllers' | 'monitors'>): CostLine[] {
  const c = controllers.length
  const slow = monitors.filter(({ metrics }) => metrics.duration).length
  const certified = monitors.some(showsCertificate) ? c : 0
  return [
    line('alarm on Down', `${monitors.length} monitors × ${c} controllers`, monitors.length * c, prices.alarm),
    line('alarm on Heartbeat', `${vantages.length} vantages × ${c} controllers`, vantages.length * c, prices.alarm),
    line('alarm on certificates', `1 × ${c} controllers`, certified, prices.alarm),
    line('alarm on slowness', `${slow} monitors, home only`, c > 0 ? slow : 0, prices.alarm),
    line('alarm on function errors', `${vantages.length} vantages`, vantages.length, prices.alarm),
  ]
}

function callLines({ controllers }: Pick<Config, 'controllers'>, shards: PlannedShard[]): CostLine[] {
  const invocations = sum(shards.map(({ invocationsPerMonth }) => invocationsPerMonth))
  const runs = sum(shards.map(({ runsPerMonth }) => runsPerMonth))
  const c = controllers.length
  const calls = `${amount(invocations)} invocations × ${c} controllers`
  const logs = `${amount(runs)} results × ${bytesPerResult} B`
  return [
    line('PutMetricData', calls, invocations * c, prices.putMetricData),
    line('logs', logs, (runs * bytesPerResult) / 1e9, prices.logs),
  ]
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

/** Below a minute an invocation lasts for all the slots of its minute. */
function billedSeconds({ everyMs, monitors, worstCaseMs }: PlannedShard): number {
  if (everyMs < 60_000) return 60
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

/** Names of the secrets in Secrets Manager that monitors use; parameters of SSM's standard tier cost nothing. */
function secretNames(monitors: readonly Monitor[]): Set<string> {
  const names = new Set<string>()
  const collect = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return
    if ('secret' in value && typeof value.secret === 'string') names.add(value.secret)
    for (const inner of Object.values(value)) collect(inner)
  }
  collect(monitors)
  return names
}

function showsCertificate(monitor: Monitor): boolean {
  return monitor.kind === 'tls' || (monitor.kind === 'http' && /^https:/i.test(monitor.url))
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
