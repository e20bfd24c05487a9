import { isIP, isIPv6 } from 'node:net'
import type { DnsMonitor } from '../model/monitor.ts'
import type { Phases } from '../model/result.ts'
import { addPhase, canReachIpv6, connectTcp } from './connect.ts'
import { DnsFailure, endpoint, Inquiry, withEdnsFallback } from './dns-inquiry.ts'
import type { QueryOptions, Question, Reply } from './dns-message.ts'
import { askStream } from './dns-stream.ts'
import { askUdp } from './dns-udp.ts'
import { exchange } from './http-exchange.ts'
import { type ProbeDeps, ProbeFailure } from './probe.ts'
import { resolveHost } from './resolve.ts'
import { isTlsError, startTls, tlsFailure } from './tls-handshake.ts'

/** What every query of one probe run has in common. */
export interface DnsRun {
  monitor: Pick<DnsMonitor, 'protocol' | 'tls' | 'ipVersion' | 'resolver'>
  deps: ProbeDeps
  signal: AbortSignal
}

/** A server to ask. */
export interface DnsServer {
  /** Name or address; for DoH that of the URL. */
  host: string
  port: number
  /** What people call it. */
  label: string
  /** For DoH. */
  url?: URL
}

/** The longest DNS message there is: its length has 16 bits. */
const maxMessageBytes = 65535
const dohType = 'application/dns-message'

/**
 * A server at each of its addresses, in the order to try them; where there is a way from here to some, at those alone.
 * Only for UDP is a name looked up beforehand: connections look theirs up, and try all addresses, by themselves.
 */
export async function locate(server: DnsServer, run: DnsRun, phases: Phases): Promise<DnsServer[]> {
  const { monitor, deps, signal } = run
  if (monitor.protocol !== 'udp' || isIP(server.host)) return [server]
  const started = deps.now()
  try {
    const addresses = await resolveHost(server.host, lookupOptions(run), deps, signal)
    const reachable = addresses.filter(isReachable)
    const worthTrying = reachable.length > 0 ? reachable : addresses
    return worthTrying.map((host) => ({
      ...server,
      host,
      label: `${server.host} (${endpoint(host, server.port).label})`,
    }))
  } finally {
    addPhase(phases, 'resolve', deps.now() - started)
  }
}

/**
 * Asks one server one question by the monitor's protocol; over UDP a truncated reply (TC=1) is asked for again over TCP
 * (RFC 7766 §5), and the flag stays set in what is returned. Rejects with `ProbeFailure`, a `DnsFailure` where a reply came.
 */
export function askServer(
  server: DnsServer,
  question: Question,
  recursion: boolean,
  run: DnsRun,
  phases: Phases,
): Promise<Reply> {
  return withEdnsFallback((edns) => {
    const options = { recursion, edns }
    if (run.monitor.protocol === 'udp') return overUdp(server, question, options, run, phases)
    if (run.monitor.protocol === 'doh') return overHttps(server, question, options, run, phases)
    return overStream(server, question, options, run, phases)
  })
}

async function overUdp(server: DnsServer, question: Question, options: QueryOptions, run: DnsRun, phases: Phases) {
  const { deps, signal } = run
  const peer = { address: server.host, port: server.port, label: server.label }
  const reply = await timed(phases, deps, () => askUdp(peer, question, options, deps, signal)).catch((error) => {
    const isUnreachable = error instanceof ProbeFailure && error.code === 'CONNECT_UNREACHABLE'
    throw isUnreachable && !isReachable(server.host) ? needsIpv6(server.label, error) : error
  })
  if (!reply.flags.tc) return reply
  try {
    const whole = await overStream(server, question, options, run, phases)
    return { ...whole, flags: { ...whole.flags, tc: true } }
  } catch (error) {
    if (!(error instanceof ProbeFailure)) throw error
    const why = `${server.label} truncated its reply over UDP, and over TCP: ${error.message}`
    throw new DnsFailure(error.code, error.stage, why, reply)
  }
}

/** Whether this place has IPv6 for an address that needs it. */
export function isReachable(address: string): boolean {
  return !isIPv6(address) || canReachIpv6(address)
}

/** An IPv6 server that cannot be reached from a place without IPv6 is not at fault. */
export function needsIpv6(label: string, cause?: unknown): ProbeFailure {
  return new ProbeFailure('UNSUPPORTED', 'connect', `${label} needs IPv6, which this place does not have`, cause)
}

async function overStream(server: DnsServer, question: Question, options: QueryOptions, run: DnsRun, phases: Phases) {
  const { monitor, deps, signal } = run
  const target = { host: server.host, port: server.port, ...lookupOptions(run) }
  let socket = await connectTcp(target, phases, deps, signal)
  if (monitor.protocol === 'dot')
    socket = await startTls(socket, { host: server.host, tls: monitor.tls }, {}, phases, deps, signal)
  let broken: Error | undefined
  socket.once('error', (error) => {
    broken = error
  })
  const asked = timed(phases, deps, () => askStream(socket, server.label, question, options, deps, signal))
  const reply = await asked.catch((error: unknown) => {
    // In TLS 1.3 a server refuses our certificate, or that we have none, after the handshake.
    throw isTlsError(broken) ? tlsFailure(broken as Error) : error
  })
  return complete(reply, server, 'TCP')
}

/** Only UDP has a reason to truncate. */
function complete(reply: Reply, { label }: DnsServer, protocol: 'TCP' | 'HTTPS'): Reply {
  if (!reply.flags.tc) return reply
  const why = `expected a complete reply over ${protocol}, got a truncated one (TC=1) from ${label}`
  throw new DnsFailure('DNS_MALFORMED', 'processing', why, reply)
}

/** RFC 8484. */
async function overHttps(server: DnsServer, question: Question, options: QueryOptions, run: DnsRun, phases: Phases) {
  const { monitor, deps, signal } = run
  // The id is 0 so that caches on the way may answer (§4.1); what belongs together HTTP knows.
  const inquiry = new Inquiry(server.label, question, options, 0)
  const { failure, statusCode, headers, body, ...seen } = await exchange(
    {
      url: server.url ?? new URL(`https://${server.host}/dns-query`),
      method: 'POST',
      headers: { accept: dohType, 'content-type': dohType, 'user-agent': deps.userAgent },
      body: inquiry.packet,
      httpVersion: 'any',
      maxBodyBytes: maxMessageBytes,
      tls: monitor.tls,
      ...lookupOptions(run),
    },
    deps,
    signal,
  )
  for (const [phase, ms] of Object.entries(seen.phases)) addPhase(phases, phase as keyof Phases, ms)
  const fail = (code: 'DNS_REFUSED' | 'DNS_MALFORMED' | 'DNS_MISMATCH', why: string) =>
    new ProbeFailure(code, 'processing', why)
  if (failure) throw new ProbeFailure(failure.code, failure.stage, `${server.label}: ${failure.message}`)
  if (statusCode !== 200) throw fail('DNS_REFUSED', `expected HTTP status 200, got ${statusCode} from ${server.label}`)
  const type = String(headers?.['content-type'] ?? 'none')
  if (type.split(';')[0]?.trim().toLowerCase() !== dohType)
    throw fail('DNS_MALFORMED', `expected content-type ${dohType}, got ${type} from ${server.label}`)
  const reply = inquiry.take(body ?? Buffer.alloc(0))
  if (reply) return complete(reply, server, 'HTTPS')
  const silence = inquiry.silence(0)
  throw silence.code === 'DNS_TIMEOUT'
    ? fail('DNS_MISMATCH', `expected id 0, got another from ${server.label}`)
    : silence
}

async function timed<T>(phases: Phases, deps: ProbeDeps, work: () => Promise<T>): Promise<T> {
  const started = deps.now()
  try {
    return await work()
  } finally {
    addPhase(phases, 'processing', deps.now() - started)
  }
}

/** How names are looked up on the way. */
export function lookupOptions({
  monitor: { ipVersion, resolver },
}: {
  monitor: Pick<DnsRun['monitor'], 'ipVersion' | 'resolver'>
}) {
  return { ipVersion, ...(resolver && { resolver }) }
}
