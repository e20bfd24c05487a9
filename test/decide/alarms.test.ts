import { describe, expect, test } from 'vitest'
import {
  type Alarm,
  certificateAlarm,
  downAlarm,
  heartbeatAlarm,
  quorumOf,
  slowAlarm,
  targetOf,
} from '../../lib/decide/alarms.ts'
import { functionAlarms } from '../../lib/decide/function-alarms.ts'
import type { Config } from '../../lib/model/config.ts'
import { parseConfig } from '../../lib/model/parse-config.ts'

const vantages = ['us-east-1', 'eu-west-1', 'ap-south-1']
const config = (monitor: object, more: object = {}): Config =>
  parseConfig({
    ...{ service: 'shop', vantages, controllers: ['us-west-2'] },
    monitors: [{ id: 'api', kind: 'http', url: 'https://x.test/health', ...monitor }],
    ...more,
  })
const on = <T>(alarm: (monitor: Config['monitors'][number], config: Config) => T, of: Config): T => {
  const [monitor] = of.monitors
  if (!monitor) throw new Error('no monitor')
  return alarm(monitor, of)
}

describe('the quorum', () => {
  test.each([
    [1, 1],
    [2, 2],
    [3, 2],
    [4, 3],
    [5, 3],
  ])('of %i vantages is a majority, %i', (count, quorum) => {
    const places = ['us-east-1', 'us-east-2', 'us-west-1', 'eu-west-1', 'eu-west-2'].slice(0, count)
    expect(on(quorumOf, config({}, { vantages: places }))).toBe(quorum)
  })

  test('counts the vantages that run the monitor, unless it says itself', () => {
    expect(on(quorumOf, config({ vantages: ['us-east-1'] }))).toBe(1)
    expect(on(quorumOf, config({ quorum: { fail: 3 } }))).toBe(3)
  })
})

describe('the alarm on Down', () => {
  const periods = ({ periodSeconds, datapoints, of }: Alarm) => [periodSeconds, datapoints, of]

  test.each([
    ['every minute, and one more that may not be complete', {}, [60, 3, 4]],
    ['every five minutes', { every: '5m' }, [300, 3, 4]],
    ['a week of days, as far as CloudWatch looks back', { every: '1d', thresholds: { down: 7 } }, [86_400, 7, 7]],
    ['three in a row, for who wants that', { thresholds: { down: 3, of: 3 } }, [60, 3, 3]],
    ['three of five', { thresholds: { down: 3, of: 5 } }, [60, 3, 5]],
    ['a loop, whose minutes vote once', { every: '10s', thresholds: { down: 18 } }, [60, 3, 4]],
    ['never after a single point', { thresholds: { down: 1 } }, [60, 2, 3]],
    ['never after a single minute of a loop', { every: '10s' }, [60, 2, 3]],
  ])('has the periods of %s', (_, monitor, expected) => {
    expect(periods(on(downAlarm, config(monitor)))).toEqual(expected)
  })

  test('adds up what vantages saw, keeps its state without votes, and has the severity of its monitor', () => {
    expect(on(downAlarm, config({ severity: 'ticket' }, { env: 'staging' }))).toMatchObject({
      name: 'vedette-shop-staging-api-down',
      ...{ metric: 'Down', statistic: 'Sum', comparison: '>=', threshold: 2, missing: 'ignore', severity: 'ticket' },
    })
  })

  test('describes what, where to look, and the runbook last', () => {
    expect(on(downAlarm, config({ runbook: 'https://example.com/api' })).description).toBe(
      'api (http https://x.test/health) is down: at least 2 of 3 vantages said so for 3m. Why: ' +
        "in a vantage's region, saved Logs Insights query vedette-shop/failures/VANTAGE, or vedette check --monitor api. " +
        'Runbook: https://example.com/api',
    )
  })

  test('is short enough whatever the target, with its runbook whole', () => {
    const runbook = `https://example.com/${'r'.repeat(400)}`
    const { description } = on(downAlarm, config({ url: `https://x.test/${'u'.repeat(2000)}`, runbook }))
    expect(description.length).toBeLessThanOrEqual(1024)
    expect(description.endsWith(runbook)).toBe(true)
  })
})

describe('the alarm on slowness', () => {
  const slow = (value: string, level?: string) => ({ source: 'duration', op: 'lt', value, ...(level && { level }) })
  const limit = (monitor: object) => on(slowAlarm, config(monitor))?.threshold

  test('is there where a monitor publishes its duration and says what is too slow', () => {
    expect(limit({ metrics: { duration: true } })).toBeUndefined()
    expect(limit({ expect: [slow('1s')] })).toBeUndefined()
    expect(limit({ metrics: { duration: true }, expect: [slow('1s')] })).toBe(1000)
  })

  test('takes the softest bound that says degraded', () => {
    const bounds = [slow('5s'), slow('800ms', 'degraded'), slow('2s', 'degraded')]
    expect(limit({ metrics: { duration: true }, expect: bounds })).toBe(800)
  })
})

describe('the alarm on signs of life', () => {
  const of = (monitor: object) => {
    const built = config(monitor)
    return heartbeatAlarm(built.vantages[0] as Config['vantages'][number], built)
  }

  test('opens when they are missing, three minutes on end', () => {
    expect(of({})).toMatchObject({
      ...{ metric: 'Heartbeat', dimensions: { Vantage: 'us-east-1' }, missing: 'breaching', comparison: '<' },
      ...{ threshold: 1, periodSeconds: 60, datapoints: 3, of: 3, severity: 'ticket' },
    })
  })

  test('waits for the fastest monitor of the vantage', () => {
    expect(of({ every: '1h' })).toMatchObject({ periodSeconds: 3600, datapoints: 2, of: 2 })
  })
})

describe('the alarm on certificates', () => {
  const days = (...daysOf: [op: string, value: number, level: string][]) => ({
    expect: daysOf.map(([op, value, level]) => ({ source: 'certificate.daysRemaining', op, value, level })),
  })

  test('is there where a monitor sees a certificate that has to be valid', () => {
    expect(certificateAlarm(config({ url: 'http://x.test/' }))).toBeUndefined()
    expect(certificateAlarm(config({ tls: { verify: false } }))).toBeUndefined()
    expect(certificateAlarm(config({}))).toMatchObject({ dimensions: {}, statistic: 'Minimum', threshold: 14 })
  })

  test('warns as early as any monitor asks to', () => {
    expect(certificateAlarm(config(days(['gt', 10, 'degraded'], ['gte', 30, 'degraded'])))?.threshold).toBe(30)
    expect(certificateAlarm(config(days(['gt', 3, 'down'])))?.threshold).toBe(14)
  })

  test('has a period that the slowest of them cannot be missing from', () => {
    expect(certificateAlarm(config({}))?.periodSeconds).toBe(300)
    expect(certificateAlarm(config({ every: '6h' }))?.periodSeconds).toBe(43_200)
    expect(certificateAlarm(config({ every: '1d' }))?.periodSeconds).toBe(86_400)
  })
})

describe('the alarms on a function', () => {
  const alarms = (monitor: object, more: object = {}) => {
    const built = config(monitor, more)
    return functionAlarms(built.vantages[1] as Config['vantages'][number], built)
  }

  test('are over its errors, and over calls that were dropped', () => {
    const common = { dimensions: { FunctionName: 'vedette-shop-probe-eu-west-1' }, statistic: 'Sum', threshold: 2 }
    expect(alarms({})).toMatchObject([
      { name: 'vedette-shop-probe-eu-west-1-errors', metric: 'Errors', ...common, missing: 'notBreaching' },
      {
        name: 'vedette-shop-probe-eu-west-1-dropped',
        metric: 'AsyncEventsDropped',
        ...common,
        missing: 'notBreaching',
      },
    ])
  })

  test.each([
    ['1m', 300, 2],
    ['5m', 600, 2],
    ['12h', 86_400, 2],
    ['1d', 86_400, 1],
  ])('open when a shard of %s fails every time', (every, periodSeconds, threshold) => {
    const [errors] = alarms({ every })
    expect(errors).toMatchObject({ periodSeconds, threshold, datapoints: 1, of: 1 })
  })
})

test.each([
  [{ kind: 'http', url: 'https://x.test/a?token=secret' }, 'https://x.test/a'],
  [{ kind: 'tcp', host: 'x.test', port: 25 }, 'x.test:25'],
  [{ kind: 'tls', host: 'x.test' }, 'x.test:443'],
  [{ kind: 'dns', name: 'x.test', type: 'MX' }, 'x.test MX'],
])('a target is told without what may be secret: %j', (monitor, target) => {
  const built = parseConfig({ service: 'shop', monitors: [{ id: 'a', ...monitor }] })
  expect(on(targetOf, built)).toBe(target)
})
