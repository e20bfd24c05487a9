import http from 'node:http'
import { closer } from '../../lib/local/loopback.ts'
import { freePort } from '../support/ports.ts'

/** A web server that dies and comes back, for everyone or for who comes from some addresses. */
export interface Origin {
  /** Refuses connections. */
  kill(): Promise<void>
  /** Takes connections and says nothing. */
  fallSilent(): void
  /** Cuts off who comes from these addresses, and nobody else. */
  cut(addresses: readonly string[]): void
  /** Answers everyone again. */
  mend(): Promise<void>
}

export interface Origins {
  port: number
  /** By address. */
  at(address: string): Origin
  stop(): Promise<void>
}

/** Starts one origin at each address of loopback, all at the same port. */
export async function startOrigins(addresses: readonly string[]): Promise<Origins> {
  const port = await freePort(...addresses)
  const started: Origin[] = []
  for (const address of addresses) started.push(await startOrigin(address, port))
  return {
    port,
    at: (address) => started[addresses.indexOf(address)] as Origin,
    stop: async () => {
      for (const origin of started) await origin.kill()
    },
  }
}

async function startOrigin(address: string, port: number): Promise<Origin> {
  let isSilent = false
  let isCut: readonly string[] = []
  let close: (() => Promise<void>) | undefined
  const open = () =>
    new Promise<void>((resolve, reject) => {
      const server = http.createServer((_, response) => {
        if (!isSilent) response.end(address)
      })
      server.on('connection', (socket) => {
        if (isCut.includes(socket.remoteAddress ?? '')) socket.resetAndDestroy()
      })
      const stop = closer(server)
      server.once('error', reject)
      server.listen(port, address, () => {
        close = stop
        resolve()
      })
    })
  await open()
  return {
    kill: async () => {
      await close?.()
      close = undefined
    },
    fallSilent: () => {
      isSilent = true
    },
    cut: (addresses) => {
      isCut = addresses
    },
    mend: async () => {
      isSilent = false
      isCut = []
      if (!close) await open()
    },
  }
}
