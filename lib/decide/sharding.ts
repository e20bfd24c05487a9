import { formatDuration } from '../model/duration.ts'
import { type Monitor, retryWaitMs } from '../model/monitor.ts'
import { splitByHash } from './split-by-hash.ts'

/** Monitors of one vantage that one invocation of its probe function runs, all of them at once. */
export interface Shard {
  /** `1m-0`, `10s-01`: the interval, then the bits of the hash that its monitors share. */
  id: string
  everyMs: number
  monitors: Monitor[]
  /** The longest that a run of all of them can take, with every attempt failing at its time-out. */
  worstCaseMs: number
}

/**
 * An invocation runs all its monitors in parallel, so that none waits for another. Each may hold two sockets (its own, and
 * one for a name or a self-check) of the 1,024 file descriptors that a Lambda function has
 * (https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html).
 */
export const mostPerShard = 400

/**
 * Splits the monitors of one vantage into shards: each monitor in exactly one, with others of its interval. A shard that
 * grows too large splits in two by the next bit of its monitors' hashes, so an addition moves the monitors of one shard at
 * most, and never those of another.
 */
export function shardMonitors(monitors: readonly Monitor[], most = mostPerShard): Shard[] {
  const byInterval = Map.groupBy(monitors, ({ everyMs }) => everyMs)
  return [...byInterval]
    .sort(([a], [b]) => a - b)
    .flatMap(([everyMs, group]) =>
      splitByHash(group, (some) => some.length <= most).map(({ prefix, items }) => ({
        id: `${formatDuration(everyMs)}-${prefix || '0'}`,
        everyMs,
        monitors: items,
        worstCaseMs: Math.max(...items.map(worstCaseMs)),
      })),
    )
}

/** The longest that one run of a monitor can take: all attempts, and the waits between them. */
export function worstCaseMs({ retries, timeoutMs }: Monitor): number {
  return (retries + 1) * timeoutMs + retries * retryWaitMs
}

/** Starting all probes in the same instant would measure our own queue; further apart than this gains nothing. */
const widestGapMs = 5

/**
 * How far apart the monitors of a shard start, in milliseconds: no further than leaves the longest run of the last one
 * inside the interval.
 */
export function startGapMs({ everyMs, worstCaseMs, monitors }: Pick<Shard, 'everyMs' | 'worstCaseMs' | 'monitors'>) {
  return Math.min(widestGapMs, Math.max(0, everyMs - worstCaseMs) / monitors.length)
}
