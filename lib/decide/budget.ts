import { formatDuration, inTwoUnits } from '../model/duration.ts'
import { timesText } from '../model/figures.ts'
import type { Monitor } from '../model/monitor.ts'

/** What a monitor promises: a share of good votes, in percent, over a time. */
export type Slo = NonNullable<Monitor['slo']>

/** Votes of some time. No vote (`unknown`, a gap) is neither. */
export interface Votes {
  good: number
  bad: number
}

/** How many votes are due: each of so many places casts one in `everyMs`. */
export interface Pace {
  everyMs: number
  places: number
}

/** Two windows that must both burn: the long one says that it matters, the short one that it is still going on. */
export interface Pair {
  id: '1h' | '6h' | '1d' | '3d'
  longMs: number
  shortMs: number
  /** How many times faster than the objective allows the budget has to go. */
  burnRate: number
  /** The share of bad votes at that rate, 0 to 1: more than it, in both windows, burns. */
  limit: number
  severity: 'page' | 'ticket'
}

const [minuteMs, hourMs] = [60_000, 3_600_000]

/**
 * The windows, and the share of the budget that goes in the long one
 * (The Site Reliability Workbook, chapter 5, "Multiwindow, Multi-Burn-Rate Alerts": 2 % in 1 h, 5 % in 6 h, 10 % in 3 d; and 10 % in
 * 1 d, which Google's own services use).
 */
const windows = [
  { id: '1h', longMs: hourMs, share: 0.02, severity: 'page' },
  { id: '6h', longMs: 6 * hourMs, share: 0.05, severity: 'page' },
  { id: '1d', longMs: 24 * hourMs, share: 0.1, severity: 'ticket' },
  { id: '3d', longMs: 72 * hourMs, share: 0.1, severity: 'ticket' },
] as const

/** The longest window. */
export const longestWindowMs = 72 * hourMs

/** A short window is this part of its long one. */
const shortPart = 12

/** Every window that any pair has, shortest first. */
export const allWindowsMs: readonly number[] = windows
  .flatMap(({ longMs }) => [longMs, longMs / shortPart])
  .filter((ms, i, all) => all.indexOf(ms) === i)
  .sort((a, b) => a - b)

/** The longest of the short ones. */
export const longestShortMs = longestWindowMs / shortPart

/** Of a window with less than this share of its votes nobody knows how it was. */
const knownShare = 0.5

/** A long window with fewer votes says nothing: nobody is told. */
export const leastVotes = 10
/** One or two bad votes are chance, or one blip; they wake nobody, however few votes there are. */
export const leastBad = 3

/** The burn rate that uses up this share of the budget within `longMs`: 2 % of 30 d in 1 h is 14.4. */
export function burnRateOf(share: number, windowMs: number, longMs: number): number {
  return rounded((share * windowMs) / longMs)
}

/**
 * The pairs that watch an objective, fastest first. Windows stay as long as they are whatever the objective's window, and burn
 * rates follow from it, but none is below 1: who spends slower than that ends within the budget. Left out are pairs that can say
 * nothing: longer than the objective's window, shorter than the monitor's interval, or beyond what total failure burns.
 */
export function pairsOf({ objective, windowMs }: Slo, everyMs: number): Pair[] {
  return windows.flatMap(({ share, ...window }) => {
    const burnRate = Math.max(1, burnRateOf(share, windowMs, window.longMs))
    const limit = rounded((burnRate * (100 - objective)) / 100)
    const shortMs = window.longMs / shortPart
    const isUseful = window.longMs <= windowMs && shortMs >= Math.max(everyMs, minuteMs) && limit < 1
    return isUseful ? [{ ...window, shortMs, burnRate, limit }] : []
  })
}

/** How many votes a time holds where none is missing; with a fraction where it is no multiple of the interval. */
export function votesDue(ms: number, { everyMs, places }: Pace): number {
  return rounded((ms * places) / everyMs)
}

/**
 * How many times faster than the objective allows the budget goes: 1 uses it up exactly at the end of its window. 0 without
 * votes. Of `due` votes those that are missing have burned nothing.
 */
export function burnOf(votes: Votes, { objective }: Pick<Slo, 'objective'>, due = 0): number {
  return (badShare(votes, due) * 100) / (100 - objective)
}

/** The share of bad votes, 0 to 1, in those there are, or in those that are due where some are missing; 0 without votes. */
export function badShare({ good, bad }: Votes, due = 0): number {
  return bad === 0 ? 0 : bad / Math.max(good + bad, due)
}

/** Whether enough of the votes that are due are there to say at what rate it goes on. */
export function isKnown({ good, bad }: Votes, due: number): boolean {
  return good + bad >= due * knownShare
}

/** Whether there are enough votes in a long window to wake someone for. */
export function isEnough({ good, bad }: Votes): boolean {
  return good + bad >= leastVotes && bad >= leastBad
}

/** Whether both windows of a pair burn, with votes enough in the long one. */
export function isBurning({ limit, longMs, shortMs }: Pair, pace: Pace, long: Votes, short: Votes): boolean {
  return (
    isEnough(long) && badShare(long, votesDue(longMs, pace)) > limit && badShare(short, votesDue(shortMs, pace)) > limit
  )
}

/** One pair with what its windows hold. */
export interface PairState {
  pair: Pair
  long: Votes
  short: Votes
  longBurn: number
  shortBurn: number
  /** How much of the long window its votes stand for: all of it, unless some are missing. */
  seenMs: number
  isBurning: boolean
}

/** Judges every pair of an objective; `votesIn` gives the votes of the last so many milliseconds. */
export function judgePairs(slo: Slo, pace: Pace, votesIn: (lastMs: number) => Votes): PairState[] {
  return pairsOf(slo, pace.everyMs).map((pair) => {
    const [long, short] = [votesIn(pair.longMs), votesIn(pair.shortMs)]
    return {
      ...{ pair, long, short, isBurning: isBurning(pair, pace, long, short) },
      longBurn: burnOf(long, slo, votesDue(pair.longMs, pace)),
      shortBurn: burnOf(short, slo, votesDue(pair.shortMs, pace)),
      seenMs: seenOf(pair.longMs, long, pace),
    }
  })
}

/** How much of a time votes stand for. A slow run or a restart skips a few runs: with 95 % of them it was seen whole. */
export function seenOf(ms: number, { good, bad }: Votes, { everyMs, places }: Pace): number {
  const seenMs = Math.min(ms, ((good + bad) * everyMs) / places)
  return seenMs >= wholeEnough * ms ? ms : seenMs
}

const wholeEnough = 0.95

/** Without the dust of binary fractions: what is compared here is what a template says. */
function rounded(value: number): number {
  return Math.round(value * 1e9) / 1e9
}

/** A burn rate, and how much of its window it rests on: `14.4× over 1h`, `2× over 1h (12m of it seen)`. */
export function overText(burn: number, windowMs: number, seenMs = windowMs): string {
  const seen = seenMs < windowMs ? ` (${inTwoUnits(seenMs)} of it seen)` : ''
  return `${timesText(burn)} over ${formatDuration(windowMs)}${seen}`
}
