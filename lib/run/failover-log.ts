import { reasonText } from '../decide/failover-reasons.ts'
import type { FailoverEvent } from './failover-event.ts'
import type { Log, LogLevel } from './log.ts'

/** Says what a controller did, one line an event; a decision to stay, which is made all the time, only to those who want everything. */
export function logFailover(log: Log, event: FailoverEvent): void {
  const { type, atMs: _, ...fields } = event
  if (event.type === 'decided') {
    const { reasons, page, ...decision } = event.decision
    const { failover, trigger, note } = event
    const why = reasons.map(reasonText)
    log(levelOf(decision.kind, page), 'failover.decided', { failover, trigger, note, ...decision, why })
  } else if (event.type === 'swapped') {
    const { outcome, ...rest } = event
    log('warn', 'failover.swapped', {
      failover: rest.failover,
      to: rest.to,
      by: rest.by,
      tookMs: rest.tookMs,
      ...(rest.downForMs !== undefined && { downForMs: rest.downForMs }),
      ...outcome,
    })
  } else log(otherLevel(event), `failover.${type}`, fields)
}

function levelOf(kind: string, page: boolean): LogLevel {
  if (page) return 'error'
  return kind === 'stay' ? 'debug' : 'warn'
}

function otherLevel(event: Exclude<FailoverEvent, { type: 'decided' | 'swapped' }>): LogLevel {
  switch (event.type) {
    case 'verified':
      return event.problem === undefined ? 'info' : 'error'
    case 'readiness':
      return event.problems.length > 0 ? 'warn' : 'info'
    case 'locked':
    case 'unlocked':
    case 'adopted':
      return event.problem === undefined ? 'info' : 'warn'
    case 'drill':
      return event.outcome === 'failed' ? 'warn' : 'info'
    default:
      return 'error'
  }
}
