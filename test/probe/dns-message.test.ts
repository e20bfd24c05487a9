import { type Answer, decode, encode } from 'dns-packet'
import { describe, expect, it } from 'vitest'
import { canonicalAnswer } from '../../lib/model/dns-answer.ts'
import type { DnsType } from '../../lib/model/dns-names.ts'
import { judgeReply } from '../../lib/probe/dns-inquiry.ts'
import { buildQuery } from '../../lib/probe/dns-message.ts'
import { record } from '../support/dns-server.ts'

const question = { name: 'www.shop.test', type: 'A' as DnsType }

/** A reply to `question` with id 7. */
function reply(answers: Answer[], changes: Record<string, unknown> = {}): Buffer {
  return encode({ type: 'response', id: 7, flags: 0, questions: [{ ...question, class: 'IN' }], answers, ...changes })
}

function read(packet: Buffer, asked = question) {
  const verdict = judgeReply(packet, 7, asked)
  if (verdict.kind !== 'reply') throw new Error(JSON.stringify(verdict))
  return verdict.reply
}

/** A reply whose only record has this data, as bytes. */
function rawData(type: number, data: Buffer): Buffer {
  const fields = Buffer.alloc(12)
  fields.writeUInt16BE(0xc00c, 0)
  fields.writeUInt16BE(type, 2)
  fields.writeUInt16BE(1, 4)
  fields.writeUInt16BE(data.length, 10)
  const head = reply([])
  head.writeUInt16BE(1, 6)
  return Buffer.concat([head, fields, data])
}

describe('a query', () => {
  it('asks with RD, the AD bit and EDNS of 1232 bytes, as another codec reads it', () => {
    const query = decode(buildQuery(4711, question, { recursion: true, edns: true }))
    expect(query).toMatchObject({ id: 4711, type: 'query', opcode: 'QUERY', flag_rd: true, flag_ad: true })
    expect(query.questions).toEqual([{ name: 'www.shop.test', type: 'A', class: 'IN' }])
    expect(query.additionals).toMatchObject([{ type: 'OPT', udpPayloadSize: 1232, ednsVersion: 0, flags: 0 }])
  })

  it('asks without RD and EDNS where told so', () => {
    const query = decode(buildQuery(1, question, { recursion: false, edns: false }))
    expect(query).toMatchObject({ flag_rd: false, additionals: [] })
  })

  it.each(['a..b', `${'x'.repeat(64)}.test`, `${'abcdefg.'.repeat(40)}test`])('refuses a name like %s', (name) => {
    expect(() => buildQuery(1, { name, type: 'A' }, { recursion: true, edns: true })).toThrow(RangeError)
  })

  it('asks for the root and for labels with a dot in them', () => {
    const root = buildQuery(1, { name: '.', type: 'NS' }, { recursion: true, edns: false })
    expect(root.subarray(12)).toEqual(Buffer.from([0, 0, 2, 0, 1]))
    const dotted = buildQuery(1, { name: 'a\\.b\\032.test', type: 'A' }, { recursion: true, edns: false })
    expect(dotted.subarray(12, 17).toString('latin1')).toBe('\x04a.b ')
  })
})

describe('data in presentation form', () => {
  const key = Buffer.from('0123456789abcdef', 'hex')
  const rrsig = {
    typeCovered: 'A',
    algorithm: 13,
    labels: 2,
    originalTTL: 300,
    expiration: Date.UTC(2030, 0, 2, 3, 4, 5) / 1000,
    inception: Date.UTC(2020, 0, 1) / 1000,
    keyTag: 2642,
    signersName: 'Shop.test',
    signature: key,
  }
  it.each<[DnsType, unknown, string]>([
    ['A', '192.0.2.1', '192.0.2.1'],
    ['AAAA', '2001:db8:0:0:0:0:0:1', '2001:db8::1'],
    ['AAAA', '0:0:0:0:0:0:0:0', '::'],
    ['CNAME', 'Other.Shop.test', 'other.shop.test'],
    ['NS', 'NS1.shop.test', 'ns1.shop.test'],
    ['PTR', 'host.shop.test', 'host.shop.test'],
    ['DNAME', 'target.test', 'target.test'],
    ['MX', { preference: 10, exchange: 'Mail.example.com' }, '10 mail.example.com'],
    ['MX', { preference: 0, exchange: '.' }, '0 .'],
    ['SRV', { priority: 1, weight: 2, port: 443, target: 't.test' }, '1 2 443 t.test'],
    ['TXT', ['v=DKIM1; ', 'p=abc'], 'v=DKIM1; p=abc'],
    ['TXT', 'grüß dich', 'grüß dich'],
    ['TXT', Buffer.from([0x41, 0xff, 0x00]), 'A\\255\\000'],
    ['TXT', '', ''],
    [
      'SOA',
      { mname: 'ns.t', rname: 'a.t', serial: 4_294_967_295, refresh: 2, retry: 3, expire: 4, minimum: 5 },
      'ns.t a.t 4294967295 2 3 4 5',
    ],
    ['CAA', { flags: 128, tag: 'ISSUE', value: 'ca.test; x="y"' }, '128 issue "ca.test; x=\\"y\\""'],
    ['HINFO', { cpu: 'Cpu 1', os: 'OS' }, '"Cpu 1" "OS"'],
    [
      'NAPTR',
      { order: 100, preference: 10, flags: 'S', services: 'SIP+D2U', regexp: '', replacement: '_sip._udp.t' },
      '100 10 "S" "SIP+D2U" "" _sip._udp.t',
    ],
    ['RP', { mbox: 'admin.t', txt: '.' }, 'admin.t .'],
    ['DS', { keyTag: 60485, algorithm: 5, digestType: 1, digest: key }, '60485 5 1 0123456789ABCDEF'],
    ['TLSA', { usage: 3, selector: 1, matchingType: 1, certificate: key }, '3 1 1 0123456789ABCDEF'],
    ['SSHFP', { algorithm: 4, hash: 1, fingerprint: 'ab'.repeat(20) }, `4 1 ${'AB'.repeat(20)}`],
    ['DNSKEY', { flags: 257, algorithm: 13, key }, '257 3 13 ASNFZ4mrze8='],
    ['RRSIG', rrsig, 'A 13 2 300 20300102030405 20200101000000 2642 shop.test ASNFZ4mrze8='],
    ['NSEC', { nextDomain: 'b.t', rrtypes: ['A', 'RRSIG', 'NSEC', 'CAA'] }, 'b.t A RRSIG NSEC CAA'],
    [
      'NSEC3',
      { algorithm: 1, flags: 1, iterations: 10, salt: Buffer.alloc(0), nextDomain: key, rrtypes: ['A'] },
      '1 1 10 - 04HKAPS9LF6UU A',
    ],
  ])('of %s %j is %s, and canonical', (type, data, expected) => {
    const asked = { name: 'www.shop.test', type }
    const packet = reply([record('WWW.shop.test', type, data)], { questions: [asked] })
    expect(read(packet, asked).records).toEqual([{ name: 'www.shop.test', type, ttl: 60, data: expected }])
    if (type !== 'TXT') expect(canonicalAnswer(type, expected)).toBe(expected)
  })

  it('writes unknown types as RFC 3597 does', () => {
    expect(read(rawData(4711, Buffer.from([1, 0xab]))).records).toMatchObject([
      { type: 'TYPE4711', data: '\\# 2 01AB' },
    ])
    expect(read(rawData(65, Buffer.alloc(0))).records).toMatchObject([{ type: 'HTTPS', data: '\\# 0' }])
  })

  it('writes a fingerprint of a hash that the codec does not know as RFC 3597 does', () => {
    const { records } = read(rawData(44, Buffer.from([4, 9, 0xab])))
    expect(records).toMatchObject([{ type: 'SSHFP', data: '\\# 3 0409AB' }])
    expect(canonicalAnswer('SSHFP', ' \\# 3 04 09ab')).toBe(records[0]?.data)
  })

  it('escapes what a label may hold besides letters (RFC 1035 §5.1)', () => {
    const labels = Buffer.from('\x04a.b \x03\\"\xff\x00', 'latin1')
    expect(read(rawData(5, labels)).records[0]?.data).toBe('a\\.b\\032.\\\\\\"\\255')
  })

  it('takes no address for a pointer, also where it would point to itself or in a circle', () => {
    const at = reply([]).length + 12
    const addresses = [
      [192, at],
      [192, at + 2, 192, at],
    ].map(([a = 0, b = 0, c = 0, d = 0]) => [a, b, c, d])
    for (const octets of addresses)
      expect(read(rawData(1, Buffer.from(octets))).records).toMatchObject([{ data: octets.join('.') }])
  })

  it('takes a TTL with its top bit set for 0 (RFC 2181 §8)', () => {
    const packet = reply([record('www.shop.test', 'A', '192.0.2.1', 0x80000001)])
    expect(read(packet).records[0]?.ttl).toBe(0)
  })
})

describe('a reply', () => {
  it('shows AA, TC, RA, AD, CD, RD and the counts of its sections', () => {
    const soa = record('shop.test', 'SOA', { mname: 'ns.t', rname: 'a.t', serial: 9 })
    const all = 0x0400 | 0x0200 | 0x0100 | 0x0080 | 0x0020 | 0x0010
    const extra = [record('x.test', 'A', '192.0.2.9'), record('y.test', 'A', '192.0.2.9')]
    const seen = read(
      reply([record('www.shop.test', 'A', '192.0.2.1')], { flags: all, authorities: [soa], additionals: extra }),
    )
    expect(seen.flags).toEqual({ aa: true, tc: true, rd: true, ra: true, ad: true, cd: true })
    expect(seen.counts).toEqual({ answers: 1, authorities: 1, additionals: 2 })
    expect(seen.authorities).toMatchObject([{ name: 'shop.test', type: 'SOA' }])
  })

  it.each([
    [3, 0, 'NXDOMAIN'],
    [11, 0, 'DSOTYPENI'],
    [12, 0, 'RCODE12'],
    [0, 1, 'BADVERS'],
    [7, 1, 'BADCOOKIE'],
    [8, 1, 'RCODE24'],
  ])('with rcode %i and extended rcode %i is %s', (flags, extendedRcode, rcode) => {
    const opt = { type: 'OPT', name: '.', extendedRcode, udpPayloadSize: 512, flags: 0, options: [] }
    expect(read(reply([], { flags, additionals: [opt] })).rcode).toBe(rcode)
  })

  it('is compared without regard to case', () => {
    expect(read(reply([], { questions: [{ name: 'WwW.ShOp.TesT', type: 'A' }] })).rcode).toBe('NOERROR')
  })

  it.each([
    ['another id', reply([]), 8, 'foreign'],
    ['QR=0', encode({ type: 'query', id: 7, questions: [{ ...question, type: 'A' }] }), 7, 'suspect'],
    ['another opcode', reply([], { flags: 0x2000 }), 7, 'suspect'],
    ['another name', reply([], { questions: [{ name: 'shop.test', type: 'A' }] }), 7, 'mismatch'],
    ['another type', reply([], { questions: [{ name: 'www.shop.test', type: 'AAAA' }] }), 7, 'mismatch'],
    ['another class', reply([], { questions: [{ ...question, class: 'CH' }] }), 7, 'mismatch'],
    ['no question', reply([], { questions: [] }), 7, 'mismatch'],
    ['no question but FORMERR', reply([], { questions: [], flags: 1 }), 7, 'reply'],
    ['nothing at all', Buffer.alloc(0), 7, 'suspect'],
    ['our id alone', Buffer.from([0, 7]), 7, 'malformed'],
    ['garbage', Buffer.from('garbage garbage garbage'), 7, 'suspect'],
    ['more records than it holds', Object.assign(reply([]), { 7: 9 }), 7, 'malformed'],
    ['an A of 3 bytes', rawData(1, Buffer.from([1, 2, 3])), 7, 'malformed'],
    ['an NS with more than its name', rawData(2, Buffer.from([0xc0, 12, 0])), 7, 'malformed'],
    ['an SRV with more than its target', rawData(33, Buffer.from([0, 1, 0, 2, 0, 3, 0xc0, 12, 0])), 7, 'malformed'],
    ['a CAA whose tag runs over the end', rawData(257, Buffer.from([0, 9, 0x61])), 7, 'malformed'],
    ['an A of 5 bytes', rawData(1, Buffer.from([1, 2, 3, 4, 5])), 7, 'malformed'],
    ['a name that points to itself', rawData(5, Buffer.from([0xc0, 45])), 7, 'malformed'],
    ['a name that points forward', rawData(5, Buffer.from([0xc0, 200])), 7, 'malformed'],
    ['a label of unknown kind', rawData(5, Buffer.from([0x80, 1, 0])), 7, 'malformed'],
    ['a bit map of length 0', rawData(47, Buffer.from([0, 0, 0])), 7, 'malformed'],
  ])('with %s is judged %#', (_what, packet, id, kind) => {
    expect(judgeReply(packet, id, question).kind).toBe(kind)
  })

  it('cut within a record is still truncated, where it says so', () => {
    const whole = reply([record('www.shop.test', 'A', '192.0.2.1')], { flags: 0x0200 })
    expect(read(whole.subarray(0, whole.length - 2)).flags.tc).toBe(true)
  })
})
