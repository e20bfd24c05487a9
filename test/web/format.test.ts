import { expect, test } from 'vitest'
import { age, axisTexts, certificateLeft, span } from '../../lib/local/web/client/format.ts'

test.each([
  [[0, 0.25, 0.5, 0.75], 0.25, ['0', '0.25 ms', '0.50 ms', '0.75 ms']],
  [[0, 0.2, 0.4], 0.2, ['0', '0.2 ms', '0.4 ms']],
  [[0, 0.1 + 0.2], 0.1 + 0.2, ['0', '0.3 ms']],
  [[0, 50, 100], 50, ['0', '50 ms', '100 ms']],
  [[0, 500, 1000, 1500], 500, ['0', '0.5 s', '1.0 s', '1.5 s']],
  [[0, 2000, 4000], 2000, ['0', '2 s', '4 s']],
  [[], 1, []],
])('the steps of an axis %j are told apart, in one unit', (splits, stepMs, texts) => {
  expect(axisTexts(splits, stepMs)).toEqual(texts)
})

test.each([
  [400.99, 'up', '400 days left'],
  [21, 'up', '21 days left'],
  [20.99, 'degraded', '20 days left'],
  [1, 'degraded', '1 day left'],
  [0.99, 'degraded', '23 hours left'],
  [0.01, 'degraded', 'less than an hour left'],
  [0, 'down', 'expired less than an hour ago'],
  [-0.5, 'down', 'expired 12 hours ago'],
  [-1.5, 'down', 'expired 1 day ago'],
])('of a certificate with %d days it says what is left, and nothing worse', (days, look, left) => {
  expect(certificateLeft(days)).toEqual({ look, left })
})

const [second, minute, hour, day] = [1000, 60_000, 3_600_000, 86_400_000] as const

test.each([
  [0, '0 ms', '0 s'],
  [999, '999 ms', '0 s'],
  [second, '1 s', '1 s'],
  [59_999, '59 s', '59 s'],
  [minute, '1 m', '1 m'],
  [minute + 59_999, '1 m 59 s', '1 m'],
  [2 * hour - 1, '1 h 59 m', '1 h'],
  [day - 1, '23 h 59 m', '23 h'],
  [2 * day + 5 * hour, '2 d 5 h', '2 d'],
  [-5000, '0 ms', '0 s'],
])('of %d ms it is never said that they were more', (ms, length, ago) => {
  expect([span(ms), age(ms)]).toEqual([length, ago])
})
