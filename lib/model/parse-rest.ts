import type { z } from 'zod'

type Issue = z.core.$ZodIssue

/**
 * What a schema makes of an input without the keys that it refused: without these alone, or where what holds them cannot be
 * without them, without that whole (a key of the input, or of an element of one of its lists). What stands in lists keeps its
 * place. `withStandIns` adds what must be there; undefined where nothing helps.
 */
export function parseRest<T>(
  shape: z.ZodType<T>,
  input: unknown,
  issues: readonly Issue[],
  withStandIns: (right: Record<string, unknown>) => Record<string, unknown>,
): T | undefined {
  const paths = issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys' ? issue.keys.map((key) => [...issue.path, key]) : [issue.path],
  )
  const elements = paths.map((path) => path.slice(0, typeof path[1] === 'number' ? 3 : 1))
  for (const wrong of [paths, elements, paths.map((path) => path.slice(0, 1))]) {
    const right = wrong.reduce<unknown>((rest, path) => {
      const end = path.findLastIndex((key) => typeof key === 'string') + 1
      return without(rest, path.slice(0, end))
    }, input)
    const { data } = shape.safeParse(withStandIns(right as Record<string, unknown>))
    if (data !== undefined) return data
  }
  return undefined
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
