import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { ChangeOutcome, ListOutcome } from '../../lib/act/ports.ts'
import { isReadinessDue } from '../../lib/decide/readiness.ts'
import { stateIn, txtName } from '../../lib/decide/swap-records.ts'
import { openControllerTable } from '../../lib/local/controller-table.ts'
import { createZoneStore } from '../../lib/local/zone-store.ts'
import type { Failover } from '../../lib/model/failover.ts'
import { pause } from '../../lib/run/pause.ts'
import { failoverOf, recordsOf } from '../support/failover-fixture.ts'
import { regionsOf, settle } from '../support/failover-regions.ts'

const noon = Date.UTC(2026, 10, 21, 12)
const minuteMs = 60_000
beforeEach(() => vi.useFakeTimers({ now: noon }))
afterEach(() => vi.useRealTimers())

const live = failoverOf()
const trigger = (...monitors: string[]) => ({ do: 'trigger', vantage: 'north', monitors }) as const
const alarm = (alarmName: string, value: 'ALARM' | 'OK' = 'ALARM') =>
  ({ source: 'aws.cloudwatch', alarmData: { alarmName, state: { value } } }) as const
const tick = { do: 'tick' } as const
/** Failovers of one zone, each checked by a monitor of its own. */
const many = (count: number, more: object = {}): Failover[] =>
  Array.from({ length: count }, (_, i) => ({
    ...failoverOf(more),
    id: `f${i}`,
    record: `f${i}.live.test`,
    check: `c${i}`,
  }))

describe("a vantage's confirmed failure", () => {
  test('of the active endpoint is decided on, and moved and verified before the function returns', async () => {
    const { region, votes, active } = regionsOf([live])
    const { run, summaries, datums } = region(0)
    votes.live = { one: 'down' }
    expect(await settle(run(trigger('live@one')))).toEqual([{ failover: 'live', decision: 'move' }])
    expect(active('live')).toBe('two')
    expect(summaries()).toEqual(['live: moved to two', 'live: the move to two is served everywhere'])
    expect(datums.map(({ dimensions }) => dimensions.Phase)).toEqual(['change', 'served', 'answered'])
  })

  test('is what the time until the move counts from', async () => {
    const { region, votes } = regionsOf([live])
    const { run, table } = region(0)
    votes.live = { one: 'down' }
    await settle(run({ ...trigger('live@one'), sinceMs: noon - 9000 }))
    const { lastMove } = await table.read('live')
    expect(lastMove).toMatchObject({ to: 'two', downForMs: (lastMove?.atMs ?? 0) - noon + 9000 })
  })

  test('of a standby, or of a monitor of no endpoint, is not', async () => {
    const { region, asked } = regionsOf([live])
    const { run } = region(0)
    expect(await settle(run(trigger('live@two')))).toEqual([])
    expect(asked.map(({ question }) => question.ask)).toEqual(['state'])
    expect(await settle(run(trigger('live')))).toEqual([])
    expect(asked).toHaveLength(1)
  })

  test('is decided on although DNS does not say what is active', async () => {
    const { region, votes, unheard, active } = regionsOf([live])
    unheard.add('state')
    votes.live = { one: 'down' }
    expect(await settle(region(0).run(trigger('live@one')))).toMatchObject([{ decision: 'move' }])
    expect(active('live')).toBe('two')
  })

  test('asks the vantage that saw it first what is active', async () => {
    const { region, asked } = regionsOf([live])
    await settle(region(0).run({ do: 'trigger', vantage: 'west', monitors: ['live@two'] }))
    expect(asked.map(({ vantage }) => vantage)).toEqual(['west'])
  })
})

test('what is called returns when all that it began has ended: a function is frozen then', async () => {
  const { region, votes, unheard } = regionsOf([live])
  const { run, summaries } = region(0)
  votes.live = { one: 'down' }
  unheard.add('name')
  setTimeout(() => unheard.delete('name'), 60_000)
  const told = run(trigger('live@one')).then(() => summaries().at(-1))
  expect(await settle(told)).toBe('live: the move to two is served everywhere')
})

test('what people are told is on its way before the function returns, and is told at the next call where it was not taken', async () => {
  const { region, votes } = regionsOf([live])
  const said: string[] = []
  let isDown = true
  const tell = async ({ summary }: { summary: string }) => {
    await pause(10_000)
    if (isDown) throw new Error('SNS is away')
    said.push(summary)
  }
  const { run } = region(0, { tell })
  votes.live = { one: 'down', two: 'down' }
  const endedMs = await settle(run(trigger('live@one')).then(() => Date.now()))
  expect(endedMs - noon).toBeGreaterThanOrEqual(20_000)
  isDown = false
  delete votes.live
  await settle(run(tick))
  expect(said).toEqual([expect.stringContaining('Nothing to move to')])
})

test('a decision that breaks is told, and keeps none from the next', async () => {
  const { region, votes, asked, active } = regionsOf([live])
  votes.live = { one: 'down' }
  let isBroken = true
  const world = region(0)
  const ask = async (vantage: string, question: { ask: string }) => {
    if (isBroken && question.ask === 'votes') throw new Error('a port broke its promise')
    asked.push({ vantage, question: question as never })
    return question.ask === 'votes' ? { ballot: { one: 'down', two: 'up' }, causes: {} } : undefined
  }
  const { run, summaries } = region(0, { ask: ask as never, table: world.table })
  expect(await settle(run(trigger('live@one')))).toMatchObject([{ failed: expect.stringContaining('broke its') }])
  expect(summaries()).toEqual([expect.stringMatching(/^live: a decision broke: .*a port broke its promise/)])
  isBroken = false
  expect(await settle(run(trigger('live@one')))).toMatchObject([{ decision: 'move' }])
  expect(active('live')).toBe('two')
})

test('what is not urgent is in no batch with a move', async () => {
  const failovers = many(5, { sustain: '0s' })
  const { region, votes, batches } = regionsOf(failovers, { maxConcurrent: 5 })
  const { run } = region(0)
  for (const { id } of failovers) votes[id] = { one: 'down' }
  await settle(Promise.all([run(trigger(...failovers.map(({ check }) => `${check}@one`))), run(tick)]))
  const doomed = batches.filter((batch) =>
    batch.some(({ set }) => set.values?.some((value) => value.includes('cannot be there'))),
  )
  expect(doomed.map(({ length }) => length)).toEqual([1, 1, 1, 1, 1])
})

describe('while Route 53 is busy', () => {
  const busy = (kind: 'throttled' | 'unknown', times: number) => {
    const zone = createZoneStore({ setRecords: () => {} }, recordsOf(live))
    let lists = 0
    const list = async (failover: Failover): Promise<ListOutcome> => (lists++ < times ? { kind } : zone.list(failover))
    const change = (failover: Failover, batch: Parameters<typeof zone.change>[1]): Promise<ChangeOutcome> =>
      zone.change(failover, batch)
    const active = () => {
      const found = stateIn(zone.sets(), live)
      return typeof found === 'string' ? found : found.state.active
    }
    return { records: { list, change }, active, lists: () => lists }
  }

  test.each(['throttled', 'unknown'] as const)('a decision waits and reads again: %s', async (kind) => {
    const { records, active } = busy(kind, 4)
    const { region, votes } = regionsOf([live], { records })
    const { run, summaries } = region(0)
    votes.live = { one: 'down' }
    expect(await settle(run(trigger('live@one')))).toMatchObject([{ decision: 'move' }])
    expect(active()).toBe('two')
    expect(summaries()).not.toContainEqual(expect.stringContaining('refused'))
  })

  test('for too long, someone is told that it did not move', async () => {
    const { records, active, lists } = busy('throttled', Number.POSITIVE_INFINITY)
    const { region, votes } = regionsOf([live], { records })
    const { run, summaries } = region(0)
    votes.live = { one: 'down' }
    expect(await settle(run(trigger('live@one')))).toMatchObject([{ decision: 'refuse' }])
    expect(active()).toBe('one')
    expect(summaries()).toEqual([expect.stringContaining('refused to move. The TXT record')])
    expect(lists()).toBeLessThan(25)
    expect(Date.now() - noon).toBeLessThan(2 * minuteMs)
  })
})

test('a sustain that is longer than a minute is waited out, with votes all along', async () => {
  const { region, votes, active, asked } = regionsOf([failoverOf({ sustain: '5m' })])
  votes.live = { one: 'down' }
  expect(await settle(region(0).run(trigger('live@one')))).toMatchObject([{ decision: 'move' }])
  expect(active('live')).toBe('two')
  expect(Date.now() - noon).toBeGreaterThanOrEqual(5 * minuteMs)
  const rounds = asked.filter(({ question }) => question.ask === 'votes').length / 3
  expect(rounds).toBeGreaterThan(30)
  expect(rounds).toBeLessThan(200)
})

describe('an alarm', () => {
  test('of the active endpoint that opens is decided on', async () => {
    const { region, votes, active } = regionsOf([live])
    votes.live = { one: 'down' }
    expect(await settle(region(0).run(alarm('live@one-down')))).toMatchObject([{ decision: 'move' }])
    expect(active('live')).toBe('two')
  })

  test('alone moves nothing: the votes decide', async () => {
    const { region, active } = regionsOf([live])
    expect(await settle(region(0).run(alarm('live@one-down')))).toMatchObject([{ decision: 'stay' }])
    expect(active('live')).toBe('one')
  })

  test('that closes, or of something else, is nothing', async () => {
    const { region, asked } = regionsOf([live])
    const { run } = region(0)
    expect(await settle(run(alarm('live@one-down', 'OK')))).toEqual([])
    expect(await settle(run(alarm('something-else')))).toEqual([])
    expect(asked).toEqual([])
  })
})

describe('two controllers', () => {
  test('that hear of one failure move once: the standby waits, and finds it done', async () => {
    const { region, votes, active } = regionsOf([live])
    const [home, standby] = [region(0), region(1)]
    votes.live = { one: 'down' }
    const [first, second] = await settle(Promise.all([home, standby].map(({ run }) => run(trigger('live@one')))))
    expect([first, second]).toMatchObject([[{ decision: 'move' }], [{ decision: 'stay' }]])
    expect(active('live')).toBe('two')
    expect(standby.told).toEqual([])
  })

  test('the standby asks nothing before home has had its sustain, and five seconds for the rest', async () => {
    const { region, votes, asked } = regionsOf([failoverOf({ sustain: '20s' })])
    votes.live = { one: 'down' }
    const work = region(1).run(trigger('live@one'))
    const votesAsked = () => asked.filter(({ question }) => question.ask === 'votes').length
    await vi.advanceTimersByTimeAsync(24_999)
    expect(votesAsked()).toBe(0)
    await vi.advanceTimersByTimeAsync(1)
    expect(votesAsked()).toBeGreaterThan(0)
    await settle(work)
  })

  test("of which home is gone move once its rank's wait is over", async () => {
    const { region, votes, active } = regionsOf([live])
    votes.live = { one: 'down' }
    const work = region(1).run(trigger('live@one'))
    await vi.advanceTimersByTimeAsync(14_000)
    expect(active('live')).toBe('one')
    expect(await settle(work)).toMatchObject([{ decision: 'move' }])
    expect(active('live')).toBe('two')
  })
})

test('two controllers of a failover that moves by health checks move it each by itself: either of them moves traffic', async () => {
  const { region, votes } = regionsOf([failoverOf({ switch: 'health-check' })])
  const [home, standby] = [region(0), region(1)]
  votes.live = { one: 'down' }
  const decided = await settle(Promise.all([home, standby].map(({ run }) => run(trigger('live@one')))))
  expect(decided).toMatchObject([[{ decision: 'move' }], [{ decision: 'move' }]])
  for (const { datums } of [home, standby])
    expect(datums).toContainEqual(expect.objectContaining({ metric: 'ServePrimary', values: [0] }))
})

describe('a vantage that does not answer', () => {
  test('has no vote, and the others decide', async () => {
    const { region, votes, silent, active } = regionsOf([live])
    votes.live = { one: 'down' }
    silent.add('west')
    expect(await settle(region(0).run(trigger('live@one')))).toMatchObject([{ decision: 'move' }])
    expect(active('live')).toBe('two')
  })

  test('leaves too few where it is not alone: nothing moves, and someone is told', async () => {
    const { region, votes, silent, active } = regionsOf([live])
    const { run, summaries } = region(0)
    votes.live = { one: 'down' }
    for (const id of ['south', 'west']) silent.add(id)
    expect(await settle(run(trigger('live@one')))).toMatchObject([{ decision: 'refuse' }])
    expect(active('live')).toBe('one')
    expect(summaries()).toEqual([expect.stringContaining('Blind: 1 vantage')])
  })
})

describe('the lease of a region', () => {
  test('lets one container decide at a time, and is given back', async () => {
    const { region, votes } = regionsOf([live])
    const table = openControllerTable(':memory:')
    const [one, two] = [region(0, { table }), region(0, { table })]
    votes.live = { one: 'down' }
    const [first, second] = await settle(Promise.all([one, two].map(({ run }) => run(trigger('live@one')))))
    expect(first).toMatchObject([{ decision: 'move' }])
    expect(second).toEqual([{ failover: 'live', skipped: 'another decision of this region is under way' }])
    expect(await settle(two.run(trigger('live@two')))).toMatchObject([{ decision: expect.any(String) }])
  })

  test('of a container that died ends by itself', async () => {
    const { region, votes } = regionsOf([live])
    const { run, table } = region(0)
    votes.live = { one: 'down' }
    await table.lease('live', 'a container that died', noon, 30_000)
    expect(await settle(run(trigger('live@one')))).toMatchObject([{ skipped: expect.any(String) }])
    vi.setSystemTime(noon + 30_000)
    expect(await settle(run(trigger('live@one')))).toMatchObject([{ decision: 'move' }])
  })

  test('keeps what another container decides on from dating the next outage', async () => {
    const { region, votes } = regionsOf([live])
    const { run, table } = region(0)
    votes.live = { one: 'down' }
    await table.lease('live', 'another', noon, 30_000)
    await settle(run({ ...trigger('live@one'), sinceMs: noon - 1000 }))
    vi.setSystemTime(noon + 8 * minuteMs)
    await settle(run({ ...trigger('live@one'), sinceMs: noon + 8 * minuteMs - 5000 }))
    const { lastMove } = await table.read('live')
    expect(lastMove).toMatchObject({ downForMs: (lastMove?.atMs ?? 0) - noon - 8 * minuteMs + 5000 })
  })

  test("stands in no person's way", async () => {
    const { region, active } = regionsOf([live])
    const { run, table } = region(0)
    await table.lease('live', 'another', noon, 15 * minuteMs)
    await settle(run({ do: 'to', failover: 'live', endpoint: 'two' }))
    expect(active('live')).toBe('two')
  })

  test('that cannot be had because the table is gone leaves the decision to say so', async () => {
    const broken = () => Promise.reject(new Error('gone'))
    const table = {
      ...openControllerTable(':memory:'),
      read: broken,
      wanted: broken,
      want: broken,
      update: broken,
      lease: broken,
      release: broken,
    }
    const { region, votes, active } = regionsOf([live])
    const { run, summaries } = region(0, { table })
    votes.live = { one: 'down' }
    expect(await settle(run(trigger('live@one')))).toMatchObject([{ decision: 'refuse' }])
    expect(active('live')).toBe('one')
    expect(summaries()).toEqual([expect.stringContaining('cannot read its table')])
  })
})

describe('many failovers at once', () => {
  const failing = (failovers: Failover[], maxConcurrent: number) => {
    const world = regionsOf(failovers, { maxConcurrent })
    for (const { id } of failovers) world.votes[id] = { one: 'down' }
    const monitors = failovers.map(({ check }) => `${check}@one`)
    const moved = () => failovers.filter(({ id }) => world.active(id) === 'two').length
    return { ...world, monitors, moved }
  }

  test('are left to a person where they are more than may move at once', async () => {
    const { region, monitors, moved } = failing(many(12), 4)
    const { run, told } = region(0)
    await settle(run(trigger(...monitors)))
    expect(moved()).toBeLessThanOrEqual(4)
    expect(told.filter(({ message }) => message.summary.includes('wanted to move within 5 minutes')).length).toBe(
      12 - moved(),
    )
  })

  test('are so without a sustain too, in one process and in two', async () => {
    const { region, monitors, moved } = failing(many(12, { sustain: '0s' }), 4)
    const table = openControllerTable(':memory:')
    const [one, two] = [region(0, { table }), region(0, { table })]
    await settle(Promise.all([one.run(trigger(...monitors.slice(0, 6))), two.run(trigger(...monitors.slice(6)))]))
    expect(moved()).toBeLessThanOrEqual(4)
  })

  test('wait for a person for as long as their outage goes on, not until the others have moved', async () => {
    const { region, votes, monitors, moved, active } = failing(many(4, { sustain: '0s' }), 3)
    const { run, open } = region(0)
    await settle(run(trigger(...monitors)))
    expect(moved()).toBe(3)
    const left = ['f0', 'f1', 'f2', 'f3'].find((id) => active(id) === 'one') ?? ''
    open.add(`c${left.slice(1)}@one-down`)
    for (let minute = 1; minute <= 8; minute++) {
      vi.setSystemTime(Math.max(Date.now(), noon + minute * minuteMs))
      expect(await settle(run(tick))).toMatchObject({ decisions: [{ failover: left, decision: 'refuse' }] })
    }
    votes[left] = { one: 'up' }
    expect(await settle(run(tick))).toMatchObject({ decisions: [{ failover: left, decision: 'stay' }] })
    votes[left] = { one: 'down' }
    expect(await settle(run(tick))).toMatchObject({ decisions: [{ failover: left, decision: 'move' }] })
  })

  test('are so however long votes have to hold', async () => {
    const { region, monitors, moved } = failing(many(6, { sustain: '6m' }), 4)
    await settle(region(0).run(trigger(...monitors)))
    expect(moved()).toBe(0)
  })

  test('that fail one after the other are so for both controllers together', async () => {
    const failovers = many(8, { sustain: '0s' })
    const { region, votes, active } = regionsOf(failovers, { maxConcurrent: 4 })
    const [home, standby] = [region(0), region(1)]
    for (const { id, check } of failovers) {
      votes[id] = { one: 'down' }
      await settle(Promise.all([home, standby].map(({ run }) => run(trigger(`${check}@one`)))))
    }
    expect(failovers.filter(({ id }) => active(id) === 'two')).toHaveLength(4)
  })

  test('move together where they may, in fewer batches than moves', async () => {
    const { region, monitors, moved, batches } = failing(many(10, { sustain: '0s' }), 10)
    await settle(region(0).run(trigger(...monitors)))
    expect(moved()).toBe(10)
    expect(batches.length).toBeLessThan(10)
  })
})

describe('each minute', () => {
  test('says which endpoint is active, and whether health checks are to serve the first, from the very first minute', async () => {
    const { region } = regionsOf([failoverOf({ switch: 'health-check' })])
    const { run, datums } = region(0)
    await settle(run(tick))
    expect(datums.map(({ metric, values }) => [metric, ...values])).toEqual([
      ['ActiveEndpoint', 0],
      ['ServePrimary', 1],
    ])
  })

  test('says whether it is ready, once it has looked, and which is active though the first vantage is silent', async () => {
    const { region, silent, votes } = regionsOf([live])
    const { run, datums } = region(0)
    for (let minute = 0; minute <= 12; minute++) {
      vi.setSystemTime(Math.max(Date.now(), noon + minute * minuteMs))
      await settle(run(tick))
      silent.add('north')
      if (minute === 0) votes.live = { two: 'down' }
    }
    const valuesOf = (one: string) => datums.flatMap(({ metric, values }) => (metric === one ? values : []))
    const ready = valuesOf('NotReady')
    // Of the first minute nothing is known yet, and of the second what was seen in the first; within ten it is looked at anew.
    expect([ready.length, ready[0], ready.at(-1)]).toEqual([12, 0, 1])
    expect(valuesOf('ActiveEndpoint')).toEqual(Array(13).fill(0))
  })

  test('says that a failover is not ready when that begins and when it ends, not at each look', async () => {
    const { region, votes } = regionsOf([live])
    const { run, summaries } = region(0)
    votes.live = { two: 'down' }
    const ticks = async (from: number, to: number) => {
      for (let minute = from; minute <= to; minute++) {
        vi.setSystemTime(Math.max(Date.now(), noon + minute * minuteMs))
        await settle(run(tick))
      }
    }
    await ticks(0, 45)
    expect(summaries()).toEqual([expect.stringMatching(/^live: not ready: .*two/)])
    delete votes.live
    await ticks(46, 60)
    expect(summaries().slice(1)).toEqual(['live: ready again'])
  })

  test('goes on saying what was decided, also in a process that has just started', async () => {
    const { region, votes } = regionsOf([failoverOf({ switch: 'health-check' })])
    const { run, table } = region(0)
    votes.live = { one: 'down' }
    await settle(run(trigger('live@one')))
    delete votes.live
    const after = region(0, { table })
    await settle(after.run(tick))
    expect(after.datums.filter(({ metric }) => metric === 'ServePrimary').map(({ values }) => values)).toEqual([[0]])
  })

  test('says nothing of ServePrimary where its table cannot be read: health checks keep their state', async () => {
    const { region } = regionsOf([failoverOf({ switch: 'health-check' })])
    const table = { ...openControllerTable(':memory:'), read: () => Promise.reject(new Error('gone')) }
    const { run, datums } = region(0, { table })
    await settle(run(tick))
    expect(datums).toEqual([])
  })

  test('decides on nothing while nothing is the matter', async () => {
    const { region, asked } = regionsOf([live])
    const { run } = region(0)
    await settle(run(tick))
    const before = asked.length
    expect(await settle(run(tick))).toMatchObject({ decisions: [] })
    expect(asked.slice(before).map(({ question }) => question.ask)).not.toContain('served')
  })

  test('looks at few that it knows nothing of, so that many do not use up the API', async () => {
    const { region } = regionsOf(many(60))
    expect(await settle(region(0).run(tick))).toMatchObject({ looked: 10 })
  })

  test('looks again at what has moved since, whoever has moved it, and not again after that', async () => {
    const { region } = regionsOf([live])
    const { run } = region(0)
    /** A minute that is not its turn anyway. */
    const looked = async () => {
      let minute = Math.ceil(Date.now() / minuteMs) + 1
      while (isReadinessDue(live, minute)) minute++
      vi.setSystemTime(minute * minuteMs)
      return settle(run(tick))
    }
    expect(await looked()).toMatchObject({ looked: 1 })
    expect(await looked()).toMatchObject({ looked: 0 })
    await settle(region(1).run({ do: 'to', failover: 'live', endpoint: 'two' }))
    expect(await looked()).toMatchObject({ looked: 1 })
    expect(await looked()).toMatchObject({ looked: 0 })
  })

  test('sees by DNS that a record was edited by hand: it is looked at within three minutes, and told once', async () => {
    const { region, zone } = regionsOf([live])
    const { run, summaries } = region(0)
    let minute = noon / minuteMs
    while (Array.from({ length: 8 }, (_, i) => minute + i).some((one) => isReadinessDue(live, one))) minute++
    const looks = async () => {
      vi.setSystemTime(minute++ * minuteMs)
      return ((await settle(run(tick))) as { looked: number }).looked
    }
    expect(await looks()).toBe(1)
    zone.put([{ name: 'shop.live.test', type: 'A', ttl: 60, values: ['192.0.2.99'] }])
    const found: number[] = []
    for (let i = 0; i < 7; i++) found.push(await looks())
    expect(found).toEqual([0, 0, 1, 0, 0, 0, 0])
    expect(summaries().filter((text) => text.includes('Expected shop.live.test to be what is declared'))).toHaveLength(
      1,
    )
  })

  test('looks at three at once, so that vantages are not flooded with questions', async () => {
    const { region } = regionsOf(many(60))
    let [under, most] = [0, 0]
    const ask = async (vantage: string, { ask: what }: { ask: string }) => {
      if (vantage !== 'north' || what !== 'votes') return undefined
      most = Math.max(most, ++under)
      await pause(1000)
      under--
      return undefined
    }
    const ended = region(0, { ask })
      .run(tick)
      .then((came) => ({ came, under }))
    // A function is frozen when it returns.
    expect(await settle(ended)).toMatchObject({ came: { looked: 10 }, under: 0 })
    expect(most).toBe(3)
  })

  test('drills where nothing is to be decided', async () => {
    const { region, votes } = regionsOf([failoverOf({ drill: { every: '30d' } })])
    const { run, open, table } = region(0)
    await table.update('live', { knownSinceMs: noon - 31 * 24 * 60 * minuteMs })
    votes.live = { one: 'down', two: 'down' }
    open.add('live@one-down')
    const busy = await settle(run(tick))
    expect(busy).toMatchObject({ decisions: [{ decision: 'refuse' }] })
    expect(busy).not.toHaveProperty('drilled')
    delete votes.live
    open.clear()
    vi.setSystemTime(Date.now() + 10 * minuteMs)
    expect(await settle(run(tick))).toMatchObject({ decisions: [], drilled: 'passed' })
  })

  test('carries a claim on whose controller is gone', async () => {
    const failover = failoverOf({ hooks: { before: { lambda: 'arn:aws:lambda:us-east-1:1:function:promote' } } })
    const { region, votes, active } = regionsOf([failover])
    votes.live = { one: 'down' }
    // It dies while the hook runs.
    void region(0, { hook: () => new Promise(() => {}) }).run(trigger('live@one'))
    await vi.advanceTimersByTimeAsync(60_000)
    expect(active('live')).toBe('one')
    const { run, hooks } = region(0)
    expect(await settle(run(tick))).toMatchObject({ decisions: [{ decision: 'stay' }] })
    vi.setSystemTime(noon + 10 * minuteMs)
    expect(await settle(run(tick))).toMatchObject({ decisions: [{ decision: 'move' }] })
    expect([active('live'), hooks]).toEqual(['two', ['before live/2']])
  })

  test('tells of a move that nobody saw through, once no function can be at it any more, and once', async () => {
    const { region } = regionsOf([live])
    const { run, table, summaries } = region(0)
    await table.update('live', { lastMove: { atMs: noon - 15 * minuteMs, to: 'two', tookMs: 5 } })
    await settle(run(tick))
    expect(summaries()).toEqual([])
    vi.setSystemTime(noon + minuteMs)
    await settle(run(tick))
    vi.setSystemTime(Date.now() + 31 * minuteMs)
    await settle(run(tick))
    expect(summaries().filter((text) => text.includes('not verified'))).toHaveLength(1)
  })

  test('returns traffic once the first endpoint was up for long enough, as was published', async () => {
    const failover = failoverOf({ failback: { after: '30m' }, cooldown: '0s' })
    const { region, votes, active } = regionsOf([failover])
    let upForMs = 10 * minuteMs
    const published = {
      alarmsOpen: async () => new Set<string>(),
      votes: async (monitors: readonly string[]) => {
        const newest = Math.floor(Date.now() / minuteMs) * minuteMs
        const minutes = Array.from({ length: upForMs / minuteMs }, (_, i) => ({
          atMs: newest - i * minuteMs,
          votes: 3,
          down: 0,
        }))
        return new Map(monitors.map((id) => [id, minutes]))
      },
    }
    const { run } = region(0, { published })
    votes.live = { one: 'down' }
    await settle(run(trigger('live@one')))
    delete votes.live
    expect(await settle(run(tick))).toMatchObject({ decisions: [] })
    upForMs = 40 * minuteMs
    expect(await settle(run(tick))).toMatchObject({ decisions: [{ decision: 'move' }] })
    expect(active('live')).toBe('one')
  })

  test('does not ask CloudWatch while traffic is where it is to be: a move away waits for nobody', async () => {
    const votesOf = vi.fn(() => new Promise<never>(() => {}))
    const { region, votes, active } = regionsOf([failoverOf({ failback: { after: '30m' } })])
    const { run } = region(0, { published: { alarmsOpen: async () => new Set(), votes: votesOf } })
    votes.live = { one: 'down' }
    await settle(run(trigger('live@one')))
    expect(active('live')).toBe('two')
    expect(votesOf).not.toHaveBeenCalled()
  })

  test('goes on where CloudWatch does not answer', async () => {
    const broken = () => Promise.reject(new Error('gone'))
    const { region } = regionsOf([failoverOf({ failback: { after: '30m' } })])
    const { run, datums } = region(0, { published: { alarmsOpen: broken, votes: broken } })
    expect(await settle(run(tick))).toMatchObject({ decisions: [] })
    expect(datums).toContainEqual(expect.objectContaining({ metric: 'ActiveEndpoint' }))
  })
})

test('a refusal is told once in half an hour, though it is decided each minute', async () => {
  const { region, votes } = regionsOf([live])
  const { run, open, summaries } = region(0)
  votes.live = { one: 'down', two: 'down' }
  open.add('live@one-down')
  for (let i = 0; i < 10; i++) {
    vi.setSystemTime(noon + i * minuteMs)
    await settle(run(tick))
  }
  expect(summaries().filter((text) => text.includes('refused'))).toHaveLength(1)
})

describe('in mode approve', () => {
  const approve = { do: 'to', failover: 'live', endpoint: 'two', approval: true } as const

  test('a move is asked for, once, and made when a person approves it', async () => {
    const { region, votes, active } = regionsOf([failoverOf({ mode: 'approve' })])
    const { run, summaries } = region(0)
    votes.live = { one: 'down' }
    for (let i = 0; i < 2; i++) expect(await settle(run(trigger('live@one')))).toMatchObject([{ decision: 'ask' }])
    expect([active('live'), summaries()]).toEqual(['one', [expect.stringContaining('asks to move to two')]])
    expect(await settle(run(approve))).toMatchObject({ kind: 'move', outcome: { kind: 'moved' } })
    expect(active('live')).toBe('two')
  })

  test('an approval is decided anew: nothing moves where it is not needed any more, or may not be', async () => {
    const { region, votes, active } = regionsOf([failoverOf({ mode: 'approve' })])
    const { run } = region(0)
    votes.live = { one: 'down' }
    await settle(run(trigger('live@one')))
    votes.live = { one: 'down', two: 'down' }
    expect(await settle(run(approve))).toMatchObject({ kind: 'refuse', code: 'target-not-up' })
    delete votes.live
    expect(await settle(run(approve))).toMatchObject({ kind: 'refuse', code: 'not-needed' })
    expect(active('live')).toBe('one')
  })
})

describe('a person', () => {
  test('is told how each failover stands, without moving anything', async () => {
    const { region, votes, active } = regionsOf([live])
    votes.live = { one: 'down' }
    const status = await settle(region(0).run({ do: 'status' }))
    expect(status).toMatchObject([{ id: 'live', endpoints: [{ active: true, down: ['north', 'south', 'west'] }, {}] }])
    expect(active('live')).toBe('one')
  })

  test('who locks it locks it here and in the TXT, and hears so without the votes of all failovers', async () => {
    const { region, votes, asked, active } = regionsOf(many(3))
    const { run, table } = region(0)
    expect(await settle(run({ do: 'lock', failover: 'f1' }))).toEqual({ done: 'lock' })
    expect(asked).toEqual([])
    expect((await table.read('f1')).locked).toBe(true)
    votes.f1 = { one: 'down' }
    expect(await settle(run(trigger('c1@one')))).toMatchObject([{ decision: 'refuse' }])
    await settle(run({ do: 'unlock', failover: 'f1' }))
    expect(await settle(run(trigger('c1@one')))).toMatchObject([{ decision: 'move' }])
    expect(active('f1')).toBe('two')
  })

  test('who says why is quoted in the log', async () => {
    const { region } = regionsOf([live])
    const lines: unknown[][] = []
    const { run } = region(0, { log: (...line) => void lines.push(line) })
    await settle(run({ do: 'to', failover: 'live', endpoint: 'two', reason: 'drain for maintenance' }))
    expect(lines.filter(([, event]) => event === 'failover.decided')).toMatchObject([
      ['warn', 'failover.decided', { kind: 'move', note: 'drain for maintenance' }],
    ])
  })

  test('who asks for what cannot be is told what can', async () => {
    const { region } = regionsOf([live])
    const { run } = region(0)
    await expect(run({ do: 'lock', failover: 'lvie' })).rejects.toThrow(
      'expected the id of a failover (live), got "lvie": did you mean "live"?',
    )
    await expect(run({} as never)).rejects.toThrow('expected one of status, to, lock, unlock, adopt, drill')
    for (const dryRun of [false, true])
      await expect(run({ do: 'to', failover: 'live', endpoint: 'twoo', dryRun })).rejects.toThrow(
        'expected an endpoint of live (one, two), got "twoo": did you mean "two"?',
      )
    expect(await settle(run({ do: 'status' }))).not.toMatchObject([{ last: expect.anything() }])
  })

  test('sees the newest that any container has found', async () => {
    const { region, votes } = regionsOf([live])
    const table = openControllerTable(':memory:')
    const [one, two] = [region(0, { table }), region(0, { table })]
    await settle(one.run({ do: 'to', failover: 'live', endpoint: 'two' }))
    await settle(one.run({ do: 'status' }))
    vi.setSystemTime(Date.now() + minuteMs)
    await settle(two.run({ do: 'to', failover: 'live', endpoint: 'one' }))
    votes.live = {}
    expect(await settle(one.run({ do: 'status' }))).toMatchObject([{ lastMove: { to: 'one', verified: true } }])
  })
})

test('the hook after a move runs once, when it is verified', async () => {
  const failover = failoverOf({ hooks: { after: { lambda: 'arn:aws:lambda:us-east-1:1:function:tell' } } })
  const { region, votes } = regionsOf([failover])
  const [home, standby] = [region(0), region(1)]
  votes.live = { one: 'down' }
  await settle(Promise.all([home, standby].map(({ run }) => run(trigger('live@one')))))
  expect([...home.hooks, ...standby.hooks]).toEqual(['after live/2'])
})

test('the hook after a move does not run where the move is not verified, and someone is told', async () => {
  const failover = failoverOf({ hooks: { after: { lambda: 'arn:aws:lambda:us-east-1:1:function:tell' } } })
  const { region, votes, unheard } = regionsOf([failover])
  const { run, hooks, summaries } = region(0)
  votes.live = { one: 'down' }
  unheard.add('served')
  await settle(run(trigger('live@one')))
  expect(hooks).toEqual([])
  expect(summaries().at(-1)).toContain('not verified: too few vantages')
})

test('a TXT that was deleted by hand moves nothing, and is told', async () => {
  const { region, votes, zone } = regionsOf([live])
  const { run, summaries } = region(0)
  zone.put([{ name: txtName(live), type: 'TXT', ttl: 60, values: ['"damaged"'] }])
  votes.live = { one: 'down' }
  expect(await settle(run(trigger('live@one')))).toMatchObject([{ decision: 'refuse' }])
  expect(summaries()).toEqual([expect.stringContaining('failover adopt')])
})
