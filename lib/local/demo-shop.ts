import http from 'node:http'
import https from 'node:https'
import { setTimeout as wait } from 'node:timers/promises'
import { type DemoCertificates, makeDemoCertificates } from './demo-certificate.ts'
import type { Breakable } from './demo-control.ts'
import { closer, isPortTaken, listen, listenOnLoopback } from './loopback.ts'
import { startZone, type Zone, type ZoneRecord } from './zone.ts'

/** What can be broken, with what it does. The order is the one people are shown. */
export const breakages = {
  web: 'every page of the plain origin answers 500',
  slow: 'every page of the plain origin takes 900 ms',
  tls: 'the TLS origin serves a certificate that expired two days ago',
  dns: 'the zone answers with the wrong address',
  down: 'the plain origin refuses connections',
} as const

export type Breakage = keyof typeof breakages

/** A small shop on loopback: one plain origin, one with TLS, one DNS zone. */
export interface Shop {
  webPort: number
  tlsPort: number
  dnsPort: number
  /** Root of the TLS origin's certificate, PEM. */
  ca: string
  isBroken(what: Breakage): boolean
  /** Breaks or mends one thing; once the promise resolves, the next request sees it. */
  setBroken(what: Breakage, broken: boolean): Promise<void>
  stop(): Promise<void>
}

/** The shop's name, and what it leads to. */
export const shopHost = 'shop.test'
export const shopAddress = '127.0.0.1'
const wrongAddress = '192.0.2.66'
const slowMs = 900

/** Starts it on the given ports, or on free ones where those are taken. */
export async function startShop(ports: { web: number; tls: number; dns: number }): Promise<Shop> {
  const certificates = await makeDemoCertificates(shopHost)
  const broken = new Set<Breakage>()
  const web = http.createServer((request, response) => serve(request, response, broken))
  const tls = https.createServer({ ...certificates.valid }, (request, response) => serve(request, response, new Set()))
  const [closeWeb, closeTls] = [closer(web), closer(tls)]
  const [webPort, tlsPort] = [await listenOnLoopback(web, ports.web), await listenOnLoopback(tls, ports.tls)]
  const zone = await startShopZone(ports.dns)

  const apply: Record<Breakage, (isBroken: boolean) => unknown> = {
    web: () => {},
    slow: () => {},
    tls: (isBroken) => tls.setSecureContext(certificateOf(certificates, isBroken)),
    dns: (isBroken) => zone.setRecords(records(isBroken ? wrongAddress : shopAddress)),
    down: (isBroken) => (isBroken ? closeWeb() : listen(web, webPort)),
  }
  // One at a time: a port must not be opened while it is being closed.
  let last: Promise<unknown> = Promise.resolve()
  const setBroken = async (what: Breakage, isBroken: boolean): Promise<void> => {
    if (broken.has(what) === isBroken) return
    await apply[what](isBroken)
    if (isBroken) broken.add(what)
    else broken.delete(what)
  }
  return {
    ...{ webPort, tlsPort, dnsPort: zone.port, ca: certificates.ca },
    isBroken: (what) => broken.has(what),
    setBroken: (what, isBroken) => {
      const done = last.then(() => setBroken(what, isBroken))
      last = done.catch(() => {})
      return done
    },
    stop: async () => {
      await last
      await Promise.all([closeWeb(), closeTls(), zone.stop()])
    },
  }
}

function certificateOf(certificates: DemoCertificates, isBroken: boolean) {
  return isBroken ? certificates.expired : certificates.valid
}

async function startShopZone(port: number): Promise<Zone> {
  const zone = { origin: shopHost, records: records(shopAddress) }
  try {
    return await startZone({ ...zone, port })
  } catch (error) {
    if (!isPortTaken(error)) throw error
    return startZone(zone)
  }
}

function records(address: string): ZoneRecord[] {
  return [
    { name: shopHost, type: 'A', ttl: 30, data: address },
    { name: `www.${shopHost}`, type: 'CNAME', ttl: 30, data: shopHost },
  ]
}

const pages: Record<string, [status: number, headers: Record<string, string>, body: string]> = {
  '/': [
    200,
    { 'content-type': 'text/html' },
    '<!doctype html><title>Demo shop</title><h1>Demo shop</h1><p>Open.</p>\n',
  ],
  '/api/health': [200, json(), '{"status":"ok","stock":42}\n'],
  '/checkout': [200, json(), '{"total":"0.00","currency":"EUR"}\n'],
  '/old': [301, { location: '/' }, ''],
}

function json() {
  return { 'content-type': 'application/json', 'cache-control': 'no-store' }
}

/** Answers a request as the shop does, with what is broken of it. */
export async function serve(
  request: http.IncomingMessage,
  response: http.ServerResponse,
  broken: ReadonlySet<Breakage>,
): Promise<void> {
  // Unreferenced: nobody should wait for a slow page when the demo stops.
  if (broken.has('slow')) await wait(slowMs, undefined, { ref: false })
  const missing = [404, { 'content-type': 'text/plain' }, 'no such page\n'] as const
  const failed = [500, { 'content-type': 'text/plain' }, 'the till is on fire\n'] as const
  const [status, headers, body] = broken.has('web') ? failed : (pages[request.url ?? '/'] ?? missing)
  response.writeHead(status, headers).end(body)
}

/** Everything of a shop that can be broken. */
export function shopBreakables(shop: Shop): Breakable[] {
  return Object.entries(breakages).map(([key, effect]) => {
    const name = key as Breakage
    return { name, effect, isBroken: () => shop.isBroken(name), setBroken: (broken) => shop.setBroken(name, broken) }
  })
}
