import type { Config } from '../model/config.ts'
import { formatDuration } from '../model/duration.ts'
import type { Failover } from '../model/failover.ts'
import { failoverQuorum } from './quorum.ts'

/** Something about a failover that works, and that an operator should have meant. */
export interface FailoverWarning {
  rule: 'quorum' | 'sustain' | 'ttl'
  text: string
}

/** Below this, chance agreements of votes move records (docs/benchmarks.md, the simulation). */
const leastSustainMs = 5000

/** A resolver may keep an answer for so long after a move (https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/best-practices-dns.html). */
const usualTtlSeconds = 60

/** What to warn of in a failover among so many vantages. */
export function failoverWarnings({ quorum, sustainMs, ttl }: Failover, vantages: number): FailoverWarning[] {
  const { fail } = failoverQuorum(quorum, vantages)
  const warnings: FailoverWarning[] = []
  if (fail <= vantages / 2)
    warnings.push({
      rule: 'quorum',
      text: `${fail} of ${vantages} vantages are no majority: a part of the network may move it alone`,
    })
  if (sustainMs < leastSustainMs)
    warnings.push({
      rule: 'sustain',
      text: `votes that hold for ${formatDuration(sustainMs)} only may agree by chance: 10s is the default for a reason`,
    })
  if (ttl > usualTtlSeconds)
    warnings.push({
      rule: 'ttl',
      text: `a TTL of ${ttl} s keeps users at a dead endpoint for so long after a move; ${usualTtlSeconds} s or less is usual`,
    })
  return warnings
}

/** Endpoints with IPv6 addresses alone, as `failover/endpoint`: only a dual-stack subnet reaches them. */
export function ipv6Only({ failovers }: Pick<Config, 'failovers'>): string[] {
  return failovers.flatMap(({ id, endpoints }) =>
    endpoints.filter(({ A, AAAA }) => AAAA !== undefined && A === undefined).map((endpoint) => `${id}/${endpoint.id}`),
  )
}
