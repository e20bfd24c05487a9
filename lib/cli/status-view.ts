import { overText, type PairState } from '../decide/budget.ts'
import type { SloReport } from '../decide/budget-report.ts'
import { slowText } from '../decide/event-text.ts'
import type { MonitorStatus } from '../local/overview.ts'
import { age } from '../model/duration.ts'
import { percentText } from '../model/figures.ts'
import type { Severity } from '../model/route.ts'
import type { FailoverStatus } from '../run/failover-status.ts'
import { failoverLines } from './failover-view.ts'
import { plainText } from './plain-text.ts'
import type { Status } from './status.ts'
import { wrapped } from './text-width.ts'
import { utcText } from './words.ts'

/** One thing that is not as it should be. */
export interface Row {
  what: string
  who: string
  /** For how long. */
  age: string
  why: string
  /** Of what burns. */
  severity?: Severity
}

/** What is on the screen. */
export interface Screen {
  service: string
  atMs: number
  /** False where no engine watches: all of it is as it was at `asOfMs`. */
  running?: boolean
  asOfMs?: number
  rows: Row[]
  /** How many monitors are well. */
  well: number
  failovers: FailoverStatus[]
  /** Why failovers could not be asked for. */
  unreachable?: string
}

/** What needs a person, by what the history has. */
export function screenOf({ monitors, ...status }: Status): Screen {
  const { atMs, failovers } = status
  const rows = [
    ...status.untold.map((untold) => untoldRow(untold, atMs)),
    ...monitors.flatMap((monitor) => rowsOf(monitor, atMs)),
    ...failovers.flatMap(lockRows),
    ...failovers.flatMap((failover) => readinessRows(failover, atMs)),
  ]
  return { ...status, rows, well: wellAmong(monitors, rows) }
}

/** How many of the monitors there is nothing to say of. */
export function wellAmong(monitors: readonly { id: string }[], rows: readonly Row[]): number {
  const named = new Set(rows.map(({ who }) => who))
  return monitors.filter(({ id }) => !named.has(id)).length
}

/** One thing is told in so many lines of a terminal at most. */
const mostLines = 8
/** Where there is less room for a reason beside whom it is about, it goes below. */
const leastWhyWidth = 40

/** The screen as text, worst first; lines are broken at `columns` where there is a terminal. */
export function screenText(screen: Screen, columns?: number): string {
  const { atMs, rows, well, failovers, unreachable } = screen
  const sorted = rows.toSorted((a, b) => order.indexOf(a.what) - order.indexOf(b.what))
  const whoWidth = Math.max(0, ...sorted.map(({ who }) => who.length))
  const whatWidth = Math.max(0, ...sorted.map(({ what }) => what.length))
  const lines = sorted.flatMap(({ what, who, age: since, why }) => {
    const start = `${what.toUpperCase().padEnd(whatWidth)}  ${who.padEnd(whoWidth)} ${since.padStart(4)}  `
    if (columns === undefined) return [start + plainText(why)]
    const isBeside = columns - start.length >= leastWhyWidth
    const indent = isBeside ? start.length : 4
    const told = why === '' ? [''] : wrapped(why, columns - indent, mostLines)
    const below = told.map((line) => ' '.repeat(indent) + line)
    return isBeside ? [start + told[0], ...below.slice(1)] : [start, ...below]
  })
  const fitted = (line: string) => (columns === undefined ? line : wrapped(line, columns, mostLines))
  const links = failoverLines(failovers, atMs).flatMap(fitted)
  return [
    ...headLines(screen, headline(sorted, well)).flatMap(fitted),
    ...(lines.length > 0 ? ['', ...lines] : []),
    ...(links.length > 0 ? ['', ...links] : []),
    ...(unreachable === undefined ? [] : ['', ...[`failovers: not known: ${unreachable}`].flatMap(fitted)]),
  ]
    .map((line) => line.trimEnd())
    .join('\n')
}

/** What it is about, and of when: what nobody watches is not so now. */
function headLines({ service, atMs, running = true, asOfMs }: Screen, text: string): string[] {
  if (running) return [`${service} at ${utcText(atMs)} UTC: ${text}`]
  const how = asOfMs === undefined ? 'nothing was seen yet' : `as of ${utcText(asOfMs)} UTC, ${age(atMs - asOfMs)} ago`
  return [`${service}: NOT RUNNING. Nothing is watched now: start "vedette run" (or npm start)`, `${how}: ${text}`]
}

/** What a person has to look at now; a budget that burns slowly is a ticket, and can wait. */
const urgent = new Set(['down', 'silent', 'blind', 'burning', 'locked', 'not ready', 'fault', 'cannot tell'])

/** Whether something on the screen needs a person now, or nothing is watched; what is in maintenance does not. */
export function needsPerson({ rows, unreachable, running }: Screen): boolean {
  return (
    unreachable !== undefined ||
    running === false ||
    rows.some(({ what, severity }) => urgent.has(what) && severity !== 'ticket')
  )
}

/** From the worst. */
const order = [
  'cannot tell',
  'down',
  'silent',
  'blind',
  'burning',
  'locked',
  'not ready',
  'fault',
  'degraded',
  'slow',
  'certificate',
  'pending',
  'muted',
]

function headline(rows: readonly Row[], well: number): string {
  const counts = order.flatMap((what) => {
    const count = rows.filter((row) => row.what === what).length
    return count > 0 ? [`${count} ${what}`] : []
  })
  return [...counts, `${well} well`].join(' · ')
}

function rowsOf(monitor: MonitorStatus, nowMs: number): Row[] {
  const { id, state, sinceMs, lastMs, cause, muted, silent, slow, budget } = monitor
  const since = sinceMs === undefined ? '' : age(nowMs - sinceMs)
  const why = cause ? (cause.code === 'ASSERTION' ? cause.message : `${cause.code}: ${cause.message}`) : ''
  const burning = budget?.pairs.filter(({ isBurning }) => isBurning) ?? []
  const [worst] = burning
  const row = (what: string, howLong: string, text: string, severity?: Severity): Row => {
    if (muted) return { what: 'muted', who: id, age: howLong, why: `${what}, in maintenance. ${text}` }
    return { what, who: id, age: howLong, why: text, ...(severity && { severity }) }
  }
  const rows = [
    ...(state === 'up' || (state === 'pending' && silent) ? [] : [row(state, since, why)]),
    ...(worst && budget ? [row('burning', '', burnText(worst, budget, id), worst.pair.severity)] : []),
    ...slow.map((event) => row('slow', age(nowMs - event.sinceMs), slowText(event))),
  ]
  const howLong = lastMs === undefined ? '' : age(nowMs - lastMs)
  // Measuring goes on in maintenance.
  const mute: Row[] = silent ? [{ what: 'silent', who: id, age: howLong, why: silence(lastMs) }] : []
  return [...mute, ...rows]
}

function burnText({ pair, longBurn, seenMs }: PairState, { account }: SloReport, id: string): string {
  const left = percentText(account.left, 1)
  return `${pair.severity}: ${overText(longBurn, pair.longMs, seenMs)}, ${left} of its budget left (vedette budget -m ${id})`
}

function silence(lastMs: number | undefined): string {
  return lastMs === undefined ? 'no result yet: is the engine running?' : 'no result since then: is the engine running?'
}

/** A route that nobody can be told on. */
function untoldRow({ route, sinceMs, reason, waiting }: Status['untold'][number], nowMs: number): Row {
  const left = waiting > 0 ? ` (${waiting} waiting)` : ''
  return { what: 'cannot tell', who: route, age: age(nowMs - sinceMs), why: `${reason}${left}` }
}

/** Failovers that nothing may move. */
export function lockRows({ id, locked, record }: FailoverStatus): Row[] {
  if (!locked) return []
  const why = `nothing moves ${record}: vedette failover unlock -f ${id}`
  return [{ what: 'locked', who: nameOf(id), age: '', why }]
}

/** Failovers that could not move if they had to. */
function readinessRows({ id, readiness }: FailoverStatus, nowMs: number): Row[] {
  const [first, ...more] = readiness?.problems ?? []
  if (!readiness || !first) return []
  const others = more.length > 0 ? ` (and ${more.length} more)` : ''
  const why = `${first.code}: ${first.detail}${others}`
  return [{ what: 'not ready', who: nameOf(id), age: age(nowMs - readiness.atMs), why }]
}

/** A monitor may have the same id. */
function nameOf(failover: string): string {
  return `failover ${failover}`
}
