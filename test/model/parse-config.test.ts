import { describe, expect, test } from 'vitest'
import { ConfigError, parseConfig } from '../../lib/model/parse-config.ts'
import type { Problem } from '../../lib/model/problem.ts'
import { fullConfig } from '../support/config-example.ts'

const url = 'http://127.0.0.1/'
const withMonitor = (monitor: Record<string, unknown>) => ({
  service: 'shop',
  monitors: [{ id: 'a', kind: 'http', url, ...monitor }],
})
const dnsMonitor = (more: Record<string, unknown>) => ({
  service: 'shop',
  monitors: [{ id: 'a', kind: 'dns', name: 'shop.test', ...more }],
})

function problemsOf(config: unknown): Problem[] {
  try {
    parseConfig(config)
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
  return []
}

/** The problems of a config by path. */
const pathsOf = (config: unknown) => problemsOf(config).map(({ path }) => path)

describe('a config that is right', () => {
  test('needs no more than a service and a monitor', () => {
    const config = parseConfig(withMonitor({}))
    expect(config).toMatchObject({ vantages: [], controllers: [], selfCheck: [], failovers: [], maxConcurrent: 2 })
    expect(config.monitors[0]).toEqual({
      id: 'a',
      kind: 'http',
      url,
      everyMs: 60_000,
      timeoutMs: 5000,
      retries: 2,
      method: 'GET',
      headers: {},
      body: '',
      redirects: 10,
      ipVersion: 'any',
      httpVersion: 'any',
      maxBodyBytes: 1_048_576,
      invert: false,
      tls: { verify: true, minVersion: 'TLSv1.2', maxVersion: 'TLSv1.3' },
      expect: [],
      thresholds: { down: 3, up: 10 },
      severity: 'page',
      tags: [],
      dependsOn: [],
      maintenance: [],
      metrics: { duration: false, perVantage: false },
    })
  })

  test('may use every key there is', () => {
    expect(problemsOf(fullConfig)).toEqual([])
    const [api] = parseConfig(fullConfig).monitors
    expect(api).toMatchObject({
      everyMs: 60_000,
      slo: { windowMs: 30 * 86_400_000 },
      maintenance: [{ forMs: 7_200_000 }, { forMs: 14_400_000 }],
    })
    expect(api?.expect[1]).toEqual({ source: 'duration', op: 'lt', value: 800, level: 'degraded' })
  })

  test('is the same after a round trip through JSON', () => {
    expect(parseConfig(JSON.parse(JSON.stringify(fullConfig)))).toEqual(parseConfig(fullConfig))
  })

  test('a key whose value is undefined is a key left out', () => {
    expect(problemsOf(withMonitor({ runbook: undefined, timeout: undefined }))).toEqual([])
  })

  test.each([
    ['1m', 5000, 2],
    ['30s', 5000, 2],
    ['10s', 2500, 2],
    ['5s', 1000, 2],
    ['3s', 1000, 1],
    ['1s', 1000, 0],
  ])('every %s: the default timeout is %i ms and retries %i', (every, timeoutMs, retries) => {
    expect(parseConfig(withMonitor({ every })).monitors[0]).toMatchObject({ timeoutMs, retries })
  })

  test('expected answers are compared in their canonical form', () => {
    const config = parseConfig(
      dnsMonitor({ type: 'aaaa', expect: [{ source: 'answers', op: 'equals', value: ['2001:DB8:0::1'] }] }),
    )
    expect(config.monitors[0]).toMatchObject({ type: 'AAAA', expect: [{ value: ['2001:db8::1'] }] })
  })
})

describe('problems', () => {
  test('are reported all at once, each with path, expected, got and hint', () => {
    const problems = problemsOf({
      service: 'my shop',
      monitor: [],
      monitors: [
        { id: 'a', kind: 'htttp', url },
        { id: 'b', kind: 'http', url: 'ftp://example.com', timeuot: '5s', every: 30 },
        { id: 'b', kind: 'dns', name: 'shop.test', type: 'AAA', dependsOn: ['aa'] },
        { id: 'c', kind: 'http', url, dependsOn: ['aa'] },
      ],
    })
    expect(problems).toEqual(
      expect.arrayContaining([
        { path: 'service', expected: expect.stringContaining('a name of'), got: '"my shop"' },
        { path: 'monitor', expected: 'a known key', got: '"monitor"', hint: 'did you mean "monitors"?' },
        {
          path: 'monitors[0].kind',
          expected: 'one of "http", "tcp", "tls", "dns"',
          got: '"htttp"',
          hint: 'did you mean "http"?',
        },
        expect.objectContaining({ path: 'monitors[1].url', expected: expect.stringContaining('http or https URL') }),
        { path: 'monitors[1].timeuot', expected: 'a known key', got: '"timeuot"', hint: 'did you mean "timeout"?' },
        {
          path: 'monitors[1].every',
          expected: expect.stringContaining('a duration'),
          got: '30',
          hint: 'did you mean "30s"?',
        },
        {
          path: 'monitors[2].type',
          expected: expect.stringContaining('one of "A"'),
          got: '"AAA"',
          hint: 'did you mean "AAAA"?',
        },
        { path: 'monitors[2].id', expected: 'an id of its own', got: '"b"', hint: 'monitors[1] has it too' },
        { path: 'monitors[3].dependsOn[0]', expected: 'the id of a monitor', got: '"aa"', hint: 'did you mean "a"?' },
      ]),
    )
    expect(problems).toHaveLength(10)
  })

  test('a rule that there is not cannot be overridden', () => {
    const reason = 'a reason that is long enough'
    expect(problemsOf({ ...withMonitor({}), allow: { 'alarm-qouta': reason, 'no-such-thing': reason } })).toEqual([
      {
        path: 'allow.alarm-qouta',
        expected: 'the name of a rule that can be overridden',
        got: '"alarm-qouta"',
        hint: 'did you mean "alarm-quota"?',
      },
      expect.objectContaining({ path: 'allow.no-such-thing', hint: expect.stringContaining('unknown-region') }),
    ])
  })

  test('of a vantage that a monitor names twice: it has one vote', () => {
    const vantages = ['us-east-1', 'us-east-1']
    const monitor = { id: 'a', kind: 'tcp', host: 'x.test', port: 1, vantages, quorum: { fail: 2 } }
    expect(problemsOf({ service: 'shop', vantages: ['us-east-1'], monitors: [monitor] })).toMatchObject([
      { path: 'monitors[0].vantages[1]', expected: 'an id of its own' },
    ])
  })

  test('of one monitor hide none of its others', () => {
    const monitor = {
      tmout: 1,
      timeout: '50s',
      dependsOn: ['zz'],
      expect: [{ source: 'staus', op: 'eq', value: 1 }, 5],
    }
    expect(pathsOf(withMonitor(monitor)).sort()).toEqual([
      'monitors[0].dependsOn[0]',
      'monitors[0].expect[0].source',
      'monitors[0].expect[1]',
      'monitors[0].timeout',
      'monitors[0].tmout',
    ])
  })

  test('a config that goes in circles, or down without end, is a config with problems', () => {
    const circle: Record<string, unknown> = { id: 'a', kind: 'http', url }
    circle.tags = circle
    const deep = JSON.parse('['.repeat(5000) + ']'.repeat(5000))
    expect(pathsOf({ service: 'shop', monitors: [circle] })).toContain('monitors[0].tags')
    expect(pathsOf(withMonitor({ tags: deep }))).toContain('monitors[0].tags[0]')
    expect(pathsOf(withMonitor({ retries: 10n }))).toContain('monitors[0].retries')
  })

  test.each([undefined, null, 5, 'text', []])('%j is no config', (input) => {
    expect(pathsOf(input)).toEqual(['config'])
  })

  test('an empty config says what is missing', () => {
    expect(pathsOf({})).toEqual(['service', 'monitors'])
    expect(pathsOf({ service: 'shop', monitors: [] })).toEqual(['monitors'])
  })

  test.each([
    ['a URL without scheme', { url: 'example.com' }, 'monitors[0].url'],
    ['an unknown scheme', { url: 'gopher://example.com/' }, 'monitors[0].url'],
    ['port 0', { url: 'http://example.com:0/' }, 'monitors[0].url'],
    ['a URL without host', { url: 'http:///x' }, 'monitors[0].url'],
    ['a password in the URL', { url: 'https://ann:secret@example.com/' }, 'monitors[0].url'],
    ['an id with a space', { id: 'my api' }, 'monitors[0].id'],
    ['a timeout that does not fit', { timeout: '30s' }, 'monitors[0].timeout'],
    ['a timeout above the interval', { every: '10s', timeout: '20s', retries: 0 }, 'monitors[0].timeout'],
    ['a duration without unit', { every: '30' }, 'monitors[0].every'],
    ['too many retries', { retries: 9 }, 'monitors[0].retries'],
    ['an unknown method', { method: 'FETCH' }, 'monitors[0].method'],
    ['a framing header', { headers: { 'Content-Length': '5' } }, 'monitors[0].headers.Content-Length'],
    ['a header with a line break', { headers: { 'x-a': 'b\r\nc: d' } }, 'monitors[0].headers.x-a'],
    ['a header that is no name', { headers: { 'x a': 'b' } }, 'monitors[0].headers.x a'],
    ['a secret of an unknown kind', { auth: { bearer: { vault: 'x' } } }, 'monitors[0].auth'],
    ['HTTP/2 without TLS', { httpVersion: '2' }, 'monitors[0].httpVersion'],
    ['a certificate without its key', { tls: { certFile: 'a.pem' } }, 'monitors[0].tls.keyFile'],
    [
      'TLS versions upside down',
      { tls: { minVersion: 'TLSv1.3', maxVersion: 'TLSv1.2' } },
      'monitors[0].tls.minVersion',
    ],
    ['a connectTo without port', { connectTo: '192.0.2.1' }, 'monitors[0].connectTo'],
    ['a proxy that is no URL', { proxy: 'localhost:3128' }, 'monitors[0].proxy'],
    ['both proxy and connectTo', { proxy: 'http://127.0.0.1:1', connectTo: '127.0.0.1:2' }, 'monitors[0].connectTo'],
    [
      'the name of what every object has',
      { expect: [{ source: '__proto__', op: 'eq', value: 1 }] },
      'monitors[0].expect[0].source',
    ],
    ['an unknown source', { expect: [{ source: 'statsu', op: 'eq', value: 200 }] }, 'monitors[0].expect[0].source'],
    [
      'a source of another kind',
      { expect: [{ source: 'rcode', op: 'eq', value: 'NOERROR' }] },
      'monitors[0].expect[0].source',
    ],
    ['an unknown operator', { expect: [{ source: 'status', op: '==', value: 200 }] }, 'monitors[0].expect[0].op'],
    [
      'an operator that does not fit',
      { expect: [{ source: 'status', op: 'matches', value: '2..' }] },
      'monitors[0].expect[0].op',
    ],
    ['a text compared by order', { expect: [{ source: 'body', op: 'lt', value: 'b' }] }, 'monitors[0].expect[0].value'],
    [
      'a status that is a text',
      { expect: [{ source: 'status', op: 'eq', value: '200' }] },
      'monitors[0].expect[0].value',
    ],
    ['"in" without a list', { expect: [{ source: 'status', op: 'in', value: 200 }] }, 'monitors[0].expect[0].value'],
    ['a missing value', { expect: [{ source: 'status', op: 'eq' }] }, 'monitors[0].expect[0].value'],
    ['a header without name', { expect: [{ source: 'header', op: 'exists' }] }, 'monitors[0].expect[0].name'],
    [
      'a path that is none',
      { expect: [{ source: 'json', path: 'status', op: 'exists' }] },
      'monitors[0].expect[0].path',
    ],
    [
      'a duration that is none',
      { expect: [{ source: 'duration', op: 'lt', value: 'fast' }] },
      'monitors[0].expect[0].value',
    ],
    [
      'a pattern that does not compile',
      { expect: [{ source: 'body', op: 'matches', value: '(' }] },
      'monitors[0].expect[0].value',
    ],
    [
      'a pattern with look-ahead',
      { expect: [{ source: 'body', op: 'matches', value: '(?=a)b' }] },
      'monitors[0].expect[0].value',
    ],
    [
      'a pattern with a back-reference',
      { expect: [{ source: 'body', op: 'matches', value: '(a)\\1' }] },
      'monitors[0].expect[0].value',
    ],
    [
      'a body asserted of a HEAD request',
      { method: 'HEAD', expect: [{ source: 'body', op: 'exists' }] },
      'monitors[0].expect[0].source',
    ],
    [
      'a cron expression of six fields',
      { maintenance: [{ cron: '0 0 2 * * SUN', for: '2h' }] },
      'monitors[0].maintenance[0].cron',
    ],
    [
      'a cron field out of range',
      { maintenance: [{ cron: '0 25 * * *', for: '2h' }] },
      'monitors[0].maintenance[0].cron',
    ],
    [
      'an unknown time zone',
      { maintenance: [{ cron: '0 2 * * *', timeZone: 'Mars/Base', for: '2h' }] },
      'monitors[0].maintenance[0].timeZone',
    ],
    [
      'a fixed window without offset',
      { maintenance: [{ start: '2026-12-24T22:00:00', for: '2h' }] },
      'monitors[0].maintenance[0].start',
    ],
    ['more failures than its vantages', { vantages: ['x'], quorum: { fail: 2 } }, 'monitors[0].vantages[0]'],
    ['a resolver that is a name', { resolver: 'dns.example.com' }, 'monitors[0].resolver'],
    ['a monitor that depends on itself', { dependsOn: ['a'] }, 'monitors[0].dependsOn'],
  ])('%s', (_what, monitor, path) => {
    expect(pathsOf(withMonitor(monitor))).toContain(path)
  })

  test.each([
    ['an unknown type', { type: 'BOGUS' }, 'monitors[0].type'],
    ['an unknown rcode', { expect: [{ source: 'rcode', op: 'eq', value: 'NOPE' }] }, 'monitors[0].expect[0].value'],
    ['a misspelt server', { servers: ['authoritive'] }, 'monitors[0].servers[0]'],
    ['DoH without a URL', { protocol: 'doh', servers: ['1.1.1.1'] }, 'monitors[0].servers[0]'],
    ['DoT without a server', { protocol: 'dot' }, 'monitors[0].servers'],
    ['agreement of one', { agree: true, servers: ['1.1.1.1'] }, 'monitors[0].agree'],
    ['a label that is too long', { name: `${'a'.repeat(64)}.test` }, 'monitors[0].name'],
  ])('dns: %s', (_what, monitor, path) => {
    expect(pathsOf(dnsMonitor(monitor))).toContain(path)
  })

  test('of a failover that is none are that alone', () => {
    expect(pathsOf({ ...withMonitor({}), failovers: [null, 'x'] })).toEqual(['failovers[0]', 'failovers[1]'])
  })

  test('never repeat what may be a secret', () => {
    const texts = [
      withMonitor({ auth: { basic: { username: 'ann', password: 5_551_234 } } }),
      withMonitor({ headers: { authorization: 'hunter2\nhunter2' } }),
      withMonitor({ url: 'https://ann:hunter2@example.com/' }),
      withMonitor({ proxy: 'socks://ann:hunter2@127.0.0.1' }),
      {
        service: 'shop',
        monitors: [{ id: 'a', kind: 'tcp', host: 'x.test', port: 25, dialog: [{ sned: 'PASS hunter2' }] }],
      },
      { ...withMonitor({}), routes: { page: [{ kind: 'pagerduty', routingKey: 5_551_234 }] } },
    ].map((config) => JSON.stringify(problemsOf(config)))
    for (const text of texts) {
      expect(text).not.toMatch(/hunter2|5551234/)
      expect(text).toMatch(/not shown|…@/)
    }
  })

  test('show what cannot be one, also in a route', () => {
    const page = [
      { kind: 'webhok', url: 'https://hooks.example.com/hunter2' },
      { kind: 'sns', topicArn: 'topic', hours: { days: ['MOO'], from: '8', to: '25:00' } },
      { kind: 'pagerduty', routingKey: 'hunter2' },
      'https://hooks.example.com/hunter2',
    ]
    const problems = problemsOf({ ...withMonitor({}), routes: { page } })
    expect(problems.map(({ path, got, hint }) => [path, got, hint])).toEqual([
      ['routes.page[0].kind', '"webhok"', 'did you mean "webhook"?'],
      ['routes.page[1].hours.days[0]', '"MOO"', 'did you mean "MON"?'],
      ['routes.page[1].hours.from', '"8"', undefined],
      ['routes.page[1].hours.to', '"25:00"', undefined],
      ['routes.page[1].topicArn', '"topic"', undefined],
      ['routes.page[2].routingKey', 'a string (not shown: it may be a secret)', undefined],
      ['routes.page[3]', 'a string (not shown: it may be a secret)', undefined],
    ])
  })

  test('say once what was got, and which field of it is wrong', () => {
    const maintenance = [{ cron: '0 99 * * *', for: '1h' }]
    expect(problemsOf(withMonitor({ maintenance }))).toEqual([
      { path: 'monitors[0].maintenance[0].cron', expected: '"99" to be an hour from 0 to 23', got: '"0 99 * * *"' },
    ])
  })

  test('name a hole in a list, as two commas make it', () => {
    const { monitors } = withMonitor({})
    // biome-ignore lint/suspicious/noSparseArray: what is tested.
    expect(problemsOf({ service: 'shop', monitors: [...monitors, , ...monitors] })).toMatchObject([
      { path: 'monitors[1]', expected: 'a monitor', got: 'nothing' },
      { path: 'monitors[2].id' },
    ])
  })

  test('offer only ids that are right themselves', () => {
    const monitors = [
      { id: 'a b', kind: 'tls', host: 'a.test', vantages: ['eu-west-1', 'inside'] },
      { id: 'c', kind: 'tls', host: 'a.test', dependsOn: ['ab'], vantages: ['us-west-1'] },
    ]
    const problems = problemsOf({ service: 'shop', vantages: ['eu-wst-1', 'us-east-1', { id: 'insid' }], monitors })
    expect(problems.map(({ path, hint }) => [path, hint])).toEqual([
      ['monitors[0].id', undefined],
      ['monitors[0].vantages[0]', undefined],
      ['monitors[0].vantages[1]', 'did you mean "insid"?'],
      ['monitors[1].dependsOn[0]', undefined],
      ['monitors[1].vantages[0]', 'did you mean "us-east-1"?'],
    ])
  })

  test('circles of dependence are named', () => {
    const monitors = [
      ['a', 'b'],
      ['b', 'c'],
      ['c', 'a'],
      ['d', 'a'],
    ].map(([id, parent]) => ({ id, kind: 'http', url, dependsOn: [parent] }))
    expect(pathsOf({ service: 'shop', monitors })).toEqual([
      'monitors[0].dependsOn',
      'monitors[1].dependsOn',
      'monitors[2].dependsOn',
    ])
  })

  test('failovers refer to checks that exist and have endpoints of one form each', () => {
    const failover = fullConfig.failovers[0]
    const wrong = {
      ...failover,
      check: 'apj',
      endpoints: [
        { id: 'x', region: 'us-east-1' },
        { id: 'x', region: 'eu-west-1', A: ['192.0.2.300'] },
      ],
    }
    expect(pathsOf({ ...fullConfig, failovers: [wrong] })).toEqual([
      'failovers[0].endpoints[1].A[0]',
      'failovers[0].check',
      'failovers[0].endpoints[1].id',
      'failovers[0].endpoints[0]',
    ])
    const right = {
      ...wrong,
      endpoints: [
        { id: 'x', region: 'us-east-1' },
        { id: 'x', region: 'eu-west-1', A: ['192.0.2.30'], CNAME: 'a.test', lastResort: true },
      ],
    }
    expect(pathsOf({ ...fullConfig, failovers: [right] }).sort()).toEqual([
      'failovers[0].check',
      'failovers[0].endpoints[0]',
      'failovers[0].endpoints[1]',
      'failovers[0].endpoints[1].check',
      'failovers[0].endpoints[1].id',
    ])
  })
})
