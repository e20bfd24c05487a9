import type { FailoverEvent } from '../run/controller.ts'

/** The kind under which the history keeps what controllers tell. */
export const failoverEventKind = 'failover'

/**
 * Tells which of a controller's events are worth keeping: all but decisions to stay, and a refusal, question or report that
 * says once more what was said last. While an endpoint is down a decision is made every minute.
 */
export function createFailoverFilter(): (event: FailoverEvent) => boolean {
  const lastSaid = new Map<string, string>()
  return (event) => {
    if (event.type !== 'decided') return true
    const { decision, failover } = event
    const verdict = decision.kind === 'report' ? decision.would : decision
    const to = 'to' in verdict ? verdict.to : undefined
    const said = JSON.stringify([decision.kind, verdict.kind, to, 'code' in verdict && verdict.code])
    const isNew = lastSaid.get(failover) !== said
    lastSaid.set(failover, said)
    return decision.kind === 'move' || (isNew && verdict.kind !== 'stay' && verdict.kind !== 'wait')
  }
}
