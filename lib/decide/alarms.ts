import type { Config, Vantage } from '../model/config.ts'
import { formatDuration } from '../model/duration.ts'
import type { Monitor } from '../model/monitor.ts'
import { prefixOf, type QueryName, queryName } from './names.ts'
import { monitorsOf } from './plan.ts'
import { watchesCertificate } from './probe-asset.ts'
import { majorityOf } from './quorum.ts'
import { minuteMs } from './schedule.ts'

/** One CloudWatch alarm: it opens when `datapoints` of the last `of` periods breach. */
export interface Alarm {
  name: string
  kind:
    | 'down'
    | 'slow'
    | 'regression'
    | 'heartbeat'
    | 'certificate'
    | 'notReady'
    | 'servePrimary'
    | 'controller'
    | 'deadLetters'
    | FunctionAlarmKind
    | `burn-${string}`
  metric:
    | 'Down'
    | 'Duration'
    | 'Heartbeat'
    | 'CertificateDaysRemaining'
    | 'NotReady'
    | 'ServePrimary'
    | 'ApproximateNumberOfMessagesVisible'
    | FunctionMetric
  dimensions: Record<string, string>
  statistic: 'Sum' | 'Average' | 'Minimum' | 'Maximum' | 'p50'
  /** What is compared instead of the statistic: an expression over statistics of the metric, by their ids. */
  math?: { expression: string; statistics: Record<string, 'Sum' | 'SampleCount' | 'p95' | 'p99'> }
  /** What it is compared with instead of the threshold: so many standard deviations above what CloudWatch expects. */
  band?: number
  /** It tells nobody: a composite alarm does. */
  isPart?: true
  comparison: '>=' | '>' | '<'
  threshold: number
  periodSeconds: number
  datapoints: number
  of: number
  missing: 'ignore' | 'breaching' | 'notBreaching'
  severity: 'page' | 'ticket'
  description: string
}

export type FunctionAlarmKind = 'errors' | 'dropped' | 'throttles'

/** Lambda's own metrics (https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html); the others are ours. */
export type FunctionMetric = 'Errors' | 'AsyncEventsDropped' | 'Throttles'

/** What alarms are made of. */
export type Source = Pick<Config, 'service' | 'env' | 'vantages' | 'monitors'>

/** CloudWatch cuts nothing: it refuses (https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html). */
const longestDescription = 1024

/** A runbook is named last in a description, and whole: half a link is none. */
export const longestRunbook = 512

/** How many vantages must see a monitor down: its own quorum, or a majority of those that run it. */
export function quorumOf(monitor: Monitor, { vantages }: Pick<Config, 'vantages'>): number {
  return monitor.quorum?.fail ?? majorityOf(placesOf(monitor, vantages).length)
}

/** The vantages that run a monitor. */
export function placesOf(monitor: Monitor, vantages: readonly Vantage[]): Vantage[] {
  return vantages.filter((vantage) => monitorsOf([monitor], vantage).length > 0)
}

/** The alarm over a monitor's votes: enough vantages see it down, in enough periods. Without votes it keeps its state. */
export function downAlarm(monitor: Monitor, config: Source): Alarm {
  const { periodSeconds, datapoints, of } = periodsOf(monitor)
  const quorum = quorumOf(monitor, config)
  const places = placesOf(monitor, config.vantages).length
  const sustained = formatDuration(datapoints * periodSeconds * 1000)
  return {
    name: `${prefixOf(config)}-${monitor.id}-down`,
    ...{ kind: 'down', metric: 'Down', dimensions: { Monitor: monitor.id }, statistic: 'Sum', comparison: '>=' },
    ...{ threshold: quorum, periodSeconds, datapoints, of, missing: 'ignore', severity: monitor.severity },
    description: described(
      `${monitor.id} (${monitor.kind} ${targetOf(monitor)}) is down: at least ${quorum} of ${places} vantages said so for ${sustained}.`,
      `Why: ${savedQuery(config, 'failures')}, or vedette check --monitor ${monitor.id}.`,
      monitor,
    ),
  }
}

/** The alarm over a monitor's duration, where it publishes one and says what is too slow. */
export function slowAlarm(monitor: Monitor, config: Source): Alarm | undefined {
  const limitMs = monitor.metrics.duration ? slowLimitMs(monitor) : undefined
  if (limitMs === undefined) return undefined
  return {
    name: `${prefixOf(config)}-${monitor.id}-slow`,
    ...{ kind: 'slow', metric: 'Duration', dimensions: { Monitor: monitor.id }, statistic: 'p50', comparison: '>' },
    ...{ threshold: limitMs, ...periodsOf(monitor), missing: 'ignore', severity: 'ticket' },
    description: described(
      `${monitor.id} (${monitor.kind} ${targetOf(monitor)}) is slow: half of its runs took more than ${formatDuration(limitMs)}.`,
      `Which phase, and where: ${savedQuery(config, 'latency')}.`,
      monitor,
    ),
  }
}

/** The alarm over a vantage's own sign of life: missing is what it is about. */
export function heartbeatAlarm(vantage: Vantage, config: Source): Alarm {
  const everyMs = Math.min(...monitorsOf(config.monitors, vantage).map((monitor) => monitor.everyMs))
  const periodSeconds = Math.max(minuteMs, everyMs) / 1000
  const datapoints = periodSeconds === 60 ? 3 : 2
  return {
    name: `${prefixOf(config)}-${vantage.id}-heartbeat`,
    ...{ kind: 'heartbeat', metric: 'Heartbeat', dimensions: { Vantage: vantage.id }, statistic: 'Maximum' },
    ...{ comparison: '<', threshold: 1, periodSeconds, datapoints, of: datapoints, missing: 'breaching' },
    severity: 'ticket',
    description: `The vantage ${vantage.id} is blind or gone: no vote from it for ${formatDuration(datapoints * periodSeconds * 1000)}. The other vantages go on. Look at the errors and logs of its probe function in ${vantage.region}.`,
  }
}

/** The alarm over the certificate that expires first; none where no monitor sees a certificate. */
export function certificateAlarm(config: Source): Alarm | undefined {
  const watched = config.monitors.filter(watchesCertificate)
  if (watched.length === 0) return undefined
  const days = certificateDays(watched)
  // Two intervals: a window that the slowest monitor happens to be missing from would close the alarm.
  const periodSeconds = Math.max(300, (2 * Math.max(...watched.map(({ everyMs }) => everyMs))) / 1000)
  return {
    name: `${prefixOf(config)}-certificate`,
    ...{ kind: 'certificate', metric: 'CertificateDaysRemaining', dimensions: {}, statistic: 'Minimum' },
    ...{ comparison: '<', threshold: days, periodSeconds: Math.min(periodSeconds, daySeconds) },
    ...{ datapoints: 2, of: 2, missing: 'ignore', severity: 'ticket' },
    description: `A certificate expires in less than ${days} days. Which one: ${savedQuery(config, 'certificates')}.`,
  }
}

const hourSeconds = 3600
export const daySeconds = 86_400

/**
 * How far back an alarm may look: a day, or a week where its periods are of an hour or more
 * (https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html, EvaluationPeriods).
 */
export function lookBackSeconds(periodSeconds: number): number {
  return periodSeconds < hourSeconds ? daySeconds : 7 * daySeconds
}

/** Days left that a person can still act in at leisure, where no monitor says more. */
const defaultCertificateDays = 14

/** The most that a degraded assertion asks for; those at level down have the monitor's own alarm. */
function certificateDays(monitors: readonly Monitor[]): number {
  const asked = monitors.flatMap(({ expect }) =>
    expect.flatMap(({ source, op, level, value }) =>
      source === 'certificate.daysRemaining' && level === 'degraded' && (op === 'gt' || op === 'gte')
        ? [Number(value)]
        : [],
    ),
  )
  return asked.length > 0 ? Math.max(...asked) : defaultCertificateDays
}

/** What a monitor calls slow, in milliseconds: its lowest upper bound on `duration`, the degraded ones first. */
function slowLimitMs({ expect }: Monitor): number | undefined {
  const bounds = expect.filter(({ source, op }) => source === 'duration' && (op === 'lt' || op === 'lte'))
  const soft = bounds.filter(({ level }) => level === 'degraded')
  const values = (soft.length > 0 ? soft : bounds).map(({ value }) => Number(value))
  return values.length > 0 ? Math.min(...values) : undefined
}

/**
 * A monitor's thresholds in periods of CloudWatch. Below a minute the last result of each minute votes. At least two
 * periods must breach: a single point is too little to wake someone for. One more than those is looked at, because votes
 * come in up to two minutes after their minute: CloudWatch would take a period that some of them are missing from for a
 * good one, and an alarm over periods in a row would close, or never open (docs/adr/0004).
 */
function periodsOf({ everyMs, thresholds: { down, of } }: Monitor) {
  const runsPerPeriod = Math.max(1, minuteMs / everyMs)
  const datapoints = Math.max(2, Math.ceil(down / runsPerPeriod))
  const periodSeconds = Math.max(minuteMs, everyMs) / 1000
  const mostPeriods = Math.floor(lookBackSeconds(periodSeconds) / periodSeconds)
  const asked = of === undefined ? Math.min(datapoints + 1, mostPeriods) : Math.ceil(of / runsPerPeriod)
  return { periodSeconds, datapoints, of: Math.max(datapoints, asked) }
}

/** Where to look: results are logged where they were seen. */
export function savedQuery(config: Source, query: QueryName): string {
  return `in a vantage's region, saved Logs Insights query ${queryName(config, query, 'VANTAGE')}`
}

/** A description that is not too long, with the runbook last and whole. */
export function described(what: string, how: string, { runbook }: Monitor): string {
  const last = runbook ? ` Runbook: ${runbook}` : ''
  const rest = `${what} ${how}`
  return rest.slice(0, longestDescription - last.length) + last
}

/** What a monitor watches, in a few words; without a URL's user, password and query, which may be secrets. */
export function targetOf(monitor: Monitor): string {
  if (monitor.kind === 'dns') return `${monitor.name} ${monitor.type}`
  if (monitor.kind !== 'http') return `${monitor.host}:${monitor.port}`
  const { protocol, host, pathname } = new URL(monitor.url)
  return `${protocol}//${host}${pathname}`
}
