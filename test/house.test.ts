import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const root = path.resolve(import.meta.dirname, '..')

const forbidden: [room: string, module: string][] = [
  ['lib/model', 'node:fs'],
  ['lib/model', '../probe/http.ts'],
  ['lib/model', '../decide/health.ts'],
  ['lib/decide', 'node:crypto'],
  ['lib/decide', 'undici'],
  ['lib/decide', '@aws-sdk/client-route-53'],
  ['lib/decide', '../probe/http.ts'],
  ['lib/probe', '../decide/assertions.ts'],
  ['lib/probe', '@aws-sdk/client-cloudwatch'],
  ['lib/probe', 'aws-cdk-lib'],
  ['lib/probe', 'zod'],
  ['lib/run', '../local/engine.ts'],
  ['lib/run', '../cli/check.ts'],
  ['lib/run', '@aws-sdk/client-cloudwatch'],
  ['lib/act', '../probe/http.ts'],
  ['lib/act', '../run/vantage.ts'],
  ['lib/act', 'aws-cdk-lib'],
  ['lib/stacks', '../probe/http.ts'],
  ['lib/stacks', '../act/cloudwatch.ts'],
  ['lib/stacks', '../cli/load-config.ts'],
  ['lib/stacks', '../../functions/probe.ts'],
  ['lib/stacks', '@aws-sdk/client-cloudwatch'],
  ['functions', '../lib/stacks/app.ts'],
  ['functions', '../lib/cli/load-config.ts'],
  ['functions', '../lib/local/engine.ts'],
  ['functions', 'zod'],
  ['bin', '../lib/run/vantage.ts'],
  ['bin', 'aws-cdk-lib'],
  ['lib/local', '../cli/check.ts'],
  ['lib/local', 'aws-cdk-lib/aws-lambda'],
  ['lib/local/web/client', 'node:fs'],
  ['lib/local/web/client', '../server.ts'],
  ['lib/local/web/client', '../../engine.ts'],
  ['lib/local/web/client', '../../../model/config-schema.ts'],
  ['lib/local/web/client', 'undici'],
  ['lib/cli', '../../functions/probe.ts'],
  ['bin', '../functions/probe.ts'],
  ['test', '../functions/probe.ts'],
]

const allowed: [room: string, module: string][] = [
  ['lib/model', 'zod'],
  ['lib/decide', '../model/result.ts'],
  ['lib/decide', 'croner'],
  ['lib/probe', 'node:net'],
  ['lib/probe', 'node:fs/promises'],
  ['lib/probe', 'dns-packet'],
  ['lib/probe', 'undici/lib/dispatcher/client.js'],
  ['lib/run', '../probe/probes.ts'],
  ['lib/act', '@aws-sdk/client-cloudwatch'],
  ['lib/act', '../decide/votes.ts'],
  ['lib/act', 'node:path'],
  ['lib/stacks', 'aws-cdk-lib'],
  ['lib/stacks', 'aws-cdk-lib/aws-lambda'],
  ['lib/stacks', 'constructs'],
  ['lib/stacks', 'cdk-nag'],
  ['lib/stacks', 'esbuild'],
  ['lib/stacks', '../decide/sharding.ts'],
  ['functions', '../lib/run/shard.ts'],
  ['functions', '../lib/act/cloudwatch.ts'],
  ['functions', 'node:path'],
  ['bin', '../lib/cli/main.ts'],
  ['bin', '../lib/stacks/app.ts'],
  ['lib/local', '../run/vantage.ts'],
  ['lib/local/web/client', '../api/routes.ts'],
  ['lib/local/web/client', '../look.ts'],
  ['lib/local/web/client', '../sparkline.ts'],
  ['lib/local/web/client', '../../../model/figures.ts'],
  ['lib/local/web/client', './dom.ts'],
  ['lib/local/web/client', 'uplot'],
  ['lib/local/web/client', 'uplot/dist/uPlot.min.css'],
  ['lib/cli', '../local/engine.ts'],
]

const impure = ['Date.now()', 'Math.random()', 'new Date()', 'performance.now()']

interface Sample {
  file: string
  code: string
}

const importSample = ([room, module]: [string, string]): Sample => ({
  file: `${room}/uses-${module.replace(/\W+/g, '-')}.ts`,
  code: `import type * as it from '${module}'\nexport type It = typeof it\n`,
})
const callSample = (room: string, call: string): Sample => ({
  file: `${room}/calls-${call.replace(/\W+/g, '-')}.ts`,
  code: `export const it = ${call}\n`,
})
const floating: Sample = { file: 'lib/run/floats.ts', code: 'export async function it() {}\nit()\n' }

let folder: string
let complaints: { category: string; message: string; file: string }[]

// The linter runs once over a house that holds nothing but samples, with this project's own rules.
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'vedette-house-'))
  cpSync(path.join(root, 'biome.json'), path.join(folder, 'biome.json'))
  cpSync(path.join(root, 'biome'), path.join(folder, 'biome'), { recursive: true })
  const calls = impure.flatMap((call) => [callSample('lib/decide', call), callSample('lib/run', call)])
  for (const { file, code } of [...[...forbidden, ...allowed].map(importSample), ...calls, floating]) {
    mkdirSync(path.join(folder, path.dirname(file)), { recursive: true })
    writeFileSync(path.join(folder, file), code)
  }
  const biome = path.join(root, 'node_modules/.bin/biome')
  const args = ['lint', '--reporter=json', '--max-diagnostics=none', '.']
  const { stdout } = spawnSync(biome, args, { cwd: folder, encoding: 'utf8' })
  complaints = JSON.parse(stdout).diagnostics.map(
    (diagnostic: { category: string; message: string; location: { path: string } }) => ({
      category: diagnostic.category,
      message: JSON.stringify(diagnostic.message),
      file: diagnostic.location.path,
    }),
  )
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const complaintsOf = ({ file }: Sample) => complaints.filter((complaint) => complaint.file === file)
const restricted = expect.objectContaining({ category: 'lint/style/noRestrictedImports' })

describe('the linter keeps the rooms apart', () => {
  test.each(forbidden)('%s may not import %s', (...sample) => {
    expect(complaintsOf(importSample(sample))).toContainEqual(restricted)
  })

  test.each(allowed)('%s may import %s', (...sample) => {
    expect(complaintsOf(importSample(sample))).toEqual([])
  })

  test.each(impure)('lib/decide has no %s', (call) => {
    expect(complaintsOf(callSample('lib/decide', call))).toContainEqual(
      expect.objectContaining({ message: expect.stringContaining('pass time and chance as arguments') }),
    )
    expect(complaintsOf(callSample('lib/run', call))).toEqual([])
  })

  test('a promise left floating is an error', () => {
    expect(complaintsOf(floating)).toContainEqual(
      expect.objectContaining({ category: 'lint/nursery/noFloatingPromises' }),
    )
  })
})
