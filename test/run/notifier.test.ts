import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { createDeliver } from '../../lib/act/notify-deliver.ts'
import type { Deliver } from '../../lib/act/ports.ts'
import { initialNotifyState, type NotifyRules, type NotifyState } from '../../lib/decide/notice.ts'
import type { VedetteEvent } from '../../lib/model/event.ts'
import type { Route } from '../../lib/model/route.ts'
import { Notifier } from '../../lib/run/notifier.ts'
import { pause } from '../../lib/run/pause.ts'
import { memoryStore } from '../support/memory-store.ts'
import { downEvent, monitorRule, recoveredEvent, routeRule, rulesOf } from '../support/notify.ts'
import { type PagerDuty, startPagerDuty } from '../support/pagerduty-server.ts'
import { type Slack, startSlack } from '../support/slack-server.ts'

const key = 'k'.repeat(32)
const watched = Array.from({ length: 500 }, (_, i) => monitorRule(`m${i}`))

let pagerDuty: PagerDuty
let slack: Slack
let logged: string[]
const started: Notifier[] = []

beforeEach(async () => {
  logged = []
  pagerDuty = await startPagerDuty([key])
  slack = await startSlack()
})
afterEach(async () => {
  await Promise.all(started.splice(0).map((notifier) => notifier.stop()))
  await Promise.all([pagerDuty.close(), slack.close()])
})

async function start(store = memoryStore(), more: Partial<NotifyRules> & { routingKey?: string } = {}) {
  const { routingKey = key, ...rest } = more
  const routes: Route[] = [
    { name: 'pager', mute: [], kind: 'pagerduty', routingKey, url: pagerDuty.url },
    { name: 'board', mute: [], kind: 'slack', webhook: slack.webhook },
  ]
  const rules = rulesOf({
    watched,
    gatherMs: 20,
    routes: [routeRule('pager'), routeRule('board', { list: 'ticket', kind: 'slack' })],
    ...rest,
  })
  const deliver = createDeliver(routes, {
    secret: async () => '',
    // Waits are for destinations; here they would only make the test long.
    pause: (_ms, signal) => pause(20, signal),
    chance: () => 0,
    nowMs: () => Date.now(),
  })
  const log = (level: string, event: string, fields?: object) =>
    logged.push(`${level} ${event} ${JSON.stringify(fields)}`)
  const notifier = new Notifier(rules, { store, deliver, log, nowMs: () => Date.now() })
  started.push(notifier)
  await notifier.start()
  return notifier
}

const now = () => Date.now()
const eventually = (check: () => void) => vi.waitFor(check, { timeout: 20_000, interval: 20 })

describe('a notifier', () => {
  test('tells of a failure and of its end, by one key', async () => {
    const notifier = await start()
    notifier.tell(downEvent('m1', now()))
    await eventually(() => expect(pagerDuty.opened).toEqual(['vedette/shop/m1']))
    notifier.tell(recoveredEvent('m1', now()))
    await eventually(() => expect(pagerDuty.resolved).toEqual(['vedette/shop/m1']))
    expect(pagerDuty.dropped).toEqual([])
  })

  test('knows which route cannot be told, since when and why, until it can', async () => {
    const notifier = await start(memoryStore(), { routingKey: 'x'.repeat(32) })
    notifier.tell(downEvent('m1', now()))
    await eventually(() => expect(notifier.routes[0]?.failing?.reason).toBeTruthy())
    const [pager, board] = notifier.routes
    expect(pager).toMatchObject({ route: 'pager', sent: 0, failing: { sinceMs: expect.any(Number) } })
    expect(pager?.failed).toBeGreaterThan(0)
    expect(board).not.toHaveProperty('failing')
    await eventually(() => expect(notifier.routes[1]?.sent).toBeGreaterThan(0))
  })

  test('a storm of 500 is one alert with a count, and all of it is over afterwards', async () => {
    const notifier = await start()
    notifier.tell(...watched.map(({ id }) => downEvent(id, now())))
    await eventually(() => expect(pagerDuty.opened).toHaveLength(1))
    expect(pagerDuty.received[0]?.json).toMatchObject({
      payload: { summary: '500 incidents at once: 500 × CONNECT_REFUSED' },
    })
    for (const { id } of watched) notifier.tell(recoveredEvent(id, now()))
    await eventually(() => expect(pagerDuty.open.get(key)?.size).toBe(0))
    expect(pagerDuty.received).toHaveLength(2)
  })

  test('an end never overtakes its beginning, whatever befalls each request', async () => {
    const notifier = await start()
    const faults = [{ status: 500 }, { after: 'reset' as const }, { status: 429, retryAfter: '1' }, 'reset' as const]
    for (let i = 0; i < 8; i++) pagerDuty.faults.push(faults[i % 4], undefined, faults[(i + 1) % 4])
    for (let i = 0; i < 8; i++) {
      notifier.tell(downEvent(`m${i}`, now()))
      await eventually(() => expect(pagerDuty.opened.length).toBe(i + 1))
      notifier.tell(recoveredEvent(`m${i}`, now()))
    }
    await eventually(() => expect(pagerDuty.resolved.length).toBe(8))
    expect(pagerDuty.opened).toEqual(pagerDuty.resolved)
    expect(new Set(pagerDuty.opened).size).toBe(8)
  })

  test('one that dies before it could tell tells after its restart, and opens nothing twice', async () => {
    const store = memoryStore()
    pagerDuty.faults.push(...Array(100).fill('silent'))
    const first = await start(store)
    first.tell(downEvent('m1', now()))
    await eventually(() => expect(pagerDuty.received.length).toBe(1))
    // What a kill leaves behind: the state that was kept last.
    const kept = structuredClone(store.kept)
    pagerDuty.faults.length = 0
    const second = await start(memoryStore(kept))
    await eventually(() => expect(pagerDuty.opened).toEqual(['vedette/shop/m1']))
    second.tell(downEvent('m1', now()))
    second.tell(recoveredEvent('m1', now()))
    await eventually(() => expect(pagerDuty.resolved).toEqual(['vedette/shop/m1']))
    expect(pagerDuty.opened).toEqual(['vedette/shop/m1'])
    // The first one waits for an answer that never comes.
    pagerDuty.faults.length = 0
  })

  test('a wrong key is told on the other route, with the incident, and never appears in the log', async () => {
    const notifier = await start(memoryStore(), { routingKey: 'w'.repeat(32) })
    notifier.tell(downEvent('m1', now()))
    await eventually(() =>
      expect(slack.posts.map(({ text }) => text)).toEqual([
        expect.stringContaining('m1 is down'),
        expect.stringContaining('The route pager cannot be told: 400'),
      ]),
    )
    notifier.tell(recoveredEvent('m1', now()))
    await eventually(() => expect(slack.posts.at(-1)?.text).toContain('Over: m1 is down'))
    expect(logged.join('\n')).toContain('notify.undelivered')
    expect(logged.join('\n')).not.toContain('wwww')
    expect(logged.join('\n')).not.toContain('secretsecret')
  })

  test('a store that cannot be written silences nobody', async () => {
    const store = memoryStore()
    store.fails = true
    const notifier = await start(store)
    notifier.tell(downEvent('m1', now()))
    await eventually(() => expect(pagerDuty.opened).toEqual(['vedette/shop/m1']))
    expect(logged.join('\n')).toMatch(/notify.forgotten.*disk full/)
    expect(logged.join('\n')).toMatch(/notify.not kept.*disk full/)
  })

  test('what could not be kept once is not lost where another has written meanwhile', async () => {
    const store = memoryStore()
    const [one, two] = [await start(store, { gatherMs: 500 }), await start(store, { gatherMs: 500 })]
    store.fails = true
    one.tell(downEvent('m1', now()))
    await eventually(() => expect(logged.join()).toContain('notify.not kept'))
    store.fails = false
    two.tell(downEvent('m2', now()))
    await eventually(() => expect(Object.keys(store.kept?.state.incidents ?? {})).toContain('vedette/shop/m2'))
    one.tell(downEvent('m3', now()))
    await eventually(() =>
      expect(Object.keys(store.kept?.state.incidents ?? {}).sort()).toEqual(
        ['m1', 'm2', 'm3'].map((id) => `vedette/shop/${id}`),
      ),
    )
  })

  test.each([
    ['that had all the time of a drain is told on', 40_000, true],
    ['that had hardly any when the drain ended is tried again', 3000, false],
  ])('a silent destination %s', async (_, withinMs, isTold) => {
    let [nowMs, calls] = [Date.UTC(2026, 10, 21), 0]
    const notifier = new Notifier(rulesOf({ watched, routes: [routeRule('pager')] }), {
      store: memoryStore(),
      deliver: async (_notice, { deadlineMs }) => {
        calls++
        nowMs += deadlineMs
        return { kind: 'undelivered', reason: 'no answer', isFinal: false }
      },
      log: (level, event) => void logged.push(`${level} ${event}`),
      nowMs: () => nowMs,
    })
    started.push(notifier)
    await notifier.start()
    notifier.tell(downEvent('m1', nowMs))
    expect(await notifier.drain(withinMs)).toBe(false)
    expect([calls > 0, logged.some((line) => line.includes('notify.undelivered'))]).toEqual([true, isTold])
  })

  /** A notifier to which nothing happens but what a test does: its destination and its clock are the test's. */
  async function still(deliver: Deliver, { store = memoryStore(), nowMs = now } = {}) {
    const log = (level: string, event: string, fields?: object) =>
      void logged.push(`${level} ${event} ${JSON.stringify(fields)}`)
    const notifier = new Notifier(rulesOf({ watched, routes: [routeRule('pager')] }), { store, deliver, log, nowMs })
    started.push(notifier)
    await notifier.start()
    return notifier
  }

  test('keeps to the pace of a route also where others made the calls, and tells once there is room', async () => {
    let [nowMs, told] = [Date.UTC(2026, 10, 21), 0]
    const state = { ...initialNotifyState(nowMs), calls: { pager: Array(110).fill(nowMs) } }
    const deliver: Deliver = async () => {
      told++
      return { kind: 'delivered' }
    }
    const notifier = await still(deliver, { store: memoryStore({ state, version: 1 }), nowMs: () => nowMs })
    notifier.tell(downEvent('m1', nowMs))
    expect([await notifier.drain(1000), told]).toEqual([false, 0])
    nowMs += 60_000
    expect([await notifier.drain(1000), told]).toEqual([true, 1])
  })

  test('goes on from what an earlier version kept, which may lack what this one has', async () => {
    const { refused, over, calls, ...state } = initialNotifyState(now())
    const store = memoryStore({ state: state as NotifyState, version: 1 })
    const notifier = await still(async () => ({ kind: 'delivered' }), { store })
    notifier.tell(downEvent('m1', now()))
    expect(await notifier.drain(10_000)).toBe(true)
    expect([store.kept?.state.refused, logged.join().includes('error')]).toEqual([[], false])
  })

  test('says in the log what is given up, and takes a sender that breaks for one that refuses', async () => {
    const notifier = await still(() => Promise.reject(new TypeError('x is not a function')))
    notifier.tell(downEvent('m1', now()))
    await eventually(() => expect(logged).toContain('error notify.lost {"notices":1}'))
    expect(logged.join()).toMatch(/notify.undelivered .*"reason":"TypeError","isFinal":true/)
    expect(notifier.routes[0]).toMatchObject({ failed: 1, waiting: 0, failing: { reason: 'TypeError' } })
  })

  test('ends within seconds though a destination does not answer, and keeps what it was to be told', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    onTestFinished(() => void vi.useRealTimers())
    const store = memoryStore()
    const began = Promise.withResolvers<void>()
    const notifier = await still(
      (_notice, { signal }) => {
        began.resolve()
        return new Promise((resolve) =>
          signal?.addEventListener('abort', () =>
            resolve({ kind: 'undelivered', reason: 'broken off', isFinal: false }),
          ),
        )
      },
      { store },
    )
    notifier.tell(downEvent('m1', now()))
    await began.promise
    const stopped = notifier.stop()
    await vi.advanceTimersByTimeAsync(5000)
    await stopped
    expect(store.kept?.state.outbox).toMatchObject([{ action: 'open', key: 'vedette/shop/m1' }])
  })

  test('two that share a store tell of each incident once', async () => {
    const store = memoryStore()
    const [one, two] = [await start(store), await start(store)]
    for (const notifier of [one, two]) notifier.tell(downEvent('m1', now()))
    await Promise.all([one.drain(10_000), two.drain(10_000)])
    await eventually(() => expect(pagerDuty.opened).toEqual(['vedette/shop/m1']))
    expect(Object.keys(store.kept?.state.incidents ?? {})).toEqual(['vedette/shop/m1'])
  })

  test('after a fault of its own it looks again, and not at once', async () => {
    vi.useFakeTimers()
    onTestFinished(() => void vi.useRealTimers())
    let saves = 0
    const notifier = new Notifier(rulesOf({ watched }), {
      store: {
        load: async () => undefined,
        save: async () => {
          saves++
          return 'conflict'
        },
      },
      deliver: async () => ({ kind: 'delivered' }),
      log: (_level, event) => void logged.push(event),
      nowMs: () => Date.now(),
    })
    started.push(notifier)
    notifier.tell(downEvent('m1', now()))
    await vi.advanceTimersByTimeAsync(9000)
    const [first] = [saves]
    expect([first > 0, logged]).toEqual([true, ['notify.failed']])
    await vi.advanceTimersByTimeAsync(2000)
    expect([saves, logged.length]).toEqual([2 * first, 2])
    expect(notifier.trouble?.message).toContain('was written by others')
  })

  test('an event that breaks the rules takes no other with it', async () => {
    const notifier = await start()
    // Without its reasons.
    const broken = { service: 'shop', atMs: now(), type: 'failover.started', failover: 'x' } as VedetteEvent
    notifier.tell(downEvent('m2', now()), broken, downEvent('m3', now()))
    await eventually(() => expect(pagerDuty.opened.toSorted()).toEqual(['vedette/shop/m2', 'vedette/shop/m3']))
    expect(logged.join()).toContain('notify.failed')
  })

  test('drains: gives true once all is told, false when time is up', async () => {
    const notifier = await start()
    notifier.tell(downEvent('m1', now()))
    expect(await notifier.drain(10_000)).toBe(true)
    expect(pagerDuty.opened).toEqual(['vedette/shop/m1'])
    pagerDuty.faults.push('silent')
    notifier.tell(recoveredEvent('m1', now()))
    expect(await notifier.drain(300)).toBe(false)
    expect(notifier.state.outbox).toMatchObject([{ action: 'close' }])
  })
})
