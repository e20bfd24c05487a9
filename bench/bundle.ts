/*
 * What a function weighs, and what its import costs beside that of the CloudWatch client alone, bundled with the usual
 * options: each import in a process of its own, one of each in turn.
 *
 *   node bench/bundle.ts [--runs 40]
 */
import { spawnSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { build } from 'esbuild'
import { probeAssetOf } from '../lib/decide/probe-asset.ts'
import type { Vantage } from '../lib/model/config.ts'
import { parseConfig } from '../lib/model/parse-config.ts'
import { bundleFunction } from '../lib/stacks/bundle.ts'
import { writeBundle } from './support/bundle.ts'
import { median, percentile, printTable } from './support/table.ts'

const { values } = parseArgs({ options: { runs: { type: 'string', default: '40' } } })

const config = parseConfig({
  service: 'bench',
  vantages: ['eu-west-1'],
  controllers: ['us-west-2', 'eu-central-1'],
  monitors: [{ id: 'api', kind: 'http', url: 'https://127.0.0.1/' }],
})
const files = await bundleFunction('probe')
const asset = probeAssetOf(config, config.vantages[0] as Vantage)
const ours = writeBundle({ ...files, 'config.json': JSON.stringify(asset) })
const peer = writeBundle({ 'index.mjs': await cloudWatchAlone() })

const importScript = 'const t = performance.now(); await import(process.argv[1]); console.log(performance.now() - t)'
const times: Record<string, number[]> = { ours: [], peer: [] }
for (let i = 0; i < Number(values.runs); i++) {
  for (const [name, folder] of [
    ['peer', peer],
    ['ours', ours],
  ] as const)
    times[name]?.push(importMs(folder))
}
rmSync(ours, { recursive: true })
rmSync(peer, { recursive: true })

const ratios = (times.ours ?? []).map((ms, i) => ms / (times.peer?.[i] ?? Number.NaN))
const sizeOf = (texts: string[]) => texts.reduce((total, text) => total + Buffer.byteLength(text), 0) / 1000
printTable(
  ['function', 'files', 'size', 'entry alone'],
  [
    [
      'probe',
      `${Object.keys(files).length}`,
      `${sizeOf(Object.values(files)).toFixed(0)} KB`,
      `${sizeOf([files['index.mjs'] ?? '']).toFixed(0)} KB`,
    ],
  ],
)
console.log()
printTable(
  ['import', 'median', 'p90'],
  Object.entries(times).map(([name, ms]) => [
    name === 'ours' ? 'probe' : 'CloudWatch client alone',
    `${median(ms).toFixed(1)} ms`,
    `${percentile(ms, 0.9).toFixed(1)} ms`,
  ]),
)
console.log(`\nratio of pairs: median ${median(ratios).toFixed(2)} (goal 1.4)`)

function importMs(folder: string): number {
  const args = ['--input-type=module', '-e', importScript, path.join(folder, 'index.mjs')]
  const { stdout, stderr } = spawnSync(process.execPath, args, {
    encoding: 'utf8',
    env: { ...process.env, AWS_REGION: 'eu-west-1' },
  })
  if (!stdout) throw new Error(`the import of ${folder} failed: ${stderr}`)
  return Number(stdout)
}

async function cloudWatchAlone(): Promise<string> {
  const contents = "export { CloudWatchClient, PutMetricDataCommand } from '@aws-sdk/client-cloudwatch'"
  const { outputFiles } = await build({
    ...{ stdin: { contents, resolveDir: import.meta.dirname }, bundle: true, minify: true, write: false },
    ...{ format: 'esm', platform: 'node', target: 'node24', mainFields: ['module', 'main'] },
    banner: { js: "import{createRequire as r}from'node:module';const require=r(import.meta.url);" },
  })
  return outputFiles[0]?.text ?? ''
}
