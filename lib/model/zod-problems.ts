import type { z } from 'zod'
import { didYouMean, formatPath, type Problem, shown } from './problem.ts'

type Issue = z.core.$ZodIssue

/** Values below these keys may be secrets: they are never repeated. */
const secretKeys = new Set(['auth', 'proxy', 'headers', 'body', 'send', 'dialog'])

/** What a route has beside secrets, and the URLs that are as good as one. */
const openKeysOfRoutes = new Set([
  'kind',
  'name',
  'tags',
  'mute',
  'hours',
  'days',
  'from',
  'to',
  'timeZone',
  'channel',
  'topicArn',
])

function maybeSecret(path: readonly PropertyKey[]): boolean {
  if (path[0] !== 'routes') return path.some((key) => secretKeys.has(String(key)))
  const key = path.findLast((one) => typeof one === 'string')
  return !openKeysOfRoutes.has(String(key))
}

/** What a schema found wrong, as problems: each with its path, what was expected, what was got, and a hint. */
export function toProblems(
  issues: readonly Issue[],
  input: unknown,
  at: readonly PropertyKey[],
  knownKeys: (path: readonly PropertyKey[]) => readonly string[],
): Problem[] {
  return issues.flatMap((issue) => {
    if (issue.code === 'unrecognized_keys')
      return issue.keys.map((key) => unknownKey(key, [...at, ...issue.path], knownKeys(issue.path)))
    // The keys of a record are judged by their own schema; what is wrong with them stands inside.
    if (issue.code === 'invalid_key')
      return [problemOf({ ...issue, message: issue.issues[0]?.message ?? issue.message }, issue.path.at(-1), at)]
    if (issue.code === 'invalid_union') return fromUnion(issue, input, at, knownKeys)
    return [problemOf(issue, valueAt(input, issue.path), at)]
  })
}

/** A longer list helps nobody. */
const mostKnown = 12

/** A key that no one knows, with the known one that it may have meant. */
function unknownKey(key: string, at: readonly PropertyKey[], known: readonly string[]): Problem {
  const hint =
    didYouMean(key, known) ??
    (known.length > 0 && known.length <= mostKnown ? `known here: ${known.join(', ')}` : undefined)
  return { path: formatPath([...at, key]), expected: 'a known key', got: JSON.stringify(key), ...(hint && { hint }) }
}

/** Where all but one of a union's shapes are out of the question, that one's problems say more than the union's. */
function fromUnion(
  issue: Extract<Issue, { code: 'invalid_union' }>,
  input: unknown,
  at: readonly PropertyKey[],
  knownKeys: (path: readonly PropertyKey[]) => readonly string[],
): Problem[] {
  const value = valueAt(input, issue.path)
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
  const near = issue.errors.filter((errors) =>
    errors.every(({ path, code }) => path.length > 0 && code !== 'invalid_union'),
  )
  const [only] = near
  if (!isObject || near.length !== 1 || !only) return [problemOf(issue, value, at)]
  const nested = only.map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] }))
  return toProblems(nested, input, at, knownKeys)
}

function problemOf(issue: Issue, value: unknown, at: readonly PropertyKey[]): Problem {
  const path = [...at, ...issue.path]
  const got =
    maybeSecret(path) && value !== undefined
      ? `${article(value)} (not shown: it may be a secret)`
      : shown(withoutCredentials(value))
  const hint = hintFor(issue, value, path)
  return { path: formatPath(path), expected: expectation(issue), got, ...(hint && { hint }) }
}

function expectation(issue: Issue): string {
  if (issue.code === 'invalid_type' && issue.message.startsWith('Invalid input'))
    return issue.expected === 'object' ? 'an object' : `a ${issue.expected}`
  return issue.message
}

/** A URL without its user, password and query. */
function withoutCredentials(value: unknown): unknown {
  return typeof value === 'string' ? value.replace(/\/\/[^/?#]*@/, '//…@').replace(/\?.*/, '?…') : value
}

function article(value: unknown): string {
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}

function hintFor(issue: Issue, value: unknown, path: readonly PropertyKey[]): string | undefined {
  if (value === undefined) return `add the key ${JSON.stringify(String(path.at(-1)))}`
  if (typeof value === 'string' && !maybeSecret(path)) {
    const meant = didYouMean(value, wordsOf(issue))
    if (meant) return meant
  }
  if (typeof value === 'number' && issue.message.startsWith('a duration')) return `did you mean "${value}s"?`
  return undefined
}

/** The words that would have been right, where it is one of a few. */
function wordsOf(issue: Issue): string[] {
  if (issue.code === 'invalid_value') return issue.values.filter((word) => typeof word === 'string')
  // Of the key that tells the shapes of a union apart.
  if (issue.code !== 'invalid_union' || !('options' in issue)) return []
  return [issue.options].flat().filter((word) => typeof word === 'string')
}

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((value, key) => (value as Record<PropertyKey, unknown> | null | undefined)?.[key], input)
}
