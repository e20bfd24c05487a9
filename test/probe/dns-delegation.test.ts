import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { delegationOf } from '../../lib/probe/dns-delegation.ts'
import { type Daemon, startBind, startKnot } from '../support/dns-daemons.ts'
import { answering, type ReplyOptions, record, testDeps, type Zone } from '../support/dns-server.ts'
import { freePort } from '../support/ports.ts'
import { requireSystem } from '../support/system.ts'
import { useDeadline, useDnsServers } from '../support/use-dns-servers.ts'

const servers = useDnsServers()

const soaOf = (name: string) => record(name, 'SOA', { mname: `ns.${name}`, rname: `a.${name}`, serial: 1 })
const nsOf = (owner: string, ...names: string[]) => names.map((name) => record(owner, 'NS', name))

/** What a resolver knows: the name servers of `test`, at 127.0.0.1 and 127.0.0.2. */
const resolving: Zone = (name, type) => {
  if (name === 'test' && type === 'NS') return { answers: nsOf('test', 'p1.test', 'p2.test') }
  if (type === 'A' && /^p\d\.test$/.test(name)) return { answers: [record(name, 'A', `127.0.0.${name.charAt(1)}`)] }
  return { authorities: [soaOf('test')] }
}

/** A parent's referral: no authority, the child's name servers in the second section. */
const referral: Zone = () => ({ flags: [], authorities: nsOf('Shop.Test', 'NS2.dns.example.', 'ns1.dns.example') })

async function parents(first: Zone, second: Zone = first, known: Zone = resolving) {
  const resolver = await servers.serve(answering(known))
  const port = await freePort('127.0.0.1', '127.0.0.2')
  const p1 = await servers.serve(answering(first), { port })
  const p2 = await servers.serve(answering(second), { host: '127.0.0.2', port })
  const ask = (zone = 'shop.test', signal = AbortSignal.timeout(20_000)) =>
    delegationOf(zone, { deps: testDeps({ resolver: resolver.label }), signal, port: p1.port })
  return { ask, p1, p2, resolver }
}

const { signal, silent } = useDeadline()

describe('the name servers that the parent zone names', () => {
  it('are those of its referral, in our spelling, asked for without recursion', async () => {
    const { ask, p1, resolver } = await parents(referral)
    expect(await ask('Shop.test.')).toEqual(['ns1.dns.example', 'ns2.dns.example'])
    expect(p1.queries).toMatchObject([{ name: 'shop.test', type: 'NS', recursionDesired: false }])
    expect(resolver.queries.map(({ name, type }) => `${name} ${type}`)).not.toContain('shop.test NS')
  })

  it('are those of the answer where it holds both zones', async () => {
    const { ask } = await parents(() => ({ flags: ['aa'], answers: nsOf('shop.test', 'ns1.dns.example') }))
    expect(await ask()).toEqual(['ns1.dns.example'])
  })

  it('are those of the zone above where the parent is no zone of its own', async () => {
    const { ask, p1 } = await parents(() => ({ flags: [], authorities: nsOf('a.b.shop.test', 'ns1.dns.example') }))
    expect(await ask('a.b.shop.test')).toEqual(['ns1.dns.example'])
    expect(p1.queries).toMatchObject([{ name: 'a.b.shop.test', type: 'NS' }])
  })

  it.each<[string, ReplyOptions]>([
    ['NXDOMAIN', { rcode: 3, flags: ['aa'], authorities: [soaOf('test')] }],
    ['no NS records', { flags: ['aa'], authorities: [soaOf('test')] }],
  ])('are none where it says with authority: %s', async (_, options) => {
    expect(await (await parents(() => options)).ask()).toEqual([])
  })

  it.each<[string, Zone]>([
    ['is silent', silent],
    ['is lame', () => ({ rcode: 5 })],
    ['refers upwards', () => ({ flags: [], authorities: nsOf('.', 'a.root') })],
    ['does not know, without authority', () => ({ rcode: 3, flags: [] })],
  ])('come from another of its servers where one %s', async (_, first) => {
    expect(await (await parents(first, referral)).ask()).toEqual(['ns1.dns.example', 'ns2.dns.example'])
  })

  it('come over TCP where they do not fit a datagram', async () => {
    const resolver = await servers.serve(answering(resolving))
    const parent = await servers.serve((query) => {
      const whole = referral(query.name, query.type) ?? {}
      query.send(query.reply(query.transport === 'udp' ? { flags: ['tc'] } : whole))
    })
    const deps = testDeps({ resolver: resolver.label })
    const found = await delegationOf('shop.test', { deps, signal: AbortSignal.timeout(20_000), port: parent.port })
    expect(found).toEqual(['ns1.dns.example', 'ns2.dns.example'])
  })
})

describe('a failure says what could not be found out', () => {
  it.each<[string, Zone, string, RegExp]>([
    ['is silent', silent, 'DNS_TIMEOUT', /no name server of test says where shop\.test is: no reply from/],
    ['refuses', () => ({ rcode: 5 }), 'DNS_REFUSED', /expected a referral .* from p\d\.test, got REFUSED/],
    ['is broken', () => ({ rcode: 2 }), 'DNS_SERVFAIL', /got SERVFAIL/],
    ['refers upwards', () => ({ flags: [], authorities: nsOf('.', 'a.root') }), 'DNS_LAME', /without authority/],
  ])('where every server of the parent %s', async (_, zone, code, message) => {
    const { ask } = await parents(zone)
    const failure = expect(ask('shop.test', signal())).rejects
    await failure.toMatchObject({ code, message: expect.stringMatching(message) })
  })

  it('where the zone above cannot be found', async () => {
    const { ask } = await parents(referral, referral, () => ({ rcode: 2 }))
    await expect(ask()).rejects.toMatchObject({
      code: 'DNS_SERVFAIL',
      message: expect.stringContaining('could not find the zone above shop.test'),
    })
  })

  it('where the resolver is silent, as soon as nobody waits any longer', async () => {
    const { ask } = await parents(referral, referral, silent)
    await expect(ask('shop.test', signal())).rejects.toMatchObject({ code: 'DNS_TIMEOUT' })
  })

  it('for the root, which nothing delegates', async () => {
    const deps = testDeps()
    await expect(delegationOf('.', { deps, signal: AbortSignal.timeout(100) })).rejects.toThrow('got the root')
  })
})

const parentZone = {
  origin: 'test',
  text: `$TTL 60
@ SOA p1.test. host.test. 1 3600 600 86400 5
@ NS p1.test.
p1 A 127.0.0.1
shop NS ns-2.shop.test.
shop NS NS-1.dns.example.
ns-2.shop A 192.0.2.2
`,
}

describe.each([
  ['BIND', 'named', startBind],
  ['Knot DNS', 'knotd', startKnot],
] as const)('%s as the parent', (_, binary, start) => {
  describe.skipIf(!requireSystem(binary))('asked for a zone', () => {
    let daemon: Daemon
    let port: number
    beforeAll(async () => {
      port = await freePort('127.0.0.1')
      daemon = await start('127.0.0.1', port, [parentZone])
    }, 90_000)
    afterAll(() => daemon?.stop())
    // It is asked as the resolver too: both know the NS records of `test`.
    const ask = (zone: string) =>
      delegationOf(zone, {
        deps: testDeps({ resolver: `127.0.0.1:${port}` }),
        signal: AbortSignal.timeout(20_000),
        port,
      })

    it('names the servers of a zone below it', async () => {
      expect(await ask('shop.test')).toEqual(['ns-1.dns.example', 'ns-2.shop.test'])
    })

    it('names none for one that it does not delegate', async () => {
      expect(await ask('other.test')).toEqual([])
    })
  })
})
