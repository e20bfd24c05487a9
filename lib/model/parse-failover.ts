import { type FailoverParsed, failoverShape } from './config-schema.ts'
import { canonicalName, parentOf } from './dns-answer.ts'
import { keysAt } from './parse-monitor.ts'
import { parseRest } from './parse-rest.ts'
import { formatPath, type Problem, shown } from './problem.ts'
import { toProblems } from './zod-problems.ts'

/** A failover, and what its schema says is wrong with it: then stand-ins are in the place of what is wrong. */
interface FailoverRead {
  failover?: FailoverParsed
  problems: Problem[]
}

/** Reads the failover in this place of the list. */
export function parseFailover(input: unknown, i: number): FailoverRead {
  const at = ['failovers', i]
  if (typeof input !== 'object' || input === null || Array.isArray(input))
    return { problems: [{ path: formatPath(at), expected: 'a failover', got: shown(input) }] }
  const parsed = failoverShape.safeParse(input)
  if (parsed.success) return { failover: parsed.data, problems: [] }
  const { issues } = parsed.error
  const problems = toProblems(issues, input, at, (path) => keysAt(failoverShape, path))
  const failover = parseRest(failoverShape, input, issues, (right) => withStandIns(right, i))
  return { problems, ...(failover && { failover }) }
}

/** A failover with stand-ins for what it lacks, such that no rule between its keys minds them. */
function withStandIns(right: Record<string, unknown>, i: number): Record<string, unknown> {
  const zone = right.zone ?? (typeof right.record === 'string' ? parentOf(canonicalName(right.record)) : 'invalid')
  const given = Array.isArray(right.endpoints) ? right.endpoints : []
  const endpoints = Array.from({ length: Math.max(2, given.length) }, (_, k) => ({
    ...{ id: `stand-in-${i}-${k}`, region: 'external' },
    // TEST-NET-1 (RFC 5737): addresses that nobody has.
    ...(given[k] ?? { A: [`192.0.2.${253 + (k % 2)}`] }),
  }))
  const needed = { id: `stand-in-${i}`, hostedZoneId: 'Z0', check: 'stand-in', record: `stand-in-${i}.${zone}` }
  return { ...needed, ...right, zone, endpoints }
}
