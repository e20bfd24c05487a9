import { type Demo, startDemo } from '../../lib/local/demo.ts'
import { freePort } from './ports.ts'

/** A demo at ports of its own: what it refuses connections at while it is broken, no other may take. */
export async function startOwnDemo(): Promise<Demo> {
  const [control, tls, dns, liveZone] = [await freePort(), await freePort(), await freePort(), await freePort()]
  return startDemo({ control, tls, dns, liveZone, web: await freePort('127.0.0.1', '127.0.0.2') })
}
