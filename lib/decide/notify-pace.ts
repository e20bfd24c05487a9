import type { NotifyState, RouteRule } from './notice.ts'

/** So many calls within any such time. */
export interface Rate {
  calls: number
  withinMs: number
}

/** PagerDuty throttles a key at some 120 calls a minute; Slack takes one message a second (https://docs.slack.dev/apis/web-api/rate-limits). */
export const rates: Record<RouteRule['kind'], Rate> = {
  pagerduty: { calls: 110, withinMs: 60_000 },
  slack: { calls: 1, withinMs: 1100 },
  webhook: { calls: 20, withinMs: 1000 },
  sns: { calls: 20, withinMs: 1000 },
}

/** Notes that a route was called; several runs share this, and a rate holds for all of them together. */
export function noteCall(state: NotifyState, { name, kind }: RouteRule, nowMs: number): void {
  const { calls } = rates[kind]
  state.calls[name] = [...(state.calls[name] ?? []), nowMs].slice(-calls)
}

/** When a route may be called again: now, or once the oldest of its latest calls is long enough ago. */
export function freeAtMs(state: NotifyState, { name, kind }: RouteRule): number {
  const { calls, withinMs } = rates[kind]
  const latest = state.calls[name] ?? []
  return latest.length < calls ? 0 : (latest[0] ?? 0) + withinMs
}
