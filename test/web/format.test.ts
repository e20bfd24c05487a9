import { expect, test } from 'vitest'
import { axisTexts } from '../../lib/local/web/client/format.ts'

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
