import { formatDuration } from '../model/duration.ts'
import type { Monitor } from '../model/monitor.ts'
import { type Alarm, described, placesOf, type Source, targetOf } from './alarms.ts'
import { leastBad, leastVotes, type Pace, type Pair, pairsOf, type Slo, votesDue } from './budget.ts'
import { prefixOf } from './names.ts'
import { minuteMs } from './schedule.ts'

/** An alarm over the states of others (https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-combining.html). */
export interface CompositeAlarm {
  name: string
  kind: `burn-${Pair['severity']}`
  /** The pairs of alarms: it opens while both of any pair are open. */
  pairs: [long: string, short: string][]
  severity: Pair['severity']
  description: string
}

/** Everything that watches the error budget of a monitor. */
export interface BurnAlarms {
  parts: Alarm[]
  composites: CompositeAlarm[]
}

/**
 * The alarms over a monitor's error budget, where it has an `slo`: one for each window, which tell nobody, and one for each
 * severity over the pairs of them. Two windows cannot be in one expression: all metrics of an alarm have the same period
 * (https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-concepts.html, "Metric math").
 */
export function burnAlarms(monitor: Monitor, config: Source): BurnAlarms {
  const { slo } = monitor
  if (!slo) return { parts: [], composites: [] }
  const pairs = pairsOf(slo, monitor.everyMs)
  const nameOf = (part: string) => `${prefixOf(config)}-${monitor.id}-burn-${part}`
  const pace = paceOf(monitor, config)
  const parts = pairs.flatMap((pair) => {
    const common = { monitor, pair, pace, nameOf }
    return [windowAlarm('long', common), windowAlarm('short', common)]
  })
  const composites = (['page', 'ticket'] as const).flatMap((severity): CompositeAlarm[] => {
    const own = pairs.filter((pair) => pair.severity === severity)
    if (own.length === 0) return []
    return [
      {
        ...{ name: nameOf(severity), kind: `burn-${severity}`, severity },
        pairs: own.map(({ id }) => [nameOf(`${id}-long`), nameOf(`${id}-short`)]),
        description: described(
          budgetText(monitor, slo, own),
          `How it stands: vedette budget --monitor ${monitor.id}.`,
          monitor,
        ),
      },
    ]
  })
  return { parts, composites }
}

/** How many votes reach CloudWatch: a vantage votes once a minute at most, however often it runs. */
export function paceOf(monitor: Monitor, { vantages }: Pick<Source, 'vantages'>): Pace {
  return { everyMs: Math.max(minuteMs, monitor.everyMs), places: placesOf(monitor, vantages).length }
}

interface Common {
  monitor: Monitor
  pair: Pair
  pace: Pace
  nameOf(part: string): string
}

/**
 * One window: the share of its votes that were bad, of those that are due where some are missing, as `badShare` says. The long
 * one says nothing of too few votes, as `isBurning` does. A short one never holds more votes than are due: there their number is
 * the share, and one metric is paid for instead of two.
 */
function windowAlarm(which: 'long' | 'short', { monitor, pair, pace, nameOf }: Common): Alarm {
  const windowMs = which === 'long' ? pair.longMs : pair.shortMs
  const due = votesDue(windowMs, pace)
  const math = {
    expression: `IF(n >= ${leastVotes} AND d >= ${leastBad}, IF(n < ${due}, d / ${due}, d / n), 0)`,
    statistics: { d: 'Sum', n: 'SampleCount' },
  } as const
  const threshold = which === 'long' ? pair.limit : Number((pair.limit * due).toFixed(9))
  return {
    name: nameOf(`${pair.id}-${which}`),
    ...{ kind: `burn-${pair.id}-${which}`, metric: 'Down', dimensions: { Monitor: monitor.id }, statistic: 'Sum' },
    ...(which === 'long' && { math }),
    ...{ comparison: '>', threshold, periodSeconds: windowMs / 1000, datapoints: 1, of: 1 },
    ...{ missing: 'ignore', severity: pair.severity, isPart: true },
    description: `The ${which} window of ${pair.id} of the error budget of ${monitor.id}: more than ${percent(pair.limit)} of the ${Math.round(due)} votes of ${formatDuration(windowMs)} were down. It tells nobody by itself.`,
  }
}

function budgetText({ id, kind, ...monitor }: Monitor, slo: Slo, pairs: readonly Pair[]): string {
  const target = targetOf({ id, kind, ...monitor } as Monitor)
  const rates = pairs
    .map((pair) => `${pair.burnRate}× over ${pair.id} and ${formatDuration(pair.shortMs)}`)
    .join(', or ')
  return `${id} (${kind} ${target}) uses up its error budget (${slo.objective} % over ${formatDuration(slo.windowMs)}): ${rates}.`
}

function percent(share: number): string {
  return `${Number((share * 100).toPrecision(4))} %`
}
