import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { drillOf, type RecordSet, txtOf } from '../../lib/decide/swap-records.ts'
import { decodeState, encodeState } from '../../lib/decide/swap-state.ts'
import { startZone, type ZoneRecord } from '../../lib/local/zone.ts'
import { createZoneStore } from '../../lib/local/zone-store.ts'
import { endpointMonitors } from '../../lib/model/endpoint-monitors.ts'
import type { Failover } from '../../lib/model/failover.ts'
import type { Monitor } from '../../lib/model/monitor.ts'
import { parseConfig } from '../../lib/model/parse-config.ts'
import { createHost } from '../../lib/run/host.ts'
import { createProbeNow } from '../../lib/run/probe-now.ts'
import { startDnsServer } from '../support/dns-server.ts'
import { failoverOf, recordsOf } from '../support/failover-fixture.ts'
import { startHttpServer } from '../support/http-server.ts'
import { freePort } from '../support/ports.ts'

const stops: (() => Promise<unknown>)[] = []
afterEach(() => Promise.all(stops.splice(0).map((stop) => stop())))

interface Setup {
  failover?: Failover
  monitors?: Monitor[]
  selfCheck?: string[]
}

function vantage({
  failover = failoverOf(),
  monitors = [],
  selfCheck = [],
  resolver = '127.0.0.1:1',
}: Setup & { resolver?: string } = {}) {
  const host = createHost({ vantage: 'north', version: '0', resolver, selfCheck })
  return createProbeNow({ failovers: [failover], monitors }, host)
}

/** A patience that no answer outlasts, on however busy a machine. */
const soon = (ms = 20_000) => AbortSignal.timeout(ms)

/** The zone of the record, served on loopback; `servers` are asked beside it. */
async function zoneOf(sets: readonly RecordSet[], failover: Failover, others: string[] = []) {
  const zone = await startZone({ origin: 'live.test', records: [] })
  stops.push(zone.stop)
  createZoneStore(zone, sets)
  return { ...failover, servers: [`127.0.0.1:${zone.port}`, ...others] }
}

async function serve(records: ZoneRecord[], host?: string, port?: number) {
  const zone = await startZone({ origin: 'live.test', records, ...(host && { host }), ...(port && { port }) })
  stops.push(zone.stop)
  return zone
}

const served = (failover: Failover, endpoint = 'one', at: 'record' | 'drill' = 'record') =>
  vantage({ failover })({ ask: 'served', failover: 'live', endpoint, at }, soon())

describe('whether an endpoint is served', () => {
  const name = 'shop.live.test'
  const two = { id: 'two', region: 'external', A: ['192.0.2.2'] }
  const cases: [string, object, ZoneRecord[], boolean][] = [
    ['its address', { A: ['192.0.2.1'] }, [{ name, type: 'A', ttl: 60, data: '192.0.2.1' }], true],
    ['the address of another', { A: ['192.0.2.1'] }, [{ name, type: 'A', ttl: 60, data: '192.0.2.2' }], false],
    [
      'several addresses in another order',
      { A: ['192.0.2.1', '192.0.2.9'] },
      ['192.0.2.9', '192.0.2.1'].map((data) => ({ name, type: 'A', ttl: 60, data })),
      true,
    ],
    [
      'one of several addresses',
      { A: ['192.0.2.1', '192.0.2.9'] },
      [{ name, type: 'A', ttl: 60, data: '192.0.2.1' }],
      false,
    ],
    [
      'one address too many',
      { A: ['192.0.2.1'] },
      ['192.0.2.1', '192.0.2.2'].map((data) => ({ name, type: 'A', ttl: 60, data })),
      false,
    ],
    [
      'an AAAA that is not declared',
      { A: ['192.0.2.1'] },
      [
        { name, type: 'A', ttl: 60, data: '192.0.2.1' },
        { name, type: 'AAAA', ttl: 60, data: '2001:db8::1' },
      ],
      false,
    ],
    [
      'IPv6 alone, spelt otherwise',
      { AAAA: ['2001:0db8::0001'] },
      [{ name, type: 'AAAA', ttl: 60, data: '2001:db8::1' }],
      true,
    ],
    [
      'IPv6 alone, and the old A beside it',
      { AAAA: ['2001:db8::1'] },
      [
        { name, type: 'AAAA', ttl: 60, data: '2001:db8::1' },
        { name, type: 'A', ttl: 60, data: '192.0.2.2' },
      ],
      false,
    ],
    [
      'its CNAME, whose target is elsewhere',
      { CNAME: 'Shop.example.net.' },
      [{ name, type: 'CNAME', ttl: 60, data: 'shop.example.net' }],
      true,
    ],
    [
      'another CNAME',
      { CNAME: 'shop.example.net' },
      [{ name, type: 'CNAME', ttl: 60, data: 'old.example.net' }],
      false,
    ],
    [
      'addresses where a CNAME should be',
      { CNAME: 'shop.example.net' },
      [{ name, type: 'A', ttl: 60, data: '192.0.2.2' }],
      false,
    ],
    [
      'some address for an alias',
      { alias: { hostedZoneId: 'Z', dnsName: 'lb.example.net' } },
      [{ name, type: 'A', ttl: 60, data: '203.0.113.5' }],
      true,
    ],
    [
      "the other endpoint's address for an alias",
      { alias: { hostedZoneId: 'Z', dnsName: 'lb.example.net' } },
      [{ name, type: 'A', ttl: 60, data: '192.0.2.2' }],
      false,
    ],
    ['nothing for an alias', { alias: { hostedZoneId: 'Z', dnsName: 'lb.example.net' } }, [], false],
    ['no such name', { A: ['192.0.2.1'] }, [], false],
  ]
  test.each(cases)('%s', async (_, form, records, is) => {
    const zone = await serve(records)
    const failover = failoverOf({ endpoints: [{ id: 'one', region: 'external', ...form }, two] })
    const { servers } = await served({ ...failover, servers: [`127.0.0.1:${zone.port}`] })
    expect(servers).toMatchObject([{ server: `127.0.0.1:${zone.port}`, isAsDeclared: is }])
  })

  test('is told of each server, with what it says', async () => {
    const [fresh, stale] = [
      await serve([{ name, type: 'A', ttl: 60, data: '192.0.2.1' }]),
      await serve([{ name, type: 'A', ttl: 60, data: '192.0.2.2' }]),
    ]
    const servers = [fresh, stale].map(({ port }) => `127.0.0.1:${port}`)
    expect(await served({ ...failoverOf(), servers })).toEqual({
      servers: [
        { server: servers[0], isAsDeclared: true, says: 'A 192.0.2.1; AAAA none' },
        { server: servers[1], isAsDeclared: false, says: 'A 192.0.2.2; AAAA none' },
      ],
    })
  })

  test('is told in few words, however much a server says', async () => {
    const records = Array.from(
      { length: 200 },
      (_, i): ZoneRecord => ({ name, type: 'A', ttl: 60, data: `198.51.100.${i}` }),
    )
    const zone = await serve(records)
    const { servers } = await served({ ...failoverOf(), servers: [`127.0.0.1:${zone.port}`] })
    expect(servers).toMatchObject([{ isAsDeclared: false }])
    expect(servers[0]?.says.length).toBeLessThan(300)
  })

  test('is not where one server is silent', async () => {
    const zone = await serve([{ name, type: 'A', ttl: 60, data: '192.0.2.1' }])
    const gone = `127.0.0.1:${await freePort()}`
    const { servers } = await served({ ...failoverOf(), servers: [`127.0.0.1:${zone.port}`, gone] })
    expect(servers.find(({ server }) => server === gone)).toMatchObject({ isAsDeclared: false })
  })

  test('is not told at all where nobody could be asked', async () => {
    const servers = [`127.0.0.1:${await freePort()}`]
    expect(await served({ ...failoverOf(), servers })).toEqual({ servers: [] })
    // The zone's own name servers cannot be found: its resolver is not there.
    expect(await served(failoverOf())).toEqual({ servers: [] })
  })

  test("is asked of every one of the zone's own servers, and not of the resolvers that drills time", async () => {
    const records: ZoneRecord[] = [
      { name: 'live.test', type: 'NS', ttl: 60, data: 'ns1.live.test' },
      { name: 'live.test', type: 'NS', ttl: 60, data: 'ns2.live.test' },
      { name: 'ns1.live.test', type: 'A', ttl: 60, data: '127.0.0.1' },
      { name: 'ns2.live.test', type: 'A', ttl: 60, data: '127.0.0.2' },
    ]
    const port = await freePort('127.0.0.1', '127.0.0.2')
    const first = await serve([...records, { name, type: 'A', ttl: 60, data: '192.0.2.1' }], '127.0.0.1', port)
    await serve([...records, { name, type: 'A', ttl: 60, data: '192.0.2.2' }], '127.0.0.2', port)
    const resolver = await startDnsServer(() => {})
    stops.push(resolver.stop)
    const failover = { ...failoverOf(), servers: [`authoritative:${first.port}`, resolver.label] }
    const ask = vantage({ failover, resolver: `127.0.0.1:${first.port}` })
    const { servers } = await ask({ ask: 'served', failover: 'live', endpoint: 'one', at: 'record' }, soon())
    expect(servers.map(({ server, isAsDeclared }) => [server.slice(0, 3), isAsDeclared])).toEqual([
      ['ns1', true],
      ['ns2', false],
    ])
    expect(resolver.queries).toEqual([])
  })

  test("at the drill's name is asked of all that are listed", async () => {
    const failover = failoverOf()
    const [two] = recordsOf({ ...drillOf(failover), endpoints: failover.endpoints.toReversed() })
    const zone = await zoneOf([...recordsOf(failover), two as RecordSet], failover)
    expect(await served(zone, 'two', 'drill')).toMatchObject({ servers: [{ isAsDeclared: true }] })
    expect(await served(zone, 'one', 'drill')).toMatchObject({ servers: [{ isAsDeclared: false }] })
    expect(await served(zone, 'one')).toMatchObject({ servers: [{ isAsDeclared: true }] })
  })
})

describe('what a zone publishes of a failover', () => {
  const state = (failover: Failover, signal = soon()) =>
    vantage({ failover })({ ask: 'state', failovers: ['live'] }, signal)

  test('is its TXT, to the letter', async () => {
    const failover = failoverOf()
    const { failovers } = await state(await zoneOf(recordsOf(failover), failover))
    expect(decodeState(failovers.live?.text ?? '')).toMatchObject({ active: 'one', decision: 'adopted' })
  })

  test('is not known while the servers differ', async () => {
    const failover = failoverOf()
    const moved = encodeState({
      ...{ version: 1, epoch: 2, decision: 'd', active: 'two', sinceMs: 0, switches: [] },
      flags: { locked: false, latched: false },
    })
    const stale = await zoneOf(recordsOf(failover), failover)
    const both = await zoneOf([txtOf(failover, moved)], failover, stale.servers)
    expect((await state(both)).failovers.live).toEqual({ problem: 'the servers do not agree yet' })
  })

  test('goes with what their records are where that is asked: another answer at every server is told', async () => {
    const failover = failoverOf()
    const [answer, txt] = recordsOf(failover) as [RecordSet, RecordSet]
    const edited = { ...answer, values: ['192.0.2.99'] }
    const whole = async (failover: Failover, isWhole = true) => {
      const question = { ask: 'state' as const, failovers: ['live'] }
      return (await vantage({ failover })({ ...question, ...(isWhole && { isWhole }) }, soon())).failovers.live
    }
    const good = await zoneOf([answer, txt], failover)
    expect(await whole(good)).toEqual({ text: expect.stringContaining('vedette1') })
    const bad = await zoneOf([edited, txt], failover)
    expect(await whole(bad)).toMatchObject({ differs: expect.stringContaining('A 192.0.2.99; AAAA') })
    expect(await whole(bad, false)).not.toHaveProperty('differs')
    // One that lags behind.
    expect(await whole({ ...failover, servers: [...good.servers, ...bad.servers] })).not.toHaveProperty('differs')
  })

  test('is not known without a TXT, or without a server, and it is said why', async () => {
    const failover = failoverOf()
    expect((await state(await zoneOf([], failover))).failovers.live?.problem).toContain('NXDOMAIN')
    const nobody = { ...failover, servers: [`127.0.0.1:${await freePort()}`] }
    expect((await state(nobody)).failovers.live?.problem).toMatch(/refused/i)
  })

  test('is told of many failovers at once', async () => {
    const failovers = Array.from({ length: 45 }, (_, i) => ({
      ...failoverOf(),
      id: `f${i}`,
      record: `s${i}.live.test`,
    }))
    const zone = await startZone({ origin: 'live.test', records: [] })
    stops.push(zone.stop)
    createZoneStore(zone, failovers.flatMap(recordsOf))
    const host = createHost({ vantage: 'north', version: '0', resolver: '127.0.0.1:1', selfCheck: [] })
    const here = failovers.map((one) => ({ ...one, servers: [`127.0.0.1:${zone.port}`] }))
    const asked = { ask: 'state', failovers: here.map(({ id }) => id) } as const
    const answer = await createProbeNow({ failovers: here, monitors: [] }, host)(asked, soon())
    expect(Object.values(answer.failovers).filter(({ text }) => text?.startsWith('vedette1'))).toHaveLength(45)
  })

  test("ends with the controller's patience", async () => {
    // The question's own limit is four seconds, and they never pass.
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    onTestFinished(() => void vi.useRealTimers())
    const patience = new AbortController()
    const silent = await startDnsServer(() => patience.abort())
    stops.push(silent.stop)
    const { failovers } = await state({ ...failoverOf(), servers: [silent.label] }, patience.signal)
    expect(failovers.live?.text).toBeUndefined()
  })
})

describe('votes', () => {
  /** Endpoints at two addresses of loopback, on one port. */
  async function endpoints({ alive = ['one', 'two'] } = {}) {
    const port = await freePort('127.0.0.1', '127.0.0.2')
    const ok = await startHttpServer((_, response) => response.end('ok'), '127.0.0.1', port)
    stops.push(ok.close)
    if (alive.includes('two')) {
      const other = await startHttpServer((_, response) => response.end('ok'), '127.0.0.2', port)
      stops.push(other.close)
    }
    const endpoint = (id: string, A: string[]) => ({ id, region: 'external', A })
    const config = parseConfig({
      service: 'shop',
      monitors: [{ id: 'live', kind: 'http', url: `http://shop.live.test:${ok.port}/`, timeout: '8s', retries: 0 }],
      failovers: [
        {
          ...{ id: 'live', hostedZoneId: 'Z', zone: 'live.test', record: 'shop.live.test', check: 'live' },
          endpoints: [
            endpoint('one', ['127.0.0.1']),
            endpoint('two', ['127.0.0.2']),
            endpoint('both', ['127.0.0.1', '127.0.0.2']),
          ],
        },
      ],
    })
    const [failover] = config.failovers as [Failover]
    const monitors = [...config.monitors, ...endpointMonitors([failover], config.monitors)]
    return { failover, monitors }
  }
  const votes = { ask: 'votes', failover: 'live' } as const

  test('are up for endpoints that answer and down, with the cause, for one that does not or not whole', async () => {
    const { failover, monitors } = await endpoints({ alive: ['one'] })
    const { ballot, causes } = await vantage({ failover, monitors })(votes, soon())
    expect(ballot).toEqual({ one: 'up', two: 'down', both: 'down' })
    expect(Object.keys(causes).sort()).toEqual(['live@both.2', 'live@two'])
    expect(causes['live@two']).toMatch(/^CONNECT_REFUSED: /)
  })

  test('are of an endpoint that is up by its name where it is merely degraded', async () => {
    const port = await freePort('127.0.0.1')
    const slow = await startHttpServer((_, response) => response.end('ok'), '127.0.0.1', port)
    stops.push(slow.close)
    const check = { id: 'live', kind: 'http', url: `http://shop.live.test:${port}/`, timeout: '8s', retries: 0 }
    const endpoint = (id: string, address: string) => ({ id, region: 'external', A: [address] })
    const { failovers, monitors } = parseConfig({
      service: 'shop',
      monitors: [{ ...check, expect: [{ source: 'duration', op: 'lt', value: '0ms', level: 'degraded' }] }],
      failovers: [
        {
          ...{ id: 'live', hostedZoneId: 'Z', zone: 'live.test', record: 'shop.live.test', check: 'live' },
          endpoints: [endpoint('one', '127.0.0.1'), endpoint('two', '127.0.0.2')],
        },
      ],
    })
    const zone = await serve([{ name: 'shop.live.test', type: 'A', ttl: 1, data: '127.0.0.1' }])
    const ask = vantage({ failover: failovers[0] as Failover, monitors, resolver: `127.0.0.1:${zone.port}` })
    expect(await ask({ ask: 'name', failover: 'live', endpoint: 'one', at: 'record' }, soon())).toMatchObject({
      isUp: true,
    })
  })

  test('are none where the vantage itself is cut off', async () => {
    const { failover, monitors } = await endpoints({ alive: ['one'] })
    const ask = vantage({ failover, monitors, selfCheck: [`127.0.0.1:${await freePort()}`] })
    expect((await ask(votes, soon())).ballot).toEqual({ one: 'up' })
  })

  test("are none once the controller's patience has ended", async () => {
    const { failover, monitors } = await endpoints()
    expect((await vantage({ failover, monitors })(votes, AbortSignal.abort())).ballot).toEqual({})
  })

  test('are of an endpoint by its name where that is asked', async () => {
    const { failover, monitors } = await endpoints()
    const zone = await startZone({
      origin: 'live.test',
      records: [{ name: 'shop.live.test', type: 'A', ttl: 1, data: '127.0.0.2' }],
    })
    stops.push(zone.stop)
    const ask = vantage({ failover, monitors, resolver: `127.0.0.1:${zone.port}` })
    const question = { ask: 'name', failover: 'live', endpoint: 'two', at: 'record' } as const
    expect(await ask(question, soon())).toEqual({ isUp: true })
    expect(await ask({ ...question, at: 'drill' }, soon())).toMatchObject({
      isUp: false,
      cause: expect.stringMatching(/^DNS_NXDOMAIN/),
    })
    zone.setRecords([{ name: '_vedette-drill.shop.live.test', type: 'A', ttl: 1, data: '127.0.0.2' }])
    expect(await ask({ ...question, at: 'drill' }, soon())).toEqual({ isUp: true })
    expect(await ask(question, soon())).toMatchObject({ isUp: false })
  })
})

test('what is not in the config is refused, with what to do', async () => {
  const ask = vantage()
  await expect(ask({ ask: 'votes', failover: 'old' }, soon())).rejects.toThrow(
    'got "old": deploy all stacks with the same config',
  )
  await expect(ask({ ask: 'served', failover: 'live', endpoint: 'three', at: 'record' }, soon())).rejects.toThrow(
    'expected an endpoint of live, got "three"',
  )
})

test('a zone whose name servers cannot be found says why it knows no delegation', async () => {
  const answer = await vantage()({ ask: 'delegation', failover: 'live' }, soon())
  expect(answer).toMatchObject({ problem: expect.any(String) })
})
