import type { FailoverParsed } from './config-schema.ts'
import { checkEndpointIds, checkFailover, checkRecords } from './failover-rules.ts'
import { checkUnique, type Id, idsOf, unknownId } from './ids.ts'
import type { Monitor } from './monitor.ts'
import { overridable } from './overridable.ts'
import { didYouMean, formatPath, type Problem, shown } from './problem.ts'
import { nameOf } from './route-schema.ts'

/** A config as written, and what could be read of it: rules between its parts are checked even where some are wrong. */
export interface Written {
  input: Record<string, unknown>
  /** By place in the list; where one is wrong in itself, with stand-ins for what is wrong; undefined where that cannot be. */
  monitors: (Monitor | undefined)[]
  failovers: (FailoverParsed | undefined)[]
}

/** What is wrong between the parts of a config: ids that are not unique, and references that lead nowhere. */
export function checkConfig(written: Written): Problem[] {
  const monitorIds = idsOf(written.input.monitors)
  const vantageIds = idsOf(written.input.vantages)
  return [
    ...checkUnique(monitorIds, ['monitors'], 'id'),
    ...checkUnique(vantageIds, ['vantages']),
    ...checkUnique(idsOf(written.input.controllers), ['controllers']),
    ...checkUnique(idsOf(written.input.failovers), ['failovers'], 'id'),
    ...checkRouteNames(written.input.routes),
    ...checkAllowed(written.input.allow),
    ...listOf(written.input.monitors).flatMap((monitor, i) => checkReferences(monitor, i, monitorIds, vantageIds)),
    ...checkCycles(written.monitors),
    ...checkRecords(written.failovers),
    ...checkEndpointIds(written.failovers),
    ...written.failovers.flatMap((failover, i) =>
      failover ? checkFailover(failover, i, written, monitorIds, vantageIds) : [],
    ),
  ]
}

/** A rule that there is not cannot be overridden: a slip of the pen would be found at the deploy. */
function checkAllowed(allow: unknown): Problem[] {
  if (typeof allow !== 'object' || allow === null || Array.isArray(allow)) return []
  const unknown = Object.keys(allow).filter((name) => !(overridable as readonly string[]).includes(name))
  return unknown.map((name) => ({
    path: formatPath(['allow', name]),
    expected: 'the name of a rule that can be overridden',
    got: shown(name),
    hint: didYouMean(name, overridable) ?? `there are ${overridable.join(', ')}`,
  }))
}

/** Every route has a name of its own: one that it was given, or its list and place. */
function checkRouteNames(routes: unknown): Problem[] {
  const seen = new Map<string, string>()
  return (['page', 'ticket'] as const).flatMap((list) =>
    listOf((routes as Record<string, unknown> | undefined)?.[list]).flatMap((route, i): Problem[] => {
      const given = (route as { name?: unknown } | null)?.name
      const name = nameOf(list, i, typeof given === 'string' ? { name: given } : {})
      const path = formatPath(['routes', list, i, 'name'])
      const other = seen.get(name)
      seen.set(name, path)
      if (other === undefined) return []
      return [{ path, expected: 'a name of its own', got: JSON.stringify(name), hint: `${other} has it too` }]
    }),
  )
}

/** Looks at a monitor as it is written: what is wrong elsewhere in it hides no reference that leads nowhere. */
function checkReferences(monitor: unknown, i: number, monitorIds: Id[], vantageIds: Id[]): Problem[] {
  const { dependsOn, vantages, quorum } = (monitor ?? {}) as Record<string, unknown>
  const at = ['monitors', i]
  const problems: Problem[] = []
  for (const [k, parent] of listOf(dependsOn).entries()) {
    if (typeof parent === 'string' && !monitorIds.includes(parent))
      problems.push(unknownId([...at, 'dependsOn', k], 'monitor', parent, monitorIds))
  }
  for (const [k, vantage] of listOf(vantages).entries()) {
    if (typeof vantage === 'string' && !vantageIds.includes(vantage))
      problems.push(unknownId([...at, 'vantages', k], 'vantage', vantage, vantageIds))
  }
  problems.push(...checkUnique(idsOf(vantages), [...at, 'vantages']))
  const places = Array.isArray(vantages) ? vantages.length : vantageIds.length
  const fail = (quorum as { fail?: unknown } | undefined)?.fail
  if (typeof fail === 'number' && places > 0 && fail > places) {
    const path = formatPath([...at, 'quorum', 'fail'])
    problems.push({ path, expected: `at most the number of its vantages, ${places}`, got: String(fail) })
  }
  return problems
}

/** Monitors that depend on each other in a circle would mute each other for ever. */
function checkCycles(monitors: (Monitor | undefined)[]): Problem[] {
  const parents = new Map(monitors.flatMap((monitor) => (monitor ? [[monitor.id, monitor.dependsOn] as const] : [])))
  const reaches = (from: string, target: string, seen: Set<string>): boolean =>
    (parents.get(from) ?? []).some((parent) => {
      if (parent === target) return true
      if (seen.has(parent)) return false
      seen.add(parent)
      return reaches(parent, target, seen)
    })
  return monitors.flatMap((monitor, i): Problem[] =>
    monitor && reaches(monitor.id, monitor.id, new Set())
      ? [
          {
            path: formatPath(['monitors', i, 'dependsOn']),
            expected: 'no circle of monitors',
            got: `${monitor.id} depends on itself`,
          },
        ]
      : [],
  )
}

/** A list as written; nothing where it is none. */
export function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : []
}
