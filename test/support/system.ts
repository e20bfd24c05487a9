import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

/** Debian's package for each program that interoperability tests run against. */
const packages: Record<string, string> = {
  chromium: 'chromium',
  dig: 'bind9-dnsutils',
  knotd: 'knot',
  named: 'bind9',
  nginx: 'nginx',
  openssl: 'openssl',
  'prometheus-blackbox-exporter': 'prometheus-blackbox-exporter',
  unbound: 'unbound',
}

/** Daemons live where an ordinary PATH does not look. */
const sbin = ['/usr/sbin', '/usr/local/sbin', '/sbin']

/**
 * Whether a program is installed. Where it is not, says loudly what is skipped, or throws with VEDETTE_REQUIRE_SYSTEM=1:
 * `describe.skipIf(!requireSystem('named'))(…)`.
 */
export function requireSystem(binary: string): boolean {
  if (systemPath(binary) !== undefined) return true
  const why = `${binary} is not installed (Debian: apt install ${packages[binary] ?? binary})`
  if (process.env.VEDETTE_REQUIRE_SYSTEM === '1')
    throw new Error(`expected all interoperability tests to run, but ${why}`)
  console.warn(`\nSKIPPED: tests against ${binary}, because ${why}\n`)
  return false
}

/** Where a program is, looking beyond PATH for daemons. */
export function systemPath(binary: string): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter), ...sbin]
  return folders.map((folder) => join(folder, binary)).find(isExecutable)
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
