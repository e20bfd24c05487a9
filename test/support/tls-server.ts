import https from 'node:https'
import type { Server } from 'node:net'
import tls from 'node:tls'
import { closer, listenOnLoopback } from '../../lib/local/loopback.ts'

export interface TestServer {
  port: number
  /** Closes the port and destroys every connection at once. */
  close(): Promise<void>
}

/** What a server that serves keys or signatures below today's minimum needs among its options. */
export const weakTls = { ciphers: 'DEFAULT@SECLEVEL=0', minVersion: 'TLSv1' } as const

/** A TLS server on 127.0.0.1; without `onConnection` it accepts and says nothing more. */
export function startTlsServer(
  options: tls.TlsOptions,
  onConnection: (socket: tls.TLSSocket) => void = () => {},
): Promise<TestServer> {
  const server = tls.createServer(options, (socket) => {
    socket.on('error', () => {})
    onConnection(socket)
  })
  return start(server)
}

/** An HTTPS server on 127.0.0.1 that says `ok` unless told otherwise. */
export function startHttpsServer(
  options: https.ServerOptions,
  onRequest: Parameters<typeof https.createServer>[1] = (_request, response) => response.end('ok'),
): Promise<TestServer> {
  return start(https.createServer(options, onRequest))
}

async function start(server: Server): Promise<TestServer> {
  // A client that refuses the certificate is what most of these servers are for.
  server.on('tlsClientError', () => {})
  const close = closer(server)
  return { port: await listenOnLoopback(server, 0), close }
}
