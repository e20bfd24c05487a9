import { ballotOf } from '../decide/ballot.ts'
import {
  type Answers,
  type AnswerTo,
  ownServers,
  type ProbeNowAsset,
  type Published,
  type Question,
  type Served,
} from '../decide/probe-now.ts'
import { answerOf, drillOf, type RecordSet, type RecordType, txtName } from '../decide/swap-records.ts'
import { decodeState } from '../decide/swap-state.ts'
import { canonicalAnswer } from '../model/dns-answer.ts'
import { endpointMonitorIds, sentTo } from '../model/endpoint-monitors.ts'
import type { Endpoint, Failover } from '../model/failover.ts'
import type { DnsMonitor, Monitor } from '../model/monitor.ts'
import { type DnsObserved, type DnsServerObserved, isWell, type ProbeResult } from '../model/result.ts'
import { delegationOf } from '../probe/dns-delegation.ts'
import type { VantageHost } from './vantage.ts'
import { voteOn } from './vote.ts'

type Asset = Omit<ProbeNowAsset, 'selfCheck' | 'resolver' | 'vantage'>
type About = { failover: Failover; endpoint: Endpoint }

/** One server that is silent is not waited for longer: it is asked again anyway. */
const serverTimeoutMs = 4000

/**
 * Answers what a controller asks a vantage. `signal` is the controller's patience: what is not known by then is no answer.
 * Rejects only for a question about something that is not in the config.
 */
export function createProbeNow(asset: Asset, host: VantageHost) {
  const monitors = new Map(asset.monitors.map((monitor) => [monitor.id, monitor]))
  const failoverOf = (id: string): Failover => {
    const failover = asset.failovers.find((one) => one.id === id)
    if (failover) return failover
    throw new Error(`expected the id of a failover, got ${JSON.stringify(id)}: deploy all stacks with the same config`)
  }
  const about = (question: { failover: string; endpoint: string }): About => {
    const failover = failoverOf(question.failover)
    const endpoint = failover.endpoints.find(({ id }) => id === question.endpoint)
    if (endpoint) return { failover, endpoint }
    throw new Error(`expected an endpoint of ${failover.id}, got ${JSON.stringify(question.endpoint)}`)
  }
  return async <Q extends Question>(question: Q, signal: AbortSignal): Promise<AnswerTo<Q>> => {
    const answer = async (): Promise<Answers[Question['ask']]> => {
      switch (question.ask) {
        case 'votes':
          return votes(failoverOf(question.failover), monitors, host, signal)
        case 'served':
          return { servers: await served(about(question), question.at, host, signal) }
        case 'name':
          return byName(about(question), question.at, monitors, host, signal)
        case 'state':
          return { failovers: await published(question.failovers.map(failoverOf), question.isWhole, host, signal) }
        case 'delegation':
          return delegation(failoverOf(question.failover), host, signal)
      }
    }
    // Each case gives the answer to its own kind, which TypeScript cannot follow through the union.
    return answer() as Promise<AnswerTo<Q>>
  }
}

async function votes(
  failover: Failover,
  monitors: ReadonlyMap<string, Monitor>,
  host: VantageHost,
  signal: AbortSignal,
): Promise<Answers['votes']> {
  const own = failover.endpoints.flatMap((endpoint) =>
    endpointMonitorIds(failover, endpoint).flatMap((id) => monitors.get(id) ?? []),
  )
  const results = await Promise.all(own.map((monitor) => voteOn(monitor, host, signal)))
  return {
    // Probes that were broken off have seen nothing.
    ballot: signal.aborted ? {} : ballotOf(failover, results),
    causes: Object.fromEntries(
      results.flatMap(({ monitor, failure }) => (failure ? [[monitor, causeOf(failure)]] : [])),
    ),
  }
}

/** The longest text that a controller is told: what a peer says may be of any length. */
const longestText = 200

function cut(text: string): string {
  return text.length > longestText ? `${text.slice(0, longestText)}…` : text
}

function causeOf({ code, message }: NonNullable<ProbeResult['failure']>): string {
  return cut(`${code}: ${message}`)
}

/** Types of an endpoint with addresses: one that it does not have must not be served either. */
const addressTypes: RecordType[] = ['A', 'AAAA']

/** What every server says of a name, held against what an endpoint's answer is. */
async function served(
  { failover, endpoint }: About,
  at: 'record' | 'drill',
  host: VantageHost,
  signal: AbortSignal,
): Promise<Served[]> {
  const asked =
    at === 'drill'
      ? { ...drillOf(failover), servers: failover.servers }
      : { ...failover, servers: ownServers(failover) }
  const declared = answerOf(asked, endpoint)
  const others = failover.endpoints.filter(({ id }) => id !== endpoint.id).flatMap((other) => answerOf(asked, other))
  const types = declared.some(({ type }) => type === 'CNAME') ? (['CNAME'] as const) : addressTypes
  const seen = await Promise.all(
    types.map(async (type) => {
      const set = declared.find((one) => one.type === type)
      const servers = await ask(asked, type, host, signal)
      return servers.map((server) => ({ type, server, ...compare(type, server, set, others) }))
    }),
  )
  if (seen.flat().every(({ server }) => server.rcode === undefined)) return []
  const byServer = Map.groupBy(seen.flat(), ({ server }) => server.server)
  return [...byServer].map(([server, all]) => ({
    server,
    isAsDeclared: all.every(({ isAsDeclared }) => isAsDeclared),
    says: all.map(({ says }) => says).join('; '),
  }))
}

/**
 * Whether a server's answer is the declared set. Of an alias only that there is one and that it is no other endpoint's, as its
 * addresses are AWS's own.
 */
function compare(
  type: RecordType,
  { rcode, answers = [], failure }: DnsServerObserved,
  declared: RecordSet | undefined,
  others: readonly RecordSet[],
): Pick<Served, 'isAsDeclared' | 'says'> {
  const none = rcode && rcode !== 'NOERROR' ? rcode : (failure?.code ?? 'none')
  const says = cut(`${type} ${answers.join(', ') || none}`)
  if (rcode !== 'NOERROR' && !(rcode === 'NXDOMAIN' && !declared)) return { isAsDeclared: false, says }
  const keys = (values: readonly string[]) => JSON.stringify(values.map((value) => canonicalAnswer(type, value)).sort())
  const isOthers = others.some((set) => set.type === type && keys(set.values ?? []) === keys(answers))
  if (declared?.alias) return { isAsDeclared: answers.length > 0 && !isOthers, says }
  return { isAsDeclared: keys(answers) === keys(declared?.values ?? []), says }
}

/** Asks every server of a failover for a name; each that could be asked, or the one line that says why none could. */
async function ask(
  { record, servers }: Pick<Failover, 'record' | 'servers'>,
  type: DnsMonitor['type'],
  host: VantageHost,
  signal: AbortSignal,
): Promise<DnsServerObserved[]> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(serverTimeoutMs)])
  const { observed, failure } = await host.probe(question(record, type, servers), host.deps, limit)
  const seen = observed as DnsObserved
  if (seen.servers) return seen.servers
  return [{ ...seen, server: seen.server ?? servers.join(', '), ...(failure && { failure }) }]
}

/** A question to all servers at once, as a monitor. */
function question(name: string, type: DnsMonitor['type'], servers: string[]): DnsMonitor {
  return {
    ...{ id: 'question', kind: 'dns', name, type, servers, protocol: 'udp', recursion: true, agree: true },
    ...{ everyMs: 60_000, timeoutMs: serverTimeoutMs, retries: 0, invert: false, ipVersion: 'any', expect: [] },
    ...{ thresholds: { down: 1, up: 1 }, severity: 'ticket', tags: [], dependsOn: [], maintenance: [] },
    metrics: { duration: false, perVantage: false },
    tls: { verify: true, minVersion: 'TLSv1.2', maxVersion: 'TLSv1.3' },
  }
}

/** Whether an endpoint answers by its name: the record's as users look it up, or the drill's. */
async function byName(
  { failover, endpoint }: About,
  at: 'record' | 'drill',
  monitors: ReadonlyMap<string, Monitor>,
  host: VantageHost,
  signal: AbortSignal,
): Promise<Answers['name']> {
  const template = monitors.get(endpoint.check ?? failover.check)
  if (!template) return { isUp: false, cause: `the monitor ${endpoint.check ?? failover.check} does not run here` }
  const monitor = at === 'drill' ? sentTo(template, drillOf(failover).record, template.id) : template
  const { status, failure } = await voteOn(monitor, host, signal)
  const isUp = isWell(status)
  return { isUp, ...(failure && { cause: causeOf(failure) }) }
}

/** So many failovers are asked about at once: a function's resolver takes 1,024 packets a second (https://docs.aws.amazon.com/vpc/latest/userguide/AmazonDNS-concepts.html). */
const mostAtOnce = 20

async function published(
  failovers: readonly Failover[],
  isWhole: boolean | undefined,
  host: VantageHost,
  signal: AbortSignal,
): Promise<Answers['state']['failovers']> {
  const entries: [string, Published][] = []
  for (let i = 0; i < failovers.length; i += mostAtOnce)
    entries.push(
      ...(await Promise.all(
        failovers.slice(i, i + mostAtOnce).map(async (failover): Promise<[string, Published]> => {
          const seen = await textOf(failover, host, signal)
          return [failover.id, isWhole ? { ...seen, ...(await differing(failover, seen, host, signal)) } : seen]
        }),
      )),
    )
  return Object.fromEntries(entries)
}

async function textOf(failover: Failover, host: VantageHost, signal: AbortSignal): Promise<Published> {
  // Whoever else is asked may have an old answer: that is measured elsewhere.
  const seen = await ask({ record: txtName(failover), servers: ownServers(failover) }, 'TXT', host, signal)
  const texts = seen.flatMap(({ answers = [] }) => answers)
  const [text] = texts
  if (text !== undefined && texts.every((one) => one === text)) return { text: canonicalAnswer('TXT', text) }
  const problem = seen.map(({ failure, rcode }) => failure?.message ?? rcode ?? 'no answer').join('; ')
  return { problem: texts.length > 0 ? 'the servers do not agree yet' : cut(problem) }
}

/** One server that lags behind, or is silent, says nothing of what stands in the zone. */
async function differing(
  failover: Failover,
  { text = '' }: Published,
  host: VantageHost,
  signal: AbortSignal,
): Promise<Pick<Published, 'differs'>> {
  const endpoint = failover.endpoints.find(({ id }) => id === decodeState(text)?.active)
  const servers = endpoint ? await served({ failover, endpoint }, 'record', host, signal) : []
  const [first] = servers
  return first && servers.every(({ isAsDeclared }) => !isAsDeclared) ? { differs: first.says } : {}
}

async function delegation({ zone }: Failover, host: VantageHost, signal: AbortSignal): Promise<Answers['delegation']> {
  try {
    return { nameServers: await delegationOf(zone, { deps: host.deps, signal }) }
  } catch (error) {
    return { problem: (error as Error).message }
  }
}
