import { encode } from 'dns-packet'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { FailureCode } from '../../lib/model/result.ts'
import { judgeReply } from '../../lib/probe/dns-inquiry.ts'
import { type DnsTestServer, record, runDns, startDnsServer } from '../support/dns-server.ts'

const question = { name: 'www.shop.test', type: 'A' as const }
const kinds = ['reply', 'foreign', 'mismatch', 'suspect', 'malformed']

const valid = encode({
  type: 'response',
  id: 7,
  flags: 0x0180,
  questions: [question],
  answers: [
    record('www.shop.test', 'CNAME', 'shop.test'),
    record('shop.test', 'A', '192.0.2.1'),
    record('shop.test', 'TXT', ['one', 'two']),
    record('shop.test', 'MX', { preference: 1, exchange: 'mx.shop.test' }),
    record('shop.test', 'NSEC', { nextDomain: 'b.shop.test', rrtypes: ['A', 'CAA'] }),
    record('shop.test', 'CAA', { flags: 0, tag: 'issue', value: 'ca.test' }),
  ],
  authorities: [record('shop.test', 'SOA', { mname: 'ns.shop.test', rname: 'a.shop.test', serial: 1 })],
})

/** A valid reply with some bytes changed, perhaps cut, perhaps longer. */
const mutated = fc
  .record({
    changes: fc.array(fc.tuple(fc.nat(valid.length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 }),
    cut: fc.option(fc.nat(valid.length), { freq: 3 }),
    tail: fc.uint8Array({ maxLength: 16 }),
  })
  .map(({ changes, cut, tail }) => {
    const packet = Buffer.from(valid)
    for (const [at, byte] of changes) if (at > 1) packet[at] = byte
    return Buffer.concat([packet.subarray(0, cut ?? packet.length), tail])
  })

/** A header that promises records, then mostly compression pointers. */
const pointers = fc
  .array(
    fc.oneof(
      fc.nat(0x3fff).map((to) => to | 0xc000),
      fc.nat(0xffff),
    ),
    { maxLength: 64 },
  )
  .map((words) => {
    const packet = Buffer.alloc(12 + 2 * words.length)
    packet.set([0, 7, 0x80, 0, 0, 1, 0xff, 0xff, 0, 9, 0, 9])
    for (const [at, word] of words.entries()) packet.writeUInt16BE(word, 12 + 2 * at)
    return packet
  })

const random = fc.uint8Array({ maxLength: 600 }).map((bytes) => Buffer.from(bytes))

/** CPU time of this thread: a busy machine does not make it more. */
function cpuMs(): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1000
}

describe('any bytes', () => {
  it.each([
    ['random', random, 40_000],
    ['a mutated reply', mutated, 60_000],
    ['compression pointers', pointers, 20_000],
  ])(
    '%s give a verdict, fast',
    (_name, packets, numRuns) => {
      let slowestMs = 0
      fc.assert(
        fc.property(packets, (packet) => {
          const started = cpuMs()
          const verdict = judgeReply(packet, 7, question)
          slowestMs = Math.max(slowestMs, cpuMs() - started)
          return kinds.includes(verdict.kind)
        }),
        { numRuns },
      )
      expect(slowestMs).toBeLessThan(500)
    },
    120_000,
  )

  it('the worst packet, all pointers to pointers, takes no longer than a blink', () => {
    const packet = Buffer.alloc(65_535)
    packet.set([0, 7, 0x80, 0, 0, 0, 0xff, 0xff])
    // Each record's name points to the record before it, so that every name passes through all of them.
    for (let at = 12, before = 0; at + 12 <= packet.length; before = at, at += 12)
      packet.writeUInt16BE(0xc000 | (before & 0x3fff), at)
    const started = cpuMs()
    expect(judgeReply(packet, 7, question).kind).toBe('malformed')
    expect(cpuMs() - started).toBeLessThan(500)
  })

  it('names that each lead through 8000 pointers take no longer than a blink', () => {
    const packet = Buffer.alloc(65_535)
    packet.set([0, 7, 0x80, 0, 0, 0, 0xff, 0xff])
    const fields = Buffer.from([0x12, 0x34, 0, 1, 0, 0, 0, 0, 0x3f, 0]) // an unknown type with 0x3f00 bytes of data
    fields.copy(packet, 13)
    let last = 23
    for (let at = 24; at < 23 + 0x3f00 - 1; last = at, at += 2) packet.writeUInt16BE(0xc000 | last, at)
    const pointer = Buffer.from([0xc0 | (last >> 8), last & 0xff])
    const rp = Buffer.concat([pointer, Buffer.from([0, 17, 0, 1, 0, 0, 0, 0, 0, 4]), pointer, pointer])
    packet.fill(rp, 23 + 0x3f00)
    const started = cpuMs()
    expect(judgeReply(packet, 7, question).kind).toBe('malformed')
    expect(cpuMs() - started).toBeLessThan(500)
  })
})

describe('the probe against a server that sends anything', () => {
  let server: DnsTestServer
  let next: Uint8Array = new Uint8Array()
  let keepId = false
  beforeAll(async () => {
    server = await startDnsServer((query) => {
      const packet = Buffer.from(next)
      if (keepId && packet.length >= 2) packet.writeUInt16BE(query.id)
      query.send(packet)
    })
  })
  afterAll(() => server.stop())

  it('always ends with an observation of its own family', async () => {
    const codes = new Set<FailureCode | undefined>()
    await fc.assert(
      fc.asyncProperty(fc.oneof(random, mutated, pointers), fc.boolean(), async (packet, withId) => {
        next = packet
        keepId = withId
        const { failure } = await runDns({ servers: [server.label], timeoutMs: 20 })
        codes.add(failure?.code)
        return (
          failure === undefined ||
          failure.code.startsWith('DNS_') ||
          failure.code === 'TCP_CLOSED' ||
          failure.code === 'CONNECT_TIMEOUT'
        )
      }),
      { numRuns: 300 },
    )
    expect(codes).toContain('DNS_MALFORMED')
  }, 120_000)
})
