import { Resolver } from 'node:dns/promises'
import { decodeState, type SwapState } from '../../lib/decide/swap-state.ts'
import { eventually } from './eventually.ts'
import { type FailoverId, recordOf, zoneOf } from './failover-config.ts'
import type { Sandbox } from './sandbox.ts'

/** The record of a failover and its TXT, as a person sees and changes them. */
export interface RecordView {
  /** What the TXT says; rejects where it says nothing. */
  state(id: FailoverId): Promise<SwapState>
  /** Waits until it is like this. */
  until(id: FailoverId, isSo: (state: SwapState) => boolean, what: string, withinMs?: number): Promise<SwapState>
  /** What the record holds, in Route 53. */
  answer(id: FailoverId): Promise<string[]>
  /** What the record's name servers answer. */
  served(id: FailoverId): Promise<string[]>
  /** Puts another address into the record, without asking. */
  edit(id: FailoverId, address: string): Promise<void>
  deleteTxt(id: FailoverId): Promise<void>
}

export function recordView({ zones, zoneIds, dns }: Sandbox): RecordView {
  const resolver = new Resolver({ timeout: 10_000, tries: 2 })
  resolver.setServers([`127.0.0.1:${dns?.port}`])
  const zoneId = (id: FailoverId) => zoneIds[zoneOf(id)] ?? ''
  const setsAt = async (id: FailoverId, name: string, type: string) =>
    (await zones.list(zoneId(id))).filter((set) => set.Name === `${name}.` && set.Type === type)
  const txtOf = (id: FailoverId) => setsAt(id, `_vedette.${recordOf(id)}`, 'TXT')
  const state: RecordView['state'] = async (id) => {
    const [set] = await txtOf(id)
    const text = set?.ResourceRecords?.[0]?.Value?.slice(1, -1) ?? ''
    const found = decodeState(text)
    if (!found) throw new Error(`expected the TXT of ${id} to hold a state, got ${JSON.stringify(text)}`)
    return found
  }
  return {
    state,
    until: (id, isSo, what, withinMs = 180_000) => {
      const look = async () => {
        const found = await state(id)
        return isSo(found) ? found : undefined
      }
      return eventually(what, look, withinMs)
    },
    answer: async (id) => {
      const sets = await setsAt(id, recordOf(id), 'A')
      return sets.flatMap(({ ResourceRecords = [] }) => ResourceRecords.map(({ Value = '' }) => Value))
    },
    served: (id) => resolver.resolve4(recordOf(id)),
    edit: async (id, address) => {
      const ResourceRecords = [{ Value: address }]
      await zones.change(zoneId(id), 'UPSERT', { Name: `${recordOf(id)}.`, Type: 'A', TTL: 5, ResourceRecords })
    },
    deleteTxt: async (id) => {
      for (const set of await txtOf(id)) await zones.change(zoneId(id), 'DELETE', set)
    },
  }
}
