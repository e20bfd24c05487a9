import { utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import type { IpVersion } from '../../lib/model/monitor.ts'
import { resolveHost } from '../../lib/probe/resolve.ts'
import { type ReplyOptions, record, type TestQuery, testDeps } from '../support/dns-server.ts'
import { useDnsServers } from '../support/use-dns-servers.ts'
import { addresses, byFiles, useSystemFiles } from '../support/use-system-files.ts'

const { serve } = useDnsServers()
const { files, folder } = useSystemFiles()

/** Resolves with an explicit resolver. */
async function resolve(
  handle: (query: TestQuery) => void,
  { host = 'shop.test', ipVersion = 'any' as IpVersion, timeoutMs = 20_000 } = {},
) {
  const server = await serve(handle)
  const deadline = new AbortController()
  const timer = setTimeout(() => deadline.abort(), timeoutMs)
  try {
    const options = { ipVersion, resolver: server.label }
    return { server, found: await resolveHost(host, options, testDeps(), deadline.signal) }
  } catch (error) {
    return { server, failure: error as { code: string; stage: string; message: string } }
  } finally {
    clearTimeout(timer)
  }
}

describe('without DNS', () => {
  it.each([
    ['192.0.2.1', ['192.0.2.1']],
    ['2001:db8::1', ['2001:db8::1']],
    ['[2001:db8::1]', ['2001:db8::1']],
  ])('the address %s is itself', async (host, expected) => {
    expect(await byFiles(host, files())).toEqual(expected)
  })

  it('an address of the other family is DNS_NODATA', async () => {
    await expect(byFiles('192.0.2.1', files(), '6')).rejects.toMatchObject({ code: 'DNS_NODATA', stage: 'resolve' })
  })

  it.each(['localhost', 'LOCALHOST.', 'shop.localhost'])('%s is ::1 and 127.0.0.1 (RFC 6761 §6.3)', async (host) => {
    expect(await byFiles(host, files({ hosts: '192.0.2.9 localhost' }))).toEqual(['::1', '127.0.0.1'])
    expect(await byFiles(host, files(), '4')).toEqual(['127.0.0.1'])
    expect(await byFiles(host, files(), '6')).toEqual(['::1'])
  })

  it('the hosts file is read, IPv6 first, without regard to case', async () => {
    const hosts = '# a comment\n192.0.2.7\tShop.test shop # two names\n2001:db8::7 shop.test\nnonsense shop.test\n'
    expect(await byFiles('SHOP.test', files({ hosts }))).toEqual(['2001:db8::7', '192.0.2.7'])
    expect(await byFiles('shop', files({ hosts }))).toEqual(['192.0.2.7'])
  })

  it('the hosts file is read again once it has changed', async () => {
    const paths = files({ hosts: '192.0.2.1 shop.test' })
    expect(await byFiles('shop.test', paths)).toEqual(['192.0.2.1'])
    writeFileSync(paths.hosts, '192.0.2.2 shop.test')
    utimesSync(paths.hosts, new Date(), new Date(Date.now() + 5000))
    expect(await byFiles('shop.test', paths)).toEqual(['192.0.2.2'])
  })

  it('a missing hosts file is an empty one', async () => {
    const paths = { ...files(), hosts: join(folder, 'none') }
    expect(await byFiles('localhost', paths)).toEqual(['::1', '127.0.0.1'])
  })

  it('an explicit resolver disables the hosts file, and is not asked for localhost', async () => {
    const server = await serve(addresses(['192.0.2.50']))
    const paths = files({ hosts: '192.0.2.1 shop.test' })
    expect(await byFiles('shop.test', paths, 'any', server.label)).toEqual(['192.0.2.50'])
    const asked = server.queries.length
    expect(await byFiles('shop.localhost', paths, 'any', server.label)).toEqual(['::1', '127.0.0.1'])
    expect(server.queries).toHaveLength(asked)
  })
})

describe('the addresses', () => {
  it('come IPv6 and IPv4 in turn, IPv6 first (RFC 8305 §4)', async () => {
    const { found } = await resolve(addresses(['192.0.2.1', '192.0.2.2', '192.0.2.3'], ['2001:db8::1', '2001:db8::2']))
    expect(found).toEqual(['2001:db8::1', '192.0.2.1', '2001:db8::2', '192.0.2.2', '192.0.2.3'])
  })

  it.each<[IpVersion, string[], string[]]>([
    ['4', ['192.0.2.1'], ['A']],
    ['6', ['2001:db8::1'], ['AAAA']],
  ])('with ipVersion %s are of that family, and nothing else is asked', async (ipVersion, expected, types) => {
    const { found, server } = await resolve(addresses(['192.0.2.1'], ['2001:db8::1']), { ipVersion })
    expect(found).toEqual(expected)
    expect(server.queries.map(({ type }) => type)).toEqual(types)
  })

  it('wait 50 ms for AAAA once A is there (RFC 8305 §3)', async () => {
    const started = performance.now()
    const onlyA = (query: TestQuery) => query.type === 'A' && addresses(['192.0.2.1'])(query)
    const { found } = await resolve(onlyA, { timeoutMs: 60_000 })
    expect(found).toEqual(['192.0.2.1'])
    expect(performance.now() - started).toBeGreaterThan(45)
  })

  it('do not wait for AAAA that answers at once', async () => {
    // No time passes: whoever waits waits for ever.
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    onTestFinished(() => void vi.useRealTimers())
    expect((await resolve(addresses(['192.0.2.1']))).found).toEqual(['192.0.2.1'])
  })

  it('of IPv6 alone are found where there is no A, and where A fails', async () => {
    expect((await resolve(addresses([], ['2001:db8::1']))).found).toEqual(['2001:db8::1'])
    const broken = (query: TestQuery) =>
      query.type === 'A' ? query.send(query.reply({ rcode: 2 })) : addresses([], ['2001:db8::1'])(query)
    expect((await resolve(broken)).found).toEqual(['2001:db8::1'])
  })

  it('are those at the end of a CNAME chain, asked for where the reply leaves it open', async () => {
    const alias = record('shop.test', 'CNAME', 'edge.test')
    const { found } = await resolve((query) =>
      query.name === 'edge.test' ? addresses(['192.0.2.5'])(query) : query.send(query.reply({ answers: [alias] })),
    )
    expect(found).toEqual(['192.0.2.5'])
  })

  it('are fetched over TCP where the reply is truncated', async () => {
    const { found } = await resolve((query) =>
      query.transport === 'udp' ? query.send(query.reply({ flags: ['tc'] })) : addresses(['192.0.2.6'])(query),
    )
    expect(found).toEqual(['192.0.2.6'])
  })

  it('are found for a name beyond ASCII', async () => {
    const { found, server } = await resolve(addresses(['192.0.2.8']), { host: 'bücher.test', ipVersion: '4' })
    expect(found).toEqual(['192.0.2.8'])
    expect(server.queries[0]?.name).toBe('xn--bcher-kva.test')
  })
})

describe('a failure', () => {
  it.each<[string, ReplyOptions, string]>([
    ['NXDOMAIN', { rcode: 3 }, 'DNS_NXDOMAIN'],
    ['no addresses', {}, 'DNS_NODATA'],
    ['SERVFAIL', { rcode: 2 }, 'DNS_SERVFAIL'],
    ['REFUSED', { rcode: 5 }, 'DNS_REFUSED'],
    ['NOTIMP', { rcode: 4 }, 'DNS_RCODE'],
  ])('%s is of stage resolve and names host and server', async (_what, reply, code) => {
    const { failure, server } = await resolve((query) => query.send(query.reply(reply)))
    expect(failure).toMatchObject({ code, stage: 'resolve' })
    expect(failure?.message).toContain('shop.test')
    expect(failure?.message).toContain(server.label)
  })

  it('of silence comes with the signal, naming the server', async () => {
    const { failure, server } = await resolve(() => {}, { timeoutMs: 80 })
    expect(failure).toMatchObject({ code: 'DNS_TIMEOUT', stage: 'resolve' })
    expect(failure?.message).toContain(server.label)
  })

  it('of a signal that has aborted already is DNS_TIMEOUT', async () => {
    const options = { ipVersion: 'any' as const, resolver: '127.0.0.1:1' }
    await expect(resolveHost('shop.test', options, testDeps(), AbortSignal.abort())).rejects.toMatchObject({
      code: 'DNS_TIMEOUT',
      stage: 'resolve',
    })
  })

  it('of a real kind outweighs the absence of the other family', async () => {
    const { failure } = await resolve((query) => query.send(query.reply(query.type === 'A' ? {} : { rcode: 2 })))
    expect(failure?.code).toBe('DNS_SERVFAIL')
  })

  it('of a name that DNS cannot hold says why', async () => {
    const { failure, server } = await resolve(() => {}, { host: 'a..b' })
    expect(failure).toMatchObject({ code: 'DNS_NXDOMAIN', stage: 'resolve' })
    expect(failure?.message).toContain('empty label')
    expect(server.queries).toEqual([])
  })

  it('of a resolver that is no address says what was expected', async () => {
    const options = { ipVersion: 'any' as const, resolver: 'dns.example' }
    await expect(resolveHost('shop.test', options, testDeps(), AbortSignal.timeout(100))).rejects.toMatchObject({
      code: 'INTERNAL',
      message: 'resolver must be an IP address with or without port, such as 1.1.1.1 or [::1]:53, got "dns.example"',
    })
  })
})
