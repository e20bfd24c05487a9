import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { alarmMeanings } from '../../lib/decide/alarm-meanings.ts'
import { keyOf } from '../../lib/decide/incident.ts'
import { initialNotifyState, type NotifyInput, type NotifyState } from '../../lib/decide/notice.ts'
import { notify } from '../../lib/decide/notify.ts'
import { notifyRulesOf } from '../../lib/decide/notify-config.ts'
import { freeAtMs } from '../../lib/decide/notify-pace.ts'
import { endpointMonitorIds } from '../../lib/model/endpoint-monitors.ts'
import type { EventOf, VedetteEvent } from '../../lib/model/event.ts'
import { parseConfig } from '../../lib/model/parse-config.ts'
import { deployableConfig } from '../support/deployable-config.ts'
import { Desk, degradedEvent, downEvent, monitorRule, recoveredEvent, routeRule, rulesOf } from '../support/notify.ts'

const second = 1000
const minute = 60 * second
const hour = 60 * minute

describe('one incident, one alert', () => {
  test('a monitor that goes down and comes back is opened and closed by the same key, on the routes of its severity', () => {
    const desk = new Desk(rulesOf())
    desk.take(1000, downEvent('a', 1000))
    desk.take(2000, recoveredEvent('a', 2000))
    expect(desk.sent.map(({ action, key, route }) => [action, key, route])).toEqual([
      ['open', 'vedette/shop/a', 'pager'],
      ['close', 'vedette/shop/a', 'pager'],
    ])
  })

  test('the same news again is no news', () => {
    const desk = new Desk(rulesOf())
    for (const atMs of [1, 2, 3]) desk.take(atMs, downEvent('a', atMs))
    for (const atMs of [4, 5]) desk.take(atMs, recoveredEvent('a', atMs))
    expect(desk.told()).toEqual(['open a', 'close a'])
  })

  test('an environment has keys of its own', () => {
    const desk = new Desk(rulesOf({ env: 'staging' }))
    desk.take(1, { ...downEvent('a', 1), env: 'staging' })
    expect(desk.sent[0]?.key).toBe('vedette/shop@staging/a')
  })

  test('a monitor that is degraded is a ticket; once it is down it is that alone', () => {
    const desk = new Desk(rulesOf())
    desk.take(1, degradedEvent('a', 1))
    expect([desk.openAt('pager'), desk.openAt('board')]).toEqual([[], ['vedette/shop/a:degraded']])
    desk.take(2, downEvent('a', 2))
    expect([desk.openAt('pager'), desk.openAt('board')]).toEqual([['vedette/shop/a'], []])
    desk.take(3, degradedEvent('a', 3))
    desk.take(4, recoveredEvent('a', 4))
    expect([desk.openAt('pager'), desk.openAt('board')]).toEqual([[], []])
  })

  test('what is open is told again as often as asked, and not once it is over', () => {
    const desk = new Desk(rulesOf({ remindMs: 4 * hour }))
    desk.take(0, downEvent('a', 0))
    for (let atMs = minute; atMs < 9 * hour; atMs += minute) desk.take(atMs, { kind: 'clock' })
    expect(desk.told()).toEqual(['open a', 'remind a', 'remind a'])
    desk.take(9 * hour, recoveredEvent('a', 9 * hour))
    desk.take(20 * hour, { kind: 'clock' })
    expect(desk.told().at(-1)).toBe('close a')
  })

  test('a reminder of a certificate has the days that are left by then', () => {
    const desk = new Desk(rulesOf({ remindMs: 36 * hour }))
    const expiring: VedetteEvent = {
      ...{ service: 'shop', atMs: 0, type: 'certificate.expiring', monitor: 'a', daysRemaining: 14, detail: '' },
    }
    desk.take(0, expiring)
    for (let atMs = hour; atMs <= 72 * hour; atMs += hour) desk.take(atMs, { kind: 'clock' })
    expect(desk.sent.map(({ action, event }) => [action, 'daysRemaining' in event && event.daysRemaining])).toEqual([
      ['open', 14],
      ['remind', 13],
      ['remind', 11],
    ])
  })

  test('what the config does not have any more is over', () => {
    const desk = new Desk(rulesOf())
    desk.take(1, downEvent('gone', 1), downEvent('a', 1))
    desk.take(2, { kind: 'started', isFresh: true })
    expect(desk.openAt('pager')).toEqual(['vedette/shop/a'])
  })

  test('nor is anything left of an objective, a certificate, a vantage or a failover that it does not have any more', () => {
    const watched = [monitorRule('a', { alerts: ['budget-page', 'slow-limit', 'certificate'] })]
    const desk = new Desk(rulesOf({ watched, vantages: ['eu-west-1', 'us-east-1'], failovers: ['api'] }))
    const about = { service: 'shop', atMs: 0, monitor: 'a', target: 'x', sinceMs: 0 }
    const slow = { statistic: 'p95', valueMs: 2, limitMs: 1 }
    const failover = { service: 'shop', atMs: 0, failover: 'api', record: 'r' }
    desk.take(
      1,
      downEvent('a', 1),
      { ...about, type: 'budget.burning', severity: 'page', objective: 99 },
      { ...about, type: 'latency.slow', against: 'limit', ...slow },
      { ...about, type: 'certificate.expiring', detail: '' },
      { service: 'shop', atMs: 0, type: 'vantage.blind', vantage: 'us-east-1', sinceMs: 0, detail: '' },
      { ...failover, type: 'failover.notReady', problems: [{ code: 'X', detail: '' }] },
      { service: 'shop', atMs: 0, type: 'fault.opened', part: 'a part', detail: '' },
    )
    desk.take(2, { kind: 'started', isFresh: true })
    expect(Object.keys(desk.state.incidents)).toHaveLength(7)
    const fewer = new Desk(rulesOf({ watched: [monitorRule('a')], vantages: ['eu-west-1'], failovers: [] }))
    fewer.state = desk.state
    fewer.take(3, { kind: 'started', isFresh: true })
    expect(Object.keys(fewer.state.incidents)).toEqual(['vedette/shop/a', 'vedette/shop/fault/a part'])
    expect(fewer.told('board')).toHaveLength(4)
  })

  test('nor of a route: neither what waits for it, nor that it cannot be told', () => {
    const desk = new Desk(rulesOf())
    desk.refuse = ({ route }) => (route === 'pager' ? { reason: '503', isFinal: false } : undefined)
    desk.take(0, downEvent('a', 0))
    desk.take(1, { kind: 'clock' })
    const without = new Desk(rulesOf({ routes: [routeRule('board', { list: 'ticket', kind: 'slack' })] }))
    without.state = desk.state
    without.take(2, { kind: 'started', isFresh: true })
    const { incidents, alerts, outbox } = without.state
    expect([Object.keys(incidents), Object.keys(alerts), outbox]).toEqual([['vedette/shop/a'], ['board'], []])
  })

  test('what the alarms of a config open is known of its monitors, and goes with what asked for it', () => {
    const alertsOf = (more: object) => {
      const api = { id: 'api', kind: 'http', url: 'https://example.com/', ...more }
      const config = parseConfig({
        service: 'shop',
        vantages: ['eu-west-1'],
        controllers: ['us-west-2'],
        monitors: [api],
      })
      const opened = Object.values(alarmMeanings(config, 'us-west-2')).flatMap((meaning) => {
        if (meaning.is === 'slow') return [`slow-${meaning.against}`]
        return meaning.is === 'burning' ? [`budget-${meaning.severity}`] : []
      })
      const known = notifyRulesOf(config)
        .monitors.get('api')
        ?.alerts.filter((alert) => alert !== 'certificate')
      return { opened: opened.sort(), known: known?.sort() }
    }
    const duration = { metrics: { duration: true } }
    const expected = [
      { source: 'status', op: 'eq', value: 200 },
      { source: 'duration', op: 'lt', value: '1s', level: 'degraded' },
    ]
    for (const more of [
      { ...duration, latency: { p95: '800ms', regression: 2 }, slo: { objective: 99.9, window: '30d' } },
      { ...duration, latency: { regression: 2 } },
      { ...duration, expect: expected },
      { expect: expected },
      {},
    ]) {
      const { opened, known } = alertsOf(more)
      expect(known).toEqual(opened)
    }
    expect(alertsOf({ latency: { p95: '800ms' } }).known).toEqual(['slow-limit'])
  })

  test('an alert that begins anew before its last one could be told has a message of its own', () => {
    const rules = rulesOf({ routes: [routeRule('bot', { kind: 'slack' })] })
    const step = (state: NotifyState, ...inputs: NotifyInput[]) => notify(state, inputs, rules, 1000).state
    const events = [downEvent('a', 1), recoveredEvent('a', 2), downEvent('a', 3)]
    let state = initialNotifyState(0)
    for (const event of events) state = step(state, { kind: 'event', event })
    state = step(state, { kind: 'delivered', id: 1, ref: 'first' })
    expect(state.outbox.map(({ action, ref }) => [action, ref])).toEqual([
      ['close', 'first'],
      ['open', undefined],
    ])
    state = step(state, { kind: 'delivered', id: 2 }, { kind: 'delivered', id: 3, ref: 'second' })
    state = step(state, { kind: 'event', event: recoveredEvent('a', 4) })
    expect(state.outbox.map(({ action, ref }) => [action, ref])).toEqual([['close', 'second']])
  })

  test('a clock that is set back keeps nobody from being told', () => {
    const bot = routeRule('bot', { kind: 'slack' })
    const desk = new Desk(rulesOf({ routes: [bot], gatherMs: 250 }), 5 * hour)
    desk.refuse = ({ key }) => (key.endsWith('/a') ? { reason: '500', isFinal: false } : undefined)
    desk.take(5 * hour, downEvent('a', 5 * hour))
    desk.take(5 * hour + second, { kind: 'clock' })
    desk.refuse = () => undefined
    desk.take(hour, downEvent('b', hour))
    expect(freeAtMs(desk.state, bot)).toBeLessThan(hour + 2 * second)
    desk.take(hour + minute, { kind: 'clock' })
    expect(desk.told('bot')).toEqual(['open a', 'open b'])
    expect(desk.errors).toEqual([])
  })

  test('nor does it make a storm of what came before, put off what is due at a time, or have a run that died tell on', () => {
    const beganMs = 500 * hour
    const many = Array.from({ length: 10 }, (_, i) => monitorRule(`m${i}`))
    const watched = [...many, monitorRule('a')]
    const often = { remindMs: 2 * hour, heartbeatMs: 24 * hour }
    const desk = new Desk(rulesOf({ ...often, watched, routes: [routeRule('pager')] }), beganMs)
    desk.take(beganMs, ...many.map(({ id }) => downEvent(id, beganMs)))
    desk.state.lease = { holder: 'dead', untilMs: beganMs + minute }
    desk.take(hour, { kind: 'clock' })
    expect(desk.state.lease?.untilMs).toBe(hour + minute)
    desk.take(hour + 2 * minute, downEvent('a', hour))
    expect(desk.told()).toContain('open a')
    desk.take(3 * hour, { kind: 'clock' })
    expect(desk.told().filter((text) => text === 'remind m0')).toHaveLength(1)
    desk.take(25 * hour, { kind: 'clock' })
    expect(desk.sent.filter(({ event }) => event.type === 'route.heartbeat')).toHaveLength(1)
  })

  test('a clock that was ahead for a while makes nothing older than it is', () => {
    const desk = new Desk(rulesOf())
    const refused: VedetteEvent = {
      ...{
        service: 'shop',
        atMs: hour,
        type: 'failover.refused',
        failover: 'api',
        record: 'r',
        code: 'BLIND',
        reasons: [],
      },
    }
    desk.take(hour, downEvent('a', hour), refused)
    for (const ahead of [40 * minute, 50 * minute]) {
      desk.take(hour + ahead, { kind: 'clock' })
      desk.take(hour + minute, { kind: 'clock' })
    }
    const opened = Object.values(desk.state.incidents).map(({ openedMs, heardMs }) => [openedMs, heardMs])
    expect(opened).toEqual([
      [hour, hour],
      [hour, hour],
    ])
  })

  test('what is over stays so though its beginning is handed over again by a queue that keeps it for two weeks', () => {
    const desk = new Desk(rulesOf({ isUnordered: true }))
    desk.take(hour, recoveredEvent('a', hour))
    desk.take(13 * 24 * hour, downEvent('a', minute))
    expect(desk.sent).toEqual([])
    desk.take(13 * 24 * hour + 1, downEvent('a', 13 * 24 * hour))
    expect(desk.told()).toEqual(['open a'])
  })

  test('a move that failed and that nothing ends is over after a day', () => {
    const desk = new Desk(rulesOf())
    const failed: VedetteEvent = {
      ...{ service: 'shop', atMs: 0, type: 'failover.failed', failover: 'api', record: 'api.example.com' },
      ...{ code: 'IN_DOUBT', detail: 'a write may still land' },
    }
    desk.take(0, failed)
    desk.take(23 * hour, { kind: 'clock' })
    expect(desk.openAt('pager')).toEqual(['vedette/shop/failover/api/move'])
    desk.take(24 * hour, { kind: 'clock' })
    expect(desk.openAt('pager')).toEqual([])
  })
})

describe('keys', () => {
  test('are at most 255 characters long, and differ where names do only at their ends', () => {
    const long = 'x'.repeat(254)
    const [one, two] = ['1', '2'].map((end) => keyOf({ service: 'shop' }, 'fault', `${long}${end}`))
    expect([one?.length, two?.length]).toEqual([255, 255])
    expect(one).not.toBe(two)
    expect(keyOf({ service: 'shop' }, 'fault', `${long}1`)).toBe(one)
  })
})

describe('who is told', () => {
  test('a route with tags takes the monitors that have one of them; what nobody takes goes to the whole list', () => {
    const routes = [routeRule('web', { tags: ['web', 'shop'] }), routeRule('mail', { tags: ['mail'] })]
    const watched = [monitorRule('a', { tags: ['web'] }), monitorRule('b', { tags: ['mail'] }), monitorRule('c')]
    const desk = new Desk(rulesOf({ routes, watched }))
    desk.take(1, downEvent('a', 1), downEvent('b', 1), downEvent('c', 1))
    expect(desk.openAt('web')).toEqual(['vedette/shop/a', 'vedette/shop/c'])
    expect(desk.openAt('mail')).toEqual(['vedette/shop/b', 'vedette/shop/c'])
  })

  test('muted tags are told to nobody, or not on one route', () => {
    const watched = [monitorRule('a', { tags: ['batch'] }), monitorRule('b', { tags: ['slow'] })]
    const routes = [routeRule('pager', { mute: ['slow'] }), routeRule('other')]
    const desk = new Desk(rulesOf({ watched, routes, mute: ['batch'] }))
    desk.take(1, downEvent('a', 1), downEvent('b', 1))
    expect([desk.openAt('pager'), desk.openAt('other')]).toEqual([[], ['vedette/shop/b']])
  })

  test.each(['constructor', 'toString', 'valueOf'])('a route and a monitor may be called %s', (name) => {
    const desk = new Desk(rulesOf({ routes: [routeRule(name)], watched: [monitorRule(name, { failovers: [name] })] }))
    desk.take(1, downEvent(name, 1))
    expect(desk.openAt(name)).toEqual([`vedette/shop/${name}`])
    desk.take(2, recoveredEvent(name, 2))
    expect(desk.openAt(name)).toEqual([])
  })

  test('a list without routes is told by the other one', () => {
    const desk = new Desk(rulesOf({ routes: [routeRule('board', { list: 'ticket' })] }))
    desk.take(1, downEvent('a', 1))
    expect(desk.openAt('board')).toEqual(['vedette/shop/a'])
  })

  test('outside its hours a route hears of nothing new; of what is still open when they begin, and of every end', () => {
    // Berlin, Monday to Friday, 9 to 17; 2026-11-20 is a Friday.
    const hours = { days: ['MON', 'TUE', 'WED', 'THU', 'FRI'] as const, fromMinute: 540, toMinute: 1020 }
    const routes = [routeRule('pager', { hours: { ...hours, days: [...hours.days], timeZone: 'Europe/Berlin' } })]
    const at = (text: string) => Date.parse(text)
    const desk = new Desk(rulesOf({ routes }), at('2026-11-20T15:00:00Z'))
    desk.take(at('2026-11-20T15:59:00Z'), downEvent('a', 0))
    expect(desk.openAt('pager')).toEqual(['vedette/shop/a'])
    desk.take(at('2026-11-20T16:00:00Z'), downEvent('b', 0), downEvent('c', 0))
    desk.take(at('2026-11-21T12:00:00Z'), recoveredEvent('a', 0), recoveredEvent('c', 0))
    expect(desk.openAt('pager')).toEqual([])
    desk.take(at('2026-11-23T07:59:59Z'), { kind: 'clock' })
    expect(desk.openAt('pager')).toEqual([])
    desk.take(at('2026-11-23T08:00:00Z'), { kind: 'clock' })
    expect(desk.openAt('pager')).toEqual(['vedette/shop/b'])
  })

  test('a standby says nothing while home speaks, then everything to every destination, and ends what it began', () => {
    const routes = [
      routeRule('pager'),
      routeRule('board', { list: 'ticket' }),
      routeRule('again', { list: 'ticket', destination: 'pager' }),
    ]
    const desk = new Desk(rulesOf({ routes, isStandby: true }))
    desk.take(1, { kind: 'speaks', speaks: false, atMs: 1 }, downEvent('a', 1))
    expect(desk.sent).toEqual([])
    desk.take(2, { kind: 'speaks', speaks: true, atMs: 2 })
    expect([desk.openAt('pager'), desk.openAt('board'), desk.openAt('again')]).toEqual([
      ['vedette/shop/a'],
      ['vedette/shop/a'],
      [],
    ])
    desk.take(3, { kind: 'speaks', speaks: false, atMs: 3 }, downEvent('b', 3))
    desk.take(4, recoveredEvent('a', 4), recoveredEvent('b', 4))
    expect([desk.openAt('pager'), desk.openAt('board'), desk.sent.length]).toEqual([[], [], 4])
  })
})

describe('the rules of a config', () => {
  test('have what its routes and monitors say of whom to tell, and the failovers that a monitor is about', () => {
    const hours = { days: ['SAT'], from: '10:00', to: '24:00', timeZone: 'Europe/Berlin' }
    const url = 'https://hooks.example.com/in'
    const config = parseConfig({
      ...deployableConfig(),
      routes: {
        page: [{ kind: 'webhook', url, tags: ['web'], mute: ['batch'], hours }],
        ticket: [{ kind: 'webhook', url }],
      },
    })
    const { routes, monitors } = notifyRulesOf(config)
    expect(routes).toMatchObject([
      {
        name: 'page-1',
        list: 'page',
        tags: ['web'],
        mute: ['batch'],
        hours: { days: ['SAT'], fromMinute: 600, toMinute: 1440 },
      },
      { name: 'ticket-1', list: 'ticket', mute: [] },
    ])
    expect(routes[1]).not.toHaveProperty('hours')
    expect(routes[0]?.destination).toBe(routes[1]?.destination)
    for (const { id, everyMs } of config.monitors) expect(monitors.get(id)?.graceMs).toBe(everyMs + minute)
    for (const failover of config.failovers) {
      const about = [...monitors.values()].filter((one) => one.failovers.includes(failover.id)).map(({ id }) => id)
      const expected = [failover.check, ...failover.endpoints.flatMap((one) => endpointMonitorIds(failover, one))]
      expect(about.toSorted()).toEqual([...new Set(expected.filter((id) => id !== undefined))].toSorted())
      expect(about).not.toEqual([])
    }
  })
})

describe('that a route cannot be told', () => {
  const failing = (...routes: ReturnType<typeof routeRule>[]) => {
    const desk = new Desk(rulesOf({ routes }))
    desk.refuse = ({ route }) => (route === 'pager' ? { reason: '403', isFinal: true } : undefined)
    desk.take(0, { service: 'shop', atMs: 0, type: 'change', text: 'deployed v42' })
    desk.take(1, { kind: 'clock' })
    return desk.sent.flatMap(({ route, key }) => (key === 'vedette/shop/route/pager' ? [route] : []))
  }
  const ticket = { list: 'ticket' } as const

  test.each([
    ['by the other list', [routeRule('pager'), routeRule('second'), routeRule('board', ticket)], ['board']],
    ['by another of its own where there is no other', [routeRule('pager'), routeRule('second')], ['second']],
    [
      'not by one that leads to the same place',
      [routeRule('pager'), routeRule('board', { ...ticket, destination: 'pager' }), routeRule('mail', ticket)],
      ['mail'],
    ],
  ])('is told %s', (_, routes, expected) => {
    expect(failing(...routes)).toEqual(expected)
  })
})

describe('a standby that is silent', () => {
  const head = { service: 'shop', atMs: 1 }
  const moveFailed: VedetteEvent = {
    ...{ ...head, type: 'failover.failed', failover: 'api', record: 'api.example.com' },
    ...{ code: 'IN_DOUBT', detail: 'a write may still land' },
  }
  const fault: VedetteEvent = { ...head, type: 'fault.opened', part: 'a part', detail: 'it broke' }
  const silence = (speaks: boolean, atMs: number): NotifyInput => ({ kind: 'speaks', speaks, atMs })

  test('tells what it alone knows, and reminds of it: a move of its own that failed, a fault, a route that cannot be told', () => {
    const desk = new Desk(rulesOf({ isStandby: true, remindMs: hour }))
    desk.refuse = ({ route, action }) =>
      route === 'board' && action === 'open' ? { reason: '403', isFinal: true } : undefined
    desk.take(1, silence(false, 1), downEvent('a', 1), moveFailed, fault)
    desk.take(2, { kind: 'clock' })
    const own = ['failover/api/move', 'fault/a part', 'route/board']
    expect(desk.openAt('pager')).toEqual(own.map((key) => `vedette/shop/${key}`))
    desk.take(hour + 2, { kind: 'clock' })
    expect(desk.told().slice(3).toSorted()).toEqual(own.map((key) => `remind ${key}`))
  })

  test('says nothing more of what it told while it spoke but the end: what is over at home would begin anew', () => {
    const watched = [monitorRule('dns'), monitorRule('web', { dependsOn: ['dns'] })]
    const routes = [routeRule('pager')]
    const desk = new Desk(rulesOf({ watched, routes, isStandby: true, remindMs: hour }))
    desk.take(1, silence(true, 1), downEvent('dns', 1))
    desk.take(minute, silence(false, minute), downEvent('web', minute))
    for (let atMs = 2 * minute; atMs < 3 * hour; atMs += minute) desk.take(atMs, { kind: 'clock' })
    desk.take(3 * hour, recoveredEvent('web', 3 * hour), recoveredEvent('dns', 3 * hour))
    expect(desk.told()).toEqual(['open dns', 'close dns'])
  })

  test('stays so when old news comes late, or again, that home is', () => {
    const desk = new Desk(rulesOf({ isStandby: true, isUnordered: true }))
    desk.take(1, silence(true, 1000))
    desk.take(2, silence(false, 2000))
    desk.take(3, silence(true, 1000), downEvent('a', 3))
    expect([desk.state.isSilent, desk.sent]).toEqual([true, []])
    desk.take(4, silence(true, 3000))
    expect(desk.openAt('pager')).toEqual(['vedette/shop/a'])
  })
})

describe('what is told again', () => {
  const refused = (atMs: number, code: string): VedetteEvent => {
    return { service: 'shop', atMs, type: 'failover.refused', failover: 'api', record: 'r', code, reasons: [] }
  }

  test('is what changed: a refusal for another reason, and no refusal for the same', () => {
    const desk = new Desk(rulesOf())
    desk.take(0, refused(0, 'BLIND'))
    desk.take(minute, refused(minute, 'BLIND'))
    desk.take(2 * minute, refused(2 * minute, 'COOLDOWN'))
    expect(desk.told()).toEqual(['open failover/api', 'update failover/api'])
    expect(desk.sent[1]?.event).toMatchObject({ code: 'COOLDOWN' })
  })

  test('is nothing that changed of what the route refused to hear of at all', () => {
    const watched = [monitorRule('dns'), monitorRule('web', { dependsOn: ['dns'] })]
    const desk = new Desk(rulesOf({ watched, routes: [routeRule('pager')] }))
    desk.refuse = () => ({ reason: '403', isFinal: true })
    desk.take(0, downEvent('dns', 0))
    desk.refuse = () => undefined
    desk.take(minute, downEvent('web', minute))
    desk.take(3 * minute, { kind: 'clock' })
    expect([desk.told(), desk.errors]).toEqual([[], []])
  })

  test('is not for the night of a route with hours, but for its morning', () => {
    const days = ['MON', 'TUE', 'WED', 'THU', 'FRI'] as const
    const hours = { days: [...days], fromMinute: 540, toMinute: 1020, timeZone: 'UTC' }
    const friday = Date.parse('2026-11-20T16:00:00Z')
    const desk = new Desk(rulesOf({ remindMs: 2 * hour, routes: [routeRule('pager', { hours })] }), friday)
    desk.take(friday, downEvent('a', friday))
    for (let i = 1; i <= 65; i++) desk.take(friday + i * hour, { kind: 'clock' })
    expect(desk.sent.map(({ action, atMs }) => [action, new Date(atMs).toISOString().slice(0, 16)])).toEqual([
      ['open', '2026-11-20T16:00'],
      ['remind', '2026-11-23T09:00'],
    ])
  })

  test('is a storm of which some is in maintenance, and none of which all is', () => {
    const maintenance = [{ start: '1970-01-01T00:30:00Z', forMs: 2 * hour }]
    const quiet = ['b', 'c'].map((id) => monitorRule(id, { maintenance }))
    const desk = new Desk(
      rulesOf({ storm: { count: 1, withinMs: minute }, remindMs: hour, watched: [monitorRule('a'), ...quiet] }),
    )
    desk.take(0, ...['a', 'b', 'c'].map((id) => downEvent(id, 0)))
    desk.take(hour, { kind: 'clock' })
    desk.take(hour + minute, recoveredEvent('a', hour + minute))
    desk.take(2 * hour + 2 * minute, { kind: 'clock' })
    expect(desk.sent.map(({ action }) => action)).toEqual(['open', 'remind', 'update'])
  })
})

describe('what is muted', () => {
  test('a parent that is down mutes its children, at any remove, and counts them', () => {
    const watched = [
      monitorRule('dns'),
      monitorRule('web', { dependsOn: ['dns'] }),
      monitorRule('shop', { dependsOn: ['web'] }),
      monitorRule('other'),
    ]
    const desk = new Desk(rulesOf({ watched }))
    desk.take(0, downEvent('dns', 0))
    desk.take(1000, downEvent('web', 1000), downEvent('shop', 1000), downEvent('other', 1000))
    expect(desk.openAt('pager')).toEqual(['vedette/shop/dns', 'vedette/shop/other'])
    desk.take(31_000, { kind: 'clock' })
    expect(desk.sent.at(-1)).toMatchObject({ action: 'update', key: 'vedette/shop/dns', dependants: 2 })
    desk.take(minute, recoveredEvent('web', minute), degradedEvent('web', minute))
    desk.take(2 * minute, { kind: 'clock' })
    expect(desk.sent.at(-1)).toMatchObject({ action: 'update', dependants: 1 })
  })

  test('children that are still down when their parent is back are told then', () => {
    const desk = new Desk(rulesOf({ watched: [monitorRule('dns'), monitorRule('web', { dependsOn: ['dns'] })] }))
    desk.take(0, downEvent('dns', 0), downEvent('web', 0))
    desk.take(1, recoveredEvent('dns', 1))
    expect(desk.told()).toEqual(['open dns', 'close dns', 'open web'])
  })

  test('a child that is seen up again a little later than its parent is not told of', () => {
    const child = monitorRule('web', { dependsOn: ['dns'], graceMs: 2 * minute })
    const desk = new Desk(rulesOf({ watched: [monitorRule('dns'), child, { ...child, id: 'c' }] }))
    desk.take(0, downEvent('dns', 0), downEvent('web', 0), downEvent('c', 0))
    desk.take(10 * minute, recoveredEvent('dns', 10 * minute))
    expect(desk.wakeMs).toBeLessThanOrEqual(11 * minute)
    desk.take(11 * minute, recoveredEvent('web', 11 * minute))
    expect(desk.wakeMs).toBe(12 * minute)
    desk.take(12 * minute - 1, { kind: 'clock' })
    expect(desk.told()).toEqual(['open dns', 'close dns'])
    desk.take(12 * minute, { kind: 'clock' })
    expect(desk.told()).toEqual(['open dns', 'close dns', 'open c'])
  })

  test.each([
    [
      'the clock goes back at 3:00 to 2:00',
      '30 1 * * *',
      '2026-10-24T23:29:59Z',
      '2026-10-24T23:30:00Z',
      '2026-10-25T02:30:00Z',
    ],
    [
      'the clock skips from 2:00 to 3:00',
      '30 1 * * *',
      '2026-03-29T00:29:59Z',
      '2026-03-29T00:30:00Z',
      '2026-03-29T03:30:00Z',
    ],
    ['across midnight', '0 23 * * *', '2026-11-20T21:59:59Z', '2026-11-20T22:00:00Z', '2026-11-21T01:00:00Z'],
  ])('maintenance of three hours, %s', (_, cron, before, start, end) => {
    const maintenance = [{ cron, timeZone: 'Europe/Berlin', forMs: 3 * hour }]
    const desk = new Desk(rulesOf({ watched: [monitorRule('a', { maintenance }), monitorRule('b', { maintenance })] }))
    desk.take(Date.parse(before), downEvent('b', 0))
    desk.take(Date.parse(start), downEvent('a', 0))
    desk.take(Date.parse(end) - 1, { kind: 'clock' })
    // What was told before goes on; nothing new begins.
    expect(desk.told()).toEqual(['open b'])
    desk.take(Date.parse(end), { kind: 'clock' })
    expect(desk.told()).toEqual(['open b', 'open a'])
  })

  test('no reminders in maintenance', () => {
    const maintenance = [{ start: '1970-01-01T01:00:00Z', forMs: 10 * hour }]
    const desk = new Desk(rulesOf({ remindMs: hour, watched: [monitorRule('a', { maintenance })] }))
    desk.take(0, downEvent('a', 0))
    for (let atMs = minute; atMs < 11 * hour; atMs += minute) desk.take(atMs, { kind: 'clock' })
    expect(desk.told()).toEqual(['open a'])
    desk.take(11 * hour, { kind: 'clock' })
    expect(desk.told()).toEqual(['open a', 'remind a'])
    expect(desk.errors).toEqual([])
  })
})

describe('links', () => {
  const links = {
    dashboard: 'https://d.example.com/{service}',
    logs: 'https://l.example.com/?m={monitor}',
    runbook: 'https://r.example.com/',
  }

  test('are of the monitor, escaped; its own runbook comes first, and what asks for a monitor is left out where there is none', () => {
    const watched = [monitorRule('a&b', { runbook: 'https://r.example.com/own' }), monitorRule('c')]
    const desk = new Desk(rulesOf({ watched, links, routes: [routeRule('pager')] }))
    desk.take(0, downEvent('a&b', 0), downEvent('c', 0))
    desk.take(1, { service: 'shop', atMs: 1, type: 'fault.opened', part: 'x', detail: '' })
    const dashboard = 'https://d.example.com/shop'
    expect(desk.sent.map((notice) => notice.links)).toEqual([
      { dashboard, logs: 'https://l.example.com/?m=a%26b', runbook: 'https://r.example.com/own' },
      { dashboard, logs: 'https://l.example.com/?m=c', runbook: links.runbook },
      { dashboard, runbook: links.runbook },
    ])
  })
})

describe('a storm', () => {
  const watched = Array.from({ length: 500 }, (_, i) => monitorRule(`m${i}`))
  const all = (make: (id: string, atMs: number) => VedetteEvent, atMs: number) =>
    watched.map(({ id }) => make(id, atMs))

  test('500 monitors at once are one alert with a count a route, closed once the last of them is back', () => {
    const desk = new Desk(rulesOf({ watched }))
    desk.take(0, ...all(downEvent, 0))
    expect(desk.sent.map(({ action }) => action)).toEqual(['open'])
    expect(desk.sent[0]?.event).toMatchObject({
      type: 'storm',
      open: 500,
      causes: [{ code: 'CONNECT_REFUSED', count: 500 }],
    })
    desk.take(minute, ...all(recoveredEvent, minute).slice(1))
    expect(desk.sent.at(-1)).toMatchObject({ action: 'update', event: { open: 1, monitors: ['m0'] } })
    desk.take(2 * minute, recoveredEvent('m0', 2 * minute))
    expect(desk.openAt('pager')).toEqual([])
    expect(desk.sent).toHaveLength(3)
  })

  test('that comes one by one is told one by one at first, then as one; nothing is lost', () => {
    const desk = new Desk(rulesOf({ watched }))
    for (const [i, event] of all(downEvent, 0).entries()) desk.take(i * 20, event)
    expect(desk.openAt('pager')).toHaveLength(11)
    expect(desk.sent.length).toBeLessThan(20)
    const members = Object.values(desk.state.alerts.pager ?? {}).flatMap((alert) => alert.members)
    expect(new Set(members).size).toBe(500)
    for (const [i, event] of all(recoveredEvent, 0).entries()) desk.take(20_000 + i * 20, event)
    expect(desk.openAt('pager')).toEqual([])
  })

  test('is as urgent as the worst of it, and has its most frequent causes first and no more names than anybody reads', () => {
    const desk = new Desk(
      rulesOf({ watched: watched.map((one, i) => ({ ...one, severity: i < 60 ? 'ticket' : 'page' })) }),
    )
    const expired = { code: 'TLS_EXPIRED', message: 'it expired' }
    desk.take(0, downEvent('m0', 0, { cause: expired }), ...all(downEvent, 0).slice(1))
    const [board, pager] = ['board', 'pager'].map((name) => desk.sent.find(({ route }) => route === name))
    expect([board?.severity, pager?.severity]).toEqual(['ticket', 'page'])
    const causes = [
      { code: 'CONNECT_REFUSED', count: 59 },
      { code: 'TLS_EXPIRED', count: 1 },
    ]
    expect(board?.event).toMatchObject({ open: 60, causes })
    expect(pager?.event.type === 'storm' && pager.event.monitors).toHaveLength(50)
  })

  test('is joined by what follows within the hour; then it is a storm of its own, which the next ones join', () => {
    const desk = new Desk(rulesOf({ watched }))
    const some = (from: number, atMs: number) => all(downEvent, atMs).slice(from, from + 20)
    desk.take(0, ...some(0, 0))
    desk.take(59 * minute, ...some(20, 59 * minute))
    expect(desk.openAt('pager')).toHaveLength(1)
    desk.take(60 * minute, ...some(40, 60 * minute))
    expect(desk.openAt('pager')).toHaveLength(2)
    desk.take(62 * minute, ...some(60, 62 * minute))
    const sizes = Object.values(desk.state.alerts.pager ?? {}).map(({ members }) => members.length)
    expect(sizes).toEqual([40, 40])
  })

  test('is what comes within a quarter of a second, though it does not come at once', () => {
    const desk = new Desk(rulesOf({ watched, gatherMs: 250, storm: { count: 1, withinMs: minute } }))
    desk.take(0, downEvent('m0', 0))
    desk.take(100, downEvent('m1', 100))
    expect([desk.sent, desk.wakeMs]).toEqual([[], 250])
    desk.take(250, { kind: 'clock' })
    expect(desk.sent.map(({ event }) => event.type)).toEqual(['storm'])
  })

  test('of a minute ago says nothing about what comes later', () => {
    const desk = new Desk(rulesOf({ watched }))
    desk.take(0, ...all(downEvent, 0).slice(0, 100))
    desk.take(2 * minute, downEvent('m200', 2 * minute))
    expect(desk.openAt('pager')).toContain('vedette/shop/m200')
  })
})

describe('notes', () => {
  const moved: EventOf<'failover.done'> = {
    ...{ service: 'shop', atMs: 5 * minute, type: 'failover.done', failover: 'api', record: 'api.example.com' },
    ...{ to: 'euw1', tookMs: 1200 },
  }

  test('go to every destination once', () => {
    const routes = [
      routeRule('pager'),
      routeRule('board', { list: 'ticket' }),
      routeRule('again', { destination: 'pager' }),
    ]
    const desk = new Desk(rulesOf({ routes }))
    desk.take(5 * minute, moved)
    expect(desk.sent.map(({ action, route }) => [action, route])).toEqual([
      ['note', 'pager'],
      ['note', 'board'],
    ])
  })

  test('are one a destination for a whole move, with why it was made', () => {
    const desk = new Desk(rulesOf({ routes: [routeRule('pager'), routeRule('board', { list: 'ticket' })] }))
    const { service, failover, record } = moved
    const head = { service, failover, record, to: 'euw1' }
    const reasons = ['use1 is down for 2 vantages.']
    desk.take(5 * minute, { ...head, atMs: 5 * minute, type: 'failover.started', why: 'failover', reasons })
    desk.take(5 * minute, moved)
    desk.take(6 * minute, { ...head, atMs: 6 * minute, type: 'failover.verified' })
    expect(desk.sent.map(({ route, event }) => [route, event.type])).toEqual([
      ['pager', 'failover.done'],
      ['board', 'failover.done'],
    ])
    expect(desk.sent[0]?.acts.map(({ text }) => text)).toEqual([
      'Failover api: api.example.com is being moved to euw1 (failover): use1 is down for 2 vantages.',
    ])
  })

  test('of what was changed stand in alerts that follow within the hour', () => {
    const desk = new Desk(rulesOf())
    desk.take(5 * minute, moved)
    desk.take(20 * minute, downEvent('a', 20 * minute))
    desk.take(65 * minute, downEvent('b', 65 * minute))
    const [a, b] = desk.sent.filter(({ action }) => action === 'open')
    const moves = [{ atMs: 5 * minute, text: 'failover api: api.example.com moved to euw1' }]
    expect(a?.changes).toEqual(moves)
    expect(b?.changes).toEqual([])
    // What came after it did not make it.
    desk.take(66 * minute, { service: 'shop', atMs: 66 * minute, type: 'change', text: 'rolled back' })
    desk.take(67 * minute, recoveredEvent('a', 67 * minute))
    expect(desk.sent.at(-1)).toMatchObject({ action: 'close', changes: moves })
  })

  test('a decision stands in the alerts of the monitors that it is about', () => {
    const desk = new Desk(rulesOf({ watched: [monitorRule('a', { failovers: ['api'] }), monitorRule('b')] }))
    desk.take(0, { ...moved, atMs: 0 })
    desk.take(1000, downEvent('a', 1000), downEvent('b', 1000))
    desk.take(hour, recoveredEvent('a', hour))
    desk.take(2 * hour, downEvent('a', 2 * hour))
    expect(desk.sent.filter(({ action }) => action === 'open').map(({ acts }) => acts.length)).toEqual([1, 0, 0])
  })

  test('stands there with why, also where it was to do nothing, or failed', () => {
    const watched = [monitorRule('a', { failovers: ['api'] })]
    const { service, failover, record } = moved
    const head = { service, failover, record, atMs: 0, to: 'euw1' }
    const actsOf = (event: VedetteEvent) => {
      const desk = new Desk(rulesOf({ watched }))
      desk.take(0, event)
      desk.take(1000, downEvent('a', 1000))
      return desk.sent.find(({ event: { type } }) => type === 'monitor.down')?.acts.map(({ text }) => text)
    }
    const reasons = ['No vote from eu-west-1.', 'One more is needed.']
    expect(actsOf({ ...head, type: 'failover.refused', code: 'BLIND', reasons })).toEqual([
      'Failover api: api.example.com was not moved to euw1: BLIND: No vote from eu-west-1. One more is needed.',
    ])
    expect(
      actsOf({ ...head, type: 'failover.failed', code: 'NOT_VERIFIED', detail: 'ns1 has the old answer' }),
    ).toEqual(['Failover api: moving api.example.com to euw1 failed: NOT_VERIFIED: ns1 has the old answer'])
  })

  test('what was done stands there though it is settled and its standby is not ready', () => {
    const desk = new Desk(rulesOf({ watched: [monitorRule('a', { failovers: ['api'] })] }))
    const { service, failover, record } = moved
    const problems = [{ code: 'NO_STANDBY', detail: 'use1 is down' }]
    desk.take(0, { ...moved, atMs: 0 })
    desk.take(1000, { service, failover, record, atMs: 1000, type: 'failover.notReady', problems })
    desk.take(2000, { service, failover, record, atMs: 2000, type: 'failover.settled' })
    desk.take(3000, downEvent('a', 3000))
    const alert = desk.sent.find(({ action, event }) => action === 'open' && event.type === 'monitor.down')
    expect(alert?.acts.map(({ text }) => text)).toEqual(['Failover api: api.example.com was moved to euw1'])
  })

  test('that come twice, where messages may, are told once', () => {
    const change: VedetteEvent = { service: 'shop', atMs: 1, type: 'change', text: 'deployed v42' }
    const desk = new Desk(rulesOf({ isUnordered: true, routes: [routeRule('pager')] }))
    desk.take(5 * minute, moved, change, moved)
    desk.take(6 * minute, change, moved, { ...change, atMs: 6 * minute })
    expect(desk.sent.map(({ event }) => event.type)).toEqual(['failover.done', 'change', 'change'])
    expect(desk.state.changes.map(({ atMs }) => atMs)).toEqual([6 * minute, 5 * minute, 1])
    desk.take(14 * 24 * hour, change)
    expect(desk.sent).toHaveLength(3)
    desk.take(15 * 24 * hour, { kind: 'clock' })
    expect(desk.state.over).toEqual({})
  })

  test('of what was done last stand in alerts, whatever order they come in', () => {
    const watched = [monitorRule('a', { failovers: ['api'] })]
    const desk = new Desk(rulesOf({ watched, isUnordered: true }))
    const { service, failover, record } = moved
    const head = { service, failover, record, to: 'euw1' }
    desk.take(5 * minute, moved)
    desk.take(5 * minute, { ...head, atMs: 4 * minute, type: 'failover.started', why: 'failover', reasons: [] })
    desk.take(6 * minute, downEvent('a', 6 * minute))
    const alert = desk.sent.find(({ action }) => action === 'open')
    expect(alert?.acts.map(({ text }) => text)).toEqual(['Failover api: api.example.com was moved to euw1'])
  })

  test('a sign of life is told as often as asked', () => {
    const desk = new Desk(rulesOf({ heartbeatMs: 24 * hour }))
    for (let atMs = 0; atMs <= 72 * hour; atMs += hour) desk.take(atMs, { kind: 'clock' })
    expect(desk.sent.filter(({ route }) => route === 'pager')).toHaveLength(3)
  })
})

describe('a route that failed, with nothing left to be told', () => {
  const failing = 'vedette/shop/route/pager'
  const clocks = (desk: Desk, fromMs: number, toMs: number) => {
    for (let atMs = fromMs; atMs <= toMs; atMs += minute) desk.take(atMs, { kind: 'clock' })
  }
  const change = (atMs: number): VedetteEvent => ({ service: 'shop', atMs, type: 'change', text: 'deployed v42' })
  const refused = (desk: Desk, isFinal: boolean) => {
    desk.refuse = ({ route }) => (route === 'pager' ? { reason: 'HTTP 503', isFinal } : undefined)
  }

  test('is asked every ten minutes, and it alone, until it works again', () => {
    const desk = new Desk(rulesOf())
    refused(desk, false)
    desk.take(0, change(0))
    clocks(desk, minute, 2 * hour)
    expect([desk.state.outbox, desk.state.lost]).toEqual([[], 1])
    expect(desk.state.incidents[failing]?.event).toMatchObject({ unheard: 'Changed: deployed v42' })
    desk.refuse = () => undefined
    clocks(desk, 2 * hour + minute, 2 * hour + 11 * minute)
    expect(Object.keys(desk.state.incidents)).toEqual([])
    expect(desk.told('pager')).toHaveLength(1)
    expect(desk.told('board').map((told) => told.split(' ')[0])).toEqual(['note', 'open', 'close'])
    clocks(desk, 3 * hour, 5 * hour)
    expect(desk.told('pager')).toHaveLength(1)
  })

  test('is not asked where it refused an alert for good, which it would only refuse anew', () => {
    const desk = new Desk(rulesOf())
    desk.refuse = ({ action, route }) =>
      action === 'open' && route === 'pager' ? { reason: 'HTTP 400', isFinal: true } : undefined
    desk.take(0, downEvent('a', 0))
    clocks(desk, minute, 3 * hour)
    expect(desk.told('pager')).toEqual([])
    expect(desk.told('board')).toEqual(['open a', 'open route/pager'])
  })
})

describe('for every history', () => {
  const monitor = fc.constantFrom('a', 'b', 'c', 'd')
  const step = fc.oneof(
    fc.record({ do: fc.constant('down' as const), monitor }),
    fc.record({ do: fc.constant('degraded' as const), monitor }),
    fc.record({ do: fc.constant('up' as const), monitor }),
    fc.record({ do: fc.constant('pass' as const), ms: fc.integer({ min: 1, max: 3 * hour }) }),
    fc.record({
      ...{ do: fc.constant('broken' as const), route: fc.constantFrom('pager', 'board', 'none') },
      ...{ isFinal: fc.boolean(), retryAfterMs: fc.constantFrom(0, 10 * minute) },
    }),
  )
  const make = { down: downEvent, degraded: degradedEvent, up: recoveredEvent }

  test('alerts open = incidents open, each opened once and closed once, whatever is muted, grouped, late or refused', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.integer({ min: 2, max: 5 }), (steps, count) => {
        const watched = [
          monitorRule('a'),
          monitorRule('b', { dependsOn: ['a'], graceMs: 90 * second }),
          monitorRule('c', {
            severity: 'ticket',
            maintenance: [{ cron: '0 */4 * * *', timeZone: 'UTC', forMs: hour }],
          }),
          monitorRule('d', { tags: ['x'] }),
        ]
        const desk = new Desk(rulesOf({ watched, storm: { count, withinMs: minute }, remindMs: hour, gatherMs: 250 }))
        let nowMs = 0
        for (const one of steps) {
          nowMs += 7
          nowMs += one.do === 'pass' ? one.ms : 0
          if (one.do === 'pass') desk.take(nowMs, { kind: 'clock' })
          else if (one.do === 'broken')
            desk.refuse = ({ route }) => {
              const { isFinal, retryAfterMs } = one
              return route === one.route ? { reason: 'broken', isFinal, retryAfterMs } : undefined
            }
          else desk.take(nowMs, make[one.do](one.monitor, nowMs))
        }
        desk.refuse = () => undefined
        // Outside c's maintenance, and long enough for all that waits.
        for (const ms of [hour, hour, 2 * hour]) {
          nowMs += ms
          desk.take(nowMs, { kind: 'clock' })
        }
        expect(desk.state.outbox).toEqual([])
        const mayBeMuted = Object.hasOwn(desk.state.incidents, 'vedette/shop/a')
          ? ['vedette/shop/b', 'vedette/shop/b:degraded']
          : []
        for (const route of ['pager', 'board']) {
          const alerts = Object.values(desk.state.alerts[route] ?? {}).filter(
            ({ isRefused, members }) => !(isRefused && members.every((key) => mayBeMuted.includes(key))),
          )
          expect(desk.openAt(route)).toEqual(alerts.map(({ key }) => key).sort())
        }
        const told = Object.values(desk.state.alerts).flatMap((alerts) =>
          Object.values(alerts).flatMap(({ members }) => members),
        )
        const open = Object.keys(desk.state.incidents)
        expect(told.filter((key) => !open.includes(key))).toEqual([])
        expect(open.filter((key) => !told.includes(key) && !mayBeMuted.includes(key))).toEqual([])
        expect(desk.errors).toEqual([])
        for (const id of ['a', 'b', 'c', 'd']) desk.take(nowMs, recoveredEvent(id, nowMs))
        // A route that has nothing to be told is asked within ten minutes whether it works again.
        for (const ms of [minute, 11 * minute, 12 * minute]) desk.take(nowMs + ms, { kind: 'clock' })
        expect([desk.openAt('pager'), desk.openAt('board')]).toEqual([[], []])
      }),
      { numRuns: 300 },
    )
  })
})
