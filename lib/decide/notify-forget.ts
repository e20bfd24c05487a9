import { lifeOf } from './incident.ts'
import type { Incident, NotifyRules, NotifyState } from './notice.ts'

/** What the config does not have any more is over: nobody would ever say that it is. */
export function forgetUnknown(state: NotifyState, rules: NotifyRules): void {
  const names = new Set(rules.routes.map(({ name }) => name))
  for (const incident of Object.values(state.incidents))
    if (!isWatched(incident, rules, names)) delete state.incidents[incident.key]
  for (const route of Object.keys(state.alerts)) if (!names.has(route)) delete state.alerts[route]
  for (const route of Object.keys(state.opened)) if (!names.has(route)) delete state.opened[route]
  for (const route of Object.keys(state.calls)) if (!names.has(route)) delete state.calls[route]
  state.outbox = state.outbox.filter(({ route }) => names.has(route))
  state.refused = state.refused.filter(({ route }) => names.has(route))
}

function isWatched({ key, monitor, event }: Incident, rules: NotifyRules, routes: ReadonlySet<string>): boolean {
  if (monitor !== undefined) {
    const [, alert = 'degraded'] = key.split(':')
    const rule = rules.monitors.get(monitor)
    return rule !== undefined && (alert === 'degraded' || rule.alerts.includes(alert))
  }
  if (event.type === 'route.failing') return routes.has(event.route)
  if (event.type === 'vantage.blind') return rules.vantages.includes(event.vantage)
  return !('failover' in event) || rules.failovers.includes(event.failover)
}

/** What lives for so long only, and nothing was heard of since, is over. */
export function expire(state: NotifyState, nowMs: number): void {
  for (const { key, event, heardMs } of Object.values(state.incidents)) {
    const life = lifeOf(event)
    if (life !== undefined && nowMs - heardMs >= life) delete state.incidents[key]
  }
  for (const [key, atMs] of Object.entries(state.over)) if (nowMs - atMs >= overMs) delete state.over[key]
}

/** A queue hands over, or again, nothing older (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html). */
const overMs = 14 * 86_400_000
