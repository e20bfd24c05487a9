import type { AskVantage } from '../act/ports.ts'
import { type AnswerTo, failoverMonitors } from '../decide/probe-now.ts'
import type { Config } from '../model/config.ts'
import type { Failover } from '../model/failover.ts'
import { createHost } from '../run/host.ts'
import { createProbeNow } from '../run/probe-now.ts'
import { type EmbeddedZone, placeOf, zoneOf } from './failover-zones.ts'
import { type SimulatedVantage, simulateVantage } from './simulated-vantage.ts'

type Asked = Pick<Config, 'failovers' | 'monitors' | 'vantages'>

/** Names for vantages where the config has none. */
const simulatedIds = ['north', 'south', 'west']

/** The vantages of a config, or three, each with a network of its own. */
export function simulateVantages(
  { vantages, selfCheck, resolver }: Pick<Config, 'vantages' | 'selfCheck' | 'resolver'>,
  version: string,
): SimulatedVantage[] {
  const places = vantages.length > 0 ? vantages : simulatedIds.map((id) => ({ id, selfCheck }))
  return places.map(({ id: vantage, selfCheck: own }) =>
    simulateVantage(createHost({ vantage, version, selfCheck: own, ...(resolver !== undefined && { resolver }) })),
  )
}

/** Asks simulated vantages, each by its own network, until the engine stops. */
export function askSimulated(
  config: Asked,
  vantages: readonly SimulatedVantage[],
  zones: readonly EmbeddedZone[],
  stopping: AbortSignal,
): AskVantage {
  const all = failoverMonitors(config)
  const failovers = config.failovers.map((failover) => servedBy(failover, zones))
  // The name of a record in a zone of our own is known to that zone alone.
  const resolverOf = new Map(
    failovers.map(({ check, servers: [server] }) => [check, zones.length > 0 ? server : undefined]),
  )
  const monitors = all.map((monitor) => {
    const resolver = resolverOf.get(monitor.id)
    return resolver === undefined ? monitor : { ...monitor, resolver }
  })
  const asks = new Map(vantages.map(({ id, host }) => [id, createProbeNow({ failovers, monitors }, host)]))
  return async (vantage, question, limitMs) => {
    const asked = asks.get(vantage)
    if (!asked) return undefined
    const limit = AbortSignal.any([stopping, AbortSignal.timeout(limitMs)])
    if (zones.length === 0 || question.ask !== 'name' || hasAddresses(config, question)) return asked(question, limit)
    // Where the zone is our own, names outside it are nobody's to resolve: the endpoint is asked as it is for votes.
    const { ballot } = await asked({ ask: 'votes', failover: question.failover }, limit)
    return { isUp: ballot[question.endpoint] === 'up' } as AnswerTo<typeof question>
  }
}

function hasAddresses({ failovers }: Asked, asked: { failover: string; endpoint: string }): boolean {
  const endpoints = failovers.find(({ id }) => id === asked.failover)?.endpoints ?? []
  const endpoint = endpoints.find(({ id }) => id === asked.endpoint)
  return endpoint?.A !== undefined || endpoint?.AAAA !== undefined
}

/** A failover as those ask for it who know where its zone is on this machine, and that an alias' target stands in for it there. */
function servedBy(failover: Failover, zones: readonly EmbeddedZone[]): Failover {
  const zone = zoneOf(failover, zones)
  if (!zone) return failover
  const endpoints = failover.endpoints.map(({ alias, ...rest }) => (alias ? { ...rest, CNAME: alias.dnsName } : rest))
  // No other server can know it, whatever the config names.
  return { ...failover, endpoints, servers: [placeOf(zone)] }
}
