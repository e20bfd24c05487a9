import { expect, test } from 'vitest'
import { drillLines } from '../../lib/cli/drill.ts'
import type { DrillOutcome } from '../../lib/decide/drill.ts'

const drilled: DrillOutcome = {
  ...{ outcome: 'failed', detail: 'served back: not every server shows it in time', from: 'use1', to: 'euw1', atMs: 0 },
  seen: [
    { move: 'there', vantage: 'north', server: 'ns2 (192.0.2.53:53)', afterMs: 7241 },
    { move: 'there', vantage: 'north', server: '1.1.1.1:53', afterMs: 61_000 },
    { move: 'there', vantage: 'east', server: '1.1.1.1:53', afterMs: 240 },
    { move: 'back', vantage: 'north', server: '1.1.1.1:53', says: 'A 192.0.2.2' },
    { move: 'back', vantage: 'east', server: '1.1.1.1:53', afterMs: 50 },
  ],
  steps: [
    { step: 'create', tookMs: 312 },
    { step: 'served', tookMs: 61_000 },
  ],
}

test('a drill is told by server and vantage, each with the time there and back', () => {
  expect(drillLines(drilled)).toEqual([
    'SERVER               VANTAGE  TO euw1            BACK TO use1',
    '1.1.1.1:53           east      240 ms                   50 ms',
    '1.1.1.1:53           north     61.0 s  not seen (A 192.0.2.2)',
    'ns2 (192.0.2.53:53)  north      7.2 s                       -',
    '',
    'create 312 ms, served 61.0 s',
    '',
    'failed: served back: not every server shows it in time',
  ])
})

test('one that did not begin says why, and one that left something says what', () => {
  const nothing: DrillOutcome = {
    outcome: 'yielded',
    detail: 'another drill is under way',
    atMs: 0,
    seen: [],
    steps: [],
  }
  expect(drillLines(nothing)).toEqual(['yielded: another drill is under way'])
  expect(drillLines({ ...nothing, left: 'it is still there' }).at(-1)).toBe('it is still there')
})
