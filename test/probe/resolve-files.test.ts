import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readResolvConf } from '../../lib/probe/resolve-files.ts'
import type { TestQuery } from '../support/dns-server.ts'
import { useDnsServers } from '../support/use-dns-servers.ts'
import { addresses, byFiles, useSystemFiles } from '../support/use-system-files.ts'

const { serve } = useDnsServers()
const { files, folder } = useSystemFiles()

describe('resolv.conf', () => {
  it('gives at most three servers, the search list and ndots', () => {
    const resolvConf = [
      '; a comment',
      'nameserver 192.0.2.1',
      'nameserver 2001:db8::53',
      'nameserver fe80::1%eth0',
      'nameserver 192.0.2.4',
      'domain ignored.test',
      'search A.test b.test. # the last counts',
      'options edns0 ndots:2',
    ].join('\n')
    const conf = readResolvConf(files({ resolvConf }).resolvConf)
    expect(conf.servers.map(({ label }) => label)).toEqual(['192.0.2.1:53', '[2001:db8::53]:53', '[fe80::1%eth0]:53'])
    expect(conf).toMatchObject({ search: ['a.test', 'b.test'], ndots: 2 })
  })

  it('without a server means this machine (resolv.conf(5))', () => {
    expect(readResolvConf(files({ resolvConf: '' }).resolvConf).servers).toMatchObject([{ label: '127.0.0.1:53' }])
  })

  it('that is missing leaves the servers that Node knows of', () => {
    expect(readResolvConf(join(folder, 'none')).servers.length).toBeGreaterThan(0)
  })
})

/** Port 53 is root's; elsewhere these statements cannot be shown end to end. */
describe.skipIf(process.getuid?.() !== 0)('name servers of resolv.conf', () => {
  /** Of this process alone: port 53 is the same for all who run this. */
  const network = `127.53.${1 + (process.pid % 250)}`
  const at = (octet: number, handle: (query: TestQuery) => void) =>
    serve(handle, { host: `${network}.${octet}`, port: 53 })
  const conf = (...octets: number[]) => octets.map((octet) => `nameserver ${network}.${octet}`).join('\n')

  it('are asked in turn: on silence after a second, on refusal and SERVFAIL at once', async () => {
    await at(1, () => {})
    await at(2, (query) => query.send(query.reply({ rcode: 2 })))
    await at(3, addresses(['192.0.2.1']))
    const started = performance.now()
    expect(await byFiles('shop.test', files({ resolvConf: conf(1, 2, 3) }), '4')).toEqual(['192.0.2.1'])
    expect(performance.now() - started).toBeGreaterThan(990)
    expect(await byFiles('shop.test', files({ resolvConf: conf(9, 3) }), '4')).toEqual(['192.0.2.1'])
  })

  it.each([
    ['shop', 1, ['shop.a.test', 'shop.b.test', 'shop']],
    ['shop.x', 1, ['shop.x', 'shop.x.a.test', 'shop.x.b.test']],
    ['shop.x', 2, ['shop.x.a.test', 'shop.x.b.test', 'shop.x']],
    ['shop.', 1, ['shop']],
  ])('are asked for %s with ndots %i by search list', async (host, ndots, expected) => {
    const server = await at(4, (query) => query.send(query.reply({ rcode: 3 })))
    const resolvConf = `${conf(4)}\nsearch a.test b.test\noptions ndots:${ndots}`
    await expect(byFiles(host, files({ resolvConf }), '4')).rejects.toMatchObject({
      code: 'DNS_NXDOMAIN',
      message: expect.stringContaining(`for ${host.replace(/\.$/, '')} A`),
    })
    expect(server.queries.map(({ name }) => name)).toEqual(expected)
  })
})
