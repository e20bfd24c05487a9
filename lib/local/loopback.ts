import type { AddressInfo, Server, Socket } from 'node:net'

const host = '127.0.0.1'

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
