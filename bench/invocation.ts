/*
 * One invocation of the probe function's bundle with 500 monitors, on one core, against a server that takes 50 ms: how long
 * it lasts and how much memory it takes. CloudWatch is a server on loopback that takes everything.
 *
 *   node bench/invocation.ts [--monitors 500] [--runs 5]
 */
import { spawn } from 'node:child_process'
import { rmSync } from 'node:fs'
import http from 'node:http'
import path from 'node:path'
import { probeAssetOf } from '../lib/decide/probe-asset.ts'
import { shardMonitors } from '../lib/decide/sharding.ts'
import { listenOnLoopback } from '../lib/local/loopback.ts'
import type { Vantage } from '../lib/model/config.ts'
import { parseConfig } from '../lib/model/parse-config.ts'
import { bundleFunction } from '../lib/stacks/bundle.ts'
import { script, whole } from '../test/support/script.ts'
import { writeBundle } from './support/bundle.ts'
import { startChild } from './support/child.ts'
import { median, printTable } from './support/table.ts'

const values = script('Many monitors in one invocation.')
  .option('--monitors <n>', 'how many monitors', whole(), 500)
  .option('--runs <n>', 'how many times', whole(), 5)
  .parse()
  .opts<{ monitors: number; runs: number }>()
const count = values.monitors

const server = await startChild<{ port: number }>(new URL('delay-server.ts', import.meta.url), ['50'])
const url = `http://127.0.0.1:${server.hello.port}/`
const config = parseConfig({
  service: 'bench',
  vantages: ['eu-west-1'],
  controllers: ['us-west-2', 'eu-central-1'],
  monitors: Array.from({ length: count }, (_, i) => ({ id: `m${i}`, kind: 'http', url })),
})
const asset = probeAssetOf(config, config.vantages[0] as Vantage)
const shards = shardMonitors(config.monitors, count)
const folder = writeBundle({
  ...(await bundleFunction('probe')),
  'config.json': JSON.stringify({ ...asset, shards }),
})

const cloudWatch = http.createServer((request, response) => {
  request.resume().once('end', () => response.end())
})
const port = await listenOnLoopback(cloudWatch, 0)

const source = `
const began = performance.now()
const { handler } = await import(process.argv[1])
const imported = performance.now()
const { results, down, unknown, metrics } = await handler({ shard: '1m-0', scheduledTime: '' })
const ms = performance.now() - imported
console.log()
console.log(JSON.stringify({ importMs: imported - began, ms, results, bad: down + unknown, metrics, mb: process.resourceUsage().maxRSS / 1000 }))`

interface Answer {
  importMs: number
  ms: number
  results: number
  bad: number
  metrics: { sent: number }[]
  mb: number
}

const answers: Answer[] = []
for (let i = 0; i < values.runs; i++) answers.push(await invoke())
server.stop()
cloudWatch.close()
rmSync(folder, { recursive: true })

printTable(
  ['monitors', 'results', 'not up', 'time (median)', 'time (worst)', 'memory (worst)', 'goal'],
  [
    [
      `${count}`,
      `${answers[0]?.results}`,
      `${answers.reduce((total, { bad }) => total + bad, 0)}`,
      `${(median(answers.map(({ ms }) => ms)) / 1000).toFixed(2)} s`,
      `${(Math.max(...answers.map(({ ms }) => ms)) / 1000).toFixed(2)} s`,
      `${Math.max(...answers.map(({ mb }) => mb)).toFixed(0)} MB`,
      '5 s, 256 MB',
    ],
  ],
)

/** One invocation in a process of its own. */
async function invoke(): Promise<Answer> {
  const args = ['-c', '0', process.execPath, '--input-type=module', '-e', source, path.join(folder, 'index.mjs')]
  const child = spawn('taskset', args, {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      ...{
        PATH: process.env.PATH,
        AWS_REGION: 'eu-west-1',
        AWS_ACCESS_KEY_ID: 'bench',
        AWS_SECRET_ACCESS_KEY: 'bench',
      },
      AWS_ENDPOINT_URL: `http://127.0.0.1:${port}`,
    },
  })
  let output = ''
  for await (const chunk of child.stdout) output += chunk
  return JSON.parse(output.trim().split('\n').at(-1) ?? '')
}
