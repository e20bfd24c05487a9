import type { Decision } from '../decide/failover-facts.ts'
import { reasonText } from '../decide/failover-reasons.ts'
import { whyNotMoved } from '../decide/swap-outcome.ts'
import type { Named, VedetteEvent } from '../model/event.ts'
import type { FailoverEvent } from './failover-event.ts'

/** What an event of a failover is about, as its config has it. */
export type AboutFailover = Named & { record: string }

/** What people are told of an event of a failover; nothing where it changes nothing for them. */
export function failoverTold(event: FailoverEvent, { record, service, env }: AboutFailover): VedetteEvent[] {
  const { failover, atMs } = event
  const named = { service, ...(env !== undefined && { env }) }
  const head = { ...named, atMs, failover, record }
  switch (event.type) {
    case 'decided':
      return decided(event.decision, head)
    case 'swapped': {
      const { outcome, to, tookMs, downForMs } = event
      if (outcome.kind === 'moved')
        return [{ ...head, type: 'failover.done', to, tookMs, ...(downForMs !== undefined && { downForMs }) }]
      if (outcome.kind !== 'refused' && outcome.kind !== 'gaveUp') return []
      return [{ ...head, type: 'failover.failed', to, code: outcome.reason, detail: whyNotMoved(outcome) ?? '' }]
    }
    case 'verified': {
      const { to, problem } = event
      if (problem === undefined) return [{ ...head, type: 'failover.verified', to }]
      return [{ ...head, type: 'failover.failed', to, code: 'NOT_VERIFIED', detail: problem }]
    }
    case 'page': {
      const code = event.pages.map((page) => page.code).join(', ')
      const detail = event.pages.map((page) => page.detail).join(' ')
      return [{ ...head, type: 'failover.failed', code, detail }]
    }
    case 'readiness': {
      if (event.problems.length === 0) return [{ ...head, type: 'failover.ready' }]
      return [
        { ...head, type: 'failover.notReady', problems: event.problems.map(({ code, detail }) => ({ code, detail })) },
      ]
    }
    case 'drill': {
      const { outcome, detail, left, seen, steps } = event
      const tookMs = steps.reduce((sum, step) => sum + step.tookMs, 0)
      const sights = seen.flatMap(({ vantage, server, afterMs }) =>
        afterMs === undefined ? [] : [{ vantage, server, afterMs }],
      )
      const whole = left === undefined ? detail : `${detail} ${left}`
      return [{ ...head, type: `drill.${outcome}`, detail: whole, tookMs, seen: sights }]
    }
    // Whoever asked for it knows.
    case 'locked':
    case 'unlocked':
    case 'adopted':
      return []
    case 'failed':
      return [{ ...named, atMs, type: 'fault.opened', part: partOf(failover), detail: event.message, forMs: brokenMs }]
  }
}

/** A controller in AWS repeats what breaks every half hour, and says nothing of decisions that go well. */
const brokenMs = 65 * 60_000

const partOf = (failover: string) => `decisions of failover ${failover}`

type Head = Pick<VedetteEvent & { type: 'failover.settled' }, 'service' | 'env' | 'atMs' | 'failover' | 'record'>

/** A decision that needs nobody ends what earlier ones asked of people; one that came to be at all ends their breaking. */
function decided(decision: Decision, head: Head): VedetteEvent[] {
  const { service, env, atMs, failover } = head
  const named = { service, ...(env !== undefined && { env }), atMs }
  const works: VedetteEvent = { ...named, type: 'fault.closed', part: partOf(failover) }
  const reasons = decision.reasons.map(reasonText)
  const settled: VedetteEvent = { ...head, type: 'failover.settled' }
  if (decision.kind === 'move')
    return [works, settled, { ...head, type: 'failover.started', to: decision.to, why: decision.why, reasons }]
  if (decision.kind === 'ask')
    return [works, { ...head, type: 'failover.asked', to: decision.to, code: decision.why, reasons }]
  if (decision.kind === 'refuse' && decision.page) {
    const { code, to } = decision
    return [works, { ...head, type: 'failover.refused', code, reasons, ...(to !== undefined && { to }) }]
  }
  if (decision.page) return [works, { ...head, type: 'failover.refused', code: decision.kind, reasons }]
  // Waiting for votes to hold is not the end of anything.
  return decision.kind === 'wait' ? [works] : [works, settled]
}
