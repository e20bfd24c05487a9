import { getEventListeners } from 'node:events'
import { describe, expect, it, vi } from 'vitest'
import { probeDns } from '../../lib/probe/dns.ts'
import {
  always,
  asserting,
  dnsMonitor,
  type ReplyOptions,
  record,
  runDns,
  startDnsServer,
  type TestQuery,
  testDeps,
} from '../support/dns-server.ts'
import { useDnsServers } from '../support/use-dns-servers.ts'

const { serve, ask } = useDnsServers()

const a = (name: string, address = '192.0.2.1') => record(name, 'A', address)
const good: ReplyOptions = { answers: [a('www.shop.test')] }
const soa = record('shop.test', 'SOA', { mname: 'ns.shop.test', rname: 'a.shop.test', serial: 2_026_110_101 })

describe('an answer', () => {
  it('NOERROR with answers is up', async () => {
    const { failure, observed, phases, server } = await ask(always(good))
    expect(failure).toBeUndefined()
    expect(observed).toEqual({
      server: server.label,
      rcode: 'NOERROR',
      flags: { aa: false, tc: false, rd: true, ra: true, ad: false, cd: false },
      counts: { answers: 1, authorities: 0, additionals: 0 },
      answers: ['192.0.2.1'],
      records: [{ name: 'www.shop.test', type: 'A', ttl: 60, data: '192.0.2.1' }],
    })
    expect(Object.keys(phases)).toEqual(['processing'])
  })

  it('AA and AD are observed', async () => {
    const { observed } = await ask(always({ ...good, flags: ['aa', 'ad'] }))
    expect(observed.flags).toMatchObject({ aa: true, ad: true, ra: false })
  })

  it('all addresses are seen, each with its TTL', async () => {
    const answers = ['192.0.2.3', '192.0.2.1', '192.0.2.2'].map((address) => a('www.shop.test', address))
    const { observed } = await ask(always({ answers }))
    expect(observed.answers).toEqual(['192.0.2.3', '192.0.2.1', '192.0.2.2'])
    expect(observed.records?.map(({ ttl }) => ttl)).toEqual([60, 60, 60])
  })

  it('the serial comes from a SOA answer, or from the authority section', async () => {
    const answered = await ask(always({ answers: [soa] }), { name: 'shop.test', type: 'SOA' })
    expect(answered.observed).toMatchObject({
      serial: 2_026_110_101,
      answers: ['ns.shop.test a.shop.test 2026110101 0 0 0 0'],
    })
    const absent = await ask(always({ rcode: 3, authorities: [soa] }))
    expect(absent.observed).toMatchObject({ serial: 2_026_110_101, counts: { authorities: 1 } })
  })

  it('RD is off where the monitor says so', async () => {
    const { server } = await ask(always(good), { recursion: false })
    expect(server.queries[0]?.recursionDesired).toBe(false)
  })

  it.each([
    ['a refusal', { rcode: 5 }, 'DNS_REFUSED'],
    ['no data', {}, 'DNS_NODATA'],
    ['a referral', { authorities: [record('test', 'NS', 'ns.test')] }, 'DNS_NODATA'],
  ])('recursion off against a resolver that only recurses, which gives %s, is down', async (_what, reply, code) => {
    const only = (query: TestQuery) => query.send(query.reply(query.recursionDesired ? good : reply))
    expect((await ask(only, { recursion: false })).failure?.code).toBe(code)
    expect((await ask(only)).failure).toBeUndefined()
  })
})

describe('the default judgement', () => {
  const replies: Record<string, ReplyOptions> = {
    NXDOMAIN: { rcode: 3, authorities: [soa], flags: ['aa', 'ra'] },
    SERVFAIL: { rcode: 2 },
    REFUSED: { rcode: 5 },
    NOTIMP: { rcode: 4 },
    NODATA: { authorities: [soa] },
  }
  it.each([
    ['NXDOMAIN', 'DNS_NXDOMAIN'],
    ['SERVFAIL', 'DNS_SERVFAIL'],
    ['REFUSED', 'DNS_REFUSED'],
    ['NOTIMP', 'DNS_RCODE'],
    ['NODATA', 'DNS_NODATA'],
  ])('%s is down as %s, and what was seen is kept', async (what, code) => {
    const { failure, observed, server } = await ask(always(replies[what] ?? {}))
    expect(failure).toMatchObject({ code, stage: 'processing' })
    expect(failure?.message).toContain(server.label)
    expect(observed).toMatchObject({ rcode: what === 'NODATA' ? 'NOERROR' : what, answers: [], flags: { ra: true } })
  })

  it.each(['NXDOMAIN', 'SERVFAIL', 'REFUSED', 'NOTIMP', 'NODATA'])(
    'with rcode asserted %s is left to that',
    async (what) => {
      expect((await ask(always(replies[what] ?? {}), { expect: asserting('rcode') })).failure).toBeUndefined()
    },
  )

  it.each([
    ['NXDOMAIN', undefined],
    ['NODATA', undefined],
    ['SERVFAIL', 'DNS_SERVFAIL'],
    ['REFUSED', 'DNS_REFUSED'],
    ['NOTIMP', 'DNS_RCODE'],
  ])('with answers asserted %s is %s', async (what, code) => {
    expect((await ask(always(replies[what] ?? {}), { expect: asserting('answers') })).failure?.code).toBe(code)
  })
})

describe('a run', () => {
  const open = (kind: RegExp) => process.getActiveResourcesInfo().filter((name) => kind.test(name))
  const noSockets = () => vi.waitFor(() => expect(open(/UDP|TCP/)).toEqual([]), { timeout: 20_000 })

  it('leaves no socket, timer or listener behind', async () => {
    await noSockets()
    const server = await startDnsServer(
      (query) => query.transport === 'udp' && query.send(query.reply({ flags: ['tc'] })),
    )
    const { signal } = new AbortController()
    const servers = [server.label, '127.0.0.1:1']
    await runDns({ servers, timeoutMs: 50 })
    await runDns({ servers, timeoutMs: 50, protocol: 'tcp' })
    await runDns({ servers, timeoutMs: 50, agree: true })
    await runDns({ servers: [`authoritative:${server.port}`], timeoutMs: 50, resolver: server.label })
    await probeDns(dnsMonitor({ servers: ['127.0.0.1:1'] }), testDeps(), signal)
    expect(getEventListeners(signal, 'abort')).toEqual([])
    expect(open(/Timeout/)).toEqual([])
    await server.stop()
    await noSockets()
  })

  it.each(['udp', 'tcp', 'dot', 'doh'] as const)(
    'over %s whose signal has aborted already ends at once',
    async (protocol) => {
      const server = await serve(() => {})
      const servers = [protocol === 'doh' ? `https://${server.label}/` : server.label]
      const monitor = dnsMonitor({ servers, protocol, timeoutMs: 60_000 })
      const { failure } = await probeDns(monitor, testDeps(), AbortSignal.abort())
      expect(failure?.code).toBe(protocol === 'udp' ? 'DNS_TIMEOUT' : 'CONNECT_TIMEOUT')
    },
  )
})
