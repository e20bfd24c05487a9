import { randomInt } from 'node:crypto'
import { isIPv6 } from 'node:net'
import type { FailureCode, Stage } from '../model/result.ts'
import { buildQuery, judgeReply, type QueryOptions, type Question, type Reply } from './dns-message.ts'
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
  return { address, port, label: isIPv6(address) ? `[${address}]:${port}` : `${address}:${port}` }
}

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
    const verdict = judgeReply(packet, this.#id, this.#question)
    if (verdict.kind === 'reply') return verdict.reply
    if (verdict.kind === 'malformed')
      throw new ProbeFailure('DNS_MALFORMED', 'processing', `${this.#server} sent ${verdict.why}`)
    if (verdict.kind === 'foreign') this.#foreign += 1
    else this.#suspect ??= { code: verdict.kind === 'mismatch' ? 'DNS_MISMATCH' : 'DNS_MALFORMED', why: verdict.why }
    return undefined
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

/**
 * Asks with EDNS, and once more without where the server does not know it (RFC 6891 §6.2.2) or not this version of it
 * (§6.1.3).
 */
export async function withEdnsFallback(ask: (edns: boolean) => Promise<Reply>): Promise<Reply> {
  const reply = await ask(true)
  return reply.rcode === 'FORMERR' || reply.rcode === 'BADVERS' ? ask(false) : reply
}
