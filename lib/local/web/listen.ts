import type { AddressInfo, Server } from 'node:net'
import { isLoopback, joinHostPort, splitHostPort } from '../../model/host-port.ts'
import { isPortTaken, listen } from '../loopback.ts'

const defaultPort = 4400
/** Where the default port is taken, the next ones are tried. */
const mostPorts = 100

/** Where the dashboard listens. */
export interface Place {
  host: string
  port: number
  /** Another port will do where this one is taken. */
  isDefault: boolean
}

/** A place that the dashboard may not listen at; the message says why, and what to do. */
export class PlaceError extends Error {}

/** The place that was asked for as `host:port`, or the default. Throws `PlaceError` where it may not be. */
export function placeOf(text: string | undefined, token: string | undefined): Place {
  if (token !== undefined && token.length < leastToken) {
    throw new PlaceError(
      `expected a token of at least ${leastToken} characters, got ${token.length}: openssl rand -hex 16`,
    )
  }
  if (text === undefined) return { host: '127.0.0.1', port: defaultPort, isDefault: true }
  const parts = splitHostPort(/^\d+$/.test(text) ? `127.0.0.1:${text}` : text)
  if (!parts) throw new PlaceError(`expected --listen host:port, such as 127.0.0.1:${defaultPort}, got ${text}`)
  const { host, port = defaultPort } = parts
  if (isLoopback(host) || token !== undefined) return { host, port, isDefault: false }
  const why = `${host} can be reached from elsewhere, and whoever reaches it could read everything`
  throw new PlaceError(`--listen ${text} needs --token: ${why}. Give a token, or listen on 127.0.0.1`)
}

const leastToken = 16

/** Listens, and gives the URL. Rejects with what to do where it cannot. */
export async function listenAt(server: Server, { host, port, isDefault }: Place): Promise<string> {
  for (let attempt = 0; ; attempt++) {
    try {
      await listen(server, port + attempt, host)
      const bound = server.address() as AddressInfo
      return `http://${joinHostPort(host, bound.port)}`
    } catch (error) {
      if (isPortTaken(error) && isDefault && attempt < mostPorts) continue
      const hint = isPortTaken(error)
        ? 'another program holds it; choose another with --listen'
        : 'choose another with --listen'
      throw new PlaceError(
        `the dashboard cannot listen at ${joinHostPort(host, port)} (${(error as Error).message}): ${hint}`,
      )
    }
  }
}
