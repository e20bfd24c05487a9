import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import type { IpVersion } from '../../lib/model/monitor.ts'
import { resolveHost } from '../../lib/probe/resolve.ts'
import type { SystemFiles } from '../../lib/probe/resolve-files.ts'
import { record, type TestQuery, testDeps } from './dns-server.ts'

/** Hosts files and resolv.confs that last as long as a test file: called once at its top. */
export function useSystemFiles() {
  const folder = mkdtempSync(join(tmpdir(), 'vedette-resolve-'))
  let made = 0
  afterAll(() => rmSync(folder, { recursive: true }))

  return {
    folder,
    files({ hosts = '', resolvConf = 'nameserver 127.0.0.1' } = {}): SystemFiles {
      made += 1
      const paths = { hosts: join(folder, `hosts-${made}`), resolvConf: join(folder, `resolv-${made}.conf`) }
      writeFileSync(paths.hosts, hosts)
      writeFileSync(paths.resolvConf, resolvConf)
      return paths
    },
  }
}

/** Answers A and AAAA with these addresses, in that order of sections; NODATA where there are none. */
export function addresses(v4: string[], v6: string[] = []): (query: TestQuery) => void {
  return (query) => {
    const found = query.type === 'A' ? v4 : v6
    query.send(query.reply({ answers: found.map((address) => record(query.name, query.type, address)) }))
  }
}

/** Resolves by the given files, as a machine without any setting does. */
export function byFiles(host: string, paths: SystemFiles, ipVersion: IpVersion = 'any', resolver?: string) {
  const { resolver: _, ...deps } = testDeps()
  const options = { ipVersion, ...(resolver && { resolver }) }
  return resolveHost(host, options, deps, AbortSignal.timeout(20_000), paths)
}
