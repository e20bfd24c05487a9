import type { ConfigInput } from '../../lib/model/builders.ts'

type FailoverInput = NonNullable<ConfigInput['failovers']>[number]

/** A failover of the record `<id>.example.com` between two endpoints. */
export function failoverInput(id: string, more: Partial<FailoverInput> = {}): FailoverInput {
  return {
    ...{ id, hostedZoneId: 'Z1', zone: 'example.com', record: `${id}.example.com`, check: 'api' },
    endpoints: [
      { id: `${id}-one`, region: 'us-east-1', A: ['192.0.2.10'] },
      { id: `${id}-two`, region: 'eu-west-1', A: ['198.51.100.20'] },
    ],
    ...more,
  }
}

/** A config with these failovers, as AWS takes it. */
export function failoverConfig(failovers: FailoverInput[], more: Partial<ConfigInput> = {}): ConfigInput {
  return {
    service: 'shop',
    vantages: ['us-east-1', 'eu-west-1', 'ap-southeast-1'],
    controllers: ['us-west-2', 'eu-central-1'],
    monitors: [{ id: 'api', kind: 'http', url: 'https://api.example.com/health' }],
    failovers,
    ...more,
  }
}
