import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { tempFile, vedette } from '../support/cli.ts'
import { type LoopbackServer, startHttpServer } from '../support/http-server.ts'

/** Speaks as much of CloudWatch's and CloudWatch Logs' JSON as is asked for; regions in `down` answer 503. */
let server: LoopbackServer
let down: string[]
let changes: ReturnType<typeof item>[]
let calls: { region: string; action: string; body: Record<string, unknown> }[]
const now = Date.now()
const ago = (minutes: number) => (now - minutes * 60_000) / 1000

const alarm = (name: string, state: string, minutes = 5) => ({
  ...{ AlarmName: `vedette-shop-${name}`, StateValue: state, StateReason: `reason of ${name}` },
  StateTransitionedTimestamp: ago(minutes),
})
const item = (name: string, minutes: number, from: string, to: string) => ({
  ...{ AlarmName: name, Timestamp: ago(minutes), HistoryItemType: 'StateUpdate' },
  HistorySummary: `Alarm updated from ${from} to ${to}`,
})
const line = (minutes: number, body: object) => ({ timestamp: now - minutes * 60_000, message: JSON.stringify(body) })
const seenDown = {
  ...{ monitor: 'api', kind: 'http', vantage: 'us-east-1', status: 'down', was: 'up' },
  ...{
    startedAt: new Date(now - 12 * 60_000).toISOString(),
    failure: { code: 'CONNECT_REFUSED', message: 'refused by *you*' },
  },
}
const swapped = {
  level: 'warn',
  event: 'failover.swapped',
  failover: 'live',
  to: 'two',
  kind: 'moved',
  tookMs: 900,
  downForMs: 13_000,
}

interface Query {
  Id: string
  MetricStat: { Metric: { Dimensions: { Value: string }[] }; Period: number; Stat: string }
}

/** Two vantages for three hours; for the last ten minutes both see `api` down. */
function metricData(queries: Query[]): unknown {
  const results = queries.map(({ Id, MetricStat: { Metric, Period, Stat } }) => {
    const sums = new Map<number, number>()
    for (let minute = 180; minute > 0; minute--) {
      const atMs = now - minute * 60_000
      const period = Math.floor(atMs / 1000 / Period) * Period
      const isDown = Metric.Dimensions[0]?.Value === 'api' && minute <= 10
      sums.set(period, (sums.get(period) ?? 0) + (Stat === 'SampleCount' || isDown ? 2 : 0))
    }
    return { Id, Timestamps: [...sums.keys()], Values: [...sums.values()] }
  })
  return { MetricDataResults: results.reverse() }
}

const usualChanges = [
  item('vedette-shop-web-down', 20, 'INSUFFICIENT_DATA', 'OK'),
  item('vedette-shop-api-down', 10, 'OK', 'ALARM'),
  item('vedette-shop-api-down', 9, 'ALARM', 'INSUFFICIENT_DATA'),
  item('vedette-shop-api-burn-1h-long', 9, 'OK', 'ALARM'),
  item('vedette-shop-api-burn-page', 8, 'OK', 'ALARM'),
  item('another-alarm', 7, 'OK', 'ALARM'),
  item('vedette-shop-api-down', 4, 'INSUFFICIENT_DATA', 'OK'),
]

const answers: Record<string, (body: Record<string, unknown>, region: string) => unknown> = {
  DescribeAlarms: ({ NextToken }) =>
    NextToken === undefined
      ? {
          MetricAlarms: [alarm('api-down', 'ALARM'), alarm('web-down', 'OK'), alarm('new-down', 'INSUFFICIENT_DATA')],
          NextToken: '2',
        }
      : {
          MetricAlarms: [
            alarm('cart-down', 'ALARM'),
            alarm('api-burn-1h-long', 'ALARM'),
            alarm('us-east-1-heartbeat', 'ALARM', 90),
          ],
          CompositeAlarms: [alarm('api-burn-page', 'ALARM')],
        },
  DescribeAlarmHistory: () => ({ AlarmHistoryItems: changes }),
  GetMetricData: ({ MetricDataQueries }) => metricData(MetricDataQueries as Query[]),
  FilterLogEvents: ({ logGroupName }) => {
    if (logGroupName === '/aws/lambda/vedette-shop-probe-us-east-1')
      return { events: [line(12, seenDown), { timestamp: now, message: 'no JSON' }] }
    if (logGroupName === '/aws/lambda/vedette-shop-failover') return { events: [line(6, swapped)] }
    return { __type: 'ResourceNotFoundException' }
  },
}

beforeAll(async () => {
  server = await startHttpServer(async (request, response) => {
    let text = ''
    for await (const chunk of request) text += chunk
    const region = /Credential=[^/]+\/\d+\/([^/]+)\//.exec(request.headers.authorization ?? '')?.[1] ?? ''
    const action = String(request.headers['x-amz-target']).split('.').at(-1) ?? ''
    const body = JSON.parse(text || '{}')
    calls.push({ region, action, body })
    const answer = down.includes(region) ? { __type: 'AccessDenied', message: 'no' } : answers[action]?.(body, region)
    const isError = answer === undefined || '__type' in (answer as object)
    response
      .writeHead(isError ? 400 : 200, { 'content-type': 'application/x-amz-json-1.1' })
      .end(JSON.stringify(answer ?? {}))
  })
})
afterAll(() => server.close())
beforeEach(() => {
  down = []
  changes = usualChanges
  calls = []
})

const monitor = (id: string, more: object = {}) => ({ id, kind: 'http', url: `https://${id}.test/`, ...more })
const shop = {
  ...{ service: 'shop', vantages: ['us-east-1', 'eu-west-1'], controllers: ['us-west-2', 'eu-north-1'] },
  monitors: [
    monitor('api', { slo: { objective: 99.9 } }),
    monitor('web'),
    monitor('new'),
    monitor('cart', { maintenance: [{ start: new Date(now - 60_000).toISOString(), for: '1d' }] }),
    monitor('late'),
  ],
}
const endpoint = (id: string, address: string) => ({ id, region: 'external', A: [address] })
const failovers = [
  {
    ...{ id: 'live', hostedZoneId: 'Z1', zone: 'x.test', record: 'www.x.test', check: 'web' },
    endpoints: [endpoint('one', '192.0.2.1'), endpoint('two', '192.0.2.2')],
  },
]
const ask = (command: string, config: object, ...args: string[]) =>
  vedette([command, '--aws', '--config', tempFile(`${command}-aws.json`, JSON.stringify(config)), ...args], {
    env: {
      AWS_ENDPOINT_URL: server.url,
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      AWS_MAX_ATTEMPTS: '1',
    },
  })

describe('vedette status --aws', () => {
  test('is the same screen, by the alarms at home, parts of others left out', async () => {
    const { code, stdout, stderr } = await ask('status', shop)
    expect({ code, stderr }).toEqual({ code: 1, stderr: '' })
    const lines = stdout.split('\n')
    expect(lines[0]).toMatch(/^shop at .* UTC: 1 down · 1 silent · 1 blind · 1 burning · 1 pending · 1 muted · 1 well$/)
    expect(lines.slice(2, 8)).toEqual([
      'DOWN     api         5m  reason of api-down',
      'SILENT   late            it has no alarm: is it deployed?',
      'BLIND    us-east-1  90m  reason of us-east-1-heartbeat',
      'BURNING  api         5m  page: reason of api-burn-page',
      'PENDING  new             no votes so far',
      'MUTED    cart        5m  down, in maintenance. reason of cart-down',
    ])
    expect(stdout).toContain('by the alarms in us-west-2')
    expect(calls.map(({ region, action }) => `${region} ${action}`)).toEqual([
      'us-west-2 DescribeAlarms',
      'us-west-2 DescribeAlarms',
    ])
    expect(calls[0]?.body).toMatchObject({
      AlarmNamePrefix: 'vedette-shop-',
      AlarmTypes: ['MetricAlarm', 'CompositeAlarm'],
    })
  })

  test('asks the standby where home does not answer, and says so', async () => {
    down = ['us-west-2']
    const { code, stdout, stderr } = await ask('status', shop)
    expect(code).toBe(1)
    expect(stdout).toContain('by the alarms in eu-north-1')
    expect(stderr).toBe('us-west-2: AccessDenied: no\n')
  })

  test('without any that answers says why', async () => {
    down = ['us-west-2', 'eu-north-1']
    const { code, stdout, stderr } = await ask('status', shop)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain(
      'the alarms cannot be read:\n  us-west-2: AccessDenied: no\n  eu-north-1: AccessDenied: no',
    )
    expect((await ask('status', { ...shop, vantages: [], controllers: [] })).stderr).toContain(
      'the config has no "controllers"',
    )
  })
})

describe('vedette budget --aws', () => {
  test('says the same by the votes in CloudWatch, pooled over the vantages', async () => {
    const { code, stdout, stderr } = await ask('budget', shop)
    expect({ code, stderr }).toEqual({ code: 1, stderr: '' })
    // The newest vote may be on its way.
    expect(stdout).toMatch(/why {5}the 1h pair burns: 1\d\d× over 1h and (800|1000)× over 5m, where 14.4× is a page/)
    expect(stdout).toMatch(/budget {2}43m 12s of downtime; 1?\dm/)
    const [query] = (calls[0]?.body.MetricDataQueries ?? []) as Query[]
    expect(query?.MetricStat).toMatchObject({
      Metric: { Namespace: 'Vedette', MetricName: 'Down', Dimensions: [{ Name: 'Monitor', Value: 'api' }] },
    })
    expect(calls.map(({ region, action }) => `${region} ${action}`)).toEqual(Array(2).fill('us-west-2 GetMetricData'))
  })

  test('asks the standby where home does not answer, and says so', async () => {
    down = ['us-west-2']
    const { code, stderr } = await ask('budget', shop)
    expect({ code, stderr }).toEqual({ code: 1, stderr: 'us-west-2: AccessDenied: no\n' })
    down.push('eu-north-1')
    expect(await ask('budget', shop)).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringContaining('the votes cannot be read'),
    })
  })
})

describe('vedette timeline --aws', () => {
  test('is what alarms, vantages and controllers said, in order', async () => {
    const { code, stdout, stderr } = await ask('timeline', { ...shop, failovers }, '--from', '1h')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(/- \*\*api\*\* was down from \d\d:\d\d:\d\d, for 6m, until/)
    const happened = [...stdout.matchAll(/^- \d\d:\d\d:\d\d (\*\*.*)$/gm)].map(([, text]) => text)
    expect(happened).toEqual([
      '**api** down from us-east-1, was up: CONNECT_REFUSED: refused by \\*you\\*',
      '**api** down',
      '**api** alarm: burning (Alarm updated from OK to ALARM)',
      '**failover live** moved to two 13.0 s after the failure was first seen (record written in 900 ms), said us-west-2',
      '**failover live** moved to two 13.0 s after the failure was first seen (record written in 900 ms), said eu-north-1',
      '**api** up again, down for 6m',
    ])
  })

  test('has what was down before it, whether that ended in its time or goes on', async () => {
    changes = [
      item('vedette-shop-api-down', 9, 'ALARM', 'INSUFFICIENT_DATA'),
      item('vedette-shop-api-down', 4, 'INSUFFICIENT_DATA', 'OK'),
    ]
    const ended = await ask('timeline', shop, '--from', '30m')
    expect(ended.stdout).toMatch(/- \*\*api\*\* was down from \d\d:\d\d:\d\d, for 2\dm.*, until/)
    changes = []
    const { stdout } = await ask('timeline', shop, '--from', '3m', '--monitor', 'cart')
    expect(stdout).toMatch(/- \*\*cart\*\* was down before, from .*, still down at the end, after \d+m/)
    expect(stdout).not.toContain('Nothing was down')
  })

  test('says which logs could not be read, and goes on', async () => {
    down = ['us-east-1']
    const { code, stdout, stderr } = await ask('timeline', shop)
    expect(code).toBe(0)
    expect(stdout).toContain('**api** up again')
    expect(stderr).toBe('us-east-1, log of vedette-shop-probe-us-east-1: AccessDenied: no\n')
  })
})
