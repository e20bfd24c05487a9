import type { Socket } from 'node:net'

/** What the start of a reply on a plain HTTP/1 connection tells. */
export interface FirstBytes {
  /** `'1.0'` or `'1.1'` once a status line has come. */
  httpVersion?: string
  /** Bytes of the reply read so far. */
  bytesRead: number
  /** When the first of the bytes that the parser gets was read. */
  firstByteAt?: number
}

const maxInterimBytes = 16 * 1024
// 101 is no interim reply but another protocol from here on (RFC 9110 §15.2.2).
const interim = /^HTTP\/1\.[01] 1(?:0[02-9]|[1-9]\d)[ \r]/

/**
 * Looks at a reply before the parser does, for what undici keeps from its callers or refuses: the version of the status
 * line; interim replies nobody asked for, which a client must pass over (RFC 9110 §15.2); and header lines that go on in
 * the next, which a user agent takes for one (RFC 9112 §5.2).
 */
export function peekFirstBytes(socket: Socket, now: () => number): FirstBytes {
  const seen: FirstBytes = { bytesRead: 0 }
  const read = socket.read.bind(socket)
  let held: Buffer = Buffer.alloc(0)
  let started = false
  socket.read = (size?: number) => {
    for (;;) {
      const chunk = read(size) as Buffer | null
      if (chunk === null) return null
      seen.bytesRead += chunk.length
      if (started) return chunk
      const rest = withoutInterim(held.length > 0 ? Buffer.concat([held, chunk]) : chunk)
      if (isIncomplete(rest)) {
        held = rest
        continue
      }
      started = true
      seen.firstByteAt = now()
      const version = /^HTTP\/(1\.[01]) /.exec(rest.toString('latin1', 0, 9))?.[1]
      if (version) seen.httpVersion = version
      return unfolded(rest)
    }
  }
  return seen
}

function withoutInterim(bytes: Buffer): Buffer {
  let rest = bytes
  while (interim.test(rest.toString('latin1', 0, 13))) {
    const end = rest.indexOf('\r\n\r\n')
    if (end < 0) break
    rest = rest.subarray(end + 4)
  }
  return rest
}

function unfolded(bytes: Buffer): Buffer {
  const end = bytes.indexOf('\r\n\r\n')
  const head = end < 0 ? '' : bytes.toString('latin1', 0, end)
  if (!/\r\n[ \t]/.test(head)) return bytes
  return Buffer.concat([Buffer.from(head.replace(/[ \t]*\r\n[ \t]+/g, ' '), 'latin1'), bytes.subarray(end)])
}

/** Whether more must come before it is known what this is: nothing yet, or a piece of an interim reply. */
function isIncomplete(bytes: Buffer): boolean {
  if (bytes.length === 0) return true
  const head = bytes.toString('latin1', 0, 13)
  if (head.length < 13)
    return /^HTTP\/1\.[01] 1/.test(head) || 'HTTP/1.1 1'.startsWith(head) || 'HTTP/1.0 1'.startsWith(head)
  return interim.test(head) && bytes.length < maxInterimBytes
}
