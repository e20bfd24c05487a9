import type { ControllerTable } from '../act/ports.ts'
import type { Endpoint, Failover } from '../model/failover.ts'
import type { Collected } from './collect.ts'
import type { FailoverEvent } from './failover-event.ts'
import type { SwapHost } from './swap.ts'
import type { Verification } from './verify.ts'

/** What a controller needs of the world. */
export interface ControllerHost extends Omit<SwapHost, 'remember' | 'isLocked' | 'page'> {
  /** Ids of the vantages. */
  vantages: readonly string[]
  /** Asks every vantage about every endpoint, now. Never rejects: who does not answer in time has no ballot. */
  collect(failover: Failover): Promise<Collected>
  /** Since when endpoints have been up by quorum, where the host knows; else the votes of decisions say. */
  healthySince?(failover: Failover): Promise<Record<string, number | undefined>>
  /** Where a record is served, for those who want to ask for it, where that is not by DNS at large: `127.0.0.1:4455`. */
  servedAt?(failover: Failover): string | undefined
  table: ControllerTable
  /** Waits until the new answer is served everywhere and the target answers there. Never rejects. */
  verify(failover: Failover, to: Endpoint, changeId: string | undefined): Promise<Verification>
  emit(event: FailoverEvent): void
  wallClock(): number
  /** An id that no decision had before; see `SwapPlan`. */
  newDecision(): string
}

/** What writing a record needs, made of what a controller has: its table keeps epochs and locks, its events page. */
export function swapHostOf<H extends ControllerHost>(host: H): H & SwapHost {
  const { table, emit, wallClock } = host
  return {
    ...host,
    remember: (failover, largestEpoch) => table.update(failover, { largestEpoch }),
    isLocked: (failover) =>
      table.read(failover).then(
        ({ locked }) => locked,
        () => true,
      ),
    page: (failover, pages) => emit({ type: 'page', failover, pages: [...pages], atMs: wallClock() }),
  }
}
