import type { DnsType } from './dns-names.ts'

/** A value kept elsewhere: Secrets Manager, SSM Parameter Store, or an environment variable, by name. */
export type SecretRef = { secret: string } | { ssm: string } | { env: string }

/** A value that must never be printed: as text, or as a reference to where it is kept. */
export type Secret = string | SecretRef

export type Kind = 'http' | 'tcp' | 'tls' | 'dns'
export type IpVersion = 'any' | '4' | '6'
export type Level = 'down' | 'degraded'
export type TlsVersion = 'TLSv1' | 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3'

export const operators = [
  'eq',
  'neq',
  'lt',
  'lte',
  'gt',
  'gte',
  'in',
  'contains',
  'notContains',
  'matches',
  'notMatches',
  'exists',
  'notExists',
  'equals',
  'includes',
] as const
export type Operator = (typeof operators)[number]

export type Scalar = string | number | boolean | null

/** An expectation of one observed value. Durations are milliseconds here, whatever the config said. */
export interface Assertion {
  source: string
  /** The header's name, for the source `header`. */
  name?: string
  /** A JSON path, for the source `json`. */
  path?: string
  op: Operator
  value?: Scalar | Scalar[]
  level: Level
}

/** Keys of `TlsOptions` that name files. */
export const tlsFileKeys = ['caFile', 'certFile', 'keyFile'] as const

export interface TlsOptions {
  /** Name for SNI and the certificate check; the target's own name where absent. */
  serverName?: string
  caFile?: string
  certFile?: string
  keyFile?: string
  verify: boolean
  minVersion: TlsVersion
  maxVersion: TlsVersion
}

/** A time in which nobody is alerted: a cron expression in its time zone, or a fixed start (ISO 8601). Measuring goes on. */
export type MaintenanceWindow = { cron: string; timeZone: string; forMs: number } | { start: string; forMs: number }

interface MonitorBase {
  id: string
  everyMs: number
  /** Per attempt. */
  timeoutMs: number
  /** Further attempts after a failed one, `retryWaitMs` apart. */
  retries: number
  /** Turns a failure into `up` and a success into `down`. */
  invert: boolean
  ipVersion: IpVersion
  /** DNS server (host:port) for every name this monitor looks up; the machine's own where absent. */
  resolver?: string
  expect: Assertion[]
  quorum?: { fail: number }
  /** `down` consecutive failures (or `down` of the last `of`) open an alert; `up` consecutive successes close it. */
  thresholds: { down: number; of?: number; up: number }
  severity: 'page' | 'ticket'
  runbook?: string
  tags: string[]
  dependsOn: string[]
  maintenance: MaintenanceWindow[]
  slo?: { objective: number; windowMs: number }
  /** What is too slow: a percentile over a limit for a time, or `regression` times what is usual at this hour of the week. */
  latency?: { p95Ms?: number; p99Ms?: number; forMs: number; regression?: number }
  metrics: { duration: boolean; perVantage: boolean }
  /** Ids of the vantages that run it; all where absent. */
  vantages?: string[]
}

export interface HttpMonitor<S = Secret> extends MonitorBase {
  kind: 'http'
  url: string
  method: string
  headers: Record<string, S>
  body: S
  auth?: { basic: { username: string; password: S } } | { bearer: S }
  /** `http://host:port`, or with `user:password@` as a secret. */
  proxy?: S
  redirects: number
  httpVersion: 'any' | '1.1' | '2'
  maxBodyBytes: number
  /** host:port to dial instead of the URL's; Host and SNI stay. */
  connectTo?: string
  tls: TlsOptions
}

export type DialogStep<S = Secret> = { expect: string } | { send: S } | { startTls: true }

export interface TcpMonitor<S = Secret> extends MonitorBase {
  kind: 'tcp'
  host: string
  port: number
  dialog: DialogStep<S>[]
  tls: TlsOptions
}

export interface TlsMonitor extends MonitorBase {
  kind: 'tls'
  host: string
  port: number
  connectTo?: string
  tls: TlsOptions
}

export interface DnsMonitor extends MonitorBase {
  kind: 'dns'
  name: string
  type: DnsType
  /** `authoritative`, `authoritative:PORT`, host[:port], or an https URL for `doh`; the machine's resolver where empty. */
  servers: string[]
  protocol: 'udp' | 'tcp' | 'dot' | 'doh'
  recursion: boolean
  /** Ask all servers and compare their answers, rather than the first that replies. */
  agree: boolean
  tls: TlsOptions
}

/** A monitor as the config gives it (`S` = Secret), or with its secrets read (`S` = string). Complete: no default is left open. */
export type Monitor<S = Secret> = HttpMonitor<S> | TcpMonitor<S> | TlsMonitor | DnsMonitor

/** Between two attempts of one run. */
export const retryWaitMs = 1000
