import { timesText } from '../decide/budget.ts'
import type { MonitorStatus } from '../local/overview.ts'
import { age } from '../model/duration.ts'
import type { FailoverStatus } from '../run/failover-status.ts'
import { failoverLines } from './failover-view.ts'
import { plainText } from './plain-text.ts'
import type { Status } from './status.ts'
import { toWidth } from './text-width.ts'
import { msText, percentText, utcText } from './words.ts'

/** One thing that is not as it should be. */
export interface Row {
  what: string
  who: string
  /** For how long. */
  age: string
  why: string
}

/** What is on the screen. */
export interface Screen {
  service: string
  atMs: number
  rows: Row[]
  /** How many monitors are well. */
  well: number
  failovers: FailoverStatus[]
  /** Why failovers could not be asked for. */
  unreachable?: string
}

/** What needs a person, by what the history has. */
export function screenOf({ monitors, ...status }: Status): Screen {
  const rows = [...monitors.flatMap((monitor) => rowsOf(monitor, status.atMs)), ...status.failovers.flatMap(lockRows)]
  return { ...status, rows, well: wellAmong(monitors, rows) }
}

/** How many of the monitors there is nothing to say of. */
export function wellAmong(monitors: readonly { id: string }[], rows: readonly Row[]): number {
  const named = new Set(rows.map(({ who }) => who))
  return monitors.filter(({ id }) => !named.has(id)).length
}

/** The screen as text, worst first; lines are cut to `columns` where there is a terminal. */
export function screenText({ service, atMs, rows, well, failovers, unreachable }: Screen, columns?: number): string {
  const sorted = rows.toSorted((a, b) => order.indexOf(a.what) - order.indexOf(b.what))
  const whoWidth = Math.max(0, ...sorted.map(({ who }) => who.length))
  const whatWidth = Math.max(0, ...sorted.map(({ what }) => what.length))
  const lines = sorted.map(
    ({ what, who, age: since, why }) =>
      `${what.toUpperCase().padEnd(whatWidth)}  ${who.padEnd(whoWidth)} ${since.padStart(4)}  ${plainText(why)}`,
  )
  const links = failoverLines(failovers, atMs)
  return [
    `${service} at ${utcText(atMs)} UTC: ${headline(sorted, well)}`,
    ...(lines.length > 0 ? ['', ...lines] : []),
    ...(links.length > 0 ? ['', ...links] : []),
    ...(unreachable === undefined ? [] : ['', `failovers: not known: ${unreachable}`]),
  ]
    .map((line) => (columns === undefined ? line.trimEnd() : toWidth(line, columns).trimEnd()))
    .join('\n')
}

/** From the worst. */
const order = [
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
  const row = (what: string, howLong: string, text: string): Row => ({ what, who: id, age: howLong, why: text })
  return [
    ...(silent ? [row('silent', lastMs === undefined ? '' : age(nowMs - lastMs), silence(lastMs))] : []),
    ...(state === 'up' || (state === 'pending' && silent)
      ? []
      : [row(state, since, muted ? `in maintenance. ${why}` : why)]),
    ...(muted && state === 'up' ? [row('muted', '', 'in maintenance')] : []),
    ...(worst && budget
      ? [
          row(
            'burning',
            '',
            `${worst.pair.severity}: ${timesText(worst.longBurn)} over ${worst.pair.id}, ${percentText(budget.account.left, 1)} of its budget left (vedette budget -m ${id})`,
          ),
        ]
      : []),
    ...slow.map(({ sinceMs: slowSince, statistic, valueMs, limitMs }) =>
      row('slow', age(nowMs - slowSince), `${statistic} was ${msText(valueMs)}, over ${msText(limitMs)}`),
    ),
  ]
}

function silence(lastMs: number | undefined): string {
  return lastMs === undefined ? 'no result yet: is the engine running?' : 'no result since then: is the engine running?'
}

/** Failovers that nothing may move. */
export function lockRows({ id, locked, record }: FailoverStatus): Row[] {
  return locked
    ? [{ what: 'locked', who: id, age: '', why: `nothing moves ${record}: vedette failover unlock -f ${id}` }]
    : []
}
