import http from 'node:http'
import type { ConfigInput } from '../model/builders.ts'
import type { Breakable } from './demo-control.ts'
import { serve, shopAddress } from './demo-shop.ts'
import type { EmbeddedFailovers } from './failovers.ts'
import { closer, isPortTaken, listen } from './loopback.ts'
import { startZone } from './zone.ts'

/** A second origin of the shop, and the failover that moves a record to it. */
export interface DemoFailover {
  /** To be added to the demo's config. */
  monitors: ConfigInput['monitors']
  failovers: NonNullable<ConfigInput['failovers']>
  /** Address of the second origin. */
  standby: string
  /** Where the zone of the record is to be served. */
  zonePort: number
  stop(): Promise<void>
}

/**
 * All of 127.0.0.0/8 is this machine where Linux is; elsewhere a second address is not there by itself. The standby has the port
 * of the shop, so where that is taken at one address it is tried at the next.
 */
const firstStandby = '127.0.0.2'
const standbyAddresses = [firstStandby, ...[3, 4, 5, 6, 7, 8, 9].map((last) => `127.0.0.${last}`)]
const zone = 'live.test'
const record = `shop.${zone}`

/** Starts the standby beside a shop; where this machine has no address for it, what to do about that. */
export async function startDemoFailover(
  webPort: number,
  preferredZonePort: number,
): Promise<DemoFailover | { problem: string }> {
  const server = http.createServer((request, response) => serve(request, response, new Set()))
  const stop = closer(server)
  const address = await listenBeside(server, webPort)
  if (typeof address !== 'string') return address
  const zonePort = await freeZonePort(preferredZonePort)
  return { ...demoFailoverConfig(webPort, zonePort, address), standby: address, zonePort, stop }
}

async function listenBeside(server: http.Server, port: number): Promise<string | { problem: string }> {
  let problem = ''
  for (const address of standbyAddresses) {
    try {
      await listen(server, port, address)
      return address
    } catch (error) {
      problem = (error as Error).message
      if (!isPortTaken(error)) break
    }
  }
  const hint = `on macOS, "sudo ifconfig lo0 alias ${firstStandby}" adds the address; then start again`
  return { problem: `No record that moves: its standby could not be started (${problem}); ${hint}.` }
}

async function freeZonePort(preferred: number): Promise<number> {
  const probe = await startZone({ origin: zone, records: [], port: preferred }).catch(() =>
    startZone({ origin: zone, records: [] }),
  )
  await probe.stop()
  return probe.port
}

/** What is watched and moved, its standby on the first address for one unless told otherwise. */
export function demoFailoverConfig(
  webPort: number,
  zonePort: number,
  standby = firstStandby,
): Pick<DemoFailover, 'monitors' | 'failovers'> {
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
          { id: 'standby', region: 'external', A: [standby] },
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
export function failoverInstructions(controlUrl: string): string[] {
  return [
    `${record} is a record that moves:`,
    `  curl -X POST ${controlUrl}/break/down   # its primary dies: watch the votes, the move and the answer`,
    `  curl -X POST ${controlUrl}/break/north  # one vantage is cut off: nothing moves`,
  ]
}
