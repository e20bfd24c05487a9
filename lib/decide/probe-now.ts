import type { Config, Vantage } from '../model/config.ts'
import { endpointMonitorIds } from '../model/endpoint-monitors.ts'
import type { Failover } from '../model/failover.ts'
import type { Monitor } from '../model/monitor.ts'
import type { Ballot } from './quorum.ts'

/** What a controller asks a vantage, to be answered now. */
export type Question =
  /** What it sees of every endpoint. */
  | { ask: 'votes'; failover: string }
  /** Whether every DNS server gives an endpoint's answer: the zone's own at the record, all that are listed at the drill's name. */
  | { ask: 'served'; failover: string; endpoint: string; at: 'record' | 'drill' }
  /** Whether an endpoint is up by name, as users reach it. */
  | { ask: 'name'; failover: string; endpoint: string; at: 'record' | 'drill' }
  /** What the zone's servers publish of these failovers: their TXT, and whether their records go with it where `isWhole` is asked. */
  | { ask: 'state'; failovers: string[]; isWhole?: true }
  /** Which name servers the parent zone names for a failover's zone. */
  | { ask: 'delegation'; failover: string }

/** What one DNS server said of a name. */
export interface Served {
  server: string
  isAsDeclared: boolean
  /** What it said, in words. */
  says: string
}

/** What a failover's TXT says, as DNS has it; undefined where it could not be read. */
export interface Published {
  text?: string
  problem?: string
  /** What is served in place of the answer of the endpoint that the text names, where all servers give another. */
  differs?: string
}

/** What a vantage answers, by what it was asked. */
export interface Answers {
  votes: { ballot: Ballot; causes: Record<string, string> }
  /** None where nobody could be asked. */
  served: { servers: Served[] }
  name: { isUp: boolean; cause?: string }
  state: { failovers: Record<string, Published> }
  delegation: { nameServers: string[] } | { problem: string }
}

/** The answer to one kind of question; a vantage that is of no help to it says why. */
export type AnswerTo<Q extends Question> = Answers[Q['ask']]

/** What the probe-now function of a vantage is told, as JSON beside its code. */
export interface ProbeNowAsset {
  vantage: string
  selfCheck: string[]
  resolver?: string
  failovers: Failover[]
  /** Those of the endpoints, and the templates that they were made from. */
  monitors: Monitor[]
}

/** What the probe-now function of a vantage needs of a config. */
export function probeNowAssetOf(config: Pick<Config, 'failovers' | 'monitors' | 'resolver'>, vantage: Vantage) {
  const asset: ProbeNowAsset = {
    vantage: vantage.id,
    selfCheck: vantage.selfCheck,
    ...(config.resolver && { resolver: config.resolver }),
    failovers: config.failovers,
    monitors: failoverMonitors(config),
  }
  return asset
}

/** The monitors that failovers ask for: those of their endpoints, and those that these were made from. */
export function failoverMonitors({ failovers, monitors }: Pick<Config, 'failovers' | 'monitors'>): Monitor[] {
  const ids = new Set(
    failovers.flatMap((failover) =>
      failover.endpoints.flatMap((endpoint) => [
        endpoint.check ?? failover.check,
        ...endpointMonitorIds(failover, endpoint),
      ]),
    ),
  )
  return monitors.filter(({ id }) => ids.has(id))
}

/** How long a question may take at a vantage, in milliseconds: two attempts of the slowest monitor it concerns, and then some. */
export function questionLimitMs(
  question: Question,
  failover: Failover | undefined,
  monitors: readonly Pick<Monitor, 'id' | 'timeoutMs'>[],
): number {
  if (question.ask === 'served' || question.ask === 'state' || question.ask === 'delegation') return dnsLimitMs
  const ids = new Set(
    (failover?.endpoints ?? []).flatMap((endpoint) => [
      endpoint.check ?? failover?.check ?? '',
      ...(failover ? endpointMonitorIds(failover, endpoint) : []),
    ]),
  )
  const slowest = Math.max(0, ...monitors.filter(({ id }) => ids.has(id)).map(({ timeoutMs }) => timeoutMs))
  return 2 * slowest + graceMs
}

/** Whom a change is verified at: servers that are listed to be timed have their own time to forget the old answer. */
export function ownServers({ servers }: Pick<Failover, 'servers'>): string[] {
  const own = servers.filter((server) => server.startsWith('authoritative'))
  return own.length > 0 ? own : servers
}

/** Servers that are silent are waited for this long. */
export const dnsLimitMs = 10_000
/** A vantage that has not answered so long after its probes' own limits has no vote. */
const graceMs = 3000
