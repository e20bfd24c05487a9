import { isIPv4, isIPv6 } from 'node:net'
import { type Answer, encode } from 'dns-packet'
import { canonicalName, isWithin, parentOf } from '../model/dns-answer.ts'
import { encodeName } from '../probe/dns-text.ts'

/** Types that the zone can hold. */
export type ZoneType = 'A' | 'AAAA' | 'CAA' | 'CNAME' | 'MX' | 'NS' | 'PTR' | 'SOA' | 'SRV' | 'TXT'

/** One record of the zone; a name may have several of a type. */
export interface ZoneRecord {
  /** Fully qualified; `*.shop.test` is a wildcard. */
  name: string
  type: ZoneType
  /** Seconds. */
  ttl: number
  /** As `dig +short` prints it, without quotes around TXT: `10 mail.shop.test`. */
  data: string
}

/** A record ready for the wire, but for its name. */
export interface WireRecord {
  type: ZoneType
  /** Type, class, TTL, length and data. */
  bytes: Buffer
  /** Where a CNAME leads. */
  target?: string
}

/** Every name that exists, with its records by type; a name that only has names below it has none. */
export type ZoneIndex = Map<string, Map<string, WireRecord[]>>

/** Makes the lookup table of a zone. Throws for a record that cannot be served, saying which. */
export function indexRecords(origin: string, records: ZoneRecord[]): ZoneIndex {
  const index: ZoneIndex = new Map()
  for (const record of records) {
    const name = canonicalName(record.name)
    if (!isWithin(name, origin)) throw new Error(`expected a name of the zone ${origin}, got ${record.name}`)
    encodeName(name)
    // The names between a record's and the zone's exist too, without records (RFC 4592 §2.2.2).
    for (let above = name; isWithin(above, origin) && !index.has(above); above = parentOf(above))
      index.set(above, new Map())
    const node = index.get(name) ?? new Map<string, WireRecord[]>()
    const wire = wireRecord(record)
    node.set(wire.type, [...(node.get(wire.type) ?? []), wire])
    refuseCnameBesideOthers(name, node)
  }
  return index
}

/** RFC 2181 §10.1: a name with a CNAME has nothing else. */
function refuseCnameBesideOthers(name: string, node: Map<string, WireRecord[]>): void {
  const aliases = node.get('CNAME')?.length ?? 0
  if (aliases > 1 || (aliases === 1 && node.size > 1))
    throw new Error(`expected ${name} to have one CNAME or other records, got both`)
}

function wireRecord({ name, type, ttl, data }: ZoneRecord): WireRecord {
  const answer = { name: '.', type, ttl, class: 'IN', data: packetData(type, data, name) } as Answer
  const rootBytes = 1
  return {
    type,
    bytes: encodeRecord(answer).subarray(rootBytes),
    ...(type === 'CNAME' && { target: canonicalName(data) }),
  }
}

/** A record as it goes over the wire, its names without escapes: dns-packet knows none. */
export function encodeRecord(record: Answer): Buffer {
  const headerBytes = 12
  return encode({ type: 'response', answers: [record] }).subarray(headerBytes)
}

function packetData(type: ZoneType, data: string, name: string): unknown {
  const fields = data.trim().split(/\s+/)
  const number = (at: number) => {
    const value = Number(fields[at])
    if (!Number.isInteger(value) || value < 0) throw unfit(type, data, name)
    return value
  }
  const host = (at: number) => {
    const written = canonicalName(fields[at] ?? '')
    // dns-packet knows an escape only in a mailbox, for the dots before its @ (RFC 1035 §8).
    const isMailbox = type === 'SOA' && at === 1
    if (written.includes('\\') && !isMailbox) throw unfit(type, data, name)
    try {
      encodeName(written)
    } catch (error) {
      throw unfit(type, data, name, error)
    }
    return written
  }
  switch (type) {
    case 'A':
    case 'AAAA':
      if (!(type === 'A' ? isIPv4(data) : isIPv6(data))) throw unfit(type, data, name)
      return data
    case 'CNAME':
    case 'NS':
    case 'PTR':
      return host(0)
    case 'MX':
      return { preference: number(0), exchange: host(1) }
    case 'SRV':
      return { priority: number(0), weight: number(1), port: number(2), target: host(3) }
    case 'CAA':
      return { flags: number(0), tag: fields[1] ?? '', value: fields.slice(2).join(' ').replace(/^"|"$/g, '') }
    case 'TXT':
      return chunksOf(Buffer.from(data))
    case 'SOA': {
      const [serial, refresh, retry, expire, minimum] = [2, 3, 4, 5, 6].map(number)
      return { mname: host(0), rname: host(1), serial, refresh, retry, expire, minimum }
    }
    default:
      throw unfit(type, data, name)
  }
}

function unfit(type: string, data: string, name: string, cause?: unknown): Error {
  return new Error(`expected the data of a ${type} record for ${name}, got "${data}"`, { cause })
}

/** Strings of a TXT record have at most 255 bytes (RFC 1035 §3.3). */
function chunksOf(bytes: Buffer): Buffer[] {
  const count = Math.max(1, Math.ceil(bytes.length / 255))
  return Array.from({ length: count }, (_, at) => bytes.subarray(at * 255, at * 255 + 255))
}
