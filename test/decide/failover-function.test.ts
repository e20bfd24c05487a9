import { describe, expect, test } from 'vitest'
import { failoverConcurrency, probeNowConcurrency, probeNowTimeoutSeconds } from '../../lib/decide/failover-function.ts'
import { planFailovers } from '../../lib/decide/failover-plan.ts'
import { failoverMonitors, questionLimitMs } from '../../lib/decide/probe-now.ts'
import { parseConfig } from '../../lib/model/parse-config.ts'
import { failoverConfig, failoverInput } from '../support/failover-config.ts'

const configOf = (failovers: Parameters<typeof failoverConfig>[0], more: object = {}) =>
  parseConfig({ ...failoverConfig(failovers), ...more })
const many = (count: number) => Array.from({ length: count }, (_, i) => failoverInput(`f${i}`))

describe('what a function of failovers may do at once', () => {
  test('is a question of each controller about each failover at a vantage, its tick and a person', () => {
    expect(probeNowConcurrency(configOf(many(1)))).toBe(2 * (1 + 2))
    expect(probeNowConcurrency(configOf(many(5), { controllers: ['us-west-2'] }))).toBe(5 + 2)
  })

  test('is a call of each vantage in a controller region, and ten', () => {
    expect(failoverConcurrency(configOf(many(1)))).toBe(3 + 10)
  })

  test('leaves an account most of what it has', () => {
    expect(probeNowConcurrency(configOf(many(100)))).toBe(50)
    const vantages = Array.from({ length: 60 }, (_, i) => ({ id: `v${i}`, region: 'us-east-1' }))
    expect(failoverConcurrency(configOf(many(1), { vantages }))).toBe(50)
  })
})

describe('the time-out of a probe-now function', () => {
  test.each([
    ['5s', 2 * 5 + 3 + 15],
    ['20s', 2 * 20 + 3 + 15],
    // Questions to name servers take longer than two attempts.
    ['1s', 10 + 15],
  ])('is beyond the patience of any controller, with a check that may take %s', (timeout, seconds) => {
    const monitors = [{ id: 'api', kind: 'http', url: 'https://x.test/', timeout, retries: 0 }]
    const config = configOf(many(1), { monitors })
    expect(probeNowTimeoutSeconds(config)).toBe(seconds)
    for (const ask of ['votes', 'name', 'served'] as const) {
      const question = { ask, failover: 'f0', endpoint: 'f0-one', at: 'record' } as const
      const limitMs = questionLimitMs(question, config.failovers[0], failoverMonitors(config))
      expect(probeNowTimeoutSeconds(config) * 1000).toBeGreaterThan(limitMs)
    }
  })
})

describe('the plan of failovers', () => {
  test('is one function at each vantage and one in each controller region, none without failovers', () => {
    expect(planFailovers(configOf([]))).toEqual([])
    expect(planFailovers(configOf(many(2))).map(({ name, region, reserved }) => [name, region, reserved])).toEqual([
      ['vedette-shop-probe-now-us-east-1', 'us-east-1', 8],
      ['vedette-shop-probe-now-eu-west-1', 'eu-west-1', 8],
      ['vedette-shop-probe-now-ap-southeast-1', 'ap-southeast-1', 8],
      ['vedette-shop-failover', 'us-west-2', 13],
      ['vedette-shop-failover', 'eu-central-1', 13],
    ])
  })

  test('counts ticks, looks at readiness, and what a tick asks of the first vantage', () => {
    const calls = planFailovers(configOf(many(2))).map(({ callsPerMonth }) => callsPerMonth)
    const looks = 2 * 4320
    expect(calls).toEqual([2 * (43_200 + 2 * looks), 2 * looks, 2 * looks, 43_200, 43_200])
    const checked = configOf([failoverInput('a', { switch: 'health-check' })])
    expect(planFailovers(checked)[0]?.callsPerMonth).toBe(2 * 4320)
  })

  test('says where concurrency is shared', () => {
    const allow = { 'shared-concurrency': 'the account has ten in all' }
    for (const planned of planFailovers(configOf(many(1), { allow }))) expect(planned).not.toHaveProperty('reserved')
  })
})
