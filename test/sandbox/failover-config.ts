import type { Ground, Watched } from './sandbox.ts'

/** Where the endpoints of every failover here are; the last resort is the third of one alone. */
export const endpointAddresses = { one: '127.0.0.1', two: '127.0.0.2', sorry: '127.0.0.3' } as const
export type EndpointId = keyof typeof endpointAddresses

export const liveZone = 'live.sandbox.test'
/** Drills give way to decisions in their zone, so that is not where the others move. */
export const drillZone = 'drill.sandbox.test'

export const hookArn = 'arn:aws:lambda:us-west-2:000000000000:function:promote'

/** What each failover differs by from the plainest one, `main`. */
const differences = {
  main: {},
  limits: { maxPerDay: 2 },
  resort: {},
  dry: { mode: 'dry-run' },
  back: { failback: { after: '10m' } },
  hook: { hooks: { before: { lambda: hookArn }, after: { lambda: hookArn } } },
  check: { switch: 'health-check' },
  drill: { zone: drillZone },
} as const

export type FailoverId = keyof typeof differences
export const failoverIds = Object.keys(differences) as FailoverId[]

export function recordOf(id: FailoverId): string {
  return `www-${id}.${zoneOf(id)}`
}

export function zoneOf(id: FailoverId): string {
  return id === 'drill' ? drillZone : liveZone
}

/** Failovers of two endpoints each, all at origins of their own at the ports given; they move at once, and often. */
export function failoverConfig({ zoneIds, dnsPort }: Ground, ports: Record<FailoverId, number>): Watched {
  const monitor = (id: FailoverId, name: string = id) => {
    const url = `http://${recordOf(id)}:${ports[id]}/`
    // Patient, as those who run this share the machine's cores; what is dead here refuses at once.
    return { id: name, kind: 'http', url, every: '1m', timeout: '8s', retries: 0 }
  }
  const endpoint = (id: EndpointId) => ({ id, region: 'external', A: [endpointAddresses[id]] })
  const last = { ...endpoint('sorry'), lastResort: true, check: 'sorry' }
  return {
    maxConcurrent: 100,
    monitors: [...failoverIds.map((id) => monitor(id)), monitor('resort', 'sorry')],
    failovers: failoverIds.map((id) => ({
      ...{ id, zone: zoneOf(id), hostedZoneId: zoneIds[zoneOf(id)], record: recordOf(id), check: id, ttl: 5 },
      ...{ mode: 'auto', sustain: '0s', cooldown: '0s', maxPerDay: 10, servers: [`authoritative:${dnsPort}`] },
      endpoints: [endpoint('one'), endpoint('two'), ...(id === 'resort' ? [last] : [])],
      ...differences[id],
    })),
  }
}
