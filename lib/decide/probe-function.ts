import { minuteMs } from './schedule.ts'
import type { Shard } from './sharding.ts'

/** Memory of a probe function; its share of a processor grows with it. */
export const probeMemoryMb = 512

/** A function may run no longer (https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html). */
export const longestTimeoutMs = 15 * minuteMs

/** A function's name may have no more (https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html); those of stacks 128. */
export const longestFunctionName = 64

/** Room for the start, the self-check, secrets and metrics. */
const marginMs = 30_000

/**
 * The longest that an invocation can take, in milliseconds. Below a minute it may wait for a whole minute until its own
 * begins, and the run of that minute's last slot may reach beyond it.
 */
export function invocationMs({ everyMs, worstCaseMs }: Pick<Shard, 'everyMs' | 'worstCaseMs'>): number {
  return (everyMs < minuteMs ? 2 * minuteMs : 0) + worstCaseMs + marginMs
}

/** The time-out of a function that runs these shards, in whole seconds. */
export function timeoutSeconds(shards: readonly Pick<Shard, 'everyMs' | 'worstCaseMs'>[]): number {
  return Math.ceil(Math.max(marginMs, ...shards.map(invocationMs)) / 1000)
}
