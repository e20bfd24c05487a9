import { expect, test } from 'vitest'
import { votesText } from './votes-text.ts'

test('the newest votes are a line, and those that are missing have a reason', () => {
  const votes = [
    { id: 'home', point: { sum: 0, samples: 3 } },
    { id: 'api', point: undefined },
    { id: 'port', point: undefined },
  ]
  expect(votesText(votes, new Set(['port']), Date.UTC(2026, 10, 21, 9, 43, 40))).toEqual([
    '09:43Z down/votes  home 0/3  api -  port -',
    '       no votes yet on api',
    expect.stringMatching(/^ {7}no votes yet on port: below a minute .* about three$/),
  ])
  expect(votesText(votes.slice(0, 1), new Set(), 0)).toEqual(['00:00Z down/votes  home 0/3'])
})
