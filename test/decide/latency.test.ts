import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { durationsSince, judgeLimit, limitsOf, type Run } from '../../lib/decide/latency.ts'
import { limitAlarm } from '../../lib/decide/latency-alarms.ts'
import { baselineStarts, judgeRegression, regressionWindowMs } from '../../lib/decide/latency-baseline.ts'
import { quantile } from '../../lib/decide/quantile.ts'
import { tailOf } from '../../lib/decide/tail.ts'
import { parseConfig } from '../../lib/model/parse-config.ts'
import { evaluate } from '../support/metric-math.ts'

const [minuteMs, hourMs] = [60_000, 3_600_000]
const now = Date.parse('2026-11-20T12:34:56Z')
/** Runs that end now, one a minute. */
const runs = (...durations: number[]): Run[] =>
  durations.map((durationMs, i) => ({ atMs: now - (durations.length - 1 - i) * minuteMs, durationMs }))
const many = (count: number, durationMs: number) => Array.from({ length: count }, () => durationMs)
const latency = { p95Ms: 800, forMs: 10 * minuteMs }
const durations = fc.array(fc.double({ min: 0.1, max: 5000, noNaN: true }), { minLength: 1, maxLength: 300 })

describe('quantiles', () => {
  test('are nearest ranks, with no hair of a binary fraction above one', () => {
    const upTo = (n: number) => Array.from({ length: n }, (_, i) => i + 1)
    expect([0.5, 0.95, 0.99, 1].map((q) => quantile(upTo(100), q))).toEqual([50, 95, 99, 100])
    expect(quantile(upTo(20), 0.55)).toBe(11)
    expect(quantile([], 0.5)).toBeUndefined()
  })
})

describe('a limit', () => {
  test('is on the runs of its time, or of as long as its percentile needs', () => {
    const windows = (every: number, places?: number) =>
      limitsOf(latency, every, places).map(({ windowMs }) => windowMs / minuteMs)
    expect(windows(10_000)).toEqual([10])
    expect(windows(minuteMs)).toEqual([22])
    expect(windows(minuteMs, 3)).toEqual([10])
    const both = limitsOf({ ...latency, p99Ms: 2000 }, minuteMs)
    expect(both.map(({ statistic, windowMs }) => [statistic, windowMs / minuteMs])).toEqual([
      ['p95', 110],
      ['p99', 110],
    ])
  })

  const [limit] = limitsOf(latency, minuteMs)
  if (!limit) throw new Error('no limit')

  test('is passed when one run in twenty, and one more, takes longer', () => {
    expect(judgeLimit(limit, runs(...many(19, 100), 900), now)).toMatchObject({ isOver: false, valueMs: 100 })
    expect(judgeLimit(limit, runs(...many(18, 100), 900, 901), now)).toMatchObject({ isOver: true, valueMs: 900 })
    expect(judgeLimit(limit, runs(...many(20, 800)), now).isOver).toBe(false)
  })

  test('says nothing of too few runs, and forgets old ones', () => {
    expect(judgeLimit(limit, runs(...many(19, 5000)), now)).toEqual({ limit, runs: 19, isOver: false })
    expect(judgeLimit(limit, runs(...many(20, 5000), ...many(22, 10)), now).isOver).toBe(false)
  })

  test('is never passed by faster runs, and never kept by slower ones', () => {
    fc.assert(
      fc.property(durations, fc.double({ min: 1, max: 10, noNaN: true }), (all, factor) => {
        const one = { ...limit, windowMs: 1e9 }
        const isOver = (by: number) => judgeLimit(one, runs(...all.map((ms) => ms * by)), now).isOver
        if (isOver(1)) expect(isOver(factor)).toBe(true)
        if (!isOver(1)) expect(isOver(1 / factor)).toBe(false)
      }),
    )
  })

  test('in CloudWatch is the same limit', () => {
    const config = parseConfig({
      ...{ service: 'shop', vantages: ['us-east-1'], controllers: ['us-west-2'] },
      monitors: [
        {
          ...{ id: 'api', kind: 'http', url: 'https://x.test/', metrics: { duration: true } },
          latency: { p95: '800ms', p99: '2s' },
        },
      ],
    })
    const [monitor] = config.monitors
    const alarm = monitor && limitAlarm(monitor, config)
    const expression = alarm?.math?.expression ?? ''
    fc.assert(
      fc.property(durations, (all) => {
        const limits = limitsOf({ p95Ms: 800, p99Ms: 2000, forMs: 10 * minuteMs }, minuteMs)
        const recent = runs(...all)
        const sorted = durationsSince(recent, now - (alarm?.periodSeconds ?? 0) * 1000)
        const values = { n: sorted.length, p95: quantile(sorted, 0.95) ?? 0, p99: quantile(sorted, 0.99) ?? 0 }
        const isOver = limits.some((one) => judgeLimit(one, recent, now).isOver)
        expect(evaluate(expression, values) === 1).toBe(isOver)
      }),
    )
  })
})

describe('a regression', () => {
  const weeks = (...medians: number[]) => medians.map((medianMs) => ({ medianMs, runs: 60 }))
  const judge = (factor: number, recent: Run[], hours: { medianMs: number; runs: number }[]) =>
    judgeRegression(factor, recent, hours, { windowMs: 10 * minuteMs, nowMs: now })

  test('is a median that is so many times that of the same hour in earlier weeks', () => {
    expect(judge(2, runs(...many(10, 201)), weeks(100, 100, 100))).toEqual({
      valueMs: 201,
      baselineMs: 100,
      limitMs: 200,
      isOver: true,
    })
    expect(judge(2, runs(...many(10, 200)), weeks(100, 100))?.isOver).toBe(false)
  })

  test('is measured against weeks as usual: one with an incident changes nothing', () => {
    expect(judge(2, runs(...many(10, 300)), weeks(100, 9000, 110, 90))?.baselineMs).toBe(100)
  })

  test('is none where nobody would feel it, or there is too little to say', () => {
    expect(judge(2, runs(...many(10, 5)), weeks(1, 1, 1))?.isOver).toBe(false)
    expect(judge(2, runs(...many(9, 500)), weeks(100, 100))).toBeUndefined()
    expect(judge(2, runs(...many(10, 500)), weeks(100))).toBeUndefined()
    expect(judge(2, runs(...many(10, 500)), [...weeks(100), { medianMs: 100, runs: 9 }])).toBeUndefined()
  })

  test('looks at the same hour of the week, up to four weeks ago', () => {
    expect(baselineStarts(now).map((ms) => new Date(ms).toISOString())).toEqual([
      '2026-11-13T12:00:00.000Z',
      '2026-11-06T12:00:00.000Z',
      '2026-10-30T12:00:00.000Z',
      '2026-10-23T12:00:00.000Z',
    ])
    expect(regressionWindowMs(10 * minuteMs, 5 * minuteMs)).toBe(55 * minuteMs)
    expect(regressionWindowMs(2 * hourMs, minuteMs, 3)).toBe(2 * hourMs)
  })

  test('is never undone by slower runs', () => {
    fc.assert(
      fc.property(durations, fc.double({ min: 1, max: 10, noNaN: true }), (all, factor) => {
        const isOver = (by: number) => judge(1.5, runs(...all.map((ms) => ms * by)), weeks(100, 120, 90))?.isOver
        if (isOver(1)) expect(isOver(factor)).toBe(true)
      }),
    )
  })
})

describe('a tail', () => {
  /** Evenly spread quantiles of a logarithmic normal-like heap around a median. */
  const heap = (count: number, medianMs: number) =>
    Array.from({ length: count }, (_, i) => {
      const u = (i + 0.5) / count
      return medianMs * Math.exp(0.2 * Math.log(u / (1 - u)))
    })

  test('is the slowest hundredth against the median', () => {
    const tail = tailOf([...many(98, 10), 50, 80])
    expect(tail).toMatchObject({ runs: 100, p50Ms: 10, p95Ms: 10, p99Ms: 50, maxMs: 80, p99ToMedian: 5 })
    expect(tail?.modes).toBeUndefined()
    expect(tailOf(many(99, 10))).toBeUndefined()
  })

  test('has one mode where durations are one heap, however skewed', () => {
    expect(tailOf(heap(1000, 80))?.modes).toBeUndefined()
    expect(tailOf(many(500, 3))?.modes).toBeUndefined()
    expect(tailOf(Array.from({ length: 500 }, (_, i) => 100 + i / 5))?.modes).toBeUndefined()
  })

  test('has two where one server, or a cache that misses, makes another group', () => {
    const modes = tailOf([...heap(700, 20), ...heap(300, 400)])?.modes
    expect(modes?.[0].medianMs).toBeCloseTo(20, -1)
    expect(modes?.[1].medianMs).toBeCloseTo(400, -2)
    expect(modes?.map(({ share }) => Number(share.toFixed(1)))).toEqual([0.7, 0.3])
  })

  test('is in order, whatever the durations', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1e5, noNaN: true }), { minLength: 100, maxLength: 300 }), (all) => {
        const tail = tailOf(all)
        if (!tail) throw new Error('no tail')
        const { p50Ms, p95Ms, p99Ms, maxMs, modes } = tail
        expect([...[p50Ms, p95Ms, p99Ms, maxMs]].sort((a, b) => a - b)).toEqual([p50Ms, p95Ms, p99Ms, maxMs])
        expect((modes?.[0].share ?? 1) + (modes?.[1].share ?? 0)).toBeCloseTo(1)
      }),
    )
  })
})

describe('the config', () => {
  const problems = (more: object) => {
    try {
      parseConfig({ service: 's', monitors: [{ id: 'a', kind: 'http', url: 'http://x.test/', ...more }] })
      return []
    } catch (error) {
      return (error as { problems: { path: string; expected: string }[] }).problems.map(
        ({ path, expected }) => `${path}: ${expected}`,
      )
    }
  }

  test('says what is wrong with "latency", all at once', () => {
    expect(problems({ latency: { p95: '800ms' } })).toEqual([])
    expect(problems({ latency: { for: '10m' } })).toEqual([
      'monitors[0].latency: at least one of "p95", "p99" and "regression"',
    ])
    expect(problems({ latency: { p95: '2s', p99: '1s', regression: 1.5 } })).toEqual([
      'monitors[0].latency.p99: at least "p95", 2s',
    ])
    expect(problems({ timeout: '1s', latency: { p95: '1s' } })).toEqual([
      'monitors[0].latency.p95: less than "timeout", 1s: a run that takes longer has failed',
    ])
    expect(problems({ latency: { p95: 'fast', regression: 1 } })).toHaveLength(2)
  })
})
