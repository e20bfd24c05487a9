import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { withSlo } from '../../lib/decide/budget-report.ts'
import { emptyRing, votesIn } from '../../lib/decide/vote-ring.ts'
import type { EngineEvent } from '../../lib/local/engine.ts'
import { readAccount, reportOf, ringsOf } from '../../lib/local/slo-report.ts'
import { startSloWatch } from '../../lib/local/slo-watch.ts'
import type { VedetteEvent } from '../../lib/model/event.ts'
import { parseConfig } from '../../lib/model/parse-config.ts'
import type { ProbeResult } from '../../lib/model/result.ts'
import { base, dayMs, history, minuteMs, minutes } from '../support/history.ts'
import { failedResult, httpResult } from '../support/results.ts'

const hourMs = 60 * minuteMs
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'Date'] })
})
afterEach(() => {
  vi.useRealTimers()
})

const monitors = (...all: object[]) =>
  parseConfig({
    service: 'shop',
    monitors: all.map((one) => ({ id: 'api', kind: 'http', url: 'http://x.test/a', ...one })),
  }).monitors
const promised = (more: object = {}) => monitors({ slo: { objective: 99.9 }, ...more })
const promisedOne = (more: object = {}) => {
  const [monitor] = withSlo(promised(more))
  if (!monitor) throw new Error('no objective')
  return monitor
}

/** A watch over a real history, whose engine is this test: `minute` gives a result and lets its minute pass. */
function watch(all = promised(), kept = history()) {
  const told: VedetteEvent[] = []
  const stands: VedetteEvent[] = []
  let listener: (event: EngineEvent) => void = () => {}
  const started = startSloWatch(
    {
      ...{ service: 'shop', monitors: all, log: () => {}, tell: (event: VedetteEvent) => told.push(event) },
      standing: (event) => stands.push(event),
      history: {
        read: (question) => question(kept.reader),
        recordEvent: (event) => void kept.store.append({ results: [], transitions: [], events: [event] }),
      },
    },
    {
      subscribe: (given) => {
        listener = given
        return () => {
          listener = () => {}
        }
      },
    },
  )
  onTestFinished(() => started.stop())
  const take = (result: ProbeResult) => {
    kept.add(result)
    listener({ type: 'result', result, muted: false })
  }
  const pass = (count: number, result: (atMs: number) => ProbeResult) => {
    for (let i = 0; i < count; i++) {
      take(result(Date.now()))
      vi.advanceTimersByTime(minuteMs)
    }
  }
  const often = (count: number, result: (atMs: number) => ProbeResult) => {
    for (let i = 0; i < count; i++) {
      take(result(Date.now()))
      vi.advanceTimersByTime(5000)
    }
  }
  return { told, stands, pass, often, kept, stop: started.stop }
}
const up = (atMs: number) => httpResult('api', atMs)
const down = (atMs: number) => failedResult('api', atMs)
const took = (durationMs: number) => (atMs: number) => httpResult('api', atMs, { durationMs })
const said = (events: VedetteEvent[]) =>
  events.map((event) => [event.type, 'severity' in event ? event.severity : 'against' in event && event.against])

describe('an error budget, watched while it runs', () => {
  it('pages in the third minute of an outage, and is calm when the short window is', () => {
    vi.setSystemTime(base)
    const { told, pass } = watch()
    pass(120, up)
    expect(told).toEqual([])
    pass(2, down)
    expect(told).toEqual([])
    pass(1, down)
    // Of a day, and of three, it is little.
    expect(said(told)).toEqual([['budget.burning', 'page']])
    expect(told[0]).toMatchObject({
      ...{ service: 'shop', monitor: 'api', target: 'http://x.test/a', objective: 99.9, atMs: Date.now() },
      ...{ longMs: hourMs, shortMs: 5 * minuteMs },
    })
    // 3 of the 60 votes of an hour, at 99.9 %.
    expect((told[0] as { burn: number }).burn).toBeCloseTo(50)
    expect(told[0]).not.toHaveProperty('seenMs')
    expect((told[0] as { left: number }).left).toBeGreaterThan(0.9)
    told.splice(0)
    // The half hour of the six is the last short window of a page to be clean again.
    pass(29, up)
    expect(told).toEqual([])
    pass(1, up)
    expect(said(told)).toEqual([['budget.calm', 'page']])
  })

  it('says nothing of a blip, however few votes there are', () => {
    vi.setSystemTime(base)
    const { told, pass } = watch()
    pass(2, down)
    pass(60, up)
    expect(told).toEqual([])
  })

  it('takes 15 seconds that were down in the first minute for what they are of an hour', () => {
    vi.setSystemTime(base)
    const { told, often } = watch(promised({ every: '5s', timeout: '1s', retries: 0 }))
    often(9, up)
    often(3, down)
    often(60, up)
    expect(told).toEqual([])
  })

  it('says how much of a window it has seen, and nothing of when the budget is gone where that is little', () => {
    vi.setSystemTime(base)
    const { told, pass } = watch()
    pass(8, up)
    pass(3, down)
    expect(told[0]).toMatchObject({ type: 'budget.burning', severity: 'page', seenMs: 11 * minuteMs })
    expect((told[0] as { burn: number }).burn).toBeCloseTo(50)
    expect(told[0]).not.toHaveProperty('exhaustedInMs')
  })

  it('goes on over a restart, from the history, without saying it twice, and ends what ended meanwhile', () => {
    vi.setSystemTime(base)
    const first = watch()
    first.pass(30, up)
    first.pass(5, down)
    expect(said(first.told)).toContainEqual(['budget.burning', 'page'])
    first.stop()
    const second = watch(promised(), first.kept)
    second.pass(2, down)
    expect(second.told).toEqual([])
    second.stop()
    vi.setSystemTime(base + 3 * hourMs)
    const third = watch(promised(), first.kept)
    third.pass(1, up)
    expect(said(third.told)).toEqual([['budget.calm', 'page']])
    third.stop()
    const fourth = watch(promised(), first.kept)
    fourth.pass(1, up)
    expect(fourth.told).toEqual([])
    const kept = first.kept.reader.events(base, base + dayMs, { kinds: ['budget'] })
    expect(kept.map(({ detail }) => said([detail as VedetteEvent])[0])).toEqual([
      ['budget.burning', 'page'],
      ['budget.burning', 'ticket'],
      ['budget.calm', 'page'],
    ])
  })

  it('does not page after a restart for what was over before its short window, though its hour is over too', () => {
    const kept = history()
    const nowMs = base + 10 * hourMs + 10 * minuteMs
    // Of 9:05 to 9:15, an hour before it is asked.
    kept.add(...minutes('api', base, 610, (i) => (i >= 545 && i < 555 ? 'down' : 'up')))
    kept.settle(nowMs)
    vi.setSystemTime(nowMs)
    const { told, pass } = watch(promised(), kept)
    pass(1, up)
    expect(said(told)).toEqual([['budget.burning', 'ticket']])
  })

  it('takes no vote for neither', () => {
    vi.setSystemTime(base)
    const { told, pass } = watch()
    pass(60, up)
    pass(30, (atMs) => httpResult('api', atMs, { status: 'unknown' }))
    expect(told).toEqual([])
  })
})

describe('how all of it stands', () => {
  it('is said once after a start, also where an earlier process kept a change and died before it told', () => {
    vi.setSystemTime(base)
    const all = promised({ latency: { p95: '800ms', for: '40m' } })
    const first = watch(all)
    first.pass(30, took(900))
    first.pass(3, down)
    first.stop()
    const { told, stands, pass } = watch(all, first.kept)
    pass(1, down)
    pass(1, up)
    expect(told).toEqual([])
    expect(said(stands)).toEqual([
      ['budget.burning', 'page'],
      ['budget.calm', 'ticket'],
      ['latency.slow', 'limit'],
      ['latency.normal', 'baseline'],
    ])
  })
})

describe('latency, watched while it runs', () => {
  it('is slow while its percentile is over the limit, and normal afterwards', () => {
    vi.setSystemTime(base)
    const { told, pass } = watch(monitors({ latency: { p95: '800ms', for: '20m' } }))
    pass(40, took(100))
    pass(1, took(900))
    expect(told).toEqual([])
    pass(1, took(901))
    expect(told).toMatchObject([
      {
        type: 'latency.slow',
        against: 'limit',
        statistic: 'p95',
        valueMs: 900,
        limitMs: 800,
        sinceMs: base + 40 * minuteMs,
      },
    ])
    pass(30, took(100))
    expect(said(told)).toEqual([
      ['latency.slow', 'limit'],
      ['latency.normal', 'limit'],
    ])
  })

  it('is slow where it takes so many times what was usual at that hour in earlier weeks', () => {
    const kept = history()
    for (const week of [1, 2, 3])
      kept.add(...minutes('api', base - week * 7 * dayMs, 60).map((result) => ({ ...result, durationMs: 100 })))
    kept.settle(base)
    vi.setSystemTime(base)
    const { told, pass } = watch(monitors({ latency: { regression: 2, for: '10m' } }), kept)
    pass(20, took(150))
    expect(told).toEqual([])
    pass(20, took(250))
    expect(told).toMatchObject([
      { type: 'latency.slow', against: 'baseline', statistic: 'p50', valueMs: 250, limitMs: 200 },
    ])
  })

  it('is not slow for runs that failed, however long they took, also after a restart', () => {
    vi.setSystemTime(base)
    const all = monitors({ latency: { p95: '800ms', for: '40m' } })
    const first = watch(all)
    first.pass(20, took(100))
    first.pass(15, (atMs) => failedResult('api', atMs, { durationMs: 10_000 }))
    first.stop()
    const second = watch(all, first.kept)
    second.pass(1, took(100))
    expect([...first.told, ...second.told]).toEqual([])
  })

  it('names of two limits that are passed the one that is passed by more', () => {
    vi.setSystemTime(base)
    const { told, often } = watch(
      monitors({ every: '5s', timeout: '4s', retries: 0, latency: { p95: '800ms', p99: '1s', for: '10m' } }),
    )
    often(120, took(100))
    often(12, took(1500))
    expect(told).toMatchObject([{ type: 'latency.slow', statistic: 'p95', valueMs: 1500, limitMs: 800 }])
  })

  it('goes by what was usual at the hour that has begun', () => {
    const kept = history()
    for (const week of [1, 2]) {
      const start = base - week * 7 * dayMs
      kept.add(...minutes('api', start, 120).map((result, i) => ({ ...result, durationMs: i < 60 ? 100 : 400 })))
    }
    kept.settle(base)
    vi.setSystemTime(base + 40 * minuteMs)
    const { told, pass } = watch(monitors({ latency: { regression: 2, for: '10m' } }), kept)
    pass(19, took(300))
    expect(said(told)).toEqual([['latency.slow', 'baseline']])
    pass(2, took(300))
    expect(said(told).slice(1)).toEqual([['latency.normal', 'baseline']])
  })

  it('knows after a restart what it has seen', () => {
    vi.setSystemTime(base)
    const first = watch(monitors({ latency: { p95: '800ms', for: '20m' } }))
    first.pass(20, took(900))
    expect(said(first.told)).toEqual([['latency.slow', 'limit']])
    first.stop()
    const second = watch(monitors({ latency: { p95: '800ms', for: '20m' } }), first.kept)
    second.pass(2, took(100))
    expect(second.told).toEqual([])
    second.pass(20, took(100))
    expect(said(second.told)).toEqual([['latency.normal', 'limit']])
  })
})

describe('the account of a history', () => {
  it('adds up to all of its time: up, down, not known, not watched yet', () => {
    const { add, reader } = history()
    const start = base + 10 * dayMs
    add(...minutes('api', start, 60))
    add(...minutes('api', start + 2 * hourMs, 60, (i) => (i < 6 ? 'down' : 'up')))
    const account = readAccount(promisedOne(), reader, start + 4 * hourMs)
    expect(account).toMatchObject({ downMs: 6 * minuteMs, upMs: 114 * minuteMs, unknownMs: 2 * hourMs })
    expect(account.unwatchedMs).toBe(30 * dayMs - 4 * hourMs)
    expect(account.uptime).toBeCloseTo(0.95)
    // 99.9 % of 30 days: 43.2 minutes.
    expect(account.budgetMs).toBeCloseTo(43.2 * minuteMs)
    expect(account.leftMs).toBeCloseTo(37.2 * minuteMs)
  })

  it('counts downtime in maintenance as downtime, and tells it apart', () => {
    const { add, reader } = history()
    add(...minutes('api', base, 120, (i) => (i >= 60 && i < 75 ? 'down' : 'up')))
    const maintenance = [{ start: new Date(base + hourMs).toISOString(), for: '30m' }]
    const nowMs = base + 2 * hourMs
    const { account } = reportOf(promisedOne({ maintenance }), reader, emptyRing(nowMs), { nowMs })
    expect(account.maintenance).toEqual({ ms: 30 * minuteMs, downMs: 15 * minuteMs })
    expect(account.uptime).toBeCloseTo(105 / 120)
    expect(account.uptimeOutsideMaintenance).toBe(1)
    expect(account.downMs).toBe(15 * minuteMs)
  })

  it('weighs an interval above an hour by its length', () => {
    const { add, reader } = history()
    const every6h = Array.from({ length: 8 }, (_, i) =>
      (i === 3 ? failedResult : httpResult)('api', base + i * 6 * hourMs),
    )
    add(...every6h)
    const account = readAccount(promisedOne({ every: '6h' }), reader, base + 48 * hourMs)
    expect([account.upMs / hourMs, account.downMs / hourMs, account.unknownMs]).toEqual([42, 6, 0])
  })

  it('has failures in the hour of a deployment before or after it, as they were, though that hour is over', () => {
    const { reader, add, settle } = history()
    const nowMs = base + 20 * hourMs
    // For five minutes before the deployment at 9:30.
    add(...minutes('api', base, 20 * 60, (i) => (i >= 565 && i < 570 ? 'down' : 'up')))
    settle(nowMs)
    const monitor = promisedOne()
    const since = (sinceMs: number) => {
      const ring = ringsOf(reader, [monitor], { nowMs, sinceMs }).get('api') ?? emptyRing(nowMs)
      return votesIn(ring, nowMs - sinceMs)
    }
    expect(since(base + 9.5 * hourMs).bad).toBe(0)
    expect(since(base + 9.25 * hourMs).bad).toBe(5)
  })

  it('is what a command reports, with the same burn rates as the watch', () => {
    const { add, reader } = history()
    add(...minutes('api', base, 180, (i) => (i >= 177 ? 'down' : 'up')))
    const nowMs = base + 180 * minuteMs - 1
    const monitor = promisedOne()
    const ring = ringsOf(reader, [monitor], { nowMs }).get('api')
    if (!ring) throw new Error('no votes')
    const { pairs, verdict } = reportOf(monitor, reader, ring, { nowMs })
    expect(pairs[0]).toMatchObject({ isBurning: true, long: { good: 58, bad: 3 }, short: { good: 3, bad: 3 } })
    expect(verdict.decision).toBe('roll back')
    expect(verdict.reasons.map((reason) => [reason.code, 'pair' in reason && reason.pair])).toEqual([
      ['burning', '1h'],
      ['burning', '6h'],
      ['ends-soon', false],
    ])
    const since = reportOf(monitor, reader, ring, { nowMs, sinceMs: nowMs - 20 * minuteMs }).verdict.reasons
    expect(since).toContainEqual({
      code: 'since',
      sinceMs: nowMs - 20 * minuteMs,
      burn: expect.closeTo(150),
      bad: 3,
      votes: 20,
    })
  })
})
