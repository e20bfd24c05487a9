import type { ChangeOutcome, RecordStore } from '../act/ports.ts'
import type { Change } from '../decide/swap-batch.ts'
import {
  type RawRecordSet,
  type RecordSet,
  rawOf,
  recordSetOf,
  relevantSets,
  setsBeside,
} from '../decide/swap-records.ts'
import type { Zone, ZoneRecord, ZoneType } from './zone.ts'

/** The records of an embedded zone, changed in batches as Route 53 does: all or nothing, every DELETE exact. */
export interface ZoneStore extends RecordStore {
  /** Puts sets there as they are, without asking: what someone does by hand. */
  put(sets: readonly RecordSet[]): void
  sets(): RecordSet[]
}

/**
 * A store over a zone; what it holds is what the zone serves, and what `keep` was given: a change that cannot be kept is not
 * made. `keep` throws where it cannot keep.
 */
export function createZoneStore(
  zone: Pick<Zone, 'setRecords'>,
  sets: readonly RecordSet[],
  keep: (sets: readonly RawRecordSet[]) => void = () => {},
): ZoneStore {
  let held = new Map<string, RawRecordSet>()
  const serve = (next: Map<string, RawRecordSet>) => {
    zone.setRecords([...next.values()].flatMap(zoneRecords))
    try {
      keep([...next.values()])
    } catch (error) {
      // Nobody has been answered in between: no query is read before this returns.
      zone.setRecords([...held.values()].flatMap(zoneRecords))
      throw error
    }
    held = next
  }
  const store: ZoneStore = {
    sets: () => [...held.values()].map(recordSetOf),
    put: (some) => serve(new Map([...held, ...some.map((set) => [keyOf(rawOf(set)), rawOf(set)] as const)])),
    list: async (failover) => {
      const all = [...held.values()]
      return {
        kind: 'listed',
        ...{ sets: relevantSets(all, failover), besides: setsBeside(all, failover), atMs: Date.now() },
      }
    },
    change: async (_, changes): Promise<ChangeOutcome> => {
      const next = changed(held, changes)
      if (!next) return { kind: 'refused' }
      try {
        serve(next)
        return { kind: 'written' }
      } catch (error) {
        return { kind: 'denied', message: (error as Error).message }
      }
    },
  }
  store.put(sets)
  return store
}

/** What is held after a batch, or nothing where it does not fit. */
function changed(held: ReadonlyMap<string, RawRecordSet>, changes: readonly Change[]) {
  const next = new Map(held)
  for (const { action, set } of [...changes].sort((a, b) => (a.action < b.action ? 1 : -1))) {
    const raw = rawOf(set)
    const there = next.get(keyOf(raw))
    if (action === 'CREATE' ? there !== undefined : JSON.stringify(there) !== JSON.stringify(raw)) return undefined
    if (action === 'CREATE') next.set(keyOf(raw), raw)
    else next.delete(keyOf(raw))
  }
  return next
}

function keyOf({ Name, Type }: RawRecordSet): string {
  return `${Name} ${Type}`
}

/** A set as the zone serves it; an alias is of AWS alone, so its target stands in for it. */
export function zoneRecords({
  Name = '',
  Type,
  TTL = 60,
  ResourceRecords = [],
  AliasTarget,
}: RawRecordSet): ZoneRecord[] {
  if (AliasTarget) return [{ name: Name, type: 'CNAME', ttl: TTL, data: AliasTarget.DNSName ?? '' }]
  return ResourceRecords.map(({ Value = '' }) => {
    const data = Type === 'TXT' ? Value.replace(/^"(.*)"$/, '$1') : Value
    return { name: Name, type: Type as ZoneType, ttl: TTL, data }
  })
}
