import { z } from 'zod'
import { dnsName, duration, flag, hostPort, id, integer, ipv4, ipv6, resolverAddress, serviceName } from './fields.ts'
import { notifyShape, routesShape } from './route-schema.ts'

const second = 1000
const minute = 60 * second
const hour = 60 * minute
const day = 24 * hour

const selfCheck = z.array(hostPort, 'a list of host:port').default([])
const ids = (what: string) => z.array(z.string(what), `a list, each ${what}`)

const vantageShape = z.union(
  [
    id,
    z.strictObject({
      id,
      region: z.string('an AWS region').exactOptional(),
      vpcId: z.string('a VPC id').exactOptional(),
      subnetIds: ids('a subnet id').exactOptional(),
      securityGroupIds: ids('a security group id').exactOptional(),
      selfCheck: z.array(hostPort, 'a list of host:port').exactOptional(),
    }),
  ],
  'a region such as "us-east-1", or { "id", "region", … }',
)

const endpointShape = z.strictObject({
  id,
  region: z.string('an AWS region, or "external"'),
  A: z.array(ipv4, 'a list of IPv4 addresses').min(1, 'at least one address').exactOptional(),
  AAAA: z.array(ipv6, 'a list of IPv6 addresses').min(1, 'at least one address').exactOptional(),
  CNAME: dnsName.exactOptional(),
  alias: z.strictObject({ hostedZoneId: z.string('a hosted zone id'), dnsName }).exactOptional(),
  lastResort: flag.default(false),
  check: z.string('the id of a monitor').exactOptional(),
})

const hookShape = z.union(
  [
    z.strictObject({ lambda: z.string('the ARN of a function') }),
    z.strictObject({ command: ids('a word of the command').min(1, 'a program, and its arguments') }),
  ],
  '{ "lambda": arn } or { "command": [program, …arguments] }',
)

const failoverServer = z
  .string('"authoritative" or the address of a DNS server')
  .refine((value) => /^authoritative(:\d{1,5})?$/.test(value) || resolverAddress.safeParse(value).success, {
    error: '"authoritative", or the address of a DNS server such as "1.1.1.1"',
  })

export const failoverShape = z.strictObject({
  id,
  hostedZoneId: z.string('the id of a hosted zone'),
  zone: dnsName,
  record: dnsName,
  ttl: integer(1, 86_400).default(60),
  check: z.string('the id of a monitor'),
  endpoints: z.array(endpointShape, 'a list of endpoints').min(2, 'at least two endpoints'),
  quorum: z
    .strictObject({
      fail: integer(1, 100).exactOptional(),
      pass: integer(1, 100).exactOptional(),
      voters: integer(1, 100).exactOptional(),
    })
    .prefault({}),
  sustain: duration(0, hour).default(10 * second),
  mode: z
    .enum(['observe', 'dry-run', 'approve', 'auto'], 'one of "observe", "dry-run", "approve", "auto"')
    .default('observe'),
  switch: z.enum(['record', 'health-check'], 'one of "record", "health-check"').default('record'),
  cooldown: duration(0, 7 * day).default(30 * minute),
  maxPerDay: integer(1, 100).default(2),
  failback: z
    .union(
      [z.literal('manual'), z.strictObject({ after: duration(minute, 7 * day) })],
      '"manual" or { "after": duration }',
    )
    .default('manual'),
  hooks: z.strictObject({ before: hookShape.exactOptional(), after: hookShape.exactOptional() }).prefault({}),
  servers: z
    .array(failoverServer, 'a list of DNS servers')
    .min(1, 'at least one server')
    .max(20, 'at most 20 servers')
    .default(['authoritative']),
  drill: z.strictObject({ every: duration(day, 90 * day) }).exactOptional(),
})

/** Everything in a config but its monitors and failovers, which are read one by one so that one wrong one hides no other. */
export const configShape = z.strictObject({
  $schema: z.string().exactOptional(),
  service: serviceName,
  vantages: z.array(vantageShape, 'a list of vantages').default([]),
  controllers: ids('an AWS region').max(2, 'at most two controllers').default([]),
  selfCheck,
  monitors: z.array(z.unknown(), 'a list of monitors').min(1, 'at least one monitor'),
  failovers: z.array(z.unknown(), 'a list of failovers').default([]),
  maxConcurrent: integer(1, 1000).exactOptional(),
  routes: routesShape,
  notify: notifyShape,
  resolver: resolverAddress.exactOptional(),
  env: id.exactOptional(),
  allow: z
    .record(
      z.string(),
      z.string('the reason why the rule does not hold here').min(10, 'a reason of at least 10 characters'),
    )
    .default({}),
})

export type FailoverInput = z.input<typeof failoverShape>
export type FailoverParsed = z.output<typeof failoverShape>
