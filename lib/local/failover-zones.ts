import type { RecordStore } from '../act/ports.ts'
import type { RawRecordSet } from '../decide/swap-records.ts'
import { canonicalName } from '../model/dns-answer.ts'
import type { Failover } from '../model/failover.ts'
import type { KeptRecords } from './kept-records.ts'
import { isPortTaken } from './loopback.ts'
import { startZone, type Zone } from './zone.ts'
import { zoneOrigins } from './zone-place.ts'
import { ownNames, restore } from './zone-restore.ts'
import { createZoneStore, type ZoneStore } from './zone-store.ts'

/** One store for records in several zones. */
export function storesOf(zones: readonly EmbeddedZone[]): RecordStore {
  return {
    list: async (failover) => zoneOf(failover, zones)?.store.list(failover) ?? { kind: 'unknown' },
    change: async (failover, changes) =>
      zoneOf(failover, zones)?.store.change(failover, changes) ?? { kind: 'unknown' },
  }
}

/** The zone that a failover's record is in, if it is one of these. */
export function zoneOf({ zone }: Pick<Failover, 'zone'>, zones: readonly EmbeddedZone[]): EmbeddedZone | undefined {
  return zones.find(({ origin }) => origin === canonicalName(zone))
}

/** Where a zone is served: `127.0.0.1:4455`. */
export function placeOf({ port }: Pick<EmbeddedZone, 'port'>): string {
  return `127.0.0.1:${port}`
}

/** A zone of our own on loopback. */
export interface EmbeddedZone {
  origin: string
  port: number
  store: ZoneStore
  zone: Zone
  /** What people have to know of what it began with. */
  notes: string[]
}

export interface ZonesOptions {
  /** Port of the first zone, each further one the next; any free one where it is absent. */
  port?: number
  /** No other port will do. */
  isPortFixed?: boolean
  /** What was served before, and is to be after this; nothing is where absent. */
  kept?: KeptRecords
}

/** A port that was asked for and is not to be had; the message says what to do. */
export class ZonePortError extends Error {}

/**
 * One zone for each that the failovers name, serving what was kept of it, or every record as its first endpoint with the TXT
 * beside it. Rejects with `ZonePortError` where a port that is fixed is taken.
 */
export async function startZones(failovers: readonly Failover[], options: ZonesOptions = {}): Promise<EmbeddedZone[]> {
  const started: Zone[] = []
  try {
    const zones: EmbeddedZone[] = []
    for (const [i, origin] of zoneOrigins(failovers).entries()) {
      const zone = await startZoneAt(origin, options.port ? options.port + i : 0, options.isPortFixed ?? false)
      started.push(zone)
      const own = failovers.filter((failover) => canonicalName(failover.zone) === origin)
      zones.push({ origin, port: zone.port, zone, ...fill(zone, own, options.kept) })
    }
    return zones
  } catch (error) {
    await Promise.all(started.map((zone) => zone.stop()))
    throw error
  }
}

async function startZoneAt(origin: string, port: number, isFixed: boolean): Promise<Zone> {
  try {
    return await startZone({ origin, records: [], port })
  } catch (error) {
    if (!isFixed && isPortTaken(error)) return startZone({ origin, records: [] })
    if (!isFixed) throw error
    const why = isPortTaken(error) ? 'it is taken' : (error as Error).message
    throw new ZonePortError(`expected port ${port} of 127.0.0.1 for the zone ${origin}, got: ${why}`, { cause: error })
  }
}

/** Puts the records of failovers into their zone, and keeps what becomes of them. */
function fill(zone: Zone, failovers: readonly Failover[], kept: KeptRecords | undefined) {
  const restored = failovers.map((failover) => restore(failover, kept?.read(failover.record), Date.now()))
  const written = new Map<string, string>()
  const keep = (sets: readonly RawRecordSet[]) => {
    const changed = failovers.flatMap(({ record }): [string, RawRecordSet[]][] => {
      const names = ownNames({ record })
      const own = sets.filter(({ Name = '' }) => names.includes(canonicalName(Name)))
      return JSON.stringify(own) === written.get(record) ? [] : [[record, own]]
    })
    kept?.write(new Map(changed))
    for (const [record, own] of changed) written.set(record, JSON.stringify(own))
  }
  const store = createZoneStore(
    zone,
    restored.flatMap(({ sets }) => sets),
    keep,
  )
  return { store, notes: restored.flatMap(({ note }) => note ?? []) }
}
