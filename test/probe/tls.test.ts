import { constants } from 'node:crypto'
import http2 from 'node:http2'
import type { TlsOptions } from 'node:tls'
import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import { closer, listenOnLoopback } from '../../lib/local/loopback.ts'
import type { HttpObserved, TlsObserved } from '../../lib/model/result.ts'
import {
  type CertificateOptions,
  createCa,
  createIntermediate,
  createLeaf,
  createSelfSigned,
  daysFromNow,
  pemFile,
  type TestAuthority,
  testCa,
} from '../support/certificates.ts'
import { startRawServer, startTcpServer } from '../support/http-server.ts'
import { observe, type TestMonitor } from '../support/observe.ts'
import { startHttpsServer, startTlsServer, type TestServer, weakTls } from '../support/tls-server.ts'

let ca: TestAuthority
let caFile: string
beforeAll(async () => {
  ca = await testCa()
  caFile = pemFile(ca.cert)
})

const servers: { close(): Promise<void> }[] = []
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()))
})

async function serve(options: TlsOptions): Promise<TestServer> {
  const server = await startTlsServer(options)
  servers.push(server)
  return server
}

async function serveLeaf(options: CertificateOptions = {}, more: TlsOptions = {}): Promise<TestServer> {
  const { chain, key } = await createLeaf(ca, options)
  return serve({ cert: chain, key, ...more })
}

const probe = (port: number, tls: Record<string, unknown> = {}, more: Partial<TestMonitor> = {}) =>
  observe<TlsObserved>({ kind: 'tls', host: '127.0.0.1', port, tls: { caFile, ...tls }, ...more })

describe('a certificate that is right', () => {
  test('is up, and described', async () => {
    const { port } = await serveLeaf({ dns: ['shop.test', '*.shop.test'] })
    const result = await probe(port)
    expect(result).toMatchObject({
      status: 'up',
      observed: {
        ip: '127.0.0.1',
        version: 'TLSv1.3',
        certificate: {
          sans: ['shop.test', '*.shop.test', '127.0.0.1'],
          chain: [{ subject: expect.stringContaining('CN=Test Root') }],
        },
      },
    })
    const { certificate } = result.observed
    expect(certificate?.subject).toBe('CN=shop.test, O=Vedette Tests')
    expect(certificate?.issuer).toContain('CN=Test Root')
    expect(certificate?.daysRemaining).toBeCloseTo(90, 0)
    expect(certificate?.validTo).toMatch(/^\d{4}-\d\d-\d\dT/)
    expect(certificate?.fingerprint256).toMatch(/^([0-9A-F]{2}:){31}[0-9A-F]{2}$/)
    expect(result.phases.tls).toBeGreaterThan(0)
  })

  test('serverName overrides the name that is checked', async () => {
    const { port } = await serveLeaf({ dns: ['shop.test'], ips: [] })
    expect((await probe(port, { serverName: 'shop.test' })).status).toBe('up')
    expect((await probe(port, { serverName: 'other.test' })).failure?.code).toBe('TLS_HOSTNAME')
  })

  test('days remaining can be asserted', async () => {
    const { port } = await serveLeaf({ validTo: daysFromNow(10) })
    const expected = [{ source: 'certificate.daysRemaining', op: 'gt', value: 14, level: 'degraded' }]
    expect(await probe(port, {}, { expect: expected })).toMatchObject({
      status: 'degraded',
      failure: { code: 'ASSERTION' },
    })
  })
})

describe('a certificate that is wrong is down, and still described', () => {
  test('self-signed: down without the CA, up with it', async () => {
    const { cert, key } = await createSelfSigned()
    const { port } = await serve({ cert, key })
    expect(await probe(port)).toMatchObject({
      status: 'down',
      failure: { code: 'TLS_SELF_SIGNED' },
      observed: { certificate: { sans: ['localhost', '127.0.0.1'] } },
    })
    expect((await probe(port, { caFile: pemFile(cert) })).status).toBe('up')
  })

  test('expired: with its dates, names and issuer', async () => {
    const { port } = await serveLeaf({ validFrom: daysFromNow(-30), validTo: daysFromNow(-3) })
    const result = await probe(port)
    expect(result).toMatchObject({ status: 'down', failure: { code: 'TLS_EXPIRED', stage: 'tls' } })
    expect(result.observed.certificate).toMatchObject({
      sans: ['localhost', '127.0.0.1'],
      issuer: expect.stringContaining('Test Root'),
    })
    expect(result.observed.certificate?.daysRemaining).toBeCloseTo(-3, 1)
    expect(result.failure?.message).toContain(result.observed.certificate?.validTo)
  })

  test('expired, without verification: up, with negative days', async () => {
    const { port } = await serveLeaf({ validFrom: daysFromNow(-30), validTo: daysFromNow(-3) })
    const result = await probe(port, { verify: false })
    expect(result.status).toBe('up')
    expect(result.observed.certificate?.daysRemaining).toBeLessThan(0)
  })

  test('expired and for another host: both are said', async () => {
    const { port } = await serveLeaf({
      dns: ['other.test'],
      ips: [],
      validFrom: daysFromNow(-30),
      validTo: daysFromNow(-3),
    })
    const result = await probe(port, { serverName: 'shop.test' })
    expect(result.failure?.code).toBe('TLS_EXPIRED')
    expect(result.failure?.message).toContain('other.test')
  })

  test('not yet valid', async () => {
    const { port } = await serveLeaf({ validFrom: daysFromNow(2) })
    expect(await probe(port)).toMatchObject({ status: 'down', failure: { code: 'TLS_NOT_YET_VALID' } })
  })

  test('wrong host, naming the hosts it is for', async () => {
    const { port } = await serveLeaf({ dns: ['other.test'], ips: [] })
    const result = await observe({ kind: 'tls', host: 'localhost', port, tls: { caFile } })
    expect(result).toMatchObject({ status: 'down', failure: { code: 'TLS_HOSTNAME' } })
    expect(result.failure?.message).toContain('other.test')
  })

  test('an IP target without an IP SAN', async () => {
    const { port } = await serveLeaf({ dns: ['localhost'], ips: [] })
    expect(await probe(port)).toMatchObject({ status: 'down', failure: { code: 'TLS_HOSTNAME' } })
  })

  test('a name that stands in the subject alone is no name', async () => {
    const { port } = await serveLeaf({ subject: 'CN=shop.test', dns: [], ips: [] })
    expect(await probe(port, { serverName: 'shop.test' })).toMatchObject({ failure: { code: 'TLS_HOSTNAME' } })
  })

  test('an untrusted root and an incomplete chain are told apart', async () => {
    const strange = await createCa({ subject: 'CN=Strange Root' })
    const intermediate = await createIntermediate(strange)
    const untrusted = await createLeaf(intermediate)
    const whole = await serve({ cert: untrusted.chain, key: untrusted.key })
    expect(await probe(whole.port)).toMatchObject({ status: 'down', failure: { code: 'TLS_UNTRUSTED' } })

    const ours = await createLeaf(await createIntermediate(ca))
    const lone = await serve({ cert: ours.cert, key: ours.key })
    expect(await probe(lone.port)).toMatchObject({ status: 'down', failure: { code: 'TLS_INCOMPLETE_CHAIN' } })
    const complete = await serve({ cert: ours.chain, key: ours.key })
    expect((await probe(complete.port)).status).toBe('up')
  })

  test('two servers with the same certificate and other issuers are told apart', async () => {
    const leaf = await createLeaf(await createIntermediate(ca))
    const lone = await serve({ cert: leaf.cert, key: leaf.key })
    const whole = await serve({ cert: leaf.chain, key: leaf.key })
    const results = await Promise.all([probe(lone.port), probe(whole.port)])
    expect(results.map(({ observed }) => observed.certificate?.chain.length)).toEqual([0, 2])
  })

  test('a root that is sent along is no more trusted', async () => {
    const strange = await createCa({ subject: 'CN=Strange Root' })
    const leaf = await createLeaf(strange)
    const { port } = await serve({ cert: leaf.cert + strange.cert, key: leaf.key })
    expect(await probe(port)).toMatchObject({ status: 'down', failure: { code: 'TLS_UNTRUSTED' } })
  })

  test('a key of 1024 bits is WEAK', async () => {
    const { port } = await serveLeaf({ key: 'RSA-1024' }, weakTls)
    expect(await probe(port)).toMatchObject({
      status: 'down',
      failure: { code: 'TLS_WEAK' },
      observed: { certificate: {} },
    })
  })

  test('a SHA-1 signature is WEAK', async () => {
    const rsa = await createCa({ key: 'RSA-2048', subject: 'CN=RSA Root' })
    const leaf = await createLeaf(rsa, { hash: 'SHA-1', key: 'RSA-2048' })
    const { port } = await serve({ cert: leaf.chain, key: leaf.key, ...weakTls })
    const result = await probe(port, { caFile: pemFile(rsa.cert) })
    expect(result).toMatchObject({ status: 'down', failure: { code: 'TLS_WEAK' } })
    expect(result.failure?.message).toMatch(/sha1/i)
  })

  test('thousands of names are bounded', async () => {
    const dns = Array.from({ length: 2000 }, (_, i) => `host-${i}.shop.test`)
    const { port } = await serveLeaf({ dns })
    const result = await probe(port)
    expect(result.status).toBe('up')
    expect(result.observed.certificate).toMatchObject({ sansTotal: 2001 })
    expect(result.observed.certificate?.sans).toHaveLength(100)
  })

  test('ten thousand names are a result too, whatever OpenSSL makes of them', async () => {
    const dns = Array.from({ length: 10_000 }, (_, i) => `host-${i}.shop.test`)
    const { port } = await serveLeaf({ dns })
    expect(['up', 'down']).toContain((await probe(port)).status)
  })
})

describe('handshakes that fail', () => {
  test('a server with only TLS 1.1 is down as VERSION, and up where the monitor allows it', async () => {
    const { port } = await serveLeaf({}, { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' })
    expect(await probe(port)).toMatchObject({ status: 'down', failure: { code: 'TLS_VERSION' } })
    expect(await probe(port, { minVersion: 'TLSv1' })).toMatchObject({ status: 'up', observed: { version: 'TLSv1.1' } })
  })

  test('a server above maxVersion is VERSION too', async () => {
    const { port } = await serveLeaf({}, { minVersion: 'TLSv1.3' })
    expect(await probe(port, { maxVersion: 'TLSv1.2' })).toMatchObject({ failure: { code: 'TLS_VERSION' } })
  })

  test('a server that sends no ticket is up all the same', async () => {
    const { port } = await serveLeaf({}, { secureOptions: constants.SSL_OP_NO_TICKET })
    expect((await probe(port)).status).toBe('up')
  })

  test.each(['TLSv1.2', 'TLSv1.3'] as const)(
    'a client certificate that is required: down without, up with (%s)',
    async (maxVersion) => {
      const { port } = await serveLeaf({}, { requestCert: true, rejectUnauthorized: true, ca: ca.cert, maxVersion })
      expect(await probe(port)).toMatchObject({
        status: 'down',
        failure: { code: 'TLS_HANDSHAKE', stage: 'tls' },
        observed: { certificate: {} },
      })
      const client = await createLeaf(ca, { usage: ['client'] })
      const files = { certFile: pemFile(client.chain), keyFile: pemFile(client.key) }
      expect((await probe(port, files)).status).toBe('up')
    },
  )

  test('a client certificate that is required, over https', async () => {
    const { chain, key } = await createLeaf(ca)
    const server = await startHttpsServer({
      cert: chain,
      key,
      requestCert: true,
      rejectUnauthorized: true,
      ca: ca.cert,
    })
    servers.push(server)
    const url = `https://127.0.0.1:${server.port}/`
    const without = await observe({ kind: 'http', url, tls: { caFile } })
    // Node's server refuses in TLS 1.3 by closing, others by an alert.
    expect(['HTTP_RESET', 'TLS_HANDSHAKE']).toContain(without.failure?.code)
    expect(without).toMatchObject({ status: 'down', observed: { certificate: {} } })
    expect(without.failure?.message).toContain('client certificate')
    const client = await createLeaf(ca, { usage: ['client'] })
    const tls = { caFile, certFile: pemFile(client.chain), keyFile: pemFile(client.key) }
    expect((await observe({ kind: 'http', url, tls })).status).toBe('up')
  })

  test.each(['HTTP/1.1 400 Bad Request\r\n\r\n', 'SSH-2.0-x\r\n', '220 mail\r\n', '\0'.repeat(50)])(
    'a port that speaks no TLS but %j is HANDSHAKE',
    async (bytes) => {
      const server = await startRawServer((socket) => socket.end(bytes))
      servers.push(server)
      expect(await probe(server.port)).toMatchObject({ status: 'down', failure: { code: 'TLS_HANDSHAKE' } })
    },
  )

  test('a peer that closes in the handshake is HANDSHAKE', async () => {
    const server = await startRawServer((socket) => socket.end())
    servers.push(server)
    expect(await probe(server.port)).toMatchObject({ status: 'down', failure: { code: 'TLS_HANDSHAKE' } })
  })

  test('a peer that accepts and says nothing is TIMEOUT', async () => {
    const server = await startTcpServer(() => {})
    servers.push(server)
    expect(await probe(server.port, {}, { timeout: '2s' })).toMatchObject({
      status: 'down',
      failure: { code: 'TLS_TIMEOUT', stage: 'tls' },
    })
  })
})

describe('https', () => {
  test('observes the certificate, and all phases', async () => {
    const { chain, key } = await createLeaf(ca)
    const server = await startHttpsServer({ cert: chain, key })
    servers.push(server)
    const result = await observe<HttpObserved>({
      kind: 'http',
      url: `https://localhost:${server.port}/`,
      tls: { caFile },
    })
    expect(result).toMatchObject({
      status: 'up',
      observed: { httpVersion: '1.1', certificate: { sans: ['localhost', '127.0.0.1'] } },
    })
    expect(Object.keys(result.phases).sort()).toEqual(['connect', 'processing', 'resolve', 'tls', 'transfer'])
  })

  test('an expired certificate is seen though no byte was sent', async () => {
    const { chain, key } = await createLeaf(ca, { validFrom: daysFromNow(-9), validTo: daysFromNow(-1) })
    let requests = 0
    const server = await startHttpsServer({ cert: chain, key }, (_request, response) => {
      requests++
      response.end()
    })
    servers.push(server)
    const result = await observe({ kind: 'http', url: `https://127.0.0.1:${server.port}/`, tls: { caFile } })
    expect(result).toMatchObject({
      status: 'down',
      failure: { code: 'TLS_EXPIRED' },
      observed: { certificate: { daysRemaining: expect.any(Number) } },
    })
    expect(requests).toBe(0)
  })

  test('connectTo keeps the name for SNI and the certificate', async () => {
    const { chain, key } = await createLeaf(ca, { dns: ['shop.test'], ips: [] })
    const server = await startHttpsServer({ cert: chain, key })
    servers.push(server)
    const result = await observe({
      kind: 'http',
      url: 'https://shop.test/',
      connectTo: `127.0.0.1:${server.port}`,
      tls: { caFile },
    })
    expect(result.status).toBe('up')
  })

  test('http to https on another host verifies the new name', async () => {
    const { chain, key } = await createLeaf(ca, { dns: ['other.test'], ips: [] })
    const server = await startHttpsServer({ cert: chain, key })
    const plain = await startRawServer((socket) =>
      socket.end(`HTTP/1.1 301 Moved\r\nlocation: https://localhost:${server.port}/\r\ncontent-length: 0\r\n\r\n`),
    )
    servers.push(server, plain)
    expect(await observe({ kind: 'http', url: plain.url, tls: { caFile } })).toMatchObject({
      status: 'down',
      failure: { code: 'TLS_HOSTNAME' },
    })
  })

  test('HTTP/2 where both speak it, and never where httpVersion is 1.1', async () => {
    const { chain, key } = await createLeaf(ca)
    const server = http2.createSecureServer({ cert: chain, key, allowHTTP1: true }, (_request, response) =>
      response.end('hello'),
    )
    const close = closer(server)
    const url = `https://127.0.0.1:${await listenOnLoopback(server, 0)}/`
    servers.push({ close })
    const both = await observe<HttpObserved>({ kind: 'http', url, tls: { caFile } })
    expect(both).toMatchObject({ status: 'up', observed: { httpVersion: '2', bodyBytes: 5, statusCode: 200 } })
    const old = await observe<HttpObserved>({ kind: 'http', url, httpVersion: '1.1', tls: { caFile } })
    expect(old).toMatchObject({ status: 'up', observed: { httpVersion: '1.1' } })
  })

  test('a time-out over HTTP/2 counts its phases once', async () => {
    const { chain, key } = await createLeaf(ca)
    const server = http2.createSecureServer({ cert: chain, key }, (request, response) => {
      if (request.url === '/body') response.write('begun')
    })
    const close = closer(server)
    const url = `https://127.0.0.1:${await listenOnLoopback(server, 0)}`
    servers.push({ close })
    const silent = await observe({ kind: 'http', url, tls: { caFile }, timeout: '2s' })
    expect(silent).toMatchObject({ failure: { code: 'HTTP_TIMEOUT', stage: 'processing' } })
    expect(silent.phases.processing).toBeLessThanOrEqual(silent.durationMs)
    const body = await observe({ kind: 'http', url: `${url}/body`, tls: { caFile }, timeout: '2s' })
    expect(body).toMatchObject({ failure: { code: 'HTTP_TIMEOUT', stage: 'transfer' }, observed: { bodyBytes: 5 } })
    expect(body.phases.transfer).toBeLessThanOrEqual(body.durationMs)
  })

  test('HTTP/2 asked of a server without it is down, and says so', async () => {
    const { chain, key } = await createLeaf(ca)
    const server = await startHttpsServer({ cert: chain, key })
    servers.push(server)
    const result = await observe({
      kind: 'http',
      url: `https://127.0.0.1:${server.port}/`,
      httpVersion: '2',
      tls: { caFile },
    })
    expect(result).toMatchObject({ status: 'down', failure: { code: 'TLS_HANDSHAKE' } })
    expect(result.failure?.message).toContain('HTTP/2')
  })
})
