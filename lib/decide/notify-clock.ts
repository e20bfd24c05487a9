import type { NotifyState } from './notice.ts'

/** Clocks of several machines differ by less. */
const leastMs = 5000

/**
 * Takes what was noted by a clock that has been set back since as noted by the one that is right now: nothing waits until the old
 * time comes again. Changes the state.
 */
export function followClock(state: NotifyState, nowMs: number): void {
  const byMs = (state.seenMs ?? nowMs) - nowMs
  state.seenMs = nowMs
  if (byMs < leastMs) return
  const earlier = (atMs: number) => atMs - byMs
  for (const times of [state.calls, state.opened])
    for (const [route, all] of Object.entries(times)) times[route] = all.map(earlier)
  for (const incident of Object.values(state.incidents)) {
    incident.openedMs -= byMs
    incident.heardMs -= byMs
    if (incident.shadowedMs !== undefined) incident.shadowedMs -= byMs
  }
  for (const alert of Object.values(state.alerts).flatMap((ofRoute) => Object.values(ofRoute))) {
    alert.openedMs -= byMs
    alert.toldMs -= byMs
  }
  for (const notice of state.outbox) if (notice.notBeforeMs !== undefined) notice.notBeforeMs -= byMs
  if (state.lease) state.lease.untilMs -= byMs
  state.heartbeatMs -= byMs
}
