import { once } from 'node:events'
import http from 'node:http'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startControl } from '../../lib/local/control.ts'
import { type EmbeddedFailovers, startFailovers } from '../../lib/local/failovers.ts'
import { closer } from '../../lib/local/loopback.ts'
import { parseConfig } from '../../lib/model/parse-config.ts'
import { tempFile, tempFolder, vedette } from '../support/cli.ts'
import { temporaryFolder } from '../support/history.ts'
import { startHttpServer } from '../support/http-server.ts'
import { freePort } from '../support/ports.ts'

const endpoint = (id: string, address: string) => ({ id, region: 'external', A: [address] })
const configAt = (port: number, more: object = {}) => ({
  service: 'shop',
  monitors: [{ id: 'live', kind: 'http', url: `http://shop.live.test:${port}/`, timeout: '8s', retries: 0 }],
  failovers: [
    {
      ...{ id: 'live', hostedZoneId: 'Z', zone: 'live.test', record: 'shop.live.test', check: 'live', mode: 'auto' },
      ...{ sustain: '0s', endpoints: [endpoint('one', '127.0.0.1'), endpoint('two', '127.0.0.2')], ...more },
    },
  ],
})

describe('vedette failover, asking a running engine', () => {
  let embedded: EmbeddedFailovers
  let stops: (() => Promise<void>)[]
  let socket: string

  const failover = (...args: string[]) => vedette(['failover', ...args, '--socket', socket])

  beforeAll(async () => {
    const one = http.createServer((_, response) => response.end('ok'))
    const two = http.createServer((_, response) => response.end('ok'))
    stops = [closer(one), closer(two)]
    const port = await freePort('127.0.0.1', '127.0.0.2')
    one.listen(port, '127.0.0.1')
    await once(one, 'listening')
    two.listen(port, '127.0.0.2')
    await once(two, 'listening')
    embedded = await startFailovers(parseConfig(configAt(port)), { version: '0', emit: () => {} })
    socket = tempFile('control.sock', '')
    const control = await startControl(socket, embedded)
    stops.push(control.stop, embedded.stop)
    await embedded.controller.decide('live', 'tick')
  })
  afterAll(async () => {
    for (const stop of stops.reverse()) await stop()
  })

  test('status says where the record points and who voted what', async () => {
    const { code, stdout } = await failover('status')
    expect(code).toBe(0)
    expect(stdout).toMatch(/live: shop\.live\.test → one \(auto\) {2}one ✔3 ✖0 {2}two ✔3 ✖0/)
    const { failovers } = JSON.parse((await failover('status', '--json')).stdout)
    expect(failovers).toMatchObject([
      { id: 'live', locked: false, endpoints: [{ id: 'one', active: true }, { id: 'two' }] },
    ])
  })

  test('to, in a dry run, decides and moves nothing', async () => {
    const { code, stdout } = await failover('to', 'two', '--dry-run')
    expect({ code, lines: stdout.split('\n').slice(0, 2) }).toEqual({
      ...{ code: 0, lines: ['dry run: nothing is moved', 'move to two'] },
    })
    expect((await failover('status')).stdout).toContain('→ one')
  })

  test('to moves the record to an endpoint that is up, and says why', async () => {
    const { code, stdout } = await failover('to', 'two', '--reason', 'maintenance of one')
    expect({ code, first: stdout.split('\n')[0] }).toEqual({ code: 0, first: 'move to two' })
    expect(stdout).toContain('as a person asked for it')
    expect((await failover('to', 'two')).code).toBe(1)
  })

  test('to an endpoint that is not there is a slip of the keyboard, and no decision', async () => {
    const asked = { code: 2, stdout: '', stderr: expect.stringContaining('(one, two), got "tow": did you mean "two"?') }
    expect(await failover('to', 'tow')).toMatchObject(asked)
    expect(await failover('to', 'tow', '--dry-run')).toMatchObject(asked)
    expect(await failover('approve', 'tow')).toMatchObject(asked)
    expect(await failover('to', 'two', '-f', 'lvie')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('"live"?'),
    })
    expect((await failover('status')).stdout).not.toContain('tow')
  })

  test('to refuses what is not up, with the reasons', async () => {
    for (const vantage of embedded.vantages) vantage.isCut = true
    expect(await failover('to', 'one')).toMatchObject({ code: 1, stdout: expect.stringContaining('Blind') })
    for (const vantage of embedded.vantages) vantage.isCut = false
  })

  test('lock keeps it where it is until it is unlocked', async () => {
    expect(await failover('lock')).toMatchObject({ code: 0, stdout: 'live is locked: nothing moves it\n' })
    expect((await failover('status')).code).toBe(1)
    expect(await failover('to', 'one')).toMatchObject({ code: 1, stdout: expect.stringContaining('locked') })
    expect((await failover('unlock')).code).toBe(0)
    expect((await failover('to', 'one')).code).toBe(0)
  })

  test('lock, unlock and adopt say what was done as JSON too', async () => {
    for (const what of ['lock', 'unlock', 'adopt']) {
      const { code, stdout } = await failover(what, '--json')
      expect([code, JSON.parse(stdout)]).toEqual([0, { failover: 'live', done: what, failed: [] }])
    }
  })

  test('to says where a move was decided and not made, and is no success', async () => {
    const [zone] = embedded.zones
    if (!zone) throw new Error('there is no zone')
    const { change } = zone.store
    zone.store.change = async () => ({ kind: 'denied', message: 'AccessDenied' })
    const { code, stdout } = await failover('to', 'two')
    const status = await failover('status')
    zone.store.change = change
    expect({ code, lines: stdout.split('\n').slice(0, 2) }).toEqual({
      ...{ code: 1, lines: ['move to two', '  NOT MOVED: AccessDenied'] },
    })
    expect(status.stdout).toMatch(/→ one .*NOT MOVED: AccessDenied/s)
    // Each minute's decision to stay comes after it, and does not hide it.
    await embedded.controller.decide('live', 'tick')
    const later = await failover('status')
    expect(later.stdout).toMatch(/asked by tick: stay.*before that, .*asked by person: move to two.*NOT MOVED: Access/s)
    const { failovers } = JSON.parse((await failover('status', '--json')).stdout)
    expect(failovers).toMatchObject([{ last: { trigger: 'tick' }, notable: { decision: { kind: 'move', to: 'two' } } }])
  })

  test('approve does not move what needs no move', async () => {
    expect((await failover('approve', 'two')).code).toBe(1)
  })

  test('adopt leaves what is adopted as it is, and an unknown failover is told what there is', async () => {
    expect(await failover('adopt')).toMatchObject({ code: 0, stdout: 'live is adopted as it stands\n' })
    expect(await failover('lock', '-f', 'lvie')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('(live), got "lvie": did you mean'),
    })
  })

  test('a second engine does not take the socket of the first', async () => {
    await expect(startControl(socket, embedded)).rejects.toThrow('another engine listens')
  })
})

test('without an engine the commands say how to start one', async () => {
  const { code, stderr } = await vedette(['failover', 'status', '--socket', path.join(temporaryFolder(), 'none.sock')])
  expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining('start "vedette run"') })
})

describe('vedette failover plan', () => {
  test('says what each failover would do and need, before anything runs', async () => {
    const file = tempFile('plan.json', JSON.stringify(configAt(80, { ttl: 300, quorum: { fail: 1 } })))
    const { code, stdout } = await vedette(['failover', 'plan', '-c', file])
    expect(code).toBe(0)
    expect(stdout).toContain('live: shop.live.test, TTL 300 s, mode auto')
    expect(stdout).toContain('in "vedette run", without --route53: dig @127.0.0.1 -p 4455 shop.live.test (--zone-port')
    expect(stdout).toContain('one (primary, external): 127.0.0.1, checked by live@one')
    expect(stdout).toContain('warning: 1 of 3 vantages are no majority')
    expect(stdout).toContain('warning: a TTL of 300 s')
    expect(stdout).toContain('warning: votes that hold for 0ms only may agree by chance')
  })

  test('warns of a check that asks for another name than the record', async () => {
    const config = configAt(80, { record: 'www.live.test' })
    const { code, stdout } = await vedette(['failover', 'plan', '-c', tempFile('name.json', JSON.stringify(config))])
    expect(code).toBe(0)
    expect(stdout).toContain('warning: the check live asks for shop.live.test, not for www.live.test')
    const same = tempFile('same.json', JSON.stringify(configAt(80, { record: 'SHOP.live.test.' })))
    expect((await vedette(['failover', 'plan', '-c', same])).stdout).not.toContain('asks for')
  })

  test('with --live says why Route 53 could not be asked, and nothing of endpoints that nobody voted on', async () => {
    const input = { ...configAt(80), resolver: '127.0.0.1:9' }
    const env = {
      ...{ HOME: tempFolder(), AWS_EC2_METADATA_DISABLED: 'true', AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '' },
      ...{ AWS_PROFILE: '', AWS_ENDPOINT_URL: `http://127.0.0.1:${await freePort()}` },
    }
    const { code, stdout } = await vedette(
      ['failover', 'plan', '--live', '--json', '-c', tempFile('live.json', JSON.stringify(input))],
      { env },
    )
    expect(code).toBe(1)
    expect(JSON.parse(stdout).failovers[0].problems).toEqual([
      {
        code: 'UNKNOWN_RECORD',
        detail: expect.stringMatching(/got CredentialsProviderError: Could not load credentials.*\.$/),
      },
    ])
  })

  test('with --live says what of zone and delegation nobody could tell, and asks no record that health checks own', async () => {
    const namespace = 'xmlns="https://route53.amazonaws.com/doc/2013-04-01/"'
    const zone = `<GetHostedZoneResponse ${namespace}><HostedZone><Id>/hostedzone/Z</Id><Name>live.test.</Name></HostedZone></GetHostedZoneResponse>`
    const none = `<ListResourceRecordSetsResponse ${namespace}><ResourceRecordSets/><IsTruncated>false</IsTruncated></ListResourceRecordSetsResponse>`
    const asked: string[] = []
    const route53 = await startHttpServer((request, response) => {
      asked.push(request.url ?? '')
      response.end(request.url?.includes('/rrset') ? none : zone)
    })
    const { failovers, ...config } = configAt(80)
    const byHealth = { ...failovers[0], id: 'www', record: 'www.live.test', switch: 'health-check' }
    const input = { ...config, failovers: [...failovers, byHealth], resolver: '127.0.0.1:9' }
    const key = { AWS_ACCESS_KEY_ID: 'id', AWS_SECRET_ACCESS_KEY: 'key', AWS_PROFILE: '' }
    const { code, stdout } = await vedette(
      ['failover', 'plan', '--live', '--json', '-c', tempFile('zone.json', JSON.stringify(input))],
      { env: { ...key, AWS_ENDPOINT_URL: route53.url } },
    )
    await route53.close()
    const detail = expect.stringMatching(/above live.test names, got "could not find/)
    const unknown = { code: 'UNKNOWN_DELEGATION', detail }
    const own = [{ code: 'NO_ANSWER' }, { code: 'TXT_MISSING' }]
    const [live, www] = JSON.parse(stdout).failovers
    expect(code).toBe(1)
    expect(live.problems).toMatchObject([...own, unknown])
    expect(www.problems).toEqual([unknown])
    expect(asked.join()).not.toContain('www')
  })

  test('of a config without failovers says so', async () => {
    const file = tempFile('none.json', JSON.stringify({ ...configAt(80), failovers: [] }))
    expect(await vedette(['failover', 'plan', '-c', file])).toMatchObject({ code: 2 })
  })
})
