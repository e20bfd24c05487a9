import { isUtf8 } from 'node:buffer'
import type { Answer } from 'dns-packet'
import { canonicalIpv6 } from '../model/dns-answer.ts'
import type { DnsType } from '../model/dns-names.ts'

// How names and data are written: as `dig +short` prints them, names in lower case without their last dot.

/** A name's length with its length bytes (RFC 1035 §2.3.4). */
const maxNameBytes = 255
/** Stands for a dot within a label, where a plain one would part two. */
const dotInLabel = '\u2024'

/**
 * The packet's bytes up to `end`, for dns-packet to decode. It takes labels and strings out by `toString`, as UTF-8 and
 * with dots between labels; so that no byte is lost and no dot taken for another, `toString` gives a character for each
 * byte here, and `dotInLabel` for a dot.
 */
export function losslessView(packet: Buffer, end: number): Buffer {
  return Object.assign(packet.subarray(0, end), { toString: readText })
}

function readText(this: Buffer, _utf8: unknown, from: number, to: number): string {
  const latin1 = Buffer.prototype.toString.call(this, 'latin1', from, to)
  return latin1.includes('.') ? latin1.replaceAll('.', dotInLabel) : latin1
}

/** A name out of a lossless view in lower case, with what is special escaped (RFC 1035 §5.1); the root is `.`. */
export function nameText(name: string): string {
  const lower = name.replace(/[A-Z]+/g, (letters) => letters.toLowerCase())
  if (/^[\w.-]*$/.test(lower)) return lower
  return escapeText(lower, /["\\;()@$]/).replaceAll(dotInLabel, '\\.')
}

/** Puts a backslash before what `special` names and writes what cannot be printed as `\DDD` (RFC 1035 §5.1). */
function escapeText(latin1: string, special: RegExp): string {
  let text = ''
  for (const char of latin1) {
    if (char < '!' || (char > '~' && char <= 'ÿ')) text += `\\${String(char.charCodeAt(0)).padStart(3, '0')}`
    else text += special.test(char) ? `\\${char}` : char
  }
  return text
}

/** A name as it goes over the wire. Throws a `RangeError` where no DNS name can be made of it (RFC 1035 §2.3.4). */
export function encodeName(name: string): Buffer {
  const labels = name === '.' ? [] : splitLabels(name)
  for (const label of labels) {
    if (label.length === 0) throw new RangeError(`"${name}" has an empty label`)
    if (label.length > 63) throw new RangeError(`"${name}" has a label longer than 63 bytes`)
  }
  const text = [...labels, ''].map((label) => String.fromCharCode(label.length) + label).join('')
  if (text.length > maxNameBytes) throw new RangeError(`"${name}" is longer than ${maxNameBytes} bytes`)
  return Buffer.from(text, 'latin1')
}

function splitLabels(name: string): string[] {
  const plain = name.endsWith('.') && !name.endsWith('\\.') ? name.slice(0, -1) : name
  if (!plain.includes('\\')) return plain.split('.')
  const labels = ['']
  for (const [, digits, escaped, char] of plain.matchAll(/\\(\d{3})|\\(.)|(.)/gs)) {
    if (char === '.') labels.push('')
    else labels[labels.length - 1] += digits ? String.fromCharCode(Number(digits) & 0xff) : (escaped ?? char ?? '')
  }
  return labels
}

/** Types that dns-packet has no name for. */
const laterTypes: Record<string, string> = { UNKNOWN_64: 'SVCB', UNKNOWN_65: 'HTTPS', UNKNOWN_256: 'URI' }

/** A type by its name rather than as dns-packet calls it, or `TYPE123` for one without (RFC 3597 §5). */
export function typeText(type: string): string {
  return laterTypes[type] ?? type.replace('UNKNOWN_', 'TYPE')
}

/** What dns-packet makes of the data of a type. */
type Data<T extends DnsType, A = Answer> = A extends { type: infer U; data: infer D }
  ? T extends U
    ? D
    : never
  : never

const writers: { [T in DnsType]: (data: Data<T>) => string } = {
  A: (address) => address,
  AAAA: canonicalIpv6,
  NS: nameText,
  CNAME: nameText,
  DNAME: nameText,
  PTR: nameText,
  MX: (d) => `${d.preference} ${nameText(d.exchange)}`,
  SOA: (d) => `${nameText(d.mname)} ${nameText(d.rname)} ${d.serial} ${d.refresh} ${d.retry} ${d.expire} ${d.minimum}`,
  SRV: (d) => `${d.priority} ${d.weight} ${d.port} ${nameText(d.target)}`, // RFC 2782
  RP: (d) => `${nameText(d.mbox)} ${nameText(d.txt)}`, // RFC 1183 §2.2
  TXT: (strings) => txtText(Buffer.concat(strings as Buffer[])),
  HINFO: (d) => `${quoted(d.cpu)} ${quoted(d.os)}`,
  NAPTR: (d) =>
    `${d.order} ${d.preference} ${[d.flags, d.services, d.regexp].map(quoted).join(' ')} ${nameText(d.replacement)}`, // RFC 3403 §4.1
  CAA: (d) => `${d.flags} ${nameText(d.tag)} ${quoted(d.value)}`, // RFC 8659 §4.1
  DS: (d) => `${d.keyTag} ${d.algorithm} ${d.digestType} ${hex(d.digest)}`, // RFC 4034 §5.1
  SSHFP: (d) => `${d.algorithm} ${d.hash} ${d.fingerprint}`, // RFC 4255 §3.1
  TLSA: (d) => `${d.usage} ${d.selector} ${d.matchingType} ${hex(d.certificate)}`, // RFC 6698 §2.1
  DNSKEY: (d) => `${d.flags} 3 ${d.algorithm} ${d.key.toString('base64')}`, // RFC 4034 §2.1: the protocol is always 3
  RRSIG: (d) =>
    [
      ...[typeText(d.typeCovered), d.algorithm, d.labels, d.originalTTL],
      ...[signatureTime(d.expiration), signatureTime(d.inception), d.keyTag],
      ...[nameText(d.signersName), d.signature.toString('base64')],
    ].join(' '), // RFC 4034 §3.1
  NSEC: (d) => [nameText(d.nextDomain), ...d.rrtypes.map(typeText)].join(' '), // RFC 4034 §4.1
  NSEC3: (d) =>
    [
      ...[d.algorithm, d.flags, d.iterations, hex(d.salt) || '-', base32hex(d.nextDomain)],
      ...d.rrtypes.map(typeText),
    ].join(' '), // RFC 5155 §3.2
}

/** The data of a record out of a lossless view; where dns-packet or we do not know the type, as `genericText`. */
export function dataText(answer: Answer): string {
  const write = writers[answer.type as DnsType] as ((data: unknown) => string) | undefined
  const data = 'data' in answer ? answer.data : Buffer.alloc(0)
  return write ? write(data) : genericText(data as Buffer)
}

/** Data of any type (RFC 3597 §5). */
export function genericText(data: Buffer): string {
  return `\\# ${data.length} ${hex(data)}`.trim()
}

/** The strings of a TXT record are one text (RFC 7208 §3.3 joins them so). */
function txtText(bytes: Buffer): string {
  return isUtf8(bytes) ? bytes.toString('utf8') : escapeText(bytes.toString('latin1'), /\\/)
}

/** RFC 4034 §3.2. */
function signatureTime(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace(/\.\d+Z$|[-:T]/g, '')
}

function quoted(read: string): string {
  const text = read.replaceAll(dotInLabel, '.').replace(/["\\]/g, '\\$&')
  return `"${text.replace(/[^ -~]/g, (char) => escapeText(char, /\\/))}"`
}

function hex(bytes: Buffer): string {
  return bytes.toString('hex').toUpperCase()
}

/** RFC 4648 §7, without padding. */
function base32hex(bytes: Buffer): string {
  const bits = Array.from(bytes, (byte) => byte.toString(2).padStart(8, '0')).join('')
  return (bits.match(/.{1,5}/g) ?? [])
    .map((five) => Number.parseInt(five.padEnd(5, '0'), 2).toString(32))
    .join('')
    .toUpperCase()
}
