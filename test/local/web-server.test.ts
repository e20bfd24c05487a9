import net from 'node:net'
import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import { describe, expect, it, onTestFinished } from 'vitest'
import { pages, routes } from '../../lib/local/web/api/routes.ts'
import { placeOf } from '../../lib/local/web/listen.ts'
import { ask, startSite, transition } from '../support/site.ts'

const token = 'a-token-of-enough-characters'

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
      expect(headers['content-security-policy']).toContain("default-src 'none'; script-src 'self'; style-src 'self';")
      expect(headers['content-security-policy']).not.toContain('unsafe')
      expect(headers['x-content-type-options']).toBe('nosniff')
    }
  })

  it('gets the head alone for HEAD, as GET would have it', async () => {
    const { url } = await startSite()
    for (const path of ['/', '/api/failovers', '/metrics', '/badges/api']) {
      const [get, head] = [await ask(url + path), await ask(url + path, { method: 'HEAD' })]
      expect({ path, status: head.status, bytes: head.bytes }).toEqual({ path, status: 200, bytes: 0 })
      expect(head.headers['content-type']).toBe(get.headers['content-type'])
      expect(Number(head.headers['content-length'])).toBeGreaterThan(0)
    }
    const { status, bytes } = await ask(`${url}/api/events`, { method: 'HEAD' })
    expect({ status, bytes }).toEqual({ status: 200, bytes: 0 })
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
    ]) {
      expect({ path, status: (await ask(url + path)).status }).toEqual({ path, status: 404 })
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
    expect(await errorOf('/api/incidents?limit=1000')).toContain(
      '400 expected limit to be a whole number from 1 to 200',
    )
    expect(await errorOf('/api/overview?ids=api,nope')).toContain('404 expected the id of a monitor, got "nope"')
  })

  it('is answered compressed as it likes, and not at all where it has the answer already', async () => {
    const { url } = await startSite()
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
    const again = await ask(`${url}/api/monitors/api`, { headers: { 'if-none-match': plain.headers.etag ?? '' } })
    expect([304, 0]).toEqual([again.status, again.bytes])
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

describe('a dashboard with a token', () => {
  it('answers who brings it, and nobody else', async () => {
    const { url } = await startSite({ token })
    for (const path of ['/api/overview', '/metrics', '/api/events', '/badges/api.svg', '/nope']) {
      expect({ path, status: (await ask(url + path)).status }).toEqual({ path, status: 401 })
      const wrong = await ask(url + path, { headers: { authorization: 'Bearer something-else' } })
      expect(wrong.status).toBe(401)
    }
    const headers = { authorization: `Bearer ${token}`, host: 'status.example.com' }
    expect((await ask(`${url}/api/overview`, { headers })).status).toBe(200)
    expect((await ask(`${url}/metrics`, { headers })).status).toBe(200)
    expect((await ask(`${url}/healthz`)).text).toBe('{"status":"ok","problems":[]}')
  })

  it('takes it from a form in exchange for a cookie, never from a URL', async () => {
    const { url } = await startSite({ token })
    const page = await ask(`${url}/`, { headers: { accept: 'text/html' } })
    expect([303, '/login']).toEqual([page.status, page.headers.location])
    const form = await ask(`${url}/login`)
    expect(form.text).toContain('<form method="post" action="/login">')
    expect(form.text).not.toContain('<script')
    expect((await ask(`${url}/api/overview?token=${token}`)).status).toBe(401)
    const login = await ask(`${url}/login`, { method: 'POST', body: `token=${token}` })
    expect([303, '/']).toEqual([login.status, login.headers.location])
    const [cookie = ''] = login.headers['set-cookie'] ?? []
    expect(cookie).toMatch(/^vedette-[\w-]{8}=[\w-]{43}; Path=\/; Max-Age=2592000; HttpOnly; SameSite=Strict$/)
    expect(cookie).not.toContain(token)
    const known = await ask(`${url}/api/overview`, { headers: { cookie: `other=1; ${cookie.split(';')[0]}` } })
    expect(known.status).toBe(200)
    const elsewhere = await startSite({ token: `${token}-of-another` })
    const other = await ask(`${elsewhere.url}/login`, { method: 'POST', body: `token=${token}-of-another` })
    expect(other.headers['set-cookie']?.[0]?.split('=')[0]).not.toBe(cookie.split('=')[0])
    const forged = `${cookie.split(';')[0]?.slice(0, -1)}${cookie.includes('A;') ? 'B' : 'A'}`
    expect((await ask(`${url}/api/overview`, { headers: { cookie: forged } })).status).toBe(401)
  })

  it('leads on to the page that was asked for, and to nothing that is not ours', async () => {
    const { url } = await startSite({ token })
    const asked = await ask(`${url}/monitors/api?last=6h`, { headers: { accept: 'text/html' } })
    const login = '/login?to=%2Fmonitors%2Fapi%3Flast%3D6h'
    expect([303, login]).toEqual([asked.status, asked.headers.location])
    expect((await ask(url + login)).text).toContain(`action="${login}"`)
    const leadsTo = async (to: string) => {
      const at = `${url}/login?to=${encodeURIComponent(to)}`
      return (await ask(at, { method: 'POST', body: `token=${token}` })).headers.location
    }
    expect(await leadsTo('/monitors/api?last=6h')).toBe('/monitors/api?last=6h')
    const others = [
      '//evil.example/',
      '/\\evil.example',
      'https://evil.example/',
      'javascript:alert(1)',
      '/metrics',
      '"><b>',
      '',
    ]
    for (const to of others) expect({ to, leadsTo: await leadsTo(to) }).toEqual({ to, leadsTo: '/' })
    expect((await ask(`${url}/badges/api.svg?key=wrong`, { headers: { accept: 'text/html' } })).headers.location).toBe(
      '/login',
    )
  })

  it('reads four forms at once: whoever sends slowly keeps nobody from the rest', async () => {
    const { url } = await startSite({ token })
    const { port } = new URL(url)
    const head = `POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\nExpect: 100-continue\r\n\r\n`
    const slow = Array.from({ length: 4 }, () => net.connect(Number(port), '127.0.0.1'))
    onTestFinished(() => slow.forEach((socket) => void socket.destroy()))
    for (const socket of slow) socket.on('error', () => {}).write(`${head}token=`)
    // Each is told to go on as soon as its form is being read.
    await Promise.all(slow.map((socket) => new Promise((resolve) => socket.once('data', resolve))))
    const login = () => ask(`${url}/login`, { method: 'POST', body: `token=${token}` })
    const refused = await login()
    expect([429, true]).toEqual([refused.status, refused.text.includes('Too many log in at once')])
    expect((await ask(`${url}/api/overview`, { headers: { authorization: `Bearer ${token}` } })).status).toBe(200)
    const [first] = slow
    first?.destroy()
    await expect.poll(async () => (await login()).status, { timeout: 10_000 }).toBe(303)
  })

  it('listens to ten wrong tokens a minute, and to no form of another site', async () => {
    const { url } = await startSite({ token })
    const login = (body: string, headers = {}) => ask(`${url}/login`, { method: 'POST', body, headers })
    expect((await login(`token=${token}`, { 'sec-fetch-site': 'cross-site' })).status).toBe(403)
    expect((await login(`token=${'x'.repeat(5000)}`)).status).toBe(413)
    for (let i = 0; i < 10; i++) expect((await login('token=guess')).status).toBe(401)
    expect((await login(`token=${token}`)).status).toBe(429)
  })

  it('gives each badge a key that opens this badge alone', async () => {
    const monitors = ['api', 'web'].map((id) => ({ id, kind: 'http', url: 'https://example.com/' }))
    const { url } = await startSite({ token, config: { service: 'shop', monitors } })
    const headers = { authorization: `Bearer ${token}` }
    const { badge } = JSON.parse((await ask(`${url}/api/monitors/api`, { headers })).text)
    expect(badge).toMatch(/^\/badges\/api\.svg\?key=[\w-]{22}$/)
    expect((await ask(url + badge)).status).toBe(200)
    expect((await ask(url + badge.replace('api.svg', 'web.svg'))).status).toBe(401)
    expect((await ask(url + badge.replace('/badges/', '/api/monitors/'))).status).toBe(401)
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
    expect(() => placeOf('0.0.0.0:80', 'short')).toThrow('expected a token of at least 16 characters, got 5')
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
