/*
 * How long `npx cdk synth` takes for 1,000 monitors in ten vantages with two controllers, as a user runs it.
 *
 *   node bench/synth.ts [--monitors 1000]
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { regions } from '../lib/model/regions.ts'
import { script, whole } from '../test/support/script.ts'
import { printTable } from './support/table.ts'

const values = script('Monitors as templates.')
  .option('--monitors <n>', 'how many monitors', whole(), 1000)
  .parse()
  .opts<{ monitors: number }>()
const count = values.monitors
const folder = mkdtempSync(path.join(tmpdir(), 'vedette-synth-'))
const config = path.join(folder, 'vedette.config.json')
const controllers = ['us-west-2', 'eu-central-1']
const vantages = regions.filter((region) => !controllers.includes(region)).slice(0, 10)
const monitors = Array.from({ length: count }, (_, i) => ({
  ...{ id: `monitor-${i}`, kind: 'http', url: `https://host-${i}.example.com/health` },
}))
writeFileSync(config, JSON.stringify({ service: 'bench', vantages, controllers, monitors }))

const root = path.resolve(import.meta.dirname, '..')
const out = path.join(folder, 'out')
const began = performance.now()
const cdk = path.join(root, 'node_modules/aws-cdk/bin/cdk')
const { status, stderr } = spawnSync(
  process.execPath,
  [cdk, 'synth', '--quiet', '--no-notices', '--output', out, '-c', `config=${config}`],
  { cwd: root, encoding: 'utf8', env: { PATH: `${path.dirname(process.execPath)}:${process.env.PATH}`, HOME: folder } },
)
const seconds = (performance.now() - began) / 1000
if (status !== 0) throw new Error(`cdk synth ended with ${status}: ${stderr}`)
const templates = readdirSync(out).filter((name) => name.endsWith('.template.json'))
const largest = Math.max(...templates.map((name) => statSync(path.join(out, name)).size))
rmSync(folder, { recursive: true })
printTable(
  ['monitors', 'vantages', 'stacks', 'largest template', 'npx cdk synth', 'goal'],
  [
    [
      `${count}`,
      `${vantages.length}`,
      `${templates.length}`,
      `${(largest / 1000).toFixed(0)} KB`,
      `${seconds.toFixed(1)} s`,
      '20 s',
    ],
  ],
)
