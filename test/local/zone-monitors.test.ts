import { afterEach, expect, test } from 'vitest'
import { answerOf } from '../../lib/decide/swap-records.ts'
import { type EmbeddedZone, placeOf, startZones } from '../../lib/local/failover-zones.ts'
import { asServedHere } from '../../lib/local/zone-monitors.ts'
import type { Failover } from '../../lib/model/failover.ts'
import type { Monitor } from '../../lib/model/monitor.ts'
import { parseConfig } from '../../lib/model/parse-config.ts'
import { failoverOf } from '../support/failover-fixture.ts'

let zones: EmbeddedZone[] = []
afterEach(() => Promise.all(zones.map(({ zone }) => zone.stop())))

const monitorOf = (monitor: object): Monitor =>
  parseConfig({ service: 'shop', monitors: [{ id: 'it', ...monitor }] } as never).monitors[0] as Monitor

async function here(monitor: object, failovers: Failover[] = [failoverOf()]) {
  zones = await startZones(failovers)
  const given = monitorOf(monitor)
  const [zone] = zones as [EmbeddedZone]
  return { given, zone, at: placeOf(zone), seen: () => asServedHere(given, failovers, zones) }
}

test.each([
  { kind: 'tls', host: 'shop.live.test', port: 443 },
  { kind: 'tcp', host: 'shop.live.test.', port: 25 },
])('a monitor that looks up a record which is served here asks the zone: %j', async (monitor) => {
  const { given, at, seen } = await here(monitor)
  expect(seen()).toEqual({ ...given, resolver: at })
})

test.each([
  { kind: 'http', url: 'https://Shop.Live.test/' },
  { kind: 'http', url: 'https://www.example.com/', connectTo: 'shop.live.test:443' },
])(
  'over HTTP its address is dialled, as a redirect may lead to a name that the zone does not know: %j',
  async (monitor) => {
    const { given, seen } = await here(monitor)
    expect(seen()).toEqual({ ...given, connectTo: '192.0.2.1:443' })
  },
)

test('a DNS monitor asks the zone as the name servers of the zone, and whoever else it names', async () => {
  const dns = { kind: 'dns', name: '_vedette.shop.live.test', type: 'TXT' }
  const { given, at, seen } = await here({ ...dns, servers: ['authoritative', 'authoritative:5353', '127.0.0.1:5300'] })
  expect(seen()).toEqual({ ...given, servers: [at, '127.0.0.1:5300'] })
})

test.each([
  { kind: 'http', url: 'https://shop.live.test/', resolver: '127.0.0.1:5300' },
  { kind: 'http', url: 'https://www.live.test/' },
  { kind: 'http', url: 'https://shop.live.test/', connectTo: '192.0.2.1:443' },
  { kind: 'http', url: 'https://shop.live.test/', proxy: 'http://proxy.example.com:3128' },
  { kind: 'dns', name: 'shop.live.test', type: 'A', protocol: 'dot', servers: ['127.0.0.1:853'] },
])(
  'one with a resolver of its own, of another name, or that looks nothing up here is as it was: %j',
  async (monitor) => {
    const { given, seen } = await here(monitor)
    expect(seen()).toBe(given)
  },
)

test('a record that leads to a name is dialled by that name, which others know', async () => {
  const [one] = failoverOf().endpoints
  const failover = failoverOf({ endpoints: [one, { id: 'two', region: 'external', CNAME: 'origin.example.net' }] })
  const { zone, seen } = await here({ kind: 'http', url: 'https://shop.live.test/' }, [failover])
  expect(seen()).toMatchObject({ connectTo: '192.0.2.1:443' })
  const listed = zone.store.sets().find(({ type }) => type === 'A')
  const [cname] = answerOf(failover, failover.endpoints[1] as never)
  if (!listed || !cname) throw new Error('there is no answer')
  const changes = [
    { action: 'DELETE', set: listed },
    { action: 'CREATE', set: cname },
  ] as const
  expect(await zone.store.change(failover, changes)).toEqual({ kind: 'written' })
  expect(seen()).toMatchObject({ url: 'https://shop.live.test/', connectTo: 'origin.example.net:443' })
  expect(seen().resolver).toBeUndefined()
  const question = monitorOf({ kind: 'dns', name: 'shop.live.test', type: 'A', servers: ['authoritative'] })
  expect(asServedHere(question, [failover], [zone])).toEqual({ ...question, name: 'origin.example.net' })
})
