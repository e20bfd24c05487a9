import type { FailingRoute } from '../decide/route-health.ts'
import { milliseconds } from '../model/figures.ts'

/** `2026-11-20 12:03:20`, in UTC. */
export function utcText(ms: number): string {
  return new Date(ms).toISOString().slice(0, 19).replace('T', ' ')
}

/** That a route is deaf, since when (UTC), why, and how many notices wait for it. */
export function cannotTellText({ route, sinceMs, reason, waiting }: FailingRoute & { waiting: number }): string {
  const left = waiting > 0 ? ` (${waiting} ${waiting === 1 ? 'notice waits' : 'notices wait'})` : ''
  return `CANNOT TELL ${route} since ${utcText(sinceMs).slice(11)} UTC${left}: ${reason}`
}

/** Milliseconds in a terminal: `0.4 ms`, `1240 ms`, `12.4 s`; seconds from ten on alone, so that columns have mostly one unit. */
export function msText(ms: number): string {
  return milliseconds(ms, 10_000)
}
