import { describe, expect, test } from 'vitest'
import { simulateMany } from '../support/simulation.ts'

const [seeds, days] = [150, 30]

describe('through months of loss, partitions, flapping and slow answers', () => {
  test('nothing moves that should not, and nothing stays that should move', () => {
    const { falseMoves, missedMoves, moves, due } = simulateMany(seeds, days)
    expect({ falseMoves, missedMoves }).toEqual({ falseMoves: 0, missedMoves: 0 })
    expect(moves).toBeGreaterThan(500)
    expect(due).toBeGreaterThan(500)
  })

  test.each([
    ['one vantage were enough', { failover: { quorum: { fail: 1 } } }],
    ['a decision were made at once, by single attempts', { failover: { sustain: '0s' }, voteAttempts: 1 }],
  ])('it would be seen if %s', (_, otherwise) => {
    expect(simulateMany(seeds, days, otherwise).falseMoves).toBeGreaterThan(0)
  })

  test.each([
    ['nothing moved at all', { failover: { mode: 'observe' } }],
    ['all had to agree', { failover: { quorum: { pass: 10 } } }],
  ])('it would be seen if %s', (_, otherwise) => {
    expect(simulateMany(20, days, otherwise).missedMoves).toBeGreaterThan(0)
  })
})
