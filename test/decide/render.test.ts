import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { messageOf } from '../../lib/decide/message.ts'
import type { Notice } from '../../lib/decide/notice.ts'
import { cut, oneLine } from '../../lib/decide/plain.ts'
import { pagerDutyCall } from '../../lib/decide/render-pagerduty.ts'
import { slackMessage } from '../../lib/decide/render-slack.ts'
import { snsMessage, subjectOf } from '../../lib/decide/render-sns.ts'
import { webhookBody } from '../../lib/decide/render-webhook.ts'
import type { VedetteEvent } from '../../lib/model/event.ts'
import { everyEvent } from '../support/every-event.ts'
import { downEvent } from '../support/notify.ts'
import { pagerDutyProblem } from '../support/pagerduty-server.ts'
import { slackProblem } from '../support/slack-server.ts'

const routingKey = 'a'.repeat(32)

const noticeOf = (event: VedetteEvent, more: Partial<Notice> = {}): Notice => ({
  ...{ id: 7, route: 'pager', action: 'open', key: 'vedette/shop/a', event, severity: 'page' },
  ...{ atMs: 60_000, openedMs: 1000, dependants: 0, changes: [], acts: [], links: {}, rounds: 0 },
  ...more,
})

const down = downEvent('a', 1000)
const whole = noticeOf(down, {
  dependants: 12,
  changes: [{ atMs: 500, text: 'deployed v42' }],
  acts: [{ atMs: 900, text: 'Failover api: shop.example.com was not moved: blind' }],
  links: {
    dashboard: 'https://d.example.com/?a=1&b=2',
    logs: 'https://l.example.com/',
    runbook: 'https://r.example.com/',
  },
})

describe('what is in a message', () => {
  test('the first line has the cause with its code and stage', () => {
    expect(messageOf(whole).title).toBe(
      'a is down: CONNECT_REFUSED (connect): expected a connection to 192.0.2.10:443, got refused',
    )
  })

  test('then since when, who sees it, over what, what changed before, what Vedette did, and links', () => {
    const { facts, links } = messageOf(whole)
    expect(Object.fromEntries(facts)).toMatchObject({
      What: 'https://a.example.com/',
      Since: '1970-01-01T00:00:01Z',
      'Seen by': '1 of 3 vantages: eu-west-1',
      Phase: 'connect',
      Over: 'IPv4',
      Address: '192.0.2.10',
      'With it': expect.stringContaining('12 monitors'),
      'Changed before': '1970-01-01T00:00:00Z deployed v42',
      Vedette: expect.stringContaining('blind'),
    })
    expect(links.map(({ text }) => text)).toEqual(['dashboard', 'logs', 'runbook'])
  })

  test('at its end, how long it was and what ended it', () => {
    const end: VedetteEvent = {
      service: 'shop',
      type: 'monitor.recovered',
      atMs: 61_000,
      monitor: 'a',
      target: 'x',
      sinceMs: 0,
    }
    const { title, facts, level } = messageOf(noticeOf(down, { action: 'close', atMs: 91_000, end }))
    expect([title.slice(0, 15), level]).toEqual(['Over: a is down', 'info'])
    expect(facts).toContainEqual(['Ended', '1970-01-01T00:01:31Z, after 1 min 30 s'])
    expect(facts).toContainEqual(['By', 'a is up again'])
  })

  test.each([
    [6.51, 'The certificate of api expires in 6.5 days'],
    [-2.04, 'The certificate of api expired 2 days ago'],
    [undefined, 'The certificate of api expires soon'],
  ])('of a certificate with %s days left', (daysRemaining, title) => {
    const event = { service: 'shop', atMs: 0, type: 'certificate.expiring', monitor: 'api', detail: '' } as const
    expect(messageOf(noticeOf({ ...event, ...(daysRemaining && { daysRemaining }) })).title).toBe(title)
  })

  test('what is told five minutes after it was measured, or later, says of when it is; an end does not', () => {
    const asOf = (more: Partial<Notice>) => messageOf(noticeOf(down, more)).facts.filter(([name]) => name === 'As of')
    expect([asOf({ atMs: 300_999 }), asOf({ atMs: 400_000, action: 'close' })]).toEqual([[], []])
    for (const action of ['open', 'remind'] as const)
      expect(asOf({ atMs: 301_000, action })).toEqual([['As of', '1970-01-01T00:00:01Z']])
  })

  test('an alarm without a number does not say that nobody sees it', () => {
    const blast = { vantages: [], seeing: 0, of: 3, families: [] }
    expect(messageOf(noticeOf(downEvent('a', 0, { blast }))).facts).toContainEqual(['Seen by', 'enough of 3 vantages'])
  })

  test('a storm of which one is left says so', () => {
    const causes = [{ code: 'CONNECT_REFUSED', count: 1 }]
    const storm = { service: 'shop', atMs: 0, type: 'storm', sinceMs: 0, open: 1, causes, monitors: ['a'] } as const
    expect(messageOf(noticeOf(storm as unknown as VedetteEvent)).title).toBe('1 incident is left: 1 × CONNECT_REFUSED')
  })

  test.each(everyEvent.map((event) => [event.type, event] as const))('%s has a first line of its own', (_, event) => {
    const { title, facts } = messageOf(noticeOf(event))
    expect(title).not.toMatch(/undefined|NaN|\[object/)
    expect(JSON.stringify(facts)).not.toMatch(/undefined|NaN|\[object/)
    expect(title.length).toBeGreaterThan(10)
  })
})

describe('what each destination gets', () => {
  const recovered: VedetteEvent = {
    ...{ service: 'shop', type: 'monitor.recovered', atMs: 61_000, monitor: 'a', target: 'x', sinceMs: 0 },
  }
  const causes = [{ code: 'CONNECT_REFUSED', count: 20 }]
  const storm: VedetteEvent = {
    ...{ service: 'shop', atMs: 0, type: 'storm', sinceMs: 0, open: 20, causes, monitors: ['a'] },
  }
  const moved: VedetteEvent = {
    ...{ service: 'shop', atMs: 4000, type: 'failover.done', failover: 'api', record: 'api.example.com' },
    ...{ to: 'euw1', tookMs: 900 },
  }

  test('a reminder says for how long; an end leaves out what was changed before; a storm of tickets is an error', () => {
    const namesOf = (action: Notice['action']) => messageOf({ ...whole, action }).facts.map(([name]) => name)
    expect(namesOf('remind')).toContain('Still open')
    expect(namesOf('update')).not.toContain('Still open')
    expect([namesOf('open').includes('Changed before'), namesOf('close').includes('Changed before')]).toEqual([
      true,
      false,
    ])
    const levelOf = (event: VedetteEvent) => messageOf(noticeOf(event, { severity: 'ticket' })).level
    expect([levelOf(storm), levelOf(down), levelOf(moved)]).toEqual(['error', 'error', 'warning'])
  })

  test('PagerDuty: when it opened, or was told again, and what it is about, to route and group by', () => {
    const payloadOf = (notice: Notice) => pagerDutyCall(notice, routingKey).body.payload
    const about = { group: 'shop', class: 'monitor.down', component: 'a', source: 'https://a.example.com/' }
    expect(pagerDutyCall(whole, routingKey).body).toMatchObject({ client_url: 'https://d.example.com/?a=1&b=2' })
    expect(payloadOf(whole)).toMatchObject({ ...about, timestamp: '1970-01-01T00:00:01.000Z' })
    expect(payloadOf({ ...whole, action: 'remind' })).toMatchObject({ timestamp: '1970-01-01T00:01:00.000Z' })
    const links = { runbook: 'https://r.example.com/' }
    expect(pagerDutyCall(noticeOf(moved, { action: 'note', links }), routingKey)).toMatchObject({
      path: '/v2/change/enqueue',
      body: {
        payload: { source: 'api.example.com', timestamp: '1970-01-01T00:00:04.000Z' },
        links: [{ text: 'runbook', href: links.runbook }],
      },
    })
  })

  test('Slack: whether it is over, links that nobody can close early, and how many lines did not fit', () => {
    const closed = slackMessage({ ...whole, action: 'close', end: recovered })
    expect(JSON.stringify(closed)).toContain('✅ *Over: a is down')
    const links = { logs: 'https://l.example.com/?q=a>b|<c&d' }
    expect(JSON.stringify(slackMessage(noticeOf(down, { links })))).toContain(
      '<https://l.example.com/?q=a%3Eb%7C%3Cc&amp;d|logs>',
    )
    for (const { text, elements = [] } of slackMessage(whole).blocks as { text?: object; elements?: object[] }[])
      for (const one of [...(text ? [text] : []), ...elements]) expect(one).toMatchObject({ verbatim: true })
    const problems = Array.from({ length: 30 }, (_, i) => ({ code: `P${i}`, detail: 'x'.repeat(900) }))
    const notReady = { ...moved, type: 'failover.notReady', problems } as unknown as VedetteEvent
    const shown = JSON.stringify(slackMessage(noticeOf(notReady)))
    const [, left] = /… \[cut: (\d+) more lines\]/.exec(shown) ?? []
    const told = messageOf(noticeOf(notReady)).facts.filter(([name]) => shown.includes(`*${name}*`)).length
    expect(told + Number(left)).toBe(messageOf(noticeOf(notReady)).facts.length)
  })

  test('a webhook: an id that no other notice has, what ended it, its environment, and lists of a hundred at most', () => {
    const more = { action: 'close', end: recovered } as const
    const body = webhookBody({ ...whole, ...more, event: { ...down, env: 'staging' } })
    expect(body).toMatchObject({ id: '60000-7', env: 'staging', end: { type: 'monitor.recovered' } })
    const blast = { vantages: Array(300).fill('v'), seeing: 300, of: 300, families: [] }
    const { event } = webhookBody(noticeOf(downEvent('a', 0, { blast }))) as { event: { blast: typeof blast } }
    expect(event.blast.vantages).toHaveLength(100)
    expect(webhookBody(whole)).not.toHaveProperty('env')
  })

  test('a topic: what subscriptions filter by', () => {
    const { attributes } = snsMessage({ ...whole, action: 'remind', severity: 'ticket' })
    expect(attributes).toEqual({
      ...{ action: 'remind', state: 'open', severity: 'ticket', level: 'error', type: 'monitor.down' },
    })
  })
})

describe('PagerDuty', () => {
  test('opens, reminds and resolves by the same key', () => {
    const actions = (['open', 'update', 'remind', 'close'] as const).map((action) => {
      const { path, body } = pagerDutyCall({ ...whole, action }, routingKey)
      return [path, body.event_action, body.dedup_key]
    })
    const trigger = ['/v2/enqueue', 'trigger', 'vedette/shop/a']
    expect(actions).toEqual([trigger, trigger, trigger, ['/v2/enqueue', 'resolve', 'vedette/shop/a']])
  })

  test('two problems of one code are both told', () => {
    const problems = ['one is down', 'two is down'].map((detail) => ({ code: 'STANDBY_DOWN', detail }))
    const about = { service: 'shop', atMs: 0, failover: 'api', record: 'api.test' }
    const { payload } = pagerDutyCall(noticeOf({ ...about, type: 'failover.notReady', problems }), routingKey).body
    expect(payload).toMatchObject({ custom_details: { STANDBY_DOWN: 'one is down; two is down' } })
  })

  test('is told of failovers and deployments as changes', () => {
    const { path, body } = pagerDutyCall(
      noticeOf({ service: 'shop', atMs: 1, type: 'change', text: 'v42' }, { action: 'note' }),
      routingKey,
    )
    expect([path, body.event_action]).toEqual(['/v2/change/enqueue', undefined])
  })

  test('a page is critical, a ticket an error or a warning', () => {
    const severity = (notice: Notice) =>
      (pagerDutyCall(notice, routingKey).body.payload as { severity: string }).severity
    expect(severity(noticeOf(down))).toBe('critical')
    expect(severity(noticeOf(down, { severity: 'ticket' }))).toBe('error')
    expect(severity(noticeOf({ ...down, type: 'monitor.degraded' } as VedetteEvent, { severity: 'ticket' }))).toBe(
      'warning',
    )
  })
})

describe('Slack', () => {
  const text = (notice: Notice) => JSON.stringify(slackMessage(notice))

  test('nothing that a peer says mentions anybody, or becomes a link', () => {
    const hostile = downEvent('a', 0, {
      cause: { code: 'HTTP_MALFORMED', message: '<!channel> <@U1> <http://evil|ok> & *b* `c`' },
    })
    const shown = text(noticeOf(hostile))
    expect(shown).not.toMatch(/<!|<@|<http/)
    expect(shown).toContain('&lt;!channel&gt; &lt;@U1&gt; &lt;http://evil|ok&gt; &amp; *\u200bb*\u200b')
  })

  test('its own links are links', () => {
    expect(text(whole)).toContain('<https://d.example.com/?a=1&amp;b=2|dashboard>')
  })

  test('a link that is too long leaves the others, and long links leave room for no more than Slack takes', () => {
    const long = (most: number) => `https://l.example.com/?${'a&'.repeat(most)}`
    const acts = Array.from({ length: 20 }, () => ({ atMs: 0, text: 'x'.repeat(900) }))
    const named = { target: 't'.repeat(2000), cause: { code: 'c'.repeat(2000), message: 'm'.repeat(2000) } }
    const blast = { vantages: ['v'.repeat(2000)], seeing: 1, of: 1, families: [], address: 'a'.repeat(2000) }
    const links = { dashboard: long(480), logs: 'https://l.example.com/', runbook: long(240) }
    const message = slackMessage(
      noticeOf(downEvent('a', 0, { ...named, blast }), { links, acts, changes: acts, dependants: 3 }),
    )
    const shown = JSON.stringify(message)
    expect(slackProblem(message)).toBeUndefined()
    expect(['dashboard', 'logs', 'runbook'].filter((name) => shown.includes(`|${name}>`))).toEqual([
      'dashboard',
      'logs',
    ])
  })
})

describe('SNS', () => {
  test('a subject is short and in ASCII, whatever it is about', () => {
    const cause = { code: 'X', message: 'ü\u0000\n<b>'.repeat(100) }
    const { subject, text } = snsMessage(noticeOf(downEvent('a', 0, { cause })))
    expect(subject).toMatch(/^[\x21-\x7e][\x20-\x7e]{0,98}$/)
    expect(text).toContain('Key: vedette/shop/a')
  })

  test('letters keep what ASCII has of them, and lines become one', () => {
    expect(subjectOf('zwölf\n→ Åre … 😀')).toBe('zwolf ? Are ... ?')
  })
})

describe('over every limit and under every attack', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 200 }),
    fc.string({ maxLength: 20_000, size: 'max' }),
    fc.constant('<!here>&"\'\\\n\u202e\ud800*_`'.repeat(300)),
  )
  const hostile = fc
    .record({
      message: text,
      target: text,
      resolver: text,
      address: text,
      vantages: fc.array(text, { maxLength: 300 }),
      change: text,
      acts: fc.array(text, { maxLength: 20 }),
    })
    .map(({ message, target, resolver, address, vantages, change, acts }) =>
      noticeOf(
        downEvent('a', 0, {
          target,
          cause: { code: 'HTTP_MALFORMED', stage: 'processing', message },
          blast: { vantages, seeing: vantages.length, of: 300, families: ['IPv4', 'IPv6'], address, resolver },
        }),
        { changes: [{ atMs: 0, text: change }], acts: acts.map((act) => ({ atMs: 0, text: act })) },
      ),
    )

  test('what is sent is never refused', () => {
    fc.assert(
      fc.property(hostile, fc.constantFrom('open', 'update', 'remind', 'close', 'note'), (notice, action) => {
        const { path, body } = pagerDutyCall({ ...notice, action: action as Notice['action'] }, routingKey)
        expect(pagerDutyProblem(path, body)).toBeUndefined()
        expect(slackProblem(slackMessage({ ...notice, action: action as Notice['action'] }))).toBeUndefined()
        const { subject, text } = snsMessage(notice)
        expect([subject.length < 100, Buffer.byteLength(text) < 262_144]).toEqual([true, true])
        expect(JSON.stringify(webhookBody(notice)).length).toBeLessThan(2_000_000)
      }),
      { numRuns: 60 },
    )
  })

  test('what was cut says so', () => {
    const cause = { code: 'HTTP_MALFORMED', message: 'x'.repeat(5000) }
    const notice = noticeOf(downEvent('a', 0, { cause }))
    const { summary } = pagerDutyCall(notice, routingKey).body.payload as { summary: string }
    expect(summary).toMatch(/… \[cut: \d+ more characters\]$/)
    expect(summary).toHaveLength(1024)
    expect(JSON.stringify(slackMessage(notice))).toMatch(/… \[cut: \d+ more characters\]/)
  })

  test('a text is never cut within a character, nor made longer', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 300 }), fc.integer({ min: 40, max: 300 }), (text, most) => {
        const short = cut(text, most)
        expect(short.length).toBeLessThanOrEqual(most)
        expect(short.isWellFormed()).toBe(true)
        expect(oneLine(short)).not.toMatch(/[\n\r\u0000\u202e]/)
      }),
    )
  })
})
