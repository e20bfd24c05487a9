import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type Demo, startDemo } from '../../lib/local/demo.ts'
import { ensureVenv } from '../support/python.ts'
import { type Aws, awsAt } from './aws.ts'
import { cdk } from './cdk.ts'
import { type FaultProxy, startFaultProxy } from './fault-proxy.ts'
import { startMinistack } from './ministack.ts'

/** Vedette deployed by the real CDK into an AWS on loopback, watching the demo shop beside it. */
export interface Sandbox {
  aws: Aws
  endpoint: string
  demo: Demo
  config: SandboxConfig
  /** What functions meet when they send metrics. */
  cloudWatch: FaultProxy
  /** Deploys the config, after changes to it too. */
  deploy(): Promise<void>
  /** Removes all stacks. */
  destroy(): Promise<void>
  stop(): Promise<void>
}

export interface SandboxConfig {
  service: string
  vantages: string[]
  controllers: string[]
  monitors: Record<string, unknown>[]
}

export interface SandboxOptions {
  /** A port that is easy to remember; any free one where not given. */
  port?: number
  /** Monitors beside those of the demo shop. */
  monitors?: Record<string, unknown>[]
  /** What happens, for people. */
  say?: (line: string) => void
}

const vantages = ['us-east-1', 'eu-west-1', 'ap-southeast-1']
const controllers = ['us-west-2', 'eu-central-1']

/** What CloudFormation knows and the sandbox does not; proven by template instead. */
const placeholders = ['AWS::CloudWatch::AlarmMuteRule', 'AWS::Logs::QueryDefinition']

/** Brings everything up but the stacks: `deploy` does those. */
export async function startSandbox({ port, monitors = [], say = () => {} }: SandboxOptions = {}): Promise<Sandbox> {
  say('Making sure of MiniStack in .venv …')
  await ensureVenv()
  const undo: (() => Promise<void>)[] = []
  const stop = async () => {
    for (const each of undo.splice(0).reverse()) await each()
  }
  try {
    const demo = await startDemo()
    undo.push(demo.stop)
    const cloudWatch = await startFaultProxy()
    undo.push(cloudWatch.stop)
    const env = { AWS_ENDPOINT_URL_CLOUDWATCH: cloudWatch.url }
    const { endpoint, ...ministack } = await startMinistack({ env, placeholders, ...(port && { port }) })
    undo.push(ministack.stop)
    cloudWatch.upstream = endpoint
    const folder = await mkdtemp(path.join(tmpdir(), 'vedette-sandbox-'))
    undo.push(() => rm(folder, { recursive: true, force: true }))
    const file = path.join(folder, 'vedette.config.json')

    const config = configOf(demo, monitors)
    const run = async (...args: string[]) => {
      await writeFile(file, JSON.stringify(config))
      await cdk(args, { endpoint }, { context: { config: file } })
    }
    say(`Bootstrapping ${[...vantages, ...controllers].join(', ')} …`)
    await run('bootstrap', ...[...vantages, ...controllers].map((region) => `aws://000000000000/${region}`))
    return {
      ...{ aws: awsAt(endpoint), endpoint, demo, config, cloudWatch, stop },
      deploy: () => run('deploy', '--all', '--concurrency', '4', '--require-approval', 'never'),
      destroy: () => run('destroy', '--all', '--force'),
    }
  } catch (error) {
    await stop()
    throw error
  }
}

/** The shop's monitors at the pace of a deployment: a minute, and one that a loop runs. */
function configOf(demo: Demo, more: Record<string, unknown>[]): SandboxConfig {
  const monitors = demo.config.monitors.map((monitor) => ({
    ...monitor,
    every: monitor.id === 'shop-port' ? '20s' : '1m',
    ...(monitor.id === 'shop-home' && { metrics: { duration: true, perVantage: true } }),
  }))
  return { service: 'shop', vantages, controllers, monitors: [...monitors, ...more] }
}
