import type { ConfigInput } from '../../lib/model/builders.ts'
import { fullConfig } from './config-example.ts'

/** A config that uses every key there is, as AWS takes it, and everything that stacks make of one. */
export function deployableConfig(): ConfigInput {
  const config = JSON.parse(JSON.stringify(fullConfig))
  Object.assign(config.vantages[2], {
    vpcId: 'vpc-0123456789abcdef0',
    subnetIds: ['subnet-0123456789abcdef0', 'subnet-0123456789abcdef1'],
    securityGroupIds: ['sg-0123456789abcdef0'],
  })
  const [api, , dns] = config.monitors
  api.headers = { 'x-key': { ssm: '/vedette/api-key' }, 'x-other': { ssm: 'plain' } }
  api.metrics = { duration: true, perVantage: true }
  // Its files are for the tests that have some.
  api.tls = {}
  dns.every = '1h'
  dns.maintenance = [{ cron: '*/30 2 1 * MON-FRI', for: '36h' }]
  config.monitors.push(
    {
      ...{ id: 'fast', kind: 'http', url: 'https://fast.example.com/', every: '10s', severity: 'ticket' },
      ...{ metrics: { duration: true }, expect: [{ source: 'duration', op: 'lt', value: '300ms', level: 'degraded' }] },
    },
    { id: 'v6', kind: 'http', url: 'https://v6.example.com/', ipVersion: '6' },
  )
  config.failovers.push({
    ...{ id: 'www', hostedZoneId: 'Z123', zone: 'example.com', record: 'www.example.com', check: 'sorry-page' },
    switch: 'health-check',
    endpoints: [
      { id: 'www-one', region: 'us-east-1', A: ['192.0.2.30'] },
      { id: 'www-two', region: 'eu-west-1', alias: { hostedZoneId: 'Z456', dnsName: 'lb.example.net' } },
    ],
  })
  return config
}
