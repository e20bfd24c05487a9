import type { Failover } from '../model/failover.ts'
import type { Datum } from './votes.ts'

/** How a failover stands in one controller region, each minute. */
export interface Standing {
  failover: Failover
  /** Id of the endpoint that is active; undefined where that could not be found out. */
  active: string | undefined
  /** Undefined where readiness has not been looked at yet, or the table cannot be read. */
  isReady: boolean | undefined
}

/**
 * What a controller tells its region each minute. What is not known is not told: an alarm on `NotReady` takes missing for
 * breaching, and a health check on `ServePrimary` keeps its last state.
 */
export function standingDatums(standings: readonly Standing[], atMs: number): Datum[] {
  return standings.flatMap(({ failover, active, isReady }) => {
    const position = failover.endpoints.findIndex(({ id }) => id === active)
    return [
      ...(isReady === undefined ? [] : [datum('NotReady', failover, atMs, isReady ? 0 : 1)]),
      ...(position < 0 ? [] : [datum('ActiveEndpoint', failover, atMs, position)]),
      ...(position < 0 || failover.switch === 'record' ? [] : [servePrimary(failover, active, atMs)]),
    ]
  })
}

/** What the health checks of a failover without a record of its own go by: 1 while its first endpoint is to serve. */
export function servePrimary(failover: Failover, active: string | undefined, atMs: number): Datum {
  return datum('ServePrimary', failover, atMs, active === failover.endpoints[0]?.id ? 1 : 0)
}

/** How long the steps of a move took, in milliseconds. */
export function phaseDatums(
  failover: Pick<Failover, 'id'>,
  phases: Record<string, number | undefined>,
  atMs: number,
): Datum[] {
  return Object.entries(phases).flatMap(([Phase, ms]): Datum[] => {
    if (ms === undefined) return []
    const dimensions = { Failover: failover.id, Phase }
    return [{ metric: 'FailoverPhase', dimensions, atMs, values: [ms], unit: 'Milliseconds', homeOnly: false }]
  })
}

function datum(metric: Datum['metric'], { id }: Pick<Failover, 'id'>, atMs: number, value: number): Datum {
  return { metric, dimensions: { Failover: id }, atMs, values: [value], unit: 'None', homeOnly: false }
}
