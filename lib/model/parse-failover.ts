import type { z } from 'zod'
import { type FailoverParsed, failoverShape } from './config-schema.ts'
import { canonicalName, parentOf } from './dns-answer.ts'
import { keysAt } from './parse-monitor.ts'
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
    return { problems: [{ path: formatPath(at), expected: 'a failover', got: shown(input) }], ...restOf({}, i) }
  const parsed = failoverShape.safeParse(input)
  if (parsed.success) return { failover: parsed.data, problems: [] }
  const { issues } = parsed.error
  const problems = toProblems(issues, input, at, (path) => keysAt(failoverShape, path))
  return { problems, ...restOf(withoutWrong(input, issues) as Record<string, unknown>, i) }
}

/** The failover with stand-ins for what it lacks, such that no rule between its keys minds them. */
function restOf(right: Record<string, unknown>, i: number): { failover?: FailoverParsed } {
  const zone = right.zone ?? (typeof right.record === 'string' ? parentOf(canonicalName(right.record)) : 'invalid')
  const given = Array.isArray(right.endpoints) ? right.endpoints : []
  const endpoints = Array.from({ length: Math.max(2, given.length) }, (_, k) => ({
    ...{ id: `stand-in-${i}-${k}`, region: 'external' },
    // TEST-NET-1 (RFC 5737): addresses that nobody has.
    ...(given[k] ?? { A: [`192.0.2.${253 + (k % 2)}`] }),
  }))
  const needed = { id: `stand-in-${i}`, hostedZoneId: 'Z0', check: 'stand-in', record: `stand-in-${i}.${zone}` }
  const parsed = failoverShape.safeParse({ ...needed, ...right, zone, endpoints })
  return parsed.success ? { failover: parsed.data } : {}
}

/** An input without the keys that a schema refused; what stands in lists keeps its place there. */
export function withoutWrong(input: unknown, issues: readonly z.core.$ZodIssue[]): unknown {
  const paths = issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys' ? issue.keys.map((key) => [...issue.path, key]) : [issue.path],
  )
  return paths.reduce<unknown>((rest, path) => {
    const end = path.findLastIndex((key) => typeof key === 'string') + 1
    return without(rest, path.slice(0, end))
  }, input)
}

function without(value: unknown, [key, ...inner]: readonly PropertyKey[]): unknown {
  if (key === undefined || typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map((one, i) => (i === key ? without(one, inner) : one))
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, one]) => {
      if (name !== key) return [[name, one]]
      return inner.length === 0 ? [] : [[name, without(one, inner)]]
    }),
  )
}
