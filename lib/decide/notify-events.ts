import type { ChangeNote, VedetteEvent } from '../model/event.ts'
import { stableHash } from '../model/stable-hash.ts'
import { actText } from './event-text.ts'
import { changeText, effectOf, isTold, keyOf, supersededBy } from './incident.ts'
import type { NotifyRules, NotifyState } from './notice.ts'
import { openingOf } from './notify-alerts.ts'
import { pushNotice } from './notify-outbox.ts'

/** How many changes and decisions are kept to be mentioned. */
const mostChanges = 20

/** What of a failover Vedette did, or would not do; that nothing is left to decide, or that it is ready, hides none of it. */
const acts = new Set<VedetteEvent['type']>([
  ...(['failover.started', 'failover.done', 'failover.verified'] as const),
  ...(['failover.refused', 'failover.asked', 'failover.failed'] as const),
])

/** Takes an event in: what it opens, closes and changes; `ended` is given the incidents that it closed. */
export function takeEvent(
  state: NotifyState,
  event: VedetteEvent,
  ended: Map<string, VedetteEvent>,
  rules: NotifyRules,
  nowMs: number,
): void {
  if (isTold(event) && isRepeated(state, event, rules, nowMs)) return
  const effect = effectOf(event, (monitor) => rules.monitors.get(monitor)?.severity ?? 'page')
  for (const key of [...(effect.does === 'close' ? effect.keys : []), ...supersededBy(event)]) {
    if (isStale(state, key, event, rules)) continue
    if (Object.hasOwn(state.incidents, key)) ended.set(key, event)
    delete state.incidents[key]
    if (rules.isUnordered) state.over[key] = event.atMs
  }
  if (effect.does === 'open' && !isStale(state, effect.key, event, rules)) {
    const { key, severity, monitor } = effect
    const known = state.incidents[key]
    state.incidents[key] = known
      ? { ...known, event, heardMs: nowMs }
      : { key, severity, ...(monitor !== undefined && { monitor }), event, openedMs: nowMs, heardMs: nowMs }
    if (rules.routes.some(({ name, list }) => list === severity && isFailing(state, name, rules))) reroute(state, [key])
  }
  const change = changeText(event)
  if (change !== undefined) noteChange(state, { atMs: event.atMs, text: change })
  if (isTold(event)) tell(state, event, rules, nowMs)
  if ('failover' in event && acts.has(event.type)) noteAct(state, event, rules)
}

/** Where messages may come twice, what is no incident is known by what it says and of when; takes note of it. */
function isRepeated(state: NotifyState, event: VedetteEvent, rules: NotifyRules, nowMs: number): boolean {
  if (!rules.isUnordered) return false
  const key = keyOf(rules, 'told', event.type, `${event.atMs}-${stableHash(JSON.stringify(event))}`)
  if (Object.hasOwn(state.over, key)) return true
  state.over[key] = nowMs
  return false
}

/** Newest first. */
function noteChange(state: NotifyState, change: ChangeNote): void {
  state.changes = [change, ...state.changes].sort((a, b) => b.atMs - a.atMs).slice(0, mostChanges)
}

/** What was done last: where messages come in any order, not what was heard of last. */
function noteAct(state: NotifyState, event: VedetteEvent & { failover: string }, { isUnordered }: NotifyRules): void {
  const known = state.acts[event.failover]
  if (isUnordered && known && event.atMs < known.atMs) return
  state.acts[event.failover] = { atMs: event.atMs, text: actText(event) }
}

/** Whether something later is known of an incident already. */
function isStale(state: NotifyState, key: string, event: VedetteEvent, { isUnordered }: NotifyRules): boolean {
  if (!isUnordered) return false
  const known = state.incidents[key]
  return known ? event.atMs < known.event.atMs : event.atMs < (state.over[key] ?? 0)
}

/** Tells everybody of something that is no incident, where it is their hour, and nobody twice. */
export function tell(state: NotifyState, event: VedetteEvent, rules: NotifyRules, nowMs: number): void {
  const destinations = new Set<string>()
  for (const route of rules.routes) {
    if (destinations.has(route.destination) || !openingOf(route, event, nowMs)) continue
    destinations.add(route.destination)
    pushNotice(state, route, { action: 'note', key: keyOf(rules, 'note', String(state.nextId)), event }, rules, nowMs)
  }
}

/** Has the routes of the other list told of these incidents too. */
export function reroute(state: NotifyState, keys: readonly string[]): void {
  for (const key of keys) {
    const incident = state.incidents[key]
    if (incident) incident.isRerouted = true
  }
}

/** Whether a route is known not to take what it is told. */
export function isFailing(state: NotifyState, route: string, rules: NotifyRules): boolean {
  return Object.hasOwn(state.incidents, keyOf(rules, 'route', route))
}

/** What every event begins with. */
export function eventOf({ service, env }: NotifyRules, atMs: number) {
  return { service, ...(env !== undefined && { env }), atMs }
}
