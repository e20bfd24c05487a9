import { fork } from 'node:child_process'
import { Resolver } from 'node:dns/promises'
import { once } from 'node:events'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, describe, expect, test } from 'vitest'
import type { RecordStore } from '../../lib/act/ports.ts'
import { swapBatch } from '../../lib/decide/swap-batch.ts'
import { answerOf, endpointIn, stateIn } from '../../lib/decide/swap-records.ts'
import { type EmbeddedZone, startZones, storesOf, ZonePortError } from '../../lib/local/failover-zones.ts'
import { type KeptRecords, openKeptRecords } from '../../lib/local/kept-records.ts'
import type { Endpoint } from '../../lib/model/failover.ts'
import { failoverOf } from '../support/failover-fixture.ts'
import { temporaryFolder } from '../support/history.ts'
import { startTcpServer } from '../support/http-server.ts'

let zones: EmbeddedZone[] = []
afterEach(async () => {
  await Promise.all(zones.map(({ zone }) => zone.stop()))
  zones = []
})

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
  zones = await startZones([failoverOf()], { port: taken.port })
  expect(zones[0]?.port).not.toBe(taken.port)
  await taken.close()
})

test('a port that was asked for and is taken is refused, and no zone is left behind', async () => {
  const taken = await startTcpServer(() => {})
  await expect(startZones([failoverOf()], { port: taken.port, isPortFixed: true })).rejects.toThrow(ZonePortError)
  await taken.close()
  zones = await startZones([failoverOf()], { port: taken.port, isPortFixed: true })
  expect(zones[0]?.port).toBe(taken.port)
})

test('a port that was asked for and cannot be is refused as well', async () => {
  const second = failoverOf({ id: 'two', zone: 'other.test', record: 'shop.other.test' })
  const two = startZones([failoverOf(), second], { port: 65_535, isPortFixed: true })
  await expect(two).rejects.toThrow(ZonePortError)
})

describe('what a zone holds', () => {
  const failover = failoverOf()
  const file = () => path.join(temporaryFolder(), 'history.failover.db')

  async function run(kept: KeptRecords) {
    await Promise.all(zones.map(({ zone }) => zone.stop()))
    zones = await startZones([failover, other], { kept })
    return storesOf(zones)
  }
  const listed = async (store: RecordStore) => {
    const outcome = await store.list(failover)
    return outcome.kind === 'listed' ? outcome.sets : []
  }
  const moveTo = async (store: RecordStore, active: string, epoch: number) => {
    const endpoint = failover.endpoints.find(({ id }) => id === active) as Endpoint
    const state = { epoch, decision: `d${epoch}`, active, sinceMs: 0, switches: [] }
    const flags = { locked: true, latched: false }
    const batch = swapBatch(
      await listed(store),
      answerOf(failover, endpoint),
      { version: 1, ...state, flags },
      failover,
    )
    return store.change(failover, batch)
  }

  test('is there in the next run, and so is what a config has left out meanwhile', async () => {
    const name = file()
    let kept = openKeptRecords(name)
    expect(await moveTo(await run(kept), 'two', 2)).toEqual({ kind: 'written' })
    kept.close()
    // Another config on the same history, without this failover.
    kept = openKeptRecords(name)
    await Promise.all(zones.map(({ zone }) => zone.stop()))
    zones = await startZones([other], { kept })
    kept.close()
    kept = openKeptRecords(name)
    expect(stateIn(await listed(await run(kept)), failover)).toMatchObject({ state: { epoch: 2, active: 'two' } })
    const resolver = new Resolver()
    resolver.setServers([`127.0.0.1:${zones[0]?.port}`])
    expect(await resolver.resolve4('shop.live.test')).toEqual(['192.0.2.2'])
    kept.close()
  })

  test('is not changed where that cannot be kept: the old answer goes on being served', async () => {
    const kept = openKeptRecords(file())
    const store = await run({
      ...kept,
      write: (records) => {
        const text = JSON.stringify([...records])
        if (text.includes('epoch=2')) throw new Error('database or disk is full')
        kept.write(records)
      },
    })
    expect(await moveTo(store, 'two', 2)).toEqual({ kind: 'denied', message: 'database or disk is full' })
    expect(stateIn(await listed(store), failover)).toMatchObject({ state: { epoch: 1, active: 'one' } })
    const resolver = new Resolver()
    resolver.setServers([`127.0.0.1:${zones[0]?.port}`])
    expect(await resolver.resolve4('shop.live.test')).toEqual(['192.0.2.1'])
    kept.close()
  })

  test('that is damaged on the disk is said, and nothing is made of it', async () => {
    const name = file()
    openKeptRecords(name).close()
    const database = new DatabaseSync(name)
    database.exec(`INSERT INTO zone VALUES ('shop.live.test', '[{"Name":')`)
    database.close()
    const kept = openKeptRecords(name)
    const store = await run(kept)
    expect(zones.flatMap(({ notes }) => notes)).toEqual([expect.stringContaining('what was kept of it is damaged')])
    expect(stateIn(await listed(store), failover)).toBe('missing')
    kept.close()
  })

  test('is after kill -9 what was accepted last, or what was being written: answer and TXT of one state', async () => {
    const name = file()
    for (let round = 0; round < 3; round++) {
      const child = fork(new URL('../support/zone-mover.ts', import.meta.url), [name])
      let accepted = 0
      const enough = Promise.withResolvers<void>()
      child.on('message', (epoch) => {
        accepted = Number(epoch)
        if (accepted % 20 === 7) enough.resolve()
      })
      child.once('exit', () => enough.reject(new Error('it ended by itself')))
      await enough.promise
      child.kill('SIGKILL')
      await once(child, 'close')
      const kept = openKeptRecords(name)
      const sets = await listed(await run(kept))
      kept.close()
      const found = stateIn(sets, failover)
      if (typeof found === 'string') throw new Error(`the TXT is ${found}`)
      expect(found.state.epoch).toBeGreaterThanOrEqual(accepted)
      expect(endpointIn(sets, failover)?.id).toBe(found.state.active)
      expect(zones.flatMap(({ notes }) => notes)).toEqual([])
    }
  })
})
