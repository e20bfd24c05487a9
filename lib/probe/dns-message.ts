import dnsPacket, { type OptAnswer } from 'dns-packet'
import { type DnsType, rcodes } from '../model/dns-names.ts'
import type { DnsFlags, DnsRecord } from '../model/result.ts'
import { extendedError } from './dns-extended-error.ts'
import { dataText, encodeName, genericText, losslessView, nameText, typeText } from './dns-text.ts'

declare module 'dns-packet' {
  /** Parts of the codec that its types leave out. */
  interface Decoder<T> {
    (packet: Buffer, offset: number): T
    /** What the last call has read. */
    bytes: number
  }
  export const name: { decode: Decoder<string> }
  export const question: { decode: Decoder<{ name: string; type: string; class: string }> }
  export const answer: { decode: Decoder<Answer> }
}

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
  /** Why there is no answer, in the server's words (RFC 8914). */
  extendedError?: string
  /** Whose reply it is, where that is another server than the one that is looked at. */
  from?: string
}

const headerBytes = 12
/** Within the 255 bytes that a name may have (RFC 1035 §2.3.4). */
const maxLabels = 127
const optType = 41
/** Fits an IPv6 minimum-MTU packet, so that replies are not fragmented (DNS flag day 2020). */
const udpPayloadSize = 1232

/** Encodes a query. Throws a `RangeError` for a name that DNS cannot hold. */
export function buildQuery(id: number, { name, type }: Question, { recursion, edns }: QueryOptions): Buffer {
  const wireName = encodeName(name)
  // AD=1 asks for the AD bit (RFC 6840 §5.7).
  const flags = dnsPacket.AUTHENTIC_DATA | (recursion ? dnsPacket.RECURSION_DESIRED : 0)
  const additionals = edns ? [optRecord()] : []
  const rootQuery = dnsPacket.encode({ type: 'query', id, flags, questions: [{ name: '.', type }], additionals })
  // dns-packet knows no escapes in names, so the name takes the root's place.
  return Buffer.concat([rootQuery.subarray(0, headerBytes), wireName, rootQuery.subarray(headerBytes + 1)])
}

/** What we say about ourselves by EDNS (RFC 6891 §6.1.2). */
export function optRecord(extendedRcode = 0): OptAnswer {
  return {
    type: 'OPT',
    name: '.',
    udpPayloadSize,
    extendedRcode,
    ednsVersion: 0,
    flags: 0,
    flag_do: false,
    options: [],
  }
}

export interface Message {
  reply: Reply
  isReply: boolean
  opcode: number
  /** `name TYPE` of the question section; absent where that is empty. */
  asked: string | undefined
}

/**
 * Trusts no length and no count: each record is found by ourselves first, dns-packet sees nothing behind its end, and it
 * must have read it to there. Throws an error of any kind where the bytes are no DNS message.
 */
export function readMessage(packet: Buffer): Message {
  const { bits, counts } = readHeader(packet)
  if (counts.questions > 1) throw new Error(`it has ${counts.questions} questions`) // RFC 9619 §4
  const question = counts.questions === 1 ? readQuestion(packet) : undefined
  const flags = readFlags(bits)
  const records: DnsRecord[] = []
  const authorities: DnsRecord[] = []
  let opt: ReturnType<typeof findOpt>
  try {
    let at = readSection(packet, question?.end ?? headerBytes, counts.answers, records)
    at = readSection(packet, at, counts.authorities, authorities)
    opt = findOpt(packet, at, counts.additionals)
  } catch (error) {
    // Some servers cut a truncated reply in the middle of a record; that it is truncated is all one needs of it.
    if (!flags.tc) throw error
  }
  const { questions: _, ...sections } = counts
  const rcode = rcodeName(((opt?.extendedRcode ?? 0) << 4) | (bits & 15))
  const why = opt && extendedError(opt.data)
  const reply = { rcode, flags, records, authorities, counts: sections, ...(why && { extendedError: why }) }
  const inClass = question && question.class !== 'IN' ? ` in class ${question.class.replace('UNKNOWN_', '')}` : ''
  const asked = question && `${question.name} ${typeText(question.type)}${inClass}`
  return { reply, isReply: (bits & 0x8000) !== 0, opcode: (bits >> 11) & 15, asked }
}

/** dns-packet's own would make arrays as long as the counts say, whatever the packet holds. */
export function readHeader(packet: Buffer) {
  if (packet.length < headerBytes) throw new Error('it is shorter than a header')
  const [bits = 0, questions = 0, answers = 0, authorities = 0, additionals = 0] = [2, 4, 6, 8, 10].map((at) =>
    packet.readUInt16BE(at),
  )
  return { bits, counts: { questions, answers, authorities, additionals } }
}

function readFlags(bits: number): DnsFlags {
  return {
    aa: (bits & dnsPacket.AUTHORITATIVE_ANSWER) !== 0,
    tc: (bits & dnsPacket.TRUNCATED_RESPONSE) !== 0,
    rd: (bits & dnsPacket.RECURSION_DESIRED) !== 0,
    ra: (bits & dnsPacket.RECURSION_AVAILABLE) !== 0,
    ad: (bits & dnsPacket.AUTHENTIC_DATA) !== 0,
    cd: (bits & dnsPacket.CHECKING_DISABLED) !== 0,
  }
}

/** The question behind the header. Type and class are as dns-packet calls them. Throws where there is none. */
export function readQuestion(packet: Buffer) {
  const question = dnsPacket.question.decode(losslessView(packet, packet.length), headerBytes)
  return { ...question, name: nameText(question.name), end: headerBytes + dnsPacket.question.decode.bytes }
}

/** Reads `count` records into a list; gives where the next begins. */
function readSection(packet: Buffer, start: number, count: number, into: DnsRecord[]): number {
  let at = start
  for (let left = count; left > 0; left--) {
    const { fields, end } = extentOf(packet, at)
    refuseLongChains(packet, at, end)
    const answer = dnsPacket.answer.decode(losslessView(packet, end), at)
    const data = packet.subarray(fields + 10, end)
    const isWhole = dnsPacket.answer.decode.bytes === end - at && isDataRead(answer.type, data)
    // dns-packet knows fingerprints of SHA-1 and SHA-256 only.
    if (!isWhole && answer.type !== 'SSHFP')
      throw new Error(`a record of ${nameText(answer.name)} has ${data.length} bytes of ${answer.type} data`)
    if ('class' in answer && answer.class === 'IN' && !answer.flush) {
      const ttl = answer.ttl ?? 0
      into.push({
        name: nameText(answer.name),
        type: typeText(answer.type),
        // A TTL with its top bit set counts as 0 (RFC 2181 §8).
        ttl: ttl > 0x7fffffff ? 0 : ttl,
        data: isWhole ? dataText(answer) : genericText(data),
      })
    }
    at = end
  }
  return at
}

/** Whether data was read to its end, for types of which dns-packet only repeats the length that the record gave. */
function isDataRead(type: string, data: Buffer): boolean {
  if (type === 'NS') return dnsPacket.name.decode.bytes === data.length
  if (type === 'SRV') return dnsPacket.name.decode.bytes + 6 === data.length
  if (type === 'CAA') return data.readUInt8(1) + 2 <= data.length
  return true
}

/** Where a record's type stands, behind its owner's name, and where the record ends. Throws where it leaves the packet. */
function extentOf(packet: Buffer, at: number): { fields: number; end: number } {
  const fields = nameEnd(packet, at)
  const end = fields + 10 + packet.readUInt16BE(fields + 8)
  if (end > packet.length) throw new Error(`a record at byte ${at} runs over the end`)
  return { fields, end }
}

/** Where a name ends, wherever its pointers lead. Throws where that is outside the packet. */
function nameEnd(packet: Buffer, start: number): number {
  for (let at = start; ; ) {
    const length = packet.readUInt8(at)
    if (length === 0) return at + 1
    if (length >= 0xc0) return at + 2
    if (length > 63) throw new Error(`a name has a label of unknown kind at byte ${at}`)
    at += length + 1
  }
}

/**
 * dns-packet follows pointers backwards only, but up to 8192 for each name: seconds for a packet made of such names.
 * A pointer that is worth its two bytes adds a label, so no name needs more pointers than it may have labels. Whether a
 * byte really is a pointer depends on the type; others do not make chains of that length.
 */
function refuseLongChains(packet: Buffer, start: number, end: number): void {
  for (let from = start; from < end; from++) {
    if ((packet[from] ?? 0) < 0xc0) continue
    let [at, earliest, pointers] = [from, from, 0]
    for (let step = 0; step < 2 * maxLabels; step++) {
      const length = packet[at] ?? 0
      if (length === 0) break
      at = length < 0xc0 ? at + length + 1 : ((length & 0x3f) << 8) | (packet[at + 1] ?? 0)
      if (length < 0xc0) continue
      if (at >= earliest) break // that dns-packet refuses by itself
      earliest = at
      if (++pointers > maxLabels) throw new Error(`a name at byte ${from} has too many pointers`)
    }
  }
}

/** What the OPT record among the next ones says (RFC 6891 §6.1.3), the last where there are several, and how many there are. */
export function findOpt(packet: Buffer, start: number, count: number) {
  let at = start
  let found:
    | { udpPayloadSize: number; extendedRcode: number; ednsVersion: number; data: Buffer; seen: number }
    | undefined
  for (let left = count; left > 0; left--) {
    const { fields, end } = extentOf(packet, at)
    if (packet.readUInt16BE(fields) === optType)
      found = {
        udpPayloadSize: packet.readUInt16BE(fields + 2),
        extendedRcode: packet.readUInt8(fields + 4),
        ednsVersion: packet.readUInt8(fields + 5),
        data: packet.subarray(fields + 10, end),
        seen: (found?.seen ?? 0) + 1,
      }
    at = end
  }
  return found
}

/** 12 to 15 are unassigned; the list goes on at 16 (IANA "DNS RCODEs"). */
function rcodeName(number: number): string {
  const listed = number < 12 ? rcodes[number] : number > 15 ? rcodes[number - 4] : undefined
  return listed ?? `RCODE${number}`
}
