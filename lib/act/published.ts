import { CloudWatchClient, DescribeAlarmsCommand, GetMetricDataCommand } from '@aws-sdk/client-cloudwatch'
import type { Minute } from '../decide/published.ts'
import type { PublishedVotes } from './ports.ts'

const callTimeoutMs = 5000
/** Of one call (https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html). */
const alarmsPerCall = 100
/** Of one call (https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html), two for each monitor. */
const monitorsPerCall = 250
/** No stretch is longer than a week of minutes. */
const mostPages = 10

/** Reads what vantages have published to a region. */
export function publishedIn(region: string, namespace: string, nowMs: () => number): PublishedVotes {
  let client: CloudWatchClient | undefined
  const call = () => {
    client ??= new CloudWatchClient({
      region,
      maxAttempts: 2,
      requestHandler: { connectionTimeout: 1000, requestTimeout: callTimeoutMs, throwOnRequestTimeout: true },
    })
    return client
  }
  const limit = () => ({ abortSignal: AbortSignal.timeout(2 * callTimeoutMs) })
  return {
    alarmsOpen: async (names) => {
      const open = new Set<string>()
      for (const AlarmNames of inParts(names, alarmsPerCall)) {
        const command = new DescribeAlarmsCommand({ AlarmNames, StateValue: 'ALARM', MaxRecords: alarmsPerCall })
        const { MetricAlarms = [] } = await call().send(command, limit())
        for (const { AlarmName = '' } of MetricAlarms) open.add(AlarmName)
      }
      return open
    },
    votes: async (monitors, fromMs, periodMs) => {
      const votes = new Map<string, Minute[]>()
      for (const part of inParts(monitors, monitorsPerCall)) {
        const found = await readVotes(call(), namespace, part, { fromMs, toMs: nowMs(), periodMs, limit })
        for (const [monitor, minutes] of found) votes.set(monitor, minutes)
      }
      return votes
    },
  }
}

async function readVotes(
  client: CloudWatchClient,
  namespace: string,
  monitors: readonly string[],
  about: { fromMs: number; toMs: number; periodMs: number; limit(): { abortSignal: AbortSignal } },
): Promise<Map<string, Minute[]>> {
  const stat = (monitor: string, Stat: string) => ({
    Metric: { Namespace: namespace, MetricName: 'Down', Dimensions: [{ Name: 'Monitor', Value: monitor }] },
    ...{ Period: about.periodMs / 1000, Stat },
  })
  const MetricDataQueries = monitors.flatMap((monitor, i) => [
    { Id: `down${i}`, MetricStat: stat(monitor, 'Sum') },
    { Id: `all${i}`, MetricStat: stat(monitor, 'SampleCount') },
  ])
  const values = new Map<string, Map<number, number>>()
  let NextToken: string | undefined
  for (let page = 0; page < mostPages; page++) {
    const { MetricDataResults = [], NextToken: next } = await client.send(
      new GetMetricDataCommand({
        ...{ MetricDataQueries, StartTime: new Date(about.fromMs), EndTime: new Date(about.toMs) },
        ...{ ScanBy: 'TimestampDescending', ...(NextToken && { NextToken }) },
      }),
      about.limit(),
    )
    for (const { Id = '', Timestamps = [], Values = [] } of MetricDataResults) {
      const known = values.get(Id) ?? new Map<number, number>()
      for (const [k, at] of Timestamps.entries()) known.set(at.getTime(), Values[k] ?? 0)
      values.set(Id, known)
    }
    NextToken = next
    if (!next) break
  }
  return new Map(
    monitors.map((monitor, i) => {
      const down = values.get(`down${i}`) ?? new Map()
      const all = [...(values.get(`all${i}`) ?? new Map<number, number>())].sort(([a], [b]) => b - a)
      return [monitor, all.map(([atMs, votes]) => ({ atMs, votes, down: down.get(atMs) ?? 0 }))]
    }),
  )
}

function* inParts<T>(all: readonly T[], size: number): Generator<T[]> {
  for (let i = 0; i < all.length; i += size) yield all.slice(i, i + size)
}
