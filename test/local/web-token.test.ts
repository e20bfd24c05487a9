import net from 'node:net'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { ask, startSite } from '../support/site.ts'

const token = 'a-token-of-enough-characters'

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
    for (const path of ['/healthz', '/livez'])
      expect((await ask(url + path)).text).toBe('{"status":"ok","problems":[]}')
    // What is open is a file, and no folder of them.
    expect((await ask(`${url}/assets/nope`)).status).toBe(404)
    const refused = await ask(`${url}/assets/api/overview`)
    expect([refused.status, refused.headers['www-authenticate']]).toEqual([401, 'Bearer realm="vedette"'])
    expect(refused.headers['cache-control']).toBe('no-store')
  })

  it('takes it from a form in exchange for a cookie, never from a URL', async () => {
    const { url } = await startSite({ token })
    const page = await ask(`${url}/`, { headers: { accept: 'text/html' } })
    expect([303, '/login']).toEqual([page.status, page.headers.location])
    const form = await ask(`${url}/login`)
    expect(form.text).toContain('<form method="post" action="/login">')
    expect(form.text).not.toContain('<script')
    expect(form.headers['cache-control']).toBe('no-store')
    const put = await ask(`${url}/login`, { method: 'PUT' })
    expect([put.status, put.headers.allow]).toEqual([405, 'GET, HEAD, POST'])
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
    vi.useFakeTimers({ toFake: ['performance', 'Date'] })
    onTestFinished(() => void vi.useRealTimers())
    const { url } = await startSite({ token })
    const login = (body: string, headers = {}) => ask(`${url}/login`, { method: 'POST', body, headers })
    const from = async (site: string) => (await login(`token=${token}`, { 'sec-fetch-site': site })).status
    expect([await from('cross-site'), await from('same-site')]).toEqual([403, 403])
    expect([await from('same-origin'), await from('none')]).toEqual([303, 303])
    expect((await login(`token=${'x'.repeat(5000)}`)).status).toBe(413)
    for (let i = 0; i < 10; i++) expect((await login('token=guess')).status).toBe(401)
    expect((await login(`token=${token}`)).status).toBe(429)
    // Nobody waits for longer, or less, because a clock is set.
    vi.advanceTimersByTime(59_000)
    vi.setSystemTime(Date.now() + 3_600_000)
    expect((await login(`token=${token}`)).status).toBe(429)
    vi.setSystemTime(Date.now() - 7_200_000)
    vi.advanceTimersByTime(1001)
    expect((await login(`token=${token}`)).status).toBe(303)
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
