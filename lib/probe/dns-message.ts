import { canonicalName } from '../model/dns-answer.ts'
import { type DnsType, rcodes } from '../model/dns-names.ts'
import type { DnsFlags, DnsRecord } from '../model/result.ts'
import { readData, typeName, typeNumbers } from './dns-rdata.ts'
import { Cursor, encodeName, MalformedPacket } from './dns-wire.ts'

/** A question of class IN. */
export interface Question {
  name: string
  type: DnsType
}

export interface QueryOptions {
  /** The RD bit: ask the server to find the answer elsewhere where it has none of its own. */
  recursion: boolean
  /** Off only for servers that choke on it (RFC 6891 §6.2.2). */
  edns: boolean
}

/** A decoded reply. Names are lower-case without their last dot, data is in presentation form. */
export interface Reply {
  rcode: string
  flags: DnsFlags
  /** The answer section. */
  records: DnsRecord[]
  authorities: DnsRecord[]
  counts: { answers: number; authorities: number; additionals: number }
}

/** Fits an IPv6 minimum-MTU packet, so that replies are not fragmented (DNS flag day 2020). */
const udpPayloadBytes = 1232
const optType = 41
/** Class IN; class ANY or CHAOS is never asked for. */
const classIn = 1

/** Encodes a query. Throws a `RangeError` for a name that DNS cannot hold. */
export function buildQuery(id: number, question: Question, options: QueryOptions): Buffer {
  const name = encodeName(question.name)
  const query = Buffer.alloc(12 + name.length + 4 + (options.edns ? 11 : 0))
  query.writeUInt16BE(id, 0)
  query.writeUInt16BE((options.recursion ? 0x0100 : 0) | 0x0020, 2) // AD=1 asks for the AD bit (RFC 6840 §5.7)
  query.writeUInt16BE(1, 4)
  name.copy(query, 12)
  let at = query.writeUInt16BE(typeNumbers[question.type], 12 + name.length)
  at = query.writeUInt16BE(classIn, at)
  if (options.edns) {
    query.writeUInt16BE(1, 10)
    at = query.writeUInt16BE(optType, at + 1) // owner name: the root, one zero byte (RFC 6891 §6.1.2)
    query.writeUInt16BE(udpPayloadBytes, at)
  }
  return query
}

/** What a packet is to somebody who waits for the reply to one question. */
export type Verdict =
  | { kind: 'reply'; reply: Reply }
  /** Well-formed, with another id: perhaps late, perhaps forged; of no concern. */
  | { kind: 'foreign' }
  /** Not the reply, but worth telling should none come. */
  | { kind: 'mismatch' | 'suspect'; why: string }
  /** The reply, and unreadable. */
  | { kind: 'malformed'; why: string }

/** Rcodes with which servers send the bare header back (RFC 8906 §3.1.4 asks to bear with that). */
const headerOnlyRcodes: ReadonlySet<string> = new Set(['FORMERR', 'SERVFAIL', 'NOTIMP', 'REFUSED'])

/** Judges any bytes against the question asked under `id`. Never throws. */
export function judgeReply(packet: Buffer, id: number, question: Question): Verdict {
  const ours = packet.length >= 2 && packet.readUInt16BE(0) === id
  try {
    const { reply, isReply, opcode, asked } = decode(packet)
    if (!ours) return { kind: 'foreign' }
    if (!isReply) return { kind: 'suspect', why: 'got a query (QR=0) with our id' }
    if (opcode !== 0) return { kind: 'suspect', why: `got a reply with opcode ${opcode}, expected 0 (QUERY)` }
    if (asked === undefined && headerOnlyRcodes.has(reply.rcode)) return { kind: 'reply', reply }
    const expected = `${canonicalName(question.name)} ${question.type}`
    if (asked !== expected)
      return { kind: 'mismatch', why: `expected a reply to ${expected}, got one to ${asked ?? 'no question'}` }
    return { kind: 'reply', reply }
  } catch (error) {
    const why = `${packet.length} bytes that are no DNS message: ${(error as Error).message}`
    return { kind: ours ? 'malformed' : 'suspect', why }
  }
}

interface Decoded {
  reply: Reply
  isReply: boolean
  opcode: number
  /** `name TYPE` of the question section; absent where that is empty. */
  asked: string | undefined
}

function decode(packet: Buffer): Decoded {
  const cursor = new Cursor(packet)
  cursor.u16()
  const bits = cursor.u16()
  const flags = readFlags(bits)
  const questions = cursor.u16()
  const counts = { answers: cursor.u16(), authorities: cursor.u16(), additionals: cursor.u16() }
  const asked = readQuestions(cursor, questions)
  const records: DnsRecord[] = []
  const authorities: DnsRecord[] = []
  let extendedRcode = 0
  try {
    readSection(cursor, counts.answers, records)
    readSection(cursor, counts.authorities, authorities)
    extendedRcode = readExtendedRcode(cursor, counts.additionals)
  } catch (error) {
    // Some servers cut a truncated reply in the middle of a record; that it is truncated is all one needs of it.
    if (!flags.tc) throw error
  }
  const rcode = rcodeName((extendedRcode << 4) | (bits & 15))
  const reply = { rcode, flags, records, authorities, counts }
  return { reply, isReply: (bits & 0x8000) !== 0, opcode: (bits >> 11) & 15, asked }
}

function readFlags(bits: number): DnsFlags {
  return {
    aa: (bits & 0x0400) !== 0,
    tc: (bits & 0x0200) !== 0,
    rd: (bits & 0x0100) !== 0,
    ra: (bits & 0x0080) !== 0,
    ad: (bits & 0x0020) !== 0,
    cd: (bits & 0x0010) !== 0,
  }
}

function readQuestions(cursor: Cursor, count: number): string | undefined {
  if (count > 1) throw new MalformedPacket(`it has ${count} questions`) // RFC 9619 §4
  if (count === 0) return undefined
  const asked = `${cursor.name()} ${typeName(cursor.u16())}`
  const klass = cursor.u16()
  return klass === classIn ? asked : `${asked} in class ${klass}`
}

function readSection(cursor: Cursor, count: number, into: DnsRecord[]): void {
  for (let at = 0; at < count; at++) {
    const name = cursor.name()
    const type = cursor.u16()
    cursor.u16()
    const ttl = cursor.u32()
    const length = cursor.u16()
    const packetEnd = cursor.end
    if (cursor.offset + length > packetEnd) throw new MalformedPacket(`a record of ${name} runs over the end`)
    cursor.end = cursor.offset + length
    // A TTL with its top bit set counts as 0 (RFC 2181 §8).
    into.push({ name, type: typeName(type), ttl: ttl > 0x7fffffff ? 0 : ttl, data: readData(cursor, type) })
    cursor.end = packetEnd
  }
}

/** Of the additional section only the OPT record matters: it holds the upper bits of the rcode (RFC 6891 §6.1.3). */
function readExtendedRcode(cursor: Cursor, count: number): number {
  let extended = 0
  for (let at = 0; at < count; at++) {
    cursor.name()
    const type = cursor.u16()
    cursor.u16()
    const ttl = cursor.u32()
    cursor.take(cursor.u16())
    if (type === optType) extended = ttl >>> 24
  }
  return extended
}

/** 12 to 15 are unassigned; the list goes on at 16 (IANA "DNS RCODEs"). */
function rcodeName(number: number): string {
  const listed = number < 12 ? rcodes[number] : number > 15 ? rcodes[number - 4] : undefined
  return listed ?? `RCODE${number}`
}
