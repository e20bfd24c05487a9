import { describe, expect, it } from 'vitest'
import type { DnsMonitor } from '../../lib/model/monitor.ts'
import { answering, type DnsTestServer, type ReplyOptions, record, runDns, type Zone } from '../support/dns-server.ts'
import { freePort } from '../support/ports.ts'
import { useDeadline, useDnsServers } from '../support/use-dns-servers.ts'

const servers = useDnsServers()

const soaOf = (serial: number) => record('shop.test', 'SOA', { mname: 'ns1.shop.test', rname: 'a.shop.test', serial })
const address = (text: string) => ({ flags: ['aa' as const], answers: [record('www.shop.test', 'A', text)] })

/** A healthy name server of shop.test. */
function healthy(serial: number, answer: ReplyOptions = address('192.0.2.1')): Zone {
  return (_name, type) => (type === 'SOA' ? { flags: ['aa'], answers: [soaOf(serial)] } : answer)
}

/** What a resolver knows: shop.test has two name servers, at 127.0.0.1 and 127.0.0.2. */
const resolverZone: Zone = (name, type) => {
  if (type === 'NS' && name === 'shop.test')
    return { answers: ['ns1', 'ns2'].map((host) => record('shop.test', 'NS', `${host}.shop.test`)) }
  if (type === 'A' && /^ns\d\.shop\.test$/.test(name))
    return { answers: [record(name, 'A', `127.0.0.${name.charAt(2)}`)] }
  if (name.endsWith('shop.test')) return { authorities: [soaOf(1)] }
  return { rcode: 3, authorities: [record('.', 'SOA', { mname: 'a.root', rname: 'b.root' })] }
}

const { signal, silent } = useDeadline()

/** Runs the probe with `authoritative` against two name servers on one port, and a resolver that names them. */
async function ask(first: Zone, second: Zone, changes: Partial<DnsMonitor> = {}, resolving: Zone = resolverZone) {
  const resolver = await serve(resolving)
  const ns1 = await serve(first, '127.0.0.1', await pairPort())
  const ns2 = await serve(second, '127.0.0.2', ns1.port)
  const servers = [`authoritative:${ns1.port}`]
  const result = await runDns({ servers, resolver: resolver.label, ...changes }, {}, signal())
  const names = [`ns1.shop.test (127.0.0.1:${ns1.port})`, `ns2.shop.test (127.0.0.2:${ns1.port})`] as const
  return { ns1, ns2, resolver, names, ...result }
}

/** A port for a name server at each of two addresses. */
const pairPort = () => freePort('127.0.0.1', '127.0.0.2')

function serve(zone: Zone, host = '127.0.0.1', port = 0): Promise<DnsTestServer> {
  return servers.serve(answering(zone), { host, port })
}

describe('all name servers of the zone', () => {
  it('are found by walking up from the name and asked without recursion, beside the zone’s serial', async () => {
    const { failure, observed, ns1, ns2, names, phases } = await ask(healthy(7), healthy(7))
    expect(failure).toBeUndefined()
    expect(observed).toMatchObject({ server: names[0], answers: ['192.0.2.1'], serial: 7, flags: { aa: true } })
    expect(observed.servers).toMatchObject(names.map((server) => ({ server, serial: 7, answers: ['192.0.2.1'] })))
    for (const { queries } of [ns1, ns2]) {
      expect(queries.map(({ name, type }) => `${name} ${type}`).sort()).toEqual(['shop.test SOA', 'www.shop.test A'])
      expect(queries.every(({ recursionDesired }) => !recursionDesired)).toBe(true)
    }
    expect(phases.resolve).toBeGreaterThan(0)
  })

  it('are found where the name is an alias into another zone', async () => {
    const aliased: Zone = (name, type) =>
      name === 'www.shop.test'
        ? {
            answers: [record(name, 'CNAME', 'edge.cdn.test')],
            authorities: [record('cdn.test', 'SOA', { mname: 'x', rname: 'y' })],
          }
        : resolverZone(name, type)
    const edge: Zone = (name, type) =>
      name === 'edge.cdn.test' && type === 'A' ? { answers: [record(name, 'A', '198.51.100.7')] } : aliased(name, type)
    const alias = { flags: ['aa' as const], answers: [record('www.shop.test', 'CNAME', 'edge.cdn.test')] }
    const { failure, observed, resolver } = await ask(healthy(7, alias), healthy(7, alias), {}, edge)
    expect(failure).toBeUndefined()
    expect(observed.servers).toMatchObject([{ answers: ['198.51.100.7'] }, { answers: ['198.51.100.7'] }])
    // A target outside the zone is the resolver's, and all are compared by one answer.
    expect(resolver.queries.filter(({ name, type }) => name === 'edge.cdn.test' && type === 'A')).toHaveLength(1)
    const gone = await ask(healthy(7, alias), healthy(7, alias), {}, aliased)
    expect(gone.failure).toMatchObject({
      code: 'DNS_NXDOMAIN',
      message: expect.stringMatching(/^expected NOERROR for edge/),
    })
    expect(gone.failure?.message).toContain(`got NXDOMAIN from ${gone.resolver.label}`)
  })

  it('are asked for a name that does not exist', async () => {
    const nothing: ReplyOptions = { rcode: 3, flags: ['aa'], authorities: [soaOf(7)] }
    const { failure, observed } = await ask(healthy(7, nothing), healthy(7, nothing))
    expect(failure?.code).toBe('DNS_NXDOMAIN')
    expect(observed.servers).toHaveLength(2)
  })

  it('with a DS record are those of the zone above (RFC 4035 §3.1.4.1)', async () => {
    const parents: Zone = (name, type) =>
      name === 'test' && type === 'NS'
        ? { answers: [record('test', 'NS', 'ns1.shop.test'), record('test', 'NS', 'ns2.shop.test')] }
        : resolverZone(name, type)
    const { ns1 } = await ask(healthy(7), healthy(7), { name: 'shop.test', type: 'DS' }, parents)
    expect(ns1.queries.map(({ name, type }) => `${name} ${type}`).sort()).toEqual(['shop.test DS', 'test SOA'])
  })

  it('with different serials are DISAGREE, with who has which', async () => {
    const { failure, observed, names } = await ask(healthy(2026), healthy(2025))
    expect(failure?.code).toBe('DNS_DISAGREE')
    expect(failure?.message).toContain(`2026 from ${names[0]}; 2025 from ${names[1]}`)
    expect(observed.servers).toMatchObject([{ serial: 2026 }, { serial: 2025 }])
  })

  it('with different answers are DISAGREE, with who says which', async () => {
    const { failure, names } = await ask(healthy(7), healthy(7, address('192.0.2.2')))
    expect(failure?.code).toBe('DNS_DISAGREE')
    expect(failure?.message).toContain(`192.0.2.1 from ${names[0]}; 192.0.2.2 from ${names[1]}`)
  })

  it.each<[string, ReplyOptions]>([
    ['without AA', { answers: [record('www.shop.test', 'A', '192.0.2.1')] }],
    ['REFUSED', { rcode: 5 }],
    ['SERVFAIL', { rcode: 2, flags: ['aa'] }],
    ['an upward referral', { authorities: [record('.', 'NS', 'a.root')] }],
  ])('of which one answers %s: LAME, and it is named', async (_what, lame) => {
    const { failure, observed, names } = await ask(healthy(7), () => lame)
    expect(failure?.code).toBe('DNS_LAME')
    expect(failure?.message).toContain(names[1])
    expect(observed).toMatchObject({ server: names[0], answers: ['192.0.2.1'] })
    expect(observed.servers?.[1]).toMatchObject({ failure: { code: 'DNS_LAME' }, flags: { ra: !lame.flags } })
  })

  it('of which one is lame for the SOA only: LAME', async () => {
    const { failure } = await ask(healthy(7), (_name, type) => (type === 'SOA' ? { rcode: 5 } : address('192.0.2.1')))
    expect(failure?.code).toBe('DNS_LAME')
  })

  it('of which one is silent: TIMEOUT, and it is named', async () => {
    const { failure, observed, names } = await ask(healthy(7), silent)
    expect(failure?.code).toBe('DNS_TIMEOUT')
    expect(failure?.message).toContain(names[1])
    expect(observed.answers).toEqual(['192.0.2.1'])
  })

  it('of which one has no address: its failure, and it is named', async () => {
    const lost: Zone = (name, type) => (name === 'ns2.shop.test' ? { rcode: 3 } : resolverZone(name, type))
    const { failure, observed } = await ask(healthy(7), healthy(7), {}, lost)
    expect(failure).toMatchObject({ code: 'DNS_NXDOMAIN', stage: 'resolve' })
    expect(failure?.message).toContain('ns2.shop.test')
    expect(observed.servers).toHaveLength(2)
  })

  it('cannot be found where the resolver fails', async () => {
    const { failure } = await ask(healthy(7), healthy(7), {}, () => ({ rcode: 2 }))
    expect(failure).toMatchObject({ code: 'DNS_SERVFAIL', stage: 'resolve' })
    expect(failure?.message).toContain('www.shop.test')
  })

  it('cannot be found where the resolver is silent', async () => {
    const { failure, resolver } = await ask(healthy(7), healthy(7), {}, silent)
    expect(failure).toMatchObject({ code: 'DNS_TIMEOUT', stage: 'resolve' })
    expect(failure?.message).toContain(resolver.label)
  })

  it('answer for a name in a zone delegated below, to which a CNAME leads, through the resolver', async () => {
    const own: Zone = (name, type) => {
      if (type === 'SOA') return { flags: ['aa'], answers: [soaOf(7)] }
      if (name === 'www.shop.test') return { flags: ['aa'], answers: [record(name, 'CNAME', 'x.sub.shop.test')] }
      return { authorities: [record('sub.shop.test', 'NS', 'ns.sub.shop.test')] }
    }
    const sub: Zone = (name, type) =>
      name === 'x.sub.shop.test' ? { answers: [record(name, 'A', '198.51.100.9')] } : resolverZone(name, type)
    const { failure, observed } = await ask(own, own, {}, sub)
    expect(failure).toBeUndefined()
    expect(observed.answers).toEqual(['198.51.100.9'])
  })
})

describe('name servers of the zone beside resolvers', () => {
  const cached: Zone = (name, type) =>
    name === 'www.shop.test' && type === 'A' ? { answers: [record(name, 'A', '192.0.2.1')] } : resolverZone(name, type)

  it('with agree are compared by answers, and by serial only among themselves', async () => {
    const ns1 = await serve(healthy(7), '127.0.0.1', await pairPort())
    let second = healthy(7)
    await serve((name, type) => second(name, type), '127.0.0.2', ns1.port)
    const resolver = await serve(cached)
    const run = (name: string) =>
      runDns({ name, servers: [`authoritative:${ns1.port}`, resolver.label], agree: true, resolver: resolver.label })
    const { failure, observed } = await run('www.shop.test')
    expect(failure).toBeUndefined()
    expect(observed.servers?.map(({ serial }) => serial)).toEqual([7, 7, undefined])
    second = healthy(7, address('192.0.2.9'))
    expect((await run('www.shop.test')).failure?.message).toContain(
      `192.0.2.1 from ns1.shop.test (127.0.0.1:${ns1.port}), ${resolver.label}`,
    )
  })

  it('without agree are the only ones asked', async () => {
    const bystander = await serve(() => undefined)
    const ns1 = await serve(healthy(7), '127.0.0.1', await pairPort())
    await serve(healthy(7), '127.0.0.2', ns1.port)
    const resolver = await serve(resolverZone)
    const servers = [`authoritative:${ns1.port}`, bystander.label]
    const { failure } = await runDns({ servers, resolver: resolver.label })
    expect(failure).toBeUndefined()
    expect(bystander.queries).toEqual([])
  })
})
