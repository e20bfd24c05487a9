import type { Fact } from './event-text.ts'
import { longestKey } from './incident.ts'
import { messageOf } from './message.ts'
import type { Notice } from './notice.ts'
import { cut, oneLine } from './plain.ts'

/**
 * A call of PagerDuty's Events API v2. Updates and reminders are triggers of the same key: while someone has acknowledged the
 * incident they notify nobody (https://developer.pagerduty.com/docs/send-alert-event, "Event Action Behavior").
 */
export interface PagerDutyCall {
  path: '/v2/enqueue' | '/v2/change/enqueue'
  body: Record<string, unknown>
}

/** The longest `summary` (https://developer.pagerduty.com/docs/send-alert-event). */
const longestSummary = 1024
/** A payload may have 512 KB in all (https://developer.pagerduty.com/docs/events-api-v2-overview): these stay far below. */
const longestDetail = 4000
const mostDetails = 40

/** A notice as PagerDuty takes it. */
export function pagerDutyCall(notice: Notice, routingKey: string): PagerDutyCall {
  const { action, event, key, atMs, openedMs } = notice
  const base = { routing_key: routingKey }
  const dedup_key = key.slice(0, longestKey)
  if (action === 'close') return { path: '/v2/enqueue', body: { ...base, dedup_key, event_action: 'resolve' } }
  const { title, facts, level, links } = messageOf(notice)
  const payload = {
    summary: cut(title, longestSummary),
    source: sourceOf(notice),
    custom_details: detailsOf(facts),
  }
  if (action === 'note') {
    const timestamp = new Date(event.atMs).toISOString()
    return { path: '/v2/change/enqueue', body: { ...base, payload: { ...payload, timestamp }, links } }
  }
  const body = {
    ...{ ...base, dedup_key, event_action: 'trigger', client: 'Vedette', links },
    ...(notice.links.dashboard && { client_url: notice.links.dashboard }),
    payload: {
      ...{ ...payload, severity: level, group: event.service, class: event.type },
      timestamp: new Date(action === 'open' ? openedMs : atMs).toISOString(),
      ...('monitor' in event && event.monitor !== undefined && { component: event.monitor }),
    },
  }
  return { path: '/v2/enqueue', body }
}

/** Facts of the same name, such as two problems with one code, are one detail. */
function detailsOf(facts: readonly Fact[]): Record<string, string> {
  const byName = [...Map.groupBy(facts.slice(0, mostDetails), ([name]) => name)]
  return Object.fromEntries(
    byName.map(([name, all]) => [name, cut(all.map(([, text]) => text).join('; '), longestDetail)]),
  )
}

/** What is hit: the record of a failover, what a monitor watches, else the service. */
function sourceOf({ event }: Notice): string {
  if ('record' in event) return event.record
  return cut('target' in event ? oneLine(event.target) || event.service : event.service, 255)
}
