import { blastOf } from '../decide/monitor-event.ts'
import type { ProbeResult } from '../model/result.ts'
import type { FindCauses, Found } from './ports.ts'
import { sendSigned } from './signed-request.ts'

/** A vantage, and where its results are logged. */
export interface LoggedVantage {
  id: string
  region: string
  logGroup: string
}

const withinMs = 2000
/** Failures older than this are not of this incident. */
const lookBackMs = 5 * 60_000

/**
 * Asks the logs of all vantages at once for the latest failure of each monitor. Whatever has not answered in time is not
 * waited for: an alert without its cause is better than none.
 */
export function causesFromLogs(vantages: readonly LoggedVantage[], nowMs: () => number): FindCauses {
  return async (monitors) => {
    const sinceMs = nowMs() - lookBackMs
    const results = await Promise.all(
      monitors.flatMap((monitor) => vantages.map((vantage) => latestFailure(monitor, vantage, sinceMs))),
    )
    const failures = Map.groupBy(
      results.filter((result) => result !== undefined),
      ({ monitor }) => monitor,
    )
    return new Map([...failures].flatMap(([monitor, all]) => (all[0] ? [[monitor, foundOf(all)]] : [])))
  }
}

/**
 * The newest failure that has been found when all pages are read, or time is up: a page may be empty though more follow
 * (https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html).
 */
async function latestFailure(
  monitor: string,
  { region, logGroup }: LoggedVantage,
  sinceMs: number,
): Promise<ProbeResult | undefined> {
  const endMs = performance.now() + withinMs
  let found: ProbeResult | undefined
  let nextToken: string | undefined
  try {
    do {
      const { text } = await sendSigned({
        ...{ service: 'logs', region, path: '/', timeoutMs: Math.max(1, Math.ceil(endMs - performance.now())) },
        headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': 'Logs_20140328.FilterLogEvents' },
        body: {
          ...{ logGroupName: logGroup, startTime: sinceMs, limit: 100 },
          filterPattern: `{ ($.monitor = "${monitor}") && ($.status = "down") }`,
          ...(nextToken !== undefined && { nextToken }),
        },
      })
      const page = JSON.parse(text) as { events?: { message?: string }[]; nextToken?: string }
      const results = (page.events ?? []).flatMap(({ message }) => resultIn(message ?? ''))
      found = results.filter((one) => one.monitor === monitor && one.failure).at(-1) ?? found
      nextToken = page.nextToken
    } while (nextToken !== undefined && performance.now() < endMs)
  } catch {
    // In time or not at all.
  }
  return found
}

function resultIn(line: string): ProbeResult[] {
  try {
    const result = JSON.parse(line)
    return result?.status === 'down' ? [result] : []
  } catch {
    return []
  }
}

/** What several vantages say of one monitor: the cause that most of them name, in the words of one. */
function foundOf(results: ProbeResult[]): Found {
  const byCode = [...Map.groupBy(results, ({ failure }) => failure?.code ?? '').values()]
  const [most = results] = byCode.sort((a, b) => b.length - a.length)
  const [first] = most
  const { code = '', stage, message = '' } = first?.failure ?? {}
  const blasts = results.map((result) => blastOf(result))
  const { address, resolver } = blasts[results.indexOf(first as ProbeResult)] ?? {}
  return {
    cause: { code, message, ...(stage !== undefined && { stage }) },
    vantages: results.map(({ vantage }) => vantage),
    families: [...new Set(blasts.flatMap(({ families }) => families))],
    ...(address !== undefined && { address }),
    ...(resolver !== undefined && { resolver }),
  }
}
