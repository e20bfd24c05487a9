import { canonicalName, parentOf } from '../model/dns-answer.ts'
import { type AskResolver, findZone, locateAll } from './dns-authoritative.ts'
import type { Reply } from './dns-message.ts'
import { askServer, type DnsRun } from './dns-transport.ts'
import { type ProbeDeps, ProbeFailure } from './probe.ts'
import { askResolvers, nameServers } from './resolve.ts'

/** Parents may have a dozen name servers; where none of so many is of use, others hardly are. */
const mostAsked = 3

/**
 * The name servers that the parent zone names for a zone, sorted, in lower case without the last dot: none where it knows
 * no such zone. The parent's own servers are asked, without recursion (RFC 1034 §4.2.1: the delegation is what they say);
 * they are found through the resolver of `deps`, and asked at `port` (53 unless said otherwise). Rejects with
 * `ProbeFailure` where none of them could be found or gave an answer, at the latest when `signal` aborts.
 */
export async function delegationOf(
  zone: string,
  { deps, signal, port = 53 }: { deps: ProbeDeps; signal: AbortSignal; port?: number },
): Promise<string[]> {
  const name = canonicalName(zone)
  if (name === '.') throw new ProbeFailure('DNS_NODATA', 'resolve', 'expected a zone with a parent, got the root')
  const { servers: resolvers } = nameServers(undefined, deps)
  const ask: AskResolver = async (question) => (await askResolvers(resolvers, question, deps, signal)).reply
  const parent = await findZone(parentOf(name), ask).catch((error: unknown) => {
    if (!(error instanceof ProbeFailure)) throw error
    const why = `could not find the zone above ${name}: ${error.message}`
    throw new ProbeFailure(error.code, 'resolve', why, error)
  })
  const first = new AbortController()
  const run: DnsRun = { monitor: plainUdp, deps, signal: AbortSignal.any([signal, first.signal]) }
  try {
    return await Promise.any(
      parent.names
        .slice(0, mostAsked)
        .map(async (server) => delegated(name, server, await askOne(server, port, name, run))),
    )
  } catch (error) {
    const failures: unknown[] = (error as AggregateError).errors
    const own = failures.find((failure) => failure instanceof ProbeFailure)
    if (!own) throw failures[0]
    const why = `no name server of ${parent.zone} says where ${name} is: ${own.message}`
    throw new ProbeFailure(own.code, own.stage, why, own)
  } finally {
    first.abort()
  }
}

const plainUdp: DnsRun['monitor'] = {
  protocol: 'udp',
  ipVersion: 'any',
  tls: { verify: true, minVersion: 'TLSv1.2', maxVersion: 'TLSv1.3' },
}

/** The reply of one name server, at the first of its addresses that gives one. */
async function askOne(host: string, port: number, name: string, run: DnsRun): Promise<Reply> {
  const located = await locateAll(host, port, run)
  return Promise.any(
    located.map((found) =>
      'failure' in found ? Promise.reject(found.failure) : askServer(found, { name, type: 'NS' }, false, run, {}),
    ),
  ).catch((error: AggregateError) => Promise.reject(error.errors[0]))
}

/**
 * The names in a referral, or in the answer of a server that holds both zones. Where there are neither, only a server that
 * answers for the parent knows that there are none.
 */
function delegated(zone: string, server: string, { rcode, flags, records, authorities }: Reply): string[] {
  const own = [...records, ...authorities].filter(({ type, name }) => type === 'NS' && name === zone)
  if (rcode === 'NOERROR' && own.length > 0) return [...new Set(own.map(({ data }) => canonicalName(data)))].sort()
  if (flags.aa && (rcode === 'NOERROR' || rcode === 'NXDOMAIN')) return []
  const code = ({ SERVFAIL: 'DNS_SERVFAIL', REFUSED: 'DNS_REFUSED' } as const)[rcode] ?? 'DNS_LAME'
  const why = `expected a referral or an answer with authority (AA=1) from ${server}, got ${rcode}${flags.aa ? '' : ' without authority'}`
  throw new ProbeFailure(code, 'processing', why)
}
