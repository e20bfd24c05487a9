import { describe, expect, test } from 'vitest'
import { failoverAssetOf } from '../../lib/decide/failover-asset.ts'
import { failoverMonitors, ownServers, probeNowAssetOf, questionLimitMs } from '../../lib/decide/probe-now.ts'
import { parseConfig } from '../../lib/model/parse-config.ts'
import { failoverConfig, failoverInput } from '../support/failover-config.ts'

const config = parseConfig(
  failoverConfig([failoverInput('web')], {
    selfCheck: ['192.0.2.53:53'],
    monitors: [
      {
        id: 'api',
        kind: 'http',
        url: 'https://api.example.com/health',
        timeout: '4s',
        headers: { authorization: { secret: 'token' } } as never,
      },
      { id: 'blog', kind: 'http', url: 'https://blog.example.com/' },
    ],
  }),
)

describe('a controller is told', () => {
  test('its rank, its vantages and the monitors of its failovers, each with its alarm', () => {
    const asset = failoverAssetOf(config, 'eu-central-1')
    expect(asset).toMatchObject({ region: 'eu-central-1', rank: 1, maxConcurrent: 2 })
    expect(asset.vantages.map(({ id, region }) => [id, region])).toEqual([
      ['us-east-1', 'us-east-1'],
      ['eu-west-1', 'eu-west-1'],
      ['ap-southeast-1', 'ap-southeast-1'],
    ])
    expect(asset.monitors.map(({ id }) => id)).toEqual(['api', 'api@web-one', 'api@web-two'])
    expect(new Set(asset.monitors.map(({ alarm }) => alarm)).size).toBe(3)
    expect(failoverAssetOf(config, 'us-west-2').rank).toBe(0)
  })

  test('nothing that is in a monitor: no address, no reference to a secret', () => {
    expect(JSON.stringify(failoverAssetOf(config, 'us-west-2').monitors)).not.toMatch(/token|https:/)
  })
})

test('a vantage is told of the monitors of failovers, and of no others', () => {
  const [vantage] = config.vantages
  if (!vantage) throw new Error('no vantage')
  const asset = probeNowAssetOf(config, vantage)
  expect(asset).toMatchObject({ vantage: 'us-east-1', selfCheck: ['192.0.2.53:53'] })
  expect(asset.monitors).toEqual(failoverMonitors(config))
  expect(asset.monitors.map(({ id }) => id)).not.toContain('blog')
})

test('a vantage may take two attempts of the slowest monitor, and a question to DNS ten seconds', () => {
  const [failover] = config.failovers
  const limit = (ask: 'votes' | 'delegation') => questionLimitMs({ ask, failover: 'web' }, failover, config.monitors)
  expect([limit('votes'), limit('delegation')]).toEqual([11_000, 10_000])
})

test("a change is verified at the zone's own servers; where only others are listed, at those", () => {
  expect(ownServers({ servers: ['authoritative', '1.1.1.1', '2606:4700:4700::1111'] })).toEqual(['authoritative'])
  expect(ownServers({ servers: ['authoritative:5353'] })).toEqual(['authoritative:5353'])
  expect(ownServers({ servers: ['127.0.0.1:5353'] })).toEqual(['127.0.0.1:5353'])
})
