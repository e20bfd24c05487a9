import net from 'node:net'
import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import type { Overview } from '../../lib/local/web/api/overview.ts'
import { pages, routes } from '../../lib/local/web/api/routes.ts'
import { assetSource } from '../../lib/local/web/assets.ts'
import { placeOf } from '../../lib/local/web/listen.ts'
import { temporaryFolder } from '../support/history.ts'
import { httpResult } from '../support/results.ts'
import { ask, get, startSite, transition } from '../support/site.ts'

const token = 'a-token-of-enough-characters'

/** What is to stand in every answer, whatever it is. */
const safety = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; " +
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'; require-trusted-types-for 'script'",
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
}

/** A clock that stands still, and where it is put. */
function stopClock(): { pass(ms: number): void } {
  vi.useFakeTimers({ toFake: ['Date'] })
  onTestFinished(() => void vi.useRealTimers())
  return { pass: (ms) => void vi.setSystemTime(Date.now() + ms) }
}

/** What is answered to these bytes: no client sends them for us. */
async function statusLine(url: string, bytes: string): Promise<string> {
  const socket = net.connect(Number(new URL(url).port), '127.0.0.1', () => socket.write(bytes))
  onTestFinished(() => void socket.destroy())
  const data = await new Promise<Buffer>((resolve, reject) => socket.once('data', resolve).once('error', reject))
  return data.toString().split('\r\n')[0] ?? ''
}

describe('a request to the dashboard', () => {
  it('gets the page at every path of the client, with names of files that may be kept for ever', async () => {
    const { url } = await startSite()
    for (const page of pages) {
      const { status, text, headers } = await ask(url + page.replace(':id', 'api%40use1'))
      expect({ page, status, type: headers['content-type'] }).toEqual({
        page,
        status: 200,
        type: 'text/html; charset=utf-8',
      })
      expect(text).not.toMatch(/<script(?![^>]* src=)|<style|\son\w+=/)
    }
    const { text } = await ask(url)
    const files = [...text.matchAll(/(?:href|src)="(\/assets\/[^"]+)"/g)].map(([, file]) => file)
    expect(files).toHaveLength(2)
    for (const file of files) {
      const { status, headers } = await ask(url + file)
      expect(status).toBe(200)
      expect(headers['cache-control']).toBe('public, max-age=31536000, immutable')
    }
  })

  it('gets an answer at every route, with a policy that runs nothing from elsewhere', async () => {
    const { url, feed } = await startSite()
    feed({ transitions: [transition('api', 'down', 1_000_000)] })
    const ids: Record<string, string> = { incident: 'api~1000000', incidentMarkdown: 'api~1000000', badge: 'api.svg' }
    for (const [name, route] of Object.entries(routes)) {
      if (name === 'events') continue
      const { status, headers } = await ask(url + route.replace(':id', encodeURIComponent(ids[name] ?? 'api')))
      expect({ name, status }).toEqual({ name, status: 200 })
      expect(headers).toMatchObject(safety)
      // Badges are for other sites to show; nothing else is for them to read.
      expect(headers['cross-origin-resource-policy']).toBe(name === 'badge' ? 'cross-origin' : 'same-origin')
    }
    for (const path of ['/nope', '/api/nope', '/api/events?after=x', '/api/monitors/%zz'])
      expect((await ask(url + path)).headers).toMatchObject(safety)
    expect((await ask(url, { headers: { host: 'evil.example' } })).headers).toMatchObject(safety)
  })

  it('gets the head alone for HEAD, as GET would have it', async () => {
    const { url } = await startSite()
    for (const path of ['/', '/api/failovers', '/metrics', '/badges/api']) {
      const [get, head] = [await ask(url + path), await ask(url + path, { method: 'HEAD' })]
      expect({ path, status: head.status, bytes: head.bytes }).toEqual({ path, status: 200, bytes: 0 })
      expect(head.headers['content-type']).toBe(get.headers['content-type'])
      expect(Number(head.headers['content-length'])).toBeGreaterThan(0)
    }
    const { status, bytes, headers } = await ask(`${url}/api/events`, { method: 'HEAD' })
    expect({ status, bytes }).toEqual({ status: 200, bytes: 0 })
    // Neither a cache nor a proxy is to hold it back.
    expect(headers).toMatchObject({
      ...{ 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-store', 'x-accel-buffering': 'no' },
    })
  })

  it('is refused with 405 where it would change something, with 404 where nothing is, in words', async () => {
    const { url } = await startSite()
    for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS']) {
      const { status, headers, text } = await ask(`${url}/api/overview`, { method })
      expect({ method, status, allow: headers.allow }).toEqual({ method, status: 405, allow: 'GET, HEAD' })
      expect(JSON.parse(text).error).toContain('everything here is read-only')
    }
    for (const path of [
      '/api/monitors/nope',
      '/api/incidents/nope',
      '/badges/nope.svg',
      '/nope',
      '/assets/../site.ts',
      '/%zz',
      '//localhost/api/overview',
      '//',
    ]) {
      const { status, headers } = await ask(url + path)
      // What is not there may be soon.
      expect({ path, status, cache: headers['cache-control'] }).toEqual({ path, status: 404, cache: 'no-store' })
    }
    const { text } = await ask(`${url}/api/monitors/nope`)
    expect(JSON.parse(text)).toEqual({ error: 'expected the id of a monitor, got "nope": /api/overview lists them' })
    expect((await ask(`${url}/api/monitors/%zz`)).status).toBe(400)
  })

  it('is told what is wrong with a range or a limit', async () => {
    const { url } = await startSite()
    const errorOf = async (path: string) => {
      const { status, text } = await ask(url + path)
      return `${status} ${JSON.parse(text).error}`
    }
    expect(await errorOf('/api/monitors/api/series?from=yesterday')).toBe(
      '400 expected from to be milliseconds since 1970, got "yesterday"',
    )
    expect(await errorOf('/api/monitors/api/series?from=5&to=5')).toBe('400 expected from < to, got from=5 and to=5')
    expect(await errorOf('/api/monitors/api/series?from=0&to=9000000000')).toBe(
      '400 expected a range of at most 31 days, got 105: ask for parts of it',
    )
    for (const limit of ['0', '201', '1000', '1.5', '-1', ''])
      expect(await errorOf(`/api/incidents?limit=${limit}`)).toBe(
        `400 expected limit to be a whole number from 1 to 200, got "${limit}"`,
      )
    expect((await ask(`${url}/api/incidents?limit=200`)).status).toBe(200)
    const most = 31 * 86_400_000
    expect((await ask(`${url}/api/monitors/api/series?from=0&to=${most}`)).status).toBe(200)
    expect(await errorOf(`/api/monitors/api/series?from=0&to=${most + 1}`)).toContain('400 expected a range')
    expect(await errorOf('/api/overview?ids=api,nope')).toContain('404 expected the id of a monitor, got "nope"')
  })

  it('is answered compressed as it likes, and not at all where it has the answer already', async () => {
    const clock = stopClock()
    const { url, feed } = await startSite()
    const plain = await ask(`${url}/api/monitors/api`)
    const encodings = { 'br, gzip': ['br', brotliDecompressSync], 'gzip;q=0.5, br;q=0': ['gzip', gunzipSync] } as const
    const file = /src="([^"]+)"/.exec((await ask(url)).text)?.[1] ?? ''
    const whole = await ask(url + file)
    for (const [accepted, [encoding, decode]] of Object.entries(encodings)) {
      const packed = await ask(url + file, { headers: { 'accept-encoding': accepted } })
      expect([packed.headers['content-encoding'], packed.headers.vary]).toEqual([encoding, 'accept-encoding'])
      expect(packed.bytes).toBeLessThan(whole.bytes / 2)
      expect(decode(packed.body).equals(whole.body)).toBe(true)
    }
    expect(plain.headers['content-encoding']).toBeUndefined()
    const again = (tag = '') => ask(`${url}/api/monitors/api`, { headers: { 'if-none-match': tag } })
    const { status, bytes } = await again(plain.headers.etag)
    expect([status, bytes]).toEqual([304, 0])
    expect((await again(`"other", ${plain.headers.etag}`)).status).toBe(304)
    feed({ results: [httpResult('api', Date.now())] })
    const later = await again(plain.headers.etag)
    expect(later.status).toBe(200)
    // Bars move on with the time.
    clock.pass(60_000)
    expect((await again(later.headers.etag)).status).toBe(200)
  })

  it('gets an overview that is at most a second old, however many ask', async () => {
    vi.useFakeTimers({ toFake: ['performance'] })
    onTestFinished(() => void vi.useRealTimers())
    const { url, feed } = await startSite()
    const lastMs = async () => (await get<Overview>(`${url}/api/overview`)).monitors[0]?.last?.atMs
    feed({ results: [httpResult('api', 1000)] })
    expect(await lastMs()).toBe(1000)
    feed({ results: [httpResult('api', 2000)] })
    vi.advanceTimersByTime(1001)
    expect(await lastMs()).toBe(2000)
  })

  it('gets the client also where two of it are bundled at once', async () => {
    const folder = temporaryFolder()
    const pages = ['a', 'b'].map((name) => assetSource(`${folder}/${name}.json`)())
    const [a, b] = await Promise.all(pages)
    expect([...(a?.byPath.keys() ?? [])]).toEqual([...(b?.byPath.keys() ?? [])])
  })

  it('is refused where Host is no name of this machine, unless it brings the token', async () => {
    const { url } = await startSite()
    const { port } = new URL(url)
    const statusFor = async (host: string) => (await ask(`${url}/api/overview`, { headers: { host } })).status
    for (const host of [`localhost:${port}`, `127.0.0.1:${port}`, `[::1]:${port}`, 'LOCALHOST'])
      expect(await statusFor(host)).toBe(200)
    for (const host of [
      'evil.example',
      `evil.example:${port}`,
      'localhost.evil.example',
      '127.0.0.1.evil.example',
      'evil-localhost',
      'evil.127.0.0.1',
      '192.0.2.1',
    ])
      expect({ host, status: await statusFor(host) }).toEqual({ host, status: 421 })
    expect((await ask(`${url}/`, { headers: { host: 'evil.example' } })).text).toContain('start it with --token')
    for (const target of ['/api/overview', `http://localhost:${port}/api/overview`])
      expect(
        await statusLine(url, `GET ${target} HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n`),
      ).toContain(' 400 ')
  })
})

describe('a dashboard that is asked too much, or fails', () => {
  it('turns away who asks beyond sixteen at once, and answers all again afterwards', async () => {
    const { url } = await startSite()
    const range = `from=0&to=${31 * 86_400_000}`
    const many = async () => {
      const replies = Array.from({ length: 60 }, () => ask(`${url}/api/monitors/api/series?${range}`))
      return (await Promise.all(replies)).map(({ status, headers }) => `${status} ${headers['retry-after'] ?? ''}`)
    }
    expect(new Set(await many())).toEqual(new Set(['200 ', '503 1']))
    for (let i = 0; i < 20; i++) expect((await ask(`${url}/api/failovers`)).status).toBe(200)
  })

  it('says so to its log, without the key that was asked with, and to nobody what it was', async () => {
    const { url, feed, lines } = await startSite()
    feed({ results: [{ ...httpResult('api', 1000), phases: undefined as never }] })
    const { status, text } = await ask(`${url}/metrics?key=s3cret`)
    expect([status, text]).toEqual([500, 'the dashboard failed at this: its log says how\n'])
    expect(lines.map(({ event }) => event)).toEqual(['dashboard.error'])
    expect(JSON.stringify(lines)).toContain('"path":"/metrics"')
    expect(JSON.stringify(lines)).not.toContain('s3cret')
    expect((await ask(`${url}/livez`)).status).toBe(200)
  })
})

describe('where a dashboard may listen', () => {
  it('is on loopback, or with a token anywhere; else it says why not', () => {
    expect(placeOf(undefined, undefined)).toEqual({ host: '127.0.0.1', port: 4400, isDefault: true })
    expect(placeOf('5000', undefined)).toEqual({ host: '127.0.0.1', port: 5000, isDefault: false })
    expect(placeOf('[::1]:5000', undefined)).toEqual({ host: '::1', port: 5000, isDefault: false })
    expect(placeOf('0.0.0.0:80', token)).toEqual({ host: '0.0.0.0', port: 80, isDefault: false })
    for (const place of ['0.0.0.0:4400', '[::]:4400', '192.0.2.1', 'example.com:80', '127.0.0.1.example.com:80'])
      expect(() => placeOf(place, undefined)).toThrow(`--listen ${place} needs --token`)
    expect(() => placeOf('a b', undefined)).toThrow('expected --listen host:port, such as 127.0.0.1:4400, got a b')
    expect(() => placeOf('0.0.0.0:80', 'x'.repeat(15))).toThrow('expected a token of at least 16 characters, got 15')
    expect(placeOf('0.0.0.0:80', 'x'.repeat(16)).host).toBe('0.0.0.0')
  })
})

describe('a broken client', () => {
  it('that sends no HTTP, or never ends its request, disturbs nobody', async () => {
    const { url, lines } = await startSite()
    const { port } = new URL(url)
    const garbage = net.connect(Number(port), '127.0.0.1', () => garbage.write('\x16\x03\x01 nonsense\r\n\r\n'))
    const answer = await new Promise<string>((resolve) => garbage.once('data', (data) => resolve(data.toString())))
    expect(answer).toContain('400 Bad Request')
    const half = net.connect(Number(port), '127.0.0.1', () => half.write('GET /api/overview HTTP/1.1\r\nHost: loc'))
    half.on('error', () => {}).resume()
    expect((await ask(`${url}/api/overview`)).status).toBe(200)
    garbage.destroy()
    // What never ends is closed after ten seconds, not when Node happens to look.
    const beganMs = performance.now()
    await new Promise((resolve) => half.once('close', resolve))
    expect(performance.now() - beganMs).toBeLessThan(20_000)
    expect(lines).toEqual([])
  }, 60_000)
})
