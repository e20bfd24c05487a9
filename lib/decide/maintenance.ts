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

function lastStart(window: Extract<MaintenanceWindow, { cron: string }>, nowMs: number): number | undefined {
  let cron = parsed.get(window)
  if (!cron) {
    // The config takes `0/30` for `0-59/30`, as cron does; croner calls that sloppy.
    cron = new Cron(window.cron, { timezone: window.timeZone, mode: '5-part', sloppyRanges: true, paused: true })
    parsed.set(window, cron)
  }
  // croner looks strictly before the given instant.
  return cron.previousRuns(1, new Date(nowMs + 1))[0]?.getTime()
}
