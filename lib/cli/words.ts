import type { FailingRoute } from '../decide/route-health.ts'

/** A share as a percentage that never rounds trouble away: 99.9996 % is not 100 %. */
export function percentText(share: number, decimals = 2): string {
  const scale = 10 ** (decimals + 2)
  return `${(Math.floor(share * scale + 1e-6) / (scale / 100)).toFixed(decimals).replace(/\.0+$/, '')} %`
}

/** `2026-11-20 12:03:20`, in UTC. */
export function utcText(ms: number): string {
  return new Date(ms).toISOString().slice(0, 19).replace('T', ' ')
}

/** That a route is deaf, since when (UTC), why, and how many notices wait for it. */
export function cannotTellText({ route, sinceMs, reason, waiting }: FailingRoute & { waiting: number }): string {
  const left = waiting > 0 ? ` (${waiting} ${waiting === 1 ? 'notice waits' : 'notices wait'})` : ''
  return `CANNOT TELL ${route} since ${utcText(sinceMs).slice(11)} UTC${left}: ${reason}`
}

/** Milliseconds as people say them: `0.42 ms`, `87 ms`, `1.2 s`. */
export function msText(ms: number): string {
  if (ms >= 9999.5) return `${(ms / 1000).toFixed(1)} s`
  return `${ms < 9.95 ? ms.toFixed(1) : Math.round(ms)} ms`
}
