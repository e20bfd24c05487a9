import type { z } from 'zod'
import { checkAssertion } from './assertion-rules.ts'
import { canonicalAnswer } from './dns-answer.ts'
import { parseDuration } from './duration.ts'
import {
  type Assertion,
  type Kind,
  type MaintenanceWindow,
  type Monitor,
  type Operator,
  retryWaitMs,
  type Scalar,
} from './monitor.ts'
import { checkMonitor } from './monitor-rules.ts'
import { type AssertionInput, assertionShape, type MonitorParsed, monitorShapes } from './monitor-schema.ts'
import { parseRest } from './parse-rest.ts'
import { didYouMean, formatPath, type Problem, shown, unlessTold } from './problem.ts'
import { isDuration } from './sources.ts'
import { toProblems } from './zod-problems.ts'

const kinds = Object.keys(monitorShapes) as Kind[]

/** A monitor, and everything that is wrong with it: then stand-ins are in the place of what is wrong. */
interface MonitorRead {
  monitor?: Monitor
  problems: Problem[]
}

/** Reads one monitor. `at` is where it stands in the config. */
export function parseMonitor(input: unknown, at: readonly PropertyKey[]): MonitorRead {
  const kind = (input as { kind?: unknown } | null)?.kind
  if (typeof input !== 'object' || input === null || Array.isArray(input))
    return { problems: [{ path: formatPath(at), expected: 'a monitor', got: shown(input) }], ...standIn(at) }
  if (typeof kind !== 'string' || !kinds.includes(kind as Kind)) {
    const hint = typeof kind === 'string' ? didYouMean(kind, kinds) : undefined
    const expected = `one of ${kinds.map((known) => JSON.stringify(known)).join(', ')}`
    const problem = { path: formatPath([...at, 'kind']), expected, got: shown(kind), ...(hint && { hint }) }
    return { problems: [problem], ...standIn(at) }
  }
  const shape = monitorShapes[kind as Kind]
  const given = input as Record<string, unknown>
  const assertions = checkAssertions(given.expect, kind as Kind, at)
  const parsed = shape.safeParse(given)
  if (parsed.success) {
    const monitor = complete(parsed.data)
    return { monitor, problems: [...assertions, ...checkMonitor(monitor, at)] }
  }
  const { issues } = parsed.error
  const problems = toProblems(issues, given, at, (path) => keysAt(shape, path))
  const rest = checkRest(given, kind as Kind, issues, problems, at)
  return { ...standIn(at), ...rest, problems: [...problems, ...assertions, ...rest.problems] }
}

/** What stands where nothing of a monitor could be read. */
function standIn(at: readonly PropertyKey[]): { monitor?: Monitor } {
  const parsed = monitorShapes.tls.safeParse({ id: standInId(at), kind: 'tls', host: standIns.host })
  return parsed.success ? { monitor: complete(parsed.data) } : {}
}

/** Unlike that of any other part of a config. */
const standInId = (at: readonly PropertyKey[]) => `stand-in-${String(at.at(-1))}`

/** Each assertion is judged on its own, so that a wrong key elsewhere hides nothing of it. */
function checkAssertions(expect: unknown, kind: Kind, at: readonly PropertyKey[]): Problem[] {
  if (!Array.isArray(expect)) return []
  return expect.flatMap((assertion, i) => {
    const parsed = assertionShape.safeParse(assertion)
    return parsed.success ? checkAssertion(parsed.data, kind, [...at, 'expect', i]) : []
  })
}

/** Stand-ins for keys that must be there, so that the rules between the others can be checked without them. */
const standIns = {
  url: 'http://stand-in.invalid/',
  host: 'stand-in.invalid',
  port: 1,
  name: 'stand-in.invalid',
}

/** A monitor without what is wrong in it, and what the rules between the rest say of that. */
function checkRest(
  given: Record<string, unknown>,
  kind: Kind,
  issues: readonly z.core.$ZodIssue[],
  told: readonly Problem[],
  at: readonly PropertyKey[],
): MonitorRead {
  const shape: z.ZodType<MonitorParsed> = monitorShapes[kind]
  const needed = Object.fromEntries(Object.entries(standIns).filter(([key]) => key in monitorShapes[kind].shape))
  const parsed = parseRest(shape, given, issues, (right) => ({ ...needed, id: standInId(at), ...right, kind }))
  if (!parsed) return { problems: [] }
  const monitor = complete(parsed)
  return { monitor, problems: unlessTold(checkMonitor(monitor, at), told) }
}

interface Shape {
  shape?: Record<string, unknown>
  def?: { innerType?: unknown; element?: unknown }
}

/** The keys that an object schema knows at a path; none where the schema there is no object. */
export function keysAt(schema: unknown, path: readonly PropertyKey[]): string[] {
  let at = unwrap(schema)
  for (const key of path) at = unwrap(typeof key === 'number' ? at?.def?.element : at?.shape?.[String(key)])
  return Object.keys(at?.shape ?? {})
}

function unwrap(schema: unknown): Shape | undefined {
  let at = schema as Shape | undefined
  while (at && !at.shape && at.def?.innerType) at = at.def.innerType as Shape
  return at
}

function complete({ every, timeout, retries, expect, maintenance, slo, latency, ...rest }: MonitorParsed): Monitor {
  const timing = completeTiming(every, timeout, retries)
  return {
    ...rest,
    everyMs: every,
    ...timing,
    expect: expect.map((assertion) => completeAssertion(assertion, rest)),
    maintenance: maintenance.map(({ for: forMs, ...window }) => ({ ...window, forMs }) as MaintenanceWindow),
    ...(slo && { slo: { objective: slo.objective, windowMs: slo.window } }),
    ...(latency && { latency: completeLatency(latency) }),
  } as Monitor
}

function completeLatency({ p95, p99, for: forMs, regression }: NonNullable<MonitorParsed['latency']>) {
  return {
    ...(p95 !== undefined && { p95Ms: p95 }),
    ...(p99 !== undefined && { p99Ms: p99 }),
    ...{ forMs, ...(regression !== undefined && { regression }) },
  }
}

const defaultTimeoutMs = 5000
const leastDefaultTimeoutMs = 1000

/** Two retries and 5 s where the interval has room; below a minute the defaults shrink until every attempt fits. */
function completeTiming(everyMs: number, timeout: number | undefined, retries: number | undefined) {
  const roomFor = (attempts: number) => Math.floor((everyMs - (attempts - 1) * retryWaitMs) / attempts / 500) * 500
  if (retries === undefined) {
    retries = 2
    if (timeout === undefined) while (retries > 0 && roomFor(retries + 1) < leastDefaultTimeoutMs) retries--
  }
  const room = Math.max(roomFor(retries + 1), Math.min(everyMs, leastDefaultTimeoutMs))
  return { timeoutMs: timeout ?? Math.min(defaultTimeoutMs, room), retries }
}

function completeAssertion(
  assertion: Required<Pick<AssertionInput, 'source' | 'op'>> & AssertionInput,
  monitor: { kind: Kind; type?: unknown },
): Assertion {
  const { source, value } = assertion
  const canonical = (one: Scalar): Scalar => {
    if (typeof one !== 'string') return one
    if (isDuration(source)) return parseDuration(one) ?? one
    if (source === 'answers' && exactOps.has(assertion.op)) return canonicalAnswer(monitor.type as never, one)
    if (source === 'rcode') return one.toUpperCase()
    return one
  }
  return {
    ...assertion,
    level: assertion.level ?? 'down',
    ...(value !== undefined && { value: Array.isArray(value) ? value.map(canonical) : canonical(value) }),
    ...(assertion.name !== undefined && { name: assertion.name.toLowerCase() }),
  }
}

const exactOps: ReadonlySet<Operator> = new Set<Operator>(['eq', 'neq', 'in', 'equals', 'includes'])
