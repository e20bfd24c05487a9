import type { VedetteEvent } from '../model/event.ts'
import type { NotifyInput, NotifyRules, NotifyState } from './notice.ts'
import { settleRoute } from './notify-alerts.ts'
import { followClock } from './notify-clock.ts'
import { isLeftFailing, offerRefused, takeDelivery, takeFailure } from './notify-deliveries.ts'
import { eventOf, takeEvent, tell } from './notify-events.ts'
import { expire, forgetUnknown } from './notify-forget.ts'
import { freeAtMs } from './notify-pace.ts'
import { downAncestor, shadowEndMs } from './notify-routes.ts'

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
  else if (input.kind === 'speaks') takeSpeaks(state, input, rules)
  else if (input.kind === 'started') {
    forgetUnknown(state, rules)
    if (input.isFresh) for (const { name } of rules.routes) offerRefused(state, name)
  } else takeClock(state, rules, nowMs)
}

/** Where messages come in any order, older news of who speaks undoes no newer. */
function takeSpeaks(
  state: NotifyState,
  { speaks, atMs }: Extract<NotifyInput, { kind: 'speaks' }>,
  { isUnordered }: NotifyRules,
): void {
  if (isUnordered && atMs < (state.speaksMs ?? 0)) return
  state.isSilent = !speaks
  state.speaksMs = atMs
}

function takeClock(state: NotifyState, rules: NotifyRules, nowMs: number): void {
  const heartbeat: VedetteEvent = { ...eventOf(rules, nowMs), type: 'route.heartbeat', test: false }
  if (rules.heartbeatMs !== undefined && nowMs - state.heartbeatMs >= rules.heartbeatMs) {
    state.heartbeatMs = nowMs
    tell(state, heartbeat, rules, nowMs)
  }
  for (const route of rules.routes)
    if (isLeftFailing(state, route.name, rules, nowMs)) tell(state, heartbeat, { ...rules, routes: [route] }, nowMs)
}
