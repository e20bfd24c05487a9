import net from 'node:net'
import { type LoopbackServer, startTcpServer } from './http-server.ts'

/** A line to a port of this machine that can be cut and mended. */
export interface Relay extends LoopbackServer {
  /** Breaks every connection, and refuses new ones while it lasts. */
  setCut(isCut: boolean): void
}

/** Lays a line to this port. */
export async function startRelay(port: number): Promise<Relay> {
  const sockets = new Set<net.Socket>()
  let isCut = false
  const server = await startTcpServer((near) => {
    if (isCut) {
      near.destroy()
      return
    }
    const far = net.connect(port, '127.0.0.1')
    for (const [one, other] of [[near, far] as const, [far, near] as const]) {
      sockets.add(one)
      one.pipe(other)
      one.on('error', () => other.destroy())
      one.once('close', () => {
        sockets.delete(one)
        other.destroy()
      })
    }
  })
  return {
    ...server,
    setCut: (cut) => {
      isCut = cut
      if (cut) for (const socket of sockets) socket.destroy()
    },
  }
}
