import type { styleText } from 'node:util'
import type { Cause } from '../decide/health.ts'
import type { MonitorView } from '../local/snapshot.ts'
import { type Look, looks } from '../local/web/look.ts'
import { percent } from '../local/web/uptime.ts'
import { age } from '../model/duration.ts'
import { toWidth, wrapped } from './text-width.ts'
import { msText } from './words.ts'

export type Style = Parameters<typeof styleText>[0]
export type Paint = (style: Style, text: string) => string

/** A monitor, and how it is shown. */
export interface Shown {
  view: MonitorView
  look: Look
}

export const styles: Record<Look, Style> = {
  down: ['red', 'bold'],
  failing: 'red',
  degraded: 'yellow',
  unknown: 'magenta',
  pending: 'gray',
  muted: 'gray',
  up: 'green',
}

const stateWidth = 10
/** A cause takes so many lines at most. */
const mostCauseLines = 3
/** Where there is less room for a cause beside its monitor, it goes below it. */
const leastCauseWidth = 40
const belowIndent = 4

/**
 * A table of monitors, one line each below a head, none wider than `width`. What is wrong is told whole, in at most `extraLines`
 * lines more, the first monitors first.
 */
export function monitorTable(
  monitors: readonly Shown[],
  { width, nowMs, extraLines }: { width: number; nowMs: number; extraLines: number },
  paint: Paint,
): string[] {
  const columns = columnsFor(monitors, width)
  const head = columns.line(['state', 'for', 'monitor', 'last', '', '24 h'], 'cause')
  let left = extraLines
  const rows = monitors.flatMap(({ view, look }) => {
    const { id, last, recent, sinceMs, uptime24h } = view
    // A failed run has no honest duration.
    const took = last?.status === 'up' || last?.status === 'degraded' ? tight(msText(last.durationMs)) : ''
    const spark = sparkline(recent, columns.sparkWidth)
    const cells: Cells = [
      `${looks[look]} ${look}`,
      age(nowMs - sinceMs),
      id,
      took,
      spark,
      tight(percent(uptime24h ?? null)),
    ]
    const why = causeLines(causeOf(view, nowMs), columns.causeWidth, look === 'up' ? 0 : left, width)
    left -= why.below.length
    const text = columns.line(cells, why.beside)
    return [paint(styles[look], text.slice(0, stateWidth)) + text.slice(stateWidth), ...why.below]
  })
  return [paint('gray', head), ...rows]
}

type Cells = [state: string, since: string, id: string, last: string, spark: string, uptime: string]

/** What fits: the uptime goes first, then the sparkline. */
function columnsFor(monitors: readonly Shown[], width: number) {
  const longestId = Math.max(7, ...monitors.map(({ view }) => view.id.length))
  const idWidth = Math.min(longestId, Math.max(12, Math.floor(width / 4)))
  const sparkWidth = width >= 110 ? 20 : width >= 80 ? 10 : 0
  const hasUptime = width >= 110
  const line = ([state, since, id, last, spark, uptime]: Cells, why: string) =>
    toWidth(
      [
        toWidth(state, stateWidth),
        toWidth(since, 4, 'right'),
        toWidth(id, idWidth),
        toWidth(last, 7, 'right'),
        ...(sparkWidth > 0 ? [toWidth(spark, sparkWidth, 'right')] : []),
        ...(hasUptime ? [toWidth(uptime, 7, 'right')] : []),
        ` ${why}`,
      ].join(' '),
      width,
    )
  const used = stateWidth + 4 + idWidth + 7 + 3 + (sparkWidth > 0 ? sparkWidth + 1 : 0) + (hasUptime ? 8 : 0) + 2
  return { sparkWidth, causeWidth: width - used, line }
}

/** A cause beside its monitor, and what of it goes below, in `left` lines at most. */
function causeLines(text: string, room: number, left: number, width: number): { beside: string; below: string[] } {
  const most = Math.min(mostCauseLines, left)
  if (room >= leastCauseWidth) {
    const [beside = '', ...more] = wrapped(text, room, Math.min(mostCauseLines, 1 + left))
    return { beside, below: more.map((line) => toWidth(' '.repeat(width - room) + line, width)) }
  }
  if (most === 0 || text === '' || width <= 2 * belowIndent) return { beside: text, below: [] }
  const below = wrapped(text, width - belowIndent, most)
  return { beside: '', below: below.map((line) => toWidth(' '.repeat(belowIndent) + line, width)) }
}

/** Why it is as it is; of a monitor that is well, what was wrong last. */
function causeOf({ last, lastFailure, muted }: MonitorView, nowMs: number): string {
  const note = muted ? 'in maintenance · ' : ''
  if (last?.cause) return `${note}${inWords(last.cause)}`
  if (lastFailure) return `${note}${age(nowMs - lastFailure.atMs)} ago: ${inWords(lastFailure)}`
  return note.slice(0, -3)
}

/** An assertion says itself what it is; any other failure has its code first, to look up. */
function inWords({ code, message }: Cause): string {
  return code === 'ASSERTION' ? message : `${code}: ${message}`
}

const bars = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█']

/** The latest durations as bars, the highest being the longest of them; a failed run is a cross. */
export function sparkline(durations: readonly (number | null)[], width: number): string {
  const latest = width > 0 ? durations.slice(-width) : []
  const longest = Math.max(...latest.map((ms) => ms ?? 0), 0)
  const bar = (ms: number) => bars[Math.min(bars.length - 1, Math.floor((ms / longest) * bars.length))] ?? bars[0]
  return latest.map((ms) => (ms === null ? '×' : bar(ms))).join('')
}

/** Without its space: room in a line is for causes. */
function tight(figure: string): string {
  return figure.replace(' ', '')
}
