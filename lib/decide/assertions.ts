import { formatDuration } from '../model/duration.ts'
import type { Assertion, Monitor, Operator } from '../model/monitor.ts'
import { shown } from '../model/problem.ts'
import type { FailedAssertion, Failure, HttpObserved, Observation, Status } from '../model/result.ts'
import { isDuration } from '../model/sources.ts'
import { type Found, observedValue } from './observed-value.ts'

/** The verdict of a monitor's assertions on what its probe saw, in `durationMs` milliseconds. */
export interface Verdict {
  status: Extract<Status, 'up' | 'degraded' | 'down'>
  failed: FailedAssertion[]
  failure?: Failure
}

/** Holds every assertion of a monitor against what was seen. Only for a probe that ran to its end. */
export function judgeAssertions(monitor: Monitor<unknown>, observation: Observation, durationMs: number): Verdict {
  const seen = { ...observation, durationMs }
  const failed: FailedAssertion[] = unexpectedStatus(monitor, observation)
  for (const assertion of monitor.expect) {
    const found = observedValue(assertion, seen)
    if (holds(assertion, found)) continue
    failed.push({ expected: inWords(assertion), got: gotInWords(assertion, found), level: assertion.level })
  }
  if (failed.length === 0) return { status: 'up', failed }
  const worstFirst = [...failed].sort((a, b) => Number(a.level === 'degraded') - Number(b.level === 'degraded'))
  const message = worstFirst.map(({ expected, got }) => `expected ${expected}, got ${got}`).join('; ')
  const status = worstFirst[0]?.level === 'down' ? 'down' : 'degraded'
  return { status, failed, failure: { code: 'ASSERTION', stage: 'assert', message } }
}

/** A 2xx is expected where a monitor asserts no status. */
function unexpectedStatus(monitor: Monitor<unknown>, { observed }: Observation): FailedAssertion[] {
  if (monitor.kind !== 'http' || monitor.expect.some(({ source }) => source === 'status')) return []
  const { statusCode } = observed as HttpObserved
  if (statusCode !== undefined && statusCode >= 200 && statusCode < 300) return []
  return [{ expected: 'a 2xx status', got: String(statusCode ?? 'none'), level: 'down' }]
}

function holds({ source, op, value }: Assertion, found: Found): boolean {
  if (op === 'notExists') return 'missing' in found
  if (!('value' in found)) return false
  if (op === 'exists') return true
  return operators[op](found.value, value, source)
}

type Test = (actual: unknown, expected: Assertion['value'], source: string) => boolean

/**
 * A list holds an ordering, `eq` or `in` when each of its elements does, and a text operator when one of them does;
 * the negations are exact opposites, except that an ordering of what is no number never holds.
 */
const operators: Record<Exclude<Operator, 'exists' | 'notExists'>, Test> = {
  eq: (actual, expected) => every(actual, (one) => one === expected),
  neq: (actual, expected) => !every(actual, (one) => one === expected),
  in: (actual, expected) => every(actual, (one) => [expected].flat().includes(one as string)),
  lt: (actual, expected) => ordered(actual, expected, (a, b) => a < b),
  lte: (actual, expected) => ordered(actual, expected, (a, b) => a <= b),
  gt: (actual, expected) => ordered(actual, expected, (a, b) => a > b),
  gte: (actual, expected) => ordered(actual, expected, (a, b) => a >= b),
  contains: (actual, expected) => texts(actual).some((text) => text.includes(String(expected))),
  notContains: (actual, expected) => !texts(actual).some((text) => text.includes(String(expected))),
  matches: (actual, expected) => texts(actual).some((text) => new RegExp(String(expected)).test(text)),
  notMatches: (actual, expected) => !texts(actual).some((text) => new RegExp(String(expected)).test(text)),
  equals: (actual, expected, source) => {
    const [there, wanted] = [new Set(elements(actual, source)), new Set([expected].flat() as unknown[])]
    return there.size === wanted.size && there.isSubsetOf(wanted)
  },
  includes: (actual, expected, source) => {
    const there = new Set(elements(actual, source))
    return [expected].flat().every((one) => there.has(one))
  },
}

function every(actual: unknown, test: (one: unknown) => boolean): boolean {
  return Array.isArray(actual) ? actual.length > 0 && actual.every(test) : test(actual)
}

function ordered(actual: unknown, expected: unknown, test: (a: number, b: number) => boolean): boolean {
  return every(actual, (one) => {
    // A header is text even where it holds a number.
    const number = typeof one === 'string' && /^\s*-?\d+(\.\d+)?\s*$/.test(one) ? Number(one) : one
    return typeof number === 'number' && typeof expected === 'number' && test(number, expected)
  })
}

function texts(actual: unknown): string[] {
  return [actual].flat().map((one) => (typeof one === 'string' ? one : JSON.stringify(one)))
}

function elements(actual: unknown, source: string): unknown[] {
  if (source === 'header' && typeof actual === 'string') return actual.split(',').map((one) => one.trim())
  return [actual].flat()
}

function inWords({ source, name, path, op, value }: Assertion): string {
  const subject = [source, name ?? path].filter(Boolean).join(' ')
  if (value === undefined) return `${subject} ${op}`
  return `${subject} ${op} ${isDuration(source) && typeof value === 'number' ? formatDuration(value) : shown(value)}`
}

function gotInWords({ source }: Assertion, found: Found): string {
  if ('missing' in found) return found.missing
  if ('unreadable' in found) return found.unreadable
  return isDuration(source) && typeof found.value === 'number' ? formatDuration(found.value) : shown(found.value)
}
