import { describe, expect, test } from 'vitest'
import type { MonitorSeries, SeriesBucket, SeriesFailure } from '../../lib/local/web/api/series.ts'
import {
  failureMarks,
  percentiles,
  singleResults,
  stackedPhases,
  summaryOf,
} from '../../lib/local/web/client/chart-data.ts'

const bucketMs = 60_000

function bucket(startMs: number, over: Partial<SeriesBucket> = {}): SeriesBucket {
  const durationMs = { p50: 10, p95: 20, p99: 30, mean: 12, min: 9, max: 31 }
  return {
    ...{ startMs, up: 5, degraded: 0, down: 0, unknown: 0, durationMs },
    phases: { connect: 2, processing: 8 },
    ...over,
  }
}

function series(over: Partial<MonitorSeries>): MonitorSeries {
  const points = { atMs: [], durationMs: [], status: '', everyNth: 1 }
  const none = { buckets: [], points, failures: [], failureCounts: {}, changes: [] }
  return { ...{ eventId: '', fromMs: 0, toMs: 10 * bucketMs, bucketMs }, ...none, ...over }
}

const failure = (atMs: number, code: string): SeriesFailure => ({
  ...{ atMs, code, words: '', message: '', status: 'down', vantage: 'local' },
})

describe('the lines of the charts', () => {
  test('a percentile stands in the middle of its bucket, and a gap breaks the line', () => {
    const buckets = [bucket(0), bucket(bucketMs), bucket(4 * bucketMs)]
    const [times, p50] = percentiles(series({ buckets }))
    expect(times).toEqual([30_000, 90_000, 120_000, 270_000])
    expect(p50).toEqual([10, 10, null, 10])
  })

  test('a bucket of failures alone has no percentile', () => {
    const { durationMs: _, phases: __, ...failed } = bucket(0, { up: 0, down: 5 })
    expect(percentiles(series({ buckets: [failed] }))).toEqual([[30_000], [null], [null], [null]])
    expect(stackedPhases(series({ buckets: [failed] })).slice(1)).toEqual([[null], [null], [null], [null], [null]])
  })

  test('phases stand on each other in their order, absent ones being nothing', () => {
    expect(stackedPhases(series({ buckets: [bucket(0)] }))).toEqual([[30_000], [0], [2], [2], [10], [10]])
  })

  test('a stretch without results breaks the phases too', () => {
    const [times, resolve, connect] = stackedPhases(series({ buckets: [bucket(0), bucket(3 * bucketMs)] }))
    expect([times, resolve, connect]).toEqual([
      [30_000, 60_000, 210_000],
      [0, null, 0],
      [2, null, 2],
    ])
  })

  test('a result that is told twice is drawn once', () => {
    const points = { atMs: [1, 1, 2], durationMs: [10, 10, 11], status: 'uuu', everyNth: 1 }
    expect(singleResults(series({ points })).up).toEqual([
      [1, 2],
      [10, 11],
    ])
  })

  test('single results are drawn where they were up or degraded', () => {
    const points = { atMs: [1, 2, 3, 4], durationMs: [10, 5000, 800, 1], status: 'uxd-', everyNth: 1 }
    expect(singleResults(series({ points }))).toEqual({ up: [[1], [10]], degraded: [[3], [800]] })
  })
})

describe('the marks of failures', () => {
  test('those of one code that stand close together are one, counted', () => {
    const failures = [failure(0, 'A'), failure(5, 'A'), failure(12, 'A'), failure(13, 'B'), failure(100, 'B')]
    expect(failureMarks(failures, 10)).toEqual([
      { atMs: 0, status: 'down', text: 'A ×3' },
      { atMs: 13, status: 'down', text: 'B' },
      { atMs: 100, status: 'down', text: 'B' },
    ])
  })

  test('what was degraded is no part of an outage of the same code', () => {
    const failures = [failure(0, 'A'), { ...failure(1, 'A'), status: 'degraded' as const }]
    expect(failureMarks(failures, 10)).toEqual([
      { atMs: 0, status: 'down', text: 'A' },
      { atMs: 1, status: 'degraded', text: 'A' },
    ])
  })

  test('the summary counts runs, and names the codes with the most first', () => {
    const buckets = [bucket(0), bucket(bucketMs, { up: 1, degraded: 1, down: 3, unknown: 1 })]
    expect(summaryOf(series({ buckets, failureCounts: { SELF: 1, HTTP_TIMEOUT: 3 } }))).toEqual({
      ...{ runs: 11, bad: 3, codes: 'HTTP_TIMEOUT 3, SELF 1' },
    })
  })
})
