import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { TlsObserved } from '../../lib/model/result.ts'
import {
  createCa,
  createIntermediate,
  createLeaf,
  crossSign,
  daysFromNow,
  pemFile,
  type TestAuthority,
  type TestCertificate,
  testCa,
} from '../support/certificates.ts'
import { startRawServer } from '../support/http-server.ts'
import { observe } from '../support/observe.ts'
import { startTlsServer } from '../support/tls-server.ts'

let ca: TestAuthority
beforeAll(async () => {
  ca = await testCa()
})

const servers: { close(): Promise<void> }[] = []
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()))
})

/** What a probe makes of a server that shows this chain. */
async function shown({ chain, key }: TestCertificate, tls: Record<string, string> = {}) {
  const server = await startTlsServer({ cert: chain, key })
  servers.push(server)
  return observe<TlsObserved>({
    kind: 'tls',
    host: '127.0.0.1',
    port: server.port,
    tls: { caFile: pemFile(ca.cert), ...tls },
  })
}

describe('what is in caFile is trusted, root or not', () => {
  test('an intermediate that is pinned', async () => {
    const intermediate = await createIntermediate(ca)
    const leaf = await createLeaf(intermediate)
    expect((await shown(leaf, { caFile: pemFile(intermediate.cert) })).status).toBe('up')
  })

  test("a server's own certificate that is pinned, and no other of the same issuer", async () => {
    const [pinned, other] = [await createLeaf(ca), await createLeaf(ca)]
    expect((await shown(pinned, { caFile: pemFile(pinned.cert) })).status).toBe('up')
    expect(await shown(other, { caFile: pemFile(pinned.cert) })).toMatchObject({
      status: 'down',
      failure: { code: 'TLS_INCOMPLETE_CHAIN' },
    })
  })

  test('a file without a certificate is our fault, not that of the server', async () => {
    const caFile = pemFile('not a certificate\n')
    const result = await shown(await createLeaf(ca), { caFile })
    expect(result).toMatchObject({ status: 'unknown', failure: { code: 'INTERNAL', stage: 'tls' } })
    expect(result.failure?.message).toContain(`cannot use ${caFile}: expected certificates as PEM`)
  })
})

test('a client certificate and a key of another kind are our fault', async () => {
  const [{ cert }, { key }] = [await createLeaf(ca), await createLeaf(ca, { key: 'RSA-2048' })]
  const client = { certFile: pemFile(cert), keyFile: pemFile(key) }
  expect(await shown(await createLeaf(ca), client)).toMatchObject({
    status: 'unknown',
    failure: { code: 'INTERNAL', message: expect.stringContaining('the key is not that of the certificate') },
  })
})

test('a wildcard stands for a whole label', async () => {
  const serverName = 'foo.shop.test'
  expect((await shown(await createLeaf(ca, { dns: ['*.shop.test'] }), { serverName })).status).toBe('up')
  expect(await shown(await createLeaf(ca, { dns: ['f*.shop.test'] }), { serverName })).toMatchObject({
    failure: { code: 'TLS_HOSTNAME', message: expect.stringContaining('not for foo.shop.test but for f*.shop.test') },
  })
})

test('an address among the DNS names is no address', async () => {
  expect(await shown(await createLeaf(ca, { dns: ['127.0.0.1'], ips: [] }))).toMatchObject({
    failure: { code: 'TLS_HOSTNAME', message: expect.stringContaining('it has it as a DNS name') },
  })
})

test('an issuer that has expired is named, with its date', async () => {
  const validTo = daysFromNow(-2)
  const intermediate = await createIntermediate(ca, {
    subject: 'CN=Old Intermediate',
    validFrom: daysFromNow(-9),
    validTo,
  })
  const result = await shown(await createLeaf(intermediate))
  expect(result).toMatchObject({ failure: { code: 'TLS_EXPIRED' } })
  expect(result.failure?.message).toContain(`CN=Old Intermediate on ${validTo.toISOString().slice(0, 10)}`)
})

test('a chain with a gap above its first intermediate says that there may be one', async () => {
  const upper = await createIntermediate(ca, { subject: 'CN=Upper' })
  const lower = await createIntermediate(upper, { subject: 'CN=Lower' })
  const leaf = await createLeaf(lower)
  expect(await shown({ ...leaf, chain: leaf.cert + lower.cert })).toMatchObject({
    failure: {
      code: 'TLS_UNTRUSTED',
      message: expect.stringMatching(/\(CN=Upper\), or at an intermediate that the server leaves out/),
    },
    observed: { certificate: { chain: [{ subject: 'CN=Lower' }] } },
  })
  expect((await shown({ ...leaf, chain: leaf.cert + lower.cert + upper.cert })).status).toBe('up')
})

test('a certificate made for clients is not accepted, and why is said', async () => {
  expect(await shown(await createLeaf(ca, { usage: ['client'] }))).toMatchObject({
    failure: { code: 'TLS_UNTRUSTED', message: expect.stringContaining('key usage') },
  })
})

test('a server that knows no such name says so by its alert', async () => {
  const unrecognizedName = Buffer.from([21, 3, 3, 0, 2, 2, 112])
  const server = await startRawServer((socket) => socket.end(unrecognizedName))
  servers.push(server)
  expect(await observe({ kind: 'tls', host: 'localhost', port: server.port, ipVersion: '4' })).toMatchObject({
    failure: { code: 'TLS_HANDSHAKE', message: expect.stringContaining('see tls.serverName') },
  })
})

test.each([
  ['with SHA-1', { hash: 'SHA-1' as const }],
  ['long ago', { validTo: daysFromNow(-1) }],
])(
  'a trusted root that is sent along as signed by an older one %s is no weakness of the chain',
  async (_how, options) => {
    const intermediate = await createIntermediate(ca)
    const leaf = await createLeaf(intermediate)
    const old = await createCa({ subject: 'CN=Old Root' })
    const crossed = await crossSign(ca, old, options)
    expect(await shown({ ...leaf, chain: leaf.cert + intermediate.cert + crossed.cert })).toMatchObject({
      status: 'up',
    })
  },
)

test.each(['TLSv1', 'TLSv1.2'])(
  'the key of a trusted root that the server leaves out counts too, also from %s on',
  async (minVersion) => {
    const root = await createCa({ key: 'RSA-1024' })
    const tls = { caFile: pemFile(root.cert), minVersion }
    const weak = { failure: { code: 'TLS_WEAK', message: expect.stringContaining('has 1024 bits; 2048 are needed') } }
    expect(await shown(await createLeaf(root), tls)).toMatchObject(weak)
    expect(await shown(await createLeaf(await createIntermediate(root)), tls)).toMatchObject(weak)
  },
)

test('a wildcard stands for a label with an underscore too, and for one label alone', async () => {
  const server = await startTlsServer(await leafFor(['*.shop.test', '0.test']))
  servers.push(server)
  const at = (host: string) =>
    observe({
      kind: 'tls',
      host,
      port: server.port,
      connectTo: `127.0.0.1:${server.port}`,
      tls: { caFile: pemFile(ca.cert) },
    })
  expect((await at('my_app.shop.test')).status).toBe('up')
  expect(await at('my_app.eu.shop.test')).toMatchObject({ failure: { code: 'TLS_HOSTNAME' } })
  expect(await at('my_app.test')).toMatchObject({ failure: { code: 'TLS_HOSTNAME' } })
})

async function leafFor(dns: string[]) {
  const { chain, key } = await createLeaf(ca, { dns })
  return { cert: chain, key }
}

test.each([
  [43, 'wants a client certificate it accepts'],
  [44, 'wants a client certificate it accepts'],
  [10, 'alert unexpected message'],
])('alert %i of a server is told as "%s"', async (number, said) => {
  const server = await startRawServer((socket) => socket.end(Buffer.from([21, 3, 3, 0, 2, 2, number])))
  servers.push(server)
  expect(await observe({ kind: 'tls', host: '127.0.0.1', port: server.port })).toMatchObject({
    failure: { code: 'TLS_HANDSHAKE', message: expect.stringContaining(said) },
  })
})
