import { z } from 'zod'
import { cronProblem } from './cron.ts'
import { formatDuration, parseDuration } from './duration.ts'
import { splitHostPort } from './host-port.ts'

/** A field whose text must pass a check; `expected` is what the problem says otherwise. */
const text = (expected: string, check: (value: string) => boolean) => z.string(expected).refine(check, expected)

/** A duration such as `'30s'`, given as milliseconds. */
export const duration = (minMs: number, maxMs: number) => {
  const expected = `a duration from ${formatDuration(minMs)} to ${formatDuration(maxMs)}, such as "30s", "1m" or "2h"`
  return text(expected, (value) => {
    const ms = parseDuration(value)
    return ms !== undefined && ms >= minMs && ms <= maxMs
  }).transform((value) => parseDuration(value) ?? 0)
}

export const integer = (min: number, max: number) => {
  const expected = `a whole number from ${min} to ${max}`
  return z.int(expected).min(min, expected).max(max, expected)
}

export const flag = z.boolean('true or false')

/** An id: it becomes part of metric dimensions, alarm names and DNS labels, so it is kept plain. */
export const id = text('an id of 1 to 64 letters, digits, ".", "_" or "-", starting with a letter or digit', (value) =>
  /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(value),
)

/** Becomes part of stack names, which CloudFormation limits to letters, digits and hyphens. */
export const serviceName = text('a name of 1 to 32 letters, digits or "-", starting with a letter', (value) =>
  /^[A-Za-z][A-Za-z0-9-]{0,31}$/.test(value),
)

export const port = integer(1, 65_535)

export const hostPort = text('host:port, such as "192.0.2.10:443" or "[2001:db8::1]:443"', (value) => {
  return splitHostPort(value)?.port !== undefined
})

export const isIpv4 = (value: string) => /^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?!$)|$)){4}$/.test(value)
export const isIpv6 = (value: string) => value.includes(':') && URL.canParse(`http://[${value}]/`)
export const ipv4 = text('an IPv4 address', isIpv4)
export const ipv6 = text('an IPv6 address', isIpv6)

export const resolverAddress = text('the address of a DNS server, such as "1.1.1.1" or "127.0.0.1:5353"', (value) => {
  const host = splitHostPort(value)?.host
  return host !== undefined && (isIpv4(host) || isIpv6(host))
})

/** A DNS name in ASCII (RFC 1035 §2.3.4); a leading `*` and underscores are names too. */
export const dnsName = text('a DNS name in ASCII (xn--…), labels of at most 63 and 253 characters in all', (value) => {
  const name = value.replace(/\.$/, '')
  if (value === '.') return true
  return name.length <= 253 && name.split('.').every((label) => /^[A-Za-z0-9_*/-]{1,63}$/.test(label))
})

export const hostName = text('a host name (in ASCII: xn--…) or an IP address, without port', (value) => {
  const literal = value.replace(/^\[(.*)\]$/, '$1')
  return isIpv4(literal) || isIpv6(literal) || (/^[\w.-]+$/.test(value) && dnsName.safeParse(value).success)
})

/** Requires the flag `l` of V8's linear engine where the process has it: no pattern may run for ever on a peer's bytes. */
export const pattern = z.string('a regular expression').superRefine((value, context) => {
  const problem = patternProblem(value)
  if (problem) context.addIssue({ code: 'custom', message: problem })
})

function patternProblem(value: string): string | undefined {
  const isLinear = compileError('', 'l') === undefined
  const error = compileError(value, 'm')
  if (error) return `a regular expression (${error})`
  if (isLinear && compileError(value, 'lm'))
    return 'a regular expression that runs in linear time: no look-around, back-references or large repeat counts'
  return undefined
}

function compileError(value: string, flags: string): string | undefined {
  try {
    new RegExp(value, flags)
    return undefined
  } catch (error) {
    return (error as Error).message
  }
}

const reference = z.string('the name of a secret').min(1, 'the name of a secret')
export const secretRef = z.union(
  [z.strictObject({ secret: reference }), z.strictObject({ ssm: reference }), z.strictObject({ env: reference })],
  'a text, or one of { "secret": name }, { "ssm": name }, { "env": name }',
)
export const secret = z.union(
  [z.string(), secretRef],
  'a text, or one of { "secret": name }, { "ssm": name }, { "env": name }',
)

export const cron = z.string('a cron expression').superRefine((value, context) => {
  const problem = cronProblem(value)
  if (problem) context.addIssue({ code: 'custom', message: problem })
})

export const timeZone = text('an IANA time zone such as "Europe/Berlin"', (value) => {
  try {
    new Intl.DateTimeFormat('en', { timeZone: value })
    return true
  } catch {
    return false
  }
})

export const instant = text('a time in ISO 8601 with its offset, such as "2026-12-24T22:00:00Z"', (value) => {
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/.test(value) && !Number.isNaN(Date.parse(value))
})

/** One of a few words, with "did you mean" left to the reader of the issue. */
export const oneOf = <const T extends readonly [string, ...string[]]>(...values: T) =>
  z.enum(values, `one of ${values.map((value) => JSON.stringify(value)).join(', ')}`)
