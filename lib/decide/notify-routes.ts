import { inHours } from './business-hours.ts'
import { keyOf } from './incident.ts'
import { inMaintenance } from './maintenance.ts'
import type { Incident, MonitorRule, NotifyRules, NotifyState, RouteRule } from './notice.ts'

/**
 * Whether a route is the place for an incident, whatever the hour. Nothing is lost for want of a route: what no route of its
 * list takes by its tags goes to all of the list, and where the list is empty to the other one. A standby tells everybody.
 */
export function takes(route: RouteRule, incident: Incident, rules: NotifyRules): boolean {
  const tags = tagsOf(incident, rules)
  if (route.mute.some((tag) => tags.includes(tag))) return false
  // A route is not told that it cannot be told.
  if (incident.event.type === 'route.failing') return othersOf(incident.event.route, rules).includes(route)
  const list = rules.routes.filter((one) => one.list === route.list)
  const isElsewhere = incident.isRerouted || !rules.routes.some((one) => one.list === incident.severity)
  return (route.list === incident.severity || isElsewhere || rules.isStandby) && fits(route, tags, list)
}

function fits(route: RouteRule, tags: readonly string[], list: readonly RouteRule[]): boolean {
  const isFor = (one: RouteRule) => one.tags === undefined || one.tags.some((tag) => tags.includes(tag))
  return isFor(route) || !list.some(isFor)
}

/** The routes of the other list, or any other where there are none. */
function othersOf(name: string, { routes }: NotifyRules): RouteRule[] {
  const own = routes.find((route) => route.name === name)
  const rest = routes.filter((route) => route.name !== name && route.destination !== own?.destination)
  const others = rest.filter((route) => route.list !== own?.list)
  return others.length > 0 ? others : rest
}

function tagsOf({ monitor }: Incident, rules: NotifyRules): readonly string[] {
  return monitor === undefined ? [] : (rules.monitors.get(monitor)?.tags ?? [])
}

/** Why nobody is told of an incident now; what has been told stays told. */
export function mutedBy(incident: Incident, state: NotifyState, rules: NotifyRules, nowMs: number) {
  const monitor = incident.monitor === undefined ? undefined : rules.monitors.get(incident.monitor)
  if (!monitor) return undefined
  if (monitor.tags.some((tag) => rules.mute.includes(tag))) return 'tag'
  if (inMaintenance(monitor.maintenance, nowMs)) return 'maintenance'
  return downAncestor(monitor, state, rules) === undefined ? undefined : 'parent'
}

/** Whether a route may be told of something new at this hour. */
export function isOpenAt({ hours }: RouteRule, nowMs: number): boolean {
  return hours === undefined || inHours(hours, nowMs)
}

/** A monitor that is down and that this one depends on, at whatever remove. */
function downAncestor(monitor: MonitorRule, state: NotifyState, rules: NotifyRules): string | undefined {
  for (const id of ancestorsOf(monitor, rules)) if (Object.hasOwn(state.incidents, keyOf(rules, id))) return id
  return undefined
}

function* ancestorsOf(monitor: MonitorRule, rules: NotifyRules): Generator<string> {
  const seen = new Set<string>([monitor.id])
  const queue = [...monitor.dependsOn]
  for (let id = queue.shift(); id !== undefined; id = queue.shift()) {
    if (seen.has(id)) continue
    seen.add(id)
    yield id
    queue.push(...(rules.monitors.get(id)?.dependsOn ?? []))
  }
}

/** How many monitors are down beneath this one. */
export function dependantsOf(incident: Incident, state: NotifyState, rules: NotifyRules): number {
  const { monitor, event } = incident
  if (monitor === undefined || event.type !== 'monitor.down') return 0
  return Object.values(state.incidents).filter((other) => {
    if (other.event.type !== 'monitor.down' || other.monitor === undefined || other.monitor === monitor) return false
    const rule = rules.monitors.get(other.monitor)
    return rule !== undefined && rule.dependsOn.length > 0 && [...ancestorsOf(rule, rules)].includes(monitor)
  }).length
}
