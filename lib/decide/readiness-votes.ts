import { addressesOf, endpointMonitorIds } from '../model/endpoint-monitors.ts'
import type { Endpoint } from '../model/failover.ts'
import { failoverQuorum, tally } from './quorum.ts'
import type { Finding, ReadinessFacts, ReadinessProblem } from './readiness-terms.ts'

type Facts = Pick<ReadinessFacts, 'failover' | 'vantages' | 'votes'>

/** Whether each endpoint but the active one (all of them, where that is not known) is up by quorum. No vote is never down. */
export function votesFinding(facts: Facts, active: string | undefined): Finding {
  const { failover, vantages, votes } = facts
  const { pass } = failoverQuorum(failover.quorum, vantages.length)
  const problems: ReadinessProblem[] = []
  const open: string[] = []
  for (const endpoint of failover.endpoints) {
    const { id } = endpoint
    const { up, down, none } = tally(id, vantages, votes.ballots)
    if (isUnreachable(facts, endpoint)) problems.push(unreachable(endpoint))
    else if (id === active || up.length >= pass) continue
    else if (up.length + none.length >= pass) open.push(id)
    else problems.push(standbyDown(facts, endpoint, { up: up.length, pass, down, none }))
  }
  if (open.length === 0) return { problems }
  return { problems, unknown: `whether ${open.join(', ')} would do: too few vantages have a vote`, endpoints: open }
}

/** Addresses that no vantage can reach, beside others of their endpoint that are judged. */
export function unreachableNotes(facts: Facts): string[] {
  return facts.failover.endpoints
    .filter((endpoint) => !isUnreachable(facts, endpoint))
    .flatMap((endpoint) =>
      addressesOf(endpoint)
        .filter((_, i) => isBeyondReach(facts, endpointMonitorIds(facts.failover, endpoint)[i] ?? ''))
        .map((address) => `${endpoint.id}: ${address} cannot be reached from any vantage, so nobody watches it.`),
    )
}

function isUnreachable(facts: Facts, endpoint: Endpoint): boolean {
  return endpointMonitorIds(facts.failover, endpoint).every((monitor) => isBeyondReach(facts, monitor))
}

/** Whether every vantage that was heard lacks what it takes to reach a monitor's address at all. */
function isBeyondReach({ votes: { causes } }: Facts, monitor: string): boolean {
  const heard = [...causes.values()]
  return heard.length > 0 && heard.every((byMonitor) => byMonitor[monitor]?.startsWith('UNSUPPORTED'))
}

function unreachable(endpoint: Endpoint): ReadinessProblem {
  const detail = `No vantage can reach ${endpoint.id} (${addressesOf(endpoint).join(', ')}), so traffic is never moved to it: give it an IPv4 address, or put vantages into a dual-stack VPC.`
  return { code: 'UNREACHABLE', endpoint: endpoint.id, detail }
}

function standbyDown(
  { failover, votes }: Facts,
  endpoint: Endpoint,
  { up, pass, down, none }: { up: number; pass: number; down: string[]; none: string[] },
): ReadinessProblem {
  const monitors = endpointMonitorIds(failover, endpoint)
  const why = (vantage: string) => monitors.flatMap((monitor) => votes.causes.get(vantage)?.[monitor] ?? [])[0]
  const [cause] = down.flatMap((vantage) => why(vantage) ?? [])
  const silent = none.length > 0 ? `, no vote from ${none.join(', ')}` : ''
  const because = cause ? ` (${cause})` : ''
  const detail = `Expected ${endpoint.id} to be up for ${pass} vantages, got ${up}: down for ${down.join(', ')}${because}${silent}. Until it is up, traffic cannot move there.`
  return { code: 'STANDBY_DOWN', endpoint: endpoint.id, detail }
}
