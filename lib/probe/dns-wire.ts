/** What a packet breaks: internal to the DNS codec, which turns it into `DNS_MALFORMED`. */
export class MalformedPacket extends Error {}

/** A name's length with its length bytes (RFC 1035 §2.3.4). */
const maxNameBytes = 255
/** A pointer that is worth its two bytes adds a label, and a name has at most 127 of them. */
const maxPointers = 127

/** Reads a DNS message from front to back; whatever the bytes are, it stays inside them or throws `MalformedPacket`. */
export class Cursor {
  readonly bytes: Buffer
  offset = 0
  /** Where reading must stop: the packet's end, or that of the record being read. */
  end: number

  constructor(bytes: Buffer) {
    this.bytes = bytes
    this.end = bytes.length
  }

  u8(): number {
    return this.bytes.readUInt8(this.#advance(1))
  }

  u16(): number {
    return this.bytes.readUInt16BE(this.#advance(2))
  }

  u32(): number {
    return this.bytes.readUInt32BE(this.#advance(4))
  }

  take(length: number): Buffer {
    const start = this.#advance(length)
    return this.bytes.subarray(start, start + length)
  }

  rest(): Buffer {
    return this.take(this.end - this.offset)
  }

  /** A length byte and that many bytes (RFC 1035 §3.3, `<character-string>`). */
  string(): Buffer {
    return this.take(this.u8())
  }

  /**
   * A name in lower case, without its last dot and with what is special escaped (RFC 1035 §5.1); the root is `.`.
   * Pointers must lead backwards (RFC 1035 §4.1.4, "a prior occurance"), so no packet can make this go on for ever.
   */
  name(): string {
    let at = this.offset
    let earliest = at
    let end = this.end
    let resume = -1
    let pointers = 0
    let size = 1
    let name = ''
    for (;;) {
      if (at >= end) throw new MalformedPacket(`a name runs over the end at byte ${end}`)
      const length = this.bytes.readUInt8(at)
      if (length === 0) break
      if (length >= 0xc0) {
        if (at + 2 > end) throw new MalformedPacket(`a name runs over the end at byte ${end}`)
        const target = this.bytes.readUInt16BE(at) & 0x3fff
        pointers += 1
        if (target >= earliest) throw new MalformedPacket(`a name at byte ${at} points forward or to itself`)
        if (pointers > maxPointers) throw new MalformedPacket('a name has too many pointers')
        if (resume < 0) resume = at + 2
        earliest = target
        at = target
        end = this.bytes.length
      } else if (length < 0x40) {
        size += length + 1
        if (size > maxNameBytes) throw new MalformedPacket(`a name is longer than ${maxNameBytes} bytes`)
        if (at + 1 + length > end) throw new MalformedPacket(`a name runs over the end at byte ${end}`)
        const label = labelText(this.bytes.toString('latin1', at + 1, at + 1 + length))
        name = name === '' ? label : `${name}.${label}`
        at += length + 1
      } else {
        throw new MalformedPacket(`a name has a label of unknown kind at byte ${at}`)
      }
    }
    this.offset = resume < 0 ? at + 1 : resume
    return name === '' ? '.' : name
  }

  #advance(length: number): number {
    const start = this.offset
    if (start + length > this.end) throw new MalformedPacket(`it ends at byte ${this.end}, in the middle of a field`)
    this.offset = start + length
    return start
  }
}

function labelText(raw: string): string {
  const lower = /[A-Z]/.test(raw) ? raw.replace(/[A-Z]+/g, (letters) => letters.toLowerCase()) : raw
  return /^[\w-]*$/.test(lower) ? lower : escapeText(lower, /[."\\;()@$]/)
}

/** Puts a backslash before what `special` names and writes what cannot be printed as `\DDD` (RFC 1035 §5.1). */
export function escapeText(latin1: string, special: RegExp): string {
  let text = ''
  for (const char of latin1) {
    if (char < '!' || char > '~') text += `\\${String(char.charCodeAt(0)).padStart(3, '0')}`
    else text += special.test(char) ? `\\${char}` : char
  }
  return text
}

/** A name as it goes over the wire. Throws a `RangeError` where no DNS name can be made of it (RFC 1035 §2.3.4). */
export function encodeName(name: string): Buffer {
  const labels = name === '.' ? [] : splitLabels(name)
  const bytes = Buffer.alloc(labels.reduce((size, label) => size + label.length + 1, 1))
  let at = 0
  for (const label of labels) {
    if (label.length === 0) throw new RangeError(`"${name}" has an empty label`)
    if (label.length > 63) throw new RangeError(`"${name}" has a label longer than 63 bytes`)
    bytes.writeUInt8(label.length, at)
    bytes.write(label, at + 1, 'latin1')
    at += label.length + 1
  }
  if (bytes.length > maxNameBytes) throw new RangeError(`"${name}" is longer than ${maxNameBytes} bytes`)
  return bytes
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
