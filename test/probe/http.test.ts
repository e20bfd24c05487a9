import type http from 'node:http'
import zlib from 'node:zlib'
import { afterEach, describe, expect, test } from 'vitest'
import type { HttpObserved } from '../../lib/model/result.ts'
import { createLeaf, pemFile, testCa } from '../support/certificates.ts'
import { type LoopbackServer, startHttpServer, startRawServer } from '../support/http-server.ts'
import { observe, type TestMonitor } from '../support/observe.ts'
import { freePort } from '../support/ports.ts'
import { startHttpsServer } from '../support/tls-server.ts'

const servers: LoopbackServer[] = []
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()))
})

async function serve(handler: http.RequestListener, host?: string, port?: number): Promise<LoopbackServer> {
  const server = await startHttpServer(handler, host, port)
  servers.push(server)
  return server
}

async function serveBytes(reply: string | Buffer, after: 'end' | 'hang' | 'reset' = 'end'): Promise<LoopbackServer> {
  const server = await startRawServer((socket) => {
    socket.write(reply)
    if (after === 'end') socket.end()
    if (after === 'reset') setImmediate(() => socket.resetAndDestroy())
  })
  servers.push(server)
  return server
}

const get = (url: string, more: Partial<TestMonitor> = {}) => observe<HttpObserved>({ kind: 'http', url, ...more })

describe('status', () => {
  const answering = (code: number) => serve((_request, response) => response.writeHead(code).end())

  test.each([200, 201, 299])('%i is up by default', async (code) => {
    const { url } = await answering(code)
    expect(await get(url)).toMatchObject({ status: 'up', observed: { statusCode: code } })
  })

  test.each([300, 404, 500])('%i is down by default, as an assertion that says what came', async (code) => {
    const { url } = await answering(code)
    const result = await get(url)
    expect(result).toMatchObject({ status: 'down', observed: { statusCode: code }, failure: { code: 'ASSERTION' } })
    expect(result.failure?.message).toContain(String(code))
  })

  test('a list makes 404 up and 201 down', async () => {
    const expected = { expect: [{ source: 'status', op: 'in', value: [200, 404] }] }
    expect((await get((await answering(404)).url, expected)).status).toBe('up')
    expect((await get((await answering(201)).url, expected)).status).toBe('down')
  })

  test('204 without a body is up', async () => {
    const { url } = await answering(204)
    expect(await get(url)).toMatchObject({ status: 'up', observed: { bodyBytes: 0, decodedBytes: 0 } })
  })

  test('HEAD is up, and its announced length is no promise', async () => {
    const { url } = await serve((_request, response) => response.writeHead(200, { 'content-length': '1000' }).end())
    expect(await get(url, { method: 'HEAD' })).toMatchObject({ status: 'up', observed: { bodyBytes: 0 } })
  })
})

describe('redirects', () => {
  test('are followed, their phases summed', async () => {
    const { url } = await serve((request, response) => {
      if (request.url === '/end') response.end('there')
      else setTimeout(() => response.writeHead(302, { location: '/end' }).end(), 40)
    })
    const result = await get(url)
    expect(result).toMatchObject({ status: 'up', observed: { statusCode: 200, redirects: 1, finalUrl: `${url}/end` } })
    expect(result.phases.processing).toBeGreaterThan(35)
  })

  test('with 0 the 302 itself is the result', async () => {
    const { url } = await serve((_request, response) => response.writeHead(302, { location: '/' }).end())
    const expected = [{ source: 'status', op: 'eq', value: 302 }]
    expect(await get(url, { redirects: 0, expect: expected })).toMatchObject({
      status: 'up',
      observed: { statusCode: 302, redirects: 0 },
    })
  })

  test('a loop is down after 10', async () => {
    let requests = 0
    const { url } = await serve((_request, response) => {
      requests++
      response.writeHead(302, { location: '/' }).end()
    })
    expect(await get(url)).toMatchObject({
      status: 'down',
      failure: { code: 'HTTP_REDIRECT_LOOP' },
      observed: { statusCode: 302 },
    })
    expect(requests).toBe(11)
  })

  test('302 without a location is down', async () => {
    const { url } = await serve((_request, response) => response.writeHead(302).end())
    expect(await get(url)).toMatchObject({
      status: 'down',
      failure: { code: 'HTTP_REDIRECT_INVALID' },
      observed: { statusCode: 302 },
    })
  })

  test.each(['ftp://example.com/', 'http://[', 'javascript:alert(1)'])('to %s is down', async (location) => {
    const { url } = await serve((_request, response) => response.writeHead(301, { location }).end())
    expect(await get(url)).toMatchObject({ status: 'down', failure: { code: 'HTTP_REDIRECT_INVALID' } })
  })

  test('a POST becomes a GET after 303 and stays a POST with its body after 307', async () => {
    const seen: string[] = []
    const { url } = await serve((request, response) => {
      let body = ''
      request.on('data', (chunk) => {
        body += chunk
      })
      request.on('end', () => {
        seen.push(`${request.method} ${request.url} ${body}`)
        if (request.url === '/303') response.writeHead(303, { location: '/end' }).end()
        else if (request.url === '/307') response.writeHead(307, { location: '/end' }).end()
        else response.end()
      })
    })
    await get(`${url}/303`, { method: 'POST', body: 'x=1' })
    await get(`${url}/307`, { method: 'POST', body: 'x=1' })
    expect(seen).toEqual(['POST /303 x=1', 'GET /end ', 'POST /307 x=1', 'POST /end x=1'])
  })

  test('credentials and own headers do not follow to another origin', async () => {
    let got: http.IncomingHttpHeaders = {}
    const other = await serve((request, response) => {
      got = request.headers
      response.end()
    })
    const { url } = await serve((_request, response) => response.writeHead(302, { location: other.url }).end())
    const result = await get(url, {
      auth: { bearer: 'sesame-sesame' },
      headers: { 'X-Api-Key': 'open-open', cookie: 'a=b' },
    })
    expect(result.status).toBe('up')
    expect(got).not.toHaveProperty('authorization')
    expect(got).not.toHaveProperty('x-api-key')
    expect(got).not.toHaveProperty('cookie')
  })

  test('credentials follow to https on the same host', async () => {
    const ca = await testCa()
    const { chain, key } = await createLeaf(ca)
    let authorization: string | undefined
    const secure = await startHttpsServer({ cert: chain, key }, (request, response) => {
      authorization = request.headers.authorization
      response.end()
    })
    const { url } = await serve((_request, response) =>
      response.writeHead(301, { location: `https://127.0.0.1:${secure.port}/` }).end(),
    )
    const result = await get(url, { auth: { bearer: 'sesame-sesame' }, tls: { caFile: pemFile(ca.cert) } })
    await secure.close()
    expect(result.status).toBe('up')
    expect(authorization).toBe('Bearer sesame-sesame')
  })

  test('a pinned address stays pinned within its host, and is dropped beyond', async () => {
    const { port, url } = await serve((request, response) => {
      if (request.url === '/again') response.end('pinned')
      else response.writeHead(302, { location: request.url === '/away' ? `${url}/again` : '/again' }).end()
    })
    const connectTo = `127.0.0.1:${port}`
    expect(await get('http://shop.test/', { connectTo })).toMatchObject({
      status: 'up',
      observed: { finalUrl: 'http://shop.test/again' },
    })
    expect(await get('http://shop.test/away', { connectTo })).toMatchObject({
      status: 'up',
      observed: { finalUrl: `${url}/again` },
    })
  })
})

describe('broken replies are down with what was seen', () => {
  test('a body shorter than content-length', async () => {
    const { url } = await serveBytes('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nonly this')
    expect(await get(url)).toMatchObject({
      status: 'down',
      failure: { code: 'HTTP_TRUNCATED', stage: 'transfer' },
      observed: { statusCode: 200, bodyBytes: 9, headers: { 'content-length': '100' } },
    })
  })

  test('a chunked body that ends early', async () => {
    const { url } = await serveBytes('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n')
    expect(await get(url)).toMatchObject({
      failure: { code: 'HTTP_TRUNCATED' },
      observed: { statusCode: 200, bodyBytes: 5 },
    })
  })

  test('headers that end early', async () => {
    const { url } = await serveBytes('HTTP/1.1 200 OK\r\nserver: x')
    expect(await get(url)).toMatchObject({ status: 'down', failure: { code: 'HTTP_TRUNCATED', stage: 'processing' } })
  })

  test.each(['2\r\ncontent-length: 3', '2, 3'])('two content-lengths that differ: %j', async (lengths) => {
    const { url } = await serveBytes(`HTTP/1.1 200 OK\r\ncontent-length: ${lengths}\r\n\r\nabc`)
    expect(await get(url)).toMatchObject({ status: 'down', failure: { code: 'HTTP_MALFORMED' } })
  })

  test.each([
    'SSH-2.0-OpenSSH_9.2\r\n',
    '220 mail ESMTP\r\n',
    '\0\0\0\0\0\0',
    'HTTP/1.1 9999 no\r\n\r\n',
    'HTTP/1.1 099 no\r\n\r\n',
    'HTTP/2.0 200 OK\r\n\r\n',
  ])('what is no HTTP: %j', async (bytes) => {
    const { url } = await serveBytes(bytes)
    expect(await get(url)).toMatchObject({ status: 'down', failure: { code: 'HTTP_MALFORMED' } })
  })

  test('a reset after the request', async () => {
    const server = await startRawServer((socket) => socket.resetAndDestroy())
    servers.push(server)
    expect(await get(server.url)).toMatchObject({
      status: 'down',
      failure: { code: 'HTTP_RESET', stage: 'processing' },
    })
  })

  test('a close without any answer', async () => {
    const { url } = await serveBytes('')
    expect(await get(url)).toMatchObject({ status: 'down', failure: { code: 'HTTP_RESET' } })
  })

  test('a reset inside the body keeps status and bytes', async () => {
    const server = await startRawServer((socket) => {
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhello', () =>
        setTimeout(() => socket.resetAndDestroy(), 50),
      )
    })
    servers.push(server)
    expect(await get(server.url)).toMatchObject({
      failure: { code: 'HTTP_RESET', stage: 'transfer' },
      observed: { statusCode: 200, bodyBytes: 5 },
    })
  })

  test('endless headers', async () => {
    const server = await startRawServer((socket) => {
      socket.write('HTTP/1.1 200 OK\r\n')
      const write = () => {
        while (socket.writable && socket.write(`x-${'a'.repeat(1000)}: ${'b'.repeat(1000)}\r\n`)) {}
        socket.once('drain', write)
      }
      write()
    })
    servers.push(server)
    expect(await get(server.url)).toMatchObject({ status: 'down', failure: { code: 'HTTP_TOO_LARGE' } })
  })

  test('an endless body stops at maxBodyBytes', async () => {
    const server = await startRawServer((socket) => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n')
      const write = () => {
        while (socket.writable && socket.write(Buffer.alloc(65_536))) {}
        socket.once('drain', write)
      }
      write()
    })
    servers.push(server)
    expect(await get(server.url, { maxBodyBytes: 100_000 })).toMatchObject({
      status: 'down',
      failure: { code: 'HTTP_TOO_LARGE' },
      observed: { statusCode: 200 },
    })
  })

  test('one byte over maxBodyBytes is down, the last allowed byte is up', async () => {
    const { url } = await serve((request, response) => response.end('x'.repeat(Number(request.url?.slice(1)))))
    expect((await get(`${url}/1000`, { maxBodyBytes: 1000 })).status).toBe('up')
    expect(await get(`${url}/1001`, { maxBodyBytes: 1000 })).toMatchObject({
      status: 'down',
      failure: { code: 'HTTP_TOO_LARGE' },
    })
  })
})

describe('time-outs', () => {
  test('a server that never answers is down at the timeout', async () => {
    const { url } = await serve(() => {})
    const result = await get(url, { timeout: '2s' })
    expect(result).toMatchObject({ status: 'down', failure: { code: 'HTTP_TIMEOUT', stage: 'processing' } })
    expect(result.durationMs).toBeGreaterThanOrEqual(1999)
  })

  test('a server that hangs in the body is down at the timeout, status and bytes kept', async () => {
    const { url } = await serveBytes('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhello', 'hang')
    expect(await get(url, { timeout: '2s' })).toMatchObject({
      status: 'down',
      failure: { code: 'HTTP_TIMEOUT', stage: 'transfer' },
      observed: { statusCode: 200, bodyBytes: 5 },
    })
  })

  test('a slow drip does not outlive the timeout', async () => {
    const server = await startRawServer((socket) => {
      const timer = setInterval(() => socket.write('x'), 20)
      socket.write('HTTP/1.1 200 OK\r\n\r\n')
      socket.on('close', () => clearInterval(timer))
    })
    servers.push(server)
    expect(await get(server.url, { timeout: '2s' })).toMatchObject({
      failure: { code: 'HTTP_TIMEOUT', stage: 'transfer' },
      observed: { statusCode: 200 },
    })
  })

  test('a refused connection is down at once', async () => {
    expect(await get(`http://127.0.0.1:${await freePort()}`)).toMatchObject({
      status: 'down',
      failure: { code: 'CONNECT_REFUSED', stage: 'connect' },
    })
  })
})

describe('content codings', () => {
  const text = 'vedette '.repeat(100)
  const codings: [string, Buffer][] = [
    ['gzip', zlib.gzipSync(text)],
    ['br', zlib.brotliCompressSync(text)],
    ['deflate', zlib.deflateSync(text)],
    ['zstd', zlib.zstdCompressSync(text)],
    ['gzip, br', zlib.brotliCompressSync(zlib.gzipSync(text))],
  ]
  const encoded = (coding: string, body: Buffer) =>
    serve((_request, response) => response.writeHead(200, { 'content-encoding': coding }).end(body))

  test.each(codings)('%s is undone, both lengths reported', async (coding, body) => {
    const { url } = await encoded(coding, body)
    const result = await get(url, { expect: [{ source: 'body', op: 'contains', value: 'vedette vedette' }] })
    expect(result).toMatchObject({ status: 'up', observed: { bodyBytes: body.length, decodedBytes: text.length } })
  })

  test('a bare deflate stream is undone too', async () => {
    const { url } = await encoded('deflate', zlib.deflateRawSync(text))
    expect(await get(url)).toMatchObject({ status: 'up', observed: { decodedBytes: text.length } })
  })

  test('zstd in several frames is undone whole', async () => {
    const { url } = await encoded(
      'zstd',
      Buffer.concat([zlib.zstdCompressSync('hello '), zlib.zstdCompressSync('world')]),
    )
    const result = await get(url, { expect: [{ source: 'body', op: 'eq', value: 'hello world' }] })
    expect(result).toMatchObject({ status: 'up', observed: { decodedBytes: 11 } })
  })

  test.each(['gzip', 'br'] as const)('bytes behind the end of a %s body are HTTP_DECODE', async (coding) => {
    const body = coding === 'gzip' ? zlib.gzipSync('ok') : zlib.brotliCompressSync('ok')
    const { url } = await encoded(coding, Buffer.concat([body, Buffer.from('garbage')]))
    expect(await get(url)).toMatchObject({ status: 'down', failure: { code: 'HTTP_DECODE' } })
  })

  test('an unknown coding passes through', async () => {
    const { url } = await encoded('martian', Buffer.from('as it is'))
    const result = await get(url, { expect: [{ source: 'body', op: 'eq', value: 'as it is' }] })
    expect(result).toMatchObject({ status: 'up', observed: { bodyBytes: 8, decodedBytes: 8 } })
  })

  test('a broken stream is down as HTTP_DECODE', async () => {
    const { url } = await encoded('gzip', Buffer.from('this is no gzip'))
    expect(await get(url)).toMatchObject({
      status: 'down',
      failure: { code: 'HTTP_DECODE' },
      observed: { statusCode: 200, bodyBytes: 15 },
    })
  })

  test('a compression bomb is down before it unfolds', async () => {
    const { url } = await encoded('gzip', zlib.gzipSync(Buffer.alloc(64 * 1024 * 1024)))
    const before = process.memoryUsage().arrayBuffers
    expect(await get(url)).toMatchObject({ status: 'down', failure: { code: 'HTTP_TOO_LARGE' } })
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(16 * 1024 * 1024)
  })
})

describe('requests', () => {
  test('carry the user agent and a traceparent', async () => {
    let headers: http.IncomingHttpHeaders = {}
    const { url } = await serve((request, response) => {
      headers = request.headers
      response.end()
    })
    await get(url)
    expect(headers['user-agent']).toBe('vedette/0.0.0')
    expect(headers.traceparent).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/)
  })

  test('basic and bearer auth are sent, and are never in a result that echoes them', async () => {
    const { url } = await serve((request, response) => {
      const sent = request.headers.authorization ?? ''
      response
        .writeHead(500, { 'x-echo': sent, 'x-echo-plain': sent.startsWith('Basic') ? atob(sent.slice(6)) : '' })
        .end(sent)
    })
    const assertion = [{ source: 'body', op: 'eq', value: 'nothing like it' }]
    const basic = await get(url, {
      auth: { basic: { username: 'ann', password: 'hunter2-hunter2' } },
      expect: assertion,
    })
    expect(basic.observed.headers?.['x-echo']).toBe('Basic [secret]')
    const bearer = await get(url, { auth: { bearer: 'sesame-open' }, expect: assertion })
    expect(bearer.observed.headers?.['x-echo']).toBe('Bearer [secret]')
    const everything = JSON.stringify([basic, bearer])
    for (const secret of ['hunter2-hunter2', 'sesame-open', Buffer.from('ann:hunter2-hunter2').toString('base64')])
      expect(everything).not.toContain(secret)
  })

  test('a session cookie is not shown, a short setting is', async () => {
    const { url } = await serve((_request, response) => {
      response.setHeader('set-cookie', ['session=0123456789abcdef; Path=/; Secure', 'lang=en'])
      response.end()
    })
    const result = await get(url, {
      expect: [{ source: 'header', name: 'set-cookie', op: 'contains', value: 'Secure' }],
    })
    expect(result).toMatchObject({
      status: 'up',
      observed: { headers: { 'set-cookie': ['session=[secret]; Path=/; Secure', 'lang=en'] } },
    })
  })

  test('a secret header comes from the environment and is not shown', async () => {
    process.env.VEDETTE_TEST_KEY = 'k-1234567890'
    const { url } = await serve((request, response) =>
      response.writeHead(200, { echo: request.headers['x-key'] }).end(),
    )
    const result = await get(url, { headers: { 'X-Key': { env: 'VEDETTE_TEST_KEY' } } })
    expect(result.observed.headers?.echo).toBe('[secret]')
  })

  test('a secret that cannot be read is no vote, and says which', async () => {
    const result = await get('http://127.0.0.1:1', { auth: { bearer: { env: 'VEDETTE_NO_SUCH' } } })
    expect(result).toMatchObject({ status: 'unknown', failure: { code: 'INTERNAL' } })
    expect(result.failure?.message).toContain('VEDETTE_NO_SUCH')
  })

  test('a POST sends its body', async () => {
    const { url } = await serve((request, response) => request.pipe(response))
    const result = await get(url, {
      method: 'post',
      body: '{"a":1}',
      expect: [{ source: 'json', path: '$.a', op: 'eq', value: 1 }],
    })
    expect(result.status).toBe('up')
  })

  test('an upper-case scheme is as good', async () => {
    const { port } = await serve((_request, response) => response.end())
    expect((await get(`HTTP://127.0.0.1:${port}/`)).status).toBe('up')
  })

  test('the HTTP version is observed, 1.0 too', async () => {
    const old = await serveBytes('HTTP/1.0 200 OK\r\n\r\nhi')
    expect(await get(old.url)).toMatchObject({ status: 'up', observed: { httpVersion: '1.0' } })
    const { url } = await serve((_request, response) => response.end())
    expect((await get(url)).observed.httpVersion).toBe('1.1')
  })

  test.each([
    ['in one piece', [59]],
    ['byte by byte', Array.from({ length: 59 }, () => 1)],
  ])('a 100 Continue nobody asked for is passed over, %s', async (_how, sizes) => {
    const reply = 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok'
    const server = await startRawServer(async (socket) => {
      socket.setNoDelay(true)
      let at = 0
      for (const size of sizes) {
        await new Promise((resolve) => socket.write(reply.slice(at, at + size), resolve))
        at += size
      }
      socket.write(reply.slice(at))
    })
    servers.push(server)
    expect(await get(server.url)).toMatchObject({
      status: 'up',
      observed: { statusCode: 200, bodyBytes: 2, httpVersion: '1.1' },
    })
  })

  test('interim replies of any kind and order are passed over', async () => {
    const { url } = await serveBytes(
      'HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok',
    )
    expect(await get(url)).toMatchObject({ status: 'up', observed: { statusCode: 200, bodyBytes: 2 } })
  })

  test('a header line that goes on in the next is one', async () => {
    const { url } = await serveBytes('HTTP/1.1 200 OK\r\nx-long: one\r\n  two\r\ncontent-length: 0\r\n\r\n')
    expect(await get(url)).toMatchObject({ status: 'up', observed: { headers: { 'x-long': 'one two' } } })
  })

  test('a body is read by its charset', async () => {
    const latin1 = Buffer.from('café', 'latin1')
    const { url } = await serve((_request, response) =>
      response.writeHead(200, { 'content-type': 'text/plain; charset=ISO-8859-1' }).end(latin1),
    )
    expect((await get(url, { expect: [{ source: 'body', op: 'eq', value: 'café' }] })).status).toBe('up')
  })

  test('assertions see headers whole that a result shows cut', async () => {
    const { url } = await serve((_request, response) => {
      for (let i = 0; i < 200; i++) response.setHeader(`x-h${i}`, `${i}`)
      response.setHeader('x-policy', `${'a'.repeat(5000)} frame-ancestors none`)
      response.end()
    })
    const expected = [
      { source: 'header', name: 'x-policy', op: 'contains', value: 'frame-ancestors none' },
      { source: 'header', name: 'x-h190', op: 'eq', value: '190' },
    ]
    const result = await get(url, { expect: expected })
    expect(result.status).toBe('up')
    expect(Object.keys(result.observed.headers ?? {})).toHaveLength(100)
  })

  test('early hints are passed over', async () => {
    const { url } = await serve((_request, response) => {
      response.writeEarlyHints({ link: '</a.css>; rel=preload' })
      response.end('ok')
    })
    expect(await get(url)).toMatchObject({ status: 'up', observed: { statusCode: 200, bodyBytes: 2 } })
  })

  test('a header sent twice has both values', async () => {
    const { url } = await serve((_request, response) => {
      response.setHeader('x-twice', ['one', 'two'])
      response.end()
    })
    const expected = [
      { source: 'header', name: 'X-Twice', op: 'includes', value: 'two' },
      { source: 'header', name: 'x-twice', op: 'eq', value: 'one, two' },
    ]
    expect(await get(url, { expect: expected })).toMatchObject({
      status: 'up',
      observed: { headers: { 'x-twice': ['one', 'two'] } },
    })
  })
})

describe('where it connects', () => {
  test('connectTo dials the given address and keeps the host', async () => {
    let host: string | undefined
    const { port } = await serve((request, response) => {
      host = request.headers.host
      response.end()
    })
    const result = await get('http://shop.test/', { connectTo: `127.0.0.1:${port}` })
    expect(result).toMatchObject({ status: 'up', observed: { ip: '127.0.0.1' } })
    expect(host).toBe('shop.test')
  })

  test.each(['127.0.0.1', '::1'])(
    'localhost that listens on %s alone is found, and the address named',
    async (address) => {
      const port = await freePort('127.0.0.1', '::1')
      await serve((_request, response) => response.end(), address, port)
      const result = await get(`http://localhost:${port}/`)
      expect(result).toMatchObject({ status: 'up', observed: { ip: address } })
    },
  )

  test('an IPv6 address in the URL is dialled', async () => {
    const { port } = await serve((_request, response) => response.end(), '::1')
    expect(await get(`http://[::1]:${port}/`)).toMatchObject({ status: 'up', observed: { ip: '::1' } })
  })

  test('ipVersion keeps to one family', async () => {
    const port = await freePort('127.0.0.1', '::1')
    await serve((_request, response) => response.end(), '::1', port)
    expect((await get(`http://localhost:${port}/`, { ipVersion: '6' })).status).toBe('up')
    expect(await get(`http://localhost:${port}/`, { ipVersion: '4' })).toMatchObject({
      failure: { code: 'CONNECT_REFUSED' },
    })
  })

  test('invert turns a refusal into up, and an answer into down', async () => {
    const refused = await get(`http://127.0.0.1:${await freePort()}`, { invert: true })
    expect(refused).toMatchObject({ status: 'up' })
    const { url } = await serve((_request, response) => response.end())
    expect(await get(url, { invert: true })).toMatchObject({ status: 'down', failure: { code: 'ASSERTION' } })
  })

  test('a place that is cut off has no vote', async () => {
    const dead = `127.0.0.1:${await freePort()}`
    const monitor = { kind: 'http', url: `http://${dead}` } as const
    expect(await observe(monitor, { selfCheck: [dead] })).toMatchObject({
      status: 'unknown',
      failure: { code: 'SELF' },
    })
    const { port } = await serve((_request, response) => response.end())
    expect(await observe(monitor, { selfCheck: [dead, `127.0.0.1:${port}`] })).toMatchObject({ status: 'down' })
  })
})

describe('through a proxy', () => {
  async function startProxy(reply = 'HTTP/1.1 200 Connection established\r\n\r\n') {
    const requests: string[] = []
    const { default: net } = await import('node:net')
    const server = await startRawServer((socket, data) => {
      requests.push(data)
      const target = /^CONNECT ([^ ]+):(\d+) /.exec(data) ?? /^GET http:\/\/([^:/]+):(\d+)\//.exec(data)
      if (!reply.includes(' 200 ') || !target) return socket.end(reply)
      const upstream = net.connect(Number(target[2]), '127.0.0.1', () => {
        if (data.startsWith('CONNECT')) socket.write(reply)
        else upstream.write(data)
        socket.pipe(upstream).pipe(socket)
      })
      upstream.on('error', () => socket.destroy())
      return undefined
    })
    servers.push(server)
    return { url: server.url, port: server.port, requests }
  }

  test("an http URL is asked for whole, with the proxy's credentials", async () => {
    const proxy = await startProxy()
    const { port } = await serve((_request, response) => response.end('ok'))
    const result = await get(`http://127.0.0.1:${port}/x`, { proxy: `http://ann:proxy-secret@127.0.0.1:${proxy.port}` })
    expect(result.status).toBe('up')
    expect(proxy.requests[0]).toMatch(new RegExp(`^GET http://127.0.0.1:${port}/x HTTP/1.1`))
    expect(proxy.requests[0]).toMatch(/proxy-authorization: Basic /i)
    expect(proxy.requests[0]).toContain(`host: 127.0.0.1:${port}`)
  })

  test('a proxy that refuses the tunnel is named, without its password', async () => {
    const proxy = await startProxy('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n')
    const result = await get('https://127.0.0.1:1/', { proxy: `http://ann:proxy-secret@127.0.0.1:${proxy.port}` })
    expect(result).toMatchObject({ status: 'down', failure: { code: 'CONNECT_REFUSED' } })
    expect(result.failure?.message).toContain('407')
    expect(JSON.stringify(result)).not.toContain('proxy-secret')
  })
})

describe('retries', () => {
  test('a retry that succeeds is up, with two attempts', async () => {
    let requests = 0
    const { url } = await serve((_request, response) => response.writeHead(requests++ === 0 ? 500 : 200).end())
    expect(await get(url, { retries: 1 })).toMatchObject({ status: 'up', attempts: 2, observed: { statusCode: 200 } })
  })

  test('only the last attempt counts', async () => {
    let requests = 0
    const { url } = await serve((_request, response) => response.writeHead(requests++ === 0 ? 500 : 503).end())
    const before = Date.now()
    const result = await get(url, { retries: 1 })
    expect(result).toMatchObject({ status: 'down', attempts: 2, observed: { statusCode: 503 } })
    // It began after the wait between attempts, a second.
    expect(Date.parse(result.startedAt) - before).toBeGreaterThanOrEqual(990)
  })
})
