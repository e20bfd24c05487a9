import { afterEach, expect, test, vi } from 'vitest'
import { type EmbeddedFailovers, startFailovers } from '../../lib/local/failovers.ts'
import { startZone } from '../../lib/local/zone.ts'
import { parseConfig } from '../../lib/model/parse-config.ts'
import type { FailoverEvent } from '../../lib/run/failover-event.ts'
import { startHttpServer } from '../support/http-server.ts'
import { freePort } from '../support/ports.ts'

const stops: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop()
})

test.each([
  ['an alias', { alias: { hostedZoneId: 'Z2', dnsName: 'two.lb.test' } }],
  ['a CNAME', { CNAME: 'two.lb.test' }],
])('a move to %s is verified on this machine, where its target stands in for it', async (_, form) => {
  const port = await freePort('127.0.0.1', '127.0.0.2')
  const one = await startHttpServer((_, response) => response.end('ok'), '127.0.0.1', port)
  const two = await startHttpServer((_, response) => response.end('ok'), '127.0.0.2', port)
  const names = await startZone({
    origin: 'lb.test',
    records: [{ name: 'two.lb.test', type: 'A', ttl: 1, data: '127.0.0.2' }],
  })
  stops.push(one.close, two.close, names.stop)
  const config = parseConfig({
    ...{ service: 'shop', resolver: `127.0.0.1:${names.port}` },
    monitors: [{ id: 'live', kind: 'http', url: `http://shop.live.test:${port}/`, timeout: '8s', retries: 0 }],
    failovers: [
      {
        ...{ id: 'live', hostedZoneId: 'Z', zone: 'live.test', record: 'shop.live.test', check: 'live', sustain: '0s' },
        endpoints: [
          { id: 'one', region: 'external', A: ['127.0.0.1'] },
          { id: 'two', region: 'external', ...form },
        ],
      },
    ],
  })
  const events: FailoverEvent[] = []
  const embedded: EmbeddedFailovers = await startFailovers(config, {
    version: '0',
    emit: (event) => void events.push(event),
  })
  stops.push(embedded.stop)
  const decision = await embedded.controller.decide('live', 'person', { to: 'two', by: 'person' })
  expect(decision).toMatchObject({ kind: 'move', to: 'two' })
  const verified = await vi.waitUntil(() => events.find(({ type }) => type === 'verified'), { timeout: 20_000 })
  expect(verified).toMatchObject({ to: 'two', answeredMs: expect.any(Number) })
  expect(verified).not.toHaveProperty('problem')
})
