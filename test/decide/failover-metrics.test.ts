import { describe, expect, test } from 'vitest'
import { phaseDatums, servePrimary, standingDatums } from '../../lib/decide/failover-metrics.ts'
import { failoverOf } from '../support/failover-fixture.ts'

const byRecord = failoverOf()
const byCheck = failoverOf({ switch: 'health-check' })
const shown = (datums: ReturnType<typeof standingDatums>) => datums.map(({ metric, values }) => [metric, ...values])

describe('each minute a controller says', () => {
  test('which endpoint is active, by its place, and whether the failover is ready', () => {
    expect(shown(standingDatums([{ failover: byRecord, active: 'two', isReady: false }], 5))).toEqual([
      ['NotReady', 1],
      ['ActiveEndpoint', 1],
    ])
  })

  test('what the health checks go by, where it moves by them', () => {
    const serve = (active: string) => shown(standingDatums([{ failover: byCheck, active, isReady: true }], 5)).at(-1)
    expect([serve('one'), serve('two')]).toEqual([
      ['ServePrimary', 1],
      ['ServePrimary', 0],
    ])
  })

  test('nothing of what it does not know', () => {
    expect(standingDatums([{ failover: byCheck, active: undefined, isReady: undefined }], 5)).toEqual([])
    expect(standingDatums([{ failover: byCheck, active: 'renamed', isReady: undefined }], 5)).toEqual([])
  })
})

test('every datum is of its failover, and told to the region that it is of', () => {
  expect(servePrimary(byCheck, 'one', 5)).toEqual({
    ...{
      metric: 'ServePrimary',
      dimensions: { Failover: 'live' },
      atMs: 5,
      values: [1],
      unit: 'None',
      homeOnly: false,
    },
  })
  expect(phaseDatums(byRecord, { change: 120, insync: undefined, served: 4000 }, 5)).toMatchObject([
    { metric: 'FailoverPhase', dimensions: { Failover: 'live', Phase: 'change' }, values: [120], unit: 'Milliseconds' },
    { metric: 'FailoverPhase', dimensions: { Failover: 'live', Phase: 'served' }, values: [4000] },
  ])
})
