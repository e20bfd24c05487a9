import type { AskVantage, RecordStore } from '../act/ports.ts'
import { dnsLimitMs, ownServers, questionLimitMs } from '../decide/probe-now.ts'
import { failoverQuorum } from '../decide/quorum.ts'
import type { Endpoint, Failover } from '../model/failover.ts'
import type { Monitor } from '../model/monitor.ts'
import { askAll } from './collect.ts'

/** What a verification needs of the world. */
export interface VerifyHost {
  vantages: readonly string[]
  monitors: readonly Pick<Monitor, 'id' | 'timeoutMs'>[]
  ask: AskVantage
  records: Pick<RecordStore, 'isInSync'>
  wallClock(): number
  /** Resolves after so long and, by chance, up to as long again; or when the process ends. */
  pause(ms: number): Promise<void>
  stopping: AbortSignal
}

/** How a move came to be seen: how long each step took, in milliseconds, or what is wrong. */
export interface Verification {
  /** Until Route 53 said that all of its servers have it. */
  inSyncMs?: number
  /** Until every server gave the new answer to every vantage. */
  servedMs?: number
  /** Until enough vantages saw the endpoint up by the name itself. */
  answeredMs?: number
  problem?: string
}

/** Between two looks; the pause adds its own chance: five seconds or so, as an account has few calls a second. */
const everyMs = 3500
/** Route 53 says that changes reach all servers within 60 s as a rule (https://docs.aws.amazon.com/Route53/latest/APIReference/API_GetChange.html). */
const inSyncWithinMs = 120_000
const servedWithinMs = 120_000
/** An alarm's minute, its health check's and that check's parent come first. */
const byHealthChecksWithinMs = 360_000
/** What resolvers have kept of the old answer has to go first; a TTL beyond this is not waited out, as a function ends after 15 minutes. */
const longestTtlMs = 240_000

/**
 * Waits until a change is in sync, until every server of a failover gives the endpoint's answer to every vantage, and until
 * the endpoint is up by the name itself, as users reach it. Never rejects: what did not come in time is the problem.
 */
export async function verifyMove(
  failover: Failover,
  endpoint: Endpoint,
  changeId: string | undefined,
  host: VerifyHost,
): Promise<Verification> {
  const beganMs = host.wallClock()
  const sinceMs = () => host.wallClock() - beganMs
  const seen: Verification = {}
  let late: string | undefined
  if (changeId !== undefined && host.records.isInSync) {
    late = await until(host, inSyncWithinMs, async () => {
      const isInSync = await host.records.isInSync?.(changeId)
      return isInSync ? undefined : `Route 53 has not said that change ${changeId} is in sync`
    })
    if (late === undefined) seen.inSyncMs = sinceMs()
  }
  // What the servers say counts, even while the API that would say so too is in trouble.
  const notServed = await until(host, serveWithinMs(failover), () => whoServesAnother(failover, endpoint, host))
  if (notServed) return { ...seen, problem: late ? `${late}; ${notServed}` : notServed }
  seen.servedMs = sinceMs()
  const answersWithinMs = ttlMs(failover) + servedWithinMs
  const notUp = await until(host, answersWithinMs, () => whoSeesItDown(failover, endpoint, host))
  if (notUp) return { ...seen, problem: notUp }
  return { ...seen, answeredMs: sinceMs() }
}

function ttlMs({ ttl }: Failover): number {
  return Math.min(ttl * 1000, longestTtlMs)
}

function serveWithinMs(failover: Failover): number {
  if (failover.switch === 'health-check') return byHealthChecksWithinMs
  const areOwn = ownServers(failover).every((server) => server.startsWith('authoritative'))
  return servedWithinMs + (areOwn ? 0 : ttlMs(failover))
}

/** Looks again and again until nothing is wrong; gives what still was when time was over. */
async function until(
  host: VerifyHost,
  withinMs: number,
  look: () => Promise<string | undefined>,
): Promise<string | undefined> {
  const endMs = host.wallClock() + withinMs
  for (;;) {
    const problem = await look()
    if (problem === undefined) return undefined
    if (host.wallClock() >= endMs || host.stopping.aborted) return `${problem} (after ${Math.round(withinMs / 1000)} s)`
    await host.pause(everyMs)
  }
}

/** Every vantage is asked: which servers give another answer, and where. */
async function whoServesAnother(failover: Failover, endpoint: Endpoint, host: VerifyHost): Promise<string | undefined> {
  const question = { ask: 'served', failover: failover.id, endpoint: endpoint.id, at: 'record' } as const
  const answers = await askAll(host, question, dnsLimitMs)
  const others = answers.flatMap(([vantage, answer]) =>
    (answer?.servers ?? [])
      .filter(({ isAsDeclared }) => !isAsDeclared)
      .map(({ server, says }) => `${server} says ${says} to ${vantage}`),
  )
  if (others.length > 0) return `not every server gives the answer of ${endpoint.id}: ${shortList(others)}`
  const silent = answers.filter(([, answer]) => !answer || answer.servers.length === 0).map(([vantage]) => vantage)
  // A vantage that is cut off holds nothing up, as long as most are heard.
  if (answers.length - silent.length < failoverQuorum(failover.quorum, host.vantages.length).voters)
    return `too few vantages could ask the servers: nothing from ${silent.join(', ')}`
  return undefined
}

async function whoSeesItDown(failover: Failover, endpoint: Endpoint, host: VerifyHost): Promise<string | undefined> {
  const question = { ask: 'name', failover: failover.id, endpoint: endpoint.id, at: 'record' } as const
  const answers = await askAll(host, question, questionLimitMs(question, failover, host.monitors))
  const { pass } = failoverQuorum(failover.quorum, host.vantages.length)
  if (answers.filter(([, answer]) => answer?.isUp).length >= pass) return undefined
  const down = answers.flatMap(([vantage, answer]) =>
    answer?.isUp ? [] : [`${vantage}: ${answer?.cause ?? 'nothing'}`],
  )
  return `${failover.record} does not answer as ${endpoint.id} should: ${shortList(down)}`
}

const mostListed = 6

function shortList(items: readonly string[]): string {
  const more = items.length > mostListed ? `; and ${items.length - mostListed} more` : ''
  return items.slice(0, mostListed).join('; ') + more
}
