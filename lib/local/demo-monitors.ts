import type { MonitorInput } from '../model/monitor-schema.ts'
import { type Shop, shopAddress, shopHost } from './demo-shop.ts'

/** The config that watches the shop, written as a user would write it in vedette.config.ts. */
export function demoConfig(shop: Pick<Shop, 'webPort' | 'tlsPort' | 'dnsPort'>, caFile: string) {
  return {
    service: 'demo-shop',
    monitors: [...webMonitors(shop.webPort), ...tlsMonitors(shop.tlsPort, caFile), ...dnsMonitors(shop.dnsPort)],
  }
}

function webMonitors(port: number): MonitorInput[] {
  const often = { every: '5s', timeout: '1500ms', retries: 1 }
  const notSlow = { source: 'duration', op: 'lt', value: '500ms', level: 'degraded' } as const
  return [
    {
      ...often,
      id: 'shop-home',
      kind: 'http',
      url: `http://${shopAddress}:${port}/`,
      slo: { objective: 99.9 },
      expect: [
        { source: 'status', op: 'eq', value: 200 },
        { source: 'header', name: 'content-type', op: 'contains', value: 'text/html' },
        { source: 'body', op: 'contains', value: 'Demo shop' },
        notSlow,
      ],
    },
    {
      ...often,
      id: 'shop-api',
      kind: 'http',
      url: `http://${shopAddress}:${port}/api/health`,
      slo: { objective: 99 },
      expect: [
        { source: 'json', path: '$.status', op: 'eq', value: 'ok' },
        { source: 'json', path: '$.stock', op: 'gt', value: 0 },
        { source: 'header', name: 'cache-control', op: 'contains', value: 'no-store' },
        notSlow,
      ],
    },
    {
      id: 'shop-old-link',
      kind: 'http',
      url: `http://${shopAddress}:${port}/old`,
      every: '10s',
      redirects: 0,
      expect: [
        { source: 'status', op: 'eq', value: 301 },
        { source: 'header', name: 'location', op: 'eq', value: '/' },
      ],
    },
    { id: 'shop-port', kind: 'tcp', host: shopAddress, port, every: '5s', timeout: '1s', retries: 1 },
  ]
}

function tlsMonitors(port: number, caFile: string): MonitorInput[] {
  return [
    {
      id: 'shop-checkout',
      kind: 'http',
      url: `https://${shopHost}:${port}/checkout`,
      connectTo: `${shopAddress}:${port}`,
      every: '10s',
      tls: { caFile },
      expect: [
        { source: 'status', op: 'in', value: [200, 204] },
        { source: 'json', path: '$.currency', op: 'eq', value: 'EUR' },
      ],
    },
    {
      id: 'shop-certificate',
      kind: 'tls',
      host: shopHost,
      port,
      connectTo: `${shopAddress}:${port}`,
      every: '10s',
      tls: { caFile },
      expect: [
        { source: 'certificate.daysRemaining', op: 'gt', value: 7 },
        { source: 'certificate.daysRemaining', op: 'gt', value: 21, level: 'degraded' },
      ],
    },
  ]
}

function dnsMonitors(port: number): MonitorInput[] {
  const server = { every: '5s', servers: [`${shopAddress}:${port}`], recursion: false }
  return [
    {
      ...server,
      id: 'shop-dns',
      kind: 'dns',
      name: shopHost,
      type: 'A',
      expect: [
        { source: 'answers', op: 'equals', value: [shopAddress] },
        { source: 'ttl', op: 'lte', value: 60 },
      ],
    },
    {
      ...server,
      id: 'shop-www-dns',
      kind: 'dns',
      name: `www.${shopHost}`,
      type: 'A',
      expect: [{ source: 'answers', op: 'includes', value: [shopAddress] }],
    },
  ]
}
