import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { milliseconds, percentColumn, percentText } from '../../lib/model/figures.ts'

describe('a percentage', () => {
  test.each([
    [1, '100 %', '100 %'],
    [0.999996, '99.99 %', '99.99 %'],
    [0.97, '97 %', '97.00 %'],
    [0.975, '97.50 %', '97.50 %'],
    [0.57, '57 %', '57.00 %'],
    [0, '0 %', '0.00 %'],
    [-0.2, '-20 %', '-20.00 %'],
  ])('of %d is %s, and %s in a column', (share, text, column) => {
    expect(percentText(share)).toBe(text)
    expect(percentColumn(share)).toBe(column)
  })

  test('has as many decimals as are asked for', () => {
    expect([0, 1, 3].map((decimals) => percentText(0.99987, decimals))).toEqual(['99 %', '99.9 %', '99.987 %'])
  })

  test('never says more than is true, nor less by a whole last digit', () => {
    const votes = fc
      .integer({ min: 1, max: 1e7 })
      .chain((all) => fc.tuple(fc.integer({ min: 0, max: all }), fc.constant(all)))
    fc.assert(
      fc.property(votes, fc.constantFrom(1, 2, 3), ([up, all], decimals) => {
        const told = Number.parseFloat(percentText(up / all, decimals))
        // In whole numbers, where nothing is lost.
        const exact = Math.floor((up * 100 * 10 ** decimals) / all) / 10 ** decimals
        expect(told).toBe(exact)
      }),
    )
  })
})

describe('milliseconds', () => {
  test.each([
    [0.42, '0.4 ms', '0.4 ms'],
    [9.96, '10 ms', '10 ms'],
    [84.2, '84 ms', '84 ms'],
    [999.6, '1.00 s', '1000 ms'],
    [1240, '1.24 s', '1240 ms'],
    [9999.6, '10.0 s', '10.0 s'],
    [12_440, '12.4 s', '12.4 s'],
  ])('%d is %s, and %s where seconds begin at ten', (ms, text, late) => {
    expect(milliseconds(ms)).toBe(text)
    expect(milliseconds(ms, 10_000)).toBe(late)
  })
})
