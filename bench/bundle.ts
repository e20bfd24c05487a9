/*
 * What a function weighs, and what its import costs beside that of the CloudWatch client alone: bundled with esbuild's usual
 * options, and by our own recipe. Each import is in a process of its own, one of each in turn.
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
import { bundleFunction, bundleOptions } from '../lib/stacks/bundle.ts'
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
const cloudWatch = {
  contents: "export { CloudWatchClient, PutMetricDataCommand } from '@aws-sdk/client-cloudwatch'",
  resolveDir: import.meta.dirname,
}
const folders = { usual: writeBundle(await usualBundle()), recipe: writeBundle(await recipeBundle()), ours }

const importScript = 'const t = performance.now(); await import(process.argv[1]); console.log(performance.now() - t)'
const times: Record<keyof typeof folders, number[]> = { usual: [], recipe: [], ours: [] }
for (let i = 0; i < Number(values.runs); i++)
  for (const name of ['usual', 'recipe', 'ours'] as const) times[name].push(importMs(folders[name]))
for (const folder of Object.values(folders)) rmSync(folder, { recursive: true })

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
const titles = { usual: 'CloudWatch client alone', recipe: 'the same by our recipe', ours: 'probe' }
printTable(
  ['import', 'median', 'p90', 'probe / this, median of pairs'],
  (['usual', 'recipe', 'ours'] as const).map((name) => [
    titles[name],
    `${median(times[name]).toFixed(1)} ms`,
    `${percentile(times[name], 0.9).toFixed(1)} ms`,
    name === 'ours' ? 'goal 1.4' : median(times.ours.map((ms, i) => ms / (times[name][i] ?? Number.NaN))).toFixed(2),
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
