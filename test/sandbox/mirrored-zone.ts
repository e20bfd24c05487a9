import { setTimeout as sleep } from 'node:timers/promises'
import type { ResourceRecordSet } from '@aws-sdk/client-route-53'
import { startZone } from '../../lib/local/zone.ts'
import { zoneRecords } from '../../lib/local/zone-store.ts'
import type { HostedZones } from './hosted-zones.ts'

/** A DNS server that serves what is in hosted zones: the sandbox's Route 53 has an API, but no name servers. */
export interface MirroredZone {
  port: number
  /** Looks now; resolves when what is there is served. */
  refresh(): Promise<void>
  /** Which of the sets of a name with several is served, by its SetIdentifier: what health checks decide. The first one where nothing is said. */
  serve(name: string, setIdentifier: string): void
  stop(): Promise<void>
}

/** Types that are mirrored: SOA and NS are the mirror's own. */
const mirrored = ['A', 'AAAA', 'CNAME', 'TXT']
const everyMs = 200

/**
 * Serves `origin`, under which all of the hosted zones are, and looks at them five times a second. A look that fails leaves what
 * was seen last.
 */
export async function startMirroredZone(
  origin: string,
  hostedZoneIds: readonly string[],
  { list }: Pick<HostedZones, 'list'>,
): Promise<MirroredZone> {
  const zone = await startZone({ origin, records: [] })
  const chosen = new Map<string, string>()
  const stopping = new AbortController()
  let served = ''
  const look = async () => {
    const sets = (await Promise.all(hostedZoneIds.map(list))).flat()
    const all = sets.filter((set) => isServed(set, sets, chosen))
    const seen = JSON.stringify(all)
    if (seen === served) return
    zone.setRecords(all.flatMap(zoneRecords))
    served = seen
  }
  // One after the other: a look that began before a change must not end after it.
  let turn = Promise.resolve()
  const refresh = () => {
    turn = turn.catch(() => {}).then(look)
    return turn
  }
  const mirror = async () => {
    while (!stopping.signal.aborted) {
      await refresh().catch(() => {})
      await sleep(everyMs, undefined, { signal: stopping.signal }).catch(() => {})
    }
  }
  const mirroring = mirror()
  return {
    port: zone.port,
    refresh,
    serve: (name, setIdentifier) => void chosen.set(name, setIdentifier),
    stop: async () => {
      stopping.abort()
      await mirroring
      await zone.stop()
    },
  }
}

function isServed(set: ResourceRecordSet, all: readonly ResourceRecordSet[], chosen: ReadonlyMap<string, string>) {
  const { Name = '', Type = '', SetIdentifier } = set
  if (!mirrored.includes(Type)) return false
  if (SetIdentifier === undefined) return true
  const first = all.find((other) => other.Name === Name && other.Type === Type)
  return SetIdentifier === (chosen.get(Name) ?? first?.SetIdentifier)
}
