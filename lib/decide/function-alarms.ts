import type { Vantage } from '../model/config.ts'
import { type Alarm, daySeconds, type FunctionAlarmKind, type FunctionMetric, type Source } from './alarms.ts'
import { probeName } from './names.ts'
import { monitorsOf } from './plan.ts'
import { minuteMs } from './schedule.ts'

/**
 * The alarms over a vantage's probe function itself, in its own region: it fails, or it is not even run (throttled, for one).
 * Two such runs within two intervals of its slowest shard open them. What a target does is no error of the function.
 */
export function functionAlarms(vantage: Vantage, config: Source): Alarm[] {
  const name = probeName(config, vantage.id)
  const slowest = Math.max(minuteMs, ...monitorsOf(config.monitors, vantage).map(({ everyMs }) => everyMs)) / 1000
  const periodSeconds = Math.min(Math.max(300, 2 * slowest), daySeconds)
  const alarm = (kind: FunctionAlarmKind, metric: FunctionMetric, description: string) =>
    functionAlarm(name, {
      ...{ kind, metric, periodSeconds, description },
      // A shard of twelve hours and more runs once in the longest period that there is.
      threshold: 2 * slowest <= daySeconds ? 2 : 1,
    })
  return [
    alarm(
      'errors',
      'Errors',
      `The probe function of the vantage ${vantage.id} fails or is cut off at its time-out: its results may be missing. Look at the newest errors in the log group /aws/lambda/${name}.`,
    ),
    alarm(
      'dropped',
      'AsyncEventsDropped',
      `Runs of the probe function of the vantage ${vantage.id} were dropped: its monitors have no vote from there. Look at its throttles, and at the concurrency that the account has left in ${vantage.region}.`,
    ),
  ]
}

/**
 * An alarm over one of Lambda's own metrics: so many in a period are a ticket. It is named after the function, which no other
 * is, whatever vantages are called.
 */
export function functionAlarm(
  functionName: string,
  what: Pick<Alarm, 'metric' | 'threshold' | 'periodSeconds' | 'description'> & { kind: FunctionAlarmKind },
): Alarm {
  return {
    ...{
      name: `${functionName}-${what.kind}`,
      ...what,
      dimensions: { FunctionName: functionName },
      statistic: 'Sum',
      comparison: '>=',
    },
    ...{ datapoints: 1, of: 1, missing: 'notBreaching', severity: 'ticket' },
  }
}
