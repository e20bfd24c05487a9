import type { Status } from '../model/result.ts'
import { longestWindowMs, type Votes } from './budget.ts'
import { minuteMs } from './schedule.ts'

const slots = longestWindowMs / minuteMs
/** What one minute of a slot can count. A monitor runs once a second at most. */
const mostVotes = 255

/**
 * The votes of the last three days by minute, in 8.6 KB a monitor. Windows end with the minute that is under way: they are
 * exact to a minute.
 */
export interface VoteRing {
  /** The newest minute since 1970 that is in it. */
  minute: number
  good: Uint8Array
  bad: Uint8Array
}

/** A ring without votes. */
export function emptyRing(nowMs: number): VoteRing {
  return { minute: Math.floor(nowMs / minuteMs), good: new Uint8Array(slots), bad: new Uint8Array(slots) }
}

/** Moves the ring on to a time; minutes that nobody voted in stay empty. A clock that goes back changes nothing. */
export function advance(ring: VoteRing, nowMs: number): void {
  const minute = Math.floor(nowMs / minuteMs)
  const from = Math.max(ring.minute + 1, minute - slots + 1)
  for (let at = from; at <= minute; at++) {
    ring.good[at % slots] = 0
    ring.bad[at % slots] = 0
  }
  ring.minute = Math.max(ring.minute, minute)
}

/** Adds votes of a minute; those that are older than the ring are left out. */
export function addVotes(ring: VoteRing, atMs: number, { good, bad }: Votes): void {
  if (Math.floor(atMs / minuteMs) > ring.minute) advance(ring, atMs)
  const minute = Math.floor(atMs / minuteMs)
  if (minute <= ring.minute - slots) return
  const slot = minute % slots
  ring.good[slot] = Math.min(mostVotes, (ring.good[slot] ?? 0) + good)
  ring.bad[slot] = Math.min(mostVotes, (ring.bad[slot] ?? 0) + bad)
}

/** Adds the vote of one result; what is not known is none. */
export function addResult(ring: VoteRing, atMs: number, status: Status): void {
  if (status !== 'unknown') addVotes(ring, atMs, status === 'down' ? { good: 0, bad: 1 } : { good: 1, bad: 0 })
}

/** Adds votes that are known by the hour only, spread evenly over its minutes. */
export function addHour(ring: VoteRing, startMs: number, { good, bad }: Votes): void {
  const part = (count: number, i: number) => Math.floor((count * (i + 1)) / 60) - Math.floor((count * i) / 60)
  for (let i = 0; i < 60; i++) addVotes(ring, startMs + i * minuteMs, { good: part(good, i), bad: part(bad, i) })
}

/** The votes of the last so many milliseconds. */
export function votesIn(ring: VoteRing, lastMs: number): Votes {
  return votesOver(ring, [lastMs])(lastMs)
}

/** The votes of several windows, shortest first, in one pass over the ring; gives what answers for each of them. */
function votesOver(ring: VoteRing, windowsMs: readonly number[]): (lastMs: number) => Votes {
  const found = new Map<number, Votes>()
  let [good, bad, at] = [0, 0, ring.minute]
  for (const lastMs of windowsMs) {
    const first = Math.max(0, ring.minute - Math.min(slots, Math.ceil(lastMs / minuteMs)) + 1)
    let slot = at % slots
    for (; at >= first; at--) {
      good += ring.good[slot] ?? 0
      bad += ring.bad[slot] ?? 0
      slot = slot === 0 ? slots - 1 : slot - 1
    }
    found.set(lastMs, { good, bad })
  }
  return (lastMs) => found.get(lastMs) ?? { good: 0, bad: 0 }
}

/**
 * The same for windows of whole minutes, with the minute under way beside them: that one has just begun must not look as if votes
 * were missing. The longest window of a ring has it in itself.
 */
export function wholeVotesOver(ring: VoteRing, windowsMs: readonly number[]): (lastMs: number) => Votes {
  const votes = votesOver(
    ring,
    windowsMs.map((ms) => ms + minuteMs),
  )
  return (lastMs) => votes(lastMs + minuteMs)
}
