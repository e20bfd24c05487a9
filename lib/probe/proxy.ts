import type { Socket } from 'node:net'
import { joinHostPort } from '../model/host-port.ts'
import { ProbeFailure } from './probe.ts'

export interface HttpProxy {
  host: string
  port: number
  /** Value of `proxy-authorization`, where the URL has a user. */
  authorization?: string
}

const maxReplyBytes = 16 * 1024

/** Reads `http://[user:password@]host[:port]`; the port is 80 where it has none. */
export function parseProxy(text: string): HttpProxy {
  const url = URL.parse(text)
  if (url?.protocol !== 'http:')
    throw new ProbeFailure(
      'INTERNAL',
      'connect',
      'proxy: expected http://[user:password@]host:port, got something else',
    )
  const credentials = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`
  return {
    host: url.hostname,
    port: Number(url.port) || 80,
    ...(url.username && { authorization: `Basic ${Buffer.from(credentials).toString('base64')}` }),
  }
}

/** The same failure, told as that of the way to the proxy. */
export function proxyFailure({ host, port }: HttpProxy, error: unknown): unknown {
  if (!(error instanceof ProbeFailure)) return error
  const message = `the proxy ${host}:${port} cannot be reached: ${error.message}`
  return new ProbeFailure(error.code, error.stage, message, error)
}

/** Asks a proxy for a tunnel to a destination (CONNECT, RFC 9110 §9.3.6); gives the socket once it stands. */
export function connectThroughProxy(
  socket: Socket,
  proxy: HttpProxy,
  destination: { host: string; port: number },
  signal: AbortSignal,
): Promise<Socket> {
  const authority = joinHostPort(destination.host.replace(/^\[(.*)\]$/, '$1'), destination.port)
  return new Promise((resolve, reject) => {
    let reply = ''
    const settle = (failure?: ProbeFailure) => {
      signal.removeEventListener('abort', onAbort)
      for (const event of ['data', 'error', 'close'] as const) socket.removeAllListeners(event)
      socket.pause()
      if (!failure) return resolve(socket)
      socket.on('error', () => {})
      socket.destroy()
      reject(failure)
    }
    const refuse = (message: string) => settle(new ProbeFailure('CONNECT_REFUSED', 'connect', message))
    const onAbort = () =>
      settle(new ProbeFailure('CONNECT_TIMEOUT', 'connect', `the proxy opened no tunnel to ${authority} in time`))
    if (signal.aborted) return onAbort()
    signal.addEventListener('abort', onAbort, { once: true })
    socket.on('error', (error) => refuse(`the proxy broke the connection: ${error.message}`))
    socket.on('close', () => refuse('the proxy closed the connection instead of opening a tunnel'))
    socket.on('data', (chunk: Buffer) => {
      reply += chunk.toString('latin1')
      const end = reply.indexOf('\r\n\r\n')
      if (end < 0 && reply.length < maxReplyBytes) return
      const status = /^HTTP\/1\.[01] (\d{3})/.exec(reply)?.[1]
      if (end < 0 || !status?.startsWith('2'))
        return refuse(
          `the proxy refused a tunnel to ${authority}: ${status ? `status ${status}` : 'its reply is not HTTP'}`,
        )
      const rest = reply.slice(end + 4)
      settle()
      if (rest) socket.unshift(Buffer.from(rest, 'latin1'))
    })
    const authorization = proxy.authorization ? `proxy-authorization: ${proxy.authorization}\r\n` : ''
    socket.write(`CONNECT ${authority} HTTP/1.1\r\nhost: ${authority}\r\n${authorization}\r\n`)
  })
}
