import { canonicalName, isWithin, parentOf } from '../model/dns-answer.ts'
import type { DnsMonitor } from '../model/monitor.ts'
import { DnsFailure, endpoint } from './dns-inquiry.ts'
import type { Question, Reply } from './dns-message.ts'
import { type Survey, serialOf, survey } from './dns-survey.ts'
import { askServer, type DnsRun, type DnsServer, isReachable, lookupOptions, needsIpv6 } from './dns-transport.ts'
import { ProbeFailure } from './probe.ts'
import { askResolvers, nameServers, resolveHost } from './resolve.ts'

type Run = DnsRun & { monitor: DnsMonitor }

/** Asks the machine's resolver, or the monitor's. */
export type AskResolver = (question: Question) => Promise<Reply>

/** What it takes to find a name server's addresses. */
type LocateRun = Pick<DnsRun, 'deps' | 'signal'> & { monitor: Pick<DnsMonitor, 'ipVersion' | 'resolver'> }

/** Asks for a name that other servers are responsible for. */
type AskOutside = (name: string) => Promise<Reply>

/**
 * Finds the zone that holds the monitor's name and asks every one of its name servers, each at all of its addresses.
 * Rejects with `ProbeFailure` where the zone or its name servers cannot be found; a server's own trouble is in its survey.
 */
export async function surveyAuthoritative(run: Run, port: number): Promise<Survey[]> {
  const { monitor, deps, signal } = run
  const started = deps.now()
  const { servers: resolvers } = nameServers(monitor.resolver, deps)
  const ask: AskResolver = async (question) => {
    const { reply, server } = await askResolvers(resolvers, question, deps, signal)
    return { ...reply, from: server.label }
  }
  const { zone, names } = await findZone(startOf(monitor), ask).catch((error: unknown) => {
    if (!(error instanceof ProbeFailure)) throw error
    const why = `could not find the name servers of ${monitor.name}: ${error.message}`
    throw new ProbeFailure(error.code, 'resolve', why, error)
  })
  const located = (await Promise.all(names.map((name) => locateAll(name, port, run)))).flat()
  const resolveMs = deps.now() - started
  const outside = remember((name: string) => ask({ name, type: monitor.type }))
  const surveys = await Promise.all(
    located.map((found) =>
      'failure' in found
        ? survey(found.name, run, () => Promise.reject(found.failure))
        : surveyOne(found, zone, outside, run),
    ),
  )
  return surveys.map((seen) => ({
    ...seen,
    phases: { ...seen.phases, resolve: resolveMs },
    isAuthoritative: true,
  }))
}

/** A DS record lies in the zone above the one it is named for (RFC 4035 §3.1.4.1). */
function startOf({ name, type }: DnsMonitor): string {
  return type === 'DS' ? parentOf(canonicalName(name)) : canonicalName(name)
}

/** A name server whose address could not be found, and why. */
interface Unlocated {
  name: string
  failure: unknown
}

interface Zone {
  zone: string
  /** Names of its name servers. */
  names: string[]
}

/** Walks up from a name to the first that has NS records: the top of its zone. Rejects with `ProbeFailure`. */
export async function findZone(name: string, ask: AskResolver): Promise<Zone> {
  for (let candidate = name; ; ) {
    const reply = await ask({ name: candidate, type: 'NS' })
    const own = reply.records.filter((record) => record.type === 'NS' && record.name === candidate)
    if (own.length > 0) return { zone: candidate, names: [...new Set(own.map(({ data }) => data))].sort() }
    if (candidate === '.' || (reply.rcode !== 'NOERROR' && reply.rcode !== 'NXDOMAIN')) {
      const code = { SERVFAIL: 'DNS_SERVFAIL', REFUSED: 'DNS_REFUSED' }[reply.rcode] ?? 'DNS_NODATA'
      const why = `expected NS records of ${candidate}, got ${reply.rcode} from ${reply.from ?? 'the resolver'}`
      throw new ProbeFailure(code as 'DNS_NODATA', 'resolve', why)
    }
    // The authority section tells the zone's top at once (RFC 2308 §3), but where a CNAME leads away, that of another zone.
    const isAlias = reply.records.some((record) => record.type === 'CNAME')
    const soa = reply.authorities.find((record) => record.type === 'SOA' && isWithin(candidate, record.name))
    candidate = soa && !isAlias && soa.name !== candidate ? soa.name : parentOf(candidate)
  }
}

/** The addresses of a name server that can be asked from here; where there are none, why. */
export async function locateAll(name: string, port: number, run: LocateRun): Promise<(DnsServer | Unlocated)[]> {
  const { monitor, deps, signal } = run
  try {
    const addresses = await resolveHost(name, lookupOptions(run), deps, signal)
    // That there is no IPv6 here is no fault of a name server that has an address of either kind.
    const usable = monitor.ipVersion === 'any' ? addresses.filter(isReachable) : addresses
    if (usable.length === 0) throw needsIpv6(name)
    return usable.map((host) => ({ host, port, label: `${name} (${endpoint(host, port).label})` }))
  } catch (error) {
    return [{ name, failure: error }]
  }
}

function surveyOne(server: DnsServer, zone: string, outside: AskOutside, run: Run): Promise<Survey> {
  const { type } = run.monitor
  return survey(server.label, run, async ({ phases, observed }) => {
    let isFirst = true
    return async (name) => {
      if (!isWithin(name, zone)) return outside(name)
      const ask = () => askServer(server, { name, type }, false, run, phases)
      if (isFirst) {
        isFirst = false
        const { reply, serial } = await withSerial(ask, server, zone, run)
        if (serial !== undefined) observed.serial = serial
        return reply
      }
      const reply = await ask()
      // A CNAME may lead into a zone that is delegated below this one.
      if (isDelegation(reply, zone)) return outside(name)
      refuseLame(reply, zone, server)
      return reply
    }
  })
}

/** Asks for the zone's SOA beside the monitor's question; both must be answered with authority. */
async function withSerial(ask: () => Promise<Reply>, server: DnsServer, zone: string, run: Run) {
  const soaQuestion: Question = { name: zone, type: 'SOA' }
  const both = await Promise.allSettled([ask(), askServer(server, soaQuestion, false, run, {})])
  const [answer, soa] = both
  if (answer.status === 'rejected') throw answer.reason
  refuseLame(answer.value, zone, server)
  if (soa.status === 'rejected') {
    const { code, stage, message } = soa.reason as ProbeFailure
    throw new DnsFailure(code, stage, `asked for the SOA record of ${zone}: ${message}`, answer.value)
  }
  refuseLame(soa.value, zone, server)
  return { reply: answer.value, serial: serialOf(soa.value) }
}

/** A server that does not answer for the zone as its own (RFC 1912 §2.8, "lame delegation"). */
function refuseLame(reply: Reply, zone: string, server: DnsServer): void {
  const isOwn = reply.flags.aa && reply.rcode !== 'SERVFAIL' && reply.rcode !== 'REFUSED'
  if (isOwn) return
  const referral = reply.authorities.find(({ type }) => type === 'NS')
  const got =
    reply.rcode !== 'NOERROR'
      ? reply.rcode
      : referral && reply.records.length === 0
        ? `a referral to the servers of ${referral.name}`
        : 'a reply without authority (AA=0)'
  const why = `${server.label} is a name server of ${zone} but not authoritative for it: expected AA=1, got ${got}`
  throw new DnsFailure('DNS_LAME', 'processing', why, reply)
}

function isDelegation({ rcode, records, authorities }: Reply, zone: string): boolean {
  const referral = authorities.find(({ type }) => type === 'NS')
  if (rcode !== 'NOERROR' || records.length > 0 || !referral) return false
  return referral.name !== zone && isWithin(referral.name, zone)
}

/** Asks for each name once, so that all name servers are compared by the same answer from elsewhere. */
function remember(ask: AskOutside): AskOutside {
  const replies = new Map<string, Promise<Reply>>()
  return (name) => {
    const reply = replies.get(name) ?? ask(name)
    replies.set(name, reply)
    return reply
  }
}
