import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { ChangeOutcome, ControllerTable } from '../../lib/act/ports.ts'
import { reasonText } from '../../lib/decide/failover-reasons.ts'
import type { EndpointVote } from '../../lib/decide/quorum.ts'
import { answerOf, type RecordSet, stateIn, txtName, txtOf } from '../../lib/decide/swap-records.ts'
import { encodeState } from '../../lib/decide/swap-state.ts'
import { openControllerTable } from '../../lib/local/controller-table.ts'
import { createZoneStore } from '../../lib/local/zone-store.ts'
import type { Endpoint, Failover } from '../../lib/model/failover.ts'
import { parseConfig } from '../../lib/model/parse-config.ts'
import { Controller } from '../../lib/run/controller.ts'
import type { ControllerHost } from '../../lib/run/controller-host.ts'
import { DecisionQueue } from '../../lib/run/decision-queue.ts'
import type { FailoverEvent } from '../../lib/run/failover-event.ts'
import { pause } from '../../lib/run/pause.ts'

const noon = Date.UTC(2026, 10, 21, 12)
beforeEach(() => vi.useFakeTimers({ now: noon }))
afterEach(() => vi.useRealTimers())

const vantages = ['north', 'south', 'west']

function failoverOf(more: object = {}): Failover {
  const endpoint = (id: string, address: string) => ({ id, region: 'external', A: [address] })
  const failover = {
    ...{ id: 'live', hostedZoneId: 'Z', zone: 'live.test', record: 'shop.live.test', check: 'live', mode: 'auto' },
    ...{ sustain: '2s', endpoints: [endpoint('one', '192.0.2.1'), endpoint('two', '192.0.2.2')], ...more },
  }
  const monitors = [{ id: 'live', kind: 'http', url: 'http://shop.live.test/' }]
  return parseConfig({ service: 'shop', monitors, failovers: [failover] } as never).failovers[0] as Failover
}

/** What every vantage says, by endpoint; a vantage that is left out is cut off. */
type World = Record<string, Record<string, EndpointVote>>
const all = (one: EndpointVote, two: EndpointVote): World =>
  Object.fromEntries(vantages.map((vantage) => [vantage, { one, two }]))

interface Setup {
  failover?: Failover
  world?: World
  table?: Partial<ControllerTable>
  change?(apply: () => Promise<ChangeOutcome>, nth: number): Promise<ChangeOutcome>
  host?: Partial<ControllerHost>
  flags?: { locked: boolean; latched: boolean }
}

/** A controller over a store of records, in virtual time, with everything that it said and did. */
function setup({ failover = failoverOf(), world = all('up', 'up'), change, ...more }: Setup = {}) {
  const [primary] = failover.endpoints as [Endpoint]
  const flags = more.flags ?? { locked: false, latched: false }
  const first = { epoch: 1, decision: 'adopted', active: primary.id, sinceMs: noon, switches: [], flags }
  const store = createZoneStore({ setRecords: () => {} }, [
    ...answerOf(failover, primary),
    txtOf(failover, encodeState({ version: 1, ...first })),
  ])
  const state = { world }
  const events: FailoverEvent[] = []
  const table = openControllerTable(':memory:')
  let [changes, decisions] = [0, 0]
  const controller = new Controller(
    { failovers: [failover], maxConcurrent: 2 },
    {
      vantages,
      collect: async () => ({ ballots: new Map(Object.entries(state.world)), causes: new Map() }),
      records: {
        list: store.list,
        change: (one, batch) => {
          const apply = () => store.change(one, batch)
          return change ? change(apply, ++changes) : apply()
        },
      },
      table: { ...table, ...more.table },
      hook: async () => ({ kind: 'hookOk' }),
      verify: async () => ({ servedMs: 10 }),
      emit: (event) => void events.push(event),
      wallClock: () => Date.now(),
      newDecision: () => `d${++decisions}`,
      pause: (ms) => pause(ms),
      ...more.host,
    },
  )
  const settle = async <T>(promise: Promise<T>): Promise<T> => {
    const [result] = await Promise.all([promise, vi.runAllTimersAsync()])
    return result
  }
  return {
    ...{ controller, events, state, store, settle },
    memory: () => table.read('live'),
    decide: (...args: Parameters<Controller['decide']> | []) => {
      const [id = 'live', trigger = 'vantage', request] = args
      return settle(controller.decide(id, trigger, request))
    },
    answer: () =>
      store
        .sets()
        .filter(({ type }) => type !== 'TXT')
        .flatMap(({ values = [] }) => values),
    txt: () => {
      const found = stateIn(store.sets(), failover)
      return typeof found === 'string' ? undefined : found.state
    },
  }
}

const kinds = (events: readonly FailoverEvent[]) => events.map(({ type }) => type)

describe('a decision', () => {
  test('moves when enough vantages see the active endpoint down and another up, and says so step by step', async () => {
    const { decide, answer, txt, events, controller } = setup({ world: all('down', 'up') })
    expect(await decide()).toMatchObject({ kind: 'move', to: 'two', why: 'failover' })
    expect(answer()).toEqual(['192.0.2.2'])
    expect(txt()).toMatchObject({
      epoch: 2,
      decision: 'd1',
      active: 'two',
      switches: [{ from: 'one', to: 'two', by: 'auto' }],
    })
    expect(kinds(events)).toEqual(['decided', 'swapped', 'verified'])
    expect(controller.status()).toMatchObject([
      {
        endpoints: [
          { id: 'one', active: false, down: vantages },
          { id: 'two', active: true, up: vantages },
        ],
        lastMove: { verified: true },
      },
    ])
  })

  test('holds for the whole of sustain before it moves, with votes collected anew', async () => {
    const { decide, state, answer } = setup({ world: all('down', 'up') })
    setTimeout(() => {
      state.world = all('up', 'up')
    }, 900)
    expect(await decide()).toMatchObject({ kind: 'stay' })
    expect(answer()).toEqual(['192.0.2.1'])
  })

  test('does not wait for a clock that was set back, nor take the time that a machine slept for votes', async () => {
    const wait = failoverOf({ sustain: '10s' })
    const back = setup({ failover: wait, world: all('down', 'up') })
    setTimeout(() => vi.setSystemTime(noon - 86_400_000), 3000)
    const beganMs = performance.now()
    expect(await back.decide()).toMatchObject({ kind: 'move' })
    expect(performance.now() - beganMs).toBeLessThan(20_000)

    const asleep = setup({ failover: wait, world: all('down', 'up') })
    setTimeout(() => vi.setSystemTime(Date.now() + 3_600_000), 3000)
    const sleptMs = performance.now()
    expect(await asleep.decide()).toMatchObject({ kind: 'move' })
    expect(performance.now() - sleptMs).toBeGreaterThan(12_000)
  })

  test.each<[string, World, string]>([
    ['one vantage alone sees it down', { ...all('up', 'up'), north: { one: 'down', two: 'up' } }, 'stay'],
    ['too few have a vote', { north: { one: 'down', two: 'up' } }, 'refuse'],
    ['nobody has', {}, 'refuse'],
    ['nothing else is up', all('down', 'down'), 'refuse'],
  ])('moves nothing where %s', async (_, world, kind) => {
    const { decide, answer, events } = setup({ world })
    const decision = await decide()
    expect([decision.kind, answer()]).toEqual([kind, ['192.0.2.1']])
    expect(kinds(events)).toEqual(['decided'])
  })

  test('says why an endpoint is down, and why a vantage has no vote, and does not take the one for the other', async () => {
    const causes = { north: { 'live@one': 'SELF: cut off' }, south: { 'live@one': 'CONNECT_REFUSED: refused' } }
    const world: World = { north: {}, south: { one: 'down', two: 'up' }, west: { one: 'up', two: 'up' } }
    const collect = async () => ({
      ...{ ballots: new Map(Object.entries(world)), causes: new Map(Object.entries(causes)) },
    })
    const { decide, controller } = setup({ host: { collect } })
    const { reasons } = await decide()
    expect(reasons.map(reasonText)).toEqual(
      expect.arrayContaining([
        'Why live@one has no vote from north: SELF: cut off.',
        'Why live@one is down for south: CONNECT_REFUSED: refused.',
      ]),
    )
    expect(controller.status()[0]?.endpoints[0]?.causes).toEqual(['CONNECT_REFUSED: refused'])
  })

  test('in mode observe says what it would do, and does not', async () => {
    const { decide, answer } = setup({ world: all('down', 'up'), failover: failoverOf({ mode: 'observe' }) })
    expect(await decide()).toMatchObject({ kind: 'report', would: { kind: 'move', to: 'two' } })
    expect(answer()).toEqual(['192.0.2.1'])
  })

  test('is made once for triggers that come together', async () => {
    const { controller, events } = setup({ world: all('down', 'up') })
    const three = [1, 2, 3].map(() => controller.decide('live', 'vantage'))
    await Promise.all([...three, vi.runAllTimersAsync()])
    expect(kinds(events)).toEqual(['decided', 'swapped', 'verified'])
  })

  test('of a person moves to where they say, if it is up', async () => {
    const { decide, answer, txt } = setup()
    expect(await decide('live', 'person', { to: 'two', by: 'person' })).toMatchObject({ kind: 'move', why: 'request' })
    expect(answer()).toEqual(['192.0.2.2'])
    expect(txt()).toMatchObject({ switches: [{ by: 'person' }] })
  })

  test('of an unknown failover is an error that says what was asked', async () => {
    await expect(setup().controller.decide('lvie', 'person')).rejects.toThrow(
      'expected the id of a failover (live), got "lvie": did you mean "live"?',
    )
  })

  test('towards an unknown endpoint is an error too, and no decision that others would find', async () => {
    const { controller, events, memory, settle } = setup()
    await settle(controller.decide('live', 'tick'))
    const before = await memory()
    const request = { to: 'tow', by: 'person' } as const
    const words = 'expected an endpoint of live (one, two), got "tow": did you mean "two"?'
    await expect(controller.decide('live', 'person', request)).rejects.toThrow(words)
    await expect(controller.consider('live', request)).rejects.toThrow(words)
    expect([events.length, await memory()]).toEqual([1, before])
  })

  test('that mattered is found beside the decisions to stay that came after it', async () => {
    const { controller, decide, memory, state } = setup()
    state.world = { north: { one: 'down', two: 'up' } }
    await decide('live', 'person', { to: 'two', by: 'person' })
    state.world = all('up', 'up')
    for (let i = 0; i < 3; i++) await decide('live', 'tick')
    const refused = { trigger: 'person', decision: { kind: 'refuse', code: 'blind' } }
    expect(controller.status()).toMatchObject([
      { last: { trigger: 'tick', decision: { kind: 'stay' } }, notable: refused },
    ])
    expect(await memory()).toMatchObject({ notable: refused })
  })
})

describe('a move', () => {
  test('is told with how long the failure had been seen, over the decisions that could not move it', async () => {
    const { decide, events, state, controller } = setup({ world: all('down', 'down') })
    await decide()
    vi.setSystemTime(Date.now() + 60_000)
    state.world = all('down', 'up')
    await decide('live', 'tick')
    const swapped = events.find(({ type }) => type === 'swapped')
    const downForMs = (swapped?.atMs ?? 0) - noon
    expect(downForMs).toBeGreaterThanOrEqual(62_000)
    expect(swapped).toMatchObject({ downForMs })
    expect(controller.status()).toMatchObject([{ lastMove: { downForMs } }])
  })

  test('counts from the run that failed, not from the decision that it called for', async () => {
    const { decide, events, controller } = setup({ world: all('down', 'up') })
    controller.noteFailure('live', noon - 11_000)
    controller.noteFailure('live', noon - 3_000)
    await decide()
    const swapped = events.find(({ type }) => type === 'swapped')
    expect(swapped).toMatchObject({ downForMs: (swapped?.atMs ?? 0) - noon + 11_000 })
  })

  test('does not count from a failure that no decision followed', async () => {
    const { decide, events, controller } = setup({ world: all('down', 'up') })
    controller.noteFailure('live', noon - 3_600_000)
    await decide()
    const swapped = events.find(({ type }) => type === 'swapped')
    expect(swapped).toMatchObject({ downForMs: (swapped?.atMs ?? 0) - noon })
  })

  test('that a person makes while all is well says nothing of a failure', async () => {
    const { decide, events } = setup()
    await decide('live', 'person', { to: 'two', by: 'person' })
    expect(events.find(({ type }) => type === 'swapped')).not.toHaveProperty('downForMs')
  })

  test('makes another endpoint the standby: readiness is about that one, at once', async () => {
    const { controller, decide, state } = setup({ world: all('down', 'up') })
    const { settle } = setup()
    await settle(controller.look('live'))
    controller.setReadiness('live', { atMs: noon, problems: [], active: 'one' })
    await decide()
    const problems = () =>
      controller.status()[0]?.readiness?.problems.map(({ code, endpoint }) => `${code} ${endpoint}`)
    expect(problems()).toEqual(['STANDBY_DOWN one'])
    // A look that was begun before it ends now.
    controller.setReadiness('live', {
      ...{ atMs: Date.now(), active: 'one' },
      problems: [{ code: 'STANDBY_DOWN', endpoint: 'two', detail: 'It was down.' }],
    })
    expect(problems()).toEqual([])
    state.world = all('up', 'up')
    await decide('live', 'tick')
    expect(problems()).toEqual([])
  })
})

describe('guards', () => {
  test.each<[string, Setup]>([
    ['the TXT is locked', { flags: { locked: true, latched: false } }],
    ['the table is locked', { table: { read: async () => ({ largestEpoch: 1, healthySince: {}, locked: true }) } }],
    ['the table cannot be read', { table: { read: () => Promise.reject(new Error('gone')) } }],
    ['the table cannot be written', { table: { update: () => Promise.reject(new Error('full')) } }],
  ])('nothing moves while %s', async (_, more) => {
    const { decide, answer, controller } = setup({ world: all('down', 'up'), ...more })
    expect(await decide()).toMatchObject({ kind: 'refuse', code: 'locked' })
    expect(answer()).toEqual(['192.0.2.1'])
    expect(controller.status()[0]?.locked).toBe(true)
  })

  test('a record edited by hand is left alone, and told', async () => {
    const { decide, store, answer } = setup({ world: all('down', 'up') })
    const edited: RecordSet = { name: 'shop.live.test', type: 'A', ttl: 60, values: ['192.0.2.99'] }
    store.put([edited])
    expect(await decide()).toMatchObject({ kind: 'refuse', code: 'record-edited' })
    expect(answer()).toEqual(['192.0.2.99'])
  })

  test('without its TXT nothing moves', async () => {
    const { decide, store } = setup({ world: all('down', 'up') })
    store.put([{ name: txtName({ record: 'shop.live.test' }), type: 'TXT', ttl: 60, values: ['"v=spf1 -all"'] }])
    expect(await decide()).toMatchObject({ kind: 'refuse', code: 'txt-unreadable', page: true })
  })
})

describe('a swap whose outcome is not known', () => {
  test('that was carried out is found again, and made once', async () => {
    const change: Setup['change'] = async (apply, nth) => {
      const outcome = await apply()
      return nth === 1 ? { kind: 'unknown' } : outcome
    }
    const { decide, answer, txt, events } = setup({ world: all('down', 'up'), change })
    await decide()
    expect(answer()).toEqual(['192.0.2.2'])
    expect(txt()?.switches).toHaveLength(1)
    expect(events[1]).toMatchObject({ type: 'swapped', outcome: { kind: 'moved' } })
  })

  test('that may still land is fenced before it is made again', async () => {
    let lost: (() => Promise<ChangeOutcome>) | undefined
    const change: Setup['change'] = async (apply, nth) => {
      if (nth > 1) return apply()
      lost = apply
      return { kind: 'unknown' }
    }
    const { decide, answer, txt } = setup({ world: all('down', 'up'), change })
    await decide()
    const [epoch, switches] = [txt()?.epoch, txt()?.switches.length]
    expect([answer(), switches]).toEqual([['192.0.2.2'], 1])
    expect(await lost?.()).toEqual({ kind: 'refused' })
    expect([answer(), txt()?.epoch]).toEqual([['192.0.2.2'], epoch])
  })

  test('that is throttled until its votes are old is left, to be decided anew, and whoever asks is told', async () => {
    const { decide, answer, events, controller, memory } = setup({
      ...{ world: all('down', 'up'), change: async () => ({ kind: 'throttled' }) },
    })
    const stale = { kind: 'move', to: 'two', outcome: { kind: 'refused', reason: 'STALE' } }
    expect(await decide()).toMatchObject(stale)
    expect(answer()).toEqual(['192.0.2.1'])
    expect(events.at(-1)).toMatchObject({ type: 'swapped', outcome: { kind: 'refused', reason: 'STALE' } })
    expect(controller.status()[0]?.last).toMatchObject({ decision: stale })
    expect((await memory()).last).toMatchObject({ decision: stale })
  })

  test('is not begun where its votes became old on the way to it', async () => {
    const want = async () => {
      await pause(16_000)
      return {}
    }
    const failover = failoverOf({ sustain: '0s' })
    const { decide, answer } = setup({ failover, world: all('down', 'up'), table: { want } })
    expect(await decide()).toMatchObject({ outcome: { kind: 'refused', reason: 'STALE' } })
    expect(answer()).toEqual(['192.0.2.1'])
  })

  test('that Route 53 denies is told, and someone is woken', async () => {
    const change = async (): Promise<ChangeOutcome> => ({ kind: 'denied', message: 'AccessDenied' })
    const { decide, events } = setup({ world: all('down', 'up'), change })
    await decide()
    expect(events[1]).toMatchObject({ type: 'page', pages: [{ code: 'DENIED', detail: 'AccessDenied' }] })
  })
})

test('what is served in the end is verified, and what is wrong is told', async () => {
  const host = { verify: async () => ({ problem: 'ns2 still answers 192.0.2.1' }) }
  const { decide, events, controller } = setup({ world: all('down', 'up'), host })
  await decide()
  expect(events.at(-1)).toMatchObject({ type: 'verified', problem: 'ns2 still answers 192.0.2.1' })
  expect(controller.status()[0]?.lastMove).toMatchObject({ to: 'two', verified: false })
})

test('a move that another has followed elsewhere is not called unverified', async () => {
  const host = { verify: async () => ({ problem: 'ns1 says A 192.0.2.3' }) }
  const { decide, events, memory } = setup({
    world: all('down', 'up'),
    host,
    table: {
      read: async () => ({
        ...{ largestEpoch: 0, healthySince: {}, locked: false },
        lastMove: { atMs: Date.now() + 60_000, to: 'three', tookMs: 1, verified: true },
      }),
    },
  })
  await decide()
  expect(kinds(events)).toEqual(['decided', 'swapped'])
  expect((await memory()).lastMove?.verified).toBeUndefined()
})

test('a later move of another process of this region is not overwritten by what was seen of this one', async () => {
  const table = openControllerTable(':memory:')
  const later = { atMs: noon + 60_000, to: 'three', tookMs: 1, verified: true }
  const verify = async () => {
    await table.update('live', { lastMove: later })
    return { problem: 'ns1 says A 192.0.2.3' }
  }
  const { decide, events } = setup({ world: all('down', 'up'), table, host: { verify } })
  await decide()
  expect(kinds(events)).toEqual(['decided', 'swapped'])
  expect((await table.read('live')).lastMove).toEqual(later)
})

test('an after hook that fails wakes someone, and the move stays made', async () => {
  const failover = failoverOf({ hooks: { after: { lambda: 'arn' } } })
  const hook: ControllerHost['hook'] = async () => ({ kind: 'hookFailed', why: 'it threw "no"' })
  const { decide, events, answer } = setup({ failover, world: all('down', 'up'), host: { hook } })
  await decide()
  expect(events.at(-1)).toMatchObject({
    type: 'page',
    pages: [{ code: 'HOOK_FAILED', detail: expect.stringContaining('no') }],
  })
  expect(answer()).toEqual(['192.0.2.2'])
})

test('a move that another region has moved on is not called unverified, now or later', async () => {
  const onwards = { version: 1 as const, epoch: 9, decision: 'theirs', active: 'one', sinceMs: noon, switches: [] }
  const flags = { locked: false, latched: false }
  const host: NonNullable<Setup['host']> = {}
  const { decide, events, memory, store } = setup({
    world: all('down', 'up'),
    host: { verify: (...args) => host.verify?.(...args) ?? Promise.resolve({}) },
  })
  host.verify = async (failover) => {
    store.put([txtOf(failover, encodeState({ ...onwards, flags }))])
    return { problem: 'ns1 says A 192.0.2.1' }
  }
  await decide()
  expect(kinds(events)).toEqual(['decided', 'swapped'])
  expect((await memory()).lastMove).toMatchObject({ to: 'two', verified: false })
})

test('how long an endpoint has been up is kept, for the way back', async () => {
  const { decide, state, memory } = setup()
  await decide()
  vi.setSystemTime(noon + 60_000)
  state.world = all('down', 'up')
  await decide('live', 'tick')
  expect((await memory()).healthySince).toEqual({ one: undefined, two: noon })
})

test('an endpoint has been up only for as long as somebody looked: not while the machine slept, nor by a clock that was set', async () => {
  const { decide, memory } = setup({ failover: failoverOf({ sustain: '0s' }) })
  const since = async () => {
    await decide()
    return (await memory()).healthySince.two
  }
  expect(await since()).toBe(noon)
  vi.setSystemTime(noon + 240_000)
  expect(await since()).toBe(noon)
  for (const setMs of [noon + 3_600_000, noon + 60_000]) {
    vi.setSystemTime(setMs)
    expect(await since()).toBe(setMs)
  }
})

describe('a lock', () => {
  test('is written into the TXT and the table, and either of them holds', async () => {
    const { controller, decide, txt, memory, answer, events } = setup({ world: all('down', 'up') })
    await controller.setLocked('live', true)
    expect(txt()?.flags.locked).toBe(true)
    expect(await memory()).toMatchObject({ locked: true, largestEpoch: 2 })
    expect(await decide()).toMatchObject({ kind: 'refuse', code: 'locked' })
    expect(answer()).toEqual(['192.0.2.1'])
    await controller.setLocked('live', false)
    expect(txt()).toMatchObject({ epoch: 3, flags: { locked: false, latched: false } })
    expect(await decide()).toMatchObject({ kind: 'move' })
    expect(kinds(events).slice(0, 3)).toEqual(['locked', 'decided', 'unlocked'])
  })

  test('whose reply is lost is found in the TXT, or made again', async () => {
    for (const landed of [true, false]) {
      const change: Setup['change'] = async (apply, nth) => {
        if (nth > 1) return apply()
        if (landed) await apply()
        return { kind: 'unknown' }
      }
      const { controller, txt } = setup({ change })
      await Promise.all([controller.setLocked('live', true), vi.runAllTimersAsync()])
      expect(txt()?.flags.locked).toBe(true)
    }
  })

  test('that could not be taken away is not called that', async () => {
    const held = { flags: { locked: true, latched: false } }
    const busy = setup({ ...held, change: async () => ({ kind: 'throttled' }) })
    const gaveUp = busy.settle(busy.controller.setLocked('live', false).then(String, String))
    expect(await gaveUp).toMatch(/shop\.live\.test could not be changed \((READS|WRITES)\): try again/)
    expect(busy.txt()?.flags.locked).toBe(true)

    const contended = setup({
      ...held,
      change: async (apply) => {
        await apply()
        const state = { version: 1 as const, epoch: 9, decision: 'theirs', active: 'one', sinceMs: noon, switches: [] }
        contended.store.put([txtOf(failoverOf(), encodeState({ ...state, ...held }))])
        return { kind: 'unknown' }
      },
    })
    await expect(contended.controller.setLocked('live', false)).rejects.toThrow('was changed meanwhile: look, then try')
    expect(contended.events.at(-1)).toMatchObject({ type: 'unlocked', problem: expect.stringContaining('meanwhile') })
  })

  test('holds even where the TXT cannot be written', async () => {
    const change = async (): Promise<ChangeOutcome> => ({ kind: 'denied', message: 'AccessDenied' })
    const { controller, decide } = setup({ world: all('down', 'up'), change })
    await expect(controller.setLocked('live', true)).rejects.toThrow(
      /locked in this controller's table only; .*AccessDenied.*lock at the other controller too/,
    )
    expect(await decide()).toMatchObject({ kind: 'refuse', code: 'locked' })
  })

  test.each<[string, Setup['table']]>([
    ['read', { read: () => Promise.reject(new Error('gone')), update: () => Promise.reject(new Error('gone')) }],
    ['written', { update: () => Promise.reject(new Error('gone')) }],
  ])(
    'is written into the TXT also where the table cannot be %s, and unlocking waits for the table',
    async (_, table) => {
      const { controller, txt } = setup({ table: { ...table } })
      await expect(controller.setLocked('live', true)).rejects.toThrow(
        /locked in its TXT.*could not be written \(gone\)/,
      )
      expect(txt()?.flags.locked).toBe(true)
      await expect(controller.setLocked('live', false)).rejects.toThrow('gone')
      expect(txt()?.flags.locked).toBe(true)
    },
  )

  test('that neither can be written into says how else to stop it', async () => {
    const broken = () => Promise.reject(new Error('gone'))
    const change = async (): Promise<ChangeOutcome> => ({ kind: 'denied', message: 'AccessDenied' })
    const { controller } = setup({ change, table: { read: broken, update: broken } })
    await expect(controller.setLocked('live', true)).rejects.toThrow(/gone.*AccessDenied.*reserved concurrency/)
  })

  test.each<['a table' | 'a TXT', Partial<Setup>]>([
    ['a table', { change: async (apply, nth) => (nth === 2 ? { kind: 'denied', message: 'AccessDenied' } : apply()) }],
    ['a TXT', { table: { update: async () => {} } }],
  ])('of %s alone stops a move that has begun, before its next step', async (_, more) => {
    const failover = failoverOf({ hooks: { before: { lambda: 'arn' } } })
    const world = all('down', 'up')
    const host: Setup['host'] = {
      hook: async () => {
        await controller.setLocked('live', true).catch(() => {})
        return { kind: 'hookOk' }
      },
    }
    const { controller, decide, answer, events } = setup({ failover, world, host, ...more })
    expect(await decide()).toMatchObject({ kind: 'move', outcome: { kind: 'refused', reason: 'LOCKED' } })
    expect(answer()).toEqual(['192.0.2.1'])
    const pages = events.flatMap((event) => (event.type === 'page' ? event.pages.map(({ code }) => code) : []))
    expect(pages).toEqual(expect.arrayContaining(['CLAIM_LEFT', 'HOOK_RAN']))
  })
})

test('what moved too often in a day is latched, until a person unlatches it', async () => {
  const failover = failoverOf({ maxPerDay: 1, sustain: '0s', cooldown: '0s' })
  const { controller, decide, state, txt, answer } = setup({ failover, world: all('down', 'up') })
  await decide()
  state.world = all('up', 'down')
  expect(await decide()).toMatchObject({ kind: 'refuse', code: 'max-per-day' })
  expect(txt()?.flags.latched).toBe(true)
  expect(answer()).toEqual(['192.0.2.2'])
  await decide()
  expect(controller.status()).toMatchObject([{ latched: true }])
  await controller.setLocked('live', false)
  expect(txt()?.flags.latched).toBe(false)
  expect(controller.status()[0]).not.toHaveProperty('latched')
})

test('what moved too often and cannot be latched wakes someone', async () => {
  const failover = failoverOf({ maxPerDay: 1, sustain: '0s', cooldown: '0s' })
  const change: Setup['change'] = async (apply, nth) =>
    nth > 1 ? { kind: 'denied', message: 'AccessDenied' } : apply()
  const { decide, state, events } = setup({ failover, world: all('down', 'up'), change })
  await decide()
  state.world = all('up', 'down')
  await decide()
  expect(events.at(-1)).toMatchObject({
    ...{ type: 'page', pages: [{ code: 'DENIED', detail: expect.stringContaining('could not be latched') }] },
  })
})

test('a record without its TXT is adopted as it stands, and one that has it is not', async () => {
  const { controller, store, txt, decide, events } = setup({ world: all('down', 'up') })
  await controller.adopt('live')
  expect(txt()?.epoch).toBe(1)
  store.put([{ name: txtName({ record: 'shop.live.test' }), type: 'TXT', ttl: 60, values: ['"damaged"'] }])
  expect(await decide()).toMatchObject({ kind: 'refuse', code: 'txt-unreadable' })
  await controller.adopt('live')
  expect(txt()).toMatchObject({ active: 'one', flags: { locked: false } })
  store.put([
    { name: 'shop.live.test', type: 'A', ttl: 60, values: ['192.0.2.99'] },
    { name: txtName({ record: 'shop.live.test' }), type: 'TXT', ttl: 60, values: ['"damaged"'] },
  ])
  await expect(controller.adopt('live')).rejects.toThrow('expected the answer of one of one, two, got A 192.0.2.99')
  expect(kinds(events)).toEqual(['adopted', 'decided', 'adopted', 'adopted'])
  expect(events.at(-1)).toMatchObject({ problem: expect.stringContaining('got A 192.0.2.99') })
})

test('nothing is written whose epoch could not be kept', async () => {
  const table: Setup['table'] = {
    update: async (_, { largestEpoch }) => {
      if (largestEpoch !== undefined) throw new Error('disk full')
    },
  }
  const { decide, answer, txt, events } = setup({ world: all('down', 'up'), table })
  await decide()
  expect([answer(), txt()?.epoch]).toEqual([['192.0.2.1'], 1])
  expect(events).toContainEqual(expect.objectContaining({ type: 'page' }))
})

describe('an epoch that another controller wrote is never used again', () => {
  const flags = { locked: false, latched: false }
  const theirs = (active: string) =>
    txtOf(
      failoverOf(),
      encodeState({ version: 1, epoch: 9, decision: 'theirs', active, sinceMs: noon, switches: [], flags }),
    )
  const damaged = { ...theirs('one'), values: ['"damaged"'] }

  test.each<[string, (one: ReturnType<typeof setup>) => Promise<unknown>]>([
    ['a decision to stay', ({ decide }) => decide('live', 'tick')],
    ['a look that does nothing', ({ controller }) => controller.look('live')],
    ['a lock that was there', ({ controller }) => controller.setLocked('live', false)],
  ])('once %s has seen it: not after its TXT was lost', async (_, see) => {
    const one = setup()
    one.store.put([theirs('one')])
    await see(one)
    one.store.put([damaged])
    await one.controller.adopt('live')
    expect(one.txt()?.epoch).toBe(10)
  })

  test('once a move has met it on its way', async () => {
    const one = setup({
      world: all('down', 'up'),
      change: async (apply, nth) => {
        if (nth === 1) one.store.put([theirs('two'), ...answerOf(failoverOf(), failoverOf().endpoints[1] as Endpoint)])
        return apply()
      },
    })
    expect(await one.decide()).toMatchObject({ outcome: { kind: 'alreadyDone' } })
    expect(await one.memory()).toMatchObject({ largestEpoch: 9 })
    // Whoever made it sees it through.
    expect(kinds(one.events)).toEqual(['decided', 'swapped'])
  })

  test('once the table has it, whatever is written next', async () => {
    const known = { table: { read: async () => ({ largestEpoch: 40, healthySince: {}, locked: false }) } }
    const moves = setup({ world: all('down', 'up'), ...known })
    await moves.decide()
    expect(moves.txt()?.epoch).toBe(41)
    for (const locked of [true, false]) {
      const flags = setup({ ...known, flags: { locked: !locked, latched: false } })
      await flags.controller.setLocked('live', locked)
      expect(flags.txt()?.epoch).toBe(41)
    }
  })
})

test('the change that was accepted is the one that is verified, and nothing is told of it once the controller ends', async () => {
  const change: Setup['change'] = async (apply) => ({ ...(await apply()), kind: 'written', changeId: 'C7' })
  const asked: unknown[] = []
  const host: Setup['host'] = {
    verify: async (...args) => {
      asked.push(args[2])
      await pause(60_000)
      return { problem: 'it was broken off' }
    },
  }
  const { controller, events, settle } = setup({ world: all('down', 'up'), change, host })
  const decided = controller.decide('live', 'vantage')
  await vi.advanceTimersByTimeAsync(10_000)
  expect([asked, kinds(events)]).toEqual([['C7'], ['decided', 'swapped']])
  await settle(Promise.all([decided, controller.stop()]))
  expect(kinds(events)).toEqual(['decided', 'swapped'])
})

test.each([
  ['HOOK_FAILED', 'hookFailed'],
  ['HOOK_UNKNOWN', 'hookUnknown'],
] as const)('the hook after a move that came to %s wakes someone, and changes nothing', async (code, kind) => {
  const failover = failoverOf({ hooks: { after: { lambda: 'arn' } } })
  const calls: unknown[] = []
  const hook: ControllerHost['hook'] = async (_, call) => {
    calls.push(call)
    return { kind, why: 'exit code 1' }
  }
  const { decide, events, answer } = setup({ failover, world: all('down', 'up'), host: { hook } })
  await decide()
  expect(calls).toEqual([{ name: 'after', key: 'live/2', to: 'two' }])
  expect(events.at(-1)).toMatchObject({
    type: 'page',
    pages: [{ code, detail: expect.stringContaining('exit code 1') }],
  })
  expect(answer()).toEqual(['192.0.2.2'])
})

test('a decision reads the record every ten seconds, not with each of its votes', async () => {
  const failover = failoverOf({ sustain: '1m' })
  const reads: number[] = []
  let votes = 0
  const one = setup({
    ...{ failover, world: all('down', 'up') },
    host: {
      collect: async () => {
        votes++
        return { ballots: new Map(Object.entries(all('down', 'up'))), causes: new Map() }
      },
      records: {
        list: (asked) => {
          reads.push(Date.now() - noon)
          return one.store.list(asked)
        },
        change: (asked, batch) => one.store.change(asked, batch),
      },
    },
  })
  expect(await one.decide()).toMatchObject({ kind: 'move' })
  expect(votes).toBeGreaterThan(20)
  // And once more before it writes.
  expect(reads.length).toBeGreaterThanOrEqual(6)
  expect(reads.length).toBeLessThanOrEqual(8)
})

test('a table that cannot be read any more stops a move that has begun', async () => {
  let isGone = false
  const table: Setup['table'] = {
    read: async () => {
      if (isGone) throw new Error('gone')
      return { largestEpoch: 1, healthySince: {}, locked: false }
    },
    want: async () => {
      isGone = true
      return {}
    },
  }
  const { decide, answer } = setup({ failover: failoverOf({ sustain: '0s' }), world: all('down', 'up'), table })
  expect(await decide()).toMatchObject({ kind: 'move', outcome: { kind: 'refused', reason: 'LOCKED' } })
  expect(answer()).toEqual(['192.0.2.1'])
})

test('what other failovers wanted counts for five minutes, not for as long as a clock was ahead', async () => {
  const decideAfter = async (aheadMs: number) => {
    const want = async () => ({ live: noon, web: noon + aheadMs, mail: noon + aheadMs })
    return setup({ failover: failoverOf({ sustain: '0s' }), world: all('down', 'up'), table: { want } }).decide()
  }
  expect(await decideAfter(-60_000)).toMatchObject({ kind: 'refuse', code: 'max-concurrent' })
  expect(await decideAfter(60_000)).toMatchObject({ kind: 'refuse', code: 'max-concurrent' })
  expect(await decideAfter(86_400_000)).toMatchObject({ kind: 'move' })
  expect(await decideAfter(-300_000)).toMatchObject({ kind: 'refuse' })
  expect(await decideAfter(-300_001)).toMatchObject({ kind: 'move' })
})

test("a trigger that comes behind a person's request is decided on its own", async () => {
  const { controller, answer } = setup({ world: all('down', 'up') })
  const asked = controller.decide('live', 'person', { to: 'one', by: 'person' })
  const triggered = controller.decide('live', 'vantage')
  await Promise.all([asked, triggered, vi.runAllTimersAsync()])
  expect([await asked, await triggered]).toMatchObject([{ code: 'already-active' }, { kind: 'move', to: 'two' }])
  expect(answer()).toEqual(['192.0.2.2'])
})

describe("what a controller's table says", () => {
  test('locks where it cannot be noted that this failover wants to move: others could not count it', async () => {
    const want = () => Promise.reject(new Error('gone'))
    const { decide, answer } = setup({ world: all('down', 'up'), table: { want } })
    const decision = await decide()
    expect(decision).toMatchObject({ kind: 'refuse', code: 'locked' })
    expect(decision.reasons[0]).toEqual({ code: 'locked', by: 'table-unreadable' })
    expect(answer()).toEqual(['192.0.2.1'])
  })

  test('locks where it is lost between the decision and the change', async () => {
    const table = openControllerTable(':memory:')
    let isGone = false
    const read = async (id: string) => (isGone ? Promise.reject(new Error('gone')) : table.read(id))
    const emit: ControllerHost['emit'] = ({ type }) => {
      if (type === 'decided') isGone = true
    }
    const { decide, answer } = setup({ world: all('down', 'up'), table: { ...table, read }, host: { emit } })
    expect(await decide()).toMatchObject({ kind: 'move', outcome: { kind: 'refused', reason: 'LOCKED' } })
    expect(answer()).toEqual(['192.0.2.1'])
  })

  test('of the largest epoch is gone on from, where the zone has gone back', async () => {
    const table = openControllerTable(':memory:')
    await table.update('live', { largestEpoch: 50 })
    const { decide, txt } = setup({ world: all('down', 'up'), table })
    await decide()
    expect(txt()).toMatchObject({ active: 'two', epoch: 51 })
  })

  test('of who wants to move is written by decisions alone, and of one move once', async () => {
    const table = openControllerTable(':memory:')
    const notes: number[] = []
    const want = (id: string, atMs: number) => {
      notes.push(atMs)
      return table.want(id, atMs)
    }
    const { controller, decide, settle, state } = setup({ world: all('down', 'up'), table: { ...table, want } })
    const beganMs = performance.now()
    expect(await settle(controller.look('live'))).toMatchObject({ endpoints: [{ down: vantages }, {}] })
    expect([notes, performance.now() - beganMs]).toEqual([[], 0])
    await decide()
    state.world = all('up', 'up')
    await decide('live', 'tick')
    await settle(controller.look('live'))
    const noted = notes.length
    await decide('live', 'tick')
    vi.setSystemTime(noon + 3_600_000)
    await decide('live', 'tick')
    expect(notes).toHaveLength(noted)
  })

  test('of a move by another region is noted by a decision while it is one of the last five minutes', async () => {
    const notes: number[] = []
    const want = async (_: string, atMs: number) => {
      notes.push(atMs)
      return {}
    }
    const { controller, decide, settle, store, txt } = setup({ table: { want } })
    const state = txt()
    if (!state) throw new Error('there is no TXT')
    const moved = { atMs: noon - 60_000, from: 'two', to: 'one', by: 'auto' as const }
    store.put([txtOf(failoverOf(), encodeState({ ...state, switches: [moved] }))])
    await settle(controller.look('live'))
    expect(notes).toEqual([])
    await decide('live', 'tick')
    expect(notes).toEqual([noon - 60_000])
    vi.setSystemTime(noon + 300_000)
    await decide('live', 'tick')
    expect(notes).toHaveLength(1)
  })

  test('of how long an endpoint has been up counts from when enough vantages saw it up', async () => {
    const { decide, memory } = setup({ world: { ...all('up', 'down'), north: { one: 'up', two: 'up' } } })
    await decide()
    expect((await memory()).healthySince).toEqual({ one: noon, two: undefined })
  })
})

test('a stop breaks off a decision that waits: it moves nothing and tells nobody', async () => {
  const { controller, answer, events } = setup({ failover: failoverOf({ sustain: '1h' }), world: all('down', 'up') })
  const decided = controller.decide('live', 'vantage')
  await vi.advanceTimersByTimeAsync(30_000)
  const stopped = controller.stop()
  await vi.advanceTimersByTimeAsync(60_000)
  await stopped
  expect([await decided, answer(), events]).toMatchObject([{ kind: 'wait' }, ['192.0.2.1'], []])
})

test('a record is read again while votes have to hold: a lock that came meanwhile is seen', async () => {
  const failover = failoverOf({ sustain: '1m' })
  const { controller, decide, events, store, txt } = setup({ failover, world: all('down', 'up') })
  const decided = decide()
  await vi.advanceTimersByTimeAsync(5000)
  const state = txt()
  if (!state) throw new Error('there is no TXT')
  // By the other controller.
  store.put([txtOf(failover, encodeState({ ...state, flags: { locked: true, latched: false } }))])
  expect(await decided).toMatchObject({ kind: 'refuse', code: 'locked' })
  expect(kinds(events)).toEqual(['decided'])
  expect(controller.status()).toMatchObject([{ locked: true }])
})

test('what is to be latched and cannot be wakes someone', async () => {
  const failover = failoverOf({ maxPerDay: 1, sustain: '0s', cooldown: '0s' })
  const change: Setup['change'] = async (apply, nth) =>
    nth === 1 ? apply() : { kind: 'denied', message: 'AccessDenied' }
  const { decide, state, events } = setup({ failover, world: all('down', 'up'), change })
  await decide()
  state.world = all('up', 'down')
  await decide()
  const pages = events.flatMap((event) => (event.type === 'page' ? event.pages : []))
  expect(pages).toEqual([
    { code: 'DENIED', detail: expect.stringMatching(/could not be latched: shop\.live\.test: AccessDenied/) },
  ])
})

test('the newest move is the one that cooldown goes by', async () => {
  const failover = failoverOf({
    sustain: '0s',
    endpoints: ['one', 'two', 'three'].map((id, i) => ({ id, region: 'external', A: [`192.0.2.${i + 1}`] })),
  })
  const up = { one: 'up', two: 'up', three: 'up' } as const
  const seen = (world: Record<string, EndpointVote>): World => Object.fromEntries(vantages.map((id) => [id, world]))
  const { decide, state } = setup({ failover, world: seen({ ...up, one: 'down' }) })
  expect(await decide()).toMatchObject({ kind: 'move', to: 'two' })
  vi.setSystemTime(noon + 10 * 60_000)
  state.world = seen(up)
  expect(await decide('live', 'person', { to: 'three', by: 'person' })).toMatchObject({ kind: 'move' })
  vi.setSystemTime(noon + 20 * 60_000)
  state.world = seen({ ...up, three: 'down', two: 'up' })
  // It was left first, so that the one left last is what comes last.
  expect(await decide()).toMatchObject({ kind: 'move', to: 'one' })
})

describe('a failure that was seen', () => {
  test('dates the decision that it called for, and none after it', async () => {
    const { controller, decide, state, memory } = setup()
    controller.noteFailure('live', noon - 5000)
    await decide()
    vi.setSystemTime(noon + 120_000)
    state.world = all('down', 'up')
    await decide()
    const { lastMove } = await memory()
    expect(lastMove?.downForMs).toBe((lastMove?.atMs ?? 0) - noon - 120_000)
  })

  test('is over where another process of this region has seen it over', async () => {
    const table = openControllerTable(':memory:')
    const [here, there] = [setup({ world: all('down', 'down'), table }), setup({ table })]
    await here.decide()
    vi.setSystemTime(noon + 60_000)
    await there.decide('live', 'tick')
    vi.setSystemTime(noon + 120_000)
    here.state.world = all('down', 'up')
    await here.decide()
    const { lastMove } = await table.read('live')
    expect(lastMove?.downForMs).toBe((lastMove?.atMs ?? 0) - noon - 120_000)
  })

  test('while the move away from it is written dates no outage of the next endpoint', async () => {
    const change: Setup['change'] = async (apply, nth) => {
      if (nth === 1) controller.noteFailure('live', Date.now() - 2000)
      return apply()
    }
    const failover = failoverOf({ cooldown: '0s' })
    const { controller, decide, state, memory } = setup({ failover, world: all('down', 'up'), change })
    await decide()
    vi.setSystemTime(noon + 20_000)
    state.world = all('up', 'down')
    await decide()
    const { lastMove } = await memory()
    expect(lastMove).toMatchObject({ to: 'one', downForMs: (lastMove?.atMs ?? 0) - noon - 20_000 })
  })

  test('by a clock that is ahead is one of now: no outage lasts less than nothing', async () => {
    const { controller, decide, memory } = setup({ world: all('down', 'up') })
    controller.noteFailure('live', noon + 3_600_000)
    await decide()
    const { lastMove } = await memory()
    expect(lastMove?.downForMs).toBe((lastMove?.atMs ?? 0) - noon)
  })
})

describe('the way back, where the host knows since when endpoints have been up', () => {
  const failover = failoverOf({ failback: { after: '1m' }, cooldown: '0s' })
  const behind = async (healthySince: NonNullable<ControllerHost['healthySince']>) => {
    const made = setup({ failover, world: all('down', 'up'), host: { healthySince } })
    await made.decide()
    made.state.world = all('up', 'up')
    return made
  }

  test('is asked for once in a decision, however long its votes have to hold', async () => {
    const healthySince = vi.fn(async () => ({ one: noon - 3_600_000 }))
    const { decide } = await behind(healthySince)
    expect(await decide('live', 'tick')).toMatchObject({ kind: 'move', why: 'failback' })
    expect(healthySince).toHaveBeenCalledTimes(1)
  })

  test('is not taken where that cannot be told', async () => {
    const { decide } = await behind(() => Promise.reject(new Error('CloudWatch is silent')))
    expect(await decide('live', 'tick')).toMatchObject({ kind: 'stay' })
  })
})

describe('decisions of one failover', () => {
  test('that a person asks for are their own, also behind one that nobody asked for', async () => {
    const { controller, answer } = setup()
    const triggered = controller.decide('live', 'vantage')
    const asked = controller.decide('live', 'person', { to: 'two', by: 'person' })
    await Promise.all([triggered, asked, vi.runAllTimersAsync()])
    expect([await triggered, await asked]).toMatchObject([{ kind: 'stay' }, { kind: 'move', to: 'two' }])
    expect(answer()).toEqual(['192.0.2.2'])
  })

  test('are made one at a time, also after one that broke and while others are called for', async () => {
    const queue = new DecisionQueue()
    let [under, most] = [0, 0]
    const decide =
      (ms: number, isBroken = false) =>
      async () => {
        most = Math.max(most, ++under)
        await pause(ms)
        under--
        if (isBroken) throw new Error('a port broke its promise')
        return { kind: 'stay' as const, page: false, reasons: [] }
      }
    const request = { to: 'two', by: 'person' } as const
    const calls = [
      queue.run({ id: 'live', trigger: 'person', request }, decide(10, true)).catch(({ message }: Error) => message),
      queue.run({ id: 'live', trigger: 'vantage', request: undefined }, decide(10)),
    ]
    await vi.advanceTimersByTimeAsync(15)
    calls.push(queue.run({ id: 'live', trigger: 'person', request }, decide(10)))
    await vi.runAllTimersAsync()
    const stay = { kind: 'stay' }
    expect([await Promise.all(calls), most]).toMatchObject([['a port broke its promise', stay, stay], 1])
    expect(queue.underWay()).toEqual([])
  })
})
