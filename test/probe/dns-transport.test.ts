import { once } from 'node:events'
import { createServer } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import type { DnsMonitor } from '../../lib/model/monitor.ts'
import { createLeaf, pemFile, testCa } from '../support/certificates.ts'
import {
  always,
  framed,
  type ReplyOptions,
  record,
  runDns,
  startDnsServer,
  type TestQuery,
} from '../support/dns-server.ts'
import { startHttpsServer, startTlsServer } from '../support/tls-server.ts'

const stops: (() => Promise<unknown>)[] = []
afterEach(() => Promise.all(stops.splice(0).map((stop) => stop())))

async function serve(handle: (query: TestQuery) => void, options?: { host?: string; port?: number }) {
  const server = await startDnsServer(handle, options)
  stops.push(server.stop)
  return server
}

/** Runs the probe against a server that does with each query what the test says. */
async function ask(handle: (query: TestQuery) => void, changes: Partial<DnsMonitor> = {}) {
  const server = await serve(handle)
  return { server, ...(await runDns({ servers: [server.label], ...changes })) }
}

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
    const { failure } = await ask(
      (query) => {
        const wrong = query.reply(good)
        wrong.writeUInt16BE(query.id ^ 1)
        query.send(wrong)
      },
      { timeoutMs: 80 },
    )
    expect(failure).toMatchObject({ code: 'DNS_TIMEOUT', stage: 'processing' })
    expect(failure?.message).toContain('1 with a wrong id')
  })

  it('a reply to another question is ignored, and MISMATCH where no other comes', async () => {
    const other = (query: TestQuery) => {
      const reply = query.reply(good)
      reply.write('x', 13)
      query.send(reply)
    }
    const alone = await ask(other, { timeoutMs: 80 })
    expect(alone.failure?.code).toBe('DNS_MISMATCH')
    expect(alone.failure?.message).toContain('www.shop.test')
    const followed = await ask((query) => {
      other(query)
      query.send(query.reply(good))
    })
    expect(followed.failure).toBeUndefined()
  })

  it('a reply to another type is a mismatch', async () => {
    const { failure } = await ask(
      (query) => {
        const reply = query.reply(good)
        reply.writeUInt16BE(28, 12 + 15)
        query.send(reply)
      },
      { timeoutMs: 80 },
    )
    expect(failure?.code).toBe('DNS_MISMATCH')
  })

  it('a reply with QR=0 is ignored, and MALFORMED where no other comes', async () => {
    const query = (sent: TestQuery) => sent.send(sent.packet)
    expect((await ask(query, { timeoutMs: 80 })).failure?.code).toBe('DNS_MALFORMED')
    const followed = await ask((sent) => {
      query(sent)
      sent.send(sent.reply(good))
    })
    expect(followed.failure).toBeUndefined()
  })

  it('garbage under our id is MALFORMED at once', async () => {
    const started = performance.now()
    const { failure } = await ask((query) =>
      query.send(Buffer.concat([query.packet.subarray(0, 2), Buffer.from('garbage')])),
    )
    expect(failure).toMatchObject({ code: 'DNS_MALFORMED', stage: 'processing' })
    expect(performance.now() - started).toBeLessThan(1000)
  })

  it('garbage with another id is MALFORMED at the deadline, and forgotten where the reply comes', async () => {
    const garbage = Buffer.from('\xff\xffgarbage', 'latin1')
    expect((await ask((query) => query.send(garbage), { timeoutMs: 80 })).failure?.code).toBe('DNS_MALFORMED')
    const followed = await ask((query) => {
      query.send(garbage)
      query.send(query.reply(good))
    })
    expect(followed.failure).toBeUndefined()
  })

  it('silence is TIMEOUT at the deadline, naming the server and how long', async () => {
    const started = performance.now()
    const { failure, server } = await ask(() => {}, { timeoutMs: 100 })
    expect(Math.abs(performance.now() - started - 100)).toBeLessThan(50)
    expect(failure).toMatchObject({ code: 'DNS_TIMEOUT', stage: 'processing' })
    expect(failure?.message).toMatch(new RegExp(`${server.label} in (9|1\\d)\\d ms`))
  })

  it('a closed port is CONNECT_REFUSED at once', async () => {
    const started = performance.now()
    const { failure } = await runDns({ servers: ['127.0.0.1:1'] })
    expect(failure?.code).toBe('CONNECT_REFUSED')
    expect(performance.now() - started).toBeLessThan(1000)
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

  it.each([
    ['FORMERR', { rcode: 1 }],
    ['BADVERS', { additionals: [{ type: 'OPT' as const, name: '.', extendedRcode: 1, udpPayloadSize: 512, ednsVersion: 0, flags: 0, flag_do: false, options: [] }] }], // biome-ignore format: a row
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

describe('over TCP', () => {
  const tcp = { protocol: 'tcp' as const }

  it('a reply is put together from any pieces', async () => {
    const { failure, observed } = await ask((query) => {
      const bytes = framed(query.reply({ answers: many }))
      const send = (at: number) => {
        if (at >= bytes.length) return
        query.socket?.write(bytes.subarray(at, at + (at === 0 ? 1 : 97)), () =>
          setImmediate(send, at + (at === 0 ? 1 : 97)),
        )
      }
      send(0)
    }, tcp)
    expect(failure).toBeUndefined()
    expect(observed.answers).toHaveLength(100)
  })

  it('a reply with the wrong id is ignored and the wait goes on', async () => {
    const { failure } = await ask((query) => {
      const wrong = query.reply(good)
      wrong.writeUInt16BE(query.id ^ 1)
      query.socket?.write(Buffer.concat([framed(wrong), framed(query.reply(good))]))
    }, tcp)
    expect(failure).toBeUndefined()
  })

  it.each<[string, (query: TestQuery) => void, string]>([
    ['garbage', (query) => query.send(Buffer.concat([query.packet.subarray(0, 2), Buffer.from('x')])), 'DNS_MALFORMED'],
    ['a close without a reply', (query) => query.socket?.end(), 'TCP_CLOSED'],
    ['a reset without a reply', (query) => query.socket?.resetAndDestroy(), 'TCP_CLOSED'],
    [
      'a close within the reply',
      (query) => query.socket?.end(framed(query.reply(good)).subarray(0, 20)),
      'DNS_MALFORMED',
    ],
    ['a truncated reply', (query) => query.send(query.reply({ flags: ['tc'] })), 'DNS_MALFORMED'],
    ['silence', () => {}, 'DNS_TIMEOUT'],
  ])('%s is told apart', async (_what, handle, code) => {
    expect((await ask(handle, { ...tcp, timeoutMs: code === 'DNS_TIMEOUT' ? 80 : 2000 })).failure?.code).toBe(code)
  })

  it('a closed port is CONNECT_REFUSED', async () => {
    expect((await runDns({ servers: ['127.0.0.1:1'], ...tcp })).failure?.code).toBe('CONNECT_REFUSED')
  })
})

describe('over TLS', () => {
  async function startDot() {
    const upstream = await serve(always(good))
    const ca = await testCa()
    const { chain, key } = await createLeaf(ca, { dns: ['dns.test'], ips: ['127.0.0.1'] })
    const server = await startTlsServer({ cert: chain, key }, (socket) => {
      socket.on('data', (bytes: Buffer) => {
        const query = bytes.subarray(2)
        const reply = Buffer.from(query)
        reply.writeUInt8(0x81, 2)
        reply.writeUInt16BE(0, 10)
        socket.write(framed(reply.subarray(0, query.length - 11)))
      })
    })
    stops.push(server.close)
    return {
      server,
      upstream,
      tls: { verify: true, minVersion: 'TLSv1.2', maxVersion: 'TLSv1.3', caFile: pemFile(ca.cert) } as const,
    }
  }

  it('a verified server is asked, with connect, tls and processing timed', async () => {
    const { server, tls } = await startDot()
    const { failure, observed, phases } = await runDns({ protocol: 'dot', servers: [`127.0.0.1:${server.port}`], tls })
    expect(failure?.code).toBe('DNS_NODATA')
    expect(observed.rcode).toBe('NOERROR')
    expect(Object.keys(phases).sort()).toEqual(['connect', 'processing', 'tls'])
  })

  it('a certificate for another name fails in tls', async () => {
    const { server, tls } = await startDot()
    const wrong = { ...tls, serverName: 'other.test' }
    const { failure } = await runDns({ protocol: 'dot', servers: [`127.0.0.1:${server.port}`], tls: wrong })
    expect(failure).toMatchObject({ code: 'TLS_HOSTNAME', stage: 'tls' })
  })

  it('a port that accepts and says nothing times out in tls', async () => {
    const mute = createServer(() => {}).listen(0, '127.0.0.1')
    await once(mute, 'listening')
    stops.push(async () => mute.close())
    const { port } = mute.address() as { port: number }
    const { failure } = await runDns({ protocol: 'dot', servers: [`127.0.0.1:${port}`], timeoutMs: 80 })
    expect(failure).toMatchObject({ code: 'TLS_TIMEOUT', stage: 'tls' })
  })
})

describe('over HTTPS', () => {
  async function askDoh(respond: (query: Buffer) => { status?: number; type?: string; body: Buffer }) {
    const ca = await testCa()
    const { chain, key } = await createLeaf(ca)
    const seen: {
      method?: string | undefined
      type?: string | undefined
      accept?: string | undefined
      query: Buffer
    }[] = []
    const server = await startHttpsServer({ cert: chain, key }, async (request, response) => {
      const query = Buffer.concat(await request.toArray())
      seen.push({
        method: request.method,
        type: request.headers['content-type'],
        accept: request.headers.accept,
        query,
      })
      const { status = 200, type = 'application/dns-message', body } = respond(query)
      response.writeHead(status, { 'content-type': type }).end(body)
    })
    stops.push(server.close)
    const tls = { verify: true, minVersion: 'TLSv1.2', maxVersion: 'TLSv1.3', caFile: pemFile(ca.cert) } as const
    const url = `https://127.0.0.1:${server.port}/dns-query`
    return { seen, url, ...(await runDns({ protocol: 'doh', servers: [url], tls })) }
  }
  const empty = (query: Buffer) => {
    const reply = Buffer.from(query.subarray(0, query.length - 11))
    reply.writeUInt8(0x81, 2)
    reply.writeUInt16BE(0, 10)
    return reply
  }

  it('a query is POSTed as application/dns-message with id 0 (RFC 8484 §4.1)', async () => {
    const { seen, observed, failure, url } = await askDoh((query) => ({ body: empty(query) }))
    expect(seen).toMatchObject([{ method: 'POST', type: 'application/dns-message', accept: 'application/dns-message' }])
    expect(seen[0]?.query.readUInt16BE(0)).toBe(0)
    expect(failure?.code).toBe('DNS_NODATA')
    expect(observed).toMatchObject({ server: url, rcode: 'NOERROR' })
  })

  it('another status than 200 is REFUSED and named', async () => {
    const { failure } = await askDoh(() => ({ status: 503, body: Buffer.from('busy') }))
    expect(failure?.code).toBe('DNS_REFUSED')
    expect(failure?.message).toContain('503')
  })

  it('another content type is MALFORMED and named', async () => {
    const { failure } = await askDoh((query) => ({ type: 'text/html', body: empty(query) }))
    expect(failure?.code).toBe('DNS_MALFORMED')
    expect(failure?.message).toContain('text/html')
  })

  it.each([
    ['no DNS message', () => Buffer.from([0, 0, 1])],
    ['nothing', () => Buffer.alloc(0)],
    ['a query', (query: Buffer) => query],
  ])('a body that is %s is MALFORMED', async (_what, body) => {
    expect((await askDoh((query) => ({ body: body(query) }))).failure?.code).toBe('DNS_MALFORMED')
  })

  it('needs an https URL', async () => {
    expect((await runDns({ protocol: 'doh', servers: ['127.0.0.1'] })).failure?.message).toContain('https URL')
  })
})
