import type { StoredTransition } from '../../lib/local/history-store.ts'
import type { ConfigInput } from '../../lib/model/builders.ts'
import type { Failure, ProbeResult, Status } from '../../lib/model/result.ts'
import { httpResult } from '../../test/support/results.ts'

const minuteMs = 60_000
const hourMs = 60 * minuteMs
const dayMs = 24 * hourMs

/** A service that does not exist, to be looked at: its monitors, and how they have been for thirty days. */
export interface SampleService {
  config: ConfigInput
  days: number
  /** What a run at this time gives. */
  resultAt(id: string, atMs: number): ProbeResult
  transitions: StoredTransition[]
}

/** A time in which a monitor was not well, in minutes before now. */
interface Spell {
  id: string
  from: number
  to: number
  status: Exclude<Status, 'up' | 'unknown'>
  failure: Failure
}

const refused: Failure = {
  code: 'CONNECT_REFUSED',
  stage: 'connect',
  message: 'expected a connection to 192.0.2.10:443, got refused: is the server running?',
}
const timedOut: Failure = {
  code: 'HTTP_TIMEOUT',
  stage: 'processing',
  message: 'expected a complete reply within 5 s, got its headers only',
}
const status502: Failure = { code: 'ASSERTION', stage: 'assert', message: 'expected a 2xx status, got 502' }
const servfail: Failure = {
  code: 'DNS_SERVFAIL',
  stage: 'resolve',
  message: 'expected an answer from 192.0.2.53, got SERVFAIL',
}
const slow: Failure = { code: 'ASSERTION', stage: 'assert', message: 'expected duration lt 800, got 1243' }

const hour = 60
const day = 24 * hour
const spells: Spell[] = [
  { id: 'checkout', from: 14, to: -1e6, status: 'down', failure: status502 },
  { id: 'payments-callback', from: 12, to: -1e6, status: 'down', failure: timedOut },
  { id: 'search', from: 95, to: -1e6, status: 'degraded', failure: slow },
  { id: 'checkout', from: 9 * hour, to: 8.4 * hour, status: 'down', failure: refused },
  { id: 'mx-1', from: 5 * hour, to: 4.6 * hour, status: 'down', failure: refused },
  { id: 'api-dns', from: 3 * day, to: 3 * day - 70, status: 'down', failure: servfail },
  { id: 'images', from: 6 * day, to: 6 * day - 300, status: 'degraded', failure: slow },
  { id: 'checkout', from: 11 * day, to: 11 * day - 95, status: 'down', failure: timedOut },
  { id: 'admin', from: 17 * day, to: 16.4 * day, status: 'down', failure: refused },
]

const web = ['home', 'search', 'product-page', 'basket', 'checkout', 'account', 'images', 'blog', 'admin']
const api = [
  'catalogue',
  'prices',
  'stock',
  'payments-callback',
  'orders',
  'recommendations',
  'shipping-rates',
  'sessions',
]
const regions = ['eu', 'us', 'ap']

function monitors(): ConfigInput['monitors'] {
  const every = '1m'
  return [
    ...web.map((id) => ({ id, kind: 'http' as const, url: `https://shop.example.com/${id}`, every, tags: ['web'] })),
    ...api.map((id) => ({ id, kind: 'http' as const, url: `https://api.example.com/v1/${id}`, every, tags: ['api'] })),
    ...regions.map((id) => ({
      id: `edge-${id}`,
      kind: 'http' as const,
      url: `https://${id}.cdn.example.com/`,
      every,
      tags: ['edge'],
    })),
    { id: 'api-dns', kind: 'dns', name: 'api.example.com', type: 'A', servers: ['192.0.2.53'], every, tags: ['dns'] },
    { id: 'shop-dns', kind: 'dns', name: 'shop.example.com', type: 'A', servers: ['192.0.2.53'], every, tags: ['dns'] },
    { id: 'mx-1', kind: 'tcp', host: 'mx1.example.com', port: 25, every, tags: ['mail'] },
    { id: 'mx-2', kind: 'tcp', host: 'mx2.example.com', port: 25, every, tags: ['mail'] },
    { id: 'shop-certificate', kind: 'tls', host: 'shop.example.com', every, tags: ['web'] },
    { id: 'api-certificate', kind: 'tls', host: 'api.example.com', every, tags: ['api'] },
  ]
}

/** The service as seen at this time. */
export function sampleService(nowMs: number): SampleService {
  const config: ConfigInput = { service: 'example-shop', monitors: monitors() }
  const ids = config.monitors.map(({ id }) => id ?? '')
  const kinds = new Map(config.monitors.map(({ id = '', kind }) => [id, kind]))
  const spellAt = (id: string, atMs: number) =>
    spells.find((one) => one.id === id && atMs >= nowMs - one.from * minuteMs && atMs < nowMs - one.to * minuteMs)
  return {
    config,
    days: 30,
    resultAt: (id, atMs) => {
      const spell = spellAt(id, atMs)
      const seed = ids.indexOf(id) * 7919 + Math.floor(atMs / 10_000)
      const kind = kinds.get(id) ?? 'http'
      return sampleResult(id, kind, atMs, seed, spell)
    },
    transitions: spells.flatMap((spell) => transitionsOf(spell, nowMs)),
  }
}

function sampleResult(id: string, kind: ProbeResult['kind'], atMs: number, seed: number, spell?: Spell): ProbeResult {
  const whole = httpResult(id, atMs, { index: noise(seed, 600) })
  const busy = 1 + 0.35 * Math.sin(((atMs % dayMs) / dayMs) * 2 * Math.PI - 2)
  const spike = noise(seed + 17, 97) === 0 ? 3 : 1
  const extra = spell?.status === 'degraded' ? 1100 : 0
  const base = 0.5 + noise(id.length * 31 + id.charCodeAt(0), 20) / 10
  const { resolve = 0, connect = 0, tls = 0, processing = 0, transfer = 0 } = whole.phases
  const phases =
    kind === 'dns'
      ? { resolve: resolve * 12 * busy * spike }
      : kind === 'tcp'
        ? { resolve, connect, processing: (processing / 4) * busy }
        : { resolve, connect, tls, processing: processing * base * busy * spike + extra, transfer }
  const durationMs = Object.values(phases).reduce((sum, ms) => sum + ms, 0.07)
  const observed =
    kind === 'dns'
      ? { server: '192.0.2.53', rcode: 'NOERROR', answers: ['192.0.2.10'] }
      : kind === 'tcp'
        ? { ip: '192.0.2.25' }
        : whole.observed
  const good = { ...whole, kind, phases, durationMs: Math.round(durationMs * 1000) / 1000, observed }
  if (!spell) return good
  if (spell.status === 'degraded') {
    const got = String(Math.round(durationMs))
    return { ...good, status: 'degraded', failedAssertions: [{ expected: 'duration lt 800', got, level: 'degraded' }] }
  }
  return { ...good, status: 'down', failure: spell.failure, phases: {}, observed: {}, attempts: 3 }
}

/** A number below `most` that looks like chance, and is the same every time. */
function noise(seed: number, most: number): number {
  let mixed = Math.imul(seed ^ (seed >>> 15), 0x2c1b3c6d)
  mixed = Math.imul(mixed ^ (mixed >>> 12), 0x297a2d39)
  return ((mixed ^ (mixed >>> 15)) >>> 0) % most
}

function transitionsOf({ id, from, to, status, failure }: Spell, nowMs: number): StoredTransition[] {
  const [beganMs, endedMs] = [nowMs - from * minuteMs, nowMs - to * minuteMs]
  const cause = { code: failure.code, message: failure.message }
  const begun = {
    monitor: id,
    from: 'up' as const,
    to: status,
    atMs: beganMs + 20_000,
    firstAtMs: beganMs,
    cause,
    muted: false,
  }
  if (endedMs > nowMs) return [begun]
  return [begun, { monitor: id, from: status, to: 'up', atMs: endedMs + 90_000, firstAtMs: endedMs, muted: false }]
}
