import { CloudWatchClient, DescribeAlarmsCommand } from '@aws-sdk/client-cloudwatch'
import type { Minute } from '../decide/published.ts'
import type { PublishedVotes } from './ports.ts'
import { type PeriodVotes, readVotes } from './read-votes.ts'

const callTimeoutMs = 5000
/** Of one call (https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html). */
const alarmsPerCall = 100
/** For all pages of a stretch, a week of minutes at most. */
const votesTimeoutMs = 20_000

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
      const abortSignal = AbortSignal.timeout(votesTimeoutMs)
      const stretch = { fromMs, toMs: nowMs(), periodSeconds: periodMs / 1000, abortSignal }
      const votes = await readVotes(call(), namespace, monitors, stretch)
      return new Map([...votes].map(([monitor, periods]) => [monitor, periods.map(minuteOf).reverse()]))
    },
  }
}

function minuteOf({ startMs, good, bad }: PeriodVotes): Minute {
  return { atMs: startMs, votes: good + bad, down: bad }
}

function* inParts<T>(all: readonly T[], size: number): Generator<T[]> {
  for (let i = 0; i < all.length; i += size) yield all.slice(i, i + size)
}
