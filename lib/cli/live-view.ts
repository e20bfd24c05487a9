import { styleText } from 'node:util'
import type { MonitorView, Snapshot } from '../local/snapshot.ts'
import { type Look, lookOf, worstFirst as order } from '../local/web/look.ts'
import { age } from '../model/duration.ts'
import type { FailoverStatus } from '../run/failover-status.ts'
import { failoverLines } from './failover-view.ts'
import { monitorTable, type Paint, type Shown, styles } from './live-table.ts'
import { toWidth, wrapped } from './text-width.ts'

export interface LiveViewOptions {
  width: number
  height: number
  nowMs: number
  /** Whether the terminal shows colours. */
  colour: boolean
  /** Lines below the monitors: what one can do. The first to go where there is no room. */
  hints: readonly string[]
  failovers?: readonly FailoverStatus[]
  /** What is wrong with Vedette itself, such as that nobody can be told: right below the head. */
  troubles?: readonly string[]
}

const leastRows = 3
const firstHintLines = 4
/** A hint takes so many lines at most, and what is wrong with Vedette itself, too. */
const mostTextLines = 3

/** The screen of a running engine: no more lines than `height`, none wider than `width`, worst monitors first. */
export function renderLiveView(snapshot: Snapshot, options: LiveViewOptions): string[] {
  const { width, height, colour } = options
  const paint: Paint = (style, text) => (colour ? styleText(style, text, { validateStream: false }) : text)
  const monitors = worstFirst(snapshot.monitors)
  const lines = failoverRows(options)
  const head = [...header(snapshot, options, paint), ...(lines.length > 0 ? [...lines, ''] : [])]
  const room = Math.max(leastRows, height - head.length - 1)
  const hintLines = options.hints.flatMap((hint) => wrapped(hint, width, mostTextLines))
  // Hints get what the monitors leave; the first few have their place in any case.
  const left = room - 1 - monitors.length - causeLinesWanted(monitors, options, room)
  const hintRows = Math.min(hintLines.length, Math.max(left, Math.min(firstHintLines, Math.floor(room / 3) - 1)))
  const hints = hintRows > 0 ? ['', ...hintLines.slice(0, hintRows)] : []
  const rows = room - hints.length
  const shown = monitors.slice(0, howManyFit(monitors, causeLinesWanted(monitors, options, rows), rows))
  const hidden = monitors.slice(shown.length)
  const extraLines = rows - shown.length - (hidden.length > 0 ? 1 : 0)
  const screen = [
    ...head,
    ...monitorTable(shown, { ...options, extraLines }, paint),
    ...(hidden.length > 0 ? [paint('gray', toWidth(more(hidden), width))] : []),
    ...hints.map((hint) => toWidth(hint, width)),
  ]
  return screen.slice(0, height)
}

/**
 * Failovers, above the monitors: told whole in a third of the screen, cut to a line each thing in half of it, else one line each,
 * those that are not as they should be first.
 */
function failoverRows({ failovers = [], width, height, nowMs }: LiveViewOptions): string[] {
  const most = Math.max(1, Math.floor(height / 2))
  const each = failovers.map((failover) => failoverLines([failover], nowMs))
  const whole = each.flat().flatMap((line) => wrapped(line, width, mostTextLines))
  if (whole.length <= height / 3) return whole
  const sorted = failovers.toSorted((a, b) => Number(isInOrder(a)) - Number(isInOrder(b)))
  const heads = sorted.flatMap((failover) => failoverLines([failover], nowMs).slice(0, 1))
  const few = [each.flat(), heads].find(({ length }) => length <= most)
  const lines = few ?? [...heads.slice(0, most - 1), `… and ${heads.length - most + 1} more failovers`]
  return lines.map((line) => toWidth(line, width))
}

function isInOrder({ locked, latched, readiness, endpoints }: FailoverStatus): boolean {
  const isActiveDown = endpoints.some(({ active, down }) => active && down.length > 0)
  return !locked && !latched && !isActiveDown && (readiness?.problems ?? []).length === 0
}

/** How many lines more it takes to tell the causes of what is wrong whole; of so many monitors only as can be on the screen. */
function causeLinesWanted(monitors: readonly Shown[], { width, nowMs }: LiveViewOptions, room: number): number {
  const wrong = monitors.slice(0, room).filter(({ look }) => look !== 'up')
  return monitorTable(wrong, { width, nowMs, extraLines: room }, (_, text) => text).length - 1 - wrong.length
}

/** How many monitors are shown, worst first: what is well gives way to the causes of what is not, and is counted. */
function howManyFit(monitors: readonly Shown[], causeLines: number, rows: number): number {
  if (monitors.length + causeLines <= rows) return monitors.length
  const wrong = monitors.filter(({ look }) => look !== 'up').length
  const most = monitors.length <= rows ? monitors.length : rows - 1
  return Math.min(most, Math.max(wrong, rows - 1 - causeLines))
}

function worstFirst(monitors: readonly MonitorView[]): Shown[] {
  return monitors
    .map((view) => ({ view, look: lookOf(view) }))
    .sort((a, b) => {
      const rank = order.indexOf(a.look) - order.indexOf(b.look)
      const recent = a.look === 'up' ? 0 : b.view.sinceMs - a.view.sinceMs
      return rank || recent || (a.view.id < b.view.id ? -1 : 1)
    })
}

function header(snapshot: Snapshot, { width, nowMs, troubles = [] }: LiveViewOptions, paint: Paint): string[] {
  const { service, monitors, lag, history } = snapshot
  const counts = countsOf(monitors.map(lookOf))
    .map(({ look, count }) => `${count} ${look}`)
    .join(' · ')
  const worst = worstFirst(monitors)[0]?.look
  const skipped = monitors.reduce((sum, one) => sum + one.skipped, 0)
  const running = `running ${age(nowMs - snapshot.startedAtMs)}, starts late by ${Math.round(lag.p99Ms)} ms at most (p99)`
  const facts = `${running}${skipped > 0 ? `, ${skipped} runs skipped` : ''}, history ${history.path}`
  return [
    paint(worst ? styles[worst] : 'gray', toWidth(`vedette · ${service} · ${counts || 'no monitors'}`, width)),
    history.trouble ? paint('red', toWidth(history.trouble, width)) : paint('gray', toWidth(facts, width)),
    ...troubles
      .flatMap((text) => wrapped(text, width, mostTextLines))
      .map((line) => paint('red', toWidth(line, width))),
    '',
  ]
}

function countsOf(all: Look[]): { look: Look; count: number }[] {
  return order
    .map((look) => ({ look, count: all.filter((one) => one === look).length }))
    .filter(({ count }) => count > 0)
}

function more(hidden: { look: Look }[]): string {
  const counts = countsOf(hidden.map(({ look }) => look)).map(({ look, count }) => `${count} ${look}`)
  return `… and ${counts.length === 1 ? `${hidden.length} more ${counts[0]?.split(' ')[1]}` : `${hidden.length} more: ${counts.join(', ')}`}`
}
