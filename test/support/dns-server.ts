import type { createSocket } from 'node:dgram'
import type { Socket } from 'node:net'
import { type Answer, decode, encode, type Packet } from 'dns-packet'
import { closer, listenBoth } from '../../lib/local/loopback.ts'
import type { DnsMonitor } from '../../lib/model/monitor.ts'
import type { DnsObserved, Observation } from '../../lib/model/result.ts'
import { probeDns } from '../../lib/probe/dns.ts'
import { Frames, framed } from '../../lib/probe/dns-stream.ts'
import type { ProbeDeps } from '../../lib/probe/probe.ts'

/** What a reply may say, beside the question and id it answers. */
export interface ReplyOptions {
  rcode?: number
  /** Beside QR: `aa`, `tc`, `ra`, `ad`; RA alone unless told otherwise. */
  flags?: ('aa' | 'tc' | 'ra' | 'ad')[]
  answers?: Answer[]
  authorities?: Answer[]
  additionals?: Answer[]
}

/** One query that arrived, and the means to answer or to misbehave. */
export interface TestQuery {
  id: number
  name: string
  type: string
  transport: 'udp' | 'tcp'
  packet: Buffer
  recursionDesired: boolean
  authenticData: boolean
  /** The UDP size that EDNS announces; absent without EDNS. */
  ednsSize?: number
  /** A well-formed reply to this query. */
  reply(options?: ReplyOptions): Buffer
  /** Sends any bytes: a datagram, or over TCP a message behind its length. */
  send(bytes: Buffer): void
  /** Over TCP, for those who frame by themselves. */
  socket?: Socket
}

export interface DnsTestServer {
  port: number
  /** As an entry of `servers`. */
  label: string
  queries: TestQuery[]
  stop(): Promise<void>
}

const bits = { aa: 0x0400, tc: 0x0200, ra: 0x0080, ad: 0x0020 }

/** Starts a DNS server over UDP and TCP that does with each query what the test says; doing nothing is silence. */
export async function startDnsServer(
  handle: (query: TestQuery) => void,
  { host = '127.0.0.1', port = 0 }: { host?: string; port?: number } = {},
): Promise<DnsTestServer> {
  const queries: TestQuery[] = []
  const take = (packet: Buffer, transport: 'udp' | 'tcp', send: (bytes: Buffer) => void, socket?: Socket) => {
    const query = readQuery(packet, transport, send)
    if (socket) query.socket = socket
    queries.push(query)
    handle(query)
  }
  const { udp, tcp, port: bound } = await listenBoth(host, port)
  udp.on('message', (packet, from) => take(packet, 'udp', (bytes) => udp.send(bytes, from.port, from.address)))
  tcp.on('connection', (socket) => {
    const frames = new Frames()
    socket.on('error', () => {})
    socket.on('data', (chunk: Buffer) => {
      for (const packet of frames.push(chunk)) take(packet, 'tcp', (bytes) => socket.write(framed(bytes)), socket)
    })
  })
  const closeTcp = closer(tcp)
  const label = host.includes(':') ? `[${host}]:${bound}` : `${host}:${bound}`
  return { port: bound, label, queries, stop: () => Promise.all([closeTcp(), closed(udp)]).then(() => {}) }
}

/** Answers every query alike. */
export function always(options: ReplyOptions): (query: TestQuery) => void {
  return (query) => query.send(query.reply(options))
}

/** What a server answers to a question about a name; undefined is silence. */
export type Zone = (name: string, type: string) => ReplyOptions | undefined

/** Answers as a zone says. */
export function answering(zone: Zone): (query: TestQuery) => void {
  return (query) => {
    const options = zone(query.name, query.type)
    if (options) query.send(query.reply(options))
  }
}

/** A record that dns-packet can encode. */
export function record(name: string, type: string, data: unknown, ttl = 60): Answer {
  return { name, type, ttl, class: 'IN', data } as Answer
}

function closed(udp: ReturnType<typeof createSocket>): Promise<void> {
  return new Promise((resolve) => udp.close(() => resolve()))
}

function readQuery(packet: Buffer, transport: 'udp' | 'tcp', send: (bytes: Buffer) => void): TestQuery {
  const query = decode(packet)
  const question = query.questions?.[0] ?? { name: '', type: 'A' as const }
  const opt = query.additionals?.find((one) => one.type === 'OPT')
  return {
    id: query.id ?? 0,
    name: question.name,
    type: question.type,
    transport,
    packet,
    recursionDesired: query.flag_rd,
    authenticData: query.flag_ad,
    ...(opt && { ednsSize: opt.udpPayloadSize }),
    send,
    reply: ({ rcode = 0, flags = ['ra'], ...sections }: ReplyOptions = {}) => {
      const flagBits = flags.reduce((sum, flag) => sum | bits[flag], 0)
      const rd = query.flag_rd ? 0x0100 : 0
      const message: Packet = { type: 'response', questions: [question], ...sections }
      return encode({ ...message, id: query.id ?? 0, flags: flagBits | rd | rcode })
    },
  }
}

/** A complete DNS monitor for `www.shop.test`. */
export function dnsMonitor(changes: Partial<DnsMonitor> = {}): DnsMonitor {
  return {
    id: 'dns',
    kind: 'dns',
    name: 'www.shop.test',
    type: 'A',
    servers: [],
    protocol: 'udp',
    recursion: true,
    agree: false,
    tls: { verify: true, minVersion: 'TLSv1.2', maxVersion: 'TLSv1.3' },
    everyMs: 60_000,
    timeoutMs: 10_000,
    retries: 0,
    invert: false,
    ipVersion: 'any',
    expect: [],
    thresholds: { down: 3, up: 10 },
    severity: 'page',
    tags: [],
    dependsOn: [],
    maintenance: [],
    metrics: { duration: false, perVantage: false },
    ...changes,
  }
}

/** An assertion, for what it does to the default judgement. */
export function asserting(source: string): DnsMonitor['expect'] {
  return [{ source, op: 'exists', level: 'down' }]
}

/** Probe dependencies; the resolver is a port where nobody listens, so that no test can ask this machine's own. */
export function testDeps(changes: Partial<ProbeDeps> = {}): ProbeDeps {
  return {
    now: () => performance.now(),
    wallClock: () => Date.now(),
    userAgent: 'vedette/test',
    resolver: '127.0.0.1:1',
    ...changes,
  }
}

/**
 * Resolves when whatever was sent between sockets of this process has been read: loopback delivers at once, so that is a
 * matter of turns of the event loop and not of time.
 */
export async function arrival(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate)
}

/** Runs the DNS probe against a deadline, as its caller would: the monitor's time-out, or when a test says so. */
export async function runDns(
  changes: Partial<DnsMonitor>,
  deps: Partial<ProbeDeps> = {},
  signal?: AbortSignal,
): Promise<Observation<DnsObserved>> {
  const monitor = dnsMonitor(changes)
  if (signal) return probeDns(monitor, testDeps(deps), signal)
  const deadline = new AbortController()
  const timer = setTimeout(() => deadline.abort(), monitor.timeoutMs)
  try {
    return await probeDns(monitor, testDeps(deps), deadline.signal)
  } finally {
    clearTimeout(timer)
  }
}
