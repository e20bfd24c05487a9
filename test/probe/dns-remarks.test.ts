import type { Answer } from 'dns-packet'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { extendedError } from '../../lib/probe/dns-extended-error.ts'
import { always, record } from '../support/dns-server.ts'
import { useDnsServers } from '../support/use-dns-servers.ts'

const { ask } = useDnsServers()

/** An option of EDNS as it goes over the wire. */
function option(code: number, data: Buffer): Buffer {
  const head = Buffer.alloc(4)
  head.writeUInt16BE(code)
  head.writeUInt16BE(data.length, 2)
  return Buffer.concat([head, data])
}

const withNumber = (number: number, text = '') =>
  Buffer.concat([Buffer.from([number >> 8, number & 255]), Buffer.from(text)])

describe('a server that says why it has no answer', () => {
  it('by an extended error is quoted', async () => {
    const options = [{ code: 15, data: withNumber(6, 'signature crypto failed') }]
    const opt = { type: 'OPT', name: '.', udpPayloadSize: 1232, extendedRcode: 0, ednsVersion: 0, flags: 0, options }
    const { failure, server } = await ask(always({ rcode: 2, additionals: [opt as unknown as Answer] }))
    expect(failure).toMatchObject({ code: 'DNS_SERVFAIL', stage: 'processing' })
    expect(failure?.message).toBe(
      `expected NOERROR for www.shop.test A, got SERVFAIL from ${server.label} (DNSSEC Bogus: signature crypto failed)`,
    )
  })

  it('by a referral is quoted too: it was asked for what it does not know', async () => {
    const { failure } = await ask(always({ authorities: [record('shop.test', 'NS', 'ns1.shop.test')] }))
    expect(failure?.code).toBe('DNS_NODATA')
    expect(failure?.message).toContain('(a referral to the name servers of shop.test)')
  })

  it('by its SOA record says no more than that there is none', async () => {
    const soa = record('shop.test', 'SOA', { mname: 'ns1.shop.test', rname: 'a.shop.test', serial: 9 })
    expect((await ask(always({ flags: ['aa'], authorities: [soa] }))).failure?.message).not.toContain('(')
  })
})

describe('an extended error', () => {
  it.each([
    ['alone', option(15, withNumber(22)), 'No Reachable Authority'],
    [
      'behind another option',
      Buffer.concat([option(10, Buffer.alloc(8)), option(15, withNumber(9))]),
      'DNSKEY Missing',
    ],
    ['with a text that ends in NUL', option(15, withNumber(15, 'by\npolicy\0')), 'Blocked: by policy'],
    ['of a number without a name', option(15, withNumber(4000, 'x')), 'extended error 4000: x'],
  ])('%s is read', (_how, data, words) => {
    expect(extendedError(data)).toMatch(new RegExp(`^${words}`))
  })

  it('is none where the options are something else, or broken', () => {
    expect(extendedError(Buffer.alloc(0))).toBeUndefined()
    expect(extendedError(option(10, Buffer.alloc(8)))).toBeUndefined()
    expect(extendedError(option(15, Buffer.from([0])))).toBeUndefined()
  })

  it('of any bytes is a short text or none', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => {
        for (const data of [Buffer.from(bytes), option(15, Buffer.from(bytes))])
          expect(extendedError(data)?.length ?? 0).toBeLessThan(300)
      }),
    )
  })
})
