import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Scheduler, shareOf } from '../../lib/local/scheduler.ts'

const secondMs = 1000

// Virtual time: setTimeout, the monotonic clock and the wall clock move only when a test moves them.
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance', 'Date'] })
})
afterEach(() => {
  vi.useRealTimers()
})

const unexpected = (id: string, error: unknown) => {
  throw new Error(`${id}: ${error}`)
}

/** A job that takes `tookMs` (or never ends) and remembers when it began. */
function job(id: string, everyMs: number, tookMs: number | 'forever' = 0) {
  const starts: number[] = []
  const run = () => {
    starts.push(performance.now())
    if (tookMs === 'forever') return new Promise<void>(() => {})
    return new Promise<void>((resolve) => setTimeout(resolve, tookMs))
  }
  return { id, everyMs, run, starts }
}

function schedule(...jobs: ReturnType<typeof job>[]): Scheduler {
  const scheduler = new Scheduler(unexpected)
  scheduler.start(jobs)
  return scheduler
}

const gaps = (starts: number[]) => starts.slice(1).map((start, i) => start - (starts[i] ?? 0))

describe('Scheduler', () => {
  it('runs a first time within five seconds, then on its own grid without drift', async () => {
    const api = job('api', 60 * secondMs, 7 * secondMs)
    const base = performance.now()
    schedule(api)
    await vi.advanceTimersByTimeAsync(24 * 3600 * secondMs)
    expect((api.starts[0] ?? 0) - base).toBeLessThan(5 * secondMs)
    const [first = 0, ...others] = gaps(api.starts)
    expect(first).toBeGreaterThanOrEqual(30 * secondMs)
    expect(first).toBeLessThan(90 * secondMs)
    for (const gap of others) expect(Math.abs(gap - 60 * secondMs)).toBeLessThanOrEqual(1)
    const grid = base + shareOf('api') * 60 * secondMs
    for (const start of api.starts.slice(1)) {
      const off = (start - grid) % (60 * secondMs)
      expect(Math.min(off, 60 * secondMs - off)).toBeLessThanOrEqual(1)
    }
    expect(api.starts.length).toBeGreaterThanOrEqual(1440)
  })

  it('runs each job once per interval, whatever ids and intervals', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string(), fc.integer({ min: 10, max: 30_000 }), async (id, everyMs) => {
        const one = job(id, everyMs)
        const scheduler = schedule(one)
        await vi.advanceTimersByTimeAsync(everyMs * 20)
        expect(one.starts.length).toBeGreaterThanOrEqual(19)
        expect(one.starts.length).toBeLessThanOrEqual(21)
        expect(scheduler.skipped(id)).toBe(0)
        const stopped = scheduler.stop()
        await vi.advanceTimersByTimeAsync(1)
        await stopped
      }),
      { numRuns: 50 },
    )
  })

  it('spreads a thousand monitors over their interval, and over the first seconds', async () => {
    const jobs = Array.from({ length: 1000 }, (_, i) => job(`monitor-${i}`, 10 * secondMs))
    const base = performance.now()
    schedule(...jobs)
    await vi.advanceTimersByTimeAsync(40 * secondMs)
    const starts = jobs.flatMap(({ starts }) => starts)
    const perSlice = (from: number, to: number, sliceMs: number) => {
      const counts = Array(Math.ceil((to - from) / sliceMs)).fill(0)
      for (const start of starts)
        if (start - base >= from && start - base < to) counts[Math.floor((start - base - from) / sliceMs)]++
      return counts
    }
    // 100 a second on average: 10 in each tenth of a second.
    expect(Math.max(...perSlice(20_000, 30_000, 100))).toBeLessThan(30)
    expect(Math.max(...perSlice(0, 5000, 100))).toBeLessThan(50)
    expect(perSlice(20_000, 30_000, 10_000)).toEqual([1000])
  })

  it('never runs a job beside itself: slots that come meanwhile are skipped and counted', async () => {
    const slow = job('slow', 10 * secondMs, 25 * secondMs)
    const scheduler = schedule(slow)
    await vi.advanceTimersByTimeAsync(120 * secondMs)
    for (const gap of gaps(slow.starts)) expect(gap).toBeGreaterThanOrEqual(25 * secondMs)
    expect(scheduler.skipped('slow')).toBeGreaterThanOrEqual(slow.starts.length)
    expect(scheduler.skipped('slow') + slow.starts.length).toBeGreaterThanOrEqual(12)
  })

  it('delays no other job by one that hangs', async () => {
    const [hung, other] = [job('hung', secondMs, 'forever'), job('other', secondMs)]
    const scheduler = schedule(hung, other)
    await vi.advanceTimersByTimeAsync(60 * secondMs)
    expect(hung.starts.length).toBe(1)
    expect(other.starts.length).toBeGreaterThanOrEqual(59)
    expect(scheduler.isRunning('hung')).toBe(true)
    expect(scheduler.lag.summary().maxMs).toBeLessThanOrEqual(1)
  })

  it('reports a job that throws or rejects, and runs it again', async () => {
    const errors: string[] = []
    const scheduler = new Scheduler((id, error) => errors.push(`${id}: ${(error as Error).message}`))
    const rejects = { id: 'rejects', everyMs: secondMs, run: () => Promise.reject(new Error('no')) }
    const throws = {
      id: 'throws',
      everyMs: secondMs,
      run: () => {
        throw new Error('never')
      },
    }
    scheduler.start([rejects, throws])
    await vi.advanceTimersByTimeAsync(10 * secondMs)
    expect(errors.filter((line) => line === 'rejects: no').length).toBeGreaterThanOrEqual(9)
    expect(errors.filter((line) => line === 'throws: never').length).toBeGreaterThanOrEqual(9)
  })

  it('takes no notice of a wall clock that jumps', async () => {
    const one = job('one', secondMs)
    schedule(one)
    await vi.advanceTimersByTimeAsync(10 * secondMs)
    vi.setSystemTime(Date.now() - 3 * 86_400_000)
    await vi.advanceTimersByTimeAsync(10 * secondMs)
    vi.setSystemTime(Date.now() + 30 * 86_400_000)
    await vi.advanceTimersByTimeAsync(10 * secondMs)
    for (const gap of gaps(one.starts)) expect(Math.abs(gap - secondMs)).toBeLessThanOrEqual(1)
    expect(one.starts.length).toBeGreaterThanOrEqual(29)
  })

  it('after the process slept, skips what it missed and stays spread', async () => {
    const jobs = Array.from({ length: 200 }, (_, i) => job(`monitor-${i}`, 10 * secondMs))
    const base = performance.now()
    const scheduler = schedule(...jobs)
    await vi.advanceTimersByTimeAsync(20 * secondMs)
    const before = jobs.map(({ starts }) => starts.length)
    // The monotonic clock goes on while no timer fires, as when a process is stopped and continued.
    let asleepMs = 0
    const awake = performance.now.bind(performance)
    vi.spyOn(performance, 'now').mockImplementation(() => awake() + asleepMs)
    asleepMs = 605 * secondMs
    await vi.advanceTimersByTimeAsync(20 * secondMs)
    const after = jobs.map(({ starts }, i) => starts.length - (before[i] ?? 0))
    for (const [i, count] of after.entries()) {
      expect([1, 2]).toContain(count)
      expect(scheduler.skipped(`monitor-${i}`)).toBeGreaterThanOrEqual(60)
    }
    const latest = jobs.map(({ starts }) => Math.floor(((starts.at(-1) ?? 0) - base) / 100))
    const bunches = Object.values(Object.groupBy(latest, String)).map((bunch) => bunch?.length ?? 0)
    expect(Math.max(...bunches)).toBeLessThan(20)
    vi.restoreAllMocks()
  })

  it('stops: starts nothing more, and waits for what is under way', async () => {
    const [slow, quick] = [job('slow', 60 * secondMs, 20 * secondMs), job('quick', secondMs)]
    const scheduler = schedule(slow, quick)
    await vi.advanceTimersByTimeAsync(6 * secondMs)
    let isStopped = false
    const stopped = scheduler.stop().then(() => {
      isStopped = true
    })
    const runs = quick.starts.length
    await vi.advanceTimersByTimeAsync(10 * secondMs)
    expect([isStopped, quick.starts.length]).toEqual([false, runs])
    await vi.advanceTimersByTimeAsync(15 * secondMs)
    expect([isStopped, slow.starts.length]).toEqual([true, 1])
    await stopped
    expect(vi.getTimerCount()).toBe(0)
  })

  it('measures how late runs start', async () => {
    const one = job('one', secondMs)
    const scheduler = schedule(one)
    await vi.advanceTimersByTimeAsync(10 * secondMs)
    const { count, p50Ms, p99Ms, maxMs } = scheduler.lag.summary()
    expect(count).toBe(one.starts.length)
    expect(p50Ms).toBeLessThanOrEqual(p99Ms)
    expect(p99Ms).toBeLessThanOrEqual(maxMs)
    expect(maxMs).toBeLessThanOrEqual(1)
  })
})
