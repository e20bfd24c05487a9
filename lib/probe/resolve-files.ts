import { getServers } from 'node:dns'
import { readFileSync, type Stats, statSync } from 'node:fs'
import { isIP } from 'node:net'
import { canonicalName } from '../model/dns-answer.ts'
import { splitHostPort } from '../model/host-port.ts'
import { type Endpoint, endpoint } from './dns-inquiry.ts'

/** Where the machine keeps what it knows of names. */
export interface SystemFiles {
  hosts: string
  resolvConf: string
}

export const systemFiles: SystemFiles = { hosts: '/etc/hosts', resolvConf: '/etc/resolv.conf' }

/** What resolv.conf(5) says. */
export interface ResolvConf {
  servers: Endpoint[]
  search: string[]
  ndots: number
}

/** Addresses by name, as hosts(5) lists them. */
export const readHosts = cachedByStat((text: string | undefined) => {
  const hosts = new Map<string, string[]>()
  for (const line of lines(text ?? '')) {
    const [address = '', ...names] = line
    if (!isIP(address)) continue
    for (const name of names.map(canonicalName)) hosts.set(name, [...(hosts.get(name) ?? []), address])
  }
  return hosts
})

/** The machine's name servers; where the file is missing (macOS may, Windows does), those that Node knows of. */
export const readResolvConf = cachedByStat((text: string | undefined): ResolvConf => {
  const conf: ResolvConf = { servers: [], search: [], ndots: 1 }
  if (text === undefined) conf.servers = getServers().map((server) => parseEndpoint(server) ?? endpoint(server, 53))
  for (const [keyword, ...values] of lines(text ?? '')) {
    const address = values[0] ?? ''
    if (keyword === 'nameserver' && isIP(address) && conf.servers.length < 3) conf.servers.push(endpoint(address, 53))
    // The last of `domain` and `search` counts.
    else if (keyword === 'search' || keyword === 'domain') conf.search = values.map(canonicalName)
    else if (keyword === 'options') {
      const ndots = values.find((value) => value.startsWith('ndots:'))
      if (ndots) conf.ndots = Math.min(Number(ndots.slice(6)) || 0, 15)
    }
  }
  if (conf.servers.length === 0) conf.servers.push(endpoint('127.0.0.1', 53))
  return conf
})

/** Splits `address`, `address:port` or `[v6]:port`; undefined for anything else, names among it. */
export function parseEndpoint(text: string, defaultPort = 53): Endpoint | undefined {
  const { host = '', port = defaultPort } = splitHostPort(text) ?? {}
  return isIP(host) ? endpoint(host, port) : undefined
}

function lines(text: string): string[][] {
  return text
    .split('\n')
    .map((line) =>
      line
        .replace(/[#;].*/, '')
        .trim()
        .split(/\s+/),
    )
    .filter((fields) => fields.length > 1)
}

/** Parses a file again only when it has changed: a stat costs a few microseconds. */
function cachedByStat<T>(parse: (text: string | undefined) => T): (path: string) => T {
  const cache = new Map<string, { stamp: string; value: T }>()
  return (path) => {
    const stamp = stampOf(statSync(path, { throwIfNoEntry: false }))
    const known = cache.get(path)
    if (known?.stamp === stamp) return known.value
    const value = parse(stamp === '' ? undefined : readFileSync(path, 'utf8'))
    cache.set(path, { stamp, value })
    return value
  }
}

function stampOf(stats: Stats | undefined): string {
  return stats === undefined ? '' : `${stats.mtimeMs} ${stats.size} ${stats.ino}`
}
