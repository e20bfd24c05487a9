import { CfnAlarm } from 'aws-cdk-lib/aws-cloudwatch'
import type { Construct } from 'constructs'
import type { Alarm } from '../decide/alarms.ts'

const comparisons = {
  '>=': 'GreaterThanOrEqualToThreshold',
  '>': 'GreaterThanThreshold',
  '<': 'LessThanThreshold',
} as const

/** An alarm that says to a topic when it opens and when it closes, and calls a function when it opens. L1, because there are thousands. */
export function addAlarm(
  scope: Construct,
  id: string,
  alarm: Alarm,
  { namespace, topicArn, functionArn }: { namespace: string; topicArn: string; functionArn?: string | undefined },
): CfnAlarm {
  const dimensions = Object.entries(alarm.dimensions).map(([name, value]) => ({ name, value }))
  const isPercentile = alarm.statistic === 'p50'
  return new CfnAlarm(scope, id, {
    alarmName: alarm.name,
    alarmDescription: alarm.description,
    namespace: 'FunctionName' in alarm.dimensions ? 'AWS/Lambda' : namespace,
    metricName: alarm.metric,
    ...(dimensions.length > 0 && { dimensions }),
    ...(isPercentile ? { extendedStatistic: alarm.statistic } : { statistic: alarm.statistic }),
    comparisonOperator: comparisons[alarm.comparison],
    threshold: alarm.threshold,
    period: alarm.periodSeconds,
    datapointsToAlarm: alarm.datapoints,
    evaluationPeriods: alarm.of,
    treatMissingData: alarm.missing,
    alarmActions: [topicArn, ...(functionArn === undefined ? [] : [functionArn])],
    okActions: [topicArn],
  })
}
