import { createSocket } from 'node:dgram'
import { connect } from 'node:net'
import { type Answer, type DecodedPacket, decode, encode } from 'dns-packet'
import { afterEach, describe, expect, it } from 'vitest'
import { startZone, type Zone, type ZoneRecord } from '../../lib/local/zone.ts'
import { framed } from '../../lib/probe/dns-stream.ts'
import { runDns } from '../support/dns-server.ts'
import { freePort } from '../support/ports.ts'

const zones: Zone[] = []
afterEach(() => Promise.all(zones.splice(0).map((zone) => zone.stop())))

const of = (name: string, type: ZoneRecord['type'], data: string, ttl = 60): ZoneRecord => ({ name, type, ttl, data })

const records: ZoneRecord[] = [
  of('shop.test', 'A', '192.0.2.1'),
  of('shop.test', 'A', '192.0.2.2'),
  of('shop.test', 'MX', '10 mail.shop.test'),
  of('shop.test', 'TXT', `v=spf1 ${'x'.repeat(300)}`),
  of('shop.test', 'CAA', '0 issue "ca.test"'),
  of('v6.shop.test', 'AAAA', '2001:db8::1'),
  of('www.shop.test', 'CNAME', 'shop.test'),
  of('far.shop.test', 'CNAME', 'edge.cdn.test'),
  of('lost.shop.test', 'CNAME', 'nowhere.shop.test'),
  of('_sip._tcp.shop.test', 'SRV', '1 2 5060 sip.shop.test'),
  of('*.wild.shop.test', 'A', '192.0.2.9'),
  of('sub.shop.test', 'NS', 'ns.elsewhere.test'),
  ...Array.from({ length: 60 }, (_, at) => of('many.shop.test', 'A', `192.0.2.${at}`)),
]

async function start(options: Partial<Parameters<typeof startZone>[0]> = {}): Promise<Zone> {
  const zone = await startZone({ origin: 'shop.test', records, ...options })
  zones.push(zone)
  return zone
}

/** What our own probe makes of it. */
function look(zone: Zone, name: string, type = 'A', protocol: 'udp' | 'tcp' = 'udp') {
  return runDns({ name, type: type as 'A', protocol, servers: [`127.0.0.1:${zone.port}`] })
}

/** Sends bytes over UDP and gives what comes back, as another codec reads it. */
function send(zone: Zone, bytes: Buffer): Promise<DecodedPacket & { bytes: number; rcode: string }> {
  const socket = createSocket('udp4')
  return new Promise((resolve) => {
    socket.once('message', (reply) => {
      socket.close()
      resolve({ ...decode(reply), bytes: reply.length } as never)
    })
    socket.send(bytes, zone.port, '127.0.0.1')
  })
}

const query = (name: string, extra: object = {}) =>
  encode({ type: 'query', id: 7, flags: 0x0100, questions: [{ name, type: 'A' }], ...extra })
const edns = (udpPayloadSize: number, ednsVersion = 0) =>
  ({
    type: 'OPT',
    name: '.',
    udpPayloadSize,
    ednsVersion,
    extendedRcode: 0,
    flags: 0,
    options: [],
  }) as unknown as Answer

describe('an embedded zone', () => {
  it.each([
    ['shop.test', 'A', ['192.0.2.1', '192.0.2.2']],
    ['SHOP.test', 'MX', ['10 mail.shop.test']],
    ['shop.test', 'TXT', [`v=spf1 ${'x'.repeat(300)}`]],
    ['shop.test', 'CAA', ['0 issue "ca.test"']],
    ['v6.shop.test', 'AAAA', ['2001:db8::1']],
    ['_sip._tcp.shop.test', 'SRV', ['1 2 5060 sip.shop.test']],
    ['www.shop.test', 'A', ['192.0.2.1', '192.0.2.2']],
    ['www.shop.test', 'CNAME', ['shop.test']],
    ['deep.er.wild.shop.test', 'A', ['192.0.2.9']],
    ['shop.test', 'NS', ['ns.shop.test']],
    ['ns.shop.test', 'A', ['127.0.0.1']],
    ['shop.test', 'SOA', ['ns.shop.test hostmaster.shop.test 1 3600 600 86400 5']],
  ])('answers %s %s with authority', async (name, type, answers) => {
    const { observed, failure } = await look(await start(), name, type)
    expect(failure).toBeUndefined()
    expect(observed).toMatchObject({ answers, flags: { aa: true, ra: false, rd: true, tc: false } })
  })

  it('tells NXDOMAIN from NODATA, both with the SOA', async () => {
    const zone = await start()
    expect(await look(zone, 'none.shop.test')).toMatchObject({
      failure: { code: 'DNS_NXDOMAIN' },
      observed: { serial: 1 },
    })
    expect(await look(zone, 'v6.shop.test')).toMatchObject({ failure: { code: 'DNS_NODATA' }, observed: { serial: 1 } })
  })

  it('a name that only has names below it exists (RFC 4592 §2.2.2)', async () => {
    expect((await look(await start(), '_tcp.shop.test')).failure?.code).toBe('DNS_NODATA')
  })

  it('a CNAME that points nowhere within the zone is NXDOMAIN; one out of the zone is left to the asker', async () => {
    const zone = await start()
    const lost = await look(zone, 'lost.shop.test')
    expect(lost.failure?.message).toContain('nowhere.shop.test')
    expect(lost.observed).toMatchObject({ rcode: 'NXDOMAIN', records: [{ data: 'nowhere.shop.test' }] })
    const far = await send(zone, query('far.shop.test'))
    expect(far).toMatchObject({
      rcode: 'NOERROR',
      flag_aa: true,
      answers: [{ data: 'edge.cdn.test' }],
      authorities: [],
    })
  })

  it('circles of CNAMEs end', async () => {
    const zone = await start({
      records: [of('a.shop.test', 'CNAME', 'b.shop.test'), of('b.shop.test', 'CNAME', 'a.shop.test')],
    })
    expect((await look(zone, 'a.shop.test')).failure?.message).toContain('circle')
  })

  it('refers to the servers of a delegated part without authority', async () => {
    const reply = await send(await start(), query('x.sub.shop.test'))
    expect(reply).toMatchObject({
      flag_aa: false,
      answers: [],
      authorities: [{ type: 'NS', data: 'ns.elsewhere.test' }],
    })
  })

  it('refuses everything outside, other classes, other operations and zone transfers', async () => {
    const zone = await start()
    expect((await look(zone, 'other.test')).failure?.code).toBe('DNS_REFUSED')
    expect((await look(zone, 'notshop.test')).failure?.code).toBe('DNS_REFUSED')
    const ask = (type: string, klass: string) => query('', { questions: [{ name: 'shop.test', type, class: klass }] })
    expect((await send(zone, ask('A', 'CH'))).rcode).toBe('REFUSED')
    expect((await send(zone, ask('AXFR', 'IN'))).rcode).toBe('NOTIMP')
    expect((await send(zone, query('shop.test', { flags: 0x2800 }))).rcode).toBe('NOTIMP')
  })

  it('echoes the question to the letter', async () => {
    expect((await send(await start(), query('WwW.shop.TEST'))).questions?.[0]?.name).toBe('WwW.shop.TEST')
  })

  it.each<[string, object, number, boolean]>([
    ['512 bytes without EDNS', {}, 512, true],
    ['512 bytes even where EDNS says less', { additionals: [edns(100)] }, 512, true],
    ['what EDNS says', { additionals: [edns(4096)] }, 4096, false],
  ])('keeps a reply over UDP to %s', async (_what, extra, size, truncated) => {
    const reply = await send(await start(), query('many.shop.test', extra))
    expect(reply.flag_tc).toBe(truncated)
    expect(reply.bytes).toBeLessThanOrEqual(size)
    expect(reply.answers).toHaveLength(truncated ? 0 : 60)
  })

  it('gives over TCP what does not fit over UDP', async () => {
    const many = Array.from({ length: 200 }, (_, at) => of('many.shop.test', 'A', `192.0.2.${at}`))
    const zone = await start({ records: many })
    expect((await look(zone, 'many.shop.test')).observed).toMatchObject({
      flags: { tc: true },
      counts: { answers: 200 },
    })
    expect((await look(zone, 'many.shop.test', 'A', 'tcp')).observed.answers).toHaveLength(200)
  })

  it('answers several queries on one TCP connection', async () => {
    const zone = await start()
    const socket = connect(zone.port, '127.0.0.1')
    socket.write(Buffer.concat([framed(query('shop.test')), framed(query('www.shop.test'))]))
    let received = Buffer.alloc(0)
    for await (const chunk of socket) {
      received = Buffer.concat([received, chunk as Buffer])
      const first = 2 + received.readUInt16BE(0)
      if (received.length > first + 2 && received.length === first + 2 + received.readUInt16BE(first)) break
    }
    expect(decode(received.subarray(2)).answers).toHaveLength(2)
  })

  it('says FORMERR to a query with two OPT records (RFC 6891 §6.1.1)', async () => {
    const reply = await send(await start(), query('shop.test', { additionals: [edns(1232), edns(1232)] }))
    expect(reply.rcode).toBe('FORMERR')
  })

  it('says BADVERS to another version of EDNS (RFC 6891 §6.1.3)', async () => {
    const reply = await send(await start(), query('shop.test', { additionals: [edns(1232, 1)] }))
    expect(reply.additionals).toMatchObject([{ type: 'OPT', extendedRcode: 1 }])
  })

  it('says FORMERR to what has a header and nothing that can be read', async () => {
    expect((await send(await start(), query('shop.test').subarray(0, 15))).rcode).toBe('FORMERR')
  })
})

describe('replacing the records', () => {
  it('shows at once and whole, with a higher serial', async () => {
    const zone = await start({ records: [of('shop.test', 'A', '192.0.2.1')], serial: 4_294_967_295 })
    expect((await look(zone, 'shop.test', 'SOA')).observed.serial).toBe(4_294_967_295)
    zone.setRecords([of('shop.test', 'A', '192.0.2.77')])
    expect((await look(zone, 'shop.test')).observed.answers).toEqual(['192.0.2.77'])
    expect((await look(zone, 'shop.test', 'SOA')).observed.serial).toBe(1)
    expect(zone.serial()).toBe(1)
  })

  it.each<[string, ZoneRecord]>([
    ['a name outside the zone', of('other.test', 'A', '192.0.2.1')],
    ['no address', of('shop.test', 'A', 'shop')],
    ['IPv4 as AAAA', of('shop.test', 'AAAA', '192.0.2.1')],
    ['an MX without a number', of('shop.test', 'MX', 'mail.shop.test')],
    ['a CNAME to no name', of('x.shop.test', 'CNAME', 'a..b')],
    ['a second CNAME', of('www.shop.test', 'CNAME', 'b.test')],
    ['something beside a CNAME', of('www.shop.test', 'A', '192.0.2.1')],
    ['an unknown type', of('shop.test', 'LOC' as 'A', '1 2 3')],
  ])('with %s is refused, and changes nothing', async (_what, record) => {
    const zone = await start()
    expect(() => zone.setRecords([of('www.shop.test', 'CNAME', 'a.test'), record])).toThrow(/^expected/)
    expect(zone.serial()).toBe(1)
    expect((await look(zone, 'shop.test')).observed.answers).toHaveLength(2)
  })

  it('keeps the times and names of a SOA that is given, with its own serial', async () => {
    const zone = await start({ records: [of('shop.test', 'SOA', 'a.test b.test 99 1 2 3 4')], serial: 5 })
    expect((await look(zone, 'shop.test', 'SOA')).observed.answers).toEqual(['a.test b.test 5 1 2 3 4'])
  })
})

describe('its ports', () => {
  it('are the same for UDP and TCP, and free again after stop', async () => {
    const first = await startZone({ origin: 'shop.test', records, port: await freePort() })
    await first.stop()
    const second = await start({ port: first.port })
    expect(second.port).toBe(first.port)
    await expect(startZone({ origin: 'shop.test', records, port: first.port })).rejects.toMatchObject({
      code: 'EADDRINUSE',
    })
  })

  it('can be on IPv6', async () => {
    const zone = await start({ host: '::1' })
    expect((await runDns({ name: 'shop.test', servers: [`[::1]:${zone.port}`] })).failure).toBeUndefined()
  })

  it('work for the probe of authoritative servers, the zone being its own resolver', async () => {
    const zone = await start()
    const servers = [`authoritative:${zone.port}`]
    const { failure, observed } = await runDns({ servers, resolver: `127.0.0.1:${zone.port}` })
    expect(failure).toBeUndefined()
    expect(observed).toMatchObject({ server: `ns.shop.test (127.0.0.1:${zone.port})`, serial: 1 })
  })
})
