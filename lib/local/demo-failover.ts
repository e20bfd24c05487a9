import http from 'node:http'
import type { ConfigInput } from '../model/builders.ts'
import type { Breakable } from './demo-control.ts'
import { serve, shopAddress } from './demo-shop.ts'
import type { EmbeddedFailovers } from './failovers.ts'
import { closer } from './loopback.ts'
import { startZone } from './zone.ts'

/** A second origin of the shop, and the failover that moves a record to it. */
export interface DemoFailover {
  /** To be added to the demo's config. */
  monitors: ConfigInput['monitors']
  failovers: NonNullable<ConfigInput['failovers']>
  /** Where the zone of the record is to be served. */
  zonePort: number
  stop(): Promise<void>
}

/** All of 127.0.0.0/8 is this machine where Linux is; elsewhere the second address is not there by itself. */
const standbyAddress = '127.0.0.2'
const zone = 'live.test'
const record = `shop.${zone}`

/** Starts the standby beside a shop; nothing where this machine does not have its address. */
export async function startDemoFailover(webPort: number, preferredZonePort: number): Promise<DemoFailover | undefined> {
  const server = http.createServer((request, response) => serve(request, response, new Set()))
  const stop = closer(server)
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(webPort, standbyAddress, resolve)
    })
  } catch {
    return undefined
  }
  const zonePort = await freeZonePort(preferredZonePort)
  return { ...demoFailoverConfig(webPort, zonePort), zonePort, stop }
}

async function freeZonePort(preferred: number): Promise<number> {
  const probe = await startZone({ origin: zone, records: [], port: preferred }).catch(() =>
    startZone({ origin: zone, records: [] }),
  )
  await probe.stop()
  return probe.port
}

/** What is watched and moved. */
export function demoFailoverConfig(webPort: number, zonePort: number): Pick<DemoFailover, 'monitors' | 'failovers'> {
  const live = {
    id: 'live',
    kind: 'http',
    url: `http://${record}:${webPort}/`,
    resolver: `127.0.0.1:${zonePort}`,
  } as const
  return {
    monitors: [{ ...live, every: '5s', timeout: '1500ms', retries: 1 }],
    failovers: [
      {
        ...{ id: 'live', hostedZoneId: 'embedded', zone, record, ttl: 5, check: 'live', mode: 'auto', sustain: '2s' },
        ...{ cooldown: '1m', maxPerDay: 20, failback: { after: '1m' } },
        endpoints: [
          { id: 'primary', region: 'external', A: [shopAddress] },
          { id: 'standby', region: 'external', A: [standbyAddress] },
        ],
      },
    ],
  }
}

/** The networks of the simulated vantages, to be cut and mended. */
export function vantageBreakables({ vantages }: Pick<EmbeddedFailovers, 'vantages'>): Breakable[] {
  return vantages.map((vantage) => ({
    name: vantage.id,
    effect: `the simulated vantage ${vantage.id} is cut off: it has no vote`,
    isBroken: () => vantage.isCut,
    setBroken: async (broken) => {
      vantage.isCut = broken
    },
  }))
}

/** What to try, line by line. */
export function failoverInstructions(controlUrl: string, zonePort: number): string[] {
  return [
    `A record that moves: dig @127.0.0.1 -p ${zonePort} +short ${record} (and TXT _vedette.${record})`,
    `  curl -X POST ${controlUrl}/break/down   # its primary dies: watch the votes, the move and the answer`,
    `  curl -X POST ${controlUrl}/break/north  # one vantage is cut off: nothing moves`,
  ]
}
