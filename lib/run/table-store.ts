import type { ControllerTable, RecordStore } from '../act/ports.ts'
import { answerOf, stateIn, txtIn, txtOf } from '../decide/swap-records.ts'
import { encodeState } from '../decide/swap-state.ts'
import type { Failover } from '../model/failover.ts'

/**
 * Where failovers that move by health checks live: their state is a text in this controller's table, as others' is in their
 * TXT, and what answers is what that says. There is nothing to adopt: it begins with the first endpoint.
 */
export function tableStore(table: ControllerTable, nowMs: () => number): RecordStore {
  return {
    list: async (failover) => {
      try {
        const sets = [txtOf(failover, await tableText(failover, table))]
        const found = stateIn(sets, failover)
        const active = typeof found === 'string' ? undefined : found.state.active
        // One that is damaged, or names an endpoint that is no more, is adopted as the first.
        const endpoint = failover.endpoints.find(({ id }) => id === active) ?? failover.endpoints[0]
        return { kind: 'listed', sets: [...(endpoint ? answerOf(failover, endpoint) : []), ...sets], atMs: nowMs() }
      } catch {
        return { kind: 'unknown' }
      }
    },
    change: async (failover, changes) => {
      const textTo = (action: 'CREATE' | 'DELETE') => {
        const sets = changes.filter((change) => change.action === action).map(({ set }) => set)
        return txtIn(sets, failover)[0]?.values?.[0]?.slice(1, -1)
      }
      const [before, after] = [textTo('DELETE'), textTo('CREATE')]
      if (after === undefined) return { kind: 'refused' }
      try {
        const first = firstText(failover.endpoints[0]?.id ?? '')
        // What was listed may have been the text that nobody has written yet.
        const isDone =
          (await table.swapText(failover.id, before, after)) ||
          (before === first && (await table.swapText(failover.id, undefined, after)))
        return { kind: isDone ? 'written' : 'refused' }
      } catch {
        return { kind: 'unknown' }
      }
    },
  }
}

/** The state of such a failover as its table has it; rejects where that cannot be read. */
export async function tableText({ id, endpoints }: Failover, table: Pick<ControllerTable, 'read'>): Promise<string> {
  return (await table.read(id)).text ?? firstText(endpoints[0]?.id ?? '')
}

function firstText(active: string): string {
  return encodeState({
    ...{ version: 1, epoch: 1, decision: 'first', active, sinceMs: 0, switches: [] },
    flags: { locked: false, latched: false },
  })
}

/** Each failover in the store of its own way to move. */
export function storeBySwitch(byRecord: RecordStore, byHealthCheck: RecordStore): RecordStore {
  const storeOf = (failover: Failover) => (failover.switch === 'record' ? byRecord : byHealthCheck)
  return {
    ...byRecord,
    list: (failover) => storeOf(failover).list(failover),
    change: (failover, changes) => storeOf(failover).change(failover, changes),
  }
}
