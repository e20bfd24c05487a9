import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { tempFile, tempFolder, vedette } from '../support/cli.ts'
import { type LoopbackServer, startHttpServer } from '../support/http-server.ts'
import { freePort } from '../support/ports.ts'

let server: LoopbackServer
let deadPort: number
beforeAll(async () => {
  server = await startHttpServer((request, response) => {
    if (request.url === '/escape')
      response.writeHead(500, 'no', { 'x-evil': '\x7f[31m'.replace('\x7f', '') }).end('\x1b[31mred\x07')
    else response.end('{"ok":true}')
  })
  deadPort = await freePort()
})
afterAll(() => server.close())

const monitor = (id: string, more: object = {}) => ({ id, kind: 'http', url: server.url, retries: 0, ...more })
const down = (id: string) => monitor(id, { url: `http://127.0.0.1:${deadPort}/` })
const degraded = (id: string) =>
  monitor(id, { expect: [{ source: 'bodyBytes', op: 'gt', value: 1000, level: 'degraded' }] })
let files = 0
const config = (...monitors: object[]) =>
  tempFile(`config-${files++}.json`, JSON.stringify({ service: 'shop', monitors }))

describe('exit codes', () => {
  test('0 when all are up', async () => {
    const { code, stdout, stderr } = await vedette(['check', '-c', config(monitor('a'), monitor('b'))])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(/✔ up +a .*200/)
    expect(stdout).toContain('shop: 2 up')
  })

  test('1 when something is down, with its cause first', async () => {
    const { code, stdout } = await vedette(['check', '-c', config(monitor('a'), down('b'))])
    expect(code).toBe(1)
    expect(stdout.split('\n')[1]).toMatch(/✖ down +b .*CONNECT_REFUSED/)
  })

  test('degraded is 0, and 1 with --strict', async () => {
    const file = config(degraded('a'))
    expect(await vedette(['check', '-c', file])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('▲ degraded'),
    })
    expect((await vedette(['check', '-c', file, '--strict'])).code).toBe(1)
  })

  test('no vote is 0, and 1 with --strict', async () => {
    const file = config(monitor('a', { auth: { bearer: { env: 'VEDETTE_NO_SUCH' } } }))
    expect(await vedette(['check', '-c', file])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('VEDETTE_NO_SUCH'),
    })
    expect((await vedette(['check', '-c', file, '--strict'])).code).toBe(1)
  })
})

describe('--json', () => {
  test('prints the results and nothing else', async () => {
    const { code, stdout, stderr } = await vedette(['check', '--json', '-c', config(monitor('a'), down('b'))])
    expect({ code, stderr }).toEqual({ code: 1, stderr: '' })
    const { results, ...rest } = JSON.parse(stdout)
    expect(rest).toEqual({})
    expect(results.map(({ monitor, status }: { monitor: string; status: string }) => [monitor, status])).toEqual([
      ['a', 'up'],
      ['b', 'down'],
    ])
    expect(results[1]).toMatchObject({
      kind: 'http',
      vantage: 'local',
      attempts: 1,
      failure: { code: 'CONNECT_REFUSED', stage: 'connect' },
    })
  })
})

describe('--monitor', () => {
  test('runs only the monitors that are named', async () => {
    const file = config(monitor('a'), down('b'), monitor('c'))
    const { code, stdout } = await vedette(['check', '-c', file, '--json', '--monitor', 'a', '-m', 'c'])
    expect(code).toBe(0)
    expect(JSON.parse(stdout).results).toHaveLength(2)
  })

  test('that does not exist is a usage error with a hint', async () => {
    const { code, stdout, stderr } = await vedette(['check', '-c', config(monitor('api')), '-m', 'apj'])
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain('did you mean "api"?')
  })
})

test('--junit writes a report that holds the cause', async () => {
  const report = path.join(tempFolder(), 'report.xml')
  await vedette(['check', '-c', config(monitor('a'), down('b'), degraded('c')), '--junit', report])
  const xml = readFileSync(report, 'utf8')
  expect(xml).toMatch(/^<\?xml version="1.0" encoding="UTF-8"\?>/)
  expect(xml).toContain('tests="3" failures="1" errors="0" skipped="0"')
  expect(xml).toMatch(/<testcase name="b" classname="shop.http" time="[\d.]+">\s*<failure type="CONNECT_REFUSED"/)
})

test('a peer cannot send escape sequences to the terminal', async () => {
  const file = config(monitor('a', { url: `${server.url}/escape`, expect: [{ source: 'body', op: 'eq', value: 'x' }] }))
  const { stdout } = await vedette(['check', '-c', file])
  expect(stdout).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f]/)
})

test.each([
  ['all up', monitor, 0],
  ['all down', down, 1],
] as const)('a reader that has seen enough changes no exit code: %s', async (_what, make, expected) => {
  const file = config(...Array.from({ length: 300 }, (_, i) => make(`m${i}`)))
  const bin = path.resolve(import.meta.dirname, '../../bin/vedette.ts')
  const child = spawn(process.execPath, [bin, 'check', '--json', '-c', file])
  // Gone before the first byte comes, as `head` is after its last.
  child.stdout.destroy()
  let errors = ''
  child.stderr.on('data', (chunk) => {
    errors += chunk
  })
  const [code] = await once(child, 'close')
  expect({ code, errors }).toEqual({ code: expected, errors: '' })
})

test('a config in JSON may have a byte order mark', async () => {
  const file = tempFile('bom.json', `\ufeff${JSON.stringify({ service: 'shop', monitors: [monitor('a')] })}`)
  expect((await vedette(['check', '-c', file])).code).toBe(0)
})

test('what a config prints stays out of the output', async () => {
  const file = tempFile(
    'loud.ts',
    `console.log('hello'); export default { service: 'shop', monitors: [{ id: 'a', kind: 'http', url: ${JSON.stringify(server.url)} }] }`,
  )
  const { stdout, stderr } = await vedette(['check', '--json', '-c', file])
  expect(JSON.parse(stdout).results).toHaveLength(1)
  expect(stderr).toBe('hello\n')
})

test('a config in TypeScript is run', async () => {
  const file = tempFile(
    'typed.config.ts',
    `const url: string = ${JSON.stringify(server.url)}\nexport default { service: 'shop', monitors: [{ id: 'a', kind: 'http', url }] }\n`,
  )
  expect(await vedette(['check', '-c', file])).toMatchObject({ code: 0, stdout: expect.stringContaining('1 up') })
})

describe('a config that cannot be used exits with 2 and says what to do', () => {
  test.each([
    ['missing', () => path.join(tempFolder(), 'none.json'), 'does not exist'],
    ['a folder', () => tempFolder(), 'is a folder'],
    ['empty', () => tempFile('empty.json', ''), 'is empty'],
    ['no JSON', () => tempFile('broken.json', '{"service":'), 'is no JSON'],
    ['of an unknown ending', () => tempFile('config.yaml', 'service: shop'), 'expected a config that ends in'],
    ['without a default export', () => tempFile('nothing.ts', 'export const a = 1'), 'exports nothing as default'],
    ['of broken TypeScript', () => tempFile('broken.ts', 'export default {'), 'could not be run'],
    [
      'wrong',
      () => tempFile('wrong.json', '{"service":"shop","monitors":[{"id":"a","kind":"http","ulr":"x"}]}'),
      'did you mean "url"?',
    ],
    ['that never ends', () => tempFile('never.ts', 'await new Promise(() => {}); export default {}'), 'never comes'],
    [
      'naming a file that is no certificate',
      () => config(monitor('a', { tls: { caFile: tempFile('no.pem', 'no') } })),
      'a PEM file with a certificate',
    ],
    ['naming a file that is not there', () => config(monitor('a', { tls: { caFile: 'no-such.pem' } })), 'no-such.pem'],
  ])('%s', async (_what, file, says) => {
    const { code, stdout, stderr } = await vedette(['check', '-c', file()])
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain(says)
    expect(stderr).not.toMatch(/^ {4}at /m)
  })

  test('no config at all, in a folder without one', async () => {
    const { code, stderr } = await vedette(['check'], { cwd: tempFolder() })
    expect(code).toBe(2)
    expect(stderr).toContain('vedette.config.ts does not exist')
  })
})

test.each([['chekc'], ['check', '--jsno'], ['check', '--monitor']])(
  'a call that is off is a usage error: %j',
  async (...args) => {
    const { code, stdout, stderr } = await vedette(args)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain('error:')
  },
)

describe('validate', () => {
  test('a right config is 0', async () => {
    expect(await vedette(['validate', '-c', config(monitor('a'))])).toMatchObject({
      code: 0,
      stdout: 'shop: the config is right (1 monitor, 0 failovers)\n',
    })
  })

  test('a problem names its monitor by id, where it has one, in words and as data', async () => {
    const file = config(monitor('a'), { ...monitor('b'), retries: 9 }, { kind: 'tcp', host: 'x.test', port: 0 })
    const { stderr } = await vedette(['validate', '-c', file])
    expect(stderr).toMatch(/^ {2}monitors\[1\]\.retries: .*, got 9 · in "b"$/m)
    expect(stderr).toMatch(/^ {2}monitors\[2\]\.port: .*, got 0$/m)
    const { problems } = JSON.parse((await vedette(['validate', '--json', '-c', file])).stdout)
    expect(problems).toContainEqual(expect.objectContaining({ path: 'monitors[1].retries', of: 'b' }))
  })

  const failover = {
    ...{ id: 'api', hostedZoneId: 'Z1', zone: 'example.com', record: 'api.example.com', check: 'a', ttl: 300 },
    endpoints: [
      { id: 'one', region: 'us-east-1', A: ['192.0.2.1'] },
      { id: 'two', region: 'eu-west-1', A: ['192.0.2.2'] },
    ],
  }
  const inAws = (more: object) =>
    tempFile(
      'aws.json',
      JSON.stringify({ service: 'shop', vantages: ['us-east-1'], controllers: ['us-west-2'], ...more }),
    )

  test('a right one has the warnings of a deploy, and tells its monitors from those of endpoints', async () => {
    const monitors = [
      { id: 'a', kind: 'http', url: 'https://api.example.com/' },
      { id: 'b', kind: 'http', url: 'http://localhost/' },
    ]
    const file = inAws({ monitors, failovers: [failover] })
    const { code, stdout } = await vedette(['validate', '-c', file])
    expect(code).toBe(0)
    expect(stdout.split('\n')).toEqual([
      'shop: the config is right (2 monitors, and 2 for endpoints of failovers, 1 failover)',
      '  warning: From us-east-1, b would look at the probe function itself: the target is this machine (localhost).',
      expect.stringMatching(/^ {2}warning: Failover api: a TTL of 300 s /),
      '',
    ])
    const json = JSON.parse((await vedette(['validate', '--json', '-c', file])).stdout)
    expect(json).toMatchObject({ valid: true, monitors: 4, endpointMonitors: 2, problems: [] })
    expect(json.warnings).toHaveLength(2)
  })

  test('what AWS would refuse stands beside what is wrong anyway', async () => {
    const monitors = [
      { id: 'a', kind: 'htttp' },
      { id: 'b', kind: 'tls', host: 'b.test', every: '90s', retries: 'x' },
    ]
    const routes = { page: [{ kind: 'mail' }] }
    const file = inAws({ vantages: ['eu-wst-1'], monitors, routes, failovers: [{ ...failover, ttl: 'x' }] })
    const { problems } = JSON.parse((await vedette(['validate', '--json', '-c', file])).stdout)
    expect(problems.map(({ path }: { path: string }) => path)).toEqual([
      ...['routes.page[0].kind', 'monitors[0].kind', 'monitors[1].retries', 'failovers[0].ttl'],
      ...['vantages[0]', 'monitors[1].every'],
    ])
  })

  test('a secret that is not in this environment is a warning that names the variable', async () => {
    const file = tempFile(
      'secrets.json',
      JSON.stringify({
        ...{ service: 'shop', monitors: [monitor('a', { headers: { 'x-key': { env: 'VEDETTE_TEST_NO_KEY' } } })] },
        routes: { page: [{ kind: 'webhook', url: { env: 'VEDETTE_TEST_NO_HOOK' } }] },
      }),
    )
    const { code, stdout } = await vedette(['validate', '-c', file])
    const warnings = [
      'routes.page[0].url: the environment variable VEDETTE_TEST_NO_HOOK is not set: nobody can be told there',
      'monitors[0].headers.x-key: the environment variable VEDETTE_TEST_NO_KEY is not set: it cannot be watched',
    ]
    expect(code).toBe(0)
    expect(stdout.split('\n').slice(1)).toEqual([...warnings.map((text) => `  warning: ${text}`), ''])
    const json = await vedette(['validate', '--json', '-c', file])
    expect(JSON.parse(json.stdout)).toMatchObject({ valid: true, warnings })
  })

  test('a wrong one is 2 with every problem, also as JSON', async () => {
    const file = config({ id: 'a', kind: 'htttp' }, monitor('b', { timeuot: '5s' }))
    const people = await vedette(['validate', '-c', file])
    expect(people.code).toBe(2)
    expect(people.stderr).toContain('The config has 2 problems:')
    const { code, stdout } = await vedette(['validate', '--json', '-c', file])
    expect(code).toBe(2)
    expect(JSON.parse(stdout)).toEqual({
      valid: false,
      problems: [
        expect.objectContaining({ path: 'monitors[0].kind', hint: 'did you mean "http"?' }),
        expect.objectContaining({ path: 'monitors[1].timeuot', hint: 'did you mean "timeout"?' }),
      ],
    })
  })
})
