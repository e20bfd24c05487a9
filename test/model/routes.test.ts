import { describe, expect, test } from 'vitest'
import { ConfigError, parseConfig } from '../../lib/model/parse-config.ts'

const base = { service: 'shop', monitors: [{ id: 'a', kind: 'http', url: 'http://127.0.0.1/' }] }
const key = 'k'.repeat(32)
const pager = { kind: 'pagerduty', routingKey: key }

function problemsOf(more: Record<string, unknown>): string[] {
  try {
    parseConfig({ ...base, ...more })
    return []
  } catch (error) {
    if (error instanceof ConfigError)
      return error.problems.map(({ path, expected, got }) => `${path}: ${expected}: ${got}`)
    throw error
  }
}
const page = (...routes: unknown[]) => problemsOf({ routes: { page: routes } })

describe('routes', () => {
  test('are complete once read: names, addresses, hours in minutes', () => {
    const hours = { from: '22:00', to: '06:30', timeZone: 'Europe/Berlin' }
    const { routes, notify } = parseConfig({
      ...base,
      routes: {
        page: [pager, { ...pager, name: 'nights', hours, tags: ['web'] }],
        ticket: [{ kind: 'slack', webhook: { env: 'HOOK' } }],
      },
      notify: { reminders: '4h', heartbeat: '1d' },
    })
    expect(routes.page).toEqual([
      { kind: 'pagerduty', name: 'page-1', routingKey: key, url: 'https://events.pagerduty.com', mute: [] },
      {
        ...{
          kind: 'pagerduty',
          name: 'nights',
          routingKey: key,
          url: 'https://events.pagerduty.com',
          mute: [],
          tags: ['web'],
        },
        hours: {
          days: ['MON', 'TUE', 'WED', 'THU', 'FRI'],
          fromMinute: 1320,
          toMinute: 390,
          timeZone: 'Europe/Berlin',
        },
      },
    ])
    expect(routes.ticket).toEqual([{ kind: 'slack', name: 'ticket-1', webhook: { env: 'HOOK' }, mute: [] }])
    expect(notify).toEqual({
      ...{ remindMs: 14_400_000, heartbeatMs: 86_400_000, storm: { count: 10, withinMs: 60_000 }, mute: [], links: {} },
    })
  })

  test('are none by default', () => {
    expect(parseConfig(base).routes).toEqual({ page: [], ticket: [] })
  })

  test.each([
    ['a key that is too short', page({ kind: 'pagerduty', routingKey: 'abc' }), /routingKey: an integration key of 32/],
    ['a kind that is none', page({ kind: 'pager' }), /routes\.page\[0\].*pagerduty/],
    ['a key that is unknown', page({ ...pager, channel: 'x' }), /channel: a known key/],
    [
      'Slack by webhook and token at once',
      page({ kind: 'slack', webhook: { env: 'X' }, token: { env: 'Y' }, channel: 'C0123456789' }),
      /either "webhook", or/,
    ],
    ['Slack by a token alone', page({ kind: 'slack', token: { env: 'Y' } }), /either "webhook", or/],
    ['a channel by its name', page({ kind: 'slack', token: { env: 'Y' }, channel: '#ops' }), /the id of a channel/],
    [
      'a webhook with a user',
      page({ kind: 'webhook', url: 'https://u:p@example.com/hook' }),
      /an https URL without user/,
    ],
    ['plain HTTP to another machine', page({ kind: 'webhook', url: 'http://example.com/hook' }), /an https URL/],
    ['an API over plain HTTP', page({ ...pager, url: 'http://events.example.com' }), /an https URL/],
    ['a topic that is no ARN', page({ kind: 'sns', topicArn: 'alerts' }), /the ARN of a standard topic/],
    ['hours that are none', page({ ...pager, hours: { from: '9', to: '25:00' } }), /hours\.from: a time of day/],
    ['a zone that is none', page({ ...pager, hours: { from: '09:00', to: '17:00', timeZone: 'Berlin' } }), /time zone/],
    [
      'two of one name',
      page({ ...pager, name: 'ops' }, { ...pager, name: 'ops' }),
      /routes\.page\[1\]\.name: a name of its own/,
    ],
    ['a name that another is given', page(pager, { ...pager, name: 'page-1' }), /a name of its own/],
    [
      'a link with a script',
      problemsOf({ notify: { links: { logs: 'javascript:alert(1)' } } }),
      /an http or https URL/,
    ],
    ['reminders that would be noise', problemsOf({ notify: { reminders: '10s' } }), /reminders: a duration from 5m/],
  ])('%s is said', (_, problems, expected) => {
    expect(problems.join('\n')).toMatch(expected)
  })

  test('what is wrong with a secret is said without it', () => {
    const secret = 'https://hooks.slack.com/services/T000/B000/hunter2hunter2'
    const problems = page(
      { kind: 'slack', webhook: `${secret} `.replace('https', 'ftp') },
      { kind: 'pagerduty', routingKey: 'hunter2' },
    )
    expect(problems).toHaveLength(2)
    expect(problems.join()).not.toContain('hunter2')
  })
})
