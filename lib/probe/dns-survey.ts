import { canonicalName } from '../model/dns-answer.ts'
import type { DnsMonitor } from '../model/monitor.ts'
import type { DnsServerObserved, FailureCode, Phases } from '../model/result.ts'
import { askAndFollow, type Followed } from './dns-chain.ts'
import { DnsFailure } from './dns-inquiry.ts'
import type { Question, Reply } from './dns-message.ts'
import { askServer, type DnsRun, type DnsServer, locate } from './dns-transport.ts'
import { ProbeFailure } from './probe.ts'

/** What one server had to say. */
export interface Survey {
  observed: DnsServerObserved
  phases: Phases
  /** Absent where there was no answer to the end. */
  followed?: Followed
  failure?: ProbeFailure
  /** One of the zone's own name servers: its serial is compared. */
  isAuthoritative: boolean
}

/** A monitor's question. */
export function questionOf(monitor: DnsMonitor): Question {
  return { name: canonicalName(monitor.name), type: monitor.type }
}

/** Asks one server the monitor's question and follows CNAMEs by asking it again. Never rejects. */
export function surveyServer(server: DnsServer, run: DnsRun & { monitor: DnsMonitor }): Promise<Survey> {
  return survey(server.label, run, async (seen) => {
    const { type, recursion } = run.monitor
    const located = await locate(server, run, seen.phases)
    return async (name) => {
      for (;;) {
        const [first = server] = located
        seen.observed.server = first.label
        try {
          return await askServer(first, { name, type }, recursion, run, seen.phases)
        } catch (error) {
          if (located.length < 2 || !isAbsent(error)) throw error
          located.shift()
        }
      }
    }
  })
}

const absentCodes: ReadonlySet<FailureCode> = new Set([
  'CONNECT_REFUSED',
  'CONNECT_UNREACHABLE',
  'CONNECT_RESET',
  'UNSUPPORTED',
])

/** Whether a failure says that nobody is there to wait for. */
export function isAbsent(error: unknown): boolean {
  return error instanceof ProbeFailure && absentCodes.has(error.code)
}

/**
 * Fills a survey by asking, until the CNAMEs end. What was seen before a failure stays, and every failure names its
 * server. Never rejects.
 */
export async function survey(
  label: string,
  { monitor, deps }: DnsRun & { monitor: DnsMonitor },
  prepare: (seen: Survey) => Promise<(name: string) => Promise<Reply>>,
): Promise<Survey> {
  const seen: Survey = { observed: { server: label }, phases: {}, isAuthoritative: false }
  const started = deps.now()
  try {
    const ask = await prepare(seen)
    seen.followed = await askAndFollow(questionOf(monitor), async (name) => {
      const reply = await ask(name)
      note(seen.observed, reply)
      return reply
    })
    // Asked to the end, a chain's rcode is that of its last name, as a resolver would have said (RFC 6604 §3).
    seen.observed.rcode = seen.followed.rcode
    seen.observed.answers = seen.followed.answers
  } catch (error) {
    if (error instanceof DnsFailure) note(seen.observed, error.reply)
    seen.failure = named(error, seen.observed.server)
    seen.observed.failure = seen.failure.toFailure()
  }
  seen.observed.durationMs = deps.now() - started
  return seen
}

/** Keeps what a reply shows; of several, flags and counts are the first one's, and records add up. */
function note(observed: DnsServerObserved, reply: Reply): void {
  observed.rcode ??= reply.rcode
  observed.flags ??= reply.flags
  observed.counts ??= reply.counts
  observed.answers ??= []
  observed.records = observed.records ? [...observed.records, ...reply.records] : reply.records
  const serial = serialOf(reply)
  if (serial !== undefined) observed.serial ??= serial
}

/** The serial of a zone, from an answer or from the authority section (RFC 1035 §3.3.13). */
export function serialOf(reply: Reply): number | undefined {
  const soa = [...reply.records, ...reply.authorities].find(({ type }) => type === 'SOA')
  return soa === undefined ? undefined : Number(soa.data.split(' ')[2])
}

function named(error: unknown, server: string): ProbeFailure {
  if (!(error instanceof ProbeFailure))
    return new ProbeFailure('INTERNAL', 'processing', `${server}: ${(error as Error).message}`, error)
  if (error.message.includes(server)) return error
  return new ProbeFailure(error.code, error.stage, `${server}: ${error.message}`, error)
}

/** Longest list of answers in a message; the observation has them all. */
const shownAnswers = 5

/** DNS_DISAGREE where servers differ in rcode or in their answers, whatever their order. */
export function compareAnswers(surveys: Survey[]): ProbeFailure | undefined {
  return disagreement('the servers give different answers', surveys, ({ observed }) => {
    const answers = [...(observed.answers ?? [])].sort()
    const more = answers.length > shownAnswers ? ` and ${answers.length - shownAnswers} more` : ''
    const shown = answers.slice(0, shownAnswers).join(', ') + more
    return { value: JSON.stringify([observed.rcode, answers]), words: shown || `${observed.rcode} with no records` }
  })
}

/** DNS_DISAGREE where the zone's own name servers have different serials: a transfer that has not happened. */
export function compareSerials(surveys: Survey[]): ProbeFailure | undefined {
  const own = surveys.filter((seen) => seen.isAuthoritative)
  return disagreement('the name servers have different serials', own, ({ observed }) => {
    const serial = String(observed.serial ?? 'no serial')
    return { value: serial, words: serial }
  })
}

function disagreement(
  what: string,
  surveys: Survey[],
  view: (seen: Survey) => { value: string; words: string },
): ProbeFailure | undefined {
  const groups = new Map<string, { words: string; servers: string[] }>()
  for (const seen of surveys) {
    const { value, words } = view(seen)
    const group = groups.get(value) ?? { words, servers: [] }
    group.servers.push(seen.observed.server)
    groups.set(value, group)
  }
  if (groups.size < 2) return undefined
  const said = [...groups.values()].map(({ words, servers }) => `${words} from ${servers.join(', ')}`)
  return new ProbeFailure('DNS_DISAGREE', 'processing', `${what}: ${said.join('; ')}`)
}
