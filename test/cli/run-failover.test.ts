import { Resolver } from 'node:dns/promises'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { askEngine } from '../../lib/local/control.ts'
import type { FailoverStatus } from '../../lib/run/failover-status.ts'
import { temporaryFolder } from '../support/history.ts'
import { type Vedette, vedette } from '../support/vedette.ts'

/** A folder with a config of a record that moves between two origins of this machine. */
async function folderWithFailover(): Promise<string> {
  let port = 0
  for (const address of ['127.0.0.1', '127.0.0.2']) {
    const server = http.createServer((_, response) => response.end('ok'))
    onTestFinished(() => void server.close())
    server.listen(port, address)
    await once(server, 'listening')
    port = (server.address() as AddressInfo).port
  }
  const endpoint = (id: string, address: string) => ({ id, region: 'external', A: [address] })
  const config = {
    service: 'shop',
    monitors: [
      { id: 'shop', kind: 'http', url: `http://shop.live.test:${port}/`, every: '2s', timeout: '1s', retries: 0 },
    ],
    failovers: [
      {
        ...{ id: 'live', hostedZoneId: 'Z', zone: 'live.test', record: 'shop.live.test', check: 'shop', sustain: '0s' },
        endpoints: [endpoint('a', '127.0.0.1'), endpoint('b', '127.0.0.2')],
      },
    ],
  }
  const folder = temporaryFolder()
  writeFileSync(path.join(folder, 'vedette.config.json'), JSON.stringify(config))
  return folder
}

/** An engine in a folder, and what its socket and its zone say. */
async function start(folder: string) {
  const run = vedette(['run', '--verbose', '--no-dashboard'], folder)
  const { port } = await run.saw('zone.served')
  const socket = path.join(folder, '.vedette', 'control.sock')
  const status = async () => (await askEngine<FailoverStatus[]>(socket, { do: 'status' }))[0] as FailoverStatus
  // The first decision tells where the record leads.
  const known = await vi.waitUntil(
    async () => {
      const now = await status().catch(() => undefined)
      return now?.endpoints.some(({ active }) => active) ? now : undefined
    },
    { timeout: 60_000, interval: 100 },
  )
  const resolver = new Resolver()
  resolver.setServers([`127.0.0.1:${port}`])
  const dig = async () => ({
    addresses: await resolver.resolve4('shop.live.test'),
    text: (await resolver.resolveTxt('_vedette.shop.live.test')).flat().join(),
  })
  return { run, port, socket, known, dig }
}

async function stop({ process, ended }: Vedette, signal: NodeJS.Signals) {
  process.kill(signal)
  await ended
}

test('a move and a lock are there after the engine was stopped, and after it was killed', {
  timeout: 240_000,
}, async () => {
  const folder = await folderWithFailover()
  const first = await start(folder)
  expect(first.known).toMatchObject({ locked: false, servedAt: `127.0.0.1:${first.port}` })
  expect(first.run.err()).toContain(`Record of failover live: dig @127.0.0.1 -p ${first.port} shop.live.test`)
  // What watches the record finds it in the zone: no resolver knows that name.
  const results = () => first.run.out().match(/"monitor":"shop","vantage":"local","status":"\w+"/g) ?? []
  await vi.waitUntil(() => results().length > 0, { timeout: 60_000, interval: 100 })
  expect(results()[0]).toContain('"status":"up"')
  const to = { do: 'to', failover: 'live', endpoint: 'b' } as const
  expect(await askEngine(first.socket, to)).toMatchObject({ kind: 'move', outcome: { kind: 'moved' } })
  await askEngine(first.socket, { do: 'lock', failover: 'live' })
  const held = await first.dig()
  expect(held).toEqual({
    addresses: ['127.0.0.2'],
    text: expect.stringMatching(/epoch=3 .* on=b .* lock .*moves=p1>0/),
  })

  await stop(first.run, 'SIGTERM')
  const second = await start(folder)
  expect(await second.dig()).toEqual(held)
  expect(second.known).toMatchObject({ locked: true, endpoints: [{ active: false }, { id: 'b', active: true }] })

  const unlocked = { do: 'unlock', failover: 'live' } as const
  await askEngine(second.socket, unlocked)
  const before = await second.dig()
  await stop(second.run, 'SIGKILL')
  const third = await start(folder)
  expect(await third.dig()).toEqual(before)
  await stop(third.run, 'SIGTERM')
})

test('a second engine in the folder is refused, whatever its history', { timeout: 120_000 }, async () => {
  const folder = await folderWithFailover()
  const { run } = await start(folder)
  const second = vedette(['run', '--history', 'other.db', '--no-dashboard'], folder)
  expect(await second.ended).toBe(2)
  expect(second.err()).toContain('another engine listens at .vedette/control.sock')
  expect(second.err()).toContain('start this one with a --socket of its own')
  await stop(run, 'SIGTERM')
})
