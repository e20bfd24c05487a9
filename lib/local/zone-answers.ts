import { isWithin } from '../probe/dns-chain.ts'
import { typeNumbers } from '../probe/dns-rdata.ts'
import { Cursor, encodeName } from '../probe/dns-wire.ts'
import type { WireRecord, ZoneIndex } from './zone-records.ts'

/** What the server answers from, replaced as a whole. */
export interface ZoneData {
  origin: string
  index: ZoneIndex
}

const rcode = { NOERROR: 0, FORMERR: 1, NXDOMAIN: 3, NOTIMP: 4, REFUSED: 5, BADVERS: 16 }
const optType = 41
const maxChain = 8
/** Replies over UDP to a client without EDNS (RFC 1035 §4.2.1). */
const plainUdpBytes = 512
const maxBytes = 65535

interface Query {
  id: number
  recursionDesired: boolean
  opcode: number
  /** The question section as it came, to be sent back to the letter. */
  question: Buffer
  name: string
  type: number
  klass: number
  /** Largest reply the client takes over UDP, and its EDNS version. */
  edns?: { size: number; version: number }
}

interface Section {
  owner: string
  record: WireRecord
}

interface Outcome {
  rcode: number
  authoritative: boolean
  answers: Section[]
  authorities: Section[]
}

/** The reply to one packet; undefined for what deserves none. Never throws. */
export function answerPacket(packet: Buffer, zone: ZoneData, overUdp: boolean): Buffer | undefined {
  // Too short for a header, or itself a reply: answering that could go back and forth for ever.
  if (packet.length < 12 || packet.readUInt8(2) >= 0x80) return undefined
  const query = readQuery(packet)
  if (query === undefined) return headerOnly(packet, rcode.FORMERR)
  const outcome = decide(query, zone)
  const limit = overUdp ? Math.max(plainUdpBytes, query.edns?.size ?? 0) : maxBytes
  const whole = writeReply(query, outcome, false)
  return whole.length <= limit ? whole : writeReply(query, { ...outcome, answers: [], authorities: [] }, true)
}

function readQuery(packet: Buffer): Query | undefined {
  const cursor = new Cursor(packet)
  try {
    const [id, bits, questions] = [cursor.u16(), cursor.u16(), cursor.u16()]
    const others = cursor.u16() + cursor.u16() + cursor.u16()
    if (questions !== 1) return undefined
    const [name, type, klass] = [cursor.name(), cursor.u16(), cursor.u16()]
    const question = packet.subarray(12, cursor.offset)
    const edns = readEdns(cursor, others)
    const head = { id, recursionDesired: (bits & 0x0100) !== 0, opcode: (bits >> 11) & 15 }
    return { ...head, question, name, type, klass, ...(edns && { edns }) }
  } catch {
    return undefined
  }
}

function readEdns(cursor: Cursor, count: number): Query['edns'] | undefined {
  for (let at = 0; at < count; at++) {
    cursor.name()
    const [type, size, ttl] = [cursor.u16(), cursor.u16(), cursor.u32()]
    cursor.take(cursor.u16())
    if (type === optType) return { size, version: (ttl >>> 16) & 255 }
  }
  return undefined
}

function decide(query: Query, zone: ZoneData): Outcome {
  const nothing = { authoritative: false, answers: [], authorities: [] }
  if ((query.edns?.version ?? 0) > 0) return { ...nothing, rcode: rcode.BADVERS }
  // Zone transfers and ANY (251 to 255, RFC 8482) are not for monitoring.
  if (query.opcode !== 0 || (query.type >= 251 && query.type <= 255)) return { ...nothing, rcode: rcode.NOTIMP }
  if (query.klass !== 1 || !isWithin(query.name, zone.origin)) return { ...nothing, rcode: rcode.REFUSED }
  return lookUp(query, zone)
}

/** RFC 1034 §4.3.2, without recursion. */
function lookUp(query: Query, zone: ZoneData): Outcome {
  const answers: Section[] = []
  let name = query.name
  for (let hop = 0; hop <= maxChain && isWithin(name, zone.origin); hop++) {
    const cut = delegationOf(name, query.type, zone)
    if (cut) return { rcode: rcode.NOERROR, authoritative: answers.length > 0, answers, authorities: cut }
    const node = nodeOf(name, zone)
    const found = node?.get(query.type) ?? node?.get(typeNumbers.CNAME) ?? []
    answers.push(...found.map((record) => ({ owner: name, record })))
    const target = query.type === typeNumbers.CNAME ? undefined : found[0]?.target
    if (target !== undefined) {
      name = target
      continue
    }
    if (found.length > 0) break
    const authorities = [{ owner: zone.origin, record: negativeSoa(zone) }]
    return { rcode: node ? rcode.NOERROR : rcode.NXDOMAIN, authoritative: true, answers, authorities }
  }
  return { rcode: rcode.NOERROR, authoritative: true, answers, authorities: [] }
}

/** The records of a name, or those of the wildcard that stands for it (RFC 4592 §3.3.1). */
function nodeOf(name: string, { origin, index }: ZoneData): Map<number, WireRecord[]> | undefined {
  if (index.has(name)) return index.get(name)
  let encloser = parentOf(name)
  while (encloser !== origin && !index.has(encloser)) encloser = parentOf(encloser)
  return index.get(`*.${encloser}`)
}

/** The NS records that hand a part of the zone to other servers; DS of the cut itself stays here. */
function delegationOf(name: string, type: number, { origin, index }: ZoneData): Section[] | undefined {
  for (let owner = name; owner !== origin; owner = parentOf(owner)) {
    const servers = index.get(owner)?.get(typeNumbers.NS)
    if (servers && !(type === typeNumbers.DS && owner === name)) return servers.map((record) => ({ owner, record }))
  }
  return undefined
}

function parentOf(name: string): string {
  return name.replace(/^(?:\\.|[^.\\])*\.?/, '')
}

/** The SOA that goes with a negative answer; its TTL says how long that holds (RFC 2308 §3). */
function negativeSoa({ origin, index }: ZoneData): WireRecord {
  const soa = index.get(origin)?.get(typeNumbers.SOA)?.[0] as WireRecord
  const bytes = Buffer.from(soa.bytes)
  bytes.writeUInt32BE(Math.min(bytes.readUInt32BE(4), bytes.readUInt32BE(bytes.length - 4)), 4)
  return { ...soa, bytes }
}

function writeReply(query: Query, outcome: Outcome, truncated: boolean): Buffer {
  const header = Buffer.alloc(12)
  header.writeUInt16BE(query.id)
  const flags =
    0x8000 |
    (query.opcode << 11) |
    (outcome.authoritative ? 0x0400 : 0) |
    (truncated ? 0x0200 : 0) |
    (query.recursionDesired ? 0x0100 : 0)
  header.writeUInt16BE(flags | (outcome.rcode & 15), 2)
  const counts = [1, outcome.answers.length, outcome.authorities.length, query.edns ? 1 : 0]
  for (const [at, count] of counts.entries()) header.writeUInt16BE(count, 4 + 2 * at)
  const records = [...outcome.answers, ...outcome.authorities].flatMap(({ owner, record }) => [
    // The asked name stands at byte 12 already (RFC 1035 §4.1.4).
    owner === query.name ? Buffer.from([0xc0, 12]) : encodeName(owner),
    record.bytes,
  ])
  return Buffer.concat([header, query.question, ...records, ...(query.edns ? [optRecord(outcome.rcode)] : [])])
}

/** RFC 6891 §6.1.2: the root, type 41, our UDP size, the rcode's upper bits. */
function optRecord(code: number): Buffer {
  return Buffer.from([0, 0, optType, 0x04, 0xd0, code >> 4, 0, 0, 0, 0, 0])
}

function headerOnly(packet: Buffer, code: number): Buffer {
  const header = Buffer.alloc(12)
  packet.copy(header, 0, 0, 2)
  header.writeUInt16BE(0x8000 | (packet.readUInt16BE(2) & 0x7900) | code, 2)
  return header
}
