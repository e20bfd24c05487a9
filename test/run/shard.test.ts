import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { PublishMetrics } from '../../lib/act/ports.ts'
import { probeAssetOf, scheduledTimePlaceholder } from '../../lib/decide/probe-asset.ts'
import type { Place } from '../../lib/decide/schedule.ts'
import type { Datum } from '../../lib/decide/votes.ts'
import { parseConfig } from '../../lib/model/parse-config.ts'
import type { Observation } from '../../lib/model/result.ts'
import { createHost } from '../../lib/run/host.ts'
import { createShardRunner } from '../../lib/run/shard.ts'

const noon = Date.UTC(2026, 10, 21, 12)
const at = (ms: number) => new Date(ms).toISOString()

const up: Observation = { phases: {}, observed: {} }
const down: Observation = {
  phases: {},
  observed: {},
  failure: { code: 'CONNECT_REFUSED', stage: 'connect', message: 'no' },
}

beforeEach(() => vi.useFakeTimers({ now: noon + 7000 }))
afterEach(() => vi.useRealTimers())

interface Setup {
  monitors?: Record<string, unknown>[]
  place?: Place
  probe?: (monitor: string, nth: number) => Promise<Observation>
  isConnected?: () => Promise<boolean>
}

/** A vantage whose clock is virtual, with everything that it did. */
function vantage({
  monitors = [{}],
  place = { index: 0, count: 1 },
  probe = async () => up,
  isConnected = async () => true,
}: Setup = {}) {
  const config = parseConfig({
    service: 'shop',
    vantages: ['eu-west-1'],
    controllers: ['us-west-2'],
    monitors: monitors.map((one, i) => ({ id: `m${i}`, kind: 'tcp', host: '192.0.2.1', port: 1, retries: 0, ...one })),
  })
  const asset = probeAssetOf(config, config.vantages[0] as (typeof config.vantages)[0])
  const starts: { monitor: string; atMs: number }[] = []
  const published: Datum[][] = []
  const lines: Record<string, unknown>[] = []
  const publish: PublishMetrics = async (datums) => {
    published.push([...datums])
    return [{ region: 'us-west-2', sent: datums.length, queued: 0, dropped: 0 }]
  }
  const run = createShardRunner(
    { ...asset, place },
    {
      ...createHost({ vantage: asset.vantage, version: '0.0.0', selfCheck: [] }),
      probe: (monitor) => {
        starts.push({ monitor: monitor.id, atMs: Date.now() })
        return probe(monitor.id, starts.filter(({ monitor: id }) => id === monitor.id).length)
      },
      isConnected,
      publish,
      write: (line) => void lines.push(JSON.parse(line)),
    },
  )
  const call = async (shard: string, scheduledTime: string) => {
    const [summary] = await Promise.all([run({ shard, scheduledTime }), vi.runAllTimersAsync()])
    return summary
  }
  return { call, run, starts, published, lines }
}

const after = (ms: number) =>
  new Promise<Observation>((resolve) => {
    setTimeout(() => resolve(up), ms)
  })

test('an invocation runs its monitors, logs each, publishes their votes for the scheduled minute and says what it did', async () => {
  const probe = async (monitor: string) => (monitor === 'm1' ? down : up)
  const { call, published, lines } = vantage({ monitors: [{}, {}], probe })
  const summary = await call('1m-0', at(noon))
  expect(summary).toEqual({
    ...{ shard: '1m-0', minute: at(noon), results: 2, down: 1, unknown: 0, missed: 0 },
    metrics: [{ region: 'us-west-2', sent: 3, queued: 0, dropped: 0 }],
  })
  expect(lines).toMatchObject([
    { monitor: 'm0', status: 'up' },
    { monitor: 'm1', failure: down.failure },
    summary ?? {},
  ])
  expect(published).toMatchObject([
    [
      { metric: 'Down', dimensions: { Monitor: 'm0' }, values: [0], atMs: noon },
      { metric: 'Down', dimensions: { Monitor: 'm1' }, values: [1], atMs: noon },
      { metric: 'Heartbeat', dimensions: { Vantage: 'eu-west-1' }, values: [1], atMs: noon },
    ],
  ])
})

test('a minute that is delivered twice to one process is run once, also while the first is under way', async () => {
  const { run, call, starts, published } = vantage({ probe: () => after(2000) })
  const event = { shard: '1m-0', scheduledTime: at(noon) }
  const [first, second] = await Promise.all([run(event), run(event), vi.runAllTimersAsync()])
  expect(first).toMatchObject({ results: 1 })
  expect(second).toBeUndefined()
  expect(await call('1m-0', at(noon + 20_000))).toBeUndefined()
  expect(await call('1m-0', at(noon - 60_000))).toBeUndefined()
  expect(await call('1m-0', at(noon + 60_000))).toMatchObject({ results: 1 })
  expect(starts).toHaveLength(2)
  expect(published).toHaveLength(2)
})

test('where nobody fills in the scheduled time, the minute of arrival counts', async () => {
  expect(await vantage().call('1m-0', scheduledTimePlaceholder)).toMatchObject({ minute: at(noon) })
})

test('shards of a vantage do not take each other for repetitions', async () => {
  const { call } = vantage({ monitors: [{}, { every: '5m' }] })
  expect(await call('1m-0', at(noon))).toMatchObject({ results: 1 })
  expect(await call('5m-0', at(noon))).toMatchObject({ results: 1 })
})

test('a loop below a minute owns the evenly spaced slots of the following minute, whenever it was called', async () => {
  const { call, starts, published } = vantage({ monitors: [{ every: '10s', timeout: '2s' }], probe: () => after(1500) })
  expect(await call('10s-0', at(noon))).toMatchObject({ minute: at(noon + 60_000), results: 6, missed: 0 })
  vi.setSystemTime(noon + 60_000 + 55_000)
  await call('10s-0', at(noon + 60_000))
  expect(starts.map(({ atMs }) => atMs - noon)).toEqual(Array.from({ length: 12 }, (_, i) => 60_000 + i * 10_000))
  expect(published.flatMap((datums) => datums.map(({ metric, atMs }) => [metric, atMs - noon]))).toEqual([
    ['Down', 60_000],
    ['Heartbeat', 60_000],
    ['Down', 120_000],
    ['Heartbeat', 120_000],
  ])
})

test('vantages take turns within an interval', async () => {
  const { call, starts } = vantage({ place: { index: 1, count: 2 }, monitors: [{ every: '10s', timeout: '2s' }] })
  await call('10s-0', at(noon))
  expect(starts.slice(0, 2).map(({ atMs }) => atMs - noon)).toEqual([65_000, 75_000])
})

test('the last result of the minute votes', async () => {
  const probe = async (_monitor: string, nth: number) => (nth < 6 ? down : up)
  const { call, published } = vantage({ monitors: [{ every: '10s', timeout: '2s' }], probe })
  expect(await call('10s-0', at(noon))).toMatchObject({ results: 6, down: 5 })
  expect(published[0]?.[0]).toMatchObject({ metric: 'Down', values: [0] })
})

test('a run that takes too long delays none: the slot that it covers is left out, and counted', async () => {
  const probe = async (_monitor: string, nth: number) => (nth === 2 ? after(4900).then(() => down) : up)
  // A self-check comes on top of a failed run.
  const isConnected = () => after(2000).then(() => true)
  const { call, starts } = vantage({ monitors: [{ every: '5s', timeout: '5s' }], probe, isConnected })
  expect(await call('5s-0', at(noon))).toMatchObject({ results: 11, missed: 1 })
  expect(starts.map(({ atMs }) => (atMs - noon) / 1000)).toEqual([60, 65, 75, 80, 85, 90, 95, 100, 105, 110, 115])
})

test('an invocation that comes late runs the slots that are left', async () => {
  vi.setSystemTime(noon + 60_000 + 25_000)
  const { call, starts } = vantage({ monitors: [{ every: '10s', timeout: '2s' }] })
  expect(await call('10s-0', at(noon))).toMatchObject({ results: 3, missed: 3 })
  expect(starts.map(({ atMs }) => atMs - noon)).toEqual([90_000, 100_000, 110_000])
})

test('monitors of a shard start a little apart, all within their interval', async () => {
  const { call, starts } = vantage({ monitors: Array.from({ length: 100 }, () => ({})) })
  await call('1m-0', at(noon))
  const offsets = starts.map(({ atMs }) => atMs - noon - 7000)
  expect(offsets[0]).toBe(0)
  expect(offsets.at(-1)).toBeGreaterThanOrEqual(495)
  expect(offsets.at(-1)).toBeLessThanOrEqual(500)
})

test('results that change nothing are short, a change is there whole', async () => {
  const probe = async (_monitor: string, nth: number) => (nth === 2 ? down : up)
  const { call, lines } = vantage({ probe })
  for (const minute of [0, 1, 2, 3]) await call('1m-0', at(noon + minute * 60_000))
  const results = lines.filter((line) => 'monitor' in line)
  expect(results.map((line) => [line.status, line.was, 'kind' in line])).toEqual([
    ['up', undefined, false],
    ['down', 'up', true],
    ['up', 'down', true],
    ['up', undefined, false],
  ])
})

test('an event that names no shard is an error that says what there is', async () => {
  await expect(vantage().run({ shard: '2m-0', scheduledTime: at(noon) })).rejects.toThrow(
    'expected one of 1m-0, got "2m-0"',
  )
})
