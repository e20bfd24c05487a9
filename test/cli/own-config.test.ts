import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { vedette } from '../support/cli.ts'

const root = path.resolve(import.meta.dirname, '../..')

/** A folder of a user's own, far from ours. */
function ownFolder(files: Record<string, string>): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'vedette-own-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(folder, name), text)
  return folder
}

const config = `import { defineConfig, http } from 'vedette'
import { url } from './urls.ts'
export default defineConfig({
  service: 'own',
  vantages: ['us-east-1'],
  controllers: ['us-west-2'],
  monitors: [http('home', url)],
})
`
const urls = "export const url: string = 'https://www.example.com/'\n"

describe('a config in a folder of its own', () => {
  test.each([
    ['alone', {}],
    ['beside a package.json as npm init writes it', { 'package.json': '{ "type": "commonjs" }' }],
    ['beside one that says nothing', { 'package.json': '{}' }],
  ])('may import from vedette and from files beside it: %s', async (_, more) => {
    const cwd = ownFolder({ 'vedette.config.ts': config, 'urls.ts': urls, ...more })
    expect(await vedette(['validate'], { cwd })).toEqual({
      code: 0,
      stdout: 'own: the config is right (1 monitor, 0 failovers)\n',
      stderr: '',
    })
  })

  test('is the one that VEDETTE_CONFIG names, on the command line and in cdk, unless another is named', async () => {
    const cwd = ownFolder({ 'shop.ts': config, 'urls.ts': urls, 'other.json': '{}' })
    const env = { VEDETTE_CONFIG: path.join(cwd, 'shop.ts') }
    expect(await vedette(['plan'], { cwd, env })).toMatchObject({ code: 0, stdout: expect.stringMatching(/^own: /m) })
    expect(await vedette(['plan', '-c', 'other.json'], { cwd, env })).toMatchObject({ code: 2 })
    const synth = spawnSync(process.execPath, ['bin/app.ts'], {
      ...{ cwd: root, encoding: 'utf8', env: { ...process.env, ...env, CDK_OUTDIR: path.join(cwd, 'out') } },
    })
    expect(synth.stderr).toMatch(/^own: about \$\d/m)
    expect(synth.status).toBe(0)
  })
})

describe('a config that cannot be run says where', () => {
  test.each([
    ['a comma too many', "export default {\n  service: 'a',,\n}\n", ':2:16 could not be run: '],
    ['an end too soon', 'export default {\n', ':1 could not be run: '],
    ['what TypeScript alone knows', 'enum A { B }\nexport default {}\n', ':1:1 could not be run: TypeScript enum'],
    ['a name that there is not', '\nexport default { a: b }\n', ':2:21 could not be run: b is not defined'],
    [
      'a package that there is not',
      "import 'none'\nexport default {}\n",
      " could not be run: Cannot find package 'none'",
    ],
  ])('%s', async (_, text, says) => {
    const cwd = ownFolder({ 'c.ts': text })
    const { code, stderr } = await vedette(['validate', '-c', 'c.ts'], { cwd })
    expect(code).toBe(2)
    expect(stderr).toContain(`${path.join(cwd, 'c.ts')}${says}`)
  })
})

/** What a Node is told that is to take itself for an older one, with the launcher. */
const inOlderNode = [
  '--import',
  'data:text/javascript,Object.defineProperty(process, "versions", { value: { ...process.versions, node: "20.0.0" } })',
  path.join(root, 'bin/vedette.js'),
]

test('in an older Node the command line runs in the one that npm ci brought, with its exit code', () => {
  const run = (...args: string[]) => {
    return spawnSync(process.execPath, [...inOlderNode, ...args], {
      ...{ cwd: ownFolder({ 'c.json': '{}' }), encoding: 'utf8' },
    })
  }
  expect(run('--version')).toMatchObject({ status: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) })
  expect(run('validate', '-c', 'c.json')).toMatchObject({ status: 2, stderr: expect.stringContaining('2 problems') })
})

test('there, kill -9 of what was started ends the engine too, so that it can be started again', async () => {
  const monitors = [{ id: 'api', kind: 'tcp', host: '127.0.0.1', port: 1, every: '1h' }]
  const cwd = ownFolder({ 'vedette.config.json': JSON.stringify({ service: 'shop', monitors }) })
  const launcher = spawn(process.execPath, [...inOlderNode, 'run', '--no-dashboard'], { cwd })
  onTestFinished(() => void launcher.stdout.destroy())
  await once(launcher.stdout, 'data')
  launcher.kill('SIGKILL')
  // Once nobody has its output open any more: the engine is gone as well.
  await once(launcher, 'close')
}, 60_000)

test('without npm ci it says so, whatever the Node', () => {
  const clone = ownFolder({})
  cpSync(path.join(root, 'package.json'), path.join(clone, 'package.json'))
  mkdirSync(path.join(clone, 'bin'))
  for (const name of ['vedette.js', 'vedette.ts']) cpSync(path.join(root, 'bin', name), path.join(clone, 'bin', name))
  const { status, stderr } = spawnSync(process.execPath, ['bin/vedette.js', 'check'], { cwd: clone, encoding: 'utf8' })
  expect({ status, stderr }).toEqual({
    status: 2,
    stderr: expect.stringMatching(/^vedette: .* is not installed yet: run "npm ci" in .*\n$/),
  })
})
