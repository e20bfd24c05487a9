import { createSocket } from 'node:dgram'
import { connect } from 'node:net'
import { encode } from 'dns-packet'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { startZone, type ZoneRecord } from '../../lib/local/zone.ts'
import { answerPacket } from '../../lib/local/zone-answers.ts'
import { indexRecords } from '../../lib/local/zone-records.ts'
import { buildQuery } from '../../lib/probe/dns-message.ts'
import { framed } from '../../lib/probe/dns-stream.ts'
import { runDns } from '../support/dns-server.ts'

const record = (name: string, type: ZoneRecord['type'], data: string): ZoneRecord => ({ name, type, ttl: 60, data })
const records = [
  record('shop.test', 'A', '192.0.2.1'),
  record('www.shop.test', 'CNAME', 'shop.test'),
  record('*.wild.shop.test', 'TXT', 'anything'),
  record('sub.shop.test', 'NS', 'ns.elsewhere.test'),
]

describe('garbage', () => {
  const soa = record('shop.test', 'SOA', 'a b 1 2 3 4 5')
  const data = { origin: 'shop.test', index: indexRecords('shop.test', [soa, ...records]) }
  const valid = buildQuery(7, { name: 'www.shop.test', type: 'A' }, { recursion: true, edns: true })

  it('never makes it throw, and what it answers can be read', () => {
    const mutated = fc.array(fc.tuple(fc.nat(valid.length - 1), fc.nat(255)), { maxLength: 6 }).map((changes) => {
      const packet = Buffer.from(valid)
      for (const [at, byte] of changes) packet[at] = byte
      return packet
    })
    const random = fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes))
    fc.assert(
      fc.property(fc.oneof(mutated, random), fc.boolean(), (packet, overUdp) => {
        const reply = answerPacket(packet, data, overUdp)
        return reply === undefined || (reply.length >= 12 && reply.readUInt8(2) >= 0x80)
      }),
      { numRuns: 20_000 },
    )
  })

  it('leaves replies unanswered, lest two servers talk for ever', () => {
    expect(answerPacket(encode({ type: 'response', id: 1, questions: [] }), data, true)).toBeUndefined()
  })

  it('over TCP and UDP leaves it serving', async () => {
    const zone = await startZone({ origin: 'shop.test', records })
    const socket = connect(zone.port, '127.0.0.1')
    // A server that drops what it did not read resets the connection.
    socket.on('error', () => {})
    socket.end(Buffer.from('\x00\x05hello\xff\xff', 'latin1'))
    await new Promise((resolve) => socket.once('close', resolve).resume())
    const udp = createSocket('udp4')
    await new Promise((resolve) => udp.send(Buffer.from('hello'), zone.port, '127.0.0.1', resolve))
    udp.close()
    expect((await runDns({ servers: [`127.0.0.1:${zone.port}`] })).failure).toBeUndefined()
    await zone.stop()
  })

  it('over TCP: who asks on and on and does not read is closed', async () => {
    const long = Array.from({ length: 240 }, (_, at) => record('shop.test', 'TXT', `${at}`.padEnd(250, '.')))
    const zone = await startZone({ origin: 'shop.test', records: long })
    const query = framed(buildQuery(7, { name: 'shop.test', type: 'TXT' }, { recursion: true, edns: true }))
    const socket = connect(zone.port, '127.0.0.1').pause()
    const closed = new Promise((resolve) => socket.on('error', () => {}).once('close', resolve))
    const asking = setInterval(() => socket.write(Buffer.concat(Array.from({ length: 100 }, () => query))), 10)
    await closed
    clearInterval(asking)
    expect(
      (await runDns({ name: 'shop.test', type: 'SOA', servers: [`127.0.0.1:${zone.port}`] })).failure,
    ).toBeUndefined()
    await zone.stop()
  })
})
