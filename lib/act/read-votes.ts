import { CloudWatchClient, type MetricDataQuery, paginateGetMetricData } from '@aws-sdk/client-cloudwatch'

/** Votes on one monitor in one period. */
export interface PeriodVotes {
  startMs: number
  good: number
  bad: number
}

/** GetMetricData takes no more queries in a call (https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html). */
const queriesPerCall = 500
const callTimeoutMs = 30_000

/** A client for people, who rather wait than ask again. */
export function patientCloudWatch(region: string): CloudWatchClient {
  const requestHandler = { connectionTimeout: 5000, requestTimeout: callTimeoutMs, throwOnRequestTimeout: true }
  return new CloudWatchClient({ region, maxAttempts: 4, requestHandler })
}

/**
 * The votes on monitors in a controller region, by id, in periods of so many seconds, oldest first; periods without any are
 * left out. Rejects as the SDK does, or when the signal aborts.
 */
export async function readVotes(
  client: CloudWatchClient,
  namespace: string,
  monitors: readonly string[],
  {
    fromMs,
    toMs,
    periodSeconds,
    abortSignal,
  }: { fromMs: number; toMs: number; periodSeconds: number; abortSignal?: AbortSignal },
): Promise<Map<string, PeriodVotes[]>> {
  const queries = monitors.flatMap((id, i) => [query(`d${i}`, id, 'Sum'), query(`n${i}`, id, 'SampleCount')])
  const found = new Map(monitors.map((id) => [id, new Map<number, { d: number; n: number }>()]))
  for (let i = 0; i < queries.length; i += queriesPerCall) {
    const asked = {
      ...{ MetricDataQueries: queries.slice(i, i + queriesPerCall), ScanBy: 'TimestampAscending' as const },
      ...{ StartTime: new Date(fromMs), EndTime: new Date(toMs) },
    }
    for await (const { MetricDataResults = [] } of paginateGetMetricData({ client }, asked, { abortSignal })) {
      for (const { Id = '', Timestamps = [], Values = [] } of MetricDataResults) {
        const periods = found.get(monitors[Number(Id.slice(1))] ?? '')
        for (const [k, time] of Timestamps.entries()) {
          const known = periods?.get(time.getTime()) ?? { d: 0, n: 0 }
          periods?.set(time.getTime(), { ...known, [Id.charAt(0)]: Values[k] ?? 0 })
        }
      }
    }
  }
  return new Map(
    [...found].map(([id, periods]) => [
      id,
      [...periods]
        .map(([startMs, { d, n }]) => ({ startMs, good: Math.max(0, n - d), bad: d }))
        .sort((a, b) => a.startMs - b.startMs),
    ]),
  )

  function query(Id: string, monitor: string, Stat: string): MetricDataQuery {
    const Metric = { Namespace: namespace, MetricName: 'Down', Dimensions: [{ Name: 'Monitor', Value: monitor }] }
    return { Id, MetricStat: { Metric, Period: periodSeconds, Stat } }
  }
}
