import { z } from 'zod'
import { type FaultyServer, faultyServer, type Received } from './faulty-server.ts'

const link = z.strictObject({ href: z.url({ protocol: /^https?$/ }), text: z.string().optional() })
const links = z.array(link).optional()
const routing_key = z.string().length(32, "Length of 'routing_key' is incorrect (should be 32 characters)")
const timestamp = z.iso.datetime({ offset: true }).optional()
const custom_details = z.record(z.string(), z.unknown()).optional()
const summary = z.string().min(1).max(1024)
const text = z.string().optional()

/** https://developer.pagerduty.com/docs/send-alert-event */
const trigger = z.strictObject({
  routing_key,
  event_action: z.literal('trigger'),
  dedup_key: z.string().min(1).max(255),
  client: text,
  client_url: z.url().optional(),
  images: z.array(z.unknown()).optional(),
  links,
  payload: z.strictObject({
    ...{ summary, source: z.string().min(1), severity: z.enum(['critical', 'error', 'warning', 'info']) },
    ...{ timestamp, component: text, group: text, class: text, custom_details },
  }),
})
const followUp = z.object({
  routing_key,
  event_action: z.enum(['acknowledge', 'resolve']),
  dedup_key: z.string().min(1).max(255),
})
/** https://developer.pagerduty.com/docs/send-change-event */
const change = z.strictObject({
  routing_key,
  links,
  payload: z.strictObject({ summary, source: text, timestamp, custom_details }),
})

const largest = 512 * 1024

/** What PagerDuty would refuse of a call; nothing if it would take it. */
export function pagerDutyProblem(path: string, body: unknown): string | undefined {
  if (Buffer.byteLength(JSON.stringify(body)) > largest) return 'the payload is larger than 512 KB'
  const shape =
    path === '/v2/change/enqueue' ? change : path === '/v2/enqueue' ? z.union([trigger, followUp]) : undefined
  if (!shape) return `no such endpoint: ${path}`
  const parsed = shape.safeParse(body)
  return parsed.success ? undefined : z.prettifyError(parsed.error)
}

export interface PagerDuty extends FaultyServer {
  /** Keys of the alerts that are open, by routing key. */
  open: Map<string, Set<string>>
  /** Every alert that was ever opened: each new one after a resolve counts. */
  opened: string[]
  /** Alerts that were resolved. */
  resolved: string[]
  changes: string[]
  /** Events that PagerDuty drops: a resolve of what is not open. */
  dropped: string[]
}

/** A server that speaks the contract of PagerDuty's Events API v2, and takes only the keys given. */
export async function startPagerDuty(keys: readonly string[]): Promise<PagerDuty> {
  const state = { open: new Map<string, Set<string>>(), opened: [], resolved: [], changes: [], dropped: [] } as Omit<
    PagerDuty,
    keyof FaultyServer
  >
  const accept = ({ path, json }: Received) => {
    const problem = pagerDutyProblem(path, json)
    const body = (json ?? {}) as {
      routing_key: string
      event_action?: string
      dedup_key: string
      payload: { summary: string }
    }
    if (problem !== undefined || !keys.includes(body.routing_key))
      return {
        status: 400,
        body: {
          status: 'invalid event',
          message: 'Event object is invalid',
          errors: [problem ?? 'Invalid routing key'],
        },
      }
    if (path === '/v2/change/enqueue') state.changes.push(body.payload.summary)
    else {
      const open = state.open.get(body.routing_key) ?? new Set()
      state.open.set(body.routing_key, open)
      if (body.event_action === 'trigger' && !open.has(body.dedup_key)) {
        open.add(body.dedup_key)
        state.opened.push(body.dedup_key)
      } else if (body.event_action === 'resolve') {
        if (open.delete(body.dedup_key)) state.resolved.push(body.dedup_key)
        else state.dropped.push(body.dedup_key)
      }
    }
    return { status: 202, body: { status: 'success', message: 'Event processed', dedup_key: body.dedup_key } }
  }
  return Object.assign(await faultyServer(accept), state)
}
