import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { vi } from 'vitest'
import { runDns } from './dns-server.ts'
import { systemPath } from './system.ts'

/** A name server of the system's, in a folder of its own, on loopback. */
export interface Daemon {
  /** As an entry of `servers`. */
  label: string
  folder: string
  stop(): Promise<void>
}

/** A zone to serve: its name, and its records as a zone file has them. */
export interface ZoneFile {
  origin: string
  text: string
  /** Signed by the server (BIND only). */
  signed?: boolean
}

/** BIND 9 as an authoritative server: it asks nobody. */
export function startBind(host: string, port: number, zones: ZoneFile[]): Promise<Daemon> {
  const zone = ({ origin, signed }: ZoneFile) =>
    `zone "${origin}" { type primary; file "${origin}.zone"; ${signed ? 'dnssec-policy default; inline-signing yes;' : ''} };`
  const config = (folder: string) => `
    options {
      directory "${folder}"; key-directory "${folder}"; pid-file none; session-keyfile none; lock-file none;
      listen-on port ${port} { ${host}; }; listen-on-v6 { none; };
      recursion no; notify no; dnssec-validation no; empty-zones-enable no; minimal-responses no;
    };
    controls { };
    ${zones.map(zone).join('\n')}`
  return start('named', ['-g', '-c', 'daemon.conf'], config, zones, `${host}:${port}`)
}

/** Knot DNS as an authoritative server. */
export function startKnot(host: string, port: number, zones: ZoneFile[]): Promise<Daemon> {
  const config = (folder: string) => `
server:
  listen: ${host}@${port}
  rundir: "${folder}"
database:
  storage: "${folder}"
template:
  - id: default
    storage: "${folder}"
    zonefile-sync: -1
    journal-content: none
zone:
${zones.map(({ origin }) => `  - domain: ${origin}\n    file: ${origin}.zone`).join('\n')}
`
  return start('knotd', ['-c', 'daemon.conf'], config, zones, `${host}:${port}`)
}

/** Unbound as a resolver that knows one zone only, over UDP, TCP and TLS. */
export function startUnbound(
  ports: { dns: number; tls: number },
  zone: string,
  server: string,
  certificate: { chain: string; key: string },
) {
  const files = { 'server.pem': certificate.chain, 'server.key': certificate.key }
  const config = (folder: string) => `
server:
  directory: "${folder}"
  chroot: ""
  username: ""
  pidfile: ""
  use-syslog: no
  module-config: "iterator"
  interface: 127.0.0.1@${ports.dns}
  interface: 127.0.0.1@${ports.tls}
  tls-port: ${ports.tls}
  tls-service-pem: "server.pem"
  tls-service-key: "server.key"
  do-ip6: no
  do-not-query-localhost: no
  local-zone: "test." nodefault
stub-zone:
  name: "${zone}"
  stub-addr: ${server.replace(':', '@')}
remote-control:
  control-enable: no
`
  return start('unbound', ['-d', '-c', 'daemon.conf'], config, [], `127.0.0.1:${ports.dns}`, files)
}

async function start(
  binary: string,
  args: string[],
  config: (folder: string) => string,
  zones: ZoneFile[],
  label: string,
  files: Record<string, string> = {},
): Promise<Daemon> {
  const folder = mkdtempSync(join(tmpdir(), `vedette-${binary}-`))
  writeFileSync(join(folder, 'daemon.conf'), config(folder))
  for (const { origin, text } of zones) writeFileSync(join(folder, `${origin}.zone`), text)
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  const child = spawn(systemPath(binary) ?? binary, args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] })
  let log = ''
  child.stdout.on('data', (text) => (log += text))
  child.stderr.on('data', (text) => (log += text))
  const stop = async () => {
    await end(child)
    rmSync(folder, { recursive: true, force: true })
  }
  // A server listens before its zones are loaded, and answers SERVFAIL until then.
  const asked = zones.length > 0 ? zones.map(({ origin }) => origin) : ['ready.invalid']
  const isUp = async () => {
    if (child.exitCode !== null) throw new Error(`${binary} ended:\n${log.slice(-2000)}`)
    for (const name of asked) {
      const { observed } = await runDns({ name, servers: [label], timeoutMs: 2000, recursion: false })
      const isReady = zones.length > 0 ? observed.rcode === 'NOERROR' : observed.rcode !== undefined
      if (!isReady) throw new Error(`${binary} does not answer for ${name} yet:\n${log.slice(-2000)}`)
    }
  }
  try {
    await vi.waitFor(isUp, { timeout: 60_000, interval: 50 })
  } catch (error) {
    await stop()
    throw error
  }
  return { label, folder, stop }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill('SIGKILL')
  await once(child, 'exit')
}
