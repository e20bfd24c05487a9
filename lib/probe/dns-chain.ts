import { canonicalName, isWithin } from '../model/dns-answer.ts'
import type { DnsMonitor } from '../model/monitor.ts'
import type { DnsRecord, FailureCode } from '../model/result.ts'
import type { Question, Reply } from './dns-message.ts'
import { ProbeFailure } from './probe.ts'

/** How often the target of a CNAME is asked for; real chains are shorter. */
const maxHops = 8
/** CNAMEs within one reply: enough for any chain that a resolver would follow, and a bound for hostile ones. */
const maxLinks = 32

/** What a question led to, CNAMEs followed. */
export interface Followed {
  rcode: string
  /** Data of the records of the asked type at the chain's end. */
  answers: string[]
  /** The last name of the chain: the asked one where there was no CNAME. */
  target: string
  /** Why the chain has no end. */
  fault?: string
  /** What the last reply says of why it has no answer. */
  remark?: string
  /** Who gave the last reply, where it was another server than the one that is looked at. */
  from?: string
}

/**
 * Asks a question and follows its CNAMEs (RFC 1034 §3.6.2): within a reply, and by asking for the target of one that
 * the reply leaves open. What `ask` throws goes through.
 */
export async function askAndFollow(question: Question, ask: (name: string) => Promise<Reply>): Promise<Followed> {
  const seen = new Set<string>()
  let target = canonicalName(question.name)
  for (let hop = 0; ; hop++) {
    const reply = await ask(target)
    const chain = followChain(reply.records, target, question.type, seen)
    const remark = remarkOf(reply)
    const followed = {
      rcode: reply.rcode,
      answers: chain.answers,
      target: chain.target,
      ...(remark && { remark }),
      ...(reply.from && { from: reply.from }),
    }
    if (chain.loop) return { ...followed, fault: `the CNAMEs go in a circle: ${[...seen, chain.target].join(' → ')}` }
    if (chain.answers.length > 0 || chain.target === target || isSettled(reply, chain.target)) return followed
    if (hop === maxHops)
      return { ...followed, fault: `more than ${maxHops} CNAMEs had to be followed from ${question.name}` }
    target = chain.target
  }
}

/** Whether a reply whose chain ends in a CNAME also says that its target has no such record (RFC 2308 §2.1, §2.2). */
function isSettled(reply: Reply, target: string): boolean {
  if (reply.rcode !== 'NOERROR') return true
  return reply.authorities.some(({ name, type }) => type === 'SOA' && isWithin(target, name))
}

/** A server that only knows who might know (RFC 1034 §4.3.1) has said nothing of the name. */
function remarkOf({ extendedError, rcode, flags, records, authorities }: Reply): string | undefined {
  const referral = authorities.find(({ type }) => type === 'NS')
  const isReferral = rcode === 'NOERROR' && !flags.aa && records.length === 0
  return extendedError ?? (isReferral && referral ? `a referral to the name servers of ${referral.name}` : undefined)
}

interface Chain {
  answers: string[]
  target: string
  loop: boolean
}

/** Walks from a name along the CNAMEs of one reply; owners passed are added to `seen`. */
function followChain(records: DnsRecord[], name: string, type: string, seen: Set<string>): Chain {
  let target = name
  for (let link = 0; link < maxLinks; link++) {
    const answers = records.filter((record) => record.name === target && record.type === type)
    if (answers.length > 0) return { answers: answers.map(({ data }) => data), target, loop: false }
    const alias = records.find((record) => record.name === target && record.type === 'CNAME')
    if (alias === undefined) return { answers: [], target, loop: false }
    seen.add(target)
    target = alias.data
    if (seen.has(target)) return { answers: [], target, loop: true }
  }
  return { answers: [], target, loop: true }
}

const rcodeFailures: Record<string, FailureCode> = {
  NXDOMAIN: 'DNS_NXDOMAIN',
  SERVFAIL: 'DNS_SERVFAIL',
  REFUSED: 'DNS_REFUSED',
}

/** Why an answer is not the one of a name that has records of the asked type; undefined where it is. */
export function judgeAnswer(followed: Followed, question: Question, server: string): ProbeFailure | undefined {
  const { rcode, answers, target, fault, remark, from = server } = followed
  if (fault) return new ProbeFailure('DNS_NODATA', 'processing', `${server}: ${fault}`)
  const via = target === question.name ? '' : `, where ${question.name} points by CNAME`
  const got = `for ${target} ${question.type}${via}`
  const said = `${from}${remark ? ` (${remark})` : ''}`
  if (rcode !== 'NOERROR')
    return new ProbeFailure(
      rcodeFailures[rcode] ?? 'DNS_RCODE',
      'processing',
      `expected NOERROR ${got}, got ${rcode} from ${said}`,
    )
  if (answers.length > 0) return undefined
  return new ProbeFailure('DNS_NODATA', 'processing', `expected records ${got}, got NOERROR with none from ${said}`)
}

/**
 * The judgement that holds where a monitor does not make its own: NOERROR with answers. Asserting `rcode` replaces it;
 * asserting `answers` leaves a missing name or record to that assertion, but no server that fails to answer.
 * CNAMEs without an end are a fault whatever is expected.
 */
export function judgeForMonitor(
  monitor: DnsMonitor,
  followed: Followed,
  question: Question,
  server: string,
): ProbeFailure | undefined {
  const failure = judgeAnswer(followed, question, server)
  if (!failure || followed.fault) return failure
  const asserts = (source: string) => monitor.expect.some((assertion) => assertion.source === source)
  if (asserts('rcode')) return undefined
  return asserts('answers') && isAbsence(failure) ? undefined : failure
}

/** Whether a failure only says that there is no such name or record. */
export function isAbsence(error: unknown): boolean {
  return error instanceof ProbeFailure && (error.code === 'DNS_NXDOMAIN' || error.code === 'DNS_NODATA')
}
