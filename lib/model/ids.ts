import { id as idField } from './fields.ts'
import { didYouMean, formatPath, type Problem, shown } from './problem.ts'
import { regions } from './regions.ts'

export type Id = string | undefined

/** The ids of a list as written: of objects their `id`, of texts the text itself. */
export function idsOf(list: unknown): Id[] {
  if (!Array.isArray(list)) return []
  return list.map((item) => {
    const id = typeof item === 'string' ? item : (item as { id?: unknown } | null)?.id
    return typeof id === 'string' ? id : undefined
  })
}

/** Ids that stand in a list before. */
export function checkUnique(ids: Id[], list: PropertyKey[], ...key: string[]): Problem[] {
  return ids.flatMap((id, i): Problem[] => {
    const first = ids.indexOf(id)
    if (id === undefined || first === i) return []
    const hint = `${formatPath([...list, first])} has it too`
    return [{ path: formatPath([...list, i, ...key]), expected: 'an id of its own', got: shown(id), hint }]
  })
}

/** A reference that leads nowhere; what is offered instead is right itself. */
export function unknownId(path: readonly PropertyKey[], what: string, id: string, known: readonly Id[]): Problem {
  const hint = didYouMean(
    id,
    known.filter((other) => other !== undefined).filter((other) => idField.safeParse(other).success && !isSlip(other)),
  )
  return { path: formatPath(path), expected: `the id of a ${what}`, got: shown(id), ...(hint && { hint }) }
}

/** The name of a region with a slip of the pen in it. */
function isSlip(id: string): boolean {
  return !(regions as readonly string[]).includes(id) && didYouMean(id, regions) !== undefined
}
