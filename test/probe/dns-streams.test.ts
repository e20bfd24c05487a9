import { once } from 'node:events'
import { createServer } from 'node:net'
import type { TlsOptions } from 'node:tls'
import { describe, expect, it } from 'vitest'
import { framed } from '../../lib/probe/dns-stream.ts'
import { createLeaf, pemFile, testCa } from '../support/certificates.ts'
import { arrival, type ReplyOptions, record, runDns, type TestQuery } from '../support/dns-server.ts'
import { startHttpsServer, startTlsServer } from '../support/tls-server.ts'
import { useDnsServers } from '../support/use-dns-servers.ts'

const { ask, askOnce, later } = useDnsServers()

const address = [record('www.shop.test', 'A', '192.0.2.1')]
const good: ReplyOptions = { answers: address }
const many = Array.from({ length: 100 }, (_, at) => record('www.shop.test', 'A', `192.0.2.${at}`))

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

  it('a flood of replies to other questions is cut off', async () => {
    const { failure } = await ask((query) => {
      const wrong = query.reply(good)
      wrong.writeUInt16BE(query.id ^ 1)
      query.socket?.write(Buffer.concat(Array<Buffer>(101).fill(framed(wrong))))
    }, tcp)
    expect(failure).toMatchObject({ code: 'DNS_MISMATCH', message: expect.stringContaining('none of them the reply') })
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
    expect((await (code === 'DNS_TIMEOUT' ? askOnce : ask)(handle, tcp)).failure?.code).toBe(code)
  })

  it('a closed port is CONNECT_REFUSED', async () => {
    expect((await runDns({ servers: ['127.0.0.1:1'], ...tcp })).failure?.code).toBe('CONNECT_REFUSED')
  })
})

describe('over TLS', () => {
  async function startDot(options: TlsOptions = {}) {
    const ca = await testCa()
    const { chain, key } = await createLeaf(ca, { dns: ['dns.test'], ips: ['127.0.0.1'] })
    const server = await startTlsServer({ cert: chain, key, ...options }, (socket) => {
      socket.on('data', (bytes: Buffer) => {
        const query = bytes.subarray(2)
        const reply = Buffer.from(query)
        reply.writeUInt8(0x81, 2)
        reply.writeUInt16BE(0, 10)
        socket.write(framed(reply.subarray(0, query.length - 11)))
      })
    })
    later(server.close)
    return {
      server,
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

  it('a server that wants a client certificate says so after the handshake (TLS 1.3)', async () => {
    const { server, tls } = await startDot({ requestCert: true })
    const { failure } = await runDns({ protocol: 'dot', servers: [`127.0.0.1:${server.port}`], tls })
    expect(failure).toMatchObject({ code: 'TLS_HANDSHAKE', message: expect.stringContaining('a client certificate') })
  })

  it('a port that accepts and says nothing times out in tls', async () => {
    const deadline = new AbortController()
    const mute = createServer(() => void arrival().then(() => deadline.abort())).listen(0, '127.0.0.1')
    await once(mute, 'listening')
    later(async () => mute.close())
    const { port } = mute.address() as { port: number }
    const { failure } = await runDns({ protocol: 'dot', servers: [`127.0.0.1:${port}`] }, {}, deadline.signal)
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
    later(server.close)
    const tls = { verify: true, minVersion: 'TLSv1.2', maxVersion: 'TLSv1.3', caFile: pemFile(ca.cert) } as const
    const url = `https://127.0.0.1:${server.port}/dns-query`
    return { seen, url, ...(await runDns({ protocol: 'doh', servers: [`${url}?key=sesame`], tls })) }
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

  it('another status than 200 is REFUSED and named, without what may be a key', async () => {
    const { failure, url } = await askDoh(() => ({ status: 503, body: Buffer.from('busy') }))
    expect(failure?.code).toBe('DNS_REFUSED')
    expect(failure?.message).toBe(`expected HTTP status 200, got 503 from ${url}`)
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
    ['a truncated reply', (query: Buffer) => Object.assign(empty(query), { 2: 0x83 })],
  ])('a body that is %s is MALFORMED', async (_what, body) => {
    expect((await askDoh((query) => ({ body: body(query) }))).failure?.code).toBe('DNS_MALFORMED')
  })

  it('a reply with another id is a mismatch', async () => {
    const { failure } = await askDoh((query) => ({ body: Object.assign(empty(query), { 1: 7 }) }))
    expect(failure).toMatchObject({ code: 'DNS_MISMATCH', message: expect.stringContaining('expected id 0') })
  })

  it('needs an https URL', async () => {
    expect((await runDns({ protocol: 'doh', servers: ['127.0.0.1'] })).failure?.message).toContain('https URL')
  })
})
