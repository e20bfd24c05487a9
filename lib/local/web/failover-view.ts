import type { Decision } from '../../decide/failover-facts.ts'
import { reasonText } from '../../decide/failover-reasons.ts'
import { failoverQuorum } from '../../decide/quorum.ts'
import type { Readiness } from '../../decide/readiness.ts'
import { whyNotMoved } from '../../decide/swap-outcome.ts'
import { endpointMonitorIds } from '../../model/endpoint-monitors.ts'
import type { Endpoint } from '../../model/failover.ts'
import type { FailoverStatus } from '../../run/failover-status.ts'
import { digCommand } from '../zone-place.ts'
import type { DecisionView, EndpointView, FailoverView } from './api/failovers.ts'
import type { WatchedFailover } from './feed.ts'

/** A failover as the dashboard shows it; `status` is absent until its controller has told of it. */
export function failoverView(
  failover: WatchedFailover,
  status: FailoverStatus | undefined,
  vantages: readonly string[],
): FailoverView {
  const { id, record, zone, ttl, mode } = failover
  const endpoints = failover.endpoints.map((endpoint) => endpointView(failover, endpoint, status, vantages))
  const active = endpoints.find((endpoint) => endpoint.active)
  return {
    ...{ id, record, zone, ttlSeconds: ttl, mode, locked: status?.locked ?? false, endpoints },
    quorum: failoverQuorum(failover.quorum, vantages.length),
    ...(active && { active: active.id }),
    ...(status?.readiness && { readiness: readinessView(status.readiness) }),
    ...(status?.last && { last: decisionView(status.last) }),
    ...(status?.notable && { notable: decisionView(status.notable) }),
    ...(status?.lastMove && { lastMove: status.lastMove }),
    ...(status?.servedAt !== undefined && { dig: digCommand(status.servedAt, record) }),
  }
}

function endpointView(
  failover: WatchedFailover,
  endpoint: Endpoint,
  status: FailoverStatus | undefined,
  vantages: readonly string[],
): EndpointView {
  const unknown: FailoverStatus['endpoints'][number] = {
    ...{ id: endpoint.id, active: false, up: [], down: [], none: [...vantages] },
  }
  const { active, up, down, none, causes } = status?.endpoints.find(({ id }) => id === endpoint.id) ?? unknown
  return {
    ...{ id: endpoint.id, region: endpoint.region, lastResort: endpoint.lastResort, active },
    answer: answerText(endpoint),
    monitors: endpointMonitorIds(failover, endpoint),
    votes: { up, down, none },
    ...(causes && { causes }),
  }
}

function answerText({ A = [], AAAA = [], CNAME, alias }: Endpoint): string {
  const parts = [
    ...A.map((address) => `A ${address}`),
    ...AAAA.map((address) => `AAAA ${address}`),
    ...(CNAME ? [`CNAME ${CNAME}`] : []),
    ...(alias ? [`alias ${alias.dnsName}`] : []),
  ]
  return parts.join(', ')
}

function decisionView({ atMs, trigger, decision }: NonNullable<FailoverStatus['last']>): DecisionView {
  const to = targetOf(decision)
  const notMoved = decision.outcome && whyNotMoved(decision.outcome)
  return {
    ...{ atMs, trigger, kind: decision.kind, ...(to && { to }), page: decision.page, reasons: reasonsOf(decision) },
    ...(notMoved !== undefined && { notMoved }),
  }
}

/** What readiness found, without what it needs to know for the next time. */
function readinessView({ atMs, problems }: Readiness): NonNullable<FailoverView['readiness']> {
  return { atMs, problems: problems.map(({ code, detail }) => ({ code, detail })) }
}

/** Where a decision moves traffic, or would. */
export function targetOf(decision: Decision): string | undefined {
  const verdict = decision.kind === 'report' ? decision.would : decision
  return 'to' in verdict ? verdict.to : undefined
}

/** Why, in words. */
export function reasonsOf(decision: Decision): string[] {
  const verdict = decision.kind === 'report' ? decision.would : decision
  return (decision.reasons.length > 0 ? decision.reasons : verdict.reasons).map(reasonText)
}
