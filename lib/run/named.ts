import type { Endpoint, Failover } from '../model/failover.ts'
import { didYouMean } from '../model/problem.ts'

/** The failover of this id. Throws with what there is, and which was meant. */
export function failoverNamed(id: string, failovers: readonly Failover[]): Failover {
  return named(id, failovers, 'the id of a failover')
}

/** The endpoint of this id, as above. */
export function endpointNamed(id: string, failover: Failover): Endpoint {
  return named(id, failover.endpoints, `an endpoint of ${failover.id}`)
}

function named<T extends { id: string }>(id: string, all: readonly T[], what: string): T {
  const found = all.find((one) => one.id === id)
  if (found) return found
  const ids = all.map((one) => one.id)
  const hint = didYouMean(String(id), ids)
  throw new Error(`expected ${what} (${ids.join(', ')}), got ${JSON.stringify(id)}${hint ? `: ${hint}` : ''}`)
}
