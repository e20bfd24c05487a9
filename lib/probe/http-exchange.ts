import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import Client from 'undici/lib/dispatcher/client.js'
import type { IpVersion, TlsOptions } from '../model/monitor.ts'
import type { Certificate, Failure, Phases } from '../model/result.ts'
import { addPhase, connectTcp, parseHostPort } from './connect.ts'
import { maxHeaderBytes } from './first-bytes.ts'
import { ReplyRecorder } from './http-reply.ts'
import { type ProbeDeps, ProbeFailure } from './probe.ts'
import { connectThroughProxy, type HttpProxy, parseProxy, proxyFailure } from './proxy.ts'
import { startTls } from './tls-handshake.ts'

export interface ExchangeRequest {
  url: URL
  method: string
  /** Lower-case names. */
  headers: Record<string, string>
  body?: string | Uint8Array
  ipVersion: IpVersion
  resolver?: string
  /** host:port to dial instead of the URL's; Host and SNI stay the URL's. */
  connectTo?: string
  /** `http://[user:password@]host:port`. */
  proxy?: string
  httpVersion: 'any' | '1.1' | '2'
  /** Applies to the body as transferred. */
  maxBodyBytes: number
  tls: TlsOptions
}

/** What one request and its reply showed; partial where it failed. */
export interface Exchange {
  phases: Phases
  failure?: Failure
  ip?: string
  httpVersion?: string
  statusCode?: number
  headers?: Record<string, string | string[]>
  /** As transferred, at most `maxBodyBytes`; absent where it did not come whole. */
  body?: Buffer
  bodyBytes?: number
  certificate?: Certificate
  /** TLS version. */
  version?: string
}

/** Ends a client whose request is over; without one, undici makes a new error with its stack each time. */
const ended = new Error('the exchange has ended')

/**
 * One HTTP request over a fresh connection with a full handshake, and its reply up to the last byte of the body.
 * Never rejects: what went wrong is in `failure`, beside everything seen until then.
 */
export async function exchange(request: ExchangeRequest, deps: ProbeDeps, signal: AbortSignal): Promise<Exchange> {
  const seen: Exchange = { phases: {} }
  let socket: Socket | undefined
  try {
    const proxy = request.proxy === undefined ? undefined : parseProxy(request.proxy)
    socket = await connect(request, proxy, seen, deps, signal)
    await send(request, proxy, socket, seen, deps, signal)
  } catch (error) {
    seen.failure = (error instanceof ProbeFailure ? error : internal(error)).toFailure()
  } finally {
    socket?.destroy()
  }
  await othersRead()
  return seen
}

/**
 * Lets the other probes that have data waiting take their times first: where many replies come at once, the work on one
 * would stand in the phases of the rest.
 */
function othersRead(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}

function internal(error: unknown): ProbeFailure {
  return new ProbeFailure('INTERNAL', 'request', `the request could not be made: ${(error as Error).message}`, error)
}

async function connect(
  request: ExchangeRequest,
  proxy: HttpProxy | undefined,
  seen: Exchange,
  deps: ProbeDeps,
  signal: AbortSignal,
): Promise<Socket> {
  const { url, ipVersion, resolver } = request
  const secure = url.protocol === 'https:'
  const port = Number(url.port) || (secure ? 443 : 80)
  const destination = request.connectTo ? parseHostPort(request.connectTo) : { host: url.hostname, port }
  const dialled = proxy ?? destination
  const options = { ipVersion, ...(resolver && { resolver }) }
  let socket = await connectTcp({ ...dialled, ...options }, seen.phases, deps, signal).catch((error: unknown) => {
    throw proxy ? proxyFailure(proxy, error) : error
  })
  seen.ip = socket.remoteAddress ?? ''
  if (proxy && secure) {
    const started = deps.now()
    try {
      socket = await connectThroughProxy(socket, proxy, destination, signal)
    } finally {
      addPhase(seen.phases, 'connect', deps.now() - started)
    }
  }
  if (!secure) return socket
  const alpn = { any: ['h2', 'http/1.1'], '1.1': ['http/1.1'], '2': ['h2'] }[request.httpVersion]
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1')
  const tls = await startTls(socket, { host, tls: request.tls, alpn }, seen, seen.phases, deps, signal)
  if (request.httpVersion === '2' && tls.alpnProtocol !== 'h2') {
    tls.destroy()
    throw new ProbeFailure('TLS_HANDSHAKE', 'tls', 'the server does not offer HTTP/2, which httpVersion asks for')
  }
  return tls
}

function send(
  request: ExchangeRequest,
  proxy: HttpProxy | undefined,
  socket: Socket,
  seen: Exchange,
  deps: ProbeDeps,
  signal: AbortSignal,
): Promise<void> {
  let isTaken = false
  const client = new Client(request.url.origin, {
    // Not at once: undici takes a socket only after the call that asks for it has returned. It asks for another one where a
    // server goes away from a request that it has not looked at (RFC 9113 §6.8); that is for the monitor's retries.
    connect: (_options, callback) => {
      const wasTaken = isTaken
      isTaken = true
      queueMicrotask(() => (wasTaken ? callback(leftUnanswered(), null) : callback(null, socket)))
    },
    allowH2: (socket as TLSSocket).alpnProtocol === 'h2',
    // The caller's deadline is the only one: undici's own timers are coarser than half a second.
    headersTimeout: 0,
    bodyTimeout: 0,
    maxHeaderSize: maxHeaderBytes,
  })
  return new Promise<void>((resolve, reject) => {
    const onAbort = () => recorder.end(timedOut(seen, recorder.bytesRead))
    const recorder = new ReplyRecorder(socket, seen, request.maxBodyBytes, deps, (failure) => {
      signal.removeEventListener('abort', onAbort)
      if (failure) reject(failure)
      else resolve()
      client.destroy(ended).catch(() => {})
    })
    if (signal.aborted) return onAbort()
    signal.addEventListener('abort', onAbort, { once: true })
    client.dispatch(requestOptions(request, proxy), recorder)
  })
}

function requestOptions({ url, method, headers, body }: ExchangeRequest, proxy: HttpProxy | undefined) {
  const viaProxy = proxy && url.protocol === 'http:'
  const authorization = viaProxy && proxy.authorization
  return {
    method: method as 'GET',
    // To a proxy a request names its whole target (RFC 9112 §3.2.2).
    path: (viaProxy ? url.origin : '') + url.pathname + url.search,
    headers: { ...headers, ...(authorization && { 'proxy-authorization': authorization }) },
    body: body === undefined || body.length === 0 ? null : body,
  }
}

function leftUnanswered(): ProbeFailure {
  return new ProbeFailure('HTTP_RESET', 'processing', 'the server ended the connection and left the request unanswered')
}

function timedOut(seen: Exchange, bytesRead: number): ProbeFailure {
  if (seen.statusCode === undefined && bytesRead > 0)
    return new ProbeFailure(
      'HTTP_TIMEOUT',
      'processing',
      `the status and headers of the reply did not end in time: ${bytesRead} bytes came`,
    )
  if (seen.statusCode === undefined)
    return new ProbeFailure('HTTP_TIMEOUT', 'processing', 'the server accepted the request and did not answer in time')
  const got = `status ${seen.statusCode} and ${seen.bodyBytes} bytes of the body came`
  return new ProbeFailure('HTTP_TIMEOUT', 'transfer', `the reply did not end in time: ${got}`)
}
