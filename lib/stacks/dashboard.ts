/** An alarm widget shows no more (https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html). */
const mostAlarmsInWidget = 100

interface Shown {
  namespace: string
  region: string
  service: string
  alarmArns: string[]
  hasFailovers: boolean
}

/**
 * The dashboard as data (the form is that of the link above). Metrics are searched for, not listed: it does not grow with
 * the monitors, and shows a new one without a deployment.
 */
export function dashboardBody({ namespace, region, service, alarmArns, hasFailovers }: Shown): object {
  const search = (metric: string, dimension: string, statistic: string) =>
    `SEARCH('{"${namespace}",${dimension}} MetricName="${metric}"', '${statistic}', 60)`
  const chart = (title: string, ...expressions: { expression: string; label: string }[]) => ({
    type: 'metric',
    ...{ width: 12, height: 6 },
    properties: {
      ...{ title, region, view: 'timeSeries', period: 60 },
      metrics: expressions.map((one, i) => [{ ...one, id: `e${i + 1}` }]),
    },
  })
  const plain = (expression: string) => ({ expression, label: '' })
  const widgets = [
    {
      type: 'alarm',
      ...{ width: 24, height: 3 },
      properties: { title: `${service}: vantages and certificates`, alarms: alarmArns.slice(0, mostAlarmsInWidget) },
    },
    chart('Vantages that see it down, by monitor', plain(search('Down', 'Monitor', 'Sum'))),
    chart('Median duration (ms), by monitor that publishes it', plain(search('Duration', 'Monitor', 'p50'))),
    chart('Signs of life, by vantage', plain(search('Heartbeat', 'Vantage', 'Maximum'))),
    {
      type: 'metric',
      ...{ width: 12, height: 6 },
      properties: {
        ...{ title: 'Days until the first certificate expires', region, view: 'timeSeries', period: 300 },
        metrics: [[namespace, 'CertificateDaysRemaining', { stat: 'Minimum' }]],
      },
    },
    ...(hasFailovers
      ? [
          chart(
            'Failovers: active endpoint (0 is the primary), and whether something would keep it from moving (1)',
            { expression: search('ActiveEndpoint', 'Failover', 'Maximum'), label: 'active' },
            { expression: search('NotReady', 'Failover', 'Maximum'), label: 'not ready' },
          ),
        ]
      : []),
  ]
  return { widgets }
}
