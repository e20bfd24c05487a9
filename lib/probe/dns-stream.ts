import { connect, type Socket } from 'node:net'
import { type Endpoint, Inquiry } from './dns-inquiry.ts'
import type { QueryOptions, Question, Reply } from './dns-message.ts'
import { type ProbeDeps, ProbeFailure } from './probe.ts'

/**
 * Asks one question over an open TCP or TLS connection (RFC 7766 §8: each message behind its length in two bytes) and
 * destroys it. Rejects with `ProbeFailure`, at the latest when `signal` aborts.
 */
export function askStream(
  socket: Socket,
  server: string,
  question: Question,
  options: QueryOptions,
  deps: Pick<ProbeDeps, 'now'>,
  signal: AbortSignal,
): Promise<Reply> {
  const started = deps.now()
  return new Promise<Reply>((resolve, reject) => {
    const inquiry = new Inquiry(server, question, options)
    const frames = new Frames()
    const onAbort = () => reject(inquiry.silence(deps.now() - started))
    const onClose = () => reject(closed(server, frames))
    if (signal.aborted) return onAbort()
    signal.addEventListener('abort', onAbort, { once: true })
    socket.on('error', onClose)
    socket.on('end', onClose)
    socket.on('close', () => {
      signal.removeEventListener('abort', onAbort)
      onClose()
    })
    socket.on('data', (chunk: Buffer) => {
      try {
        for (const frame of frames.push(chunk)) {
          const reply = inquiry.take(frame)
          if (reply) return resolve(reply)
          if (inquiry.ignored > mostIgnored) throw flooded(server)
        }
      } catch (failure) {
        reject(failure)
      }
    })
    socket.write(framed(inquiry.packet))
  }).finally(() => socket.destroy())
}

/** Nobody else speaks on a connection, and one reply belongs on ours. */
const mostIgnored = 100

function flooded(server: string): ProbeFailure {
  const why = `${server} sent more than ${mostIgnored} messages on one connection, none of them the reply`
  return new ProbeFailure('DNS_MISMATCH', 'processing', why)
}

/** A message behind its length, in one piece as RFC 7766 §8 asks: some servers do not put split lengths together. */
export function framed(packet: Uint8Array): Buffer {
  const length = Buffer.allocUnsafe(2)
  length.writeUInt16BE(packet.length)
  return Buffer.concat([length, packet])
}

/** Puts messages together from the pieces in which they arrive. */
export class Frames {
  #chunks: Buffer[] = []
  /** Bytes that wait for the rest of their message. */
  held = 0
  /** Bytes that the message under way has, with its length; 2 until that is known. */
  expected = 2

  /** The messages that this piece completes. */
  push(chunk: Buffer): Buffer[] {
    const whole: Buffer[] = []
    this.#chunks.push(chunk)
    this.held += chunk.length
    while (this.held >= this.expected) {
      const bytes = this.#chunks.length === 1 && this.#chunks[0] ? this.#chunks[0] : Buffer.concat(this.#chunks)
      const end = 2 + bytes.readUInt16BE(0)
      const isWhole = bytes.length >= end
      const rest = isWhole ? bytes.subarray(end) : bytes
      this.#chunks = [rest]
      this.held = rest.length
      this.expected = isWhole ? 2 : end
      if (isWhole) whole.push(bytes.subarray(2, end))
    }
    return whole
  }
}

function closed(server: string, { held, expected }: Frames): ProbeFailure {
  if (held === 0) return new ProbeFailure('TCP_CLOSED', 'processing', `${server} closed the connection without a reply`)
  const why = `${server} closed the connection in its reply: expected ${expected} bytes, got ${held}`
  return new ProbeFailure('DNS_MALFORMED', 'processing', why)
}

/** The same over a fresh TCP connection to an address. */
export async function askTcp(
  server: Endpoint,
  question: Question,
  options: QueryOptions,
  deps: Pick<ProbeDeps, 'now'>,
  signal: AbortSignal,
): Promise<Reply> {
  const socket = await open(server, signal)
  return askStream(socket, server.label, question, options, deps, signal)
}

function open(server: Endpoint, signal: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: server.address, port: server.port, noDelay: true })
    const fail = (error?: NodeJS.ErrnoException) => {
      signal.removeEventListener('abort', onAbort)
      socket.destroy()
      const code = error?.code === 'ECONNREFUSED' ? 'CONNECT_REFUSED' : 'CONNECT_UNREACHABLE'
      const why = `no TCP connection to ${server.label}`
      if (error) reject(new ProbeFailure(code, 'connect', `${why} (${error.code})`, error))
      else reject(new ProbeFailure('CONNECT_TIMEOUT', 'connect', `${why} in time`))
    }
    const onAbort = () => fail()
    socket.once('error', fail)
    socket.once('connect', () => {
      signal.removeEventListener('abort', onAbort)
      socket.off('error', fail)
      resolve(socket)
    })
    if (signal.aborted) onAbort()
    else signal.addEventListener('abort', onAbort, { once: true })
  })
}
