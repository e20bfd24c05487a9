import zlib from 'node:zlib'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createLeaf, pemFile, testCa } from '../support/certificates.ts'
import { type LoopbackServer, startRawServer } from '../support/http-server.ts'
import { observe } from '../support/observe.ts'
import { startTlsServer } from '../support/tls-server.ts'

let reply: Buffer = Buffer.alloc(0)
let server: LoopbackServer
beforeAll(async () => {
  server = await startRawServer((socket) => socket.end(reply))
})
afterAll(() => server.close())

const valid = [
  'HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello',
  'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n',
  'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.0 404 Not Found\r\n\r\nnot there',
  'HTTP/1.1 302 Found\r\nlocation: /next\r\ncontent-length: 0\r\n\r\n',
  'HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n',
].map((text) => Buffer.from(text))
const gzipped = zlib.gzipSync('hello hello hello')
valid.push(
  Buffer.concat([
    Buffer.from(`HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: ${gzipped.length}\r\n\r\n`),
    gzipped,
  ]),
)

/** A valid reply with some bytes changed, cut out, repeated or put in. */
const mutated = fc
  .tuple(
    fc.constantFrom(...valid),
    fc.array(fc.tuple(fc.nat(200), fc.nat(20), fc.uint8Array({ maxLength: 20 })), { minLength: 1, maxLength: 4 }),
  )
  .map(([bytes, edits]) =>
    edits.reduce((rest, [at, remove, insert]) => {
      const start = at % (rest.length + 1)
      return Buffer.concat([rest.subarray(0, start), insert, rest.subarray(start + remove)])
    }, bytes),
  )

const arbitrary = fc.oneof(
  { weight: 5, arbitrary: mutated },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)) },
)

test('any bytes from any server give a result with a code of the target, never of ours', async () => {
  await fc.assert(
    fc.asyncProperty(arbitrary, async (bytes) => {
      reply = bytes
      const result = await observe({ kind: 'http', url: server.url, redirects: 2 })
      if (result.status === 'up') expect(result.failure).toBeUndefined()
      else expect(result.failure?.code).toMatch(/^(HTTP_|ASSERTION$)/)
    }),
    { numRuns: 8000 },
  )
}, 300_000)

test('any bytes instead of a TLS handshake give a result of the TLS family', async () => {
  const record = fc.tuple(fc.constantFrom(20, 21, 22, 23), fc.uint8Array({ maxLength: 100 }))
  const handshake = record.map(([type, body]) =>
    Buffer.from([type, 3, 3, body.length >> 8, body.length & 255, ...body]),
  )
  await fc.assert(
    fc.asyncProperty(fc.oneof(handshake, arbitrary), async (bytes) => {
      reply = bytes
      const result = await observe({ kind: 'tls', host: '127.0.0.1', port: server.port })
      expect(result).toMatchObject({ status: 'down', failure: { code: expect.stringMatching(/^TLS_/) } })
    }),
    { numRuns: 1000 },
  )
}, 300_000)

test('any bytes as HTTP/2 frames give a result of the HTTP family', async () => {
  const ca = await testCa()
  const { chain, key } = await createLeaf(ca)
  const tls = { caFile: pemFile(ca.cert) }
  const peer = await startTlsServer({ cert: chain, key, ALPNProtocols: ['h2'] }, (socket) =>
    socket.once('data', () => socket.end(reply)),
  )
  const settings = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0])
  const frame = fc
    .tuple(fc.nat(10), fc.nat(255), fc.constantFrom(0, 1, 3), fc.uint8Array({ maxLength: 60 }))
    .map(([type, flags, stream, body]) => Buffer.from([0, 0, body.length, type, flags, 0, 0, 0, stream, ...body]))
  const frames = fc.array(frame, { maxLength: 4 }).map((list) => Buffer.concat([settings, ...list]))
  try {
    await fc.assert(
      fc.asyncProperty(fc.oneof(frames, arbitrary), async (bytes) => {
        reply = bytes
        const result = await observe({ kind: 'http', url: `https://127.0.0.1:${peer.port}/`, tls, timeout: '5s' })
        expect(result).toMatchObject({
          status: 'down',
          failure: { code: expect.stringMatching(/^(HTTP_|ASSERTION$)/) },
        })
      }),
      { numRuns: 500 },
    )
  } finally {
    await peer.close()
  }
}, 300_000)
