import { Resolver } from 'node:dns/promises'
import { afterEach, expect, test } from 'vitest'
import { stateIn } from '../../lib/decide/swap-records.ts'
import { type EmbeddedZone, startZones, storesOf } from '../../lib/local/failover-zones.ts'
import { failoverOf } from '../support/failover-fixture.ts'
import { startTcpServer } from '../support/http-server.ts'

let zones: EmbeddedZone[] = []
afterEach(() => Promise.all(zones.map(({ zone }) => zone.stop())))

const other = { ...failoverOf(), id: 'other', zone: 'Other.Test.', record: 'www.other.test' }

test('each zone that failovers name is served, every record as its first endpoint with the TXT beside it', async () => {
  zones = await startZones([failoverOf(), { ...failoverOf(), id: 'shop2', record: 'shop2.live.test' }, other])
  expect(zones.map(({ origin }) => origin)).toEqual(['live.test', 'other.test'])
  const resolver = new Resolver()
  resolver.setServers([`127.0.0.1:${zones[1]?.port}`])
  expect(await resolver.resolve4('www.other.test')).toEqual(['192.0.2.1'])
  expect((await resolver.resolveTxt('_vedette.www.other.test')).flat().join()).toContain('on=one')
  const listed = await storesOf(zones).list(other)
  expect(listed.kind === 'listed' && stateIn(listed.sets, other)).toMatchObject({ state: { active: 'one' } })
})

test('a zone that is not ours is unknown, not empty', async () => {
  zones = await startZones([failoverOf()])
  const store = storesOf(zones)
  expect(await store.list(other)).toEqual({ kind: 'unknown' })
  expect(await store.change(other, [])).toEqual({ kind: 'unknown' })
})

test('a preferred port that is taken is left to whoever has it', async () => {
  const taken = await startTcpServer(() => {})
  zones = await startZones([failoverOf()], taken.port)
  expect(zones[0]?.port).not.toBe(taken.port)
  await taken.close()
})
