import type { RouteHealth } from '../../../decide/route-health.ts'

/** Why something was not up. */
export interface Trouble {
  code: string
  /** The code's meaning in words: `connection refused`. */
  words: string
  /** What was expected, what was got. */
  message: string
}

export interface TroubleAt extends Trouble {
  atMs: number
}

/** The engine itself. */
export interface EngineState {
  service: string
  version: string
  startedAtMs: number
  /** The server's clock when it answered: ages are counted from it, not from the viewer's. */
  nowMs: number
  /** How late runs start, of the latest of them. */
  lag: { p50Ms: number; p99Ms: number; maxMs: number }
  history: {
    /** Results not written yet. */
    waiting: number
    /** Results lost so far because the file could not be written. */
    dropped: number
    /** What is wrong, and what to do, while something is. */
    trouble?: string
  }
  /** How telling each route of the config goes. */
  routes: RouteHealth[]
}

/** The answer of `/healthz`. */
export interface Health {
  status: 'ok' | 'failing'
  /** What is wrong; empty for nothing. */
  problems: string[]
}
