import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Engine, type EngineEvent } from '../../lib/local/engine.ts'
import { openHistory } from '../../lib/local/history.ts'
import type { Monitor } from '../../lib/model/monitor.ts'
import { parseConfig } from '../../lib/model/parse-config.ts'
import type { ProbeResult, Status } from '../../lib/model/result.ts'
import { keptLog, temporaryFolder } from '../support/history.ts'
import { failedResult, httpResult } from '../support/results.ts'

// The engine's time is virtual; the history's thread and its timers are real, and are waited for by `flush`.
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance', 'Date'] })
  vi.setSystemTime('2026-11-20T12:00:00Z')
})
const ends: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const end of ends.splice(0)) await end()
  vi.useRealTimers()
})

const monitors = (...all: Record<string, unknown>[]): Monitor[] =>
  parseConfig({
    service: 'shop',
    monitors: all.map((one) => ({ kind: 'http', url: 'http://127.0.0.1:9/', every: '10s', timeout: '2s', ...one })),
  }).monitors

type Run = (monitor: Monitor, signal: AbortSignal) => Promise<ProbeResult>

async function engine(all: Monitor[], runMonitor: Run, file = path.join(temporaryFolder(), 'history.db')) {
  const kept = keptLog()
  const history = await openHistory({ path: file, log: kept.log })
  const started = new Engine({ service: 'shop', monitors: all, runMonitor, history, log: kept.log })
  const events: EngineEvent[] = []
  started.subscribe((event) => events.push(event))
  started.start()
  const view = (id: string) => started.snapshot().monitors.find((one) => one.id === id)
  let isOver = false
  const end = async () => {
    if (isOver) return
    isOver = true
    const stopped = started.stop()
    await vi.advanceTimersByTimeAsync(60_000)
    await stopped
    await history.close()
  }
  ends.push(end)
  return { engine: started, history, file, events, view, end, ...kept }
}

/** Gives one status after the other, the last for ever. */
function inTurn(...statuses: Status[]): Run {
  return async ({ id }) => {
    const status = (statuses.length > 1 ? statuses.shift() : statuses[0]) ?? 'up'
    return status === 'down' ? failedResult(id, Date.now()) : httpResult(id, Date.now(), { status })
  }
}

const seconds = (n: number) => vi.advanceTimersByTimeAsync(n * 1000)

describe('Engine', () => {
  it('gives a percentage once there are runs enough for one', async () => {
    const { history, view } = await engine(monitors({ id: 'api' }), inTurn('up'))
    await seconds(30)
    expect(view('api')).not.toHaveProperty('uptime24h')
    await vi.waitFor(
      async () => {
        await seconds(60)
        await history.flush()
        expect(view('api')).toHaveProperty('uptime24h', 1)
      },
      { timeout: 20_000, interval: 20 },
    )
  })

  it('runs monitors, keeps their results, and shows how they stand', async () => {
    const { history, events, view } = await engine(monitors({ id: 'api' }), inTurn('up'))
    expect(view('api')).toMatchObject({ state: 'pending', recent: [] })
    await seconds(60)
    await history.flush()
    const runs = events.filter(({ type }) => type === 'result').length
    expect(runs).toBeGreaterThanOrEqual(6)
    expect(view('api')).toMatchObject({ state: 'up', skipped: 0, last: { status: 'up' } })
    expect(view('api')?.recent.length).toBe(runs)
    const nowMs = Date.now()
    expect(history.read((reader) => reader.uptime('api', nowMs - 3_600_000, nowMs).up)).toBe(runs)
  })

  it('tells of a change of state once: to the log, the history and whoever listens', async () => {
    const api = monitors({ id: 'api', thresholds: { down: 3, up: 2 } })
    const { history, events, view, lines } = await engine(api, inTurn('up', 'down', 'down', 'down', 'up', 'up'))
    await seconds(90)
    await history.flush()
    const states = lines.filter(({ event }) => event === 'state').map(({ level, from, to }) => [level, from, to])
    expect(states).toEqual([
      ['info', 'pending', 'up'],
      ['warn', 'up', 'down'],
      ['info', 'down', 'up'],
    ])
    const changes = events.flatMap((event) => (event.type === 'transition' ? [event.transition] : []))
    expect(history.read((reader) => reader.transitions(0, Date.now()))).toEqual(changes)
    expect(changes[1]).toMatchObject({ monitor: 'api', to: 'down', muted: false, cause: { code: 'CONNECT_REFUSED' } })
    expect((changes[1]?.atMs ?? 0) - (changes[1]?.firstAtMs ?? 0)).toBeCloseTo(20_000, -2)
    expect(lines.filter(({ event, level }) => event === 'result' && level === 'warn').length).toBe(3)
    expect(view('api')).toMatchObject({ state: 'up', lastFailure: { code: 'CONNECT_REFUSED' } })
  })

  it('takes two failures and a success at threshold 3 for no incident', async () => {
    const { lines } = await engine(monitors({ id: 'api' }), inTurn('up', 'down', 'down', 'up'))
    await seconds(90)
    expect(lines.filter(({ event }) => event === 'state').length).toBe(1)
  })

  it('survives a monitor that throws, and one that hangs for ever: no other is delayed', async () => {
    const run: Run = async (monitor, signal) => {
      if (monitor.id === 'throws') throw new Error('out of cheese')
      if (monitor.id === 'hangs')
        return new Promise(() => signal.addEventListener('abort', () => aborted.push('hangs')))
      return inTurn('up')(monitor, signal)
    }
    const aborted: string[] = []
    const all = monitors({ id: 'throws' }, { id: 'hangs', retries: 0 }, { id: 'api' })
    const { events, view } = await engine(all, run)
    await seconds(120)
    expect(view('throws')?.last).toMatchObject({
      status: 'unknown',
      cause: { code: 'INTERNAL', message: 'out of cheese' },
    })
    expect(view('hangs')?.last?.cause?.message).toBe('expected a result within 12 s, got none: the run was given up')
    expect(view('hangs')?.skipped).toBeGreaterThanOrEqual(4)
    expect(aborted.length).toBeGreaterThanOrEqual(4)
    // INTERNAL is no vote: nobody's state is made up from it.
    expect(view('throws')?.state).toBe('pending')
    expect(view('throws')?.uptime24h).toBeUndefined()
    const good = events.filter((event) => event.type === 'result' && event.result.monitor === 'api')
    expect(good.length).toBeGreaterThanOrEqual(11)
    expect(view('api')?.skipped).toBe(0)
  })

  it('survives a listener that throws', async () => {
    const { engine: running, events, lines } = await engine(monitors({ id: 'api' }), inTurn('up'))
    running.subscribe(() => {
      throw new Error('deaf')
    })
    let heard = 0
    const unsubscribe = running.subscribe(() => heard++)
    unsubscribe()
    await seconds(30)
    expect(heard).toBe(0)
    expect(events.length).toBeGreaterThanOrEqual(3)
    expect(lines.find(({ event }) => event === 'engine.listener failed')?.message).toContain('deaf')
  })

  it('goes on measuring in a maintenance window, and marks what it tells as muted', async () => {
    const window = { start: '2026-11-20T12:00:00Z', for: '1m' }
    const api = monitors({ id: 'api', thresholds: { down: 2, up: 1 }, maintenance: [window] })
    const { events, view } = await engine(
      api,
      inTurn('up', 'down', 'down', 'down', 'down', 'down', 'down', 'down', 'up'),
    )
    await seconds(120)
    const changes = events.flatMap((event) => (event.type === 'transition' ? [event.transition] : []))
    expect(changes.map(({ to, muted }) => [to, muted])).toEqual([
      ['up', true],
      ['down', true],
      ['up', false],
    ])
    expect(view('api')?.muted).toBe(false)
    expect(events.filter((event) => event.type === 'result').length).toBeGreaterThanOrEqual(11)
  })

  it('takes a restart neither for a recovery nor for a new incident', async () => {
    const api = monitors({ id: 'api' })
    const first = await engine(api, inTurn('down'))
    await seconds(120)
    const since = first.view('api')?.sinceMs
    expect(first.view('api')?.state).toBe('down')
    await first.end()
    const second = await engine(api, inTurn('down', 'down', 'up'), first.file)
    expect(second.view('api')).toMatchObject({ state: 'down', sinceMs: since, uptime24h: 0 })
    await seconds(60)
    expect(second.view('api')?.state).toBe('down')
    expect(second.lines.filter(({ event }) => event === 'state')).toEqual([])
    await second.end()
    vi.setSystemTime(Date.now() + 5 * 3_600_000)
    const third = await engine(api, inTurn('up'), first.file)
    expect(third.view('api')?.state).toBe('pending')
  })

  it('stops when what is under way has ended, and keeps its result', async () => {
    const slow: Run = ({ id }) => new Promise((resolve) => setTimeout(() => resolve(httpResult(id, Date.now())), 3000))
    const { engine: running, events } = await engine(monitors({ id: 'api', every: '1m', timeout: '10s' }), slow)
    await vi.advanceTimersByTimeAsync(5000)
    const before = events.length
    const stopped = running.stop()
    await seconds(300)
    await stopped
    expect([before, events.filter(({ type }) => type === 'result').length]).toEqual([0, 1])
  })
})
