import { parseJsonPath } from '../model/json-path.ts'
import type { Assertion } from '../model/monitor.ts'
import { shown } from '../model/problem.ts'
import type { Observation } from '../model/result.ts'

/** The value that an assertion is about, why there is none, or why nobody can tell. */
export type Found = { value: unknown } | { missing: string } | { unreadable: string }

type Seen = Observation & { durationMs: number; json?: { value: unknown } | { error: string } }

/** Looks up what an assertion's source names in what a probe saw. A body is parsed as JSON once for all assertions. */
export function observedValue(assertion: Assertion, seen: Seen): Found {
  const { source } = assertion
  const observed = seen.observed as Record<string, unknown>
  switch (source) {
    case 'duration':
      return { value: seen.durationMs }
    case 'status':
      return found(observed.statusCode, 'no status')
    case 'body':
      return found(seen.body, 'no body')
    case 'header':
      return headerValue(observed.headers as Record<string, string | string[]> | undefined, assertion.name ?? '')
    case 'json':
      return jsonValue(seen, assertion.path ?? '$')
    case 'answers':
      return { value: observed.answers ?? [] }
    case 'ttl':
      return ttls(observed.records as { ttl: number }[] | undefined)
  }
  if (source.startsWith('phases.')) return walk(seen, source.split('.'), source)
  return walk(observed, source.split('.'), source)
}

function found(value: unknown, missing: string): Found {
  return value === undefined ? { missing } : { value }
}

/** Lines of the same header are one list (RFC 9110 §5.3). */
function headerValue(headers: Record<string, string | string[]> | undefined, name: string): Found {
  const value = headers?.[name]
  return found(Array.isArray(value) ? value.join(', ') : value, `no header ${name}`)
}

function ttls(records: { ttl: number }[] | undefined): Found {
  if (!records || records.length === 0) return { missing: 'no records' }
  return { value: records.map(({ ttl }) => ttl) }
}

function jsonValue(seen: Seen, path: string): Found {
  seen.json ??= parseBody(seen.body)
  if ('error' in seen.json) return { unreadable: seen.json.error }
  const there = walk(seen.json.value, parseJsonPath(path) ?? [], path)
  const isDeep = 'value' in there && isDeeperThan(maxDepth, there.value)
  return isDeep ? { unreadable: `JSON that is nested more than ${maxDepth} levels deep` } : there
}

/** A parser may have a limit (RFC 8259 §9). V8's has none, but what else goes down a value has that of the stack. */
const maxDepth = 500

function isDeeperThan(levels: number, value: unknown): boolean {
  let level = [value]
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > levels) return true
    level = level.flatMap((one) => (typeof one === 'object' && one !== null ? Object.values(one) : []))
  }
  return false
}

function parseBody(body: string | undefined): { value: unknown } | { error: string } {
  if (body === undefined || body.trim() === '') return { error: 'an empty body, which is no JSON' }
  try {
    return { value: JSON.parse(body) }
  } catch {
    return { error: `a body that is no JSON: ${shown(body.slice(0, 200))}` }
  }
}

/** Follows a path step by step, so that what is missing can be told with what was there instead. */
function walk(from: unknown, steps: (string | number)[], path: string): Found {
  let value = from
  let at = path.startsWith('$') ? '$' : ''
  for (const step of steps) {
    const isList = Array.isArray(value)
    const isObject = typeof value === 'object' && value !== null && !isList
    const has =
      (isList && typeof step === 'number' && step < (value as unknown[]).length) ||
      (isObject && Object.hasOwn(value as object, step))
    if (!has)
      return {
        missing: at === '' || at === '$' ? `no ${path} in ${shown(value)}` : `no ${path}: ${at} is ${shown(value)}`,
      }
    value = (value as Record<string | number, unknown>)[step]
    at += typeof step === 'number' ? `[${step}]` : at === '' ? step : `.${step}`
  }
  return { value }
}
