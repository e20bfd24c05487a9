import type { Config } from '../model/config.ts'
import { failoverMonitors, questionLimitMs } from './probe-now.ts'

type Source = Pick<Config, 'vantages' | 'controllers' | 'failovers' | 'monitors'>

/** Memory of a failover function; its share of a processor grows with it. */
export const failoverMemoryMb = 512

/** What the failover function may take: as long as Lambda lets any (https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html). */
export const failoverTimeoutSeconds = 900

/**
 * How many failover functions may run at once in a controller region, kept free for them alone: one for each vantage that
 * has just seen a failure, and ten for ticks, alarms, persons and what still waits for a record to be served. More wait in
 * Lambda's queue, for a minute.
 */
export function failoverConcurrency({ vantages }: Pick<Config, 'vantages'>): number {
  return Math.min(mostReserved, vantages.length + 10)
}

/**
 * How many probe-now functions may run at once at a vantage, kept free for them alone: each controller asks one question of
 * each failover at a time, and two more for its tick and a person.
 */
export function probeNowConcurrency({ controllers, failovers }: Pick<Config, 'controllers' | 'failovers'>): number {
  return Math.min(mostReserved, controllers.length * (failovers.length + 2))
}

/** A twentieth of what an account has in a region (https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html). */
const mostReserved = 50

/** Room for the start of a probe-now function, its secrets and its self-check. */
const marginMs = 15_000

/** The longest that a vantage may take for its votes on any failover, in milliseconds. */
export function longestVotesMs(config: Pick<Source, 'failovers' | 'monitors'>): number {
  const monitors = failoverMonitors(config)
  const limits = config.failovers.map((failover) =>
    questionLimitMs({ ask: 'votes', failover: failover.id }, failover, monitors),
  )
  return Math.max(questionLimitMs({ ask: 'state', failovers: [] }, undefined, monitors), ...limits)
}

/** The time-out of the probe-now functions, in whole seconds: longer than any controller waits for an answer. */
export function probeNowTimeoutSeconds(config: Pick<Source, 'failovers' | 'monitors'>): number {
  return Math.ceil((longestVotesMs(config) + marginMs) / 1000)
}
