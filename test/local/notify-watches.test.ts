import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { certificateAlarm } from '../../lib/decide/alarms.ts'
import { initialNotifyState } from '../../lib/decide/notice.ts'
import { CertificateWatch } from '../../lib/local/certificate-watch.ts'
import type { EngineEvent } from '../../lib/local/engine.ts'
import type { StoredTransition } from '../../lib/local/history-store.ts'
import { startNotify } from '../../lib/local/notify.ts'
import { openNotifyStore } from '../../lib/local/notify-store.ts'
import { SightWatch } from '../../lib/local/sight-watch.ts'
import type { VedetteEvent } from '../../lib/model/event.ts'
import { parseConfig } from '../../lib/model/parse-config.ts'
import { keptLog, temporaryFolder } from '../support/history.ts'
import { startPagerDuty } from '../support/pagerduty-server.ts'
import { failedResult, httpResult } from '../support/results.ts'

const minute = 60_000
const config = parseConfig({
  service: 'shop',
  monitors: [
    { id: 'plain', kind: 'http', url: 'https://a.example.com/' },
    {
      id: 'own',
      kind: 'http',
      url: 'https://b.example.com/',
      expect: [{ source: 'certificate.daysRemaining', op: 'gt', value: 20, level: 'degraded' }],
    },
  ],
})

function listener() {
  const events: VedetteEvent[] = []
  return {
    tell: (event: VedetteEvent) => void events.push(event),
    types: () => events.splice(0).map(({ type }) => type),
  }
}

function withDays(monitor: string, daysRemaining: number) {
  const result = httpResult(monitor, 0)
  const certificate = 'certificate' in result.observed ? result.observed.certificate : undefined
  if (!certificate) throw new Error('expected a certificate')
  return { ...result, observed: { ...result.observed, certificate: { ...certificate, daysRemaining } } }
}

describe('a certificate', () => {
  test('that ends soon is told once, and once it is renewed', () => {
    const { tell, types } = listener()
    const watch = new CertificateWatch(config, tell)
    for (const days of [90, 90, 19, 18, 90, 90]) watch.take(withDays('plain', days))
    expect(types()).toEqual(['certificate.renewed', 'certificate.expiring', 'certificate.renewed'])
  })

  test('ends soon below the days that the alarm of AWS has, not at them', () => {
    const { tell, types } = listener()
    const watch = new CertificateWatch(config, tell)
    const days = certificateAlarm(config)?.threshold ?? 0
    for (const left of [days, days - 0.01]) watch.take(withDays('plain', left))
    expect([days > 0, types()]).toEqual([true, ['certificate.renewed', 'certificate.expiring']])
  })

  test('of a monitor with an assertion of its own is that one to tell', () => {
    const { tell, types } = listener()
    new CertificateWatch(config, tell).take(withDays('own', 1))
    expect(types()).toEqual([])
  })
})

describe('a place', () => {
  test('that has had no vote for three minutes is blind, until it has one again', () => {
    const { tell, types } = listener()
    const watch = new SightWatch(config, tell)
    const failure = { code: 'SELF', stage: 'connect', message: 'none of the self-check targets answers' } as const
    watch.take(httpResult('plain', 0))
    watch.look(minute)
    for (const at of [minute, 2 * minute]) watch.take(failedResult('plain', at, { status: 'unknown', failure }))
    for (const at of [2 * minute, 3 * minute - 1]) watch.look(at)
    expect(types()).toEqual(['vantage.seeing'])
    watch.look(3 * minute)
    watch.look(4 * minute)
    expect(types()).toEqual(['vantage.blind'])
    watch.take(failedResult('plain', 4 * minute))
    expect(types()).toEqual(['vantage.seeing'])
  })

  test.each([
    ['slept', 8 * 60 * minute],
    ['had its clock set back', -8 * 60 * minute],
  ])('that %s is not blind for that, but for three minutes without a vote since', (_, byMs) => {
    const { tell, types } = listener()
    const watch = new SightWatch(config, tell)
    watch.take(httpResult('plain', 0))
    watch.look(0)
    const again = (ms: number) => watch.look(minute + byMs + ms)
    for (const ms of [0, minute, 2 * minute, 3 * minute - 1]) again(ms)
    expect(types()).toEqual(['vantage.seeing'])
    again(3 * minute)
    expect(types()).toEqual(['vantage.blind'])
  })

  test('is blind after two intervals where all are longer, and says what its monitors said', () => {
    const events: VedetteEvent[] = []
    const seldom = { ...config, monitors: config.monitors.map((one) => ({ ...one, everyMs: 5 * minute })) }
    const watch = new SightWatch(seldom, (event) => void events.push(event))
    const failure = { code: 'SELF', stage: 'connect', message: 'no target answers' } as const
    watch.take(failedResult('plain', 0, { status: 'unknown', failure }))
    for (let at = 0; at < 10; at++) watch.look(at * minute)
    expect(events).toEqual([])
    watch.look(10 * minute)
    expect(events).toMatchObject([
      { type: 'vantage.blind', sinceMs: 0, detail: expect.stringContaining('SELF: no target') },
    ])
  })

  test('that has not run anything yet is not blind', () => {
    const { tell, types } = listener()
    new SightWatch(config, tell).look(60 * minute)
    expect(types()).toEqual([])
  })
})

describe('the file of what was told', () => {
  test('keeps the state across openings, and takes no write over another', async () => {
    const file = `${temporaryFolder()}/x.notify.db`
    const one = openNotifyStore(file)
    expect(await one.load()).toBeUndefined()
    expect(await one.save({ ...initialNotifyState(0), lost: 7 }, 1)).toBe('saved')
    const two = openNotifyStore(file)
    expect(await two.load()).toMatchObject({ version: 1, state: { lost: 7 } })
    expect([await two.save(initialNotifyState(0), 2), await one.save(initialNotifyState(0), 2)]).toEqual([
      'saved',
      'conflict',
    ])
    one.close()
    two.close()
  })

  test('of another version is not read as this one', async () => {
    const store = openNotifyStore(':memory:')
    await store.save({ ...initialNotifyState(0), version: 2 as never }, 1)
    await expect(store.load()).rejects.toThrow('expected a state of version 1')
    store.close()
  })

  test('hands on what people changed, each once and in order', () => {
    const store = openNotifyStore(':memory:')
    store.addChange({ atMs: 1, text: 'one' })
    store.addChange({ atMs: 2, text: 'two', url: 'https://ci.example.com/2' })
    expect(store.takeChanges().map(({ text }) => text)).toEqual(['one', 'two'])
    expect(store.takeChanges()).toEqual([])
    for (let i = 0; i < 150; i++) store.addChange({ atMs: i, text: `${i}` })
    expect(store.takeChanges()).toHaveLength(100)
    store.close()
  })
})

describe('who is told of what the engine sees', () => {
  const key = 'k'.repeat(32)
  const transition: StoredTransition = {
    ...{ monitor: 'plain', from: 'up', to: 'down', atMs: 5000, firstAtMs: 1000, muted: false },
    cause: { code: 'TLS_EXPIRED', message: 'it expired' },
  }

  async function world() {
    const pagerDuty = await startPagerDuty([key])
    onTestFinished(() => pagerDuty.close())
    const routes = { page: [{ kind: 'pagerduty', routingKey: key, url: pagerDuty.url }] }
    const monitors = [{ id: 'plain', kind: 'http', url: 'https://a.example.com/' }]
    const told = parseConfig({ service: 'shop', monitors, routes })
    const file = `${temporaryFolder()}/x.notify.db`
    const history = {
      recordEvent: () => {},
      read: (ask: (reader: never) => unknown) => ask({ statesAt: () => [transition] } as never),
    }
    /** A process, from its start to its end, with an engine in which the monitor is in such a state. */
    const run = async (state: 'up' | 'down', during: (hear: (event: EngineEvent) => void) => void | Promise<void>) => {
      const notify = await startNotify(told, { file, history: history as never, log: keptLog().log })
      let hear: (event: EngineEvent) => void = () => {}
      const subscribe = (listener: typeof hear) => {
        hear = listener
        return () => {}
      }
      const snapshot = () => ({ monitors: [{ id: 'plain', state, sinceMs: 5000 }] }) as never
      notify.watch({ subscribe, snapshot })
      await during(hear)
      await notify.stop()
    }
    return { pagerDuty, file, run }
  }

  test('what was noted a moment before a monitor fails stands in its alert', async () => {
    const { pagerDuty, file, run } = await world()
    await run('up', async (hear) => {
      const store = openNotifyStore(file)
      store.addChange({ atMs: Date.now(), text: 'deployed v42' })
      store.close()
      hear({ type: 'transition', transition, result: failedResult('plain', 5000) })
      await vi.waitFor(() => expect(pagerDuty.opened).toHaveLength(1), 60_000)
    })
    const alert = pagerDuty.received.find(({ path }) => path === '/v2/enqueue')?.json
    expect(alert).toMatchObject({
      payload: { custom_details: { 'Changed before': expect.stringMatching(/deployed v42$/) } },
    })
  })

  test('what was down before anybody was to be told is told with its cause, and once; what ended meanwhile is ended', async () => {
    const { pagerDuty, run } = await world()
    const opened = () => vi.waitFor(() => expect(pagerDuty.opened).toHaveLength(1), 60_000)
    await run('down', opened)
    expect(pagerDuty.received[0]?.json).toMatchObject({
      payload: { summary: 'plain is down: TLS_EXPIRED: it expired', custom_details: { Since: '1970-01-01T00:00:01Z' } },
    })
    await run('down', () => {})
    await run('up', () => vi.waitFor(() => expect(pagerDuty.resolved).toHaveLength(1), 60_000))
    expect(pagerDuty.received).toHaveLength(2)
  })
})
