import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type Demo, startDemo } from '../../lib/local/demo.ts'
import { startOwnDemo } from '../support/demo.ts'
import { ensureVenv } from '../support/python.ts'
import { type Aws, awsAt } from './aws.ts'
import { cdk } from './cdk.ts'
import { type FaultProxy, startFaultProxy, type Witness } from './fault-proxy.ts'
import { type HostedZones, hostedZonesAt } from './hosted-zones.ts'
import { startMinistack } from './ministack.ts'
import { type MirroredZone, startMirroredZone } from './mirrored-zone.ts'
import { addressesOf, writeRegionModule } from './region-addresses.ts'

/** Vedette deployed by the real CDK into an AWS on loopback, watching the demo shop beside it. */
export interface Sandbox {
  aws: Aws
  endpoint: string
  demo: Demo
  config: SandboxConfig
  /** What functions meet when they send metrics. */
  cloudWatch: FaultProxy
  /** What functions meet when they read and change records. */
  route53: FaultProxy
  /** Route 53 as a person reaches it, past the proxy. */
  zones: HostedZones
  /** Ids of the hosted zones that were asked for, by name. */
  zoneIds: Record<string, string>
  /** The DNS server of those zones, where there are any. */
  dns: MirroredZone | undefined
  /** The address that each region's functions connect from. */
  addresses: Record<string, string>
  /** Deploys the config, after changes to it too. */
  deploy(): Promise<void>
  /** Removes all stacks of the last deployment. */
  destroy(): Promise<void>
  stop(): Promise<void>
}

export interface SandboxConfig extends Watched {
  service: string
  vantages: string[]
  controllers: string[]
}

/** What failovers are written with: ids of hosted zones by name, and where they are served. */
export interface Ground {
  zoneIds: Record<string, string>
  dnsPort: number
  demo: Demo
}

/** The part of a config that says what is watched. */
export interface Watched {
  monitors: Record<string, unknown>[]
  failovers?: Record<string, unknown>[]
  maxConcurrent?: number
  resolver?: string
}

export interface SandboxOptions {
  /** A port that is easy to remember; any free one where not given. */
  port?: number
  /** Monitors beside those of the demo shop. */
  monitors?: Record<string, unknown>[]
  /** Names of hosted zones to make, all under `sandbox.test`, and what to watch in them instead of the demo shop. */
  failovers?: { zones: string[]; config(ground: Ground): Watched | Promise<Watched> }
  /** What happens, for people. */
  say?: (line: string) => void
}

const vantages = ['us-east-1', 'eu-west-1', 'ap-southeast-1']
const controllers = ['us-west-2', 'eu-central-1']

/** What CloudFormation knows and the sandbox does not; proven by template instead. */
const placeholders = {
  'AWS::CloudWatch::AlarmMuteRule': [],
  'AWS::Logs::QueryDefinition': [],
  'AWS::Route53::HealthCheck': ['HealthCheckId'],
}

/** Brings everything up but the stacks: `deploy` does those. */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const { port, monitors = [], failovers, say = () => {} } = options
  say('Making sure of MiniStack in .venv …')
  await ensureVenv()
  const undo: (() => Promise<void>)[] = []
  const stop = async () => {
    for (const each of undo.splice(0).reverse()) await each()
  }
  try {
    // People are shown the ports that they know.
    const demo = await (port ? startDemo() : startOwnDemo())
    undo.push(demo.stop)
    let dns: MirroredZone | undefined
    const settle: Witness = async (reply) => {
      if (await isSettled(reply)) await dns?.refresh().catch(() => {})
    }
    const [cloudWatch, route53] = [await startFaultProxy(), await startFaultProxy(settle)]
    undo.push(cloudWatch.stop, route53.stop)
    const folder = await mkdtemp(path.join(tmpdir(), 'vedette-sandbox-'))
    undo.push(() => rm(folder, { recursive: true, force: true }))
    const addresses = addressesOf([...vantages, ...controllers])
    const preload = await writeRegionModule(folder, addresses)
    const env = { AWS_ENDPOINT_URL_CLOUDWATCH: cloudWatch.url, AWS_ENDPOINT_URL_ROUTE_53: route53.url }
    const { endpoint, ...ministack } = await startMinistack({ env, preload, placeholders, ...(port && { port }) })
    undo.push(ministack.stop)
    cloudWatch.upstream = endpoint
    route53.upstream = endpoint

    const zones = hostedZonesAt(endpoint)
    const zoneIds = await createZones(failovers?.zones ?? [], zones)
    dns = failovers && (await startMirroredZone('sandbox.test', Object.values(zoneIds), zones))
    if (dns) undo.push(dns.stop)
    const watched = dns && (await failovers?.config({ zoneIds, dnsPort: dns.port, demo }))
    const resolver = dns && { resolver: `127.0.0.1:${dns.port}` }
    const config = { service: 'shop', vantages, controllers, ...resolver, ...(watched ?? shopMonitors(demo, monitors)) }
    const file = path.join(folder, 'vedette.config.json')
    const assembly = path.join(folder, 'cdk.out')
    const deploy = async () => {
      await writeFile(file, JSON.stringify(config))
      const args = ['deploy', '--all', '--concurrency', '6', '--require-approval', 'never']
      await cdk(args, { endpoint }, { context: { config: file }, output: assembly })
    }
    say(`Bootstrapping ${[...vantages, ...controllers].join(', ')} …`)
    const environments = [...vantages, ...controllers].map((region) => `aws://000000000000/${region}`)
    await cdk(['bootstrap', ...environments], { endpoint }, { app: '' })
    return {
      ...{ aws: awsAt(endpoint), endpoint, demo, config, cloudWatch, route53, zones, zoneIds, dns, addresses, stop },
      deploy,
      destroy: () => cdk(['destroy', '--all', '--force'], { endpoint }, { app: assembly }),
    }
  } catch (error) {
    await stop()
    throw error
  }
}

/**
 * MiniStack calls a change pending until somebody has asked for it: this asks, so that no move waits seconds for nothing.
 * Gives whether a reply was about a change.
 */
async function isSettled({ text, authorization, upstream }: Parameters<Witness>[0]): Promise<boolean> {
  const [, id] = /<Id>\/change\/(\w+)<\/Id>/.exec(text) ?? []
  if (id) await (await fetch(`${upstream}/2013-04-01/change/${id}`, { headers: { authorization } })).text()
  return id !== undefined
}

/** Makes hosted zones; gives their ids by name. */
async function createZones(names: readonly string[], { create }: HostedZones): Promise<Record<string, string>> {
  const ids: Record<string, string> = {}
  for (const name of names) ids[name] = await create(name)
  return ids
}

/**
 * The shop's monitors at the pace of a deployment: a minute, and one that a loop runs. Without objectives: the emulator has none
 * of the composite alarms that those become.
 */
export function shopMonitors(demo: Demo, more: Record<string, unknown>[] = []): Watched {
  const monitors = demo.config.monitors.map(({ slo: _, ...monitor }) => ({
    ...monitor,
    every: monitor.id === 'shop-port' ? '20s' : '1m',
    ...(monitor.id === 'shop-home' && { metrics: { duration: true, perVantage: true } }),
  }))
  return { monitors: [...monitors, ...more] }
}
