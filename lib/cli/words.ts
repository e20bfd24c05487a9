import type { Cause } from '../decide/health.ts'
import type { FailingRoute } from '../decide/route-health.ts'
import { milliseconds, utcText } from '../model/figures.ts'

/** A cause in words. An assertion says itself what it is; any other failure has its code first, to look up. */
export function causeText({ code, message }: Cause): string {
  return code === 'ASSERTION' ? message : `${code}: ${message}`
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
