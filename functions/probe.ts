import { createPublisher, putMetricsTo } from '../lib/act/cloudwatch.ts'
import { handOverTo } from '../lib/act/invoke.ts'
import { awsSecrets, createSecrets } from '../lib/act/secrets.ts'
import type { ProbeAsset } from '../lib/decide/probe-asset.ts'
import { createHost } from '../lib/run/host.ts'
import { readAsset, withFiles } from '../lib/run/lambda-asset.ts'
import { enableLinearRegex } from '../lib/run/linear-regex.ts'
import { createShardRunner } from '../lib/run/shard.ts'
import { createTrigger } from '../lib/run/trigger.ts'

enableLinearRegex()

// Written into the bundle.
const version = process.env.VEDETTE_VERSION ?? ''
const folder = import.meta.dirname
const asset = readAsset<ProbeAsset>(folder)

const shards = asset.shards.map((shard) => ({
  ...shard,
  monitors: shard.monitors.map((monitor) => withFiles(monitor, folder)),
}))
const secret = createSecrets(awsSecrets(), () => Date.now())

// One line of JSON as it is: console.log would put its own fields around it.
const write = (line: string) => void process.stdout.write(`${line}\n`)
const { failover } = asset

/** Runs the shard that its schedule names, and says what it did. */
export const handler = createShardRunner(
  { ...asset, shards },
  {
    ...createHost({ ...asset, version, secret }),
    publish: createPublisher(asset.controllers, (region) => putMetricsTo(region, asset.namespace)),
    write,
    ...(failover && { trigger: createTrigger(asset, handOverTo(failover.functionName), write) }),
  },
)
