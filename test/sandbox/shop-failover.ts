import { type Ground, type Sandbox, shopMonitors, type Watched } from './sandbox.ts'

export const liveZone = 'live.sandbox.test'
const record = `shop.${liveZone}`
const primary = '127.0.0.1'

/** The demo shop with a record that moves to its standby; without it where this machine does not have the standby's address. */
export async function shopWithFailover({ zoneIds, dnsPort, demo }: Ground): Promise<Watched> {
  const shop = shopMonitors(demo)
  const there = await demo.addFailover()
  if ('problem' in there) return shop
  const [own] = there.monitors
  if (!own || !('url' in own)) return shop
  const { port } = new URL(String(own.url))
  const endpoint = (id: string, address: string) => ({ id, region: 'external', A: [address] })
  const live = { id: 'live', kind: 'http', url: `http://${record}:${port}/`, every: '1m', retries: 1 }
  return {
    monitors: [...shop.monitors, live],
    failovers: [
      {
        ...{ id: 'live', hostedZoneId: zoneIds[liveZone], zone: liveZone, record, ttl: 5, check: 'live', mode: 'auto' },
        ...{ maxPerDay: 10, cooldown: '1m', servers: [`authoritative:${dnsPort}`] },
        endpoints: [endpoint('primary', primary), endpoint('standby', there.standby)],
      },
    ],
  }
}

/** Makes the record and lets Vedette take it over, as its owner would; gives what to try. */
export async function adoptShop({ aws, config, zones, zoneIds, dns }: Sandbox): Promise<string[]> {
  if (!config.failovers || !dns) return []
  const answer = { Name: `${record}.`, Type: 'A', TTL: 5 } as const
  await zones.change(zoneIds[liveZone] ?? '', 'CREATE', { ...answer, ResourceRecords: [{ Value: primary }] })
  await aws.invoke(config.controllers[0] ?? '', 'vedette-shop-failover', { do: 'adopt', failover: 'live' })
  return [
    `A record in Route 53 that moves: dig @127.0.0.1 -p ${dns.port} +short ${record} (and TXT _vedette.${record})`,
    '  break/down above kills its primary: the next minute of a vantage moves it to 127.0.0.2.',
  ]
}
