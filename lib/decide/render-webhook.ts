import { messageOf } from './message.ts'
import type { Notice } from './notice.ts'
import { cut } from './plain.ts'

const longestText = 4096
const longestList = 100

/**
 * A notice as the generic webhook posts it (docs/notifications.md). `id` is the same for every attempt: a receiver that has it
 * already has this notice.
 */
export function webhookBody(notice: Notice): Record<string, unknown> {
  const { id, action, key, severity, atMs, openedMs, dependants, event, end, changes, acts } = notice
  const { title, level, state, facts, links } = messageOf(notice)
  return bounded({
    ...{ version: 1, id: `${atMs}-${id}`, action, state, key, severity, level, title },
    ...{ service: event.service, ...(event.env !== undefined && { env: event.env }) },
    ...{ at: iso(atMs), openedAt: iso(openedMs) },
    facts: facts.map(([name, text]) => ({ name, text })),
    ...{ links, dependants },
    changes: changes.map((change) => ({ at: iso(change.atMs), text: change.text })),
    acts: acts.map((act) => ({ at: iso(act.atMs), text: act.text })),
    event,
    ...(end && { end }),
  }) as Record<string, unknown>
}

/** A copy in which no text and no list is too long for a receiver. */
function bounded(value: unknown): unknown {
  if (typeof value === 'string') return cut(value.toWellFormed(), longestText)
  if (Array.isArray(value)) return value.slice(0, longestList).map(bounded)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, bounded(one)]))
}

function iso(ms: number): string {
  return new Date(ms).toISOString()
}
