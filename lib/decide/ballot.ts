import { endpointMonitorIds } from '../model/endpoint-monitors.ts'
import type { Endpoint, Failover } from '../model/failover.ts'
import type { ProbeResult } from '../model/result.ts'
import type { Ballot, EndpointVote } from './quorum.ts'

type Seen = Pick<ProbeResult, 'monitor' | 'status' | 'failure'>

/**
 * What one vantage says of every endpoint of a failover, from what it saw of their monitors. An endpoint of several addresses
 * is up when all of them are. What could not be seen, or did not end in time, is no vote.
 */
export function ballotOf(failover: Pick<Failover, 'check' | 'endpoints'>, results: readonly Seen[]): Ballot {
  const byMonitor = new Map(results.map((result) => [result.monitor, result]))
  return Object.fromEntries(
    failover.endpoints.flatMap((endpoint) => {
      const vote = voteOf(failover, endpoint, byMonitor)
      return vote ? [[endpoint.id, vote]] : []
    }),
  )
}

function voteOf(
  failover: Pick<Failover, 'check'>,
  endpoint: Endpoint,
  results: ReadonlyMap<string, Seen>,
): EndpointVote | undefined {
  const seen = endpointMonitorIds(failover, endpoint).map((id) => results.get(id))
  // An address that this place cannot reach at all (IPv6 from most functions) says nothing of the endpoint.
  const judged = seen.filter((result) => result?.failure?.code !== 'UNSUPPORTED')
  if (judged.some((result) => result?.status === 'down')) return 'down'
  const isWhole = judged.length > 0 && judged.every((result) => result !== undefined && result.status !== 'unknown')
  return isWhole ? 'up' : undefined
}
