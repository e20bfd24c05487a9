import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { closer, listen } from '../local/loopback.ts'
import { startZone } from '../local/zone.ts'
import { parseConfig } from '../model/parse-config.ts'
import { createHost } from '../run/host.ts'
import { runMonitor } from '../run/vantage.ts'
import { version } from './version.ts'

/** Enough for most of it: the first HTTP probe of a check on loopback took 4 to 12 ms after these, and 57 ms without. */
const rounds = 3

/**
 * Probes servers of our own, so that what Node has to load and compile for the first probes of a process (tens of
 * milliseconds) is not taken for the slowness of who is asked next. What fails here is for the real probes to tell.
 */
export async function warmUp(): Promise<void> {
  const web = http.createServer((_, response) => response.end('ok'))
  const zone = await startZone({ origin: 'test', records: [{ name: 'test', type: 'A', ttl: 1, data: '127.0.0.1' }] })
  const close = closer(web)
  try {
    await listen(web, 0)
    const { port } = web.address() as AddressInfo
    const resolver = `127.0.0.1:${zone.port}`
    const config = parseConfig({
      service: 'warm-up',
      monitors: [
        { id: 'http', kind: 'http', url: `http://test:${port}/`, resolver },
        // Refused in its handshake, behind most of what TLS has to load.
        { id: 'tls', kind: 'tls', host: '127.0.0.1', port },
        { id: 'dns', kind: 'dns', name: 'test', servers: [resolver] },
      ].map((monitor) => ({ ...monitor, timeout: '1s', retries: 0 })),
    })
    const host = createHost({ vantage: 'warm-up', version, ...config })
    for (let round = 0; round < rounds; round++)
      await Promise.all(config.monitors.map((monitor) => runMonitor(monitor, host)))
  } finally {
    await Promise.all([close(), zone.stop()])
  }
}
