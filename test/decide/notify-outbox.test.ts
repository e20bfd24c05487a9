import { describe, expect, test } from 'vitest'
import { initialNotifyState } from '../../lib/decide/notice.ts'
import { mostWaiting } from '../../lib/decide/notify-outbox.ts'
import { freeAtMs, noteCall } from '../../lib/decide/notify-pace.ts'
import { Desk, downEvent, recoveredEvent, routeRule, rulesOf } from '../support/notify.ts'

const minute = 60_000
const hour = 60 * minute

describe('a route that cannot be told', () => {
  test('is told of on the other one, which takes over its incidents, and ends them', () => {
    const desk = new Desk(rulesOf())
    desk.refuse = ({ route }) => (route === 'pager' ? { reason: '400: invalid key', isFinal: true } : undefined)
    desk.take(0, downEvent('a', 0))
    expect(desk.openAt('board')).toEqual(['vedette/shop/a', 'vedette/shop/route/pager'])
    expect(desk.sent.find(({ key }) => key.endsWith('route/pager'))?.event).toMatchObject({
      reason: '400: invalid key',
      unheard: expect.stringContaining('a is down: CONNECT_REFUSED'),
    })
    desk.refuse = () => undefined
    desk.take(1000, recoveredEvent('a', 1000))
    desk.take(11 * minute, { kind: 'clock' })
    expect([desk.openAt('board'), desk.state.outbox]).toEqual([[], []])
  })

  test('is tried again where it may pass, each incident in its order', () => {
    const desk = new Desk(rulesOf())
    desk.refuse = ({ route }) => (route === 'pager' ? { reason: '503', isFinal: false } : undefined)
    desk.take(0, downEvent('a', 0))
    desk.take(1000, recoveredEvent('a', 1000), downEvent('b', 1000))
    desk.take(5 * minute, { kind: 'clock' })
    expect(desk.told('pager')).toEqual([])
    desk.refuse = () => undefined
    desk.take(10 * minute, { kind: 'clock' })
    expect(desk.told('pager')).toEqual(['open a', 'close a', 'open b'])
    expect(desk.openAt('board')).toEqual(['vedette/shop/b'])
    desk.take(11 * minute, recoveredEvent('b', 11 * minute))
    expect([desk.openAt('pager'), desk.openAt('board')]).toEqual([[], []])
  })

  test('hears of what is still open when it works again, however long that took', () => {
    const desk = new Desk(rulesOf({ routes: [routeRule('pager')] }))
    desk.refuse = () => ({ reason: 'no connection', isFinal: false })
    desk.take(0, downEvent('a', 0), downEvent('b', 0))
    for (let atMs = minute; atMs < 5 * hour; atMs += minute) desk.take(atMs, { kind: 'clock' })
    desk.take(5 * hour, recoveredEvent('b', 5 * hour))
    desk.refuse = () => undefined
    for (const atMs of [1, 2, 3]) desk.take(5 * hour + atMs * minute, { kind: 'clock' })
    expect(desk.told().toSorted()).toEqual(['close b', 'open a', 'open b'])
    expect([desk.openAt('pager'), desk.state.lost]).toEqual([['vedette/shop/a'], 0])
  })

  test('that cannot take one notice is told of the others', () => {
    const desk = new Desk(rulesOf({ routes: [routeRule('pager')] }))
    desk.refuse = ({ key }) => (key.endsWith('/a') ? { reason: '500', isFinal: false } : undefined)
    desk.take(0, downEvent('a', 0), downEvent('b', 0))
    for (let atMs = minute; atMs < hour; atMs += minute) desk.take(atMs, { kind: 'clock' })
    expect(desk.openAt('pager')).toEqual(['vedette/shop/b'])
  })

  test('is left alone for as long as it asks for, an hour at most', () => {
    const desk = new Desk(rulesOf({ routes: [routeRule('pager')] }))
    let calls = 0
    desk.refuse = () => {
      calls++
      return { reason: '429', isFinal: false, retryAfterMs: calls === 1 ? 10 * minute : 1000 * hour }
    }
    desk.take(0, downEvent('a', 0))
    for (let atMs = 0; atMs < 10 * minute; atMs += minute) desk.take(atMs, { kind: 'clock' })
    expect(calls).toBe(1)
    desk.take(10 * minute, { kind: 'clock' })
    desk.take(69 * minute, { kind: 'clock' })
    expect(calls).toBe(2)
    desk.take(70 * minute, { kind: 'clock' })
    expect(calls).toBe(3)
  })

  test.each([
    ['once it takes something else', (desk: Desk) => desk.take(2000, downEvent('b', 2000))],
    [
      'once a process has begun that may have another key',
      (desk: Desk) => desk.take(2000, { kind: 'started', isFresh: true }),
    ],
    ['with the next reminder', (desk: Desk) => desk.take(hour, { kind: 'clock' })],
  ])('that refused an incident is told of it %s', (_, act) => {
    const desk = new Desk(rulesOf({ routes: [routeRule('pager')], remindMs: hour }))
    desk.refuse = () => ({ reason: '403', isFinal: true })
    desk.take(0, downEvent('a', 0))
    desk.refuse = () => undefined
    desk.take(1000, { kind: 'started', isFresh: false })
    expect(desk.told()).toEqual([])
    act(desk)
    expect(desk.told()).toContain('open a')
    expect(desk.openAt('pager')).toContain('vedette/shop/a')
  })

  test('with a change event does not hold back an alert', () => {
    const desk = new Desk(rulesOf({ routes: [routeRule('pager')] }))
    desk.refuse = ({ action }) => (action === 'note' ? { reason: '500', isFinal: false } : undefined)
    desk.take(0, { service: 'shop', atMs: 0, type: 'change', text: 'deployed v42' })
    desk.take(1, downEvent('a', 1))
    expect(desk.told()).toEqual(['open a'])
    desk.refuse = () => undefined
    desk.take(minute, { kind: 'clock' })
    expect(desk.told().map((text) => text.split(' ')[0])).toEqual(['open', 'note'])
  })

  test.each([
    ['a change', (action: string) => action === 'note', 20],
    ['one incident', (_: string, key: string) => key.endsWith('/a'), 120],
  ])('for %s alone is told of once, not each time that it takes something else', (_, isRefused, minutes) => {
    const desk = new Desk(rulesOf())
    desk.refuse = ({ route, action, key }) =>
      route === 'pager' && isRefused(action, key) ? { reason: '500', isFinal: false } : undefined
    desk.take(0, { service: 'shop', atMs: 0, type: 'change', text: 'deployed v42' }, downEvent('a', 0))
    for (let i = 1; i < minutes; i++) {
      const event = i % 2 === 0 ? recoveredEvent('b', i * minute) : downEvent('b', i * minute)
      desk.take(i * minute, event)
    }
    expect(desk.told('board').filter((text) => text === 'open route/pager')).toHaveLength(1)
    expect(desk.told('pager').length).toBeGreaterThan(minutes / 4)
  })

  test('two routes that both fail do not tell each other for ever', () => {
    const desk = new Desk(rulesOf())
    desk.refuse = () => ({ reason: 'no connection', isFinal: true })
    desk.take(0, downEvent('a', 0))
    for (let atMs = minute; atMs < 10 * minute; atMs += minute) desk.take(atMs, { kind: 'clock' })
    expect(desk.state.outbox).toEqual([])
    expect(Object.keys(desk.state.incidents)).toHaveLength(3)
  })

  test('has a queue with a bound: what is only news gives way', () => {
    const desk = new Desk(rulesOf({ routes: [routeRule('pager')] }))
    desk.refuse = () => ({ reason: 'no connection', isFinal: false })
    desk.take(0, downEvent('a', 0))
    const [open] = desk.state.outbox
    const more = Array.from({ length: mostWaiting - 1 }, (_, i) => ({
      ...open,
      id: 100 + i,
      action: i === 5 ? 'note' : 'close',
    }))
    desk.state = { ...desk.state, nextId: 5000, outbox: [...desk.state.outbox, ...more] as typeof desk.state.outbox }
    desk.take(1, downEvent('b', 1))
    expect(desk.state.outbox.length).toBe(mostWaiting)
    expect(desk.state.outbox.filter(({ action }) => action === 'note')).toEqual([])
    expect([desk.state.outbox[0]?.id, desk.state.lost]).toEqual([open?.id, 1])
  })
})

describe('an end that a route refused', () => {
  const refusedOnce = () => {
    const desk = new Desk(rulesOf())
    desk.take(0, downEvent('a', 0))
    desk.refuse = ({ route }) => (route === 'pager' ? { reason: '403: key disabled', isFinal: true } : undefined)
    desk.take(1000, recoveredEvent('a', 1000))
    expect(desk.openAt('pager')).toEqual(['vedette/shop/a'])
    return desk
  }

  test('is told once the route works again, which is found out though nothing is left to be told', () => {
    const desk = refusedOnce()
    desk.refuse = () => undefined
    desk.take(11 * minute, { kind: 'clock' })
    desk.take(12 * minute, { kind: 'clock' })
    expect([desk.openAt('pager'), desk.openAt('board'), desk.errors]).toEqual([[], [], []])
  })

  test('is given up where it is refused again and again', () => {
    const desk = refusedOnce()
    let ends = 0
    desk.refuse = ({ action, route }) => {
      if (action !== 'close' || route !== 'pager') return undefined
      ends++
      return { reason: '400', isFinal: true }
    }
    for (let atMs = 11 * minute; atMs < 2 * hour; atMs += minute) desk.take(atMs, { kind: 'clock' })
    expect([ends, desk.state.refused, desk.state.lost]).toEqual([4, [], 1])
  })

  test('is told once where it has begun anew and ended again meanwhile', () => {
    const desk = refusedOnce()
    desk.refuse = ({ route }) => (route === 'pager' ? { reason: '503', isFinal: false } : undefined)
    desk.take(2000, downEvent('a', 2000))
    desk.take(3000, recoveredEvent('a', 3000))
    desk.refuse = () => undefined
    for (let atMs = minute; atMs < 20 * minute; atMs += minute) desk.take(atMs, { kind: 'clock' })
    expect(desk.told('pager')).toEqual(['open a', 'open a', 'close a'])
    expect([desk.state.refused, desk.errors]).toEqual([[], []])
  })

  test('ends nothing that has begun anew', () => {
    const desk = refusedOnce()
    desk.refuse = () => undefined
    desk.take(2000, downEvent('a', 2000))
    desk.take(11 * minute, { kind: 'clock' })
    expect([desk.openAt('pager'), desk.state.refused]).toEqual([['vedette/shop/a'], []])
  })
})

describe('an alert whose beginning a route refused', () => {
  test('is not told to it in part: neither its end, nor what changed', () => {
    const desk = new Desk(rulesOf())
    desk.refuse = ({ route }) => (route === 'pager' ? { reason: '403', isFinal: true } : undefined)
    desk.take(0, downEvent('a', 0))
    desk.take(minute, recoveredEvent('a', minute))
    desk.refuse = () => undefined
    for (let atMs = 2 * minute; atMs < 20 * minute; atMs += minute) desk.take(atMs, { kind: 'clock' })
    expect(desk.told('pager').filter((text) => !text.startsWith('note'))).toEqual([])
    expect([desk.state.refused, desk.errors]).toEqual([[], []])
  })

  test('and which began anew before that is told of once', () => {
    const desk = new Desk(rulesOf())
    desk.refuse = ({ route }) => (route === 'pager' ? { reason: '503', isFinal: false } : undefined)
    desk.take(0, downEvent('a', 0))
    desk.take(1000, recoveredEvent('a', 1000))
    desk.take(2000, downEvent('a', 2000))
    const first = desk.state.outbox.find(({ route }) => route === 'pager')
    desk.refuse = ({ id }) => (id === first?.id ? { reason: '400', isFinal: true } : undefined)
    for (let atMs = minute; atMs < 20 * minute; atMs += minute) desk.take(atMs, { kind: 'clock' })
    expect([desk.told('pager'), desk.errors]).toEqual([['open a'], []])
  })

  test('has an end all the same where it merely failed for a day: the route may have taken it', () => {
    const desk = new Desk(rulesOf({ routes: [routeRule('pager')] }))
    desk.refuse = () => ({ reason: 'no answer within 10 s', isFinal: false })
    desk.take(0, downEvent('a', 0))
    for (let atMs = minute; atMs <= 25 * hour; atMs += 10 * minute) desk.take(atMs, { kind: 'clock' })
    expect(desk.state.outbox).toEqual([])
    desk.take(25 * hour + minute, recoveredEvent('a', 25 * hour + minute))
    expect(desk.state.outbox.map(({ action }) => action)).toEqual(['close'])
  })
})

describe('a queue that is full', () => {
  test('keeps the end of what was told, and leaves out what began and ended untold', () => {
    const desk = new Desk(rulesOf({ routes: [routeRule('pager')] }))
    desk.take(0, downEvent('a', 0), downEvent('b', 0))
    desk.refuse = () => ({ reason: 'no connection', isFinal: false })
    desk.take(1, recoveredEvent('c', 1), downEvent('d', 1))
    desk.take(2, recoveredEvent('a', 2))
    const [, end] = desk.state.outbox
    if (!end) throw new Error('expected the end of a')
    const flaps = Array.from({ length: mostWaiting }, (_, i) => ({
      ...{ ...end, id: 100 + i, key: 'vedette/shop/c' },
      action: i % 2 === 0 ? ('open' as const) : ('close' as const),
    }))
    desk.state = { ...desk.state, nextId: 5000, outbox: [...desk.state.outbox, ...flaps].slice(0, mostWaiting) }
    desk.take(3, recoveredEvent('b', 3))
    const waiting = desk.state.outbox.map(({ action, key }) => `${action} ${key.slice(-1)}`)
    expect([...new Set(waiting)].sort()).toEqual(['close a', 'close b', 'close c', 'open c', 'open d'])
    expect([desk.state.outbox.some(({ id }) => id === 100), desk.state.lost]).toEqual([false, 2])
  })
})

describe('the pace of a route', () => {
  test('holds for all runs that share the state: 110 calls a minute to PagerDuty, whoever makes them', () => {
    const [pager] = rulesOf().routes
    const state = initialNotifyState(0)
    if (!pager) throw new Error('expected a route')
    for (let i = 0; i < 109; i++) noteCall(state, pager, i)
    expect(freeAtMs(state, pager)).toBe(0)
    noteCall(state, pager, 500)
    expect(freeAtMs(state, pager)).toBe(minute)
    noteCall(state, pager, minute)
    expect(freeAtMs(state, pager)).toBe(minute + 1)
    expect(state.calls.pager).toHaveLength(110)
  })
})
