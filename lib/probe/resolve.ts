import { isIP, isIPv4, isIPv6 } from 'node:net'
import { domainToASCII } from 'node:url'
import { canonicalName } from '../model/dns-answer.ts'
import type { IpVersion } from '../model/monitor.ts'
import { askAndFollow, isAbsence, judgeAnswer } from './dns-chain.ts'
import { type Endpoint, withEdnsFallback } from './dns-inquiry.ts'
import type { Question, Reply } from './dns-message.ts'
import { askTcp } from './dns-stream.ts'
import { askUdp } from './dns-udp.ts'
import { type ProbeDeps, ProbeFailure } from './probe.ts'
import {
  parseEndpoint,
  type ResolvConf,
  readHosts,
  readResolvConf,
  type SystemFiles,
  systemFiles,
} from './resolve-files.ts'

export interface ResolveOptions {
  ipVersion: IpVersion
  /** `1.1.1.1`, `127.0.0.1:5353` or `[::1]:53`; the host's resolver, or else the machine's, where absent. */
  resolver?: string
}

/** How long the last but one name server may be silent before the next is asked; resolv.conf's 5 s outlast a probe. */
const serverWaitMs = 1000
/** How long IPv4 addresses wait for IPv6 ones (RFC 8305 §3, "Resolution Delay"). */
const resolutionDelayMs = 50
/** How long IPv6 addresses wait for IPv4 ones: longer, for without them there is no way back from a broken IPv6 path. */
const fallbackDelayMs = 1000

/**
 * The addresses of a host in the order to try them: IPv6 and IPv4 in turn, IPv6 first (RFC 8305 §4). Addresses are
 * themselves and localhost is loopback; else the hosts file is asked, but where a resolver is set, and DNS.
 * Rejects with `ProbeFailure` of stage `resolve` that names the server asked.
 */
export async function resolveHost(
  host: string,
  options: ResolveOptions,
  deps: ProbeDeps,
  signal: AbortSignal,
  files: SystemFiles = systemFiles,
): Promise<string[]> {
  const literal = host.replace(/^\[(.*)\]$/, '$1')
  if (isIP(literal)) {
    if (wanted([literal], options.ipVersion).length > 0) return [literal]
    throw new ProbeFailure('DNS_NODATA', 'resolve', `${literal} is not an IPv${options.ipVersion} address`)
  }
  const { servers, search, ndots, isExplicit } = nameServers(options.resolver, deps, files)
  const name = canonicalName(/[^\x20-\x7e]/.test(host) ? domainToASCII(host) || host : host)
  if (isLocalhost(name)) return wanted(['::1', '127.0.0.1'], options.ipVersion)
  const listed = isExplicit ? [] : wanted(readHosts(files.hosts).get(name) ?? [], options.ipVersion)
  if (listed.length > 0) return interleave(listed)
  let failure: unknown
  for (const candidate of candidates(host, name, search, ndots)) {
    try {
      return await lookUp(candidate, options.ipVersion, servers, deps, signal)
    } catch (error) {
      // What is told is the failure of the name as it was given.
      if (candidate === name || failure === undefined) failure = error
      if (!isAbsence(error)) break
    }
  }
  throw atResolve(failure, host, signal)
}

/** The DNS servers to ask: the explicit one, or the machine's. */
export function nameServers(
  resolver: string | undefined,
  deps: Pick<ProbeDeps, 'resolver'>,
  files: SystemFiles = systemFiles,
): ResolvConf & { isExplicit: boolean } {
  const explicit = resolver || deps.resolver
  if (!explicit) return { ...readResolvConf(files.resolvConf), isExplicit: false }
  const server = parseEndpoint(explicit)
  if (server) return { servers: [server], search: [], ndots: 1, isExplicit: true }
  const why = `resolver must be an IP address with or without port, such as 1.1.1.1 or [::1]:53, got "${explicit}"`
  throw new ProbeFailure('INTERNAL', 'resolve', why)
}

/**
 * Asks resolvers one after the other until one gives an answer that settles the matter, over UDP, or over TCP where
 * that is truncated. Rejects with the last one's `ProbeFailure`.
 */
export async function askResolvers(
  servers: Endpoint[],
  question: Question,
  deps: Pick<ProbeDeps, 'now'>,
  signal: AbortSignal,
): Promise<{ reply: Reply; server: Endpoint }> {
  for (let at = 0; ; at++) {
    const server = servers[at] as Endpoint
    const isLast = at === servers.length - 1
    try {
      const reply = await askResolver(server, question, deps, signal, isLast ? undefined : serverWaitMs)
      if (isLast || reply.rcode === 'NOERROR' || reply.rcode === 'NXDOMAIN') return { reply, server }
    } catch (error) {
      if (isLast || signal.aborted) throw error
    }
  }
}

async function askResolver(
  server: Endpoint,
  question: Question,
  deps: Pick<ProbeDeps, 'now'>,
  signal: AbortSignal,
  waitMs: number | undefined,
): Promise<Reply> {
  const reply = await withEdnsFallback((edns) =>
    askUdp(server, question, { recursion: true, edns }, deps, signal, waitMs),
  )
  if (!reply.flags.tc) return reply
  return withEdnsFallback((edns) => askTcp(server, question, { recursion: true, edns }, deps, signal))
}

/** `localhost` and all below it are this machine; no resolver is to be asked for them (RFC 6761 §6.3 point 3). */
function isLocalhost(name: string): boolean {
  return name === 'localhost' || name.endsWith('.localhost')
}

/** The names to try, by resolv.conf(5): a name with few dots is tried in the search domains first, one with its last dot only as it is. */
function candidates(host: string, name: string, search: string[], ndots: number): string[] {
  if (search.length === 0 || host.endsWith('.')) return [name]
  const searched = search.filter((domain) => domain !== '.').map((domain) => `${name}.${domain}`)
  return name.split('.').length - 1 < ndots ? [...searched, name] : [name, ...searched]
}

async function lookUp(
  name: string,
  ipVersion: IpVersion,
  servers: Endpoint[],
  deps: ProbeDeps,
  signal: AbortSignal,
): Promise<string[]> {
  if (ipVersion !== 'any') return addressesOf(name, ipVersion === '4' ? 'A' : 'AAAA', servers, deps, signal)
  // The family that comes too late is given up, so that its socket does not outlive this look-up.
  const late = new AbortController()
  const giveUp = () => late.abort()
  if (signal.aborted) giveUp()
  signal.addEventListener('abort', giveUp, { once: true })
  const v4 = settle(addressesOf(name, 'A', servers, deps, late.signal))
  const v6 = settle(addressesOf(name, 'AAAA', servers, deps, late.signal))
  let timer: NodeJS.Timeout | undefined
  try {
    const first = await Promise.race([v4, v6])
    const [address] = first.addresses
    if (address) timer = setTimeout(giveUp, isIPv4(address) ? resolutionDelayMs : fallbackDelayMs)
    const both = await Promise.all([v6, v4])
    const addresses = both.flatMap((family) => family.addresses)
    if (addresses.length > 0) return interleave(addresses)
    throw both.map(({ failure }) => failure).find((failure) => !isAbsence(failure)) ?? both[1].failure
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', giveUp)
  }
}

interface Settled {
  addresses: string[]
  failure?: unknown
}

function settle(addresses: Promise<string[]>): Promise<Settled> {
  return addresses.then(
    (found) => ({ addresses: found }),
    (failure: unknown) => ({ addresses: [], failure }),
  )
}

async function addressesOf(
  name: string,
  type: 'A' | 'AAAA',
  servers: Endpoint[],
  deps: ProbeDeps,
  signal: AbortSignal,
): Promise<string[]> {
  const question: Question = { name, type }
  let asked = ''
  const followed = await askAndFollow(question, async (target) => {
    const { reply, server } = await askResolvers(servers, { name: target, type }, deps, signal)
    asked = server.label
    return reply
  })
  const failure = judgeAnswer(followed, question, asked)
  if (failure) throw failure
  return followed.answers
}

function wanted(addresses: string[], ipVersion: IpVersion): string[] {
  return ipVersion === 'any' ? addresses : addresses.filter((address) => isIP(address) === Number(ipVersion))
}

/** IPv6 and IPv4 in turn, so that a family that does not work costs one attempt only. */
function interleave(addresses: string[]): string[] {
  const v6 = addresses.filter(isIPv6)
  const v4 = addresses.filter(isIPv4)
  const pairs = Array.from({ length: Math.max(v6.length, v4.length) }, (_, at) => [v6[at], v4[at]])
  return pairs.flat().filter((address) => address !== undefined)
}

function atResolve(error: unknown, host: string, signal: AbortSignal): unknown {
  if (!(error instanceof ProbeFailure)) return error
  const isLate = signal.aborted && error.code === 'CONNECT_TIMEOUT'
  const why = error.message.includes(host) ? error.message : `${host} could not be resolved: ${error.message}`
  return new ProbeFailure(isLate ? 'DNS_TIMEOUT' : error.code, 'resolve', why, error)
}
