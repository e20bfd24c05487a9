import { describe, expect, it } from 'vitest'
import { canReachIpv6 } from '../../lib/probe/connect.ts'
import { always, type ReplyOptions, record, runDns, type TestQuery } from '../support/dns-server.ts'
import { useDnsServers } from '../support/use-dns-servers.ts'

const { serve, ask, askOnce } = useDnsServers()

const address = [record('www.shop.test', 'A', '192.0.2.1')]
const good: ReplyOptions = { answers: address }
const many = Array.from({ length: 100 }, (_, at) => record('www.shop.test', 'A', `192.0.2.${at}`))

describe('over UDP', () => {
  it('a query carries RD, the AD bit and EDNS', async () => {
    const { server, failure } = await ask(always(good))
    expect(failure).toBeUndefined()
    expect(server.queries).toMatchObject([{ recursionDesired: true, authenticData: true, ednsSize: 1232 }])
  })

  it('a reply with the wrong id is ignored and the wait goes on', async () => {
    const { failure, observed } = await ask((query) => {
      const wrong = query.reply({ answers: [record('www.shop.test', 'A', '203.0.113.66')] })
      wrong.writeUInt16BE(query.id ^ 1)
      query.send(wrong)
      query.send(query.reply(good))
    })
    expect(failure).toBeUndefined()
    expect(observed.answers).toEqual(['192.0.2.1'])
  })

  it('nothing but replies with a wrong id is silence', async () => {
    const { failure } = await askOnce((query) => {
      const wrong = query.reply(good)
      wrong.writeUInt16BE(query.id ^ 1)
      query.send(wrong)
    })
    expect(failure).toMatchObject({ code: 'DNS_TIMEOUT', stage: 'processing' })
    expect(failure?.message).toContain('1 with a wrong id')
  })

  it('a reply to another question is ignored, and MISMATCH where no other comes', async () => {
    const other = (query: TestQuery) => {
      const reply = query.reply(good)
      reply.write('x', 13)
      query.send(reply)
    }
    const alone = await askOnce(other)
    expect(alone.failure?.code).toBe('DNS_MISMATCH')
    expect(alone.failure?.message).toContain('www.shop.test')
    const followed = await ask((query) => {
      other(query)
      query.send(query.reply(good))
    })
    expect(followed.failure).toBeUndefined()
  })

  it('a reply to another type is a mismatch', async () => {
    const { failure } = await askOnce((query) => {
      const reply = query.reply(good)
      reply.writeUInt16BE(28, 12 + 15)
      query.send(reply)
    })
    expect(failure?.code).toBe('DNS_MISMATCH')
  })

  it('a reply with QR=0 is ignored, and MALFORMED where no other comes', async () => {
    const query = (sent: TestQuery) => sent.send(sent.packet)
    expect((await askOnce(query)).failure?.code).toBe('DNS_MALFORMED')
    const followed = await ask((sent) => {
      query(sent)
      sent.send(sent.reply(good))
    })
    expect(followed.failure).toBeUndefined()
  })

  it('garbage under our id is MALFORMED at once', async () => {
    const garbage = (packet: Buffer) => Buffer.concat([packet.subarray(0, 2), Buffer.from('garbage')])
    // A deadline that this test itself would not outlive.
    const { failure } = await ask((query) => query.send(garbage(query.packet)), { timeoutMs: 60_000 })
    expect(failure).toMatchObject({ code: 'DNS_MALFORMED', stage: 'processing' })
  })

  it('garbage with another id is MALFORMED at the deadline, and forgotten where the reply comes', async () => {
    const garbage = Buffer.from('\xff\xffgarbage', 'latin1')
    expect((await askOnce((query) => query.send(garbage))).failure?.code).toBe('DNS_MALFORMED')
    const followed = await ask((query) => {
      query.send(garbage)
      query.send(query.reply(good))
    })
    expect(followed.failure).toBeUndefined()
  })

  it('silence is TIMEOUT at the deadline, naming the server and how long', async () => {
    const started = performance.now()
    const { failure, server } = await ask(() => {}, { timeoutMs: 100 })
    expect(performance.now() - started).toBeGreaterThan(95)
    expect(failure).toMatchObject({ code: 'DNS_TIMEOUT', stage: 'processing' })
    expect(failure?.message).toMatch(new RegExp(`${server.label} in \\d+ ms`))
  })

  it('a closed port is CONNECT_REFUSED at once', async () => {
    const { failure } = await runDns({ servers: ['127.0.0.1:1'], timeoutMs: 60_000 })
    expect(failure?.code).toBe('CONNECT_REFUSED')
  })

  it('a server on IPv6 is asked, with its port', async () => {
    const server = await serve(always(good), { host: '::1' })
    const { failure, observed } = await runDns({ servers: [server.label] })
    expect(failure).toBeUndefined()
    expect(observed.server).toBe(`[::1]:${server.port}`)
  })

  it('a server given by name is looked up, which is its own phase', async () => {
    const resolver = await serve((query) =>
      query.send(query.reply(query.type === 'A' ? { answers: [record(query.name, 'A', '127.0.0.1')] } : {})),
    )
    const server = await serve(always(good))
    const servers = [`ns.test:${server.port}`]
    const { observed, phases, failure } = await runDns({ servers }, { resolver: resolver.label })
    expect(failure).toBeUndefined()
    expect(observed.server).toBe(`ns.test (127.0.0.1:${server.port})`)
    expect(phases.resolve).toBeGreaterThan(0)
    expect(phases.processing).toBeGreaterThan(0)
  })

  it('a server given by name is asked at the next of its addresses where nothing listens at the first', async () => {
    const addresses: Record<string, string> = { A: '127.0.0.1', AAAA: '::1' }
    const resolver = await serve((query) =>
      query.send(query.reply({ answers: [record(query.name, query.type, addresses[query.type])] })),
    )
    const server = await serve(always(good))
    const { observed, failure } = await runDns({ servers: [`ns.test:${server.port}`] }, { resolver: resolver.label })
    expect(failure).toBeUndefined()
    expect(observed.server).toBe(`ns.test (127.0.0.1:${server.port})`)
  })

  it.skipIf(canReachIpv6('2001:db8::1'))(
    'its addresses of a kind that this place lacks do not count beside others',
    async () => {
      const addresses: Record<string, string> = { A: '127.0.0.1', AAAA: '2001:db8::1' }
      const resolver = await serve((query) =>
        query.send(query.reply({ answers: [record(query.name, query.type, addresses[query.type])] })),
      )
      const { observed, failure } = await runDns({ servers: ['ns.test:1'] }, { resolver: resolver.label })
      expect(failure?.code).toBe('CONNECT_REFUSED')
      expect(observed.server).toBe('ns.test (127.0.0.1:1)')
    },
  )

  it.each([
    ['FORMERR', { rcode: 1 }],
    ['NOTIMP', { rcode: 4 }],
    [
      'BADVERS',
      {
        additionals: [
          {
            type: 'OPT' as const,
            name: '.',
            extendedRcode: 1,
            udpPayloadSize: 512,
            ednsVersion: 0,
            flags: 0,
            flag_do: false,
            options: [],
          },
        ],
      },
    ],
  ])('%s to EDNS is asked once more without it', async (_rcode, refusal) => {
    const { failure, server } = await ask((query) => query.send(query.reply(query.ednsSize ? refusal : good)))
    expect(failure).toBeUndefined()
    expect(server.queries.map(({ ednsSize }) => ednsSize)).toEqual([1232, undefined])
  })

  it('FORMERR without EDNS too is the answer', async () => {
    const { failure, server, observed } = await ask(always({ rcode: 1 }))
    expect(failure?.code).toBe('DNS_RCODE')
    expect(observed.rcode).toBe('FORMERR')
    expect(server.queries).toHaveLength(2)
  })
})

describe('a truncated reply', () => {
  it('is asked for again over TCP, and all addresses are seen', async () => {
    const { failure, observed, server, phases } = await ask((query) =>
      query.send(query.reply(query.transport === 'udp' ? { flags: ['tc', 'ra'] } : { answers: many })),
    )
    expect(failure).toBeUndefined()
    expect(observed.answers).toHaveLength(100)
    expect(observed.flags?.tc).toBe(true)
    expect(server.queries.map(({ transport }) => transport)).toEqual(['udp', 'tcp'])
    expect(phases.connect).toBeGreaterThan(0)
  })

  it('over TCP as well is MALFORMED', async () => {
    const { failure, observed } = await ask(always({ flags: ['tc', 'ra'] }))
    expect(failure?.code).toBe('DNS_MALFORMED')
    expect(observed.flags).toMatchObject({ tc: true, ra: true })
  })

  it('from a server without TCP keeps its flags beside the failure', async () => {
    const { failure, observed } = await ask((query) => {
      if (query.transport === 'tcp') query.socket?.destroy()
      else query.send(query.reply({ flags: ['tc', 'aa'] }))
    })
    expect(failure?.code).toBe('TCP_CLOSED')
    expect(failure?.message).toContain('truncated')
    expect(observed.flags).toMatchObject({ tc: true, aa: true })
  })
})
