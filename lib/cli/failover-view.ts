import { reasonText } from '../decide/failover-reasons.ts'
import { whyNotMoved } from '../decide/swap-outcome.ts'
import { digCommand } from '../local/zone-place.ts'
import { age } from '../model/duration.ts'
import type { FailoverStatus } from '../run/failover-status.ts'

/** Failovers as lines for a terminal: where the record points, who voted what, and the last decision with its reason. */
export function failoverLines(failovers: readonly FailoverStatus[], nowMs: number): string[] {
  return failovers.flatMap((failover) => {
    const { id, record, mode, locked, latched, endpoints, readiness } = failover
    const active = endpoints.find((endpoint) => endpoint.active)?.id ?? 'not known yet'
    const isReady = (readiness?.problems ?? []).length === 0
    const notes = [mode, locked && 'LOCKED', latched && 'LATCHED', !isReady && 'NOT READY'].filter(Boolean).join(', ')
    return [
      `⇄ ${id}: ${record} → ${active} (${notes})  ${endpoints.map(votes).join('  ')}`,
      ...servedLines(failover),
      ...causeLines(failover),
      ...lastLines(failover, nowMs),
      ...readinessLines(failover, nowMs),
    ]
  })
}

/** How a failover stands at another controller than the one that is shown. */
export interface Elsewhere {
  where: string
  id: string
  record: string
  /** Absent where that controller does not know it. */
  active?: string
  locked: boolean
  latched: boolean
}

/** That in one line. */
export function elsewhereLine({ where, id, record, active, locked, latched }: Elsewhere): string {
  const notes = [locked && 'LOCKED', latched && 'LATCHED'].filter(Boolean).join(', ')
  return `⇄ ${id} at ${where}: ${record} → ${active ?? 'not known'}${notes && ` (${notes})`}`
}

function votes({ id, up, down, none }: FailoverStatus['endpoints'][number]): string {
  const silent = none.length > 0 ? ` ?${none.join(',')}` : ''
  return `${id} ✔${up.length} ✖${down.length}${silent}`
}

/** How to ask a record that no resolver knows. */
function servedLines({ record, servedAt }: FailoverStatus): string[] {
  return servedAt === undefined ? [] : [`  ${digCommand(servedAt, record)}`]
}

/** Why the active endpoint is down, in the words of those who see it so. */
function causeLines({ endpoints }: FailoverStatus): string[] {
  const active = endpoints.find((endpoint) => endpoint.active)
  return active?.causes?.[0] ? [`  ${active.id}: ${active.causes[0]}`] : []
}

function readinessLines({ readiness }: FailoverStatus, nowMs: number): string[] {
  if (!readiness) return []
  const { problems, atMs } = readiness
  const asOf = `as of ${age(nowMs - atMs)} ago`
  if (problems.length === 0) return [`  ready to move, ${asOf}`]
  return problems.map(({ code, detail }) => `  NOT READY, ${asOf}: ${code}: ${detail}`)
}

function lastLines({ last, notable, lastMove }: FailoverStatus, nowMs: number): string[] {
  if (!last) return []
  return [
    ...decisionLines(last, nowMs),
    ...(notable ? decisionLines(notable, nowMs, 'before that, ') : []),
    ...(lastMove ? [movedLine(lastMove, nowMs)] : []),
  ]
}

function movedLine({ to, atMs, downForMs, verified }: NonNullable<FailoverStatus['lastMove']>, nowMs: number): string {
  const after = downForMs === undefined ? '' : `, ${age(downForMs)} after the failure was first seen`
  return `  moved to ${to} ${age(nowMs - atMs)} ago${after}${verified ? ', verified' : ''}`
}

function decisionLines({ decision, trigger, atMs }: NonNullable<FailoverStatus['last']>, nowMs: number, when = '') {
  const to = 'to' in decision && decision.to ? ` to ${decision.to}` : ''
  const [first] = decision.reasons
  const why = first ? reasonText(first) : ''
  const lacking = decision.outcome && whyNotMoved(decision.outcome)
  return [
    `  ${when}${age(nowMs - atMs)} ago, asked by ${trigger}: ${decision.kind}${to}. ${why}`,
    ...(lacking === undefined ? [] : [`  NOT MOVED: ${lacking}`]),
  ]
}
