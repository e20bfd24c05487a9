import { describe, expect, test } from 'vitest'
import type { Monitor } from '../../lib/model/monitor.ts'
import { ConfigError, parseConfig } from '../../lib/model/parse-config.ts'
import type { Problem } from '../../lib/model/problem.ts'

const use1 = { id: 'use1', region: 'us-east-1', A: ['192.0.2.10'] }
const euw1 = { id: 'euw1', region: 'eu-west-1', A: ['198.51.100.20'] }
const api = { id: 'api', kind: 'http', url: 'https://api.example.com/health', slo: { objective: 99.9 } }

const failover = (more: object = {}) => ({
  ...{ id: 'api', hostedZoneId: 'Z1', zone: 'example.com', record: 'api.example.com', check: 'api' },
  endpoints: [use1, euw1],
  ...more,
})
const configOf = (more: object = {}, monitors: object[] = [api]) =>
  parseConfig({ service: 'shop', monitors, failovers: [failover(more)] })

function problemsOf(more: object, monitors: object[] = [api], rest: object = {}): Problem[] {
  try {
    parseConfig({ service: 'shop', monitors, failovers: [failover(more)], ...rest })
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
  return []
}

describe('the check of a failover', () => {
  const endpointsOf = (more: object, monitors: object[] = [api]) =>
    configOf(more, monitors).monitors.slice(monitors.length)

  test('is sent to each endpoint, with the host and the server name of the record', () => {
    expect(endpointsOf({})).toMatchObject([
      { id: 'api@use1', url: 'https://api.example.com/health', connectTo: '192.0.2.10:443', severity: 'ticket' },
      { id: 'api@euw1', url: 'https://api.example.com/health', connectTo: '198.51.100.20:443', severity: 'ticket' },
    ])
  })

  test('is a monitor of its own for each address, so that one that is down shows', () => {
    const both = { ...use1, A: ['192.0.2.10', '192.0.2.11'], AAAA: ['2001:db8::1'] }
    expect(endpointsOf({ endpoints: [both, euw1] })).toMatchObject([
      { id: 'api@use1.1', connectTo: '192.0.2.10:443' },
      { id: 'api@use1.2', connectTo: '192.0.2.11:443' },
      { id: 'api@use1.3', connectTo: '[2001:db8::1]:443' },
      { id: 'api@euw1' },
    ])
  })

  test('goes to names as they are, to be looked up when it is probed', () => {
    const alias = { id: 'lb', region: 'eu-west-1', alias: { hostedZoneId: 'Z2', dnsName: 'LB.example.net.' } }
    const sorry = { id: 'sorry', region: 'external', CNAME: 'status.example.net', lastResort: true, check: 'page' }
    const page = { id: 'page', kind: 'http', url: 'http://status.example.net:8080/' }
    expect(endpointsOf({ endpoints: [use1, alias, sorry] }, [api, page])).toMatchObject([
      { id: 'api@use1' },
      { id: 'api@lb', connectTo: 'lb.example.net:443' },
      { id: 'page@sorry', url: 'http://status.example.net:8080/', connectTo: 'status.example.net:8080' },
    ])
  })

  test.each([
    [{ id: 'api', kind: 'tls', host: 'api.example.com', port: 8443 }, { connectTo: '192.0.2.10:8443' }],
    [
      { id: 'api', kind: 'tcp', host: 'api.example.com', port: 25 },
      { host: '192.0.2.10', port: 25, tls: { serverName: 'api.example.com' } },
    ],
  ])('may be of another kind: %j', (monitor, expected) => {
    const [first] = endpointsOf({}, [monitor])
    expect(first).toMatchObject(expected)
  })

  test('does not count against an objective twice', () => {
    const { monitors } = configOf()
    expect(monitors.map(({ id, slo }: Monitor) => [id, slo !== undefined])).toEqual([
      ['api', true],
      ['api@use1', false],
      ['api@euw1', false],
    ])
  })

  test('is shared by failovers that ask the same of the same endpoint', () => {
    const failovers = [failover(), failover({ id: 'www', record: 'www.example.com' })]
    expect(parseConfig({ service: 'shop', monitors: [api], failovers }).monitors.map(({ id }) => id)).toEqual([
      'api',
      'api@use1',
      'api@euw1',
    ])
  })
})

test('a failover is complete: every default is there, durations in milliseconds', () => {
  expect(configOf().failovers).toMatchObject([
    {
      ...{ ttl: 60, quorum: {}, sustainMs: 10_000, mode: 'observe', switch: 'record', cooldownMs: 1_800_000 },
      ...{ maxPerDay: 2, failback: 'manual', hooks: {} },
    },
  ])
  expect(configOf({ failback: { after: '1h' }, drill: { every: '30d' } }).failovers).toMatchObject([
    { failback: { afterMs: 3_600_000 }, drill: { everyMs: 30 * 86_400_000 } },
  ])
})

describe('a failover is refused', () => {
  const dns = { id: 'zone', kind: 'dns', name: 'api.example.com' }
  const proxied = { ...api, id: 'proxied', url: 'http://api.example.com/', proxy: 'http://127.0.0.1:3128' }
  const inverted = { ...api, id: 'inverted', invert: true }
  const pinned = { ...api, id: 'pinned', connectTo: '192.0.2.1:443' }
  const loop = (form: string, to: unknown) => ({ id: 'loop', region: 'external', [form]: to })
  // With ".example.com" one character more than there is room for.
  const long = ['x', 'x', 'x', 'x'].map((letter, i) => letter.repeat(i < 3 ? 60 : 44)).join('.')
  test.each<[string, object, string]>([
    ['with endpoints that are one', { endpoints: [use1, { ...euw1, A: ['192.0.2.10'] }] }, 'endpoints[1]'],
    [
      'with the same addresses in another order',
      {
        endpoints: [
          { ...use1, A: ['192.0.2.10', '192.0.2.11'] },
          { ...euw1, A: ['192.0.2.11', '192.0.2.10'] },
        ],
      },
      'endpoints[1]',
    ],
    ['with an endpoint that is nowhere', { endpoints: [use1, { id: 'b', region: 'external' }] }, 'endpoints[1]'],
    ['with an endpoint in two forms', { endpoints: [use1, { ...euw1, CNAME: 'x.example.net' }] }, 'endpoints[1]'],
    [
      'with a last resort that has no check of its own: it fails the real one',
      { endpoints: [use1, euw1, { id: 'sorry', region: 'external', CNAME: 'x.example.net', lastResort: true }] },
      'endpoints[2].check',
    ],
    [
      "with an endpoint's own check that says nothing of it",
      { endpoints: [use1, { ...euw1, check: 'inverted' }] },
      'endpoints[1].check',
    ],
    [
      'with names that differ in spelling alone',
      {
        endpoints: [
          { id: 'a', region: 'external', CNAME: 'X.example.net.' },
          { id: 'b', region: 'external', CNAME: 'x.example.net' },
        ],
      },
      'endpoints[1]',
    ],
    [
      'with addresses that differ in spelling alone',
      {
        endpoints: [
          { id: 'a', region: 'external', AAAA: ['2001:db8::1'] },
          { id: 'b', region: 'external', AAAA: ['2001:0DB8:0:0::1'] },
        ],
      },
      'endpoints[1]',
    ],
    [
      'with an address twice, which Route 53 takes in no set',
      { endpoints: [use1, { ...euw1, AAAA: ['2001:db8::1', '2001:db8:0::1'] }] },
      'endpoints[1].AAAA[1]',
    ],
    ['with a name that is the record', { endpoints: [use1, loop('CNAME', 'API.example.com.')] }, 'endpoints[1].CNAME'],
    [
      'with an alias of the record',
      { endpoints: [use1, loop('alias', { hostedZoneId: 'Z1', dnsName: 'api.example.com' })] },
      'endpoints[1].alias',
    ],
    [
      'with an endpoint called as an address of another: one would have the votes on the other',
      {
        endpoints: [
          { ...use1, A: ['192.0.2.10', '192.0.2.11'] },
          { ...euw1, id: 'use1.2' },
        ],
      },
      'endpoints[1].id',
    ],
    ['with a check that a proxy answers', { check: 'proxied' }, 'check'],
    ['with a check that dials an address of its own, whatever the endpoint', { check: 'pinned' }, 'check'],
    ['with a check that is up where its target is down', { check: 'inverted' }, 'check'],
    ['with a hook that names no program', { hooks: { before: { command: [] } } }, 'hooks.before.command'],
    ['with nobody to verify it at', { servers: [] }, 'servers'],
    ['on a wildcard', { record: '*.example.com' }, 'record'],
    ['outside its zone', { record: 'api.example.org' }, 'record'],
    [
      'with a CNAME at the apex, however it is spelled',
      { record: 'Example.com.', endpoints: [use1, { id: 'b', region: 'external', CNAME: 'x.example.net' }] },
      'endpoints[1].CNAME',
    ],
    [
      'by health checks between three',
      { switch: 'health-check', endpoints: [use1, euw1, { ...euw1, id: 'c', A: ['198.51.100.21'] }] },
      'endpoints',
    ],
    [
      'by health checks between endpoints of other types: a dead one would still be answered',
      { switch: 'health-check', endpoints: [{ ...use1, AAAA: ['2001:db8::1'] }, euw1] },
      'endpoints',
    ],
    [
      'by health checks between a name and an address: Route 53 takes no other set beside a CNAME',
      { switch: 'health-check', endpoints: [use1, { id: 'b', region: 'external', CNAME: 'x.example.net' }] },
      'endpoints',
    ],
    [
      'by health checks with a hook after it, which each controller would call',
      { switch: 'health-check', hooks: { after: { lambda: 'arn' } } },
      'hooks',
    ],
    [
      'by health checks with a hook before it',
      { switch: 'health-check', hooks: { before: { lambda: 'arn' } } },
      'hooks',
    ],
    [
      'by health checks with a drill, which writes a record',
      { switch: 'health-check', drill: { every: '30d' } },
      'drill',
    ],
    ['with a record that leaves no room for the names before it', { record: `${long}.example.com` }, 'record'],
    ['with a question to DNS as its check', { check: 'zone' }, 'check'],
    [
      'with the last resort first',
      { endpoints: [{ ...use1, lastResort: true, check: 'api' }, euw1] },
      'endpoints[0].lastResort',
    ],
  ])('%s', (_, more, path) => {
    expect(problemsOf(more, [api, dns, proxied, inverted, pinned]).map((problem) => problem.path)).toEqual([
      `failovers[0].${path}`,
    ])
  })

  const more = { check: 'zz', record: 'api.example.org', endpoints: [use1, { ...euw1, A: use1.A }] }
  test.each<[string, object, string[]]>([
    ['its TTL', { ttl: '60' }, ['ttl', 'check', 'record', 'endpoints[1]']],
    ['a key that there is not', { sustian: '1s' }, ['sustian', 'check', 'record', 'endpoints[1]']],
    ['a zone that is none', { zone: 7 }, ['zone', 'check', 'endpoints[1]']],
    [
      'an endpoint without an id',
      { endpoints: [use1, { ...euw1, id: 7, check: 'yy' }] },
      ['endpoints[1].id', 'check', 'record', 'endpoints[1].check'],
    ],
    ['an address that is none', { endpoints: [use1, { ...euw1, A: ['x'] }] }, ['endpoints[1].A[0]', 'check', 'record']],
    ['endpoints that are none', { endpoints: 7 }, ['endpoints', 'check', 'record']],
    ['a record that is none', { record: 7 }, ['record', 'check', 'endpoints[1]']],
  ])('with all that is wrong with it at once, whatever it is: %s', (_, wrong, paths) => {
    expect(problemsOf({ ...more, ...wrong }).map((problem) => problem.path)).toEqual(
      paths.map((path) => `failovers[0].${path}`),
    )
  })

  test('but not with a record as long as may be, nor by health checks between an alias and addresses', () => {
    const alias = { id: 'lb', region: 'eu-west-1', alias: { hostedZoneId: 'Z2', dnsName: 'lb.example.net' } }
    expect(problemsOf({ record: `${long.slice(1)}.example.com` })).toEqual([])
    expect(problemsOf({ switch: 'health-check', endpoints: [use1, alias] })).toEqual([])
  })

  test('not for moving at once with others: two may, or a quarter of them', () => {
    const many = (count: number) =>
      Array.from({ length: count }, (_, i) => failover({ id: `f${i}`, record: `f${i}.example.com` }))
    const limit = (count: number, more: object = {}) =>
      parseConfig({ service: 'shop', monitors: [api], failovers: many(count), ...more }).maxConcurrent
    expect([1, 8, 11, 12, 40].map((count) => limit(count))).toEqual([2, 2, 2, 3, 10])
    expect(limit(12, { maxConcurrent: 1 })).toBe(1)
  })

  test('with a quorum that its vantages cannot reach', () => {
    const rest = { vantages: ['us-east-1', 'eu-west-1'] }
    expect(problemsOf({ quorum: { fail: 2, pass: 3, voters: 4 } }, [api], rest).map(({ path }) => path)).toEqual([
      'failovers[0].quorum.pass',
      'failovers[0].quorum.voters',
    ])
  })

  test('whose record another moves: each would undo what the other did', () => {
    const other = failover({ id: 'again', record: 'API.example.com.' })
    const problems = () => parseConfig({ service: 'shop', monitors: [api], failovers: [failover(), other] })
    expect(problems).toThrow(
      'failovers[1].record: expected a record that no other failover moves, got "API.example.com." (failovers[0].record is the same)',
    )
  })

  test('where another would share the votes on an endpoint that is not the same', () => {
    const other = failover({ id: 'www', endpoints: [{ ...use1, A: ['192.0.2.99'] }, euw1] })
    const problems = () => parseConfig({ service: 'shop', monitors: [api], failovers: [failover(), other] })
    expect(problems).toThrow(/failovers\[1\]\.endpoints\[0\]\.id: expected another id than failovers\[0\]/)
  })
})
