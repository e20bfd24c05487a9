import type { Config } from '../model/config.ts'
import { canonicalName } from '../model/dns-answer.ts'
import { formatDuration } from '../model/duration.ts'
import type { Failover } from '../model/failover.ts'
import type { Monitor } from '../model/monitor.ts'
import { failoverQuorum } from './quorum.ts'

/** Something about a failover that works, and that an operator should have meant. */
export interface FailoverWarning {
  rule: 'quorum' | 'sustain' | 'ttl' | 'name' | 'failback'
  text: string
}

/** Below this, chance agreements of votes move records (docs/benchmarks.md, the simulation). */
const leastSustainMs = 5000

/** A resolver may keep an answer for so long after a move (https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/best-practices-dns.html). */
const usualTtlSeconds = 60

/** What to warn of in a failover among so many vantages; `monitors` are those of its config. */
export function failoverWarnings(
  failover: Failover,
  vantages: number,
  monitors: readonly Monitor[],
): FailoverWarning[] {
  const { quorum, sustainMs, ttl, check, record, failback, endpoints } = failover
  const { fail, pass } = failoverQuorum(quorum, vantages)
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
  // Since when an endpoint has been up is read from what its monitor publishes; decisions ask every vantage.
  const preferred = endpoints[0]?.check ?? check
  const places = monitors.find(({ id }) => id === preferred)?.vantages?.length ?? vantages
  if (failback !== 'manual' && places < pass)
    warnings.push({
      rule: 'failback',
      text: `the check ${preferred} runs at ${places} of ${vantages} vantages, and ${pass} have to see an endpoint up for the way back: in AWS it is never taken by itself`,
    })
  const asked = nameAsked(monitors.find(({ id }) => id === check))
  if (asked !== undefined && canonicalName(asked) !== canonicalName(record))
    warnings.push({
      rule: 'name',
      text: `the check ${check} asks for ${asked}, not for ${record}: endpoints are asked under that name, and a move is verified by it, which proves nothing unless it leads to the record`,
    })
  return warnings
}

/** Whom a monitor asks for. */
function nameAsked(monitor: Monitor | undefined): string | undefined {
  if (!monitor || monitor.kind === 'dns') return undefined
  return 'url' in monitor ? new URL(monitor.url).hostname : monitor.host
}

/** Endpoints with IPv6 addresses alone, as `failover/endpoint`: only a dual-stack subnet reaches them. */
export function ipv6Only({ failovers }: Pick<Config, 'failovers'>): string[] {
  return failovers.flatMap(({ id, endpoints }) =>
    endpoints.filter(({ A, AAAA }) => AAAA !== undefined && A === undefined).map((endpoint) => `${id}/${endpoint.id}`),
  )
}
