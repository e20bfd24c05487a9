import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Breakable, type DemoControl, startDemoControl } from './demo-control.ts'
import { type DemoFailover, demoFailoverConfig, startDemoFailover } from './demo-failover.ts'
import { demoConfig } from './demo-monitors.ts'
import { type Breakage, breakages, type Shop, shopBreakables, shopHost, startShop } from './demo-shop.ts'

/** What `npm start` brings up: a shop on loopback, the config that watches it, and the means to break it. */
export interface Demo {
  /** As a user would write it in vedette.config.ts. */
  config: ReturnType<typeof demoConfig>
  /** Brings up a second origin and what moves a record to it, in a zone at this port if it is free; where this machine cannot, what to do about that. */
  addFailover(zonePort?: number): Promise<DemoFailover | { problem: string }>
  /** How to break and mend the shop, for people, line by line. */
  instructions: string[]
  /** Where the control server answers: `http://127.0.0.1:4480`. */
  controlUrl: string
  /** Breaks (`true`) or mends one thing, as the control server does. */
  setBroken(what: Breakage, broken: boolean): Promise<void>
  /** More that the control server breaks and mends. */
  addBreakables(breakables: readonly Breakable[]): void
  stop(): Promise<void>
}

/** Preferred ports: easy to remember. A taken one is replaced by any free one. */
const demoPorts = { control: 4480, web: 4481, tls: 4482, dns: 4453, liveZone: 4454 } as const
export type DemoPorts = Record<keyof typeof demoPorts, number>

/** The config of a demo, for whoever asks what it saw: on the preferred ports, and nothing is started. */
export function demoAsRun(hasFailover: boolean) {
  const { web: webPort, tls: tlsPort, dns: dnsPort, liveZone } = demoPorts
  const config = demoConfig({ webPort, tlsPort, dnsPort }, '/root.pem')
  if (!hasFailover) return config
  const { monitors, failovers } = demoFailoverConfig(webPort, liveZone)
  return { ...config, monitors: [...config.monitors, ...monitors], failovers }
}

/** Starts shop and control server. Only loopback is touched, and one temporary folder that `stop` removes. */
export async function startDemo(ports: DemoPorts = demoPorts): Promise<Demo> {
  const shop = await startShop(ports)
  const control = await startDemoControl(shopBreakables(shop), ports.control)
  // A monitor names its root by file, as it would for a private root of the user's own.
  const folder = await mkdtemp(join(tmpdir(), 'vedette-demo-'))
  const caFile = join(folder, 'root.pem')
  await writeFile(caFile, shop.ca)
  let failover: DemoFailover | undefined
  return {
    config: demoConfig(shop, caFile),
    instructions: instructions(shop, control),
    controlUrl: `http://127.0.0.1:${control.port}`,
    setBroken: shop.setBroken,
    addBreakables: control.add,
    addFailover: async (zonePort = ports.liveZone) => {
      const started = failover ?? (await startDemoFailover(shop.webPort, zonePort))
      if (!('problem' in started)) failover = started
      return started
    },
    stop: async () => {
      await failover?.stop()
      await control.stop()
      await shop.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

function instructions(shop: Shop, control: DemoControl): string[] {
  const url = `http://127.0.0.1:${control.port}`
  const breaks = Object.entries(breakages).map(
    ([name, effect]) => `  curl -X POST ${`${url}/break/${name}`.padEnd(34)} # ${effect}`,
  )
  // What matters most first: a small terminal shows the first lines only.
  return [
    `Break it: curl -X POST ${url}/break/down (or web slow tls dns)`,
    `Mend it:  curl -X POST ${url}/mend (or mend/<name>)`,
    `What is broken: curl ${url}/`,
    'Ask from another terminal, in this folder: vedette status | budget | latency | timeline --from 10m (in the clone: npx vedette …)',
    'What breaks what:',
    ...breaks,
    'The demo shop on this machine:',
    `  plain origin  http://127.0.0.1:${shop.webPort}/`,
    `  TLS origin    https://127.0.0.1:${shop.tlsPort}/checkout (its certificate is for ${shopHost})`,
    `  DNS zone      dig @127.0.0.1 -p ${shop.dnsPort} ${shopHost}`,
  ]
}
