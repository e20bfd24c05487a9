import type { Notice, NotifyState } from './notice.ts'

/** Nobody looks after more alerts that would not end. */
const mostKept = 200

/** What is refused as often, though other things are taken, never will be taken. */
const mostRefusals = 5

/** Keeps an end that a route refused: without it the alert would be open there for ever. One that is refused again and again is given up. */
export function keepEnd(state: NotifyState, notice: Notice): void {
  const refusals = (notice.refusals ?? 0) + 1
  if (refusals >= mostRefusals) return
  // It is not given up yet.
  state.lost--
  state.refused = [...state.refused, { ...notice, refusals }].slice(-mostKept)
}

/** What waits of the same alert behind a notice, up to where one of the same key begins anew. */
export function restOf({ outbox }: NotifyState, { route, key }: Notice): { rest: Notice[]; beginsAnew: boolean } {
  const later = outbox.filter((one) => one.route === route && one.key === key)
  const next = later.findIndex(({ action }) => action === 'open')
  return { rest: next < 0 ? later : later.slice(0, next), beginsAnew: next >= 0 }
}

/** A beginning is given up. What a route refused it never heard of, and is not told the rest of; what merely failed it may have. */
export function giveUpBeginning(state: NotifyState, notice: Notice, isUnheard: boolean): void {
  const { rest, beginsAnew } = restOf(state, notice)
  if (isUnheard) state.outbox = state.outbox.filter((one) => !rest.includes(one))
  const alert = state.alerts[notice.route]?.[notice.key]
  // One that begins anew has its own chance.
  if (alert && !beginsAnew) Object.assign(alert, { isRefused: true, isUnheard })
}

/** A route took a beginning or an end: an end that is kept of an earlier alert of the same key is none any more. */
export function forgetEnd(state: NotifyState, { route, key, action }: Notice): void {
  if (action !== 'open' && action !== 'close') return
  state.refused = state.refused.filter((one) => one.route !== route || one.key !== key)
}

/** Puts the ends that a route refused in line again; not yet of what has begun anew, which they would end. */
export function offerEnds(state: NotifyState, route: string): void {
  const isDue = (notice: Notice) =>
    notice.route === route &&
    !Object.hasOwn(state.alerts[route] ?? {}, notice.key) &&
    !state.outbox.some((one) => one.route === route && one.key === notice.key)
  const due = state.refused.filter(isDue)
  state.refused = state.refused.filter((notice) => !due.includes(notice))
  for (const notice of due) state.outbox.push({ ...notice, id: state.nextId++ })
}
