import { expect, test } from 'vitest'
import type { AskVantage, RecordStore, ZoneOutcome } from '../../lib/act/ports.ts'
import { createZoneStore } from '../../lib/local/zone-store.ts'
import { checkReadiness, type ReadinessPorts } from '../../lib/run/readiness.ts'
import { createPacer, pacedRecords } from '../../lib/run/readiness-pacer.ts'
import { failoverOf, recordsOf, tableOf } from '../support/failover-fixture.ts'

const minuteMs = 60_000
const vantages = ['north', 'south', 'west', 'east']
const failover = failoverOf()
const zone: ZoneOutcome = { kind: 'zone', name: 'live.test', isPrivate: false, nameServers: ['ns1.test', 'ns2.test'] }

interface Setup {
  records?: Partial<RecordStore>
  /** What each vantage hears of the parent zone; `undefined` does not answer. */
  delegation?: Record<string, { nameServers: string[] } | { problem: string } | undefined>
  table?: Partial<ReadinessPorts['table']>
}

/** A failover in a zone that answers as Route 53 does, and every call that was made. */
function setup({ records, delegation = { north: { nameServers: ['ns2.test', 'ns1.test'] } }, table }: Setup = {}) {
  const calls: string[] = []
  const clock = { nowMs: 0 }
  const store = createZoneStore({ setRecords: () => {} }, recordsOf(failover))
  const kept = tableOf()
  const logged: RecordStore = {
    ...store,
    zone: async () => zone,
    ...records,
  }
  const ask: AskVantage = async (vantage, question) => {
    calls.push(`${question.ask} ${vantage}`)
    return delegation[vantage] as never
  }
  const ports: ReadinessPorts = {
    ...{ vantages, ask },
    collect: async () => {
      return { ballots: new Map(vantages.map((id) => [id, { one: 'up', two: 'up' }])), causes: new Map() }
    },
    records: {
      list: (one) => {
        calls.push('list')
        return logged.list(one)
      },
      change: (one, batch) => {
        calls.push('change')
        return logged.change(one, batch)
      },
      ...(logged.zone && {
        zone: (one) => {
          calls.push('zone')
          return (logged.zone as NonNullable<RecordStore['zone']>)(one)
        },
      }),
    },
    table: { ...kept, ...table },
    wallClock: () => clock.nowMs,
  }
  const look = async (atMs = 0) => {
    clock.nowMs = atMs
    const { problems } = await checkReadiness(failover, ports)
    return { codes: problems.map(({ code }) => code), calls: calls.splice(0) }
  }
  return { look, store, kept, ports }
}

test('a look takes four calls, asks one vantage, changes nothing and is remembered', async () => {
  const { look, store, kept } = setup()
  const before = JSON.stringify(store.sets())
  expect(await look()).toEqual({ codes: [], calls: ['list', 'zone', 'delegation north', 'change'] })
  expect(JSON.stringify(store.sets())).toBe(before)
  expect(kept.memory.get('live')).toMatchObject({
    knownSinceMs: 0,
    readiness: { atMs: 0, problems: [], active: 'one' },
  })
})

test('the epoch that a look has seen is kept, and one that is larger stays', async () => {
  const { look, kept } = setup()
  await look()
  expect(kept.memory.get('live')).toMatchObject({ largestEpoch: 1 })
  await kept.update('live', { largestEpoch: 7 })
  await look(minuteMs)
  expect(kept.memory.get('live')).toMatchObject({ largestEpoch: 7 })
})

test('the right to write is proven once an hour', async () => {
  const { look } = setup()
  const changes: number[] = []
  for (let minutes = 0; minutes <= 120; minutes += 10) {
    const { calls } = await look(minutes * minuteMs)
    if (calls.includes('change')) changes.push(minutes)
  }
  expect(changes).toEqual([0, 60, 120])
})

test('since when a failover is known is kept as it was', async () => {
  const { look, kept } = setup()
  await look(5 * minuteMs)
  await look(15 * minuteMs)
  expect(kept.memory.get('live')?.knownSinceMs).toBe(5 * minuteMs)
})

test('an embedded zone is asked for its records alone', async () => {
  const { ports, store } = setup()
  const { problems } = await checkReadiness(failover, { ...ports, records: store })
  expect(problems).toEqual([])
})

test.each<[string, Setup['delegation'], string[]]>([
  ['does not answer', { south: { nameServers: ['ns1.test', 'ns2.test'] } }, ['north', 'south']],
  [
    'could not find out',
    { north: { problem: 'DNS' }, south: { nameServers: ['ns1.test', 'ns2.test'] } },
    ['north', 'south'],
  ],
  ['and two others could not', {}, ['north', 'south', 'west']],
])('the next vantage is asked about the delegation where one %s', async (_, delegation = {}, asked) => {
  const { codes, calls } = await setup({ delegation }).look()
  expect(codes).toEqual([])
  expect(calls.filter((call) => call.startsWith('delegation'))).toEqual(asked.map((id) => `delegation ${id}`))
})

test('a delegation to others is told', async () => {
  expect((await setup({ delegation: { north: { nameServers: ['old.test'] } } }).look()).codes).toEqual(['DELEGATION'])
})

test.each<[string, Partial<RecordStore>, string[]]>([
  ['the zone is not ours', { list: async () => ({ kind: 'denied', message: 'AccessDenied: no' }) }, ['ZONE_NOT_OURS']],
  ['writing is denied', { change: async () => ({ kind: 'denied', message: 'AccessDenied: no' }) }, ['WRITE_DENIED']],
  ['the zone is private', { zone: async () => ({ ...zone, isPrivate: true, nameServers: [] }) }, ['ZONE_PRIVATE']],
  ['records are throttled', { list: async () => ({ kind: 'throttled' }) }, []],
  ['the zone’s outcome is not known', { zone: async () => ({ kind: 'unknown' }) }, []],
  ['writing is throttled', { change: async () => ({ kind: 'throttled' }) }, []],
])('where %s', async (_, records, codes) => {
  expect((await setup({ records }).look()).codes).toEqual(codes)
})

test('an API that does not answer is not asked for more', async () => {
  const { calls } = await setup({ records: { list: async () => ({ kind: 'throttled' }) } }).look()
  expect(calls).not.toContain('change')
})

test.each<[string, Partial<ReadinessPorts['table']>]>([
  ['read', { read: () => Promise.reject(new Error('gone')) }],
  ['written', { update: () => Promise.reject(new Error('full')) }],
])('a table that cannot be %s is told', async (_, table) => {
  expect((await setup({ table }).look()).codes).toEqual(['TABLE_UNREADABLE'])
})

test('what was found is kept between looks, from the table', async () => {
  const outcomes = [
    { kind: 'denied', message: 'AccessDenied: no' },
    { kind: 'throttled' },
    { kind: 'refused' },
  ] as const
  let calls = 0
  const { look } = setup({ records: { change: async () => outcomes[calls++] ?? { kind: 'refused' } } })
  const found = [await look(0), await look(60 * minuteMs), await look(70 * minuteMs)]
  expect(found.map(({ codes }) => codes)).toEqual([['WRITE_DENIED'], ['WRITE_DENIED'], []])
})

test('calls of one controller go out one a second, in the order they came', async () => {
  let nowMs = 0
  const waits: number[] = []
  const pause = async (ms: number) => {
    waits.push(ms)
    // Longer than asked: by chance, or as the machine is slow.
    nowMs += ms + 400
  }
  const turn = createPacer(1000, { wallClock: () => nowMs, pause })
  const store = pacedRecords(
    {
      ...createZoneStore({ setRecords: () => {} }, recordsOf(failover)),
      ...{ zone: async () => zone, isInSync: async () => true },
    },
    turn,
  )
  await Promise.all([
    ...[store.list(failover), store.zone?.(failover), store.change(failover, []), store.isInSync?.('C1')],
  ])
  expect(waits).toEqual([1000, 1000, 1000])
  nowMs = 10_000
  await store.list(failover)
  expect(waits).toHaveLength(3)
  const ours = pacedRecords(createZoneStore({ setRecords: () => {} }, []), turn)
  expect([ours.zone, ours.isInSync]).toEqual([undefined, undefined])
})
