import { once } from 'node:events'
import http from 'node:http'
import net from 'node:net'
import { closer } from '../../lib/local/loopback.ts'

export interface LoopbackServer {
  port: number
  url: string
  close(): Promise<void>
}

/** A well-behaved HTTP server on loopback, on any free port unless one is given. */
export function startHttpServer(handler: http.RequestListener, host?: string, port?: number): Promise<LoopbackServer> {
  return start(http.createServer(handler), host, port)
}

/** A server that answers the first bytes of each connection with whatever bytes it is given, and then may end. */
export function startRawServer(onData: (socket: net.Socket, data: string) => void): Promise<LoopbackServer> {
  return start(
    net.createServer((socket) => {
      socket.on('error', () => {})
      socket.once('data', (data) => onData(socket, data.toString('latin1')))
    }),
  )
}

/** A server that acts as soon as someone connects. */
export function startTcpServer(onConnection: (socket: net.Socket) => void): Promise<LoopbackServer> {
  return start(
    net.createServer((socket) => {
      socket.on('error', () => {})
      onConnection(socket)
    }),
  )
}

async function start(server: net.Server, host = '127.0.0.1', wantedPort = 0): Promise<LoopbackServer> {
  const close = closer(server)
  server.listen(wantedPort, host)
  await once(server, 'listening')
  const { port } = server.address() as net.AddressInfo
  return { port, url: `http://${net.isIPv6(host) ? `[${host}]` : host}:${port}`, close }
}
