import { isUtf8 } from 'node:buffer'
import { canonicalIpv6 } from '../model/dns-answer.ts'
import type { DnsType } from '../model/dns-names.ts'
import { type Cursor, escapeText, MalformedPacket } from './dns-wire.ts'

/** Type numbers (IANA "Resource Record (RR) TYPEs"). */
export const typeNumbers: Record<DnsType, number> = {
  A: 1,
  NS: 2,
  CNAME: 5,
  SOA: 6,
  PTR: 12,
  HINFO: 13,
  MX: 15,
  TXT: 16,
  RP: 17,
  AAAA: 28,
  SRV: 33,
  NAPTR: 35,
  DNAME: 39,
  DS: 43,
  SSHFP: 44,
  RRSIG: 46,
  NSEC: 47,
  DNSKEY: 48,
  NSEC3: 50,
  TLSA: 52,
  CAA: 257,
}

/** Types that nobody asks for here but that show up beside others, in NSEC above all. */
const otherTypes = { OPT: 41, NSEC3PARAM: 51, CDS: 59, CDNSKEY: 60, SVCB: 64, HTTPS: 65, SPF: 99, ANY: 255, URI: 256 }

const typeNames = new Map(Object.entries({ ...typeNumbers, ...otherTypes }).map(([name, number]) => [number, name]))

/** A type's name, or `TYPE123` for one without (RFC 3597 §5). */
export function typeName(number: number): string {
  return typeNames.get(number) ?? `TYPE${number}`
}

/** Reads the data of one record, which lies between the cursor's offset and its end, in presentation form. */
export function readData(cursor: Cursor, type: number): string {
  const read = readers[typeName(type) as DnsType]
  const start = cursor.offset
  if (read === undefined) {
    const data = cursor.rest()
    return `\\# ${data.length}${data.length > 0 ? ` ${hex(data)}` : ''}` // RFC 3597 §5
  }
  const text = read(cursor)
  if (cursor.offset !== cursor.end)
    throw new MalformedPacket(
      `${typeName(type)} data of ${cursor.end - start} bytes has ${cursor.end - cursor.offset} too many`,
    )
  return text
}

const readers: Record<DnsType, (cursor: Cursor) => string> = {
  A: (c) => `${c.u8()}.${c.u8()}.${c.u8()}.${c.u8()}`,
  AAAA: readIpv6,
  NS: (c) => c.name(),
  CNAME: (c) => c.name(),
  DNAME: (c) => c.name(),
  PTR: (c) => c.name(),
  MX: (c) => `${c.u16()} ${c.name()}`,
  SOA: (c) => `${c.name()} ${c.name()} ${c.u32()} ${c.u32()} ${c.u32()} ${c.u32()} ${c.u32()}`,
  SRV: (c) => `${c.u16()} ${c.u16()} ${c.u16()} ${c.name()}`, // RFC 2782
  RP: (c) => `${c.name()} ${c.name()}`, // RFC 1183 §2.2
  TXT: readTxt,
  HINFO: (c) => `${quoted(c.string())} ${quoted(c.string())}`,
  NAPTR: (c) => `${c.u16()} ${c.u16()} ${quoted(c.string())} ${quoted(c.string())} ${quoted(c.string())} ${c.name()}`, // RFC 3403 §4.1
  CAA: (c) => `${c.u8()} ${c.string().toString('latin1').toLowerCase()} ${quoted(c.rest())}`, // RFC 8659 §4.1
  DS: (c) => `${c.u16()} ${c.u8()} ${c.u8()} ${hex(c.rest())}`, // RFC 4034 §5.1
  SSHFP: (c) => `${c.u8()} ${c.u8()} ${hex(c.rest())}`, // RFC 4255 §3.1
  TLSA: (c) => `${c.u8()} ${c.u8()} ${c.u8()} ${hex(c.rest())}`, // RFC 6698 §2.1
  DNSKEY: (c) => `${c.u16()} ${c.u8()} ${c.u8()} ${c.rest().toString('base64')}`, // RFC 4034 §2.1
  RRSIG: readRrsig,
  NSEC: (c) => [c.name(), ...readTypes(c)].join(' '), // RFC 4034 §4.1
  NSEC3: readNsec3,
}

function readIpv6(cursor: Cursor): string {
  const groups = Array.from({ length: 8 }, () => cursor.u16().toString(16))
  return canonicalIpv6(groups.join(':'))
}

/** The strings of a TXT record are one text (RFC 7208 §3.3 joins them so). */
function readTxt(cursor: Cursor): string {
  const parts: Buffer[] = []
  while (cursor.offset < cursor.end) parts.push(cursor.string())
  const text = parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts)
  return isUtf8(text) ? text.toString('utf8') : escapeText(text.toString('latin1'), /\\/)
}

/** RFC 4034 §3.1; times as §3.2 writes them. */
function readRrsig(cursor: Cursor): string {
  const head = [typeName(cursor.u16()), cursor.u8(), cursor.u8(), cursor.u32()]
  const times = [signatureTime(cursor.u32()), signatureTime(cursor.u32())]
  return [...head, ...times, cursor.u16(), cursor.name(), cursor.rest().toString('base64')].join(' ')
}

function signatureTime(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace(/\.\d+Z$|[-:T]/g, '')
}

/** RFC 5155 §3.2. */
function readNsec3(cursor: Cursor): string {
  const head = [cursor.u8(), cursor.u8(), cursor.u16()]
  const salt = hex(cursor.string())
  const next = base32hex(cursor.string())
  return [...head, salt === '' ? '-' : salt, next, ...readTypes(cursor)].join(' ')
}

/** The type bit maps of NSEC and NSEC3 (RFC 4034 §4.1.2). */
function readTypes(cursor: Cursor): string[] {
  const types: string[] = []
  while (cursor.offset < cursor.end) {
    const window = cursor.u8() << 8
    const bitmap = cursor.string()
    if (bitmap.length === 0 || bitmap.length > 32) throw new MalformedPacket('a type bit map has a wrong length')
    for (const [at, byte] of bitmap.entries())
      for (let bit = 0; bit < 8; bit++) if (byte & (0x80 >> bit)) types.push(typeName(window | (at << 3) | bit))
  }
  return types
}

function quoted(bytes: Buffer): string {
  const text = bytes.toString('latin1')
  return /^[ !#-[\]-~]*$/.test(text)
    ? `"${text}"`
    : `"${text.replace(/["\\]/g, '\\$&').replace(/[^ -~]/g, (char) => escapeText(char, /\\/))}"`
}

function hex(bytes: Buffer): string {
  return bytes.toString('hex').toUpperCase()
}

/** RFC 4648 §7, without padding. */
function base32hex(bytes: Buffer): string {
  let text = ''
  let bits = 0
  let held = 0
  for (const byte of bytes) {
    held = ((held << 8) | byte) & 0xfff
    bits += 8
    for (; bits >= 5; bits -= 5) text += '0123456789ABCDEFGHIJKLMNOPQRSTUV'.charAt((held >> (bits - 5)) & 31)
  }
  return bits > 0 ? text + '0123456789ABCDEFGHIJKLMNOPQRSTUV'.charAt((held << (5 - bits)) & 31) : text
}
