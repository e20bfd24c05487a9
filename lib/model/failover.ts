/** Where a failover can send traffic. It has exactly one form: addresses (`A`, `AAAA` or both), `CNAME` or `alias`. */
export interface Endpoint {
  id: string
  /** An AWS region, or `external`. */
  region: string
  A?: string[]
  AAAA?: string[]
  CNAME?: string
  alias?: { hostedZoneId: string; dnsName: string }
  /** Taken only when no other endpoint is up: a "sorry" page. It has a check of its own. */
  lastResort: boolean
  /** Id of the monitor that it is checked with instead of the failover's. */
  check?: string
}

/** What runs before or after a switch: a Lambda function, or a command in the embedded engine. */
export type Hook = { lambda: string } | { command: string[] }

export type FailoverMode = 'observe' | 'dry-run' | 'approve' | 'auto'

/** A record that moves between endpoints, complete but for the quorum: its defaults depend on the number of vantages. */
export interface Failover {
  id: string
  hostedZoneId: string
  zone: string
  record: string
  /** Seconds. */
  ttl: number
  /** Id of the monitor that is the template of each endpoint's check. */
  check: string
  /** In order of preference; the first is the primary. */
  endpoints: Endpoint[]
  quorum: { fail?: number; pass?: number; voters?: number }
  /** How long the votes must hold before it moves. */
  sustainMs: number
  mode: FailoverMode
  switch: 'record' | 'health-check'
  cooldownMs: number
  /** Moves in 24 hours that nobody asked for; then it latches. */
  maxPerDay: number
  failback: 'manual' | { afterMs: number }
  hooks: { before?: Hook; after?: Hook }
  /** Whom a change is verified at (`authoritative`, `authoritative:PORT`); other servers (host[:port]) are timed by drills. */
  servers: string[]
  drill?: { everyMs: number }
}
