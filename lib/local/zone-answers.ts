import { isWithin, parentOf } from '../model/dns-answer.ts'
import { findOpt, optRecord, readHeader, readQuestion } from '../probe/dns-message.ts'
import { encodeName } from '../probe/dns-text.ts'
import { encodeRecord, type WireRecord, type ZoneIndex } from './zone-records.ts'

/** What the server answers from, replaced as a whole. */
export interface ZoneData {
  origin: string
  index: ZoneIndex
}

const rcode = { NOERROR: 0, FORMERR: 1, NXDOMAIN: 3, NOTIMP: 4, REFUSED: 5, BADVERS: 16 }
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
  /** Type and class, as dns-packet calls them. */
  type: string
  klass: string
  /** Largest reply the client takes over UDP, and its EDNS version. */
  edns?: { udpPayloadSize: number; ednsVersion: number }
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

/** Zone transfers and ANY (251 to 255, RFC 8482) are not for monitoring. */
const otherQueries: ReadonlySet<string> = new Set(['IXFR', 'AXFR', 'UNKNOWN_253', 'UNKNOWN_254', 'ANY'])

/** The reply to one packet; undefined for what deserves none. Never throws. */
export function answerPacket(packet: Buffer, zone: ZoneData, overUdp: boolean): Buffer | undefined {
  // Too short for a header, or itself a reply: answering that could go back and forth for ever.
  if (packet.length < 12 || packet.readUInt8(2) >= 0x80) return undefined
  const query = readQuery(packet)
  if (query === undefined) return headerOnly(packet, rcode.FORMERR)
  const outcome = decide(query, zone)
  const limit = overUdp ? Math.max(plainUdpBytes, query.edns?.udpPayloadSize ?? 0) : maxBytes
  const whole = writeReply(query, outcome, false)
  return whole.length <= limit ? whole : writeReply(query, { ...outcome, answers: [], authorities: [] }, true)
}

function readQuery(packet: Buffer): Query | undefined {
  try {
    const { bits, counts } = readHeader(packet)
    if (counts.questions !== 1) return undefined
    const { name, type, class: klass, end } = readQuestion(packet)
    const edns = findOpt(packet, end, counts.answers + counts.authorities + counts.additionals)
    // RFC 6891 §6.1.1: more than one is a format error.
    if (edns && edns.seen > 1) return undefined
    return {
      id: packet.readUInt16BE(0),
      recursionDesired: (bits & 0x0100) !== 0,
      opcode: (bits >> 11) & 15,
      question: packet.subarray(12, end),
      name,
      type,
      klass,
      ...(edns && { edns }),
    }
  } catch {
    return undefined
  }
}

function decide(query: Query, zone: ZoneData): Outcome {
  const nothing = { authoritative: false, answers: [], authorities: [] }
  if ((query.edns?.ednsVersion ?? 0) > 0) return { ...nothing, rcode: rcode.BADVERS }
  if (query.opcode !== 0 || otherQueries.has(query.type)) return { ...nothing, rcode: rcode.NOTIMP }
  if (query.klass !== 'IN' || !isWithin(query.name, zone.origin)) return { ...nothing, rcode: rcode.REFUSED }
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
    const found = node?.get(query.type) ?? node?.get('CNAME') ?? []
    answers.push(...found.map((record) => ({ owner: name, record })))
    const target = query.type === 'CNAME' ? undefined : found[0]?.target
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
function nodeOf(name: string, { origin, index }: ZoneData): Map<string, WireRecord[]> | undefined {
  if (index.has(name)) return index.get(name)
  let encloser = parentOf(name)
  while (encloser !== origin && !index.has(encloser)) encloser = parentOf(encloser)
  return index.get(`*.${encloser}`)
}

/** The NS records that hand a part of the zone to other servers; DS of the cut itself stays here. */
function delegationOf(name: string, type: string, { origin, index }: ZoneData): Section[] | undefined {
  for (let owner = name; owner !== origin; owner = parentOf(owner)) {
    const servers = index.get(owner)?.get('NS')
    if (servers && !(type === 'DS' && owner === name)) return servers.map((record) => ({ owner, record }))
  }
  return undefined
}

/** The SOA that goes with a negative answer; its TTL says how long that holds (RFC 2308 §3). */
function negativeSoa({ origin, index }: ZoneData): WireRecord {
  const soa = index.get(origin)?.get('SOA')?.[0] as WireRecord
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
  return Buffer.concat([
    header,
    query.question,
    ...records,
    ...(query.edns ? [encodeRecord(optRecord(outcome.rcode >> 4))] : []),
  ])
}

function headerOnly(packet: Buffer, code: number): Buffer {
  const header = Buffer.alloc(12)
  packet.copy(header, 0, 0, 2)
  header.writeUInt16BE(0x8000 | (packet.readUInt16BE(2) & 0x7900) | code, 2)
  return header
}
