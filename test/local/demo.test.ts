import { X509Certificate } from 'node:crypto'
import { Resolver } from 'node:dns/promises'
import { existsSync, readFileSync } from 'node:fs'
import http from 'node:http'
import tls from 'node:tls'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { Demo } from '../../lib/local/demo.ts'
import type { Breakage } from '../../lib/local/demo-shop.ts'
import { parseConfig } from '../../lib/model/parse-config.ts'
import { createHost } from '../../lib/run/host.ts'
import { runMonitor } from '../../lib/run/vantage.ts'
import { startOwnDemo } from '../support/demo.ts'

let demo: Demo

beforeAll(async () => {
  demo = await startOwnDemo()
})
afterEach(() => control('POST', '/mend'))
afterAll(() => demo.stop())

test('whole, the shop answers as its monitors expect', async () => {
  const home = await get('/')
  expect(home).toMatchObject({ status: 200, body: expect.stringContaining('Demo shop') })
  expect(home.headers['content-type']).toContain('text/html')
  expect(JSON.parse((await get('/api/health')).body)).toEqual({ status: 'ok', stock: 42 })
  expect(await get('/old')).toMatchObject({ status: 301, headers: { location: '/' } })
  expect(await handshake()).toMatchObject({ authorized: true })
  expect(await addresses()).toEqual([{ address: '127.0.0.1', ttl: 30 }])
})

test('web: every page answers 500 until it is mended', async () => {
  await control('POST', '/break/web')
  expect((await get('/')).status).toBe(500)
  expect((await get('/api/health')).status).toBe(500)
  await control('POST', '/mend/web')
  expect((await get('/')).status).toBe(200)
})

test('slow: pages take 900 ms until it is mended', async () => {
  await control('POST', '/break/slow')
  const slow = await get('/')
  expect(slow.status).toBe(200)
  expect(slow.ms).toBeGreaterThan(850)
  await control('POST', '/mend/slow')
  // A busy machine may take long for one page, but not for every one.
  await expect.poll(async () => (await get('/')).ms, { timeout: 20_000 }).toBeLessThan(850)
})

test('tls: a new connection gets an expired certificate until it is mended', async () => {
  await control('POST', '/break/tls')
  const broken = await handshake()
  expect(broken).toMatchObject({ authorized: false, error: 'CERT_HAS_EXPIRED' })
  expect(Date.parse(broken.validTo)).toBeLessThan(Date.now())
  await control('POST', '/mend/tls')
  expect(await handshake()).toMatchObject({ authorized: true })
})

test('dns: the zone answers with a wrong address until it is mended', async () => {
  await control('POST', '/break/dns')
  expect(await addresses()).toEqual([{ address: '192.0.2.66', ttl: 30 }])
  await control('POST', '/mend/dns')
  expect(await addresses()).toEqual([{ address: '127.0.0.1', ttl: 30 }])
})

test('down: the origin refuses connections until it is mended', async () => {
  await control('POST', '/break/down')
  await expect(get('/')).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  await control('POST', '/mend/down')
  expect((await get('/')).status).toBe(200)
})

test('breaking and mending at the same moment ends in the last state asked for', async () => {
  await Promise.all([demo.setBroken('down', true), demo.setBroken('down', false), demo.setBroken('down', true)])
  await expect(get('/')).rejects.toMatchObject({ code: 'ECONNREFUSED' })
})

test('the control server lists what is broken and refuses what it does not know', async () => {
  await control('POST', '/break/dns')
  expect((await control('GET', '/')).body).toMatch(/^web +whole .*^dns +broken /ms)
  expect(await control('POST', '/break/wev')).toMatchObject({ status: 404, body: expect.stringContaining("got 'wev'") })
  expect((await control('POST', '/break')).status).toBe(404)
  expect((await control('GET', '/break/web')).status).toBe(405)
  expect((await get('/')).status).toBe(200)
})

test('its instructions name every way to break it, on the ports it got', () => {
  const text = demo.instructions.join('\n')
  for (const name of ['web', 'slow', 'tls', 'dns', 'down']) expect(text).toContain(`${demo.controlUrl}/break/${name}`)
})

test('its config is valid, and monitors of all four kinds watch it', () => {
  expect(parseConfig(demo.config).monitors).toHaveLength(8)
  expect(new Set(demo.config.monitors.map((monitor) => monitor.kind))).toEqual(new Set(['http', 'tcp', 'tls', 'dns']))
})

/** A page that a busy machine serves late is degraded: so all is looked at again until it is as it should be. */
const patient = { timeout: 20_000 }

const seen: [Breakage, Record<string, string>][] = [
  ['web', { 'shop-home': 'down', 'shop-api': 'down', 'shop-old-link': 'down' }],
  ['slow', { 'shop-home': 'degraded', 'shop-api': 'degraded' }],
  ['tls', { 'shop-checkout': 'down', 'shop-certificate': 'down' }],
  ['dns', { 'shop-dns': 'down', 'shop-www-dns': 'down' }],
  ['down', { 'shop-home': 'down', 'shop-api': 'down', 'shop-old-link': 'down', 'shop-port': 'down' }],
]

test('whole, every monitor is up', async () => {
  await expect.poll(notUp, patient).toEqual({})
})

test.each(seen)('%s: the monitors of what is broken see it, and no other does', async (name, expected) => {
  await demo.setBroken(name, true)
  await expect.poll(notUp, patient).toEqual(expected)
})

test('a second demo takes free ports, and stops without a trace', async () => {
  const second = await startOwnDemo()
  expect(second.controlUrl).not.toBe(demo.controlUrl)
  expect((await fetchText('GET', `${second.controlUrl}/`)).status).toBe(200)
  const { caFile } = monitorOf('shop-certificate', second).tls
  await second.stop()
  expect(existsSync(caFile)).toBe(false)
  await expect(fetchText('GET', `${second.controlUrl}/`)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
})

/** Runs every monitor once, as `vedette check` would but without retries; gives those that are not up. */
async function notUp(): Promise<Record<string, string>> {
  const host = createHost({ vantage: 'test', version: '0', selfCheck: [] })
  const once = parseConfig(demo.config).monitors.map((monitor) => ({ ...monitor, retries: 0 }))
  const results = await Promise.all(once.map((monitor) => runMonitor(monitor, host)))
  return Object.fromEntries(results.filter(({ status }) => status !== 'up').map((one) => [one.monitor, one.status]))
}

function monitorOf(id: string, from = demo) {
  const found = from.config.monitors.find((monitor) => monitor.id === id)
  // The union of all monitors: each test knows which keys its own has.
  return found as { url: string; port: number; servers: string[]; tls: { caFile: string } } & typeof found
}

function get(path: string) {
  return fetchText('GET', new URL(path, monitorOf('shop-home').url).href)
}

function control(method: string, path: string) {
  return fetchText(method, `${demo.controlUrl}${path}`)
}

interface Reply {
  status: number
  headers: http.IncomingHttpHeaders
  body: string
  ms: number
}

/** On a connection of its own, as a probe would: what was kept alive from before a break would hide it. */
function fetchText(method: string, url: string): Promise<Reply> {
  const { promise, resolve, reject } = Promise.withResolvers<Reply>()
  const began = performance.now()
  const request = http.request(url, { method, agent: false }, async (response) => {
    const body = (await response.toArray()).join('')
    resolve({ status: response.statusCode ?? 0, headers: response.headers, body, ms: performance.now() - began })
  })
  request.once('error', reject).end()
  return promise
}

function handshake() {
  const { port, tls: options } = monitorOf('shop-certificate')
  const { promise, resolve, reject } = Promise.withResolvers<{ authorized: boolean; error: unknown; validTo: string }>()
  const ca = readFileSync(options.caFile)
  const target = { host: '127.0.0.1', port, servername: 'shop.test', ca, rejectUnauthorized: false }
  const socket = tls.connect(target, () => {
    const certificate = new X509Certificate(socket.getPeerCertificate().raw)
    resolve({ authorized: socket.authorized, error: socket.authorizationError, validTo: certificate.validTo })
    socket.destroy()
  })
  socket.once('error', reject)
  return promise
}

function addresses() {
  const resolver = new Resolver({ timeout: 10_000, tries: 2 })
  resolver.setServers(monitorOf('shop-dns').servers)
  return resolver.resolve4('shop.test', { ttl: true })
}
