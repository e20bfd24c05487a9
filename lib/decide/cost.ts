import type { Config, Vantage } from '../model/config.ts'
import type { Monitor } from '../model/monitor.ts'
import { monitorAlarms } from './alarm-shards.ts'
import { type Alarm, certificateAlarm, placesOf } from './alarms.ts'
import { failoverLines, tickCalls } from './failover-cost.ts'
import { notifyLines, planNotify } from './notify-plan.ts'
import { monitorsOf, type PlannedShard, planShards } from './plan.ts'
import { amount, type CostLine, line, prices, pricesAsOf, secretReadsPerMonth, sum } from './prices.ts'
import { probeMemoryMb } from './probe-function.ts'
import { failoverMonitors } from './probe-now.ts'
import { shortLineBytes } from './result-line.ts'
import { minuteMs } from './schedule.ts'
import { secretsOf } from './secrets.ts'
import { datumsPerCall } from './votes.ts'

const probeMemoryGb = probeMemoryMb / 1024
/** Billed seconds of an invocation: its start, and what each monitor adds (measured: 3 s for 100 monitors). */
const startSeconds = 1
const secondsPerMonitor = 0.02
/**
 * Below a minute an invocation waits for the minute after the one it was scheduled for, then runs to that one's last slot.
 * Scheduler fires early in a minute more often than late.
 */
const loopSeconds = 115

type Priced = Pick<Config, 'service' | 'env' | 'vantages' | 'controllers' | 'monitors' | 'failovers' | 'routes'>

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
  /** What intervals below a minute cost, as functions then run all the time; absent where there are none. */
  belowMinute?: { loops: LoopCost[]; atMinuteUsd: number }
}

/** The Lambda time of one interval below a minute. */
interface LoopCost {
  everyMs: number
  monitors: number
  monthlyUsd: number
}

/** The monthly bill of a config in AWS, line by line, before anything is deployed. */
export function billOf(config: Priced): Bill {
  const shards = planShards(config)
  const lines = [
    ...metricLines(config),
    ...alarmLines(config),
    ...callLines(config, shards),
    ...lambdaLines(shards, tickCalls(config) + sum(planNotify(config).map((one) => one.callsPerMonth))),
    ...secretLines(config),
    ...failoverLines(config),
    ...notifyLines(config),
  ].filter(({ quantity }) => quantity > 0)
  const runsPerMonth = sum(shards.map((shard) => shard.runsPerMonth))
  const monthlyUsd = sum(lines.map((line) => line.monthlyUsd))
  const syntheticsUsd = runsPerMonth * prices.canaryRun.usd
  const loops = loopCosts(config, shards)
  return {
    ...{ lines, monthlyUsd, runsPerMonth, syntheticsUsd, healthChecks: healthChecks(config.monitors), pricesAsOf },
    ...(loops.length > 0 && { belowMinute: { loops, atMinuteUsd: billOf(atMinute(config)).monthlyUsd } }),
  }
}

/** Longest first: each interval below a minute has invocations of its own. */
function loopCosts({ monitors }: Priced, shards: readonly PlannedShard[]): LoopCost[] {
  const loops = Map.groupBy(
    shards.filter(({ everyMs }) => everyMs < minuteMs),
    ({ everyMs }) => everyMs,
  )
  return [...loops]
    .map(([everyMs, those]) => ({
      ...{ everyMs, monitors: monitors.filter((monitor) => monitor.everyMs === everyMs).length },
      monthlyUsd: lambdaUsd(those),
    }))
    .sort((a, b) => b.everyMs - a.everyMs)
}

function atMinute(config: Priced): Priced {
  const monitors = config.monitors.map((monitor) => ({ ...monitor, everyMs: Math.max(monitor.everyMs, minuteMs) }))
  return { ...config, monitors }
}

function metricLines(config: Priced): CostLine[] {
  const { vantages, controllers, monitors } = config
  const c = controllers.length
  const timed = monitors.filter(({ metrics }) => metrics.duration).length
  const perVantage = monitors.filter(({ metrics }) => metrics.perVantage)
  // In each vantage one for Down, and one for Duration where that is published at all.
  const series = sum(
    perVantage.map((monitor) => placesOf(monitor, config.vantages).length * (monitor.metrics.duration ? 2 : 1)),
  )
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
  const promised = atHome.filter((one) => one.composites.length > 0).length
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
      `${promised} monitors, each for page, ticket or both`,
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

/** Secrets in Secrets Manager are replicated to every region that reads them; parameters of SSM's standard tier cost nothing. */
function secretLines(config: Priced): CostLine[] {
  const { vantages, monitors } = config
  const namesIn = ({ region }: Vantage, some: readonly Monitor[]) => [
    ...new Set(secretsOf(some).flatMap(({ ref }) => ('secret' in ref ? [`${region} ${ref.secret}`] : []))),
  ]
  // Each function of a vantage reads what it needs: the one that runs its monitors, and the one that probes for failovers.
  const read = vantages.flatMap((vantage) => [
    ...namesIn(vantage, monitorsOf(monitors, vantage)),
    ...namesIn(vantage, failoverMonitors(config)),
  ])
  const replicas = new Set(read)
  const readers = read.length
  return [
    line('secrets', `${replicas.size}, each in every region that reads it`, replicas.size, prices.secret),
    line('reads of secrets', `${readers} × every 5 minutes`, readers * secretReadsPerMonth, prices.secretRead),
  ]
}

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

function lambdaLines(shards: PlannedShard[], ticks: number): CostLine[] {
  const invocations = sum(shards.map(({ invocationsPerMonth }) => invocationsPerMonth))
  const seconds = secondsOf(shards)
  const time = `${amount(seconds)} s × ${probeMemoryGb} GB`
  return [
    line('Lambda time', time, seconds * probeMemoryGb, prices.lambdaSecond),
    line('Lambda invocations', `${amount(invocations)} invocations`, invocations, prices.lambdaRequest),
    line(
      'EventBridge Scheduler',
      `${amount(invocations + ticks)} − 14 million free`,
      Math.max(0, invocations + ticks - freeSchedules),
      prices.schedule,
    ),
  ]
}

function secondsOf(shards: readonly PlannedShard[]): number {
  return sum(shards.map((shard) => shard.invocationsPerMonth * billedSeconds(shard)))
}

function lambdaUsd(shards: readonly PlannedShard[]): number {
  const { usd, per } = prices.lambdaSecond
  return (secondsOf(shards) * probeMemoryGb * usd) / per
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
