import type { z } from 'zod'
import type { configShape, FailoverInput } from './config-schema.ts'
import type { Level, Operator, Scalar } from './monitor.ts'
import type { AssertionInput, dnsShape, httpShape, MonitorInput, tcpShape, tlsMonitorShape } from './monitor-schema.ts'

/** A config as people write it, in TypeScript or JSON. */
export type ConfigInput = Omit<z.input<typeof configShape>, 'monitors' | 'failovers'> & {
  monitors: MonitorInput[]
  failovers?: FailoverInput[]
}

/** Marks an object as a config, so that an editor knows its keys. Changes nothing. */
export function defineConfig(config: ConfigInput): ConfigInput {
  return config
}

type Rest<T, K extends keyof T> = Omit<T, 'id' | 'kind' | K>
type HttpInput = z.input<typeof httpShape>
type TcpInput = z.input<typeof tcpShape>
type TlsInput = z.input<typeof tlsMonitorShape>
type DnsInput = z.input<typeof dnsShape>

export const http = (id: string, url: string, more: Rest<HttpInput, 'url'> = {}): HttpInput => ({
  id,
  kind: 'http',
  url,
  ...more,
})
export const tcp = (id: string, host: string, port: number, more: Rest<TcpInput, 'host' | 'port'> = {}): TcpInput => ({
  id,
  kind: 'tcp',
  host,
  port,
  ...more,
})
export const tls = (id: string, host: string, more: Rest<TlsInput, 'host'> = {}): TlsInput => ({
  id,
  kind: 'tls',
  host,
  ...more,
})
export const dns = (id: string, name: string, more: Rest<DnsInput, 'name'> = {}): DnsInput => ({
  id,
  kind: 'dns',
  name,
  ...more,
})

type Value = Scalar | Scalar[]
type Build = (value: Value, level?: Level) => AssertionInput
type Expectation = Record<Exclude<Operator, 'exists' | 'notExists'>, Build> &
  Record<'exists' | 'notExists', (level?: Level) => AssertionInput>

/** The operators of one source, each making an assertion: `expectation({ source: 'body' }).contains('ok')`. */
function expectation(on: Pick<AssertionInput, 'source' | 'name' | 'path'>): Expectation {
  const compare =
    (op: Operator): Build =>
    (value, level) => ({ ...on, op, value, ...(level && { level }) })
  const presence =
    (op: Operator) =>
    (level?: Level): AssertionInput => ({ ...on, op, ...(level && { level }) })
  return {
    eq: compare('eq'),
    neq: compare('neq'),
    lt: compare('lt'),
    lte: compare('lte'),
    gt: compare('gt'),
    gte: compare('gte'),
    in: compare('in'),
    contains: compare('contains'),
    notContains: compare('notContains'),
    matches: compare('matches'),
    notMatches: compare('notMatches'),
    equals: compare('equals'),
    includes: compare('includes'),
    exists: presence('exists'),
    notExists: presence('notExists'),
  }
}

/** Expects one of these status codes. */
export const status = (...codes: number[]): AssertionInput => ({ source: 'status', op: 'in', value: codes })
export const header = (name: string): Expectation => expectation({ source: 'header', name })
export const json = (path: string): Expectation => expectation({ source: 'json', path })
export const body = (): Expectation => expectation({ source: 'body' })
export const duration = (): Expectation => expectation({ source: 'duration' })
/** Days until the certificate expires. */
export const daysRemaining = (): Expectation => expectation({ source: 'certificate.daysRemaining' })
/** Expects this DNS response code. */
export const rcode = (code: string): AssertionInput => ({ source: 'rcode', op: 'eq', value: code })
export const answers = (): Expectation => expectation({ source: 'answers' })
export const ttl = (): Expectation => expectation({ source: 'ttl' })
/** Any other source by its name, such as `phases.connect` or `certificate.issuer`. */
export const source = (name: string): Expectation => expectation({ source: name })
