import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { runDrill } from '../../lib/run/drill.ts'
import { type DrillWorldOptions, drillVantages, drillWorld, type Fault, laggingServer } from '../support/drill-world.ts'
import { failoverOf } from '../support/failover-fixture.ts'

const noon = Date.UTC(2026, 10, 21, 12)
const minuteMs = 60_000
beforeEach(() => vi.useFakeTimers({ now: noon, toFake: ['setTimeout', 'clearTimeout', 'Date'] }))
afterEach(() => vi.useRealTimers())

const name = '_vedette-drill.shop.live.test'

/** A world whose zone is served by two real servers: the second has every change `lagMs` later. */
async function servedWorld(lagMs: number, options: DrillWorldOptions = {}) {
  const [first, second] = await Promise.all([laggingServer('live.test', 0), laggingServer('live.test', lagMs)])
  const world = drillWorld({
    ...options,
    servers: [first.server, second.server],
    serve: (records) => {
      first.serve(records)
      second.serve(records)
    },
  })
  const stop = () => Promise.all([first.stop(), second.stop()])
  return { ...world, first: first.server.label, second: second.server.label, stop }
}

describe('a drill', () => {
  test('moves its own name to the standby and back, and tells when each server showed that to each vantage', async () => {
    const { run, first, second, stop, table, left, touched, valuesAt } = await servedWorld(7000)
    const { outcome, detail, from, to, seen, steps } = await run()
    await stop()
    expect({ outcome, from, to }).toEqual({ outcome: 'passed', from: 'one', to: 'two' })
    for (const move of ['there', 'back'])
      for (const vantage of drillVantages) {
        const afterMs = (server: string) =>
          seen.find((one) => one.move === move && one.vantage === vantage && one.server === server)?.afterMs
        expect(afterMs(first)).toBeLessThanOrEqual(1500)
        // It has it after 7 s, and is looked at every 1.5.
        expect(afterMs(second)).toBeGreaterThanOrEqual(7000)
        expect(afterMs(second)).toBeLessThanOrEqual(8500)
      }
    expect(seen).toHaveLength(12)
    expect(detail).toMatch(/^two was seen everywhere within [78](\.\d)?s, and one again within [78](\.\d)?s$/)
    const order = ['clean', 'create', 'settle', 'move', 'served', 'name', 'move back', 'served back', 'delete']
    expect(steps.map(({ step }) => step)).toEqual(order)
    expect([...touched]).toEqual([name])
    expect([left(), valuesAt('shop.live.test')]).toEqual([[], ['192.0.2.1']])
    expect(table.memory.get('live')).toMatchObject({ drilledAtMs: noon, lastDrill: { atMs: noon, outcome: 'passed' } })
  })

  test('moves from addresses to a name in one batch', async () => {
    const endpoints = [
      { id: 'one', region: 'external', A: ['192.0.2.1'], AAAA: ['2001:db8::1'] },
      { id: 'two', region: 'external', CNAME: 'two.example.net' },
    ]
    const { run, stop, log } = await servedWorld(0, { failover: failoverOf({ endpoints }) })
    expect(await run()).toMatchObject({ outcome: 'passed' })
    await stop()
    expect(log.filter((line) => line.startsWith('change'))[1]).toBe(
      'change DELETE 2001:db8::1, DELETE 192.0.2.1, CREATE two.example.net.',
    )
  })

  test('asks no server before Route 53 has told all of its own', async () => {
    const inSyncAtMs = noon + 20_000
    const world = drillWorld()
    const asked: number[] = []
    const { steps, outcome } = await world.run({
      records: {
        ...world.ports.records,
        change: async (failover, batch) => {
          const outcome = await world.ports.records.change(failover, batch)
          return outcome.kind === 'written' ? { ...outcome, changeId: 'C1' } : outcome
        },
        isInSync: async () => Date.now() >= inSyncAtMs,
      },
      ask: (...args) => {
        asked.push(Date.now())
        return world.ports.ask(...args)
      },
    })
    expect(outcome).toBe('passed')
    expect(asked[0]).toBeGreaterThanOrEqual(inSyncAtMs)
    expect(steps.find(({ step }) => step === 'settle')?.tookMs).toBeGreaterThanOrEqual(20_000)
  })

  test('waits a minute where the change cannot be asked about, as its reply was lost', async () => {
    const world = drillWorld({ faults: ['unknown'] })
    const asked: number[] = []
    const { outcome } = await world.run({
      records: { ...world.ports.records, isInSync: async () => true },
      ask: (...args) => {
        asked.push(Date.now())
        return world.ports.ask(...args)
      },
    })
    expect(outcome).toBe('passed')
    expect(asked[0]).toBeGreaterThanOrEqual(noon + minuteMs)
  })

  test('that is never in sync fails, and leaves nothing', async () => {
    const world = drillWorld()
    const records = {
      ...world.ports.records,
      change: async (...args: Parameters<typeof world.ports.records.change>) => {
        const outcome = await world.ports.records.change(...args)
        return outcome.kind === 'written' ? { ...outcome, changeId: 'C1' } : outcome
      },
      isInSync: async () => undefined,
    }
    expect(await world.run({ records })).toMatchObject({
      outcome: 'failed',
      detail: 'settle: Route 53 has not said that change C1 is in sync',
    })
    expect(world.left()).toEqual([])
  })

  test('fails where a server does not follow in time, and says what it answers', async () => {
    const { run, stop, second, left, table } = await servedWorld(130_000)
    const { outcome, detail, seen } = await run()
    await stop()
    expect(outcome).toBe('failed')
    expect(detail).toContain('settle: not every server shows it in time')
    expect(detail).toContain(second)
    expect([seen, left()]).toEqual([[], []])
    expect(table.memory.get('live')).not.toHaveProperty('drilledAtMs')
  })

  test('fails where the standby is not up by name', async () => {
    const { run, left } = drillWorld({ down: ['two'] })
    const { outcome, detail } = await run()
    expect(outcome).toBe('failed')
    expect(detail).toMatch(
      /^name: expected two to be up by the drill's name for 2 vantages, got 0: north: CONNECT_REFUSED/,
    )
    expect(left()).toEqual([])
  })

  test.each([
    [['west'], 'passed', /two was seen everywhere/],
    [['south', 'west'], 'failed', /too few vantages could ask the servers: nothing from south, west/],
  ])('of which %s see nothing: %s', async (silent, outcome, detail) => {
    expect(await drillWorld({ silent }).run()).toMatchObject({ outcome, detail: expect.stringMatching(detail) })
  })

  test('takes 12 minutes at most, and two more to clean up', async () => {
    // Each of its steps is as slow as it may be: the name is in sync after four minutes, and served four minutes later.
    let [changedMs, writes] = [0, 0]
    const isServed = () => Date.now() >= changedMs + (writes === 1 ? 465_000 : 230_000)
    const world = drillWorld({
      failover: { ...failoverOf({ ttl: 300 }), servers: ['192.0.2.53:53'] },
      servers: [{ label: 'slow', answers: async () => (isServed() ? world.valuesAt(name) : ['old']) }],
    })
    const records = {
      ...world.ports.records,
      change: async (...args: Parameters<typeof world.ports.records.change>) => {
        ;[changedMs, writes] = [Date.now(), writes + 1]
        const outcome = await world.ports.records.change(...args)
        return outcome.kind === 'written' ? { ...outcome, changeId: 'C1' } : outcome
      },
      isInSync: async () => Date.now() >= changedMs + 235_000,
    }
    expect(await world.run({ records })).toMatchObject({ outcome: 'failed' })
    expect(Date.now() - noon).toBeGreaterThanOrEqual(12 * minuteMs)
    expect(Date.now() - noon).toBeLessThanOrEqual(14 * minuteMs)
    expect(world.left()).toEqual([])
  })

  test('passes where enough vantages see the standby up, and not where one alone does', async () => {
    for (const [blind, outcome] of [
      [['west'], 'passed'],
      [['south', 'west'], 'failed'],
    ] as const) {
      const world = drillWorld()
      const ask: typeof world.ports.ask = async (vantage, question, limitMs) =>
        question.ask === 'name' && (blind as readonly string[]).includes(vantage)
          ? undefined
          : world.ports.ask(vantage, question, limitMs)
      expect(await world.run({ ask })).toMatchObject({ outcome })
    }
  })

  test('takes a server that goes back to the old answer for one that has not changed', async () => {
    let looks = 0
    const world = drillWorld({
      servers: [
        {
          label: 'many',
          answers: async () => {
            const now = world.valuesAt(name)
            // Of several machines behind one address, one is late.
            if (now[0] !== '192.0.2.2') return now
            return ++looks <= 3 * 2 && looks > 3 ? ['192.0.2.1'] : now
          },
        },
        { label: 'slow', answers: async () => (Date.now() < movedMs() + 10_000 ? ['old'] : world.valuesAt(name)) },
      ],
    })
    let moved: number | undefined
    const movedMs = () => {
      moved ??= world.valuesAt(name)[0] === '192.0.2.2' ? Date.now() : undefined
      return moved ?? Number.NEGATIVE_INFINITY
    }
    const { seen } = await world.run()
    const many = seen.filter(({ move, server }) => move === 'there' && server === 'many')
    expect(many).toHaveLength(3)
    for (const { afterMs } of many) expect(afterMs).toBeGreaterThanOrEqual(3000)
  })
})

test('a record that could not be read for once is read again', async () => {
  for (const kind of ['throttled', 'unknown'] as const) {
    let reads = 0
    const world = drillWorld()
    const list: typeof world.store.list = async (one) => (++reads < 5 ? { kind } : world.store.list(one))
    expect(await world.run({ records: { ...world.ports.records, list } })).toMatchObject({ outcome: 'passed' })
  }
})

describe('nothing is touched where', () => {
  test.each<[string, DrillWorldOptions, RegExp]>([
    ['the record cannot be read', { records: { list: async () => ({ kind: 'throttled' }) } }, /could not be read/],
    [
      'there is no TXT',
      { records: { list: async () => ({ kind: 'listed', sets: [], atMs: 0 }) } },
      /the TXT is missing: run `vedette failover adopt` first/,
    ],
    ['it moves by health checks', { failover: { ...failoverOf(), switch: 'health-check' } }, /no record to drill/],
    [
      'nobody knows the active endpoint',
      { failover: { ...failoverOf(), endpoints: failoverOf().endpoints.slice(1) }, records: listOf(failoverOf()) },
      /expected the active endpoint to be one of the config's, got one/,
    ],
  ])('%s', async (_, options, detail) => {
    const { run, touched } = drillWorld(options)
    expect(await run()).toMatchObject({ outcome: 'failed', detail: expect.stringMatching(detail) })
    expect([...touched]).toEqual([])
  })

  test.each(['lease', 'update'])('the table does not take its %s', async (what) => {
    const { run, table, touched } = drillWorld()
    const broken = { ...table, [what]: () => Promise.reject(new Error('gone')) }
    expect(await run({ table: broken })).toMatchObject({
      outcome: 'failed',
      detail: expect.stringContaining('gone'),
    })
    expect([...touched]).toEqual([])
  })
})

/** The records of another failover. */
function listOf(failover: ReturnType<typeof failoverOf>) {
  return { list: drillWorld({ failover }).store.list }
}

describe('a change that', () => {
  const faults: [string, Fault][] = [
    ['is throttled', 'throttled'],
    ['is refused', 'refused'],
    ['gets no reply and was carried out', 'unknown'],
    ['gets no reply and was not', 'lost'],
    ['gets no reply and lands late', { lateMs: 1000 }],
    ['gets no reply and lands when another has been sent', { lateMs: 20_000 }],
  ]
  const steps = ['create', 'move', 'move back', 'delete']
  test.each(faults.flatMap(([what, fault]) => steps.map((step, nth) => [what, step, nth, fault] as const)))(
    '%s (%s) does not keep a drill from its end, nor leave anything',
    async (_, __, nth, fault) => {
      const { run, left, touched } = drillWorld({ faults: [...Array(nth), fault] })
      expect(await run()).toMatchObject({ outcome: 'passed' })
      await vi.runAllTimersAsync()
      expect(left()).toEqual([])
      expect([...touched]).toEqual([name])
    },
  )

  test('is lost and would create the name once the drill is over is looked for again', async () => {
    let calls = 0
    // The first is lost and lands as soon as the drill has cleaned up; then it gives way.
    const { run, left } = drillWorld({ faults: [{ lateMs: 15_000 }] })
    const { outcome } = await run({ whyBusy: () => (++calls > 2 ? 'busy' : undefined) })
    await vi.runAllTimersAsync()
    expect([outcome, left()]).toEqual(['yielded', []])
  })

  test('is throttled again and again is made at most eight times, three seconds apart', async () => {
    const atMs: number[] = []
    const { run, ports } = drillWorld({ faults: Array(8).fill('throttled') })
    const change: typeof ports.records.change = (...args) => {
      atMs.push(Date.now() - noon)
      return ports.records.change(...args)
    }
    const { detail } = await run({ records: { ...ports.records, change } })
    expect(detail).toBe('create: writing was throttled, 8 times')
    expect(atMs).toEqual([0, 1, 2, 3, 4, 5, 6, 7].map((nth) => nth * 3000))
  })

  test('may not even be read ends the drill at once', async () => {
    const world = drillWorld()
    let reads = 0
    const list: typeof world.store.list = async (one) =>
      ++reads > 1 ? { kind: 'denied', message: 'AccessDenied: no' } : world.store.list(one)
    expect(await world.run({ records: { ...world.ports.records, list } })).toMatchObject({
      ...{ outcome: 'failed', detail: 'clean: it may not be read: AccessDenied: no' },
      left: expect.stringContaining('may still be in the zone'),
    })
    // Once more to clean up.
    expect(reads).toBe(3)
  })

  test('is denied ends the drill, with what was said', async () => {
    const { run, left } = drillWorld({
      records: { change: async () => ({ kind: 'denied', message: 'AccessDenied: no' }) },
    })
    expect(await run()).toMatchObject({ outcome: 'failed', detail: 'create: writing was denied: AccessDenied: no' })
    expect(left()).toEqual([])
  })

  test('would delete the name and never does is told as what is left', async () => {
    const { run, left } = drillWorld({ faults: [undefined, undefined, undefined, ...Array(20).fill('throttled')] })
    expect(await run()).toMatchObject({
      outcome: 'failed',
      left: `${name} may still be in the zone (writing was throttled, 8 times): the next drill removes it, or do so by hand`,
    })
    expect(left()).toHaveLength(1)
  })
})

describe('a drill that died', () => {
  async function died() {
    const world = drillWorld()
    const hung = new Promise<never>(() => {})
    // Its process ends when the name has moved: no port ever answers again.
    const isMoved = () => world.valuesAt(name)[0] === '192.0.2.2'
    const ask: typeof world.ports.ask = (...args) => (isMoved() ? hung : world.ports.ask(...args))
    runDrill(world.failover, { ...world.ports, ask }).catch(() => {})
    for (let i = 0; i < 50 && !isMoved(); i++) await vi.advanceTimersByTimeAsync(1000)
    expect(world.left()).toHaveLength(1)
    return world
  }

  test('is in the way of others until its lease ends', async () => {
    const { run, log, table } = await died()
    const before = log.length
    expect(table.memory.get('live')?.lastDrill).toMatchObject({
      outcome: 'failed',
      detail: 'it has not come to an end',
    })
    expect(await run()).toMatchObject({
      outcome: 'yielded',
      detail: expect.stringContaining('another drill is under way in live.test: try again in a quarter'),
    })
    expect(log).toHaveLength(before)
  })

  test('is cleaned up by the next', async () => {
    const { run, left, log } = await died()
    vi.setSystemTime(Date.now() + 15 * minuteMs)
    const before = log.length
    expect(await run()).toMatchObject({ outcome: 'passed' })
    expect(log[before]).toBe('change DELETE 192.0.2.2')
    expect(left()).toEqual([])
  })
})

describe('one drill at a time', () => {
  test('in a zone, even for another failover', async () => {
    const { run, ports, left, table } = drillWorld()
    const other = { ...failoverOf(), id: 'other', record: 'other.live.test' }
    const [first, second] = await Promise.all([run(), runDrill(other, ports)])
    expect([first.outcome, second.outcome]).toEqual(['passed', 'yielded'])
    expect(left()).toEqual([])
    // So that neither is tried again every minute.
    const kept = ['live', 'other'].map((id) => table.memory.get(id)?.lastDrill?.outcome)
    expect(kept).toEqual(['passed', 'yielded'])
  })

  test('and the next as soon as it has ended', async () => {
    const { run } = drillWorld()
    expect([(await run()).outcome, (await run()).outcome]).toEqual(['passed', 'passed'])
  })
})

describe('a drill gives way', () => {
  test('to a decision in its zone, at whatever point it is, and leaves nothing', async () => {
    for (let free = 0; ; free++) {
      let calls = 0
      const { run, left, table } = drillWorld({ failover: failoverOf({ ttl: 60 }) })
      const { outcome } = await run({
        whyBusy: (zone) => (zone === 'live.test' && ++calls > free ? 'busy' : undefined),
      })
      expect(left()).toEqual([])
      if (outcome === 'passed') {
        // It was asked before each step at least.
        expect(free).toBeGreaterThanOrEqual(8)
        break
      }
      expect(outcome).toBe('yielded')
      expect(table.memory.get('live')).not.toHaveProperty('drilledAtMs')
    }
  })

  test('in the middle of waiting for servers', async () => {
    const { run, stop, left } = await servedWorld(60_000)
    const { outcome, detail, steps } = await run({
      whyBusy: () => (Date.now() >= noon + 10_000 ? 'live wanted to move: try again in 2m' : undefined),
    })
    await stop()
    expect([outcome, steps.map(({ step }) => step)]).toEqual(['yielded', ['clean', 'create', 'settle', 'delete']])
    expect(detail).toBe('it gave way: live wanted to move: try again in 2m')
    expect(Date.now()).toBeLessThanOrEqual(noon + 13_000)
    expect(left()).toEqual([])
  })

  test('in the middle of a zone that is busy: it does not try on', async () => {
    const { run, left } = drillWorld({ faults: [undefined, 'throttled', 'throttled', 'throttled'] })
    const { outcome, steps } = await run({ whyBusy: () => (Date.now() >= noon + 5000 ? 'busy' : undefined) })
    expect([outcome, left()]).toEqual(['yielded', []])
    expect(steps.find(({ step }) => step === 'move')?.tookMs).toBe(6000)
  })

  test('for good: that the decision has been made brings no drill back', async () => {
    for (let nth = 1; nth <= 12; nth++) {
      let calls = 0
      const startedMs = Date.now()
      const world = drillWorld({
        servers: [
          { label: 'slow', answers: async () => (Date.now() >= startedMs + 5000 ? world.valuesAt(name) : ['old']) },
        ],
      })
      const { outcome } = await world.run({ whyBusy: () => (++calls === nth ? 'busy' : undefined) })
      expect([outcome, world.left()]).toEqual(['yielded', []])
    }
  })

  test('while it waits for the change to be in sync, or for the standby to be up', async () => {
    const world = drillWorld({ down: ['two'] })
    const busyAfter = (ms: number) => () => (Date.now() >= startedMs + ms ? 'busy' : undefined)
    let startedMs = Date.now()
    expect(await world.run({ whyBusy: busyAfter(5000) })).toMatchObject({ outcome: 'yielded' })
    expect(Date.now() - startedMs).toBeLessThan(10_000)
    startedMs = Date.now()
    const records = {
      ...world.ports.records,
      change: async (...args: Parameters<typeof world.ports.records.change>) => {
        const outcome = await world.ports.records.change(...args)
        return outcome.kind === 'written' ? { ...outcome, changeId: 'C1' } : outcome
      },
      isInSync: async () => false,
    }
    expect(await world.run({ records, whyBusy: busyAfter(5000) })).toMatchObject({ outcome: 'yielded' })
    expect(Date.now() - startedMs).toBeLessThan(10_000)
  })

  test('to the end of its process', async () => {
    const stopping = new AbortController()
    setTimeout(() => stopping.abort(), 5000)
    const { run, stop, left } = await servedWorld(60_000)
    const { outcome, detail } = await run({ stopping: stopping.signal })
    await stop()
    expect([outcome, left()]).toEqual(['yielded', []])
    expect(detail).toBe('it gave way: the controller is being stopped: try again when it runs')
  })
})

test('a port that breaks its promise fails the drill, which still cleans up', async () => {
  const { run, left } = drillWorld()
  const ask = () => Promise.reject(new Error('no such function'))
  expect(await run({ ask })).toMatchObject({ outcome: 'failed', detail: 'it broke: no such function' })
  expect(left()).toEqual([])
})

test('whatever goes wrong with its changes, a drill ends, never touches the record, and leaves nothing unsaid', async () => {
  const fault = fc.oneof(
    fc.constantFrom<Fault | undefined>(undefined, 'throttled', 'unknown', 'lost', 'refused'),
    fc.record({ lateMs: fc.integer({ min: 0, max: 25_000 }) }),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(fault, { maxLength: 40 }), fc.nat(40), async (faults, free) => {
      let calls = 0
      const { run, left, touched, valuesAt } = drillWorld({ faults })
      const outcome = await run({ whyBusy: () => (++calls > free ? 'busy' : undefined) })
      await vi.runAllTimersAsync()
      expect([...touched].filter((one) => one !== name)).toEqual([])
      expect(valuesAt('shop.live.test')).toEqual(['192.0.2.1'])
      if (outcome.left === undefined) expect(left()).toEqual([])
      if (outcome.outcome === 'passed') expect(outcome.seen).toHaveLength(6)
    }),
    { numRuns: 300 },
  )
}, 120_000)
