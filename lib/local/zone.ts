import { isIPv6, type Server } from 'node:net'
import { canonicalName, isWithin } from '../model/dns-answer.ts'
import { Frames, framed } from '../probe/dns-stream.ts'
import { closer, listenBoth } from './loopback.ts'
import { answerPacket, type ZoneData } from './zone-answers.ts'
import { indexRecords, type ZoneRecord } from './zone-records.ts'

export type { ZoneRecord, ZoneType } from './zone-records.ts'

export interface ZoneOptions {
  /** The zone's name: `shop.test`. */
  origin: string
  /** SOA, NS and the name server's address are made up where they are missing. */
  records: ZoneRecord[]
  /** UDP and TCP; a free one where it is 0 or absent. */
  port?: number
  /** Address to listen at; 127.0.0.1 where absent. */
  host?: string
  /** The first serial; 1 where absent. */
  serial?: number
}

/** A running zone. */
export interface Zone {
  port: number
  /** Grows by one with every change (RFC 1982). */
  serial(): number
  /** Replaces all records at once: no query sees a mixture. Throws, and changes nothing, where one cannot be served. */
  setRecords(records: ZoneRecord[]): void
  stop(): Promise<void>
}

/** A connection on which nothing is asked is closed (RFC 7766 §6.2.3). */
const idleMs = 10_000
/** What a client that asks and does not read may have waiting for it; then it is closed. */
const maxUnreadBytes = 4 * 1024 * 1024

/**
 * Starts an authoritative DNS server for one zone on loopback, over UDP and TCP. It knows NXDOMAIN from NODATA, follows
 * CNAMEs within the zone, truncates what does not fit and refuses everything outside; no packet can make it fail.
 * Rejects with Node's own error where the port is taken.
 */
export async function startZone(options: ZoneOptions): Promise<Zone> {
  const origin = canonicalName(options.origin)
  const host = options.host ?? '127.0.0.1'
  let serial = (options.serial ?? 1) >>> 0
  const load = (records: ZoneRecord[]) => indexRecords(origin, completed(origin, records, host, serial))
  const zone: ZoneData = { origin, index: load(options.records) }
  const { udp, tcp, port } = await listenBoth(host, options.port ?? 0)
  udp.on('error', () => {}) // such as an ICMP error of a client that has gone
  udp.on('message', (packet, client) => {
    // Port 0 can be written as a sender, but not sent to.
    const reply = client.port > 0 && answerPacket(packet, zone, true)
    if (reply) udp.send(reply, client.port, client.address, () => {})
  })
  serveTcp(tcp, zone)
  const closeTcp = closer(tcp)
  return {
    port,
    serial: () => serial,
    setRecords(records) {
      const before = serial
      serial = nextSerial(serial)
      try {
        zone.index = load(records)
      } catch (error) {
        serial = before
        throw error
      }
    },
    stop: async () => {
      await Promise.all([closeTcp(), new Promise<void>((resolve) => udp.close(() => resolve()))])
    },
  }
}

/** 0 is skipped: some servers take it for no serial at all. */
function nextSerial(serial: number): number {
  return (serial + 1) >>> 0 || 1
}

/** Adds what a zone must have (RFC 1035 §5.2): one SOA, whose serial is ours, and a name server with its address. */
function completed(origin: string, records: ZoneRecord[], host: string, serial: number): ZoneRecord[] {
  const atTop = (type: string) =>
    records.filter((record) => record.type === type && canonicalName(record.name) === origin)
  const isSoa = (record: ZoneRecord) => record.type === 'SOA'
  const server = `ns.${origin}`
  const given = atTop('SOA')[0]
  const [mname = server, rname = `hostmaster.${origin}`, , ...timers] = given?.data.trim().split(/\s+/) ?? []
  const times = timers.length === 4 ? timers : [3600, 600, 86_400, 5]
  const soa = [mname, rname, serial, ...times].join(' ')
  const all: ZoneRecord[] = [{ name: origin, type: 'SOA', ttl: given?.ttl ?? 60, data: soa }]
  if (atTop('NS').length === 0) {
    all.push({ name: origin, type: 'NS', ttl: 60, data: server })
    if (!records.some(({ name }) => canonicalName(name) === server))
      all.push({ name: server, type: isIPv6(host) ? 'AAAA' : 'A', ttl: 60, data: host })
  }
  return [...all, ...records.filter((record) => !isSoa(record) || !isWithin(canonicalName(record.name), origin))]
}

function serveTcp(tcp: Server, zone: ZoneData): void {
  tcp.on('connection', (socket) => {
    const frames = new Frames()
    socket.setTimeout(idleMs, () => socket.destroy())
    socket.on('error', () => socket.destroy())
    socket.on('data', (chunk: Buffer) => {
      for (const packet of frames.push(chunk)) {
        const reply = answerPacket(packet, zone, false)
        if (!reply || socket.writableLength > maxUnreadBytes) return socket.destroy()
        socket.write(framed(reply))
      }
    })
  })
}
