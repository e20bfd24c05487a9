import { CfnAlarm, CfnCompositeAlarm } from 'aws-cdk-lib/aws-cloudwatch'
import type { Construct } from 'constructs'
import type { Alarm } from '../decide/alarms.ts'
import type { CompositeAlarm } from '../decide/burn-alarms.ts'

const comparisons = {
  '>=': 'GreaterThanOrEqualToThreshold',
  '>': 'GreaterThanThreshold',
  '<': 'LessThanThreshold',
} as const

interface Where {
  namespace: string
  topicArn: string
  /** A function that is called when it opens. */
  functionArn?: string | undefined
}

/** An alarm that says to a topic when it opens and when it closes, unless it is part of another. L1, because there are thousands. */
export function addAlarm(
  scope: Construct,
  id: string,
  alarm: Alarm,
  { namespace, topicArn, functionArn }: Where,
): CfnAlarm {
  return new CfnAlarm(scope, id, {
    alarmName: alarm.name,
    alarmDescription: alarm.description,
    ...watched(alarm, 'FunctionName' in alarm.dimensions ? 'AWS/Lambda' : namespace),
    datapointsToAlarm: alarm.datapoints,
    evaluationPeriods: alarm.of,
    treatMissingData: alarm.missing,
    ...(!alarm.isPart && {
      alarmActions: [topicArn, ...(functionArn === undefined ? [] : [functionArn])],
      okActions: [topicArn],
    }),
  })
}

/** What an alarm compares with what. */
function watched(alarm: Alarm, namespace: string) {
  const { metric: metricName, periodSeconds: period, math, band, threshold } = alarm
  const dimensions = Object.entries(alarm.dimensions).map(([name, value]) => ({ name, value }))
  const comparisonOperator = comparisons[alarm.comparison]
  const query = (id: string, stat: string, returnData: boolean) => ({
    ...{ id, returnData },
    metricStat: { metric: { namespace, metricName, dimensions }, period, stat },
  })
  if (math) {
    const statistics = Object.entries(math.statistics).map(([id, stat]) => query(id, stat, false))
    return {
      metrics: [{ id: 'e', expression: math.expression, returnData: true }, ...statistics],
      comparisonOperator,
      threshold,
    }
  }
  if (band !== undefined) {
    const expected = { id: 'band', expression: `ANOMALY_DETECTION_BAND(m, ${band})`, returnData: true }
    const metrics = [query('m', alarm.statistic, true), expected]
    return { metrics, comparisonOperator: 'GreaterThanUpperThreshold', thresholdMetricId: expected.id }
  }
  return {
    ...{ namespace, metricName, comparisonOperator, threshold, period },
    ...(dimensions.length > 0 && { dimensions }),
    ...(alarm.statistic === 'p50' ? { extendedStatistic: alarm.statistic } : { statistic: alarm.statistic }),
  }
}

/** An alarm over others, which have to be there before it. */
export function addComposite(
  scope: Construct,
  { name, kind, pairs, description }: CompositeAlarm,
  parts: readonly CfnAlarm[],
  topicArn: string,
): CfnCompositeAlarm {
  const rule = pairs.map((pair) => `(${pair.map((part) => `ALARM("${part}")`).join(' AND ')})`).join(' OR ')
  const composite = new CfnCompositeAlarm(scope, kind, {
    ...{ alarmName: name, alarmDescription: description, alarmRule: rule },
    ...{ alarmActions: [topicArn], okActions: [topicArn] },
  })
  const named = new Set(pairs.flat())
  for (const part of parts) if (named.has(part.alarmName ?? '')) composite.addResourceDependency(part)
  return composite
}
