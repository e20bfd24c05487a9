import type { EventType, VedetteEvent } from '../../lib/model/event.ts'

const base = { service: 'shop', atMs: 1000 }
const monitor = { monitor: 'api', target: 'https://api.example.com/' }
const failover = { failover: 'api', record: 'api.example.com' }
const blast = { vantages: ['us-east-1'], seeing: 1, of: 3, families: ['IPv6' as const], resolver: '1.1.1.1:53' }
const cause = { code: 'TLS_EXPIRED', stage: 'tls' as const, message: 'the certificate expired' }
const burn = { objective: 99.9, burn: 14.4, longMs: 3_600_000, shortMs: 300_000, left: 0.42, exhaustedInMs: 7_200_000 }
const drill = { detail: '', tookMs: 61_000, seen: [{ vantage: 'us-east-1', server: '1.1.1.1', afterMs: 59_000 }] }
const slow = { statistic: 'p95', valueMs: 1234.5, limitMs: 800, sinceMs: 0 }

type Bodies = { [T in EventType]: Omit<VedetteEvent & { type: T }, 'type' | 'service' | 'atMs'> }

const bodies: Bodies = {
  'monitor.down': { ...monitor, sinceMs: 0, cause, blast },
  'monitor.degraded': { ...monitor, sinceMs: 0, blast },
  'monitor.recovered': { ...monitor, sinceMs: 0 },
  'latency.slow': { ...monitor, ...slow, against: 'baseline' },
  'latency.normal': { ...monitor, against: 'limit' },
  'budget.burning': { ...monitor, severity: 'page', ...burn },
  'budget.calm': { ...monitor, severity: 'ticket' },
  'certificate.expiring': { monitor: 'api', daysRemaining: 6.51, detail: 'fewer than 14 days' },
  'certificate.renewed': {},
  'vantage.blind': { vantage: 'eu-west-1', sinceMs: 0, detail: 'no vote for 3 minutes' },
  'vantage.seeing': { vantage: 'eu-west-1' },
  'fault.opened': { part: 'probe function eu-west-1', detail: 'it fails' },
  'fault.closed': { part: 'probe function eu-west-1' },
  'failover.started': { ...failover, to: 'euw1', why: 'failover', reasons: ['use1 is down for 2 vantages.'] },
  'failover.done': { ...failover, to: 'euw1', tookMs: 812 },
  'failover.verified': { ...failover, to: 'euw1' },
  'failover.refused': { ...failover, code: 'blind', reasons: ['Blind: 1 vantage with a vote.'] },
  'failover.asked': { ...failover, code: 'approve', to: 'euw1', reasons: [] },
  'failover.settled': failover,
  'failover.failed': { ...failover, code: 'DENIED', detail: 'AccessDenied' },
  'failover.notReady': { ...failover, problems: [{ code: 'DELEGATION', detail: 'the parent names other servers' }] },
  'failover.ready': failover,
  'drill.passed': { ...failover, ...drill },
  'drill.failed': { ...failover, ...drill, detail: 'ns2 never saw it' },
  'drill.yielded': { ...failover, ...drill, seen: [] },
  change: { text: 'deployed v42', url: 'https://ci.example.com/42' },
  storm: { sinceMs: 0, open: 500, causes: [{ code: 'CONNECT_REFUSED', count: 500 }], monitors: ['api', 'web'] },
  'route.failing': { route: 'page-1', reason: '400: invalid key', unheard: 'api is down' },
  'route.working': { route: 'page-1' },
  'route.heartbeat': { test: true },
}

/** One event of each type. */
export const everyEvent = Object.entries(bodies).map(([type, body]) => ({ ...base, ...body, type }) as VedetteEvent)
