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

/** Puts the ends that a route refused in line again; not of what has begun anew, which they would end. */
export function offerEnds(state: NotifyState, route: string): void {
  const own = state.refused.filter((notice) => notice.route === route)
  state.refused = state.refused.filter((notice) => notice.route !== route)
  for (const notice of own)
    if (!Object.hasOwn(state.alerts[route] ?? {}, notice.key)) state.outbox.push({ ...notice, id: state.nextId++ })
}
