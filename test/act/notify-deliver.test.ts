import { createHmac } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { createDeliver } from '../../lib/act/notify-deliver.ts'
import { createLimits } from '../../lib/act/notify-limits.ts'
import type { Notice } from '../../lib/decide/notice.ts'
import type { Route } from '../../lib/model/route.ts'
import { type FaultyServer, faultyServer } from '../support/faulty-server.ts'
import { downEvent } from '../support/notify.ts'
import { type PagerDuty, startPagerDuty } from '../support/pagerduty-server.ts'
import { freePort } from '../support/ports.ts'
import { type Slack, startSlack } from '../support/slack-server.ts'

const key = 'k'.repeat(32)
const token = 'xoxb-1'

let pagerDuty: PagerDuty
let slack: Slack
let hook: FaultyServer
let waits: number[]

beforeEach(async () => {
  waits = []
  pagerDuty = await startPagerDuty([key])
  slack = await startSlack({ token })
  hook = await faultyServer(() => ({ status: 204, body: '' }))
})
afterEach(async () => {
  vi.useRealTimers()
  await Promise.all([pagerDuty.close(), slack.close(), hook.close()])
})

const base = { mute: [] }
const routes = (): Route[] => [
  { ...base, name: 'pager', kind: 'pagerduty', routingKey: { secret: 'pd' }, url: pagerDuty.url },
  { ...base, name: 'wrong', kind: 'pagerduty', routingKey: 'x'.repeat(32), url: pagerDuty.url },
  { ...base, name: 'bot', kind: 'slack', token: { secret: 'token' }, channel: 'C0123456789', url: `${slack.url}/api` },
  { ...base, name: 'hook', kind: 'slack', webhook: { secret: 'hook' } },
  { ...base, name: 'web', kind: 'webhook', url: `${hook.url}/in?token=abcdefgh`, secret: { secret: 'hmac' } },
  { ...base, name: 'unreadable', kind: 'pagerduty', routingKey: { secret: 'missing' }, url: pagerDuty.url },
  { ...base, name: 'odd', kind: 'slack', webhook: { secret: 'pd' } },
]

/** A sender whose waits pass at once, and for whom nothing else takes any time. */
function sender(more: Route[] = []) {
  let skippedMs = 0
  return createDeliver([...routes(), ...more], {
    secret: async (ref) => {
      const secrets: Record<string, string> = { pd: `${key}\n`, token, hook: slack.webhook, hmac: 'shared secret' }
      const name = 'secret' in ref ? ref.secret : ''
      const value = secrets[name]
      if (value === undefined)
        throw new Error(`the secret {"secret":"${name}"} could not be read: ResourceNotFoundException`)
      return value
    },
    pause: async (ms) => {
      waits.push(ms)
      skippedMs += ms
    },
    chance: () => 0,
    nowMs: () => skippedMs,
  })
}

const notice = (route: string, more: Partial<Notice> = {}): Notice => ({
  ...{ id: 1, route, action: 'open', key: 'vedette/shop/a', event: downEvent('a', 0), severity: 'page' },
  ...{ atMs: 0, openedMs: 0, dependants: 0, changes: [], acts: [], links: {}, rounds: 0 },
  ...more,
})
const deadline = { deadlineMs: 600_000 }

describe('PagerDuty', () => {
  test('takes a trigger and the resolve of the same key', async () => {
    const deliver = sender()
    expect(await deliver(notice('pager'), deadline)).toEqual({ kind: 'delivered' })
    expect(pagerDuty.open.get(key)).toEqual(new Set(['vedette/shop/a']))
    await deliver(notice('pager', { action: 'close' }), deadline)
    expect([pagerDuty.opened, pagerDuty.resolved, pagerDuty.dropped]).toEqual([
      ['vedette/shop/a'],
      ['vedette/shop/a'],
      [],
    ])
  })

  test.each([
    ['an overload', { status: 429 } as const],
    ['a request that came too slowly', { status: 408 } as const],
    ['one that came too early', { status: 425 } as const],
    ['an error of its own', { status: 503 } as const],
    ['a reset connection', 'reset' as const],
    ['an answer that is lost after the event was taken', { after: 'reset' as const }],
  ])('%s is tried again, and opens one alert', async (_, fault) => {
    pagerDuty.faults.push(fault, fault)
    expect(await sender()(notice('pager'), deadline)).toEqual({ kind: 'delivered' })
    expect(pagerDuty.opened).toEqual(['vedette/shop/a'])
    expect(waits).toEqual([500, 1000])
  })

  test('Retry-After is waited for, in seconds or as a date', async () => {
    pagerDuty.faults.push(
      { status: 429, retryAfter: '42' },
      { status: 503, retryAfter: new Date(Date.now() + 90_000).toUTCString() },
    )
    expect(await sender()(notice('pager'), deadline)).toEqual({ kind: 'delivered' })
    expect(waits[0]).toBe(42_000)
    expect(waits[1]).toBeGreaterThan(80_000)
  })

  test('a Retry-After that has passed is no reason to hurry', async () => {
    pagerDuty.faults.push(
      { status: 429, retryAfter: '0' },
      { status: 503, retryAfter: 'Sat, 21 Nov 2020 10:00:00 GMT' },
    )
    expect(await sender()(notice('pager'), deadline)).toEqual({ kind: 'delivered' })
    expect(waits).toEqual([500, 1000])
  })

  test.each(['reset', 'silent'] as const)(
    'an answer of 202 counts though its body ends in the middle (%s)',
    async (half) => {
      pagerDuty.faults.push({ half })
      const event = { service: 'shop', atMs: 0, type: 'change', text: 'deployed v42' } as const
      expect(await sender()(notice('pager', { action: 'note', event }), { deadlineMs: 2000 })).toEqual({
        kind: 'delivered',
      })
      expect(pagerDuty.changes).toEqual(['Changed: deployed v42'])
    },
  )

  test('a wrong key is refused once and never tried again, and not repeated in the reason', async () => {
    const outcome = await sender()(notice('wrong'), deadline)
    expect(outcome).toMatchObject({
      kind: 'undelivered',
      isFinal: true,
      reason: expect.stringMatching(/^400: .*Invalid routing key/),
    })
    expect(pagerDuty.received).toHaveLength(1)
    expect(JSON.stringify(outcome)).not.toContain('xxxxxxxx')
  })

  test('a key that was changed is read again, once it is refused', async () => {
    const keys = ['o'.repeat(32), key]
    const rotated: Route = {
      ...base,
      name: 'rotated',
      kind: 'pagerduty',
      routingKey: { secret: 'pd' },
      url: pagerDuty.url,
    }
    const deliver = createDeliver([rotated], {
      secret: async (_, { isStale = false } = {}) => keys[isStale ? 1 : 0] ?? '',
      ...{ pause: async () => {}, chance: () => 0, nowMs: () => performance.now() },
    })
    expect(await deliver(notice('rotated'), deadline)).toEqual({ kind: 'delivered' })
    expect(pagerDuty.received).toHaveLength(2)
  })

  test('one that stays broken is given up, with what it said last', async () => {
    pagerDuty.faults.push(...Array(20).fill({ status: 500 }))
    const outcome = await sender()(notice('pager'), deadline)
    expect(outcome).toEqual({ kind: 'undelivered', reason: expect.stringMatching(/^500/), isFinal: false })
    expect(pagerDuty.received).toHaveLength(6)
  })

  test('nothing is tried beyond the deadline; how long it asks to be left alone is handed on', async () => {
    pagerDuty.faults.push({ status: 429, retryAfter: '3600' })
    expect(await sender()(notice('pager'), { deadlineMs: 60_000 })).toMatchObject({
      ...{ kind: 'undelivered', isFinal: false, retryAfterMs: 3_600_000 },
    })
    expect([pagerDuty.received.length, waits]).toEqual([1, []])
  })

  test('one that says nothing is broken off', async () => {
    pagerDuty.faults.push('silent')
    expect(await sender()(notice('pager'), { deadlineMs: 300 })).toMatchObject({ reason: 'no answer within 0.3 s' })
  })

  test('broken off by us, it is told by what it did before', async () => {
    pagerDuty.faults.push({ status: 503 }, 'silent')
    const stop = new AbortController()
    const told = sender()(notice('pager'), { ...deadline, signal: stop.signal })
    await vi.waitFor(() => expect(pagerDuty.received).toHaveLength(2), 10_000)
    stop.abort()
    expect(await told).toMatchObject({ reason: expect.stringMatching(/^503/), isFinal: false })
  })

  test('at a port that fetch blocks, that is the reason', async () => {
    const odd: Route = { ...base, name: 'port', kind: 'webhook', url: 'http://127.0.0.1:1/in' }
    expect(await sender([odd])(notice('port'), deadline)).toMatchObject({ reason: expect.stringContaining('blocks') })
  })

  test('one that cannot be reached is an error with a code', async () => {
    const port = await freePort()
    const gone: Route = { ...base, name: 'gone', kind: 'pagerduty', routingKey: key, url: `http://127.0.0.1:${port}` }
    expect(await sender([gone])(notice('gone'), deadline)).toEqual({
      kind: 'undelivered',
      reason: 'ECONNREFUSED',
      isFinal: false,
    })
  })

  test('a key that cannot be read is said by its name, and may be there later', async () => {
    expect(await sender()(notice('unreadable'), deadline)).toEqual({
      kind: 'undelivered',
      reason: expect.stringContaining('{"secret":"missing"} could not be read'),
      isFinal: false,
    })
  })

  test('no more than 110 calls a minute, whatever comes', async () => {
    const deliver = sender()
    for (let i = 0; i < 250; i++) await deliver(notice('pager', { key: `k${i}` }), deadline)
    expect(pagerDuty.opened).toHaveLength(250)
    // 110 at once, then again each minute.
    expect(waits.reduce((sum, ms) => sum + ms, 0)).toBeGreaterThan(110_000)
  })

  test('no more than 110 calls a minute to one key, though two routes lead to it', async () => {
    const second: Route = { ...base, name: 'second', kind: 'pagerduty', routingKey: key, url: pagerDuty.url }
    const deliver = sender([second])
    for (let i = 0; i < 112; i++) await deliver(notice(i % 2 ? 'pager' : 'second', { key: `k${i}` }), deadline)
    expect(waits.reduce((sum, ms) => sum + ms, 0)).toBe(60_000)
  })

  test('calls that were made before the clock was set back hold nobody up', async () => {
    let nowMs = 3_600_000
    const limits = createLimits({ pause: async (ms) => void waits.push(ms), nowMs: () => nowMs })
    const route = { ...base, name: 'pager', kind: 'pagerduty', routingKey: key, url: pagerDuty.url } as const
    for (let i = 0; i < 110; i++) await limits.wait(route, 7_200_000)
    nowMs = 0
    expect([await limits.wait(route, 10_000), waits]).toEqual([true, []])
  })

  test('a redirect is not followed: it would carry the key away', async () => {
    // One that keeps the method and the body would take them along.
    pagerDuty.faults.push({ status: 307, location: `${hook.url}/elsewhere` })
    expect(await sender()(notice('pager'), deadline)).toMatchObject({ kind: 'undelivered', isFinal: true })
    expect(hook.received).toEqual([])
  })
})

describe('Slack', () => {
  test('with a token the first message is edited at the end, and its thread told', async () => {
    const deliver = sender()
    const opened = await deliver(notice('bot'), deadline)
    expect(opened).toMatchObject({ kind: 'delivered', ref: expect.any(String) })
    const ref = opened.kind === 'delivered' ? opened.ref : undefined
    await deliver(notice('bot', { action: 'close', ...(ref && { ref }) }), deadline)
    expect(slack.posts).toEqual([
      { ts: ref, text: expect.stringContaining('a is down'), edits: [expect.stringContaining('Over: a is down')] },
      { ts: expect.any(String), text: expect.stringContaining('Over'), thread: ref, edits: [] },
    ])
  })

  test('a long message in any script is taken once, though the answer repeats it in six characters a letter', async () => {
    const event = downEvent('a', 0, { cause: { code: 'ASSERTION', stage: 'assert', message: '障'.repeat(2000) } })
    expect(await sender()(notice('bot', { event }), deadline)).toEqual({ kind: 'delivered', ref: slack.posts[0]?.ts })
    expect([slack.posts.length, waits]).toEqual([1, []])
  })

  test('a reminder is said in the thread, and the alert stays with its first message', async () => {
    const deliver = sender()
    const opened = await deliver(notice('bot'), deadline)
    const ref = opened.kind === 'delivered' ? opened.ref : undefined
    const more = ref ? { ref } : {}
    expect(await deliver(notice('bot', { action: 'remind', ...more }), deadline)).toEqual({ kind: 'delivered' })
    expect(slack.posts[1]).toMatchObject({ thread: ref, text: expect.stringContaining('Still: a is down') })
  })

  test.each(['edit_window_closed', 'cant_update_message'])(
    'a message that may not be edited any more is followed by its end in its thread (%s)',
    async (problem) => {
      const deliver = sender()
      const opened = await deliver(notice('bot'), deadline)
      const ref = opened.kind === 'delivered' ? opened.ref : undefined
      slack.editProblem = problem
      const closed = await deliver(notice('bot', { action: 'close', ...(ref && { ref }) }), deadline)
      expect(closed).toEqual({ kind: 'delivered' })
      expect(slack.posts[1]).toMatchObject({ thread: ref, text: expect.stringContaining('Over: a is down') })
    },
  )

  test('a reminder of a message that somebody deleted is said anew', async () => {
    const reminded = await sender()(notice('bot', { action: 'remind', ref: '1.1' }), deadline)
    expect(reminded).toEqual({ kind: 'delivered', ref: slack.posts[0]?.ts })
    expect(slack.posts).toMatchObject([{ text: expect.stringContaining('Still') }])
  })

  test('a message that somebody deleted is said anew', async () => {
    await sender()(notice('bot', { action: 'close', ref: '1.1' }), deadline)
    expect(slack.posts).toMatchObject([{ text: expect.stringContaining('Over') }])
  })

  test('an error in an answer of 200 is an error', async () => {
    const wrong: Route = {
      ...base,
      name: 'x',
      kind: 'slack',
      token: 'xoxb-other',
      channel: 'C0123456789',
      url: `${slack.url}/api`,
    }
    expect(await sender([wrong])(notice('x'), deadline)).toEqual({
      kind: 'undelivered',
      reason: 'invalid_auth',
      isFinal: true,
    })
  })

  test('an error of its own that may pass is tried again; any other is not', async () => {
    const deliver = sender()
    await deliver(notice('bot'), deadline)
    const edit = notice('bot', { action: 'update', ref: slack.posts[0]?.ts ?? '' })
    const tries = async (problem: string) => {
      slack.editProblem = problem
      const before = slack.received.length
      const outcome = await deliver(edit, deadline)
      return [outcome.kind === 'undelivered' && outcome.isFinal, slack.received.length - before]
    }
    expect([await tries('internal_error'), await tries('is_archived')]).toEqual([
      [false, 6],
      [true, 1],
    ])
  })

  test('a token that is echoed is not repeated in the reason', async () => {
    const deliver = sender()
    await deliver(notice('bot'), deadline)
    slack.editProblem = 'no such token: xoxb-1'
    const edited = await deliver(notice('bot', { action: 'update', ref: slack.posts[0]?.ts ?? '' }), deadline)
    expect(edited).toMatchObject({ reason: 'no such token: [secret]' })
  })

  test('a webhook is posted to, one message a second', async () => {
    const deliver = sender()
    for (let i = 0; i < 3; i++) await deliver(notice('hook'), deadline)
    expect(slack.posts).toHaveLength(3)
    expect(waits).toEqual([1100, 1100])
  })

  test('a sign of life proves the token, and writes nothing', async () => {
    const event = { service: 'shop', atMs: 0, type: 'route.heartbeat', test: false } as const
    expect(await sender()(notice('bot', { action: 'note', event }), deadline)).toEqual({ kind: 'delivered' })
    expect(slack.posts).toEqual([])
  })

  test.each(['http://hooks.example.com/x', 'https://user:pa55word@hooks.example.com/x'])(
    'an address that would give itself away, or cannot be posted to, is said so without showing it: %s',
    async (url) => {
      const route: Route = { ...base, name: 'x', kind: 'webhook', url: { env: 'HOOK' } }
      const deliver = createDeliver([route], {
        secret: async () => url,
        ...{ pause: async () => {}, chance: () => 0, nowMs: () => performance.now() },
      })
      const outcome = await deliver(notice('x'), deadline)
      expect(outcome).toMatchObject({
        reason: expect.stringContaining('{"env":"HOOK"} holds no https URL without user'),
      })
      expect(JSON.stringify(outcome)).not.toMatch(/example|pa55word/)
    },
  )

  test('a secret that is no address is said so, without showing it', async () => {
    const outcome = await sender()(notice('odd'), deadline)
    expect(outcome).toMatchObject({ kind: 'undelivered', reason: expect.stringContaining('holds no https URL') })
    expect(JSON.stringify(outcome)).not.toContain('kkkk')
  })
})

describe('a webhook', () => {
  test('is signed over time and body', async () => {
    await sender()(notice('web'), deadline)
    const [request] = hook.received
    const timestamp = String(request?.headers['vedette-timestamp'])
    expect(Math.abs(Number(timestamp) - Date.now() / 1000)).toBeLessThan(60)
    expect(request?.headers['content-type']).toMatch(/^application\/json/)
    // As docs/notifications.md has receivers check it.
    const expected = createHmac('sha256', 'shared secret').update(`${timestamp}.${request?.text}`).digest('hex')
    expect(request?.headers['vedette-signature']).toBe(`v1=${expected}`)
    expect(request?.json).toMatchObject({
      version: 1,
      action: 'open',
      key: 'vedette/shop/a',
      event: { type: 'monitor.down' },
    })
  })

  test('without a secret is not signed, and is of the same id each time that it is tried', async () => {
    const plain: Route = { ...base, name: 'plain', kind: 'webhook', url: `${hook.url}/in` }
    hook.faults.push({ after: 'reset' })
    await sender([plain])(notice('plain', { id: 17, atMs: 5 }), deadline)
    expect(hook.received.map(({ json }) => (json as { id: string }).id)).toEqual(['5-17', '5-17'])
    for (const { headers } of hook.received) expect(headers).not.toHaveProperty('vedette-signature')
  })

  test('its address is in no reason, even where the peer says it', async () => {
    const echo = await faultyServer(({ path }) => ({ status: 404, body: `no such place: ${path}` }))
    const route: Route = { ...base, name: 'echo', kind: 'webhook', url: `${echo.url}/in?token=abcdefgh` }
    const outcome = await sender([route])(notice('echo'), deadline)
    await echo.close()
    expect(outcome).toMatchObject({ kind: 'undelivered', isFinal: true })
    expect(JSON.stringify(outcome)).not.toContain('abcdefgh')
  })
})
