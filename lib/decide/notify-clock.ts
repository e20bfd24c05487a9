import type { NotifyState } from './notice.ts'

/** Clocks of several machines differ by less. */
const leastMs = 5000

/**
 * Takes what lies ahead, by a clock that has been set back since, as noted by the one that is right now: nothing waits until the
 * old time comes again. What is past already may have been noted before the clock went wrong, and stays. Changes the state.
 */
export function followClock(state: NotifyState, nowMs: number): void {
  const byMs = (state.seenMs ?? nowMs) - nowMs
  state.seenMs = nowMs
  if (byMs < leastMs) return
  const set = (atMs: number) => (atMs > nowMs ? atMs - byMs : atMs)
  for (const times of [state.calls, state.opened])
    for (const [route, all] of Object.entries(times)) times[route] = all.map(set)
  for (const incident of Object.values(state.incidents)) {
    incident.openedMs = set(incident.openedMs)
    incident.heardMs = set(incident.heardMs)
    if (incident.shadowedMs !== undefined) incident.shadowedMs = set(incident.shadowedMs)
  }
  for (const alert of Object.values(state.alerts).flatMap((ofRoute) => Object.values(ofRoute))) {
    alert.openedMs = set(alert.openedMs)
    alert.toldMs = set(alert.toldMs)
  }
  for (const notice of state.outbox) if (notice.notBeforeMs !== undefined) notice.notBeforeMs = set(notice.notBeforeMs)
  if (state.lease) state.lease.untilMs = set(state.lease.untilMs)
  state.heartbeatMs = set(state.heartbeatMs)
}
