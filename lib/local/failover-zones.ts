import type { RecordStore } from '../act/ports.ts'
import { answerOf, txtOf } from '../decide/swap-records.ts'
import { encodeState } from '../decide/swap-state.ts'
import { canonicalName } from '../model/dns-answer.ts'
import type { Failover } from '../model/failover.ts'
import { isPortTaken } from './loopback.ts'
import { startZone, type Zone } from './zone.ts'
import { createZoneStore, type ZoneStore } from './zone-store.ts'

/** One store for records in several zones. */
export function storesOf(zones: readonly EmbeddedZone[]): RecordStore {
  const storeOf = ({ zone }: Failover) => zones.find(({ origin }) => origin === canonicalName(zone))?.store
  return {
    list: async (failover) => storeOf(failover)?.list(failover) ?? { kind: 'unknown' },
    change: async (failover, changes) => storeOf(failover)?.change(failover, changes) ?? { kind: 'unknown' },
  }
}

/** A zone of our own on loopback. */
export interface EmbeddedZone {
  origin: string
  port: number
  store: ZoneStore
  zone: Zone
}

/** One zone for each that the failovers name; every record answers as its first endpoint says, with the TXT beside it. */
export async function startZones(failovers: readonly Failover[], preferredPort = 0): Promise<EmbeddedZone[]> {
  const origins = [...new Set(failovers.map(({ zone }) => canonicalName(zone)))]
  return Promise.all(
    origins.map(async (origin, i) => {
      const zone = await startZoneAt(origin, i === 0 ? preferredPort : 0)
      const own = failovers.filter((failover) => canonicalName(failover.zone) === origin)
      return { origin, port: zone.port, zone, store: createZoneStore(zone, own.flatMap(adopted)) }
    }),
  )
}

async function startZoneAt(origin: string, port: number): Promise<Zone> {
  try {
    return await startZone({ origin, records: [], port })
  } catch (error) {
    if (!isPortTaken(error)) throw error
    return startZone({ origin, records: [] })
  }
}

function adopted(failover: Failover) {
  const [primary] = failover.endpoints
  if (!primary) return []
  const text = encodeState({
    ...{ version: 1, epoch: 1, decision: 'adopted', active: primary.id, sinceMs: Date.now() },
    ...{ switches: [], flags: { locked: false, latched: false } },
  })
  return [...answerOf(failover, primary), txtOf(failover, text)]
}
