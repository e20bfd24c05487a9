import { reasonText } from '../decide/failover-reasons.ts'
import { cut } from '../decide/plain.ts'
import { quietRefusals } from '../decide/swap-attempt.ts'
import type { FailoverEvent } from './failover-event.ts'

/** What people are told of an event, and how urgently. */
export interface FailoverNotice {
  topic: 'page' | 'ticket'
  /** One line. */
  summary: string
  /** The same for what says the same: it is not repeated every minute. */
  key: string
}

/** Beyond this a summary or a key says nothing more. */
const longest = 1000

/** What to tell people of an event; nothing of what only the log needs to know. */
export function noticeOf(event: FailoverEvent): FailoverNotice | undefined {
  const { failover } = event
  const notice = (topic: FailoverNotice['topic'], key: string, text: string): FailoverNotice => {
    return { topic, key: `${event.type} ${key}`.slice(0, longest), summary: cut(`${failover}: ${text}`, longest) }
  }
  switch (event.type) {
    case 'decided':
      return decided(event, notice)
    case 'swapped': {
      const { outcome, to, by } = event
      if (outcome.kind === 'moved')
        return notice(by === 'auto' ? 'page' : 'ticket', `to ${to} ${outcome.epoch}`, `moved to ${to}`)
      // Whoever asked for it is told by the command.
      if (by === 'auto' && outcome.kind === 'refused' && quietRefusals.includes(outcome.reason))
        return notice('page', outcome.reason, `did not move to ${to}: ${outcome.detail}`)
      // What else can become of it either says so itself, by a page, or is another controller's to tell.
      return undefined
    }
    case 'verified': {
      const { to, movedAtMs, problem } = event
      if (problem === undefined) return notice('ticket', `${movedAtMs} ok`, `the move to ${to} is served everywhere`)
      return notice('page', `${movedAtMs} problem`, `the move to ${to} is not verified: ${problem}`)
    }
    case 'page': {
      const [first] = event.pages
      return notice('page', event.pages.map(({ code }) => code).join(' '), `${first?.code}: ${first?.detail}`)
    }
    case 'readiness': {
      const [first, ...more] = event.problems
      if (!first) return notice('ticket', 'ready', 'ready again')
      const others = more.length > 0 ? ` (and ${more.length} more)` : ''
      const key = event.problems.map(({ code, endpoint = '' }) => `${code} ${endpoint}`).join(' ')
      return notice('ticket', key, `not ready: ${first.detail}${others}`)
    }
    case 'drill':
      // One that gives way is made up for: it is tried again.
      if (event.outcome === 'yielded') return undefined
      return notice('ticket', `${event.outcome} ${event.atMs}`, `drill ${event.outcome}: ${event.detail}`)
    // Whoever asked for it knows.
    case 'locked':
    case 'unlocked':
    case 'adopted':
      return undefined
    case 'failed':
      return notice('ticket', event.message, `a decision broke: ${event.message}`)
  }
}

function decided(
  { decision }: Extract<FailoverEvent, { type: 'decided' }>,
  notice: (topic: FailoverNotice['topic'], key: string, text: string) => FailoverNotice,
): FailoverNotice | undefined {
  const [first] = decision.reasons
  const why = first ? reasonText(first) : ''
  if (decision.kind === 'ask') return notice('page', `ask ${decision.to}`, `asks to move to ${decision.to}. ${why}`)
  if (!decision.page) return undefined
  const code = decision.kind === 'refuse' ? decision.code : decision.kind
  return notice('page', code, decision.kind === 'refuse' ? `refused to move. ${why}` : why)
}
