import type { RecordStore } from '../act/ports.ts'
import { txtBatch } from '../decide/swap-batch.ts'
import { endpointIn, stateIn } from '../decide/swap-records.ts'
import type { SwapState } from '../decide/swap-state.ts'
import type { Failover } from '../model/failover.ts'

/** What a change of the TXT alone needs of the world. */
export interface StateHost {
  records: RecordStore
  pause(ms: number): Promise<void>
  newDecision(): string
  wallClock(): number
}

const mostAttempts = 8
const pauseMs = 1000

/**
 * Changes what the TXT says, and nothing else. After an unknown outcome it is read again: a change of ours that is found
 * there has landed, and one that is not is made anew with a later epoch, after which the lost one can never land. Gives
 * what the TXT says then; rejects with what to do where it cannot be changed.
 */
export async function changeState(
  failover: Failover,
  host: StateHost,
  largestEpoch: number,
  change: (state: SwapState) => Partial<Pick<SwapState, 'flags'>>,
): Promise<SwapState> {
  const decision = host.newDecision()
  let epoch = largestEpoch
  for (let attempt = 0; attempt < mostAttempts; attempt++) {
    const listed = await host.records.list(failover)
    if (listed.kind === 'denied') throw new Error(`${failover.record} could not be read: ${listed.message}`)
    if (listed.kind === 'listed') {
      const found = stateIn(listed.sets, failover)
      if (typeof found === 'string')
        throw new Error(`the TXT of ${failover.record} is ${found}: "vedette failover adopt ${failover.id}" writes it`)
      if (found.state.decision === decision) return found.state
      epoch = Math.max(epoch, found.state.epoch) + 1
      const next = { ...found.state, ...change(found.state), epoch, decision }
      const outcome = await host.records.change(failover, txtBatch(listed.sets, next, failover))
      if (outcome.kind === 'written') return next
      if (outcome.kind === 'denied') throw new Error(`${failover.record} could not be changed: ${outcome.message}`)
      if (outcome.kind === 'refused') continue
    }
    await host.pause(pauseMs)
  }
  throw new Error(`${failover.record} could not be changed in ${mostAttempts} attempts: try again`)
}

/**
 * Writes the first TXT of a record, or a new one where it was damaged: active is the endpoint whose answer is served now.
 * Rejects where that is none of them, or where the TXT is there and whole.
 */
export async function adopt(failover: Failover, host: StateHost, largestEpoch: number): Promise<SwapState> {
  const listed = await host.records.list(failover)
  if (listed.kind !== 'listed') throw new Error(`${failover.record} could not be read (${listed.kind}): try again`)
  const found = stateIn(listed.sets, failover)
  if (typeof found !== 'string') throw new Error(`${failover.record} is adopted: ${found.state.active} is active`)
  const active = endpointIn(listed.sets, failover)
  if (!active) {
    const ids = failover.endpoints.map(({ id }) => id).join(', ')
    throw new Error(`${failover.record} answers as none of ${ids}: correct the record or the config first`)
  }
  const state: SwapState = {
    ...{ version: 1, epoch: largestEpoch + 1, decision: host.newDecision(), active: active.id },
    ...{ sinceMs: host.wallClock(), switches: [], flags: { locked: false, latched: false } },
  }
  const outcome = await host.records.change(failover, txtBatch(listed.sets, state, failover))
  if (outcome.kind === 'written') return state
  throw new Error(`${failover.record} could not be adopted (${outcome.kind}): look at it, then try again`)
}
