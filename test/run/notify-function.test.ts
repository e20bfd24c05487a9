import { randomUUID } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createDeliver } from '../../lib/act/notify-deliver.ts'
import type { Found, PublishReport } from '../../lib/act/ports.ts'
import { downAlarm, heartbeatAlarm } from '../../lib/decide/alarms.ts'
import { controllerAlarm, deadLetterAlarm } from '../../lib/decide/notify-alarms.ts'
import { notifyAssetOf } from '../../lib/decide/notify-asset.ts'
import type { Datum } from '../../lib/decide/votes.ts'
import { parseConfig } from '../../lib/model/parse-config.ts'
import { createNotifyFunction } from '../../lib/run/notify-function.ts'
import { pause } from '../../lib/run/pause.ts'
import { deployableConfig } from '../support/deployable-config.ts'
import { type MemoryStore, memoryStore } from '../support/memory-store.ts'
import { type PagerDuty, startPagerDuty } from '../support/pagerduty-server.ts'
import { type Slack, startSlack } from '../support/slack-server.ts'

const key = 'k'.repeat(32)
const [home, standby] = ['us-west-2', 'eu-central-1']
let pagerDuty: PagerDuty
let slack: Slack
let logged: string[]
let signs: Datum[]
let found: Map<string, Found>
let unsent: PublishReport[]

beforeEach(async () => {
  ;[logged, signs, found, unsent] = [[], [], new Map(), []]
  pagerDuty = await startPagerDuty([key])
  slack = await startSlack()
})
afterEach(async () => {
  await Promise.all([pagerDuty.close(), slack.close()])
})

const config = (more: Record<string, unknown> = {}) =>
  parseConfig({
    ...deployableConfig(),
    routes: {
      page: [{ kind: 'pagerduty', routingKey: key, url: pagerDuty.url }],
      ticket: [{ kind: 'slack', token: 'xoxb-1', channel: 'C0123456789', url: `${slack.url}/api` }],
    },
    ...more,
  })

/** The time goes on from a minute of a Saturday, as alarms and windows of maintenance have times of their own. */
const beganMs = Date.parse('2026-11-21T10:10:00Z') - performance.now()
const nowMs = () => beganMs + performance.now()

function notifyIn(region: string | undefined, store: MemoryStore = memoryStore(), its = config()) {
  const asset = notifyAssetOf(its, region ?? '')
  const secret = async () => ''
  return createNotifyFunction(asset, {
    store,
    deliver: createDeliver(asset.routes, { secret, pause: (_, signal) => pause(20, signal), chance: () => 0, nowMs }),
    publish: async (datums) => {
      signs.push(...datums)
      return unsent
    },
    causes: async () => found,
    newHolder: randomUUID,
    log: (level, event, fields) => void logged.push(`${level} ${event} ${JSON.stringify(fields)}`),
    nowMs,
  })
}

/** A change of an alarm's state as CloudWatch publishes it; `n` is the order. */
function alarm(AlarmName: string, NewStateValue: 'ALARM' | 'OK' | 'INSUFFICIENT_DATA', n = 0) {
  return JSON.stringify({
    ...{ AlarmName, NewStateValue, OldStateValue: 'OK', Region: 'US West (Oregon)' },
    NewStateReason:
      'Threshold Crossed: 2 out of the last 3 datapoints [2.0 (21/11/26 10:01:00), 2.0 (21/11/26 10:00:00)] were greater than or equal to the threshold (2.0) (minimum 2 datapoints for OK -> ALARM transition).',
    StateChangeTime: `2026-11-21T10:0${n}:30.000+0000`,
  })
}

const batch = (...bodies: string[]) => ({ Records: bodies.map((body, i) => ({ messageId: `${i}`, body })) })
const its = config.bind(undefined)
const down = (id: string) => {
  const whole = its()
  const monitor = whole.monitors.find((one) => one.id === id)
  if (!monitor) throw new Error(id)
  return downAlarm(monitor, whole).name
}

describe('an alarm', () => {
  test('over a monitor pages with how many vantages see it, since when and why, and resolves with its own key', async () => {
    const cause = { code: 'TLS_EXPIRED', stage: 'tls' as const, message: 'the certificate expired' }
    found.set('fast', { cause, vantages: ['us-east-1', 'eu-west-1'], families: ['IPv4'], address: '192.0.2.10' })
    found.set('api', { cause, vantages: ['us-east-1', 'inside'], families: ['IPv4'], address: '192.0.2.10' })
    const notify = notifyIn(home)
    await notify(batch(alarm(down('api'), 'ALARM')))
    expect(pagerDuty.received[0]?.json).toMatchObject({
      dedup_key: 'vedette/shop@staging/api',
      payload: {
        summary: 'api is down: TLS_EXPIRED (tls): the certificate expired',
        severity: 'critical',
        custom_details: {
          Since: '2026-11-21T10:00:00Z',
          'Seen by': '2 of 2 vantages: us-east-1, inside',
          Address: '192.0.2.10',
        },
      },
    })
    await notify(batch(alarm(down('api'), 'OK', 1)))
    expect([pagerDuty.opened, pagerDuty.resolved]).toEqual([['vedette/shop@staging/api'], ['vedette/shop@staging/api']])
  })

  test('of which the logs name more places than its number says so many', async () => {
    const cause = { code: 'TLS_EXPIRED', message: 'the certificate expired' }
    found.set('api', { cause, vantages: ['us-east-1', 'inside'], families: [] })
    const few = { ...JSON.parse(alarm(down('api'), 'ALARM')), NewStateReason: 'datapoints [1.0 (21/11/26 10:01:00)]' }
    await notifyIn(home)(batch(JSON.stringify(few)))
    expect(pagerDuty.received[0]?.json).toMatchObject({
      payload: { custom_details: { 'Seen by': '2 of 2 vantages: us-east-1, inside' } },
    })
  })

  test('that comes twice, or after its end, opens nothing again', async () => {
    const store = memoryStore()
    const notify = notifyIn(home, store)
    const [open, close] = [alarm(down('api'), 'ALARM', 1), alarm(down('api'), 'OK', 2)]
    await notify(batch(open, open))
    await notify(batch(open))
    await notify(batch(close))
    await notify(batch(open, close))
    await notify(batch(alarm(down('mail'), 'OK', 2)))
    await notify(batch(alarm(down('mail'), 'ALARM', 1)))
    expect(pagerDuty.opened).toEqual(['vedette/shop@staging/api'])
    expect(pagerDuty.open.get(key)?.size).toBe(0)
    await notify(batch(alarm(down('api'), 'ALARM', 3)))
    expect(pagerDuty.opened).toHaveLength(2)
  })

  test('without data is no news', async () => {
    await notifyIn(home)(batch(alarm(down('api'), 'INSUFFICIENT_DATA')))
    expect(pagerDuty.received).toEqual([])
  })

  test('over a vantage, a certificate, dead letters or a stranger is a ticket that says so', async () => {
    const whole = config()
    const [vantage] = whole.vantages
    const names = [
      vantage ? heartbeatAlarm(vantage, whole).name : '',
      'vedette-shop-staging-certificate',
      deadLetterAlarm('page', whole).name,
      'somebody-elses-alarm',
      'vedette-shop-staging-api-burn-ticket',
    ]
    await notifyIn(home)(batch(...names.map((name) => alarm(name, 'ALARM'))))
    expect(slack.posts.map(({ text }) => text)).toEqual([
      expect.stringContaining('The vantage us-east-1 is blind'),
      expect.stringContaining('A certificate expires in 2 days'),
      expect.stringContaining('messages of the topic page that could not be taken in'),
      expect.stringContaining('somebody-elses-alarm'),
      expect.stringContaining('api burns its error budget'),
    ])
  })

  test('over durations says what is known, and no number that is none', async () => {
    const url = 'https://example.com/'
    const common = { kind: 'http', url, metrics: { duration: true } }
    const timed = config({
      monitors: [
        { ...common, id: 'both', latency: { p95: '800ms', p99: '2s' } },
        { ...common, id: 'one', latency: { p95: '800ms', regression: 1.5 } },
        { ...common, id: 'half', expect: [{ source: 'duration', op: 'lt', value: '800ms', level: 'degraded' }] },
      ],
      failovers: [],
    })
    const slow = (name: string, reason: string) =>
      JSON.stringify({ ...JSON.parse(alarm(`vedette-shop-staging-${name}`, 'ALARM')), NewStateReason: reason })
    const crossed = (value: string, rest: string) =>
      `Threshold Crossed: 1 out of the last 1 datapoints [${value} (21/11/26 10:01:00)] was ${rest}`
    await notifyIn(
      home,
      memoryStore(),
      timed,
    )(
      batch(
        slow('both-slow', crossed('1.0', 'greater than or equal to the threshold (1.0)')),
        slow('one-slow', crossed('1.0', 'greater than or equal to the threshold (1.0)')),
        slow('one-regression', crossed('823.1', 'greater than the upper thresholds [501.2]')),
        slow('half-slow', crossed('923.5', 'greater than the threshold (800.0)')),
      ),
    )
    expect(slack.posts.map(({ text }) => text)).toEqual([
      'both is slow: p95 or p99 is over its limit',
      'one is slow: p95 is over its limit of 800 ms',
      'one is slow: p50 is 823 ms, over the 501 ms that are usual at most at this hour',
      'half is slow: p50 is 924 ms, over its limit of 800 ms',
    ])
  })

  test.each([
    ['a reason that is no text', { NewStateReason: 5 }],
    ['a time that is none', { StateChangeTime: 5 }],
    ['a time of nowhere', { StateChangeTime: 'yesterday' }],
    ['neither', { NewStateReason: undefined, StateChangeTime: undefined }],
  ])('with %s is told as far as it goes, and so is what comes with it', async (_, odd) => {
    const message = JSON.stringify({ ...JSON.parse(alarm(down('api'), 'ALARM')), ...odd })
    await notifyIn(home)(batch(message, alarm(down('mail'), 'ALARM')))
    expect(pagerDuty.opened).toContain('vedette/shop@staging/api')
    expect(logged.join()).not.toContain('error')
  })

  test('in a state that there is not opens and ends nothing', async () => {
    const notify = notifyIn(home)
    await notify(batch(alarm(down('api'), 'ALARM')))
    await notify(batch(alarm(down('api'), 'PAUSED' as 'OK', 1)))
    expect([pagerDuty.opened.length, pagerDuty.resolved]).toEqual([1, []])
    expect(logged.join()).toContain('not understood')
  })

  test('with the envelope of a topic is understood too', async () => {
    await notifyIn(home)(batch(JSON.stringify({ Type: 'Notification', Message: alarm(down('api'), 'ALARM') })))
    expect(pagerDuty.opened).toHaveLength(1)
  })
})

describe('what a controller or a pipeline publishes', () => {
  const published = (event: Record<string, unknown>) =>
    JSON.stringify({
      vedette: 1,
      summary: 's',
      service: 'shop',
      region: home,
      event: { failover: 'api', atMs: 1000, ...event },
    })

  test('a refusal pages with its reasons, and is over once a move is verified', async () => {
    const notify = notifyIn(home)
    const reasons = [{ code: 'blind', votes: 1, voters: 2, silent: ['eu-west-1'] }]
    const decision = { kind: 'refuse', code: 'blind', page: true, latch: false, reasons }
    await notify(batch(published({ type: 'decided', trigger: 'tick', decision })))
    expect(pagerDuty.received[0]?.json).toMatchObject({
      payload: {
        summary: 'Failover api: api.example.com was not moved: blind',
        custom_details: { Why: expect.stringContaining('no vote from eu-west-1') },
      },
    })
    await notify(
      batch(published({ type: 'swapped', to: 'euw1', tookMs: 900, outcome: { kind: 'moved', epoch: 2 }, atMs: 2000 })),
    )
    await notify(batch(published({ type: 'verified', to: 'euw1', atMs: 3000 })))
    expect(pagerDuty.resolved).toEqual(['vedette/shop@staging/failover/api'])
    expect(pagerDuty.changes).toContain('Failover api: api.example.com was moved to euw1')
  })

  test('readiness opens and closes a ticket', async () => {
    const notify = notifyIn(home)
    await notify(batch(published({ type: 'readiness', problems: [{ code: 'STANDBY_DOWN', detail: 'euw1 is down' }] })))
    await notify(batch(published({ type: 'readiness', problems: [], atMs: 2000 })))
    expect(slack.posts[0]).toMatchObject({
      text: expect.stringContaining('STANDBY_DOWN'),
      edits: [expect.stringContaining('Over')],
    })
  })

  test('a change is told as one, and stands in the next alert', async () => {
    const notify = notifyIn(home)
    await notify(batch(JSON.stringify({ vedette: 1, change: { text: 'deployed v42' } })))
    await notify(batch(alarm(down('api'), 'ALARM')))
    expect(pagerDuty.changes).toEqual(['Changed: deployed v42'])
  })

  test('a change is told once though the queue hands it over again, and is of when it was sent', async () => {
    const sent = Math.round(nowMs()) - 60_000
    const body = JSON.stringify({ vedette: 1, change: { text: 'deployed v42' } })
    const record = { messageId: '1', body, attributes: { SentTimestamp: `${sent}` } }
    const store = memoryStore()
    const notify = notifyIn(home, store)
    for (let i = 0; i < 2; i++) await notify({ Records: [record] })
    expect(pagerDuty.changes).toEqual(['Changed: deployed v42'])
    expect(store.kept?.state.changes).toEqual([{ atMs: sent, text: 'deployed v42' }])
    await notify({ Records: [{ ...record, attributes: { SentTimestamp: '17' } }] })
    expect(store.kept?.state.changes).toHaveLength(2)
    expect(store.kept?.state.changes[0]?.atMs).toBeGreaterThan(sent)
  })

  test('a move is told once though its message comes twice', async () => {
    const notify = notifyIn(home)
    const moved = published({ type: 'swapped', to: 'euw1', tookMs: 900, outcome: { kind: 'moved', epoch: 2 } })
    await notify(batch(moved))
    await notify(batch(moved))
    expect(pagerDuty.changes).toEqual(['Failover api: api.example.com was moved to euw1'])
  })

  test('anything else is for others: said in the log, and no reason to fail', async () => {
    await notifyIn(home)(batch('hello', '{"vedette":1}', '[]', 'null', '{"Type":"Notification","Message":"x"}'))
    expect(logged.filter((line) => line.includes('not understood'))).toHaveLength(5)
    expect(pagerDuty.received).toEqual([])
  })
})

describe('home and standby', () => {
  test.each([
    ['of a type of another version', { type: 'teleported', failover: 'api', atMs: 0 }],
    ['without a time', { type: 'verified', failover: 'api', to: 'euw1' }],
    ['of another shape', { type: 'page', failover: 'api', atMs: 0 }],
    ['with words that are none', { type: 'readiness', failover: 'api', atMs: 0, problems: [{ code: {}, detail: 5 }] }],
    ['with a message that is no text', { type: 'failed', failover: 'api', atMs: 0, message: 5 }],
    [
      'with an outcome that there is not',
      { type: 'drill', failover: 'api', atMs: 0, outcome: 'x', seen: [], steps: [] },
    ],
    ['of no time', { type: 'verified', failover: 'api', atMs: 1e300, to: 'euw1' }],
    ['that was left out, as it was too long', undefined],
  ])('an event %s is told by its first line, and keeps no other from being told', async (_, event) => {
    const message = { vedette: 1, summary: 'api: the zone is gone', service: 'shop', region: home, event }
    await notifyIn(home)(batch(JSON.stringify(message), alarm(down('api'), 'ALARM')))
    expect(pagerDuty.opened).toEqual(['vedette/shop@staging/api'])
    expect(slack.posts.map(({ text }) => text)).toEqual([
      'Vedette itself: the failover controller in us-west-2: api: the zone is gone',
    ])
  })

  test('a refusal of both controllers is told by home alone', async () => {
    const event = {
      ...{ type: 'decided', failover: 'live', atMs: Date.now(), trigger: 'alarm' },
      decision: { kind: 'refuse', page: true, code: 'COOLDOWN', reasons: [] },
    }
    for (const region of [standby, home])
      await notifyIn(region)(batch(JSON.stringify({ vedette: 1, summary: 'refused', region, event })))
    expect(pagerDuty.received).toHaveLength(1)
    expect(pagerDuty.opened).toEqual(['vedette/shop@staging/failover/live'])
  })

  test('the standby is silent until home has been for five minutes, then tells everybody, and ends what it began', async () => {
    const whole = config()
    const silence = controllerAlarm(home, whole).name
    const notify = notifyIn(standby)
    await notify(batch(alarm(down('api'), 'ALARM')))
    expect(pagerDuty.received.length + slack.received.length).toBe(0)
    await notify(batch(alarm(silence, 'ALARM')))
    expect(pagerDuty.opened).toContain('vedette/shop@staging/api')
    expect(slack.posts.map(({ text }) => text)).toContainEqual(expect.stringContaining('api is down'))
    await notify(batch(alarm(silence, 'OK', 1), alarm(down('mail'), 'ALARM', 1)))
    expect(pagerDuty.opened).not.toContain('vedette/shop@staging/mail')
    await notify(batch(alarm(down('api'), 'OK', 2)))
    expect(pagerDuty.open.get(key)?.size).toBe(0)
  })

  test('a standby that has heard that home is back stays silent though the alarm comes again, or late', async () => {
    const notify = notifyIn(standby)
    const silence = controllerAlarm(home, config()).name
    await notify(batch(alarm(silence, 'OK', 2)))
    await notify(batch(alarm(silence, 'ALARM', 1), alarm(down('api'), 'ALARM', 3)))
    expect(pagerDuty.received.length + slack.received.length).toBe(0)
  })

  test('home only says that the standby is silent', async () => {
    const [notify, silence] = [notifyIn(home), controllerAlarm(standby, config()).name]
    await notify(batch(alarm(silence, 'ALARM')))
    expect(slack.posts.map(({ text }) => text)).toEqual([expect.stringContaining(`the controller in ${standby}`)])
    await notify(batch(alarm(silence, 'OK', 1), alarm(down('api'), 'ALARM', 1)))
    expect(pagerDuty.opened).toEqual(['vedette/shop@staging/api'])
  })

  test('every minute each gives the other a sign of life', async () => {
    await notifyIn(home)({ do: 'tick' })
    expect(signs).toMatchObject([{ metric: 'Heartbeat', dimensions: { Controller: home }, values: [1] }])
    expect(logged.join()).not.toContain('no sign')
    unsent = [{ region: standby, sent: 0, queued: 1, dropped: 0, message: 'AccessDenied' }]
    await notifyIn(home)({ do: 'tick' })
    expect(logged.filter((line) => line.startsWith('warn notify.no sign')).join()).toContain('AccessDenied')
  })
})

describe('what goes wrong', () => {
  test('a storm of 500 alarms in batches is one alert, and all of it is over afterwards', async () => {
    const url = 'https://example.com/'
    const monitors = Array.from({ length: 500 }, (_, i) => ({ id: `m${i}`, kind: 'http', url }))
    const stormy = config({ monitors, failovers: [] })
    const names = stormy.monitors.map((monitor) => downAlarm(monitor, stormy).name)
    const notify = notifyIn(home, memoryStore(), stormy)
    const inBatches = async (state: 'ALARM' | 'OK', n: number) => {
      for (let i = 0; i < 500; i += 100)
        await notify(batch(...names.slice(i, i + 100).map((name) => alarm(name, state, n))))
    }
    await inBatches('ALARM', 1)
    expect(pagerDuty.opened).toEqual([expect.stringContaining('storm')])
    await inBatches('OK', 2)
    expect(pagerDuty.open.get(key)?.size).toBe(0)
    expect(pagerDuty.received.length).toBeLessThan(10)
  })

  test('runs at the same time tell everybody once, also where a repetition would be seen', async () => {
    const store = memoryStore()
    const whole = config()
    const names = whole.vantages.map((vantage) => heartbeatAlarm(vantage, whole).name)
    // As in Lambda: each run has its own process, and they share the table.
    const runs = [...names, 'stranger-1', 'stranger-2'].map((name) =>
      notifyIn(home, store)(batch(alarm(name, 'ALARM'))),
    )
    await Promise.all([...runs, notifyIn(home, store)({ do: 'tick' }), notifyIn(home, store)({ do: 'tick' })])
    expect(slack.posts.map(({ text }) => text).sort()).toEqual([
      ...['eu-west-1', 'inside', 'us-east-1'].map((id) => expect.stringContaining(`The vantage ${id} is blind`)),
      ...[1, 2].map((n) => expect.stringContaining(`stranger-${n}`)),
    ])
    expect([store.kept?.state.outbox, store.kept?.state.lease]).toEqual([[], undefined])
  })

  test('a run that died while it told does not keep the others from it for ever', async () => {
    const store = memoryStore()
    await notifyIn(home, store)(batch(alarm(down('mail'), 'ALARM')))
    if (store.kept) store.kept.state.lease = { holder: 'dead', untilMs: nowMs() + 500 }
    await notifyIn(home, store)(batch(alarm(down('api'), 'ALARM')))
    expect(pagerDuty.opened).toContain('vedette/shop@staging/api')
  })

  test('what could not be told is told by the next tick', async () => {
    const store = memoryStore()
    pagerDuty.faults.push(...Array(6).fill({ status: 503 }))
    const notify = notifyIn(home, store)
    await notify(batch(alarm(down('api'), 'ALARM')))
    expect(pagerDuty.opened).toEqual([])
    expect(slack.posts.map(({ text }) => text)).toContainEqual(expect.stringContaining('cannot be told: 503'))
    for (const notice of store.kept?.state.outbox ?? []) notice.notBeforeMs = 0
    await notify({ do: 'tick' })
    expect(pagerDuty.opened).toEqual(['vedette/shop@staging/api'])
  })

  test('a table that is gone silences nobody', async () => {
    const store = memoryStore()
    store.fails = true
    await notifyIn(home, store)(batch(alarm(down('api'), 'ALARM')))
    expect(pagerDuty.opened).toHaveLength(1)
    expect(logged.join('\n')).toContain('notify.not kept')
  })

  test('another run that is faster every time fails the call, so that the queue hands the messages over again', async () => {
    const store = memoryStore()
    const notify = notifyIn(home, store)
    store.conflicts = 1
    await notify(batch(alarm(down('api'), 'ALARM')))
    expect(pagerDuty.opened).toHaveLength(1)
    store.conflicts = 1000
    await expect(notify(batch(alarm(down('mail'), 'ALARM')))).rejects.toThrow('written by others')
    // Who cannot take anything in is silent, and the other one speaks.
    store.conflicts = 1000
    await expect(notify({ do: 'tick' })).rejects.toThrow('written by others')
    expect(signs).toEqual([])
  })
})
