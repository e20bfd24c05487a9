import { rcodes } from './dns-names.ts'
import { parseDuration } from './duration.ts'
import { pattern } from './fields.ts'
import { parseJsonPath } from './json-path.ts'
import type { Assertion, Kind, Scalar } from './monitor.ts'
import { didYouMean, formatPath, type Problem, shown } from './problem.ts'
import { operatorsOf, type SourceSpec, sources } from './sources.ts'

type Unchecked = Omit<Assertion, 'level'>

/** What is wrong with an assertion on a monitor of this kind: its source, further keys, operator and value. */
export function checkAssertion(assertion: Unchecked, kind: Kind, at: readonly PropertyKey[]): Problem[] {
  const known = sources[kind]
  const spec = Object.hasOwn(known, assertion.source) ? known[assertion.source] : undefined
  if (!spec) {
    const names = Object.keys(known)
    const hint = didYouMean(assertion.source, names) ?? `known for ${kind}: ${names.join(', ')}`
    return [
      {
        path: formatPath([...at, 'source']),
        expected: `a source of ${kind} monitors`,
        got: shown(assertion.source),
        hint,
      },
    ]
  }
  return [...checkKeys(assertion, spec, at), ...checkOperator(assertion, spec, at)]
}

function checkKeys({ source, name, path }: Unchecked, spec: SourceSpec, at: readonly PropertyKey[]): Problem[] {
  const problems: Problem[] = []
  for (const [key, value] of [
    ['name', name],
    ['path', path],
  ] as const) {
    if (spec.needs === key && !value)
      problems.push({
        path: formatPath([...at, key]),
        expected: `a ${key}, which the source ${source} needs`,
        got: shown(value),
      })
    if (spec.needs !== key && value !== undefined)
      problems.push({
        path: formatPath([...at, key]),
        expected: `no ${key} beside the source ${source}`,
        got: shown(value),
      })
  }
  if (spec.needs === 'path' && path && !parseJsonPath(path))
    problems.push({
      path: formatPath([...at, 'path']),
      expected: 'a JSON path such as "$.a.b", "$.list[0]" or "$[\'a key\']"',
      got: shown(path),
    })
  return problems
}

function checkOperator({ source, op, value }: Unchecked, spec: SourceSpec, at: readonly PropertyKey[]): Problem[] {
  const allowed = operatorsOf[spec.type]
  if (!allowed.includes(op))
    return [{ path: formatPath([...at, 'op']), expected: `one of ${allowed.join(', ')} for ${source}`, got: shown(op) }]
  const expected = wrongValue(source, op, value, spec)
  return expected ? [{ path: formatPath([...at, 'value']), expected, got: shown(value) }] : []
}

/** What the value should have been, where it is wrong. */
function wrongValue(
  source: string,
  op: Assertion['op'],
  value: Assertion['value'],
  spec: SourceSpec,
): string | undefined {
  switch (op) {
    case 'exists':
    case 'notExists':
      return value === undefined ? undefined : `no value beside ${op}`
    case 'in':
      if (!Array.isArray(value)) return 'a list of values'
      return value.map((one) => wrongScalar(source, one, spec)).find(Boolean)
    case 'equals':
    case 'includes':
      if (value === undefined) return 'a value or a list of values'
      return [value]
        .flat()
        .map((one) => wrongScalar(source, one, spec))
        .find(Boolean)
    case 'matches':
    case 'notMatches':
      return pattern.safeParse(value).error?.issues[0]?.message
    case 'contains':
    case 'notContains':
      return typeof value === 'string' ? undefined : 'a text'
    case 'lt':
    case 'lte':
    case 'gt':
    case 'gte':
      if (spec.type === 'duration') return wrongScalar(source, value, spec)
      return typeof value === 'number' ? undefined : 'a number: only numbers have an order'
    default:
      return Array.isArray(value) ? 'one value, or the operator "in" for a list' : wrongScalar(source, value, spec)
  }
}

function wrongScalar(source: string, value: Scalar | Scalar[] | undefined, { type }: SourceSpec): string | undefined {
  if (value === undefined) return 'a value'
  if (source === 'rcode')
    return (rcodes as readonly unknown[]).includes(String(value).toUpperCase())
      ? undefined
      : `a response code: ${rcodes.join(', ')}`
  if (type === 'number' || source === 'ttl') return typeof value === 'number' ? undefined : 'a number'
  if (type === 'flag') return typeof value === 'boolean' ? undefined : 'true or false'
  if (type === 'text' || source === 'answers') return typeof value === 'string' ? undefined : 'a text'
  if (type !== 'duration' || typeof value === 'number') return undefined
  return typeof value === 'string' && parseDuration(value) !== undefined ? undefined : 'a duration such as "800ms"'
}
