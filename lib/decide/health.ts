import type { Monitor } from '../model/monitor.ts'
import type { ProbeResult } from '../model/result.ts'

/** What a monitor is held to be; `pending` until a first result counts. */
export type State = 'pending' | 'up' | 'degraded' | 'down'

export type Thresholds = Monitor['thresholds']

/** Why a monitor changed: the failure of the result that tipped it. */
export interface Cause {
  code: string
  message: string
}

export interface Transition {
  from: State
  to: State
  /** When it was decided. */
  atMs: number
  /** When the run of results that led here began: the first failure of an incident, the first success of a recovery. */
  firstAtMs: number
  cause?: Cause
}

/** One level of trouble: whether it is entered, and the votes since it last changed. */
interface Level {
  on: boolean
  votes: { bad: boolean; atMs: number }[]
}

/** What of a result is judged. */
type Judged = Pick<ProbeResult, 'status' | 'failure' | 'failedAssertions'>

/** A monitor's health. Plain data, bounded by its thresholds: it may be kept or sent anywhere. */
export interface Health {
  state: State
  sinceMs: number
  /** Failed results. */
  failing: Level
  /** Results that were not up: degraded or failed. */
  ailing: Level
}

/** The health of a monitor before its first result, or as it was when an earlier process stopped. */
export function initialHealth(nowMs: number, state: State = 'pending'): Health {
  return {
    state,
    sinceMs: nowMs,
    failing: { on: state === 'down', votes: [] },
    ailing: { on: state === 'down' || state === 'degraded', votes: [] },
  }
}

/**
 * Judges one more result. Down and degraded are two levels with the same hysteresis: `down` bad votes (in a row, or among
 * the last `of`) enter a level, `up` good votes in a row leave it. A degraded result is no failure. `unknown` is no vote.
 */
export function judge(
  health: Health,
  result: Judged,
  thresholds: Thresholds,
  nowMs: number,
): { health: Health; transition?: Transition } {
  if (result.status === 'unknown') return { health }
  if (health.state === 'pending' && result.status !== 'down') return settle(health, result, nowMs)

  const failing = vote(health.failing, result.status === 'down', thresholds, nowMs)
  const ailing = vote(health.ailing, result.status !== 'up', thresholds, nowMs)
  const state = stateOf(health.state, failing, ailing)
  if (state === health.state) return { health: { ...health, failing, ailing } }

  const level = failing.on === health.failing.on ? health.ailing : health.failing
  const transition = change(health.state, state, result, nowMs, firstAt(level, thresholds, nowMs))
  return { health: { state, sinceMs: nowMs, failing, ailing }, transition }
}

/** The failure of a result in the form that is kept beside a change of state. */
export function causeOf(result: Omit<Judged, 'status'>): Cause | undefined {
  if (result.failure) return { code: result.failure.code, message: result.failure.message }
  const failed = result.failedAssertions?.[0]
  return failed && { code: 'ASSERTION', message: `expected ${failed.expected}, got ${failed.got}` }
}

/** Nothing is known yet, so the first success is believed at once: a fresh start shows no false doubt. */
function settle(health: Health, result: Judged, nowMs: number) {
  const state = result.status === 'degraded' ? 'degraded' : 'up'
  const transition = change(health.state, state, result, nowMs, nowMs)
  return { health: initialHealth(nowMs, state), transition }
}

function vote(level: Level, bad: boolean, thresholds: Thresholds, atMs: number): Level {
  const votes = [...level.votes, { bad, atMs }].slice(-windowOf(level, thresholds))
  if (level.on) {
    const left = votes.length >= thresholds.up && votes.every((one) => !one.bad)
    return left ? { on: false, votes: [] } : { on: true, votes }
  }
  const entered = votes.filter((one) => one.bad).length >= thresholds.down
  return entered ? { on: true, votes: [] } : { on: false, votes }
}

/** How many votes can matter to the next change; older ones are forgotten. */
function windowOf(level: Level, thresholds: Thresholds): number {
  return level.on ? thresholds.up : Math.max(thresholds.down, thresholds.of ?? 0)
}

function stateOf(before: State, failing: Level, ailing: Level): State {
  if (failing.on) return 'down'
  if (before === 'pending') return 'pending'
  return ailing.on ? 'degraded' : 'up'
}

/** When the first of the votes began that make up the change of this level; the last of them is cast at `nowMs`. */
function firstAt(level: Level, thresholds: Thresholds, nowMs: number): number {
  const earlier = level.votes.slice(Math.max(0, level.votes.length - windowOf(level, thresholds) + 1))
  return earlier.find((one) => one.bad !== level.on)?.atMs ?? nowMs
}

function change(from: State, to: State, result: Judged, atMs: number, firstAtMs: number): Transition {
  const cause = to === 'up' ? undefined : causeOf(result)
  return { from, to, atMs, firstAtMs, ...(cause && { cause }) }
}
