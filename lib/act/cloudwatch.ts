import { CloudWatchClient, type MetricDatum, PutMetricDataCommand } from '@aws-sdk/client-cloudwatch'
import { type Datum, datumsPerCall } from '../decide/votes.ts'
import { outcomeOf } from './outcome.ts'
import type { PublishMetrics, PublishReport } from './ports.ts'

/** What is kept for a region that refuses, some ten minutes of a full shard; the oldest go first. */
export const mostQueued = 10_000

const connectTimeoutMs = 1000
/** A region that hangs costs each invocation this long, and a vote may wait no longer for the other region's sake. */
const callTimeoutMs = 3000
/** No further call to a region begins after this. */
const flushWithinMs = 4000

/** A call with some datums; rejects as the SDK does. */
export type PutMetrics = (datums: readonly Datum[]) => Promise<void>

/**
 * Publishes to several regions, the first being home. Each call is made once: CloudWatch adds up what it is sent twice, so
 * only what was definitely refused is queued, and sent later with its own time.
 */
export function createPublisher(regions: readonly string[], putTo: (region: string) => PutMetrics): PublishMetrics {
  const senders = regions.map((region, i) => createSender(region, putTo(region), i === 0))
  return (datums) => Promise.all(senders.map((send) => send(datums)))
}

function createSender(region: string, put: PutMetrics, isHome: boolean) {
  let queue: Datum[] = []
  return async (datums: readonly Datum[]): Promise<PublishReport> => {
    const report: PublishReport = { region, sent: 0, queued: 0, dropped: 0 }
    // The newest first: what is said of now matters more than what is caught up on.
    const batches = [...inBatches(datums.filter((datum) => isHome || !datum.homeOnly)), ...inBatches(queue)]
    queue = []
    const beganAt = performance.now()
    let isRefused = false
    for (const batch of batches) {
      if (isRefused || performance.now() - beganAt > flushWithinMs) queue.push(...batch)
      else if ((await sendBatch(batch, put, report)) === 'refused') {
        queue.push(...batch)
        isRefused = true
      }
    }
    queue.sort((a, b) => a.atMs - b.atMs)
    report.dropped += Math.max(0, queue.length - mostQueued)
    queue = queue.slice(-mostQueued)
    report.queued = queue.length
    return report
  }
}

/** Sends once, and counts what became of it. */
async function sendBatch(batch: readonly Datum[], put: PutMetrics, report: PublishReport) {
  try {
    await put(batch)
    report.sent += batch.length
    return 'sent'
  } catch (error) {
    const outcome = outcomeOf(error)
    report.message = `PutMetricData: ${outcome}: ${(error as Error).name}: ${(error as Error).message}`
    if (outcome !== 'refused') report.dropped += batch.length
    return outcome
  }
}

function* inBatches(datums: readonly Datum[]): Generator<Datum[]> {
  for (let i = 0; i < datums.length; i += datumsPerCall) yield datums.slice(i, i + datumsPerCall)
}

/** Calls CloudWatch in a region. */
export function putMetricsTo(region: string, namespace: string): PutMetrics {
  // Made when there is something to send: the first probe does not wait for it.
  let client: CloudWatchClient | undefined
  return async (datums) => {
    client ??= createClient(region)
    const MetricData = datums.map(toMetricDatum)
    await client.send(new PutMetricDataCommand({ Namespace: namespace, MetricData }), {
      abortSignal: AbortSignal.timeout(callTimeoutMs),
    })
  }
}

function createClient(region: string): CloudWatchClient {
  return new CloudWatchClient({
    region,
    maxAttempts: 1,
    requestHandler: {
      connectionTimeout: connectTimeoutMs,
      requestTimeout: callTimeoutMs,
      throwOnRequestTimeout: true,
      // A function is frozen between its calls; a connection kept open over that is dead more often than not.
      httpsAgent: { keepAlive: false },
      httpAgent: { keepAlive: false },
    },
  })
}

function toMetricDatum({ metric, dimensions, atMs, values, unit }: Datum): MetricDatum {
  return {
    MetricName: metric,
    Dimensions: Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value })),
    Timestamp: new Date(atMs),
    Unit: unit === 'Milliseconds' ? 'Milliseconds' : unit,
    ...(values.length === 1 ? { Value: values[0] } : { Values: values }),
  }
}
