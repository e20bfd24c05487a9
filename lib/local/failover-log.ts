import { reasonText } from '../decide/failover-reasons.ts'
import type { FailoverEvent } from '../run/controller.ts'
import type { Log, LogLevel } from './log.ts'

/** Says what a controller did; a decision to stay, which is made every minute, only to those who want everything. */
export function logFailover(log: Log, event: FailoverEvent): void {
  const { failover } = event
  if (event.type === 'decided') {
    const { reasons, page, ...rest } = event.decision
    const why = reasons.map(reasonText)
    log(levelOf(rest.kind, page), 'failover.decided', {
      failover,
      trigger: event.trigger,
      note: event.note,
      ...rest,
      why,
    })
  } else if (event.type === 'swapped') {
    log('warn', 'failover.swapped', { failover, to: event.to, tookMs: event.tookMs, ...event.outcome })
  } else if (event.type === 'verified') {
    log(event.problem ? 'error' : 'info', 'failover.verified', { failover, to: event.to, problem: event.problem })
  } else if (event.type === 'failed') {
    log('error', 'failover.failed', { failover, message: event.message })
  } else {
    log('error', 'failover.page', { failover, pages: event.pages })
  }
}

function levelOf(kind: string, page: boolean): LogLevel {
  if (page) return 'error'
  return kind === 'stay' ? 'debug' : 'warn'
}
