import { createSocket } from 'node:dgram'
import { isIPv6 } from 'node:net'
import { type Endpoint, Inquiry } from './dns-inquiry.ts'
import type { QueryOptions, Question, Reply } from './dns-message.ts'
import { type ProbeDeps, ProbeFailure } from './probe.ts'

/**
 * Asks one question over UDP from a socket of its own, which is closed in any case. A reply may be truncated (`tc`).
 * Rejects with `ProbeFailure`, at the latest when `signal` aborts or `waitMs` have passed.
 */
export function askUdp(
  server: Endpoint,
  question: Question,
  options: QueryOptions,
  deps: Pick<ProbeDeps, 'now'>,
  signal: AbortSignal,
  waitMs?: number,
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const started = deps.now()
    const inquiry = new Inquiry(server.label, question, options)
    if (signal.aborted) return reject(inquiry.silence(0))
    const family = isIPv6(server.address) ? 6 : 4
    const type = family === 6 ? 'udp6' : 'udp4'
    // Only addresses come here, so the lookup that a socket insists on has nothing to do.
    const lookup = (address: string, _family: unknown, done: (error: null, address: string, family: number) => void) =>
      done(null, address || (family === 6 ? '::' : '0.0.0.0'), family)
    const socket = createSocket({ type, lookup: lookup as never })
    const timer = waitMs === undefined ? undefined : setTimeout(onSilence, waitMs)
    let settled = false

    function settle(): boolean {
      if (settled) return false
      settled = true
      clearTimeout(timer)
      signal.removeEventListener('abort', onSilence)
      socket.close()
      return true
    }
    function onSilence() {
      if (settle()) reject(inquiry.silence(deps.now() - started))
    }
    function onError(error: NodeJS.ErrnoException) {
      if (settle()) reject(socketFailure(error, server.label))
    }
    socket.on('error', onError)
    socket.on('message', (packet) => {
      try {
        const reply = inquiry.take(packet)
        if (reply && settle()) resolve(reply)
      } catch (failure) {
        if (settle()) reject(failure)
      }
    })
    signal.addEventListener('abort', onSilence, { once: true })
    // Connected: the kernel drops packets from elsewhere and tells of ICMP errors.
    socket.connect(server.port, server.address, ((error?: NodeJS.ErrnoException) => {
      if (error) return onError(error)
      if (settled) return
      socket.send(inquiry.packet, (sendError) => {
        if (sendError) onError(sendError)
      })
    }) as () => void)
  })
}

function socketFailure(error: NodeJS.ErrnoException, server: string): ProbeFailure {
  const code = error.code ?? error.message
  switch (code) {
    case 'ECONNREFUSED':
      return new ProbeFailure('CONNECT_REFUSED', 'connect', `nothing listens at ${server} over UDP (${code})`, error)
    case 'EAFNOSUPPORT':
      return new ProbeFailure('UNSUPPORTED', 'connect', `this place cannot send to ${server} (${code})`, error)
    case 'EMFILE':
    case 'ENFILE':
    case 'ENOBUFS':
      return new ProbeFailure('INTERNAL', 'connect', `could not open a socket to ${server} (${code})`, error)
    default:
      return new ProbeFailure('CONNECT_UNREACHABLE', 'connect', `no route to ${server} (${code})`, error)
  }
}
