import type { DnsType } from './dns-names.ts'

/**
 * How the fields of each type are compared: `n` name, `u` number, `4` and `6` address, `w` word, `T` type names,
 * `q` quoted string, and to the end of the text `s` strings joined, `x` hex, `b` base64.
 */
const shapes: Record<DnsType, string> = {
  A: '4',
  AAAA: '6',
  CAA: 'uwq',
  CNAME: 'n',
  DNAME: 'n',
  DNSKEY: 'uuub',
  DS: 'uuux',
  HINFO: 'qq',
  MX: 'un',
  NAPTR: 'uuqqqn',
  NS: 'n',
  NSEC: 'nT',
  NSEC3: 'uuuTT',
  PTR: 'n',
  RP: 'nn',
  RRSIG: 'tuuuuuunb',
  SOA: 'nnuuuuu',
  SRV: 'uuun',
  SSHFP: 'uux',
  TLSA: 'uuux',
  TXT: 's',
}

/**
 * One spelling for a record's data, so that what a server sent and what a config expects can be compared as text:
 * names in lower case without their last dot (RFC 4343), IPv6 as RFC 5952 has it, TXT as one unquoted string,
 * hex in upper case, no needless white space; data in the form for any type (`\# 2 01AB`, RFC 3597 §5) stays so. Text that does not fit the type comes back trimmed: it will equal nothing.
 */
export function canonicalAnswer(type: DnsType, text: string): string {
  const shape = shapes[type]
  const trimmed = text.trim()
  if (/^\\#\s/.test(trimmed)) return genericAnswer(trimmed)
  if (shape === 's') return joinStrings(text)
  const fields = trimmed.match(/"(?:[^"\\]|\\.)*"|\S+/gs) ?? []
  const rest = fields.slice(shape.length - 1)
  const open = /[xbT]$/.test(shape)
  if (fields.length < shape.length || (!open && fields.length > shape.length)) return trimmed
  const head = fields.slice(0, shape.length - 1).map((field, at) => canonicalField(shape.charAt(at), field))
  const last = shape.charAt(shape.length - 1)
  const tail = last === 'T' ? rest.join(' ') : rest.join('')
  return [...head, canonicalField(last, tail)].join(' ')
}

/** A DNS name in lower case without its last dot; the root is `.` (RFC 4343: case does not count). */
export function canonicalName(name: string): string {
  const lower = name.trim().toLowerCase()
  const bare = /(^|[^\\])(\\\\)*\.$/.test(lower) ? lower.slice(0, -1) : lower
  return bare === '' ? '.' : bare
}

/** Whether a canonical name is a zone's own or lies below it. A dot within a label (`\.`, RFC 1035 §5.1) parts nothing. */
export function isWithin(name: string, zone: string): boolean {
  if (zone === '.' || name === zone) return true
  return name.endsWith(`.${zone}`) && endsLabel.test(name.slice(0, -zone.length - 1))
}

/** No backslash at its end but those that stand for themselves. */
const endsLabel = /(?:^|[^\\])(?:\\\\)*$/

/** A canonical name without its first label; `.` above the last. */
export function parentOf(name: string): string {
  return name.replace(/^(?:\\.|[^.\\])*\.?/, '') || '.'
}

/** An IPv6 address as RFC 5952 §4 writes it; anything else comes back as it was. */
export function canonicalIpv6(text: string): string {
  // The URL standard's host serializer is RFC 5952's, but for the dotted tail of mapped addresses (§5).
  const url = /^[\da-f:.]+$/i.test(text) ? URL.parse(`http://[${text}]/`) : null
  const address = url === null ? text : url.hostname.slice(1, -1)
  return address.replace(/^::ffff:([\da-f]{1,4}):([\da-f]{1,4})$/, (_mapped, high: string, low: string) => {
    const bytes = [high, low].map((hex) => Number.parseInt(hex, 16)).flatMap((pair) => [pair >> 8, pair & 255])
    return `::ffff:${bytes.join('.')}`
  })
}

function canonicalField(kind: string, field: string): string {
  switch (kind) {
    case 'n':
      return canonicalName(field)
    case '6':
      return canonicalIpv6(field)
    case 'u':
      return field.replace(/^0+(?=\d)/, '')
    case 'w':
      return field.toLowerCase()
    case 'q':
      return field.startsWith('"') ? field : `"${field}"`
    case 'b':
    case '4':
      return field
    default:
      return field.toUpperCase()
  }
}

function genericAnswer(text: string): string {
  const [mark, length, ...hex] = text.split(/\s+/)
  return `${mark} ${length} ${hex.join('').toUpperCase()}`.trim()
}

/** `"a" "b"`, the zone file's way of one long string (RFC 1035 §5.1), is `ab`; text without quotes is itself. */
function joinStrings(text: string): string {
  const strings = text.trim().match(/"(?:[^"\\]|\\.)*"/gs)
  const quoted = strings !== null && /^\s*("(?:[^"\\]|\\.)*"\s*)+$/s.test(text)
  return quoted ? strings.map((part) => part.slice(1, -1).replace(/\\(["\\])/g, '$1')).join('') : text
}
