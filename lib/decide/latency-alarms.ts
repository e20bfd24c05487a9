import { formatDuration } from '../model/duration.ts'
import type { Monitor } from '../model/monitor.ts'
import { type Alarm, described, placesOf, type Source, savedQuery, targetOf } from './alarms.ts'
import { limitsOf } from './latency.ts'
import { prefixOf } from './names.ts'

/**
 * The alarm over the percentiles that a monitor limits, where it publishes its duration: one for all of them. Its value is 1
 * while any is over its limit, with runs enough in the window for that percentile.
 */
export function limitAlarm(monitor: Monitor, config: Source): Alarm | undefined {
  if (!monitor.metrics.duration || !monitor.latency) return undefined
  const limits = limitsOf(monitor.latency, monitor.everyMs, placesOf(monitor, config.vantages).length)
  const [first] = limits
  if (!first) return undefined
  const over = limits.map((limit) => `(n >= ${limit.leastRuns} AND ${limit.statistic} > ${limit.limitMs})`)
  const statistics = Object.fromEntries(limits.map(({ statistic }) => [statistic, statistic]))
  const said = limits.map(({ statistic, limitMs }) => `${statistic} of ${formatDuration(limitMs)}`).join(' or ')
  return {
    name: `${prefixOf(config)}-${monitor.id}-slow`,
    ...{ kind: 'slow', metric: 'Duration', dimensions: { Monitor: monitor.id }, statistic: 'p50' },
    math: { expression: `IF(${over.join(' OR ')}, 1, 0)`, statistics: { n: 'SampleCount', ...statistics } },
    ...{ comparison: '>=', threshold: 1, periodSeconds: first.windowMs / 1000, datapoints: 1, of: 1 },
    ...{ missing: 'ignore', severity: 'ticket' },
    description: described(
      `${monitor.id} (${monitor.kind} ${targetOf(monitor)}) is slow: over its limit, ${said}, in the last ${formatDuration(first.windowMs)}.`,
      `Which phase, and where: ${savedQuery(config, 'latency')}.`,
      monitor,
    ),
  }
}

/** How far above what it expects CloudWatch lets a median go, in standard deviations; 2 is its default, and restless. */
const bandWidth = 3
const leastPeriodSeconds = 300

/**
 * The alarm over a median that is higher than CloudWatch's anomaly detection expects of this hour and weekday; it learns that from
 * up to two weeks of the metric (https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Anomaly_Detection.html).
 * The factor of `regression` is for the embedded engine, which has no such model.
 */
export function regressionAlarm(monitor: Monitor, config: Source): Alarm | undefined {
  if (!monitor.metrics.duration || monitor.latency?.regression === undefined) return undefined
  const { forMs } = monitor.latency
  const periodSeconds = Math.max(leastPeriodSeconds, monitor.everyMs / 1000)
  const datapoints = Math.max(2, Math.ceil(forMs / 1000 / periodSeconds))
  return {
    name: `${prefixOf(config)}-${monitor.id}-regression`,
    ...{ kind: 'regression', metric: 'Duration', dimensions: { Monitor: monitor.id }, statistic: 'p50' },
    ...{ band: bandWidth, comparison: '>', threshold: 0, periodSeconds, datapoints, of: datapoints },
    ...{ missing: 'ignore', severity: 'ticket' },
    description: described(
      `${monitor.id} (${monitor.kind} ${targetOf(monitor)}) is slower than usual at this hour: its median is above the band that CloudWatch expects.`,
      `Which phase, and where: ${savedQuery(config, 'latency')}.`,
      monitor,
    ),
  }
}
