import { canonicalName } from '../model/dns-answer.ts'
import type { DnsRecord } from '../model/result.ts'
import type { Question, Reply } from './dns-message.ts'

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
    const followed = { rcode: reply.rcode, answers: chain.answers, target: chain.target }
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

/** Whether a name is a zone's own or lies below it. */
export function isWithin(name: string, zone: string): boolean {
  return zone === '.' || name === zone || name.endsWith(`.${zone}`)
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
