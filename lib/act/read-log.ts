import { CloudWatchLogsClient, paginateFilterLogEvents } from '@aws-sdk/client-cloudwatch-logs'

/** A line of a log. */
export interface LogLine {
  atMs: number
  message: string
}

const callTimeoutMs = 20_000

/**
 * The lines of a log group that match a pattern (https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html),
 * oldest first, at most `limit`. Rejects as the SDK does; a group that is not there has no lines.
 */
export async function readLog(
  region: string,
  logGroupName: string,
  {
    fromMs,
    toMs,
    filterPattern,
    limit = 2000,
  }: { fromMs: number; toMs: number; filterPattern: string; limit?: number },
): Promise<LogLine[]> {
  const requestHandler = { connectionTimeout: 5000, requestTimeout: callTimeoutMs, throwOnRequestTimeout: true }
  const client = new CloudWatchLogsClient({ region, maxAttempts: 4, requestHandler })
  const found: LogLine[] = []
  try {
    const asked = { logGroupName, filterPattern, startTime: Math.floor(fromMs), endTime: Math.ceil(toMs) }
    for await (const { events = [] } of paginateFilterLogEvents({ client }, asked)) {
      for (const { timestamp, message } of events)
        if (message !== undefined) found.push({ atMs: timestamp ?? fromMs, message })
      if (found.length >= limit) break
    }
  } catch (error) {
    if ((error as Error).name !== 'ResourceNotFoundException') throw error
  }
  return found.slice(0, limit).sort((a, b) => a.atMs - b.atMs)
}
