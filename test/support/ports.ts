import { closer, isPortTaken, listenBoth } from '../../lib/local/loopback.ts'

/**
 * Ports below those that the system gives to whoever asks for any (ip_local_port_range of ip(7): 32768 and up): one that is
 * free now is nobody else's a moment later. Workers of one run have a part of it each.
 */
const [lowest, count, parts] = [10_240, 22_400, 16]
const size = count / parts
const first = lowest + (Number(process.env.VITEST_POOL_ID ?? 0) % parts) * size
let taken = Math.floor(Math.random() * size)

/**
 * A port that is free at all of these addresses, over TCP and UDP: for a server that is to be started there, or that comes
 * back after a while, and for statements about a port where nobody listens.
 */
export async function freePort(...hosts: string[]): Promise<number> {
  for (let tries = 0; tries < size; tries++) {
    const port = first + (taken++ % size)
    if (await isFree(port, hosts.length > 0 ? hosts : ['127.0.0.1'])) return port
  }
  throw new Error(`expected a free port from ${first} to ${first + size - 1}, got none`)
}

async function isFree(port: number, hosts: readonly string[]): Promise<boolean> {
  const closes: (() => Promise<void>)[] = []
  try {
    for (const host of hosts) {
      const { tcp, udp } = await listenBoth(host, port)
      closes.push(closer(tcp), () => new Promise((resolve) => udp.close(() => resolve())))
    }
    return true
  } catch (error) {
    if (!isPortTaken(error)) throw error
    return false
  } finally {
    await Promise.all(closes.map((close) => close()))
  }
}
