import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import net, { type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { Pool } from 'undici'
import { systemPath } from '../../test/support/system.ts'

/** A running blackbox_exporter. */
export interface Blackbox {
  pid: number
  /** Runs one probe; rejects unless it succeeded. */
  probe(module: string, target: string): Promise<void>
  stop(): Promise<void>
}

const names = ['prometheus-blackbox-exporter', 'blackbox_exporter']

/** Starts the installed blackbox_exporter on loopback; undefined where there is none. */
export async function startBlackbox(caFile: string, dnsName: string): Promise<Blackbox | undefined> {
  const program = names.map(systemPath).find((found) => found !== undefined)
  if (!program) return undefined
  const folder = mkdtempSync(join(tmpdir(), 'vedette-bench-'))
  const configFile = join(folder, 'blackbox.json')
  writeFileSync(configFile, JSON.stringify(config(caFile, dnsName))) // JSON is YAML
  const port = await freePort()
  // Its history of results is off as far as it can be: nothing is stored on our side either.
  const args = [`--config.file=${configFile}`, `--web.listen-address=127.0.0.1:${port}`, '--history.limit=1']
  const child = spawn(program, [...args, '--log.level=error'], { stdio: ['ignore', 'ignore', 'inherit'] })
  const clear = () => {
    child.kill()
    rmSync(folder, { recursive: true, force: true })
  }
  // Also where the bench itself fails half way or is stopped.
  process.once('exit', clear)
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))
  // Connections to it are kept open, so that as little of its own HTTP as possible is counted.
  const pool = new Pool(`http://127.0.0.1:${port}`, { connections: 16 })
  await ready(pool, child)
  return {
    pid: child.pid ?? 0,
    probe: (module, target) => probe(pool, module, target),
    stop: async () => {
      await pool.close()
      clear()
    },
  }
}

function config(caFile: string, dnsName: string) {
  const ip4 = { preferred_ip_protocol: 'ip4', ip_protocol_fallback: false }
  const tls = { insecure_skip_verify: false, ca_file: caFile, server_name: 'localhost' }
  return {
    modules: {
      http: { prober: 'http', timeout: '5s', http: { ...ip4, method: 'GET' } },
      https: { prober: 'http', timeout: '5s', http: { ...ip4, method: 'GET', tls_config: tls } },
      tcp: { prober: 'tcp', timeout: '5s', tcp: ip4 },
      dns: {
        prober: 'dns',
        timeout: '5s',
        dns: { ...ip4, transport_protocol: 'udp', query_name: dnsName, query_type: 'A' },
      },
    },
  }
}

async function probe(pool: Pool, module: string, target: string): Promise<void> {
  const path = `/probe?module=${module}&target=${encodeURIComponent(target)}`
  const { body } = await pool.request({ method: 'GET', path })
  const text = await body.text()
  if (!text.includes('\nprobe_success 1\n')) throw new Error(`blackbox_exporter's ${module} probe failed:\n${text}`)
}

async function ready(pool: Pool, child: ChildProcess): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    if (child.exitCode !== null) break
    const up = await pool.request({ method: 'GET', path: '/-/healthy' }).then(
      ({ body }) => body.dump().then(() => true),
      () => false,
    )
    if (up) return
    await wait(50)
  }
  throw new Error('blackbox_exporter did not start')
}

async function freePort(): Promise<number> {
  const server = net.createServer()
  const { promise, resolve } = Promise.withResolvers<void>()
  server.listen(0, '127.0.0.1', resolve)
  await promise
  const { port } = server.address() as AddressInfo
  server.close()
  return port
}
