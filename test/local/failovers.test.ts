import { Resolver } from 'node:dns/promises'
import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { openControllerTable } from '../../lib/local/controller-table.ts'
import { type EmbeddedFailovers, type EmbeddedOptions, startFailovers } from '../../lib/local/failovers.ts'
import { closer } from '../../lib/local/loopback.ts'
import { parseConfig } from '../../lib/model/parse-config.ts'
import { carryOutRequest } from '../../lib/run/control.ts'
import type { FailoverEvent } from '../../lib/run/failover-event.ts'
import { tempFile } from '../support/cli.ts'
import { freePort } from '../support/ports.ts'

interface Origin {
  port: number
  kill(): Promise<void>
}

/** An origin at an address of this machine's loopback network. */
async function origin(address: string, port: number): Promise<Origin> {
  const server = http.createServer((_, response) => response.end('ok'))
  const kill = closer(server)
  server.listen(port, address)
  await once(server, 'listening')
  return { port: (server.address() as AddressInfo).port, kill }
}

let one: Origin
let two: Origin
let embedded: EmbeddedFailovers
let events: FailoverEvent[]

async function start(
  more: object = {},
  check: object = {},
  { options = {}, rest = {} }: { options?: Partial<EmbeddedOptions>; rest?: object } = {},
): Promise<void> {
  const endpoint = (id: string, address: string) => ({ id, region: 'external', A: [address] })
  const failover = {
    ...{ id: 'live', hostedZoneId: 'Z', zone: 'live.test', record: 'shop.live.test', check: 'live', mode: 'auto' },
    ...{ sustain: '0s', endpoints: [endpoint('one', '127.0.0.1'), endpoint('two', '127.0.0.2')], ...more },
  }
  const monitor = {
    id: 'live',
    kind: 'http',
    url: `http://shop.live.test:${one.port}/`,
    timeout: '8s',
    retries: 0,
    ...check,
  }
  const config = parseConfig({ service: 'shop', monitors: [monitor], failovers: [failover], ...rest })
  events = []
  embedded = await startFailovers(config, { version: '0', emit: (event) => void events.push(event), ...options })
}

beforeEach(async () => {
  const port = await freePort('127.0.0.1', '127.0.0.2')
  one = await origin('127.0.0.1', port)
  two = await origin('127.0.0.2', port)
})
afterEach(async () => {
  await embedded.stop()
  await Promise.all([one.kill(), two.kill()])
})

/** What anybody's resolver would be told. */
async function asked() {
  const resolver = new Resolver()
  resolver.setServers([`127.0.0.1:${embedded.zones[0]?.port}`])
  const [addresses, texts] = await Promise.all([
    resolver.resolve4('shop.live.test'),
    resolver.resolveTxt('_vedette.shop.live.test'),
  ])
  return { addresses, text: texts.flat().join() }
}
const kindsOf = (all: readonly FailoverEvent[]) => all.map((event) => event.type === 'decided' && event.decision.kind)
const decide = () => embedded.controller.decide('live', 'vantage')
const cut = (...ids: string[]) => {
  for (const vantage of embedded.vantages) vantage.isCut = ids.includes(vantage.id)
}

describe('a record in a zone of this machine', () => {
  test('answers as its primary, with the TXT that says so', async () => {
    await start()
    expect(await asked()).toEqual({
      addresses: ['127.0.0.1'],
      text: expect.stringContaining('epoch=1 id=adopted on=one'),
    })
  })

  test('moves when its primary dies, and stays where it is when that comes back', async () => {
    await start()
    await one.kill()
    expect(await decide()).toMatchObject({ kind: 'move', to: 'two' })
    expect(await asked()).toEqual({ addresses: ['127.0.0.2'], text: expect.stringContaining('epoch=2') })
    one = await origin('127.0.0.1', two.port)
    expect(await decide()).toMatchObject({ kind: 'stay' })
    expect((await asked()).addresses).toEqual(['127.0.0.2'])
  })

  test('is drilled when that is due, and what was up before the start is not known to have stayed so', async () => {
    const tableFile = tempFile('failover.db', '')
    const table = openControllerTable(tableFile)
    await table.update('live', { knownSinceMs: 0, healthySince: { one: 1, two: 1 } })
    await start({ drill: { every: '30d' } }, {}, { options: { tableFile } })
    const drill = await vi.waitUntil(() => events.find(({ type }) => type === 'drill'), { timeout: 60_000 })
    expect(drill).toMatchObject({ outcome: 'passed', from: 'one', to: 'two' })
    expect((await table.read('live')).healthySince).not.toMatchObject({ one: 1 })
    table.close()
  })

  test('is moved by the votes of vantages that are connected, each by its own self-check', async () => {
    const selfCheck = [`127.0.0.1:${await freePort()}`]
    await start({}, {}, { rest: { vantages: [{ id: 'north', selfCheck }, 'south', 'west'] } })
    await one.kill()
    const { kind, reasons } = await decide()
    expect(kind).toBe('move')
    expect(reasons).toContainEqual({
      ...{ code: 'votes', endpoint: 'one', active: true },
      ...{ up: [], down: ['south', 'west'], none: ['north'] },
    })
  })

  test('is looked at again after a move: what it left is the standby now, and is down', async () => {
    await start()
    await vi.waitUntil(() => embedded.controller.status()[0]?.readiness, { timeout: 60_000 })
    const problems = () =>
      embedded.controller.status()[0]?.readiness?.problems.map(({ code, endpoint }) => [code, endpoint])
    expect(problems()).toEqual([])
    await one.kill()
    await decide()
    // At once, by the votes that it was moved on; and told, as somebody has to mend it.
    expect(problems()).toEqual([['STANDBY_DOWN', 'one']])
    const told = await vi.waitUntil(() => events.find(({ type }) => type === 'readiness'), { timeout: 60_000 })
    expect(told).toMatchObject({ problems: [{ code: 'STANDBY_DOWN', endpoint: 'one' }] })
    one = await origin('127.0.0.1', two.port)
    await decide()
    expect(problems()).toEqual([])
  })

  test('is watched, and ready, as soon as a person has adopted it', async () => {
    const damaged = { name: '_vedette.shop.live.test', type: 'TXT', ttl: 60, values: ['"damaged"'] } as const
    await start()
    const codes = () => embedded.controller.status()[0]?.readiness?.problems.map(({ code }) => code)
    const active = () => embedded.controller.status()[0]?.endpoints.find((endpoint) => endpoint.active)?.id
    await vi.waitUntil(() => codes() !== undefined, { timeout: 20_000 })
    embedded.zones[0]?.store.put([{ ...damaged, values: [...damaged.values] }])
    await decide()
    embedded.changed?.('live')
    await vi.waitUntil(() => codes()?.includes('TXT_UNREADABLE'), { timeout: 20_000 })
    expect(active()).toBeUndefined()
    await carryOutRequest({ do: 'adopt', failover: 'live' }, embedded)
    await vi.waitUntil(() => active() === 'one' && codes()?.length === 0, { timeout: 20_000 })
  })

  test('does not move when one vantage is cut off, nor when all but one are', async () => {
    await start()
    cut('north')
    expect(await decide()).toMatchObject({ kind: 'stay' })
    cut('north', 'south')
    expect(await decide()).toMatchObject({ kind: 'refuse', code: 'blind' })
    await one.kill()
    expect(await decide()).toMatchObject({ kind: 'refuse', code: 'blind' })
    expect((await asked()).addresses).toEqual(['127.0.0.1'])
  })

  test('does not move to an endpoint that is down too', async () => {
    await start()
    await Promise.all([one.kill(), two.kill()])
    expect(await decide()).toMatchObject({ kind: 'refuse', code: 'nothing-up' })
    expect((await asked()).addresses).toEqual(['127.0.0.1'])
  })

  test('is watched from every vantage, and moves by itself when its primary dies', async () => {
    await start({}, { every: '5s', timeout: '4s' })
    await one.kill()
    const moved = await vi.waitUntil(() => events.find(({ type }) => type === 'swapped'), { timeout: 25_000 })
    expect(moved).toMatchObject({ to: 'two', outcome: { kind: 'moved' }, downForMs: expect.any(Number) })
    expect((await asked()).addresses).toEqual(['127.0.0.2'])
  })

  test('tells what each vantage saw of the active endpoint when it last looked', async () => {
    await start({ sustain: '1h' }, { every: '1s', timeout: '500ms' })
    const seen = () =>
      embedded
        .sights()
        .map(({ monitor, vantage, isDown }) => `${monitor} ${vantage} ${isDown}`)
        .sort()
    const all = (isDown: boolean) => ['north', 'south', 'west'].map((vantage) => `live@one ${vantage} ${isDown}`)
    await vi.waitFor(() => expect(seen()).toEqual(all(false)), { timeout: 60_000 })
    await one.kill()
    await vi.waitFor(() => expect(seen()).toEqual(all(true)), { timeout: 60_000 })
  }, 40_000)

  test('stops at once, also while a decision waits', async () => {
    await start({ sustain: '1h' })
    await one.kill()
    const decision = decide()
    await embedded.stop()
    const { length } = events
    await decision
    expect(events.slice(length)).toEqual([])
    expect(kindsOf(events)).not.toContain('refuse')
    await start()
  })

  test('is moved after a hook has run, with one key, and not when the hook fails', async () => {
    await start({ hooks: { before: { command: ['false'] } } })
    await one.kill()
    await decide()
    expect((await asked()).addresses).toEqual(['127.0.0.1'])
    expect(events).toContainEqual(expect.objectContaining({ type: 'page' }))
    await embedded.stop()

    const check = 'test "$VEDETTE_KEY" = live/2 && test "$VEDETTE_TO" = two'
    await start({ hooks: { before: { command: ['sh', '-c', check] } } })
    await decide()
    expect(await asked()).toEqual({ addresses: ['127.0.0.2'], text: expect.stringContaining('epoch=3') })
  })
})
