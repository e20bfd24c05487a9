import { Cron } from 'croner'
import type { MaintenanceWindow } from '../model/monitor.ts'

// Parsing a pattern costs more than asking it; windows live as long as their config.
const parsed = new WeakMap<MaintenanceWindow, Cron>()

/**
 * Whether any window is open at `nowMs`: from its start, inclusive, for `forMs` of real time. Starts are wall-clock times
 * of the window's zone. A start that the clock skips in spring happens when it resumes; one that occurs twice in autumn,
 * at the first.
 */
export function inMaintenance(windows: readonly MaintenanceWindow[], nowMs: number): boolean {
  return windows.some((window) => {
    const startMs = 'cron' in window ? lastStart(window, nowMs) : Date.parse(window.start)
    return startMs !== undefined && startMs <= nowMs && nowMs < startMs + window.forMs
  })
}

function lastStart(window: CronWindow, nowMs: number): number | undefined {
  // croner looks strictly before the given instant.
  return cronOf(window)
    .previousRuns(1, new Date(nowMs + 1))[0]
    ?.getTime()
}

type CronWindow = Extract<MaintenanceWindow, { cron: string }>

function cronOf(window: CronWindow): Cron {
  let cron = parsed.get(window)
  if (!cron) {
    // The config takes `0/30` for `0-59/30`, as cron does; croner calls that sloppy.
    cron = new Cron(window.cron, { timezone: window.timeZone, mode: '5-part', sloppyRanges: true, paused: true })
    parsed.set(window, cron)
  }
  return cron
}

/** A time that was, or will be, spent in maintenance. */
export interface Span {
  fromMs: number
  toMs: number
}

/** A window that opens more often in the time asked for is left out before its newest so many. */
const mostStarts = 11_000

/** The times within [fromMs, toMs) that any window is open, in order and apart from each other. */
export function maintenanceSpans(windows: readonly MaintenanceWindow[], fromMs: number, toMs: number): Span[] {
  const spans = windows
    .flatMap((window) => startsOf(window, fromMs, toMs).map((start) => ({ fromMs: start, toMs: start + window.forMs })))
    .map((span) => ({ fromMs: Math.max(span.fromMs, fromMs), toMs: Math.min(span.toMs, toMs) }))
    .filter((span) => span.fromMs < span.toMs)
    .sort((a, b) => a.fromMs - b.fromMs)
  const merged: Span[] = []
  for (const span of spans) {
    const last = merged.at(-1)
    if (last && span.fromMs <= last.toMs) last.toMs = Math.max(last.toMs, span.toMs)
    else merged.push({ ...span })
  }
  return merged
}

/** The starts whose windows may still be open at `fromMs`, up to `toMs`. */
function startsOf(window: MaintenanceWindow, fromMs: number, toMs: number): number[] {
  if ('start' in window) return [Date.parse(window.start)]
  const starts: number[] = []
  let next = new Date(toMs)
  while (starts.length < mostStarts) {
    // croner looks strictly before the given instant.
    const [start] = cronOf(window).previousRuns(1, next)
    if (!start || start.getTime() + window.forMs <= fromMs) break
    starts.push(start.getTime())
    next = start
  }
  return starts
}
