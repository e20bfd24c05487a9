import type { VedetteEvent } from '../model/event.ts'
import { describe } from './event-text.ts'
import { keyOf } from './incident.ts'
import type { Notice, NotifyInput, NotifyRules, NotifyState } from './notice.ts'
import { eventOf, isFailing, reroute, takeEvent } from './notify-events.ts'
import { isKnownToFail, putOff, removeNotice } from './notify-outbox.ts'
import { noteCall } from './notify-pace.ts'
import { forgetEnd, giveUpBeginning, keepEnd, offerEnds, restOf } from './notify-refused.ts'

/** A route that fails, and has nothing to be told, is asked as often whether it works again. */
const askAgainMs = 600_000

/**
 * Whether a route fails that nothing else would find to work again: news that it did not take was given up. Where it refused an
 * alert for good it would take a sign of life, be told that alert anew, and fail anew.
 */
export function isLeftFailing(state: NotifyState, route: string, rules: NotifyRules, nowMs: number): boolean {
  return (
    isFailing(state, route, rules) &&
    nowMs - (state.calls[route]?.at(-1) ?? 0) >= askAgainMs &&
    !state.outbox.some((notice) => notice.route === route) &&
    !Object.values(state.alerts[route] ?? {}).some(({ isRefused }) => isRefused)
  )
}

/** A route took a notice: it works, if it did not. */
export function takeDelivery(
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
  forgetEnd(state, notice)
  offerRefused(state, route)
  if (isFailing(state, route, rules))
    takeEvent(state, { ...eventOf(rules, nowMs), type: 'route.working', route }, ended, rules, nowMs)
}

/** What is said of an alert later belongs to its message. */
function noteRef(state: NotifyState, notice: Notice, ref: string): void {
  const { rest, beginsAnew } = restOf(state, notice)
  for (const later of rest) later.ref = ref
  const alert = state.alerts[notice.route]?.[notice.key]
  if (alert && !beginsAnew) alert.ref = ref
}

/** What a route refused is as if it had never been told: it is told anew, if it still is to be. */
export function offerRefused(state: NotifyState, route: string): void {
  const alerts = state.alerts[route] ?? {}
  for (const { key, isRefused } of Object.values(alerts)) if (isRefused) delete alerts[key]
  offerEnds(state, route)
}

/** A route that cannot be told: its incidents go to the others too, who also hear of the route itself. */
export function takeFailure(
  state: NotifyState,
  { id, reason, ...failed }: Extract<NotifyInput, { kind: 'undelivered' }>,
  ended: Map<string, VedetteEvent>,
  rules: NotifyRules,
  nowMs: number,
): void {
  const notice = state.outbox.find((one) => one.id === id)
  if (!notice) return
  noteCallOf(state, notice.route, rules, nowMs)
  const isSaid = isKnownToFail(notice)
  if (!putOff(state, notice, failed, nowMs)) {
    if (notice.action === 'open') giveUpBeginning(state, notice, failed.isFinal)
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
  const event: VedetteEvent = { ...eventOf(rules, nowMs), type: 'route.failing', route, reason, unheard }
  takeEvent(state, event, ended, rules, nowMs)
}

function noteCallOf(state: NotifyState, route: string, rules: NotifyRules, nowMs: number): void {
  const rule = rules.routes.find(({ name }) => name === route)
  if (rule) noteCall(state, rule, nowMs)
}
