import { describe } from '../decide/event-text.ts'
import { reasonText } from '../decide/failover-reasons.ts'
import { whyNotMoved } from '../decide/swap-outcome.ts'
import type { StoredEvent } from '../local/history-events.ts'
import type { VedetteEvent } from '../model/event.ts'
import type { FailoverEvent } from '../run/failover-event.ts'
import { msText } from './words.ts'

/** What happened, to what, in a sentence. */
export interface Words {
  subject: string
  text: string
}

/** A longer text is cut: a timeline is read by people. */
const longest = 400

/** A kept event in words; also one of a kind that this version does not know. */
export function eventWords({ kind, detail }: StoredEvent): Words {
  const data = (detail ?? {}) as Record<string, unknown>
  switch (kind) {
    case 'failover':
      return failoverWords(detail as FailoverEvent)
    case 'budget':
    case 'latency':
      return alertWords(detail as VedetteEvent)
    case 'notice':
      return noticeWords(data)
    case 'change':
      return { subject: 'change', text: [data.text, data.url].filter(Boolean).join(' ') }
    case 'alarm':
    case 'result':
      return { subject: `${data.subject}`, text: `${data.text}` }
    case 'engine':
      return { subject: 'vedette', text: `${data.type} (${data.version})` }
    default:
      return { subject: kind, text: rest(data) }
  }
}

/** How the subject of a notice begins that was told to nobody. */
export const couldNotTell = 'could not tell'

/** What a route was told, or could not be told and why. */
function noticeWords({ route = 'nobody', text = '', outcome = 'delivered' }: Record<string, unknown>): Words {
  if (outcome === 'delivered') return { subject: `told ${route}`, text: `${text}` }
  return { subject: `${couldNotTell} ${route}`, text: `${text} (${outcome})` }
}

function failoverWords(event: FailoverEvent): Words {
  const subject = `failover ${event.failover}`
  switch (event.type) {
    case 'decided': {
      const { decision, trigger, note } = event
      const verdict = decision.kind === 'report' ? decision.would : decision
      const to = 'to' in verdict && verdict.to ? ` to ${verdict.to}` : ''
      const head =
        decision.kind === 'report' ? `would ${verdict.kind}${to} (${decision.mode})` : `decided to ${verdict.kind}${to}`
      const [why] = decision.reasons
      return {
        subject,
        text: `${head}, asked by ${trigger}${note ? ` (${note})` : ''}${why ? `: ${reasonText(why)}` : ''}`,
      }
    }
    case 'swapped': {
      const { outcome, to } = event
      if (outcome.kind === 'moved') return { subject, text: `moved to ${to}${moveTimes(event)}` }
      const why = whyNotMoved(outcome)
      return { subject, text: why === undefined ? `${to} was active already` : `did not move to ${to}: ${why}` }
    }
    case 'verified':
      return {
        subject,
        text: event.problem ? `${event.to} is not served yet: ${event.problem}` : `${event.to} is served everywhere`,
      }
    case 'page':
      return { subject, text: event.pages.map(({ code, detail }) => `${code}: ${detail}`).join('; ') }
    case 'failed':
      return { subject, text: `a decision broke: ${event.message.split('\n')[0]}` }
    case 'readiness': {
      const problems = event.problems.map(({ code, detail }) => `${code}: ${detail}`)
      return { subject, text: problems.length > 0 ? `not ready: ${problems.join('; ')}` : 'ready again' }
    }
    case 'locked':
    case 'unlocked':
    case 'adopted':
      return {
        subject,
        text: `${event.type} by a person${event.problem === undefined ? '' : `, but: ${event.problem}`}`,
      }
    case 'drill':
      return {
        subject,
        text: `drill ${event.outcome}${event.detail ? `: ${event.detail}` : ''}`,
      }
    default:
      return { subject, text: rest(event) }
  }
}

/** How long it took until a record was moved, which is not how long writing it took. */
export function moveTimes({ tookMs, downForMs }: { tookMs: number; downForMs?: number }): string {
  const after = downForMs === undefined ? '' : ` ${msText(downForMs)} after the failure was first seen`
  return `${after} (record written in ${msText(tookMs)})`
}

/** In the words of a notice: the first line without the name that stands before it, then what was measured. */
function alertWords(event: VedetteEvent): Words {
  const subject = 'monitor' in event && event.monitor !== undefined ? event.monitor : event.type
  const { title, facts } = describe(event)
  const told = title.startsWith(`${subject} `) ? title.slice(subject.length + 1) : title
  const measured = facts
    .filter(([name]) => name !== 'What' && name !== 'Since')
    .map(([name, text]) => `${name.toLowerCase()}: ${text}`)
  const severity = event.type === 'budget.burning' || event.type === 'budget.calm' ? ` (${event.severity})` : ''
  return { subject, text: [told + severity, ...measured].join('; ') }
}

function rest(data: object): string {
  const text = JSON.stringify(data)
  return text.length > longest ? `${text.slice(0, longest - 1)}…` : text
}
