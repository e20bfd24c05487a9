import { describe, expect, it } from 'vitest'
import { type Ballot, failoverQuorum, majorityOf, tally } from '../../lib/decide/quorum.ts'

describe('quorum', () => {
  it('takes more than half for a majority', () => {
    expect([0, 1, 2, 3, 4, 5, 6, 7, 10].map(majorityOf)).toEqual([1, 1, 2, 2, 3, 3, 4, 4, 6])
  })

  it('takes a majority of the configured vantages for whatever is left open', () => {
    expect(failoverQuorum({}, 5)).toEqual({ fail: 3, pass: 3, voters: 3 })
    expect(failoverQuorum({ fail: 2 }, 5)).toEqual({ fail: 2, pass: 3, voters: 3 })
    expect(failoverQuorum({ fail: 1, pass: 2, voters: 4 }, 5)).toEqual({ fail: 1, pass: 2, voters: 4 })
    expect(failoverQuorum({ fail: undefined }, 3).fail).toBe(2)
  })

  it('needs no vote of one dead vantage, from three vantages on', () => {
    for (const vantages of [3, 4, 5, 6, 7]) expect(failoverQuorum({}, vantages).voters).toBeLessThan(vantages)
  })

  const ballots = new Map<string, Ballot>([
    ['v1', { a: 'up', b: 'down' }],
    ['v2', { a: 'down' }],
    ['v9', { a: 'up', b: 'up' }],
  ])

  it('counts each configured vantage once, and those without a word as none', () => {
    expect(tally('a', ['v1', 'v2', 'v3'], ballots)).toEqual({ up: ['v1'], down: ['v2'], none: ['v3'] })
    expect(tally('b', ['v1', 'v2', 'v3'], ballots)).toEqual({ up: [], down: ['v1'], none: ['v2', 'v3'] })
  })

  it('does not count who is not configured', () => {
    expect(tally('b', ['v1'], ballots)).toEqual({ up: [], down: ['v1'], none: [] })
    expect(tally('b', [], ballots)).toEqual({ up: [], down: [], none: [] })
  })
})

it('counts an endpoint whose name every object has like any other', () => {
  const ballots = new Map<string, Ballot>([
    ['a', {}],
    ['b', { constructor: 'up' } as unknown as Ballot],
  ])
  expect(tally('constructor', ['a', 'b'], ballots)).toEqual({ up: ['b'], down: [], none: ['a'] })
})
