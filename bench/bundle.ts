/*
 * What each function weighs, and what its import costs beside that of the CloudWatch client alone: bundled with esbuild's usual
 * options, and by our own recipe. Each import is in a process of its own, one of each in turn.
 *
 *   node bench/bundle.ts [--runs 40]
 */
import { spawnSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import path from 'node:path'
import { build } from 'esbuild'
import { failoverAssetOf } from '../lib/decide/failover-asset.ts'
import { notifyAssetOf } from '../lib/decide/notify-asset.ts'
import { probeAssetOf } from '../lib/decide/probe-asset.ts'
import { probeNowAssetOf } from '../lib/decide/probe-now.ts'
import type { Vantage } from '../lib/model/config.ts'
import { parseConfig } from '../lib/model/parse-config.ts'
import { bundleFor, bundleOptions, type FunctionName, functionsOf } from '../lib/stacks/bundle.ts'
import { script, whole } from '../test/support/script.ts'
import { writeBundle } from './support/bundle.ts'
import { median, percentile, printTable } from './support/table.ts'

const values = script('Size and import of the functions.')
  .option('--runs <n>', 'how many times', whole(), 40)
  .parse()
  .opts<{ runs: number }>()

const config = parseConfig({
  service: 'bench',
  vantages: ['eu-west-1'],
  controllers: ['us-west-2', 'eu-central-1'],
  monitors: [{ id: 'api', kind: 'http', url: 'https://127.0.0.1/' }],
  routes: { page: [{ kind: 'pagerduty', routingKey: { secret: 'key' } }] },
  failovers: [
    {
      ...{ id: 'api', hostedZoneId: 'Z1', zone: 'example.com', record: 'api.example.com', check: 'api' },
      endpoints: [
        { id: 'one', region: 'external', A: ['127.0.0.1'] },
        { id: 'two', region: 'external', A: ['127.0.0.2'] },
      ],
    },
  ],
})
const vantage = config.vantages[0] as Vantage
const assets: Record<FunctionName, object> = {
  probe: probeAssetOf(config, vantage),
  'probe-now': probeNowAssetOf(config, vantage),
  failover: failoverAssetOf(config, 'us-west-2'),
  notify: notifyAssetOf(config, 'us-west-2'),
}
const names = functionsOf(config)
const bundles = await bundleFor(config)
const ours = (name: FunctionName) => writeBundle({ ...bundles[name], 'config.json': JSON.stringify(assets[name]) })
const cloudWatch = {
  contents: "export { CloudWatchClient, PutMetricDataCommand } from '@aws-sdk/client-cloudwatch'",
  resolveDir: import.meta.dirname,
}
const folders = {
  ...{ usual: writeBundle(await usualBundle()), recipe: writeBundle(await recipeBundle()) },
  ...{ probe: ours('probe'), 'probe-now': ours('probe-now'), failover: ours('failover') },
  notify: ours('notify'),
}
type Imported = keyof typeof folders
const imported = Object.keys(folders) as Imported[]

const importScript = 'const t = performance.now(); await import(process.argv[1]); console.log(performance.now() - t)'
const times: Record<Imported, number[]> = {
  usual: [],
  recipe: [],
  probe: [],
  'probe-now': [],
  failover: [],
  notify: [],
}
for (let i = 0; i < values.runs; i++) for (const name of imported) times[name].push(importMs(folders[name]))
for (const folder of Object.values(folders)) rmSync(folder, { recursive: true })

const sizeOf = (texts: string[]) => texts.reduce((total, text) => total + Buffer.byteLength(text), 0) / 1000
printTable(
  ['function', 'files', 'size', 'entry alone'],
  names.map((name) => {
    const files = bundles[name] ?? {}
    const kilobytes = (texts: string[]) => `${sizeOf(texts).toFixed(0)} KB`
    return [
      name,
      `${Object.keys(files).length}`,
      kilobytes(Object.values(files)),
      kilobytes([files['index.mjs'] ?? '']),
    ]
  }),
)
console.log()
const titles = { usual: 'CloudWatch client alone', recipe: 'the same by our recipe' }
printTable(
  ['import', 'median', 'p90', 'this / CloudWatch client alone, median of pairs'],
  imported.map((name) => [
    name in titles ? titles[name as keyof typeof titles] : name,
    `${median(times[name]).toFixed(1)} ms`,
    `${percentile(times[name], 0.9).toFixed(1)} ms`,
    `${median(times[name].map((ms, i) => ms / (times.usual[i] ?? Number.NaN))).toFixed(2)}${name === 'probe' ? ' (goal 1.4)' : ''}`,
  ]),
)

function importMs(folder: string): number {
  const args = ['--input-type=module', '-e', importScript, path.join(folder, 'index.mjs')]
  const { stdout, stderr } = spawnSync(process.execPath, args, {
    encoding: 'utf8',
    env: { ...process.env, AWS_REGION: 'eu-west-1' },
  })
  if (!stdout) throw new Error(`the import of ${folder} failed: ${stderr}`)
  return Number(stdout)
}

async function usualBundle(): Promise<Record<string, string>> {
  const { outputFiles } = await build({
    ...{ stdin: cloudWatch, bundle: true, minify: true, write: false, format: 'esm', platform: 'node' },
    ...{ target: 'node24', mainFields: ['module', 'main'], banner: bundleOptions.banner },
  })
  return { 'index.mjs': outputFiles[0]?.text ?? '' }
}

async function recipeBundle(): Promise<Record<string, string>> {
  const { outputFiles } = await build({ ...bundleOptions, stdin: cloudWatch, entryNames: 'index' })
  return Object.fromEntries(outputFiles.map(({ path: file, text }) => [path.basename(file), text]))
}
