import type { VedetteEvent } from '../model/event.ts'
import { changeText, effectOf, isTold, keyOf, supersededBy } from './incident.ts'
import { actText, describe } from './message.ts'
import type { Notice, NotifyInput, NotifyRules, NotifyState } from './notice.ts'
import { openingOf, settleRoute } from './notify-alerts.ts'
import { followClock } from './notify-clock.ts'
import { expire, forgetUnknown } from './notify-forget.ts'
import { isKnownToFail, pushNotice, putOff, removeNotice } from './notify-outbox.ts'
import { freeAtMs, noteCall } from './notify-pace.ts'
import { keepEnd, offerEnds } from './notify-refused.ts'
import { downAncestor, shadowEndMs } from './notify-routes.ts'

/** How many changes and decisions are kept to be mentioned. */
const mostChanges = 20

/** A route that fails, and has nothing to be told, is asked as often whether it works again. */
const askAgainMs = 600_000

/** What of a failover Vedette did, or would not do; that nothing is left to decide, or that it is ready, hides none of it. */
const acts = new Set<VedetteEvent['type']>([
  ...(['failover.started', 'failover.done', 'failover.verified'] as const),
  ...(['failover.refused', 'failover.asked', 'failover.failed'] as const),
])

/** It is asked again within this, whatever happens. */
const longestWaitMs = 60_000

/**
 * Takes in what has happened and gives the state after it: what is open, what each route has been told, and what is to be told
 * next (`outbox`). It compares what is open with what was told, so that the same event twice, or one that comes again after a
 * restart, tells nothing twice. `wakeMs` is when it has to be asked again, at the latest, though nothing happens.
 */
export function notify(
  before: NotifyState,
  inputs: readonly NotifyInput[],
  rules: NotifyRules,
  nowMs: number,
): { state: NotifyState; wakeMs: number } {
  const state = structuredClone(before)
  // A route or a monitor may be called `constructor`.
  for (const named of [state.incidents, state.alerts, state.acts, state.opened, state.calls, state.over])
    Object.setPrototypeOf(named, null)
  // By incident: the event that ended it.
  const ended = new Map<string, VedetteEvent>()
  followClock(state, nowMs)
  shadow(state, rules, nowMs)
  for (const input of inputs) take(state, input, ended, rules, nowMs)
  expire(state, nowMs)
  const destinations = new Set<string>()
  const wakes = rules.routes.map((route) => {
    const isRepeated = destinations.has(route.destination)
    destinations.add(route.destination)
    return settleRoute(state, route, { ended, isRepeated }, rules, nowMs)
  })
  const waiting = state.outbox.flatMap(({ notBeforeMs = 0 }) => (notBeforeMs > nowMs ? [notBeforeMs] : []))
  const shadowed = Object.values(state.incidents).flatMap((incident) => {
    const endMs = shadowEndMs(incident, rules)
    return endMs > nowMs ? [endMs] : []
  })
  const paced = rules.routes.flatMap((route) => {
    const freeMs = freeAtMs(state, route)
    return freeMs > nowMs && state.outbox.some((notice) => notice.route === route.name) ? [freeMs] : []
  })
  return { state, wakeMs: Math.min(nowMs + longestWaitMs, ...wakes, ...waiting, ...shadowed, ...paced) }
}

/** Notes which incidents lie in the shadow of a parent that is down. */
function shadow(state: NotifyState, rules: NotifyRules, nowMs: number): void {
  for (const incident of Object.values(state.incidents)) {
    const rule = incident.monitor === undefined ? undefined : rules.monitors.get(incident.monitor)
    if (rule && downAncestor(rule, state, rules) !== undefined) incident.shadowedMs = nowMs
  }
}

function take(
  state: NotifyState,
  input: NotifyInput,
  ended: Map<string, VedetteEvent>,
  rules: NotifyRules,
  nowMs: number,
): void {
  if (input.kind === 'event') takeEvent(state, input.event, ended, rules, nowMs)
  else if (input.kind === 'delivered') takeDelivery(state, input, ended, rules, nowMs)
  else if (input.kind === 'undelivered') takeFailure(state, input, ended, rules, nowMs)
  else if (input.kind === 'speaks') state.isSilent = !input.speaks
  else if (input.kind === 'started') {
    forgetUnknown(state, rules)
    if (input.isFresh) for (const { name } of rules.routes) offerRefused(state, name)
  } else takeClock(state, rules, nowMs)
}

function takeClock(state: NotifyState, rules: NotifyRules, nowMs: number): void {
  const heartbeat: VedetteEvent = { ...named(rules), atMs: nowMs, type: 'route.heartbeat', test: false }
  if (rules.heartbeatMs !== undefined && nowMs - state.heartbeatMs >= rules.heartbeatMs) {
    state.heartbeatMs = nowMs
    tell(state, heartbeat, rules, nowMs)
  }
  for (const route of rules.routes)
    if (isLeftFailing(state, route.name, rules, nowMs)) tell(state, heartbeat, { ...rules, routes: [route] }, nowMs)
}

/**
 * Whether a route fails that nothing else would find to work again: news that it did not take was given up. Where it refused an
 * alert for good it would take a sign of life, be told that alert anew, and fail anew.
 */
function isLeftFailing(state: NotifyState, route: string, rules: NotifyRules, nowMs: number): boolean {
  return (
    isFailing(state, route, rules) &&
    nowMs - (state.calls[route]?.at(-1) ?? 0) >= askAgainMs &&
    !state.outbox.some((notice) => notice.route === route) &&
    !Object.values(state.alerts[route] ?? {}).some(({ isRefused }) => isRefused)
  )
}

function takeEvent(
  state: NotifyState,
  event: VedetteEvent,
  ended: Map<string, VedetteEvent>,
  rules: NotifyRules,
  nowMs: number,
): void {
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
  if (change !== undefined) state.changes = [{ atMs: event.atMs, text: change }, ...state.changes].slice(0, mostChanges)
  if (isTold(event)) tell(state, event, rules, nowMs)
  if ('failover' in event && acts.has(event.type))
    state.acts[event.failover] = { atMs: event.atMs, text: actText(event) }
}

/** Whether something later is known of an incident already. */
function isStale(state: NotifyState, key: string, event: VedetteEvent, { isUnordered }: NotifyRules): boolean {
  if (!isUnordered) return false
  const known = state.incidents[key]
  return known ? event.atMs < known.event.atMs : event.atMs < (state.over[key] ?? 0)
}

/** Tells everybody of something that is no incident, where it is their hour, and nobody twice. */
function tell(state: NotifyState, event: VedetteEvent, rules: NotifyRules, nowMs: number): void {
  const destinations = new Set<string>()
  for (const route of rules.routes) {
    if (destinations.has(route.destination) || !openingOf(route, event, nowMs)) continue
    destinations.add(route.destination)
    pushNotice(state, route, { action: 'note', key: keyOf(rules, 'note', String(state.nextId)), event }, rules, nowMs)
  }
}

function takeDelivery(
  state: NotifyState,
  { id, ref }: Extract<NotifyInput, { kind: 'delivered' }>,
  ended: Map<string, VedetteEvent>,
  rules: NotifyRules,
  nowMs: number,
): void {
  const notice = removeNotice(state, id)
  if (!notice) return
  const { route } = notice
  noteCallOf(state, route, rules, nowMs)
  if (ref !== undefined) noteRef(state, notice, ref)
  offerRefused(state, route)
  if (isFailing(state, route, rules))
    takeEvent(state, { ...named(rules), atMs: nowMs, type: 'route.working', route }, ended, rules, nowMs)
}

/** What is said of an alert later belongs to its message, up to where an alert of the same key begins anew. */
function noteRef(state: NotifyState, { route, key }: Notice, ref: string): void {
  const later = state.outbox.filter((one) => one.route === route && one.key === key)
  const next = later.findIndex(({ action }) => action === 'open')
  for (const notice of next < 0 ? later : later.slice(0, next)) notice.ref = ref
  const alert = state.alerts[route]?.[key]
  if (alert && next < 0) alert.ref = ref
}

/** What a route refused is as if it had never been told: it is told anew, if it still is to be. */
function offerRefused(state: NotifyState, route: string): void {
  const alerts = state.alerts[route] ?? {}
  for (const { key, isRefused } of Object.values(alerts)) if (isRefused) delete alerts[key]
  offerEnds(state, route)
}

/** A route that cannot be told: its incidents go to the others too, who also hear of the route itself. */
function takeFailure(
  state: NotifyState,
  { id, reason, ...failed }: Extract<NotifyInput, { kind: 'undelivered' }>,
  ended: Map<string, VedetteEvent>,
  rules: NotifyRules,
  nowMs: number,
): void {
  const notice = state.outbox.find((one) => one.id === id)
  if (!notice) return
  noteCallOf(state, notice.route, rules, nowMs)
  const alert = state.alerts[notice.route]?.[notice.key]
  const isSaid = isKnownToFail(notice)
  if (!putOff(state, notice, failed, nowMs)) {
    if (notice.action === 'open' && alert) alert.isRefused = true
    if (notice.action === 'close' && failed.isFinal) keepEnd(state, notice)
  }
  // What waits behind it waits as long.
  const keys = [notice, ...state.outbox.filter((one) => one.route === notice.route)].map(({ key }) => key)
  for (const key of new Set(keys)) reroute(state, state.alerts[notice.route]?.[key]?.members ?? [])
  if (isSaid) return
  const { route } = notice
  const before = state.incidents[keyOf(rules, 'route', route)]?.event
  const isAsked = notice.event.type === 'route.heartbeat' && before?.type === 'route.failing'
  const unheard = isAsked ? before.unheard : describe(notice.event).title
  const event: VedetteEvent = { ...named(rules), atMs: nowMs, type: 'route.failing', route, reason, unheard }
  takeEvent(state, event, ended, rules, nowMs)
}

function reroute(state: NotifyState, keys: readonly string[]): void {
  for (const key of keys) {
    const incident = state.incidents[key]
    if (incident) incident.isRerouted = true
  }
}

function noteCallOf(state: NotifyState, route: string, rules: NotifyRules, nowMs: number): void {
  const rule = rules.routes.find(({ name }) => name === route)
  if (rule) noteCall(state, rule, nowMs)
}

function isFailing(state: NotifyState, route: string, rules: NotifyRules): boolean {
  return Object.hasOwn(state.incidents, keyOf(rules, 'route', route))
}

function named({ service, env }: NotifyRules) {
  return { service, ...(env !== undefined && { env }) }
}
