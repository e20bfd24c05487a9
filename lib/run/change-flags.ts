import type { ControllerTable } from '../act/ports.ts'
import type { FlagPlan } from '../decide/swap-flags.ts'
import { defaultLimits } from '../decide/swap-terms.ts'
import type { Failover } from '../model/failover.ts'
import type { FailoverEvent } from './failover-event.ts'
import { runFlags, type SwapHost } from './swap.ts'

/** What changing a TXT alone, or a lock, needs of the world. */
export interface FlagsHost extends SwapHost {
  table: Pick<ControllerTable, 'read' | 'update'>
  newDecision(): string
  wallClock(): number
  /** Tells what became of what a person asked for. */
  emit(event: FailoverEvent): void
}

/** Changes what the TXT alone says; rejects with what to do where that does not succeed. */
export async function changeFlags(
  failover: Failover,
  { change, largestEpoch }: Pick<FlagPlan, 'change' | 'largestEpoch'>,
  host: FlagsHost,
): Promise<void> {
  const decision = host.newDecision()
  const outcome = await runFlags({ failover, decision, change, largestEpoch, limits: defaultLimits }, host)
  if (outcome.kind === 'refused') throw new Error(`${failover.record}: ${outcome.detail}`)
  if (outcome.kind === 'gaveUp')
    throw new Error(`${failover.record} could not be changed (${outcome.reason}): try again`)
  if (outcome.kind === 'superseded') throw new Error(`${failover.record} was changed meanwhile: look, then try again`)
}

/**
 * Locks a failover in its TXT and in this controller's table, each whatever comes of the other, as either of them locks.
 * Rejects with what holds and what to do where one of them could not be written.
 */
export function lockFailover(failover: Failover, host: FlagsHost): Promise<void> {
  return telling('locked', failover, host, () => lock(failover, host))
}

async function lock(failover: Failover, host: FlagsHost): Promise<void> {
  const { table, remember } = host
  const largestEpoch = await table.read(failover.id).then(
    (memory) => memory.largestEpoch,
    () => 0,
  )
  // An epoch that cannot be kept holds up no lock: whoever writes next reads it in the TXT, and no hook has its key of it.
  const tolerant: FlagsHost = { ...host, remember: (id, epoch) => remember(id, epoch).catch(() => {}) }
  const [inTable, inTxt] = await Promise.allSettled([
    table.update(failover.id, { locked: true }),
    changeFlags(failover, { change: { locked: true }, largestEpoch }, tolerant),
  ])
  const [noTable, noTxt] = [inTable, inTxt].map((one) => one.status === 'rejected' && (one.reason as Error).message)
  if (noTable && noTxt)
    throw new Error(
      `it is locked nowhere but here, where a table that fails counts as a lock (${noTable}); its TXT could not be written (${noTxt}): lock at the other controller too, or set the reserved concurrency of the failover functions to 0`,
    )
  if (noTable)
    throw new Error(
      `it is locked in its TXT, which holds for every controller; this one's table could not be written (${noTable}): to unlock, that has to work again`,
    )
  if (noTxt)
    throw new Error(
      `it is locked in this controller's table only; its TXT could not be written (${noTxt}): lock at the other controller too`,
    )
}

/** Unlocks and unlatches a failover, in its TXT and in this controller's table. Rejects with what to do where one of them cannot be written. */
export function unlockFailover(failover: Failover, host: FlagsHost): Promise<void> {
  return telling('unlocked', failover, host, () => unlock(failover, host))
}

async function unlock(failover: Failover, host: FlagsHost): Promise<void> {
  const { id } = failover
  const { largestEpoch } = await host.table.read(id).catch((error: Error) => {
    const hint = 'it treats itself as locked until that works again'
    throw new Error(`the table of this controller cannot be read (${error.message}): ${hint}`)
  })
  const outcomes = await Promise.allSettled([
    host.table.update(id, { locked: false }),
    changeFlags(failover, { change: { locked: false, latched: false }, largestEpoch }, host),
  ])
  const failed = outcomes.find((outcome) => outcome.status === 'rejected')
  if (failed) throw failed.reason
}

/** Takes a record over as it stands. Rejects with why it may not be, or could not. */
export function adoptFailover(failover: Failover, host: FlagsHost): Promise<void> {
  return telling('adopted', failover, host, async () => {
    const { largestEpoch } = await host.table.read(failover.id)
    await changeFlags(failover, { change: 'adopt', largestEpoch }, host)
  })
}

/** Does what a person asked for, and tells what became of it. */
async function telling(
  type: 'locked' | 'unlocked' | 'adopted',
  { id }: Failover,
  { emit, wallClock }: FlagsHost,
  change: () => Promise<void>,
): Promise<void> {
  const tell = (why: { problem?: string }) => emit({ failover: id, atMs: wallClock(), type, ...why })
  await change().catch((error: Error) => {
    tell({ problem: error.message })
    throw error
  })
  tell({})
}
