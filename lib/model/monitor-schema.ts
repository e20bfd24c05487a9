import { z } from 'zod'
import { dnsTypes } from './dns-names.ts'
import {
  cron,
  dnsName,
  duration,
  flag,
  hostName,
  hostPort,
  id,
  instant,
  integer,
  oneOf,
  pattern,
  port,
  resolverAddress,
  secret,
  secretRef,
  timeZone,
} from './fields.ts'
import { operators } from './monitor.ts'

const minute = 60_000
const day = 24 * 60 * minute

const scalar = z.union([z.string(), z.number(), z.boolean(), z.null()], 'a text, number, boolean or null')

export const assertionShape = z.strictObject({
  source: z.string('the name of a source, such as "status"'),
  name: z.string('the name of a header').exactOptional(),
  path: z.string('a JSON path such as "$.status"').exactOptional(),
  op: oneOf(...operators),
  value: z.union([scalar, z.array(scalar)], 'a text, number, boolean, null or a list of them').exactOptional(),
  level: oneOf('down', 'degraded').default('down'),
})

const tlsVersion = oneOf('TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3')

const tlsShape = z.strictObject({
  serverName: z.union([hostName, z.literal('')], 'a host name').exactOptional(),
  caFile: z.string('the path of a PEM file').exactOptional(),
  certFile: z.string('the path of a PEM file').exactOptional(),
  keyFile: z.string('the path of a PEM file').exactOptional(),
  verify: flag.default(true),
  minVersion: tlsVersion.default('TLSv1.2'),
  maxVersion: tlsVersion.default('TLSv1.3'),
})

const windowFor = duration(minute, 7 * day)
const maintenanceShape = z.union(
  [
    z.strictObject({ cron, timeZone: timeZone.default('UTC'), for: windowFor }),
    z.strictObject({ start: instant, for: windowFor }),
  ],
  'a window: { "cron", "timeZone", "for" } or { "start", "for" }',
)

/** The keys that every monitor has, beside `id` and `kind`. */
const common = {
  id,
  every: duration(1000, day).default(minute),
  timeout: duration(10, 15 * minute).exactOptional(),
  retries: integer(0, 5).exactOptional(),
  invert: flag.default(false),
  ipVersion: z
    .union([oneOf('any', '4', '6'), z.literal([4, 6])], 'one of "any", "4", "6"')
    .transform((value) => String(value) as 'any' | '4' | '6')
    .default('any'),
  resolver: resolverAddress.exactOptional(),
  expect: z.array(assertionShape, 'a list of assertions').max(50, 'at most 50 assertions').default([]),
  quorum: z.strictObject({ fail: integer(1, 100) }).exactOptional(),
  thresholds: z
    .strictObject({
      down: integer(1, 100).default(3),
      of: integer(1, 100).exactOptional(),
      up: integer(1, 100).default(10),
    })
    .prefault({}),
  severity: oneOf('page', 'ticket').default('page'),
  runbook: z.url({ protocol: /^https?$/, error: 'an http or https URL' }).exactOptional(),
  tags: z
    .array(z.string('a tag').min(1, 'a tag').max(64, 'a tag of at most 64 characters'), 'a list of tags')
    .default([]),
  dependsOn: z.array(z.string('the id of a monitor'), 'a list of monitor ids').default([]),
  maintenance: z.array(maintenanceShape, 'a list of windows').default([]),
  slo: z
    .strictObject({
      objective: z
        .number('a percentage')
        .min(50, 'a percentage from 50 to 99.999')
        .max(99.999, 'a percentage from 50 to 99.999'),
      window: duration(day, 90 * day).default(30 * day),
    })
    .exactOptional(),
  latency: z
    .strictObject({
      p95: duration(1, 15 * minute).exactOptional(),
      p99: duration(1, 15 * minute).exactOptional(),
      for: duration(minute, day).default(10 * minute),
      regression: z
        .number('a factor')
        .min(1.1, 'a factor from 1.1 to 100')
        .max(100, 'a factor from 1.1 to 100')
        .exactOptional(),
    })
    .exactOptional(),
  metrics: z.strictObject({ duration: flag.default(false), perVantage: flag.default(false) }).prefault({}),
  vantages: z
    .array(z.string('the id of a vantage'), 'a list of vantage ids')
    .min(1, 'at least one vantage')
    .exactOptional(),
}

const tls = tlsShape.prefault({})

/** Headers that say how a message is framed belong to the client (RFC 9110 §7.6.1, RFC 9112 §6). */
const framing = [
  'connection',
  'content-length',
  'transfer-encoding',
  'keep-alive',
  'upgrade',
  'expect',
  'te',
  'trailer',
]
const headerName = z
  .string()
  .regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, 'a header name')
  .refine(
    (name) => !framing.includes(name.toLowerCase()),
    `a header other than ${framing.join(', ')}, which the client sets itself`,
  )
const headerValue = z.union(
  [z.string().regex(/^[\t\x20-\x7e\x80-\xff]*$/, 'a header value in one line'), secretRef],
  'a header value in one line, or one of { "secret": name }, { "ssm": name }, { "env": name }',
)

const httpUrl = z.string('an http or https URL').superRefine((value, context) => {
  const url = URL.parse(value)
  const fail = (message: string) => context.addIssue({ code: 'custom', message })
  if (!url || !/^https?:\/\/[^/?#]/i.test(value) || url.port === '0')
    fail('an http or https URL such as "https://example.com/health"')
  else if (url.username || url.password) fail('a URL without user and password (give them in "auth")')
})

export const httpShape = z.strictObject({
  ...common,
  kind: z.literal('http'),
  url: httpUrl,
  method: z
    .string('an HTTP method')
    .transform((value) => value.toUpperCase())
    .pipe(oneOf('GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'))
    .default('GET'),
  headers: z.record(headerName, headerValue, 'an object of headers').default({}),
  body: secret.default(''),
  auth: z
    .union(
      [
        z.strictObject({ basic: z.strictObject({ username: z.string(), password: secret }) }),
        z.strictObject({ bearer: secret }),
      ],
      '{ "basic": { "username", "password" } } or { "bearer": token }',
    )
    .exactOptional(),
  proxy: z
    .union(
      [z.string().regex(/^http:\/\/[^/\s]+\/?$/i, 'a proxy such as "http://user:password@192.0.2.1:3128"'), secretRef],
      'a proxy such as "http://user:password@192.0.2.1:3128"',
    )
    .exactOptional(),
  redirects: integer(0, 20).default(10),
  httpVersion: oneOf('any', '1.1', '2').default('any'),
  maxBodyBytes: integer(1, 16 * 1024 * 1024).default(1024 * 1024),
  connectTo: hostPort.exactOptional(),
  tls,
})

const dialogStep = z.union(
  [
    z.strictObject({ expect: pattern }),
    z.strictObject({ send: secret }),
    z.strictObject({ startTls: z.literal(true, 'true') }),
  ],
  'one of { "expect": pattern }, { "send": text }, { "startTls": true }',
)

export const tcpShape = z.strictObject({
  ...common,
  kind: z.literal('tcp'),
  host: hostName,
  port,
  dialog: z.array(dialogStep, 'a list of steps').max(50, 'at most 50 steps').default([]),
  tls,
})

export const tlsMonitorShape = z.strictObject({
  ...common,
  kind: z.literal('tls'),
  host: hostName,
  port: port.default(443),
  connectTo: hostPort.exactOptional(),
  tls,
})

export const dnsShape = z.strictObject({
  ...common,
  kind: z.literal('dns'),
  name: dnsName,
  type: z
    .string('a record type')
    .transform((value) => value.toUpperCase())
    .pipe(oneOf(...dnsTypes))
    .default('A'),
  servers: z.array(z.string('a DNS server'), 'a list of DNS servers').max(20, 'at most 20 servers').default([]),
  protocol: oneOf('udp', 'tcp', 'dot', 'doh').default('udp'),
  recursion: flag.default(true),
  agree: flag.default(false),
  tls,
})

export const monitorShapes = { http: httpShape, tcp: tcpShape, tls: tlsMonitorShape, dns: dnsShape } as const

/** A monitor as a config writes it. */
export type MonitorInput =
  | z.input<typeof httpShape>
  | z.input<typeof tcpShape>
  | z.input<typeof tlsMonitorShape>
  | z.input<typeof dnsShape>
export type MonitorParsed = z.output<(typeof monitorShapes)[keyof typeof monitorShapes]>
export type AssertionInput = z.input<typeof assertionShape>
