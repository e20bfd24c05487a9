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
/** A hint takes so many lines at most, and what is wrong with Vedette itself, too. */
const mostTextLines = 3

/** The screen of a running engine: no more lines than `height`, none wider than `width`, worst monitors first. */
export function renderLiveView(snapshot: Snapshot, options: LiveViewOptions): string[] {
  const { width, height, colour } = options
  const paint: Paint = (style, text) => (colour ? styleText(style, text, { validateStream: false }) : text)
  const monitors = worstFirst(snapshot.monitors)
  const lines = failoverLines(options.failovers ?? [], options.nowMs).map((line) => toWidth(line, width))
  const head = [...header(snapshot, options, paint), ...(lines.length > 0 ? [...lines, ''] : [])]
  const room = Math.max(leastRows, height - head.length - 1)
  const wanted = linesWanted(monitors, options, room)
  const hintLines = options.hints.flatMap((hint) => wrapped(hint, width, mostTextLines))
  // Hints get what the monitors leave, and at least half of a small screen goes to monitors.
  const hintRows = Math.min(hintLines.length, Math.max(room - wanted - 1, Math.floor(room / 2) - 1))
  const hints = hintRows > 0 ? ['', ...hintLines.slice(0, hintRows)] : []
  const rows = room - hints.length
  const shown = monitors.length > rows ? monitors.slice(0, rows - 1) : monitors
  const extraLines = rows - shown.length - (shown.length < monitors.length ? 1 : 0)
  const screen = [
    ...head,
    ...monitorTable(shown, { ...options, extraLines }, paint),
    ...(shown.length < monitors.length ? [paint('gray', toWidth(more(monitors.slice(shown.length)), width))] : []),
    ...hints.map((hint) => toWidth(hint, width)),
  ]
  return screen.slice(0, height)
}

/** How many lines the monitors take where every cause is told whole; no need to know where they do not even fit one by one. */
function linesWanted(monitors: readonly Shown[], { width, nowMs }: LiveViewOptions, room: number): number {
  if (monitors.length >= room) return monitors.length
  return monitorTable(monitors, { width, nowMs, extraLines: room }, (_, text) => text).length - 1
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
