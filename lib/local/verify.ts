import type { RecordStore } from '../act/ports.ts'
import { answerIn, answerOf, matchesAnswer } from '../decide/swap-records.ts'
import type { Endpoint, Failover } from '../model/failover.ts'
import { parseConfig } from '../model/parse-config.ts'
import { pause } from '../run/pause.ts'
import { runMonitor, type VantageHost } from '../run/vantage.ts'

/** Servers are asked again after so long, as Route 53 takes its time to tell all of them. */
const everyMs = 5000
/** Route 53 says that changes reach all servers within 60 s as a rule (https://docs.aws.amazon.com/Route53/latest/APIReference/API_GetChange.html). */
const withinMs = 120_000

/** Whether a store holds an endpoint's answer; what is wrong if it does not. */
export async function verifyStored(failover: Failover, to: Endpoint, store: RecordStore): Promise<string | undefined> {
  const listed = await store.list(failover)
  if (listed.kind !== 'listed') return `${failover.record} could not be read (${listed.kind})`
  const isThere = matchesAnswer(answerIn(listed.sets, failover), answerOf(failover, to))
  return isThere ? undefined : `${failover.record} does not answer as ${to.id} should`
}

/**
 * Asks every authoritative server of a record's zone, again and again, until all give an endpoint's answer. Gives what the
 * last of them still said where they do not in time. An alias has no answer of its own that could be asked for.
 */
export async function verifyServed(
  failover: Failover,
  to: Endpoint,
  host: VantageHost,
  signal: AbortSignal,
): Promise<string | undefined> {
  const expected = answerOf(failover, to).filter(({ values }) => values !== undefined)
  const monitors = expected.map(({ type, values }) => ({
    ...{ id: `verify-${type}`, kind: 'dns' as const, name: failover.record, type: type as 'A', retries: 0 },
    ...{ servers: ['authoritative'], recursion: false, agree: true },
    expect: [{ source: 'answers', op: 'equals' as const, value: values ?? [] }],
  }))
  if (monitors.length === 0) return undefined
  const parsed = parseConfig({ service: 'verify', monitors }).monitors
  const endMs = host.deps.now() + withinMs
  for (;;) {
    const results = await Promise.all(parsed.map((monitor) => runMonitor(monitor, host, signal)))
    const wrong = results.find(({ status }) => status !== 'up')
    if (!wrong) return undefined
    if (host.deps.now() > endMs || signal.aborted) return `${failover.record} ${wrong.kind}: ${wrong.failure?.message}`
    await pause(everyMs, signal)
  }
}
