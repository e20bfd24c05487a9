import { expect, test } from 'vitest'
import type { EndpointVote } from '../../lib/decide/quorum.ts'
import { openControllerTable } from '../../lib/local/controller-table.ts'
import { createZoneStore } from '../../lib/local/zone-store.ts'
import type { FailoverEvent } from '../../lib/run/failover-event.ts'
import { createUpkeep, type UpkeepHost } from '../../lib/run/failover-upkeep.ts'
import { failoverOf, recordsOf } from '../support/failover-fixture.ts'

const failover = failoverOf()
const other = failoverOf({ id: 'other', record: 'www.live.test' })
const elsewhere = failoverOf({ id: 'elsewhere', zone: 'else.test', record: 'www.else.test' })

/** Drills in a zone where a decision is under way, or somebody wanted to move. */
function drilling({
  id = 'live',
  deciding = '',
  wanted = {},
  isStopped = false,
}: {
  id?: string
  deciding?: string
  wanted?: object
  isStopped?: boolean
}) {
  let nowMs = 1_000_000
  const stopping = new AbortController()
  if (isStopped) stopping.abort()
  const host = {
    ...{ vantages: ['north'], monitors: [], ask: async () => undefined, emit: () => {}, newDecision: () => 'd1' },
    ...{ wallClock: () => nowMs, stopping: stopping.signal },
    pause: async (ms: number) => {
      nowMs += ms
    },
    collect: async () => ({ ballots: new Map(), causes: new Map() }),
    records: createZoneStore({ setRecords: () => {} }, [failover, other].flatMap(recordsOf)),
    table: { ...openControllerTable(':memory:'), wanted: async () => wanted },
    controller: { isBusy: (ids: string[]) => ids.includes(deciding) },
  } as unknown as UpkeepHost
  return createUpkeep([failover, other, elsewhere], host).drill(id)
}

test('a drill that passed at another controller counts here, unless a later one is known or it is yet to come', async () => {
  const table = openControllerTable(':memory:')
  const { drilled } = createUpkeep([failover], { records: {}, table, wallClock: () => 5000 } as unknown as UpkeepHost)
  const after = async (atMs: number) => {
    await drilled('live', atMs)
    return (await table.read('live')).drilledAtMs
  }
  expect([await after(3000), await after(2000), await after(4000), await after(9000)]).toEqual([3000, 3000, 4000, 5000])
  await expect(drilled('lvie', 1)).rejects.toThrow('got "lvie"')
  await expect(drilled('live', '1' as never)).rejects.toThrow('expected the time of a drill in ms, got "1"')
})

test('a drill that gives way says to which decision, and when to try again', async () => {
  expect(await drilling({ deciding: 'other' })).toMatchObject({
    outcome: 'yielded',
    detail:
      'it gave way: a decision on other is under way in live.test: try again when it has been made ("vedette failover status")',
  })
  expect(await drilling({ wanted: { live: 880_000, other: 870_000 } })).toMatchObject({
    outcome: 'yielded',
    detail: 'it gave way: live wanted to move 2m ago: try again in 61s',
  })
  expect(await drilling({ isStopped: true })).toMatchObject({
    outcome: 'yielded',
    detail: 'it gave way: the controller is being stopped: try again when it runs',
  })
})

test('a drill does not give way to what a clock that was wrong has dated ahead, nor to another zone', async () => {
  const outcomes = await Promise.all(
    [
      { wanted: { live: 1_000_000 + 86_400_000 } },
      { wanted: { live: 820_000 } },
      { wanted: { elsewhere: 999_000 }, deciding: 'elsewhere' },
    ].map((one) => drilling(one)),
  )
  // Its vantages see nothing, so it fails, later on.
  expect(outcomes.map(({ outcome, steps }) => [outcome, steps.length > 1])).toEqual(Array(3).fill(['failed', true]))
  expect(await drilling({ wanted: { live: 1_001_000 } })).toMatchObject({ outcome: 'yielded' })
})

test('what a look finds is told where that is not what the look before it found', async () => {
  const events: FailoverEvent[] = []
  const store = createZoneStore({ setRecords: () => {} }, recordsOf(failover))
  const ballot: Record<string, EndpointVote> = { one: 'up', two: 'up' }
  const host = {
    ...{
      vantages: ['north'],
      monitors: [],
      ask: async () => undefined,
      emit: (event: FailoverEvent) => events.push(event),
    },
    ...{ wallClock: () => 1000, records: store, table: openControllerTable(':memory:') },
    collect: async () => ({ ballots: new Map([['north', ballot]]), causes: new Map() }),
    controller: { setReadiness: () => {} },
  } as unknown as UpkeepHost
  const { look } = createUpkeep([failover], host)
  for (const vote of ['up', 'down', 'down', 'up', 'up'] as const) {
    ballot.two = vote
    await look(failover)
  }
  const told = events.map((event) => event.type === 'readiness' && event.problems.map(({ code }) => code))
  expect(told).toEqual([['STANDBY_DOWN'], []])
})

test('an unknown failover is told what there is', async () => {
  await expect(drilling({ id: 'lvie' })).rejects.toThrow('(live, other, elsewhere), got "lvie": did you mean "live"?')
})
