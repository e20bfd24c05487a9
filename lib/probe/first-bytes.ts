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
const interim = /^HTTP\/1\.[01] 100[ \r]/

/**
 * Looks at a reply before the parser does, for two things that undici keeps from its callers: the version of the
 * status line, and a `100 Continue` nobody asked for, which a client must pass over (RFC 9110 §15.2) and undici refuses.
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
      return rest
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

/** Whether more must come before it is known what this is: nothing yet, or a piece of an interim reply. */
function isIncomplete(bytes: Buffer): boolean {
  if (bytes.length === 0) return true
  const head = bytes.toString('latin1', 0, 13)
  if (head.length < 13) return 'HTTP/1.1 100 '.startsWith(head) || 'HTTP/1.0 100 '.startsWith(head)
  return interim.test(head) && bytes.length < maxInterimBytes
}
