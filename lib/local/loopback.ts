import { createSocket, type Socket as UdpSocket } from 'node:dgram'
import { once } from 'node:events'
import { type AddressInfo, createServer, isIPv6, type Server, type Socket } from 'node:net'

const host = '127.0.0.1'
/** How often to look for a port that is free for both protocols. */
const portAttempts = 10

/** Listens on loopback, on `port` where it is free and on any other where it is taken; gives the port it got. */
export async function listenOnLoopback(server: Server, port: number): Promise<number> {
  try {
    await listen(server, port)
  } catch (error) {
    if (!isPortTaken(error)) throw error
    await listen(server, 0)
  }
  return (server.address() as AddressInfo).port
}

/** Whether an error says that another process holds the port. */
export function isPortTaken(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EADDRINUSE'
}

/** Keeps count of a server's connections, so that it can be closed without waiting for its clients. */
export function closer(server: Server): () => Promise<void> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  return () => {
    const { promise, resolve } = Promise.withResolvers<void>()
    server.close(() => resolve())
    for (const socket of sockets) socket.destroy()
    return promise
  }
}

/** Listens on exactly this port (0 for any) of an address, 127.0.0.1 unless said otherwise, or rejects. */
export function listen(server: Server, port: number, address = host): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', reject)
  server.listen(port, address, () => {
    server.off('error', reject)
    resolve()
  })
  return promise
}

/**
 * Listens on this port of an address over both TCP and UDP, as DNS does; 0 is any port that both have free. Rejects
 * with Node's own error where the port is taken.
 */
export async function listenBoth(
  address: string,
  wanted: number,
): Promise<{ udp: UdpSocket; tcp: Server; port: number }> {
  for (let attempt = 1; ; attempt++) {
    const tcp = createServer()
    await listen(tcp, wanted, address)
    const { port } = tcp.address() as AddressInfo
    const udp = createSocket(isIPv6(address) ? 'udp6' : 'udp4')
    try {
      udp.bind(port, address)
      await once(udp, 'listening')
      return { udp, tcp, port }
    } catch (error) {
      tcp.close()
      udp.close()
      if (wanted !== 0 || attempt === portAttempts) throw error
    }
  }
}
