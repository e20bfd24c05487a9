import type { Socket } from 'node:net'
import { ProbeFailure } from './probe.ts'
import { headEnd, tidiedHead } from './reply-head.ts'

/** What the start of a reply on a plain HTTP/1 connection tells. */
export interface FirstBytes {
  /** `'1.0'` or `'1.1'` once a status line has come. */
  httpVersion?: string
  /** Bytes of the reply read so far. */
  bytesRead: number
  /** When the first byte that belongs to no interim reply was read. */
  firstByteAt?: number
  /** That byte and what came of its line, at most `shownBytes`: headers may hold what is not to be shown. */
  start?: string
}

/** A server that sends more header bytes than this is answered with HTTP_TOO_LARGE. */
export const maxHeaderBytes = 64 * 1024
const shownBytes = 40

// 101 is no interim reply but another protocol from here on (RFC 9110 §15.2.2).
const interim = /^HTTP\/1\.[01] 1(?:0[02-9]|[1-9]\d)[ \r\n]/

/**
 * Looks at a reply before the parser does, for what undici keeps from its callers or refuses: the version of the status
 * line; interim replies nobody asked for, which a client must pass over (RFC 9110 §15.2); and a head that is written in
 * another way than undici likes, of which the parser gets `tidiedHead`. Longer than `maxHeaderBytes` it gets it as it is.
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
      const isOpen = mayBeInterim(rest)
      const version = /^HTTP\/(1\.[01]) /.exec(rest.toString('latin1', 0, 9))?.[1]
      if (!isOpen) {
        seen.firstByteAt ??= now()
        seen.start = rest.toString('latin1', 0, shownBytes).replace(/[\r\n].*/s, '')
        if (version) seen.httpVersion = version
      }
      started = !isOpen && (version === undefined || headEnd(rest) >= 0)
      if (!started && seen.bytesRead < maxHeaderBytes) {
        held = rest
        continue
      }
      if (!started) {
        socket.destroy(tooManyHeaders())
        return null
      }
      return version ? tidiedHead(rest) : rest
    }
  }
  return seen
}

/** More than `maxHeaderBytes` of headers. */
export function tooManyHeaders(): ProbeFailure {
  const message = `the reply has more than ${maxHeaderBytes / 1024} KiB of headers`
  return new ProbeFailure('HTTP_TOO_LARGE', 'processing', message)
}

function withoutInterim(bytes: Buffer): Buffer {
  let rest = bytes
  while (interim.test(rest.toString('latin1', 0, 13))) {
    const end = headEnd(rest)
    if (end < 0) break
    rest = rest.subarray(end)
  }
  return rest
}

/** Whether it is not yet known what this is: nothing, or a piece of an interim reply. */
function mayBeInterim(bytes: Buffer): boolean {
  const head = bytes.toString('latin1', 0, 13)
  if (head.length < 13)
    return /^HTTP\/1\.[01] 1/.test(head) || 'HTTP/1.1 1'.startsWith(head) || 'HTTP/1.0 1'.startsWith(head)
  return interim.test(head)
}
