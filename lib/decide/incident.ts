import type { EventType, Named, VedetteEvent } from '../model/event.ts'
import type { Severity } from '../model/route.ts'
import { stableHash } from '../model/stable-hash.ts'
import { minuteMs } from './schedule.ts'

/** PagerDuty takes no longer key (https://developer.pagerduty.com/docs/send-alert-event). */
export const longestKey = 255

/** What an event does to an incident: opens it, closes it, or neither. Keys are stable: they are what deduplicates. */
export type Effect =
  | { does: 'open'; key: string; severity: Severity; monitor?: string }
  | { does: 'close'; keys: string[] }
  | { does: 'note' }

/**
 * How long an incident of some types lives where nothing more is heard of it, because no event may ever end it: a move that
 * failed is a person's to mend, and in AWS a controller repeats every half hour what it wants, and does not say that it is over.
 */
const lives: Partial<Record<EventType, number>> = {
  'failover.failed': 24 * 60 * minuteMs,
  'failover.refused': 65 * minuteMs,
  'failover.asked': 65 * minuteMs,
}

/** How long an incident of this event lives where nothing more is heard of it; for ever where undefined. */
export function lifeOf(event: VedetteEvent): number | undefined {
  return event.type === 'fault.opened' ? event.forMs : lives[event.type]
}

/**
 * The key of an incident: `vedette/shop/api`, or `vedette/shop@staging/api` in an environment. What is about a monitor has one
 * part, with a colon where it is not its being down; all else has several. Ids hold neither `/` nor `:`, so none meet.
 */
export function keyOf({ service, env }: Named, ...parts: string[]): string {
  const key = ['vedette', env === undefined ? service : `${service}@${env}`, ...parts].join('/')
  if (key.length <= longestKey) return key
  // Alarms of others may have names that differ only at their end.
  const hash = stableHash(key).toString(16).padStart(8, '0')
  return `${key.slice(0, longestKey - hash.length - 1)}-${hash}`
}

/** What an event means for the incidents of its service. A monitor has at most one of `down` and `degraded` at a time. */
export function effectOf(event: VedetteEvent, severityOf: (monitor: string) => Severity): Effect {
  const key = (...parts: string[]) => keyOf(event, ...parts)
  const open = (severity: Severity, parts: string[], monitor?: string): Effect => {
    return { does: 'open', key: key(...parts), severity, ...(monitor !== undefined && { monitor }) }
  }
  const close = (...keys: string[][]): Effect => ({ does: 'close', keys: keys.map((parts) => key(...parts)) })
  switch (event.type) {
    case 'monitor.down':
      return open(severityOf(event.monitor), [event.monitor], event.monitor)
    case 'monitor.degraded':
      return open('ticket', [`${event.monitor}:degraded`], event.monitor)
    case 'monitor.recovered':
      return close([event.monitor], [`${event.monitor}:degraded`])
    case 'latency.slow':
      return open('ticket', [`${event.monitor}:slow-${event.against}`], event.monitor)
    case 'latency.normal':
      return close([`${event.monitor}:slow-${event.against}`])
    case 'budget.burning':
      return open(event.severity, [`${event.monitor}:budget-${event.severity}`], event.monitor)
    case 'budget.calm':
      return close([`${event.monitor}:budget-${event.severity}`])
    case 'certificate.expiring':
      return open('ticket', [`${event.monitor ?? '*'}:certificate`], event.monitor)
    case 'certificate.renewed':
      return close([`${event.monitor ?? '*'}:certificate`])
    case 'vantage.blind':
      return open('ticket', ['vantage', event.vantage])
    case 'vantage.seeing':
      return close(['vantage', event.vantage])
    case 'fault.opened':
      return open('ticket', ['fault', event.part])
    case 'fault.closed':
      return close(['fault', event.part])
    case 'failover.refused':
    case 'failover.asked':
      return open('page', ['failover', event.failover])
    case 'failover.settled':
      return close(['failover', event.failover])
    case 'failover.failed':
      return open('page', ['failover', event.failover, 'move'])
    case 'failover.verified':
      return close(['failover', event.failover], ['failover', event.failover, 'move'])
    case 'failover.notReady':
      return open('ticket', ['failover', event.failover, 'readiness'])
    case 'failover.ready':
      return close(['failover', event.failover, 'readiness'])
    case 'drill.failed':
      return open('ticket', ['failover', event.failover, 'drill'])
    case 'drill.passed':
      return close(['failover', event.failover, 'drill'])
    case 'route.failing':
      return open('page', ['route', event.route])
    case 'route.working':
      return close(['route', event.route])
    default:
      return { does: 'note' }
  }
}

/** The incidents that an event ends as a matter of course: a monitor that is down is not merely degraded, and the other way round. */
export function supersededBy(event: VedetteEvent): string[] {
  if (event.type === 'monitor.down') return [keyOf(event, `${event.monitor}:degraded`)]
  if (event.type === 'monitor.degraded') return [keyOf(event, event.monitor)]
  return []
}

/**
 * Events that are told although they open nothing. The rest of them only close, or are told by what they close. Of a move people
 * are told once, when it is made: that it began is in that notice, and one that does not come to its end, or is not served, is a
 * failure, which pages. A drill that gave way to a real decision is nobody's business.
 */
const notes: ReadonlySet<EventType> = new Set<EventType>(['failover.done', 'drill.passed', 'change', 'route.heartbeat'])

/** Whether people are told of an event as such. */
export function isTold({ type }: VedetteEvent): boolean {
  return notes.has(type)
}

/** What was changed, in a few words, for whoever looks at an incident soon after. */
export function changeText(event: VedetteEvent): string | undefined {
  if (event.type === 'change') return event.text
  if (event.type === 'failover.done') return `failover ${event.failover}: ${event.record} moved to ${event.to}`
  return undefined
}
