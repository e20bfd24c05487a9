import { styleText } from 'node:util'
import type { Cause } from '../decide/health.ts'
import type { MonitorView, Snapshot } from '../local/snapshot.ts'
import { type Look, lookOf, looks, worstFirst as order } from '../local/web/look.ts'
import { age } from '../model/duration.ts'
import type { FailoverStatus } from '../run/failover-status.ts'
import { failoverLines } from './failover-view.ts'
import { toWidth } from './text-width.ts'

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

type Style = Parameters<typeof styleText>[0]
type Paint = (style: Style, text: string) => string

const styles: Record<Look, Style> = {
  down: ['red', 'bold'],
  failing: 'red',
  degraded: 'yellow',
  unknown: 'magenta',
  pending: 'gray',
  up: 'green',
}

const leastRows = 3
const stateWidth = 10

/** The screen of a running engine: no more lines than `height`, none wider than `width`, worst monitors first. */
export function renderLiveView(snapshot: Snapshot, options: LiveViewOptions): string[] {
  const { width, height, colour } = options
  const paint: Paint = (style, text) => (colour ? styleText(style, text, { validateStream: false }) : text)
  const monitors = worstFirst(snapshot.monitors)
  const lines = failoverLines(options.failovers ?? [], options.nowMs).map((line) => toWidth(line, width))
  const head = [...header(snapshot, options, paint), ...(lines.length > 0 ? [...lines, ''] : [])]
  const room = Math.max(leastRows, height - head.length - 1)
  // Hints get what the monitors leave, and at least half of a small screen goes to monitors.
  const hintRows = Math.min(options.hints.length, Math.max(room - monitors.length - 1, Math.floor(room / 2) - 1))
  const hints = hintRows > 0 ? ['', ...options.hints.slice(0, hintRows)] : []
  const rows = room - hints.length
  const shown = monitors.length > rows ? monitors.slice(0, rows - 1) : monitors
  const screen = [
    ...head,
    ...table(shown, options, paint),
    ...(shown.length < monitors.length ? [paint('gray', toWidth(more(monitors.slice(shown.length)), width))] : []),
    ...hints.map((hint) => toWidth(hint, width)),
  ]
  return screen.slice(0, height)
}

function worstFirst(monitors: readonly MonitorView[]): { view: MonitorView; look: Look }[] {
  return monitors
    .map((view) => ({ view, look: lookOf(view) }))
    .sort((a, b) => {
      const rank = order.indexOf(a.look) - order.indexOf(b.look)
      const recent = a.look === 'up' ? 0 : b.view.sinceMs - a.view.sinceMs
      return rank || recent || (a.view.id < b.view.id ? -1 : 1)
    })
}

function header(snapshot: Snapshot, { width, nowMs }: LiveViewOptions, paint: Paint): string[] {
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

function table(monitors: { view: MonitorView; look: Look }[], options: LiveViewOptions, paint: Paint): string[] {
  const { width, nowMs } = options
  const longestId = Math.max(7, ...monitors.map(({ view }) => view.id.length))
  const idWidth = Math.min(longestId, Math.max(12, Math.floor(width / 4)))
  const sparkWidth = width >= 100 ? 20 : width >= 70 ? 10 : 0
  const row = (state: string, since: string, id: string, last: string, spark: string, uptime: string, why: string) =>
    toWidth(
      [
        toWidth(state, stateWidth),
        toWidth(since, 4, 'right'),
        toWidth(id, idWidth),
        toWidth(last, 7, 'right'),
        ...(sparkWidth > 0 ? [toWidth(spark, sparkWidth, 'right')] : []),
        toWidth(uptime, 7, 'right'),
        ` ${why}`,
      ].join(' '),
      width,
    )
  const rows = monitors.map(({ view, look }) => {
    const { id, last, recent, sinceMs, uptime24h } = view
    const took = last && last.status !== 'unknown' ? duration(last.durationMs) : ''
    const spark = sparkline(recent, sparkWidth)
    const why = cause(view, nowMs)
    const text = row(`${looks[look]} ${look}`, age(nowMs - sinceMs), id, took, spark, percent(uptime24h), why)
    return paint(styles[look], text.slice(0, stateWidth)) + text.slice(stateWidth)
  })
  return [paint('gray', row('state', 'for', 'monitor', 'last', '', '24 h', 'cause')), ...rows]
}

/** Why it is as it is; of a monitor that is well, what was wrong last. */
function cause({ last, lastFailure, muted }: MonitorView, nowMs: number): string {
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

function duration(ms: number): string {
  return ms < 9.95 ? `${ms.toFixed(1)}ms` : ms < 9999.5 ? `${Math.round(ms)}ms` : `${(ms / 1000).toFixed(1)}s`
}

/** A share as a percentage that never rounds trouble away: 99.999 % is not 100 %. */
function percent(share: number | undefined): string {
  if (share === undefined) return '–'
  return share === 1 ? '100%' : `${(Math.floor(share * 10_000) / 100).toFixed(2)}%`
}
