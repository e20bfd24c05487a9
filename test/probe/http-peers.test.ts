import type http from 'node:http'
import type { Socket } from 'node:net'
import zlib from 'node:zlib'
import { afterEach, describe, expect, test, vi } from 'vitest'
import type { HttpObserved } from '../../lib/model/result.ts'
import { headEnd, tidiedHead } from '../../lib/probe/reply-head.ts'
import { createLeaf, pemFile, testCa } from '../support/certificates.ts'
import { arrival } from '../support/dns-server.ts'
import { startHttpServer, startRawServer } from '../support/http-server.ts'
import { observe, type TestMonitor } from '../support/observe.ts'
import { startTlsServer } from '../support/tls-server.ts'

const servers: { close(): Promise<void> }[] = []
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()))
})

/** What a probe makes of a server that answers a request with these bytes, or as it likes. */
async function replied(reply: string | Buffer | ((socket: Socket) => void), more: Partial<TestMonitor> = {}) {
  const server = await startRawServer((socket) => (typeof reply === 'function' ? reply(socket) : socket.end(reply)))
  servers.push(server)
  return observe<HttpObserved>({ kind: 'http', url: server.url, ...more })
}

/** Sends a reply, lets the probe in this same process read it, and resets the connection. */
const resetAfter = (reply: string) => (socket: Socket) =>
  socket.write(reply, () => setImmediate(() => setImmediate(() => socket.resetAndDestroy())))

describe('a head that every client reads is read', () => {
  test.each([
    ['lines that end in LF alone', 'HTTP/1.1 200 OK\nx-a: 1\ncontent-length: 2\n\nok'],
    ['blanks behind a length', 'HTTP/1.1 200 OK\r\nx-a: 1 \t\r\ncontent-length: 2 \r\n\r\nok'],
    ['the same length twice', 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\nx-a: 1\r\nContent-Length: 2\r\n\r\nok'],
    ['the same length twice in one line', 'HTTP/1.1 200 OK\r\ncontent-length: 2, 2\r\nx-a: 1\r\n\r\nok'],
    ['a line that goes on in one that is blank', 'HTTP/1.1 200 OK\r\nx-a: 1\r\n \r\ncontent-length: 2\r\n\r\nok'],
  ])('%s', async (_what, reply) => {
    expect(await replied(reply)).toMatchObject({ status: 'up', observed: { bodyBytes: 2, headers: { 'x-a': '1' } } })
  })

  test('one that comes in pieces, a line going on in the next of them', async () => {
    const result = await replied((socket) => {
      socket.write('HTTP/1.1 200 OK\r\nx-a: one\r\n', () =>
        setImmediate(() => socket.end(' two\r\ncontent-length: 2\r\n\r\nok')),
      )
    })
    expect(result).toMatchObject({ status: 'up', observed: { bodyBytes: 2, headers: { 'x-a': 'one two' } } })
  })

  test('bytes behind it stay as they are, and so do those of a value', () => {
    const body = Buffer.from([0x20, 0x0d, 0x0a, 0xff, 0x0a, 0x0a, 0x00])
    const head = Buffer.from('HTTP/1.1 200 OK\nx: caf\u00c3\u00a0\n\n', 'latin1')
    const tidied = tidiedHead(Buffer.concat([head, body]))
    expect(tidied.toString('latin1', 0, headEnd(tidied))).toBe('HTTP/1.1 200 OK\r\nx: caf\u00c3\u00a0\r\n\r\n')
    expect(tidied.subarray(headEnd(tidied))).toEqual(body)
  })

  test('lengths that differ are MALFORMED', async () => {
    const result = await replied('HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\nok')
    expect(result).toMatchObject({ status: 'down', failure: { code: 'HTTP_MALFORMED', stage: 'processing' } })
  })
})

describe('what is no HTTP', () => {
  test('is quoted: its first line alone', async () => {
    const { failure } = await replied('SSH-2.0-OpenSSH_9.2\r\nset-cookie: sesame\r\n')
    expect(failure).toMatchObject({ code: 'HTTP_MALFORMED', stage: 'processing' })
    expect(failure?.message).toContain(', got "SSH-2.0-OpenSSH_9.2"')
  })

  test('but TLS is called so', async () => {
    const { failure } = await replied(Buffer.from([21, 3, 1, 0, 2, 2, 80]))
    expect(failure).toMatchObject({
      code: 'HTTP_MALFORMED',
      message: expect.stringContaining('speaks TLS on this port'),
    })
  })
})

describe('a reset is no end', () => {
  test.each([
    ['of a body without a length', 'HTTP/1.1 200 OK\r\n\r\nhalf'],
    [
      'of a chunked body that the connection would end',
      'HTTP/1.0 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nhalf\r\n',
    ],
  ])('%s', async (_what, reply) => {
    expect(await replied(resetAfter(reply))).toMatchObject({
      status: 'down',
      failure: {
        code: 'HTTP_RESET',
        stage: 'transfer',
        message: expect.stringContaining('after status 200 and 4 bytes'),
      },
      observed: { statusCode: 200, bodyBytes: 4 },
    })
  })
})

test('a body in chunks of one byte is put together', async () => {
  const text = Array.from({ length: 3000 }, (_, at) => String.fromCharCode(97 + (at % 26))).join('')
  const chunks = Array.from(text, (char) => `1\r\n${char}\r\n`).join('')
  const result = await replied(`HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n${chunks}0\r\n\r\n`, {
    expect: [{ source: 'body', op: 'eq', value: text }],
  })
  expect(result).toMatchObject({ status: 'up', observed: { bodyBytes: 3000 } })
})

test('a body of thousands of zstd frames is down, and not at the expense of the probe', async () => {
  const frames = Buffer.concat(Array<Buffer>(50_000).fill(zlib.zstdCompressSync('')))
  const head = `HTTP/1.1 200 OK\r\ncontent-encoding: zstd\r\ncontent-length: ${frames.length}\r\n\r\n`
  expect(await replied(Buffer.concat([Buffer.from(head), frames]))).toMatchObject({
    status: 'down',
    failure: { code: 'HTTP_DECODE', message: expect.stringContaining('more than 1000 zstd frames') },
    observed: { statusCode: 200, bodyBytes: frames.length },
  })
})

test('a body that follows a redirect to another origin says there too what it is, and nothing of ours goes along', async () => {
  const asked: http.IncomingHttpHeaders[] = []
  const there = await startHttpServer((request, response) => {
    asked.push(request.headers)
    response.end()
  })
  const here = await startHttpServer((_request, response) => response.writeHead(307, { location: there.url }).end())
  servers.push(there, here)
  const headers = { 'Content-Type': 'application/json', accept: 'application/json', 'x-key': 'k', cookie: 'c=1' }
  expect(await observe({ kind: 'http', url: here.url, method: 'POST', body: '{}', headers })).toMatchObject({
    status: 'up',
  })
  expect(asked).toEqual([expect.objectContaining({ 'content-type': 'application/json', accept: 'application/json' })])
  expect(asked[0]).not.toHaveProperty('x-key')
  expect(asked[0]).not.toHaveProperty('cookie')
})

const frame = (type: number, flags: number, stream: number, body: number[] = []) =>
  Buffer.from([0, 0, body.length, type, flags, 0, 0, 0, stream, ...body])
const settings = frame(4, 0, 0)
const status200 = frame(1, 4, 1, [0x88])

async function answered(...frames: Buffer[]) {
  const ca = await testCa()
  const { chain, key } = await createLeaf(ca)
  const server = await startTlsServer({ cert: chain, key, ALPNProtocols: ['h2'] }, (socket) =>
    socket.once('data', () => socket.write(Buffer.concat([settings, ...frames]))),
  )
  servers.push(server)
  const url = `https://127.0.0.1:${server.port}/`
  return observe<HttpObserved>({ kind: 'http', url, tls: { caFile: pemFile(ca.cert) } })
}

describe('an HTTP/2 server that', () => {
  test('goes away from the request (GOAWAY) has reset it', async () => {
    expect(await answered(frame(7, 0, 0, [0, 0, 0, 0, 0, 0, 0, 0]))).toMatchObject({
      status: 'down',
      failure: {
        code: 'HTTP_RESET',
        stage: 'processing',
        message: expect.stringContaining('left the request unanswered'),
      },
    })
  })

  test('goes away in the middle of the body has reset it', async () => {
    const body = frame(0, 0, 1, [1, 2, 3, 4])
    expect(await answered(status200, body, frame(7, 0, 0, [0, 0, 0, 0, 0, 0, 0, 0]))).toMatchObject({
      status: 'down',
      failure: { code: 'HTTP_RESET', stage: 'transfer' },
      observed: { statusCode: 200, bodyBytes: 4 },
    })
  })

  test('resets the stream is quoted with its reason', async () => {
    expect(await answered(frame(3, 0, 1, [0, 0, 0, 13]))).toMatchObject({
      failure: {
        code: 'HTTP_RESET',
        message: expect.stringMatching(/it wants HTTP\/1\.1, see httpVersion.*HTTP_1_1_REQUIRED/),
      },
    })
  })
})

test('a stream that is cancelled in the middle of the body has been reset, and one that ended first has not', async () => {
  const cancel = frame(3, 0, 1, [0, 0, 0, 8])
  expect(await answered(status200, frame(0, 0, 1, [1, 2, 3, 4]), cancel)).toMatchObject({
    status: 'down',
    failure: {
      code: 'HTTP_RESET',
      stage: 'transfer',
      message: expect.stringContaining('4 bytes of the body (CANCEL)'),
    },
    observed: { statusCode: 200, bodyBytes: 4 },
  })
  expect(await answered(status200, frame(0, 1, 1, [1, 2, 3, 4]), cancel)).toMatchObject({ status: 'up' })
  expect(await answered(cancel)).toMatchObject({ failure: { code: 'HTTP_RESET', stage: 'processing' } })
})

describe('a head without an end is cut off', () => {
  test.each([
    ['a reason phrase', 'HTTP/1.1 200 ', 'a'.repeat(10_000)],
    ['interim replies', '', 'HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n'.repeat(200)],
    ['a header', 'HTTP/1.1 200 OK\r\nx-a: ', 'a'.repeat(10_000)],
  ])('%s', async (_what, start, more) => {
    const result = await replied((socket) => {
      const flood = () => {
        while (!socket.destroyed && socket.write(more));
        socket.once('drain', flood)
      }
      socket.write(start)
      flood()
    })
    expect(result).toMatchObject({ status: 'down', failure: { code: 'HTTP_TOO_LARGE', stage: 'processing' } })
  })

  test('and at the deadline it is told how much came', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    try {
      const started = 'HTTP/1.1 200 OK\r\nx-a: '
      const result = replied((socket) => {
        socket.write(started, async () => {
          await arrival()
          await vi.advanceTimersByTimeAsync(10_000)
        })
      })
      expect((await result).failure).toMatchObject({
        code: 'HTTP_TIMEOUT',
        stage: 'processing',
        message: expect.stringContaining(`did not end in time: ${started.length} bytes came`),
      })
    } finally {
      vi.useRealTimers()
    }
  })
})

test.each(['__proto__', 'constructor'])('the content coding %s is one that is not known', async (coding) => {
  expect(await replied(`HTTP/1.1 200 OK\r\ncontent-encoding: ${coding}\r\ncontent-length: 2\r\n\r\nok`)).toMatchObject({
    status: 'up',
    observed: { bodyBytes: 2, decodedBytes: 2 },
  })
})

test('a failure behind a redirect says where that led', async () => {
  const result = await replied(
    'HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/x?key=k\r\ncontent-length: 0\r\n\r\n',
  )
  expect(result).toMatchObject({
    failure: {
      code: 'CONNECT_REFUSED',
      message: expect.stringMatching(/ \(redirected to http:\/\/127\.0\.0\.1:1\/x\)$/),
    },
    observed: { redirects: 1 },
  })
})

test('a proxy that cannot be reached is told as the proxy', async () => {
  const proxy = 'http://ann:proxy-secret@127.0.0.1:1'
  const { failure } = await observe({ kind: 'http', url: 'http://shop.test/', proxy })
  expect(failure).toMatchObject({
    code: 'CONNECT_REFUSED',
    message: 'the proxy 127.0.0.1:1 cannot be reached: 127.0.0.1:1 refused the connection',
  })
})

test('trailers over the limit are a fault of the transfer, status and bytes kept', async () => {
  const chunked = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n'
  expect(await replied(`${chunked}x-a: ${'a'.repeat(70_000)}\r\n\r\n`)).toMatchObject({
    failure: { code: 'HTTP_TOO_LARGE', stage: 'transfer' },
    observed: { statusCode: 200, bodyBytes: 2 },
  })
})
