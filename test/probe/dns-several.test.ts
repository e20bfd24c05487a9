import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import {
  always,
  arrival,
  type DnsTestServer,
  type ReplyOptions,
  record,
  runDns,
  type TestQuery,
} from '../support/dns-server.ts'
import { useDnsServers } from '../support/use-dns-servers.ts'

const { serve } = useDnsServers()

const a = (name: string, address = '192.0.2.1') => record(name, 'A', address)
const good: ReplyOptions = { answers: [a('www.shop.test')] }

/** Resolves when so many queries have come to a server. */
async function hasAsked({ queries }: DnsTestServer, count = 1): Promise<void> {
  while (queries.length < count) await new Promise(setImmediate)
}

describe('several servers', () => {
  // Time passes only when a test says so: none of them is silent because a machine is slow.
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  it('the first that answers is used, whatever its rcode', async () => {
    const first = await serve(always({ rcode: 2 }))
    const second = await serve(always(good))
    const { failure, observed } = await runDns({ servers: [first.label, second.label] })
    expect(failure?.code).toBe('DNS_SERVFAIL')
    expect(observed.servers).toBeUndefined()
    expect(second.queries).toHaveLength(0)
  })

  it('where the first is silent, the next is asked after half the time', async () => {
    const first = await serve(() => {})
    const second = await serve(always(good))
    const run = runDns({ servers: [first.label, second.label], timeoutMs: 200 })
    await hasAsked(first)
    await vi.advanceTimersByTimeAsync(99)
    await arrival()
    expect(second.queries).toEqual([])
    await vi.advanceTimersByTimeAsync(1)
    const { failure, observed } = await run
    expect(failure).toBeUndefined()
    expect(observed).toMatchObject({ server: second.label, answers: ['192.0.2.1'] })
    expect(observed.servers).toMatchObject([
      { server: first.label, failure: { code: 'DNS_TIMEOUT' } },
      { server: second.label },
    ])
  })

  it('where two are silent, both are named and no third is asked', async () => {
    const servers = await Promise.all([serve(() => {}), serve(() => {}), serve(always(good))])
    const run = runDns({ servers: servers.map(({ label }) => label), timeoutMs: 100 })
    for (const silent of servers.slice(0, 2)) {
      await hasAsked(silent)
      await vi.advanceTimersByTimeAsync(50)
    }
    const { failure } = await run
    expect(failure?.code).toBe('DNS_TIMEOUT')
    expect(failure?.message).toContain(servers[0].label)
    expect(failure?.message).toContain(servers[1].label)
    expect(servers[2].queries).toHaveLength(0)
  })

  it('where the first is not there, the next is asked at once', async () => {
    const second = await serve(always(good))
    const { failure } = await runDns({ servers: ['127.0.0.1:1', second.label], timeoutMs: 60_000 })
    expect(failure).toBeUndefined()
  })

  it('the resolver is asked where none is given: the monitor’s own, else the host’s', async () => {
    const own = await serve(always(good))
    const host = await serve(always(good))
    expect((await runDns({ resolver: own.label }, { resolver: host.label })).observed.server).toBe(own.label)
    expect((await runDns({}, { resolver: host.label })).observed.server).toBe(host.label)
  })

  it('the answer of the second is used where the first truncated its own and then fell silent', async () => {
    const first = await serve((query) => query.transport === 'udp' && query.send(query.reply({ flags: ['tc'] })))
    const second = await serve(always(good))
    const run = runDns({ servers: [first.label, second.label], timeoutMs: 200 })
    await hasAsked(first, 2)
    await vi.advanceTimersByTimeAsync(100)
    const { failure, observed } = await run
    expect(failure).toBeUndefined()
    expect(observed).toMatchObject({ server: second.label, answers: ['192.0.2.1'] })
    expect(observed.servers?.[0]).toMatchObject({ flags: { tc: true }, failure: { code: 'DNS_TIMEOUT' } })
  })

  it.each(['http://x/', 'authoritative:0', '127.0.0.1:70000', '[127.0.0.1', 'ns.test:0'])(
    'the unusable entry %s says what was expected',
    async (entry) => {
      const { failure } = await runDns({ servers: [entry] })
      expect(failure).toMatchObject({ code: 'INTERNAL', message: expect.stringMatching(/^servers: expected .*, got /) })
    },
  )
})

describe('servers that must agree', () => {
  const one = a('www.shop.test', '192.0.2.1')
  const two = a('www.shop.test', '192.0.2.2')

  let deadline: AbortController
  beforeEach(() => {
    deadline = new AbortController()
  })
  const silent = () => {
    const own = deadline
    void arrival().then(() => own.abort())
  }

  async function agree(...handlers: ((query: TestQuery) => void)[]) {
    const servers = (await Promise.all(handlers.map((handle) => serve(handle)))).map(({ label }) => label)
    return { labels: servers, ...(await runDns({ servers, agree: true }, {}, deadline.signal)) }
  }

  it('do so in any order of their answers', async () => {
    const { failure, observed, labels } = await agree(always({ answers: [one, two] }), always({ answers: [two, one] }))
    expect(failure).toBeUndefined()
    expect(observed.server).toBe(labels[0])
    expect(observed.servers).toMatchObject([
      { server: labels[0], answers: ['192.0.2.1', '192.0.2.2'] },
      { server: labels[1] },
    ])
    expect(observed.servers?.[1]?.durationMs).toBeGreaterThan(0)
  })

  it('with other answers are DISAGREE, with who said what', async () => {
    const { failure, labels } = await agree(always({ answers: [one] }), always({ answers: [two] }))
    expect(failure?.code).toBe('DNS_DISAGREE')
    expect(failure?.message).toContain(`192.0.2.1 from ${labels[0]}; 192.0.2.2 from ${labels[1]}`)
  })

  it('with another rcode are DISAGREE', async () => {
    const { failure } = await agree(always({ answers: [one] }), always({ rcode: 3 }))
    expect(failure?.code).toBe('DNS_DISAGREE')
    expect(failure?.message).toContain('NXDOMAIN')
  })

  it('fail as the one that fails, which is named, and the answer of the other is kept', async () => {
    const { failure, observed, labels } = await agree(silent, always({ answers: [one] }))
    expect(failure?.code).toBe('DNS_TIMEOUT')
    expect(failure?.message).toContain(labels[0])
    expect(observed).toMatchObject({ server: labels[1], answers: ['192.0.2.1'] })
  })

  it('and do so upon a failure are judged by it', async () => {
    expect((await agree(always({ rcode: 3 }), always({ rcode: 3 }))).failure?.code).toBe('DNS_NXDOMAIN')
  })
})
