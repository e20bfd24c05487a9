import { randomInt } from 'node:crypto'
import { canonicalName } from '../model/dns-answer.ts'
import { joinHostPort } from '../model/host-port.ts'
import type { FailureCode, Stage } from '../model/result.ts'
import { buildQuery, type QueryOptions, type Question, type Reply, readMessage } from './dns-message.ts'
import { ProbeFailure } from './probe.ts'

/** A failure that came with a reply: its flags are worth keeping. */
export class DnsFailure extends ProbeFailure {
  readonly reply: Reply

  constructor(code: FailureCode, stage: Stage, message: string, reply: Reply) {
    super(code, stage, message)
    this.reply = reply
  }
}

/** A server's address, and what people call it. */
export interface Endpoint {
  address: string
  port: number
  label: string
}

/** An endpoint that is called by its address. */
export function endpoint(address: string, port: number): Endpoint {
  return { address, port, label: joinHostPort(address, port) }
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
  const isOurs = packet.length >= 2 && packet.readUInt16BE(0) === id
  try {
    const { reply, isReply, opcode, asked } = readMessage(packet)
    if (!isOurs) return { kind: 'foreign' }
    if (!isReply) return { kind: 'suspect', why: 'got a query (QR=0) with our id' }
    if (opcode !== 0) return { kind: 'suspect', why: `got a reply with opcode ${opcode}, expected 0 (QUERY)` }
    if (asked === undefined && headerOnlyRcodes.has(reply.rcode)) return { kind: 'reply', reply }
    const expected = `${canonicalName(question.name)} ${question.type}`
    if (asked !== expected)
      return { kind: 'mismatch', why: `expected a reply to ${expected}, got one to ${asked ?? 'no question'}` }
    return { kind: 'reply', reply }
  } catch (error) {
    const cause = error instanceof RangeError ? 'it ends in the middle' : (error as Error).message
    const why = `${packet.length} bytes that are no DNS message: ${cause}`
    return { kind: isOurs ? 'malformed' : 'suspect', why }
  }
}

/** So many packets with a wrong id are read to tell what they are; more are a flood, and would cost others their time. */
const readForeign = 100

/**
 * One query on its way: picks the reply out of everything that arrives, and remembers what else did, for the day that
 * no reply comes. RFC 5452 §9.1 lists what must match.
 */
export class Inquiry {
  readonly packet: Buffer
  readonly #id: number
  readonly #question: Question
  readonly #server: string
  #suspect?: { code: FailureCode; why: string }
  #suspects = 0
  #foreign = 0

  /** Throws `ProbeFailure` for a name that cannot be asked. */
  constructor(server: string, question: Question, options: QueryOptions, id = randomInt(0x10000)) {
    this.#id = id
    this.#question = question
    this.#server = server
    try {
      this.packet = buildQuery(id, question, options)
    } catch (error) {
      const why = `cannot ask for this name: ${(error as Error).message}`
      throw new ProbeFailure('DNS_NXDOMAIN', 'processing', why, error)
    }
  }

  /** The reply, should this packet be it. Throws `ProbeFailure` where it is and cannot be read. */
  take(packet: Buffer): Reply | undefined {
    if (this.#foreign >= readForeign && packet.length >= 2 && packet.readUInt16BE(0) !== this.#id) {
      this.#foreign += 1
      return undefined
    }
    const verdict = judgeReply(packet, this.#id, this.#question)
    if (verdict.kind === 'reply') return verdict.reply
    if (verdict.kind === 'malformed')
      throw new ProbeFailure('DNS_MALFORMED', 'processing', `${this.#server} sent ${verdict.why}`)
    if (verdict.kind === 'foreign') this.#foreign += 1
    else {
      this.#suspects += 1
      this.#suspect ??= { code: verdict.kind === 'mismatch' ? 'DNS_MISMATCH' : 'DNS_MALFORMED', why: verdict.why }
    }
    return undefined
  }

  /** How many packets came that were not the reply. */
  get ignored(): number {
    return this.#foreign + this.#suspects
  }

  /** Why there was no reply, once nobody waits any longer. */
  silence(waitedMs: number): ProbeFailure {
    const waited = `${Math.round(waitedMs)} ms`
    if (this.#suspect) {
      const why = `no valid reply from ${this.#server} in ${waited}: ${this.#suspect.why}`
      return new ProbeFailure(this.#suspect.code, 'processing', why)
    }
    const ignored = this.#foreign > 0 ? ` (${this.#foreign} with a wrong id ignored)` : ''
    const why = `no reply from ${this.#server} in ${waited}${ignored}`
    return new ProbeFailure('DNS_TIMEOUT', 'processing', why)
  }
}

/** What servers answer that do not know EDNS (RFC 6891 §6.2.2, and RFC 2671 §5.3 before it), or not this version (§6.1.3). */
const ednsRefusals: ReadonlySet<string> = new Set(['FORMERR', 'NOTIMP', 'BADVERS'])

/** Asks with EDNS, and once more without where the server does not know it. */
export async function withEdnsFallback(ask: (edns: boolean) => Promise<Reply>): Promise<Reply> {
  const reply = await ask(true)
  return ednsRefusals.has(reply.rcode) ? ask(false) : reply
}
