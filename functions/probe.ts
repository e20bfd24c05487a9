import { readFileSync } from 'node:fs'
import path from 'node:path'
import { createPublisher, putMetricsTo } from '../lib/act/cloudwatch.ts'
import { awsSecrets, createSecrets } from '../lib/act/secrets.ts'
import type { ProbeAsset } from '../lib/decide/probe-asset.ts'
import { type Monitor, tlsFileKeys } from '../lib/model/monitor.ts'
import { createHost } from '../lib/run/host.ts'
import { enableLinearRegex } from '../lib/run/linear-regex.ts'
import { createShardRunner } from '../lib/run/shard.ts'

enableLinearRegex()

// Written into the bundle.
const version = process.env.VEDETTE_VERSION ?? ''
const folder = import.meta.dirname
const asset: ProbeAsset = JSON.parse(readFileSync(path.join(folder, 'config.json'), 'utf8'))

/** Certificate files lie beside the code. */
function withFiles(monitor: Monitor): Monitor {
  const files = tlsFileKeys.flatMap((key) => {
    const file = monitor.tls[key]
    return file ? [[key, path.join(folder, file)]] : []
  })
  return { ...monitor, tls: { ...monitor.tls, ...Object.fromEntries(files) } }
}

const shards = asset.shards.map((shard) => ({ ...shard, monitors: shard.monitors.map(withFiles) }))
const secret = createSecrets(awsSecrets(), () => Date.now())

/** Runs the shard that its schedule names, and says what it did. */
export const handler = createShardRunner(
  { ...asset, shards },
  {
    ...createHost({ ...asset, version, secret }),
    publish: createPublisher(asset.controllers, (region) => putMetricsTo(region, asset.namespace)),
    // One line of JSON as it is: console.log would put its own fields around it.
    write: (line) => void process.stdout.write(`${line}\n`),
  },
)
