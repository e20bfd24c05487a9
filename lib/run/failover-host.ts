import { randomBytes } from 'node:crypto'
import type { Monitor } from '../model/monitor.ts'
import { collectVotes } from './collect.ts'
import type { ControllerHost } from './controller-host.ts'
import type { UpkeepHost } from './failover-upkeep.ts'
import { verifyMove } from './verify.ts'

/** What differs from place to place; see `ControllerHost`. */
interface Place
  extends Omit<ControllerHost, 'collect' | 'verify' | 'newDecision'>,
    Pick<UpkeepHost, 'ask' | 'records' | 'stopping'> {
  /** The monitors of endpoints. */
  monitors: readonly Pick<Monitor, 'id' | 'timeoutMs'>[]
}

/** What a controller and those who look after its failovers need of the world: a place, and what is the same in all of them. */
export function failoverHost(place: Place) {
  const host = {
    ...place,
    /** By chance up to as long again, so that two controllers fall out of step. */
    pause: (ms: number) => place.pause(ms * (1 + Math.random())),
    collect: (failover) => collectVotes(failover, place.vantages, place.monitors, place.ask),
    newDecision: () => randomBytes(5).toString('hex'),
  } satisfies Omit<ControllerHost, 'verify'>
  const verify: ControllerHost['verify'] = (failover, to, changeId) => verifyMove(failover, to, changeId, host)
  return { ...host, verify }
}
