import { execFileSync } from 'node:child_process'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { canonicalAnswer } from '../../lib/model/dns-answer.ts'
import type { DnsType } from '../../lib/model/dns-names.ts'
import { createLeaf, pemFile, testCa } from '../support/certificates.ts'
import { type Daemon, startBind, startKnot, startUnbound, type ZoneFile } from '../support/dns-daemons.ts'
import { runDns } from '../support/dns-server.ts'
import { freePort } from '../support/ports.ts'
import { requireSystem, systemPath } from '../support/system.ts'

const zone = (serial: number, address = '192.0.2.10'): ZoneFile => ({
  origin: 'shop.test',
  text: `$TTL 60
@ SOA ns1.shop.test. Host\\.Master.shop.test. ${serial} 3600 600 86400 5
@ NS ns1.shop.test.
@ NS ns2.shop.test.
ns1 A 127.0.0.1
ns2 A 127.0.0.2
www A ${address}
www A 192.0.2.11
www AAAA 2001:db8:0:0:1::
www AAAA ::ffff:192.0.2.1
alias CNAME WWW.shop.test.
lost CNAME nowhere.shop.test.
@ MX 10 Mail.shop.test.
@ MX 0 .
_sip._tcp SRV 1 2 5060 sip.shop.test.
txt TXT "one string" "and another"
txt TXT "semi;colon \\"quoted\\" back\\\\slash"
@ CAA 128 issue "ca.test; policy=ev"
host HINFO "Cpu 1" "OS"
host RP admin.shop.test. txt.shop.test.
host SSHFP 4 2 9df2a6e6ee6e6a0bd2cfa3ac9f9fcd6d1c6b8a0e0c3ecc1d7d2ce8c8b0d9f0aa
_443._tcp TLSA 3 1 1 9df2a6e6ee6e6a0bd2cfa3ac9f9fcd6d1c6b8a0e0c3ecc1d7d2ce8c8b0d9f0aa
num NAPTR 100 10 "S" "SIP+D2U" "" _sip._udp.shop.test.
ptr PTR Some.Host.shop.test.
dn DNAME other.test.
odd\\.label CNAME we\\032ird.shop.test.
child NS ns.child.test.
child DS 60485 13 2 9df2a6e6ee6e6a0bd2cfa3ac9f9fcd6d1c6b8a0e0c3ecc1d7d2ce8c8b0d9f0aa
${Array.from({ length: 90 }, (_, at) => `many A 192.0.2.${at}`).join('\n')}
`,
})
const signed: ZoneFile = {
  ...zone(1),
  origin: 'signed.test',
  signed: true,
  text: zone(1).text.replace(/shop\.test/g, 'signed.test'),
}

/** What dig prints, in our spelling. */
function dig(server: string, name: string, type: DnsType): string[] {
  const [host = '', port = ''] = server.split(':')
  const args = [`@${host}`, '-p', port, '+short', '+norecurse', '+time=10', '+tries=3', name, type]
  const lines = execFileSync(systemPath('dig') ?? 'dig', args, { encoding: 'utf8' }).split('\n')
  return lines
    .filter(Boolean)
    .map((line) => canonicalAnswer(type, line))
    .sort()
}

const hasBind = requireSystem('named')
const hasKnot = requireSystem('knotd')
const hasUnbound = requireSystem('unbound')

describe.skipIf(!hasBind || !requireSystem('dig'))('BIND', () => {
  let bind: Daemon
  beforeAll(async () => {
    bind = await startBind('127.0.0.1', await freePort('127.0.0.1'), [zone(2026), signed])
    await vi.waitFor(async () => expect((await ask('signed.test', 'DNSKEY')).failure).toBeUndefined(), {
      timeout: 60_000,
    })
  }, 120_000)
  afterAll(() => bind?.stop())
  const ask = (name: string, type: DnsType) => runDns({ name, type, servers: [bind.label], recursion: false })

  it.each<[string, DnsType]>([
    ['shop.test', 'SOA'],
    ['shop.test', 'NS'],
    ['www.shop.test', 'A'],
    ['www.shop.test', 'AAAA'],
    ['alias.shop.test', 'CNAME'],
    ['shop.test', 'MX'],
    ['_sip._tcp.shop.test', 'SRV'],
    ['txt.shop.test', 'TXT'],
    ['shop.test', 'CAA'],
    ['host.shop.test', 'HINFO'],
    ['host.shop.test', 'RP'],
    ['host.shop.test', 'SSHFP'],
    ['_443._tcp.shop.test', 'TLSA'],
    ['num.shop.test', 'NAPTR'],
    ['ptr.shop.test', 'PTR'],
    ['dn.shop.test', 'DNAME'],
    ['odd\\.label.shop.test', 'CNAME'],
    ['child.shop.test', 'DS'],
    ['signed.test', 'DNSKEY'],
    ['signed.test', 'RRSIG'],
    ['signed.test', 'NSEC'],
  ])('serves %s %s, and we show what dig shows', async (name, type) => {
    // BIND signs a zone by and by, and so its records may change between the two looks.
    const lookTwice = async () => {
      const { observed, failure } = await ask(name, type)
      expect(failure).toBeUndefined()
      expect(observed.flags?.aa).toBe(true)
      expect([...(observed.answers ?? [])].sort()).toEqual(dig(bind.label, name, type))
    }
    await vi.waitFor(lookTwice, { timeout: 20_000 })
  })

  it('truncates what is over 1232 bytes, and it is fetched over TCP', async () => {
    const { observed, failure } = await ask('many.shop.test', 'A')
    expect(failure).toBeUndefined()
    expect(observed.answers).toHaveLength(90)
    expect(observed.flags?.tc).toBe(true)
  })

  it('refuses what it does not serve', async () => {
    expect((await ask('other.test', 'A')).failure?.code).toBe('DNS_REFUSED')
  })

  it('says that a CNAME points nowhere', async () => {
    const { failure } = await ask('lost.shop.test', 'A')
    expect(failure?.code).toBe('DNS_NXDOMAIN')
    expect(failure?.message).toContain('nowhere.shop.test')
  })
})

describe.skipIf(!hasBind || !hasKnot || !hasUnbound)(
  'BIND and Knot as the name servers of a zone, Unbound as resolver',
  () => {
    let bind: Daemon
    let unbound: Daemon
    let knot: Daemon | undefined
    let port = 0
    let tlsPort = 0
    let caFile = ''

    beforeAll(async () => {
      const ca = await testCa()
      caFile = pemFile(ca.cert)
      port = await freePort('127.0.0.1', '127.0.0.2')
      tlsPort = await freePort()
      bind = await startBind('127.0.0.1', port, [zone(2026)])
      const leaf = await createLeaf(ca, { dns: ['dns.test'], ips: ['127.0.0.1'] })
      unbound = await startUnbound({ dns: await freePort(), tls: tlsPort }, 'shop.test', bind.label, leaf)
    }, 120_000)
    afterAll(() => Promise.all([bind?.stop(), unbound?.stop(), knot?.stop()]))

    async function withKnot(zones: ZoneFile[], changes: Parameters<typeof runDns>[0] = {}) {
      await knot?.stop()
      knot = await startKnot('127.0.0.2', port, zones)
      return runDns({ servers: [`authoritative:${port}`], resolver: unbound.label, ...changes })
    }

    it('agree', async () => {
      const { failure, observed } = await withKnot([zone(2026)])
      expect(failure).toBeUndefined()
      expect(observed.servers?.map(({ server, serial }) => `${server} ${serial}`)).toEqual([
        `ns1.shop.test (127.0.0.1:${port}) 2026`,
        `ns2.shop.test (127.0.0.2:${port}) 2026`,
      ])
    })

    it('agree with the resolver too', async () => {
      const { failure, observed } = await withKnot([zone(2026)], {
        name: 'alias.shop.test',
        servers: [`authoritative:${port}`, unbound.label],
        agree: true,
      })
      expect(failure).toBeUndefined()
      expect(observed.servers).toHaveLength(3)
    })

    it('with different serials are DISAGREE', async () => {
      const { failure } = await withKnot([zone(2025)])
      expect(failure).toMatchObject({
        code: 'DNS_DISAGREE',
        message: expect.stringContaining('2025 from ns2.shop.test'),
      })
    })

    it('with different answers are DISAGREE', async () => {
      const { failure } = await withKnot([zone(2026, '192.0.2.99')])
      expect(failure).toMatchObject({ code: 'DNS_DISAGREE', message: expect.stringContaining('192.0.2.99') })
    })

    it('of which one does not have the zone: LAME', async () => {
      const { failure } = await withKnot([{ ...zone(1), origin: 'other.test' }])
      expect(failure).toMatchObject({ code: 'DNS_LAME', message: expect.stringContaining('ns2.shop.test') })
    })

    it('the resolver recurses, with RA and without AA', async () => {
      const { failure, observed } = await runDns({ name: 'alias.shop.test', servers: [unbound.label] })
      expect(failure).toBeUndefined()
      expect(observed).toMatchObject({ flags: { ra: true, aa: false }, answers: { length: 2 } })
    })

    it('the resolver asked without recursion is down', async () => {
      const { failure } = await runDns({ name: 'num.shop.test', servers: [unbound.label], recursion: false })
      expect(failure?.code).toMatch(/^DNS_(REFUSED|NODATA|SERVFAIL)$/)
    })

    it('the resolver answers over TCP, and over TLS with its certificate verified', async () => {
      expect((await runDns({ protocol: 'tcp', servers: [unbound.label] })).failure).toBeUndefined()
      const tls = { verify: true, minVersion: 'TLSv1.2', maxVersion: 'TLSv1.3', caFile } as const
      const dot = { protocol: 'dot' as const, servers: [`127.0.0.1:${tlsPort}`] }
      const { failure, phases } = await runDns({ ...dot, tls })
      expect(failure).toBeUndefined()
      expect(phases.tls).toBeGreaterThan(0)
      expect((await runDns({ ...dot, tls: { ...tls, serverName: 'other.test' } })).failure?.code).toBe('TLS_HOSTNAME')
    })
  },
)
