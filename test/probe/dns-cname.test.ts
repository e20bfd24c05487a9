import { describe, expect, it } from 'vitest'
import { always, asserting, type ReplyOptions, record } from '../support/dns-server.ts'
import { useDnsServers } from '../support/use-dns-servers.ts'

const { ask } = useDnsServers()

const a = (name: string, address = '192.0.2.1') => record(name, 'A', address)
const cname = (from: string, to: string) => record(from, 'CNAME', to)

describe('CNAMEs', () => {
  it('a chain within the reply is followed and shown', async () => {
    const answers = [cname('www.shop.test', 'Edge.test'), cname('edge.test', 'pop.test'), a('pop.test')]
    const { observed, failure, server } = await ask(always({ answers }))
    expect(failure).toBeUndefined()
    expect(observed.answers).toEqual(['192.0.2.1'])
    expect(observed.records?.map(({ type, data }) => `${type} ${data}`)).toEqual([
      'CNAME edge.test',
      'CNAME pop.test',
      'A 192.0.2.1',
    ])
    expect(server.queries).toHaveLength(1)
  })

  it('a chain that the reply leaves open is followed by asking for its target', async () => {
    const { observed, failure, server } = await ask((query) =>
      query.send(
        query.reply({ answers: [query.name === 'edge.test' ? a('edge.test') : cname(query.name, 'edge.test')] }),
      ),
    )
    expect(failure).toBeUndefined()
    expect(observed).toMatchObject({ answers: ['192.0.2.1'], records: [{ type: 'CNAME' }, { type: 'A' }] })
    expect(server.queries.map(({ name }) => name)).toEqual(['www.shop.test', 'edge.test'])
  })

  it.each<[string, ReplyOptions, string]>([
    ['does not exist', { rcode: 3 }, 'DNS_NXDOMAIN'],
    ['has no such record', { authorities: [record('test', 'SOA', { mname: 'a', rname: 'b' })] }, 'DNS_NODATA'],
  ])('a CNAME whose target %s is down, naming the target', async (_what, end, code) => {
    const answers = [cname('www.shop.test', 'gone.test')]
    const atOnce = await ask(always({ ...end, answers }))
    expect(atOnce.failure?.code).toBe(code)
    expect(atOnce.failure?.message).toContain('gone.test')
    expect(atOnce.server.queries).toHaveLength(1)
    const later = await ask((query) => query.send(query.reply(query.name === 'gone.test' ? end : { answers })))
    expect(later.failure?.code).toBe(code)
    expect(later.failure?.message).toContain('gone.test')
    expect(later.observed.records).toHaveLength(1)
  })

  it('a circle is down whatever is expected', async () => {
    const answers = [cname('www.shop.test', 'b.test'), cname('b.test', 'www.shop.test')]
    const within = await ask(always({ answers }), { expect: asserting('rcode') })
    expect(within.failure?.code).toBe('DNS_NODATA')
    expect(within.failure?.message).toContain('www.shop.test → b.test → www.shop.test')
    const across = await ask((query) =>
      query.send(query.reply({ answers: [cname(query.name, query.name === 'b.test' ? 'www.shop.test' : 'b.test')] })),
    )
    expect(across.failure?.code).toBe('DNS_NODATA')
    expect(across.server.queries).toHaveLength(2)
  })

  it('no more than 8 are asked for', async () => {
    const { failure, server } = await ask((query) =>
      query.send(query.reply({ answers: [cname(query.name, `x${query.name}`)] })),
    )
    expect(failure?.code).toBe('DNS_NODATA')
    expect(failure?.message).toContain('more than 8')
    expect(server.queries).toHaveLength(9)
  })

  it('a query for CNAME does not follow', async () => {
    const { observed, failure, server } = await ask(always({ answers: [cname('www.shop.test', 'edge.test')] }), {
      type: 'CNAME',
    })
    expect(failure).toBeUndefined()
    expect(observed.answers).toEqual(['edge.test'])
    expect(server.queries).toHaveLength(1)
  })

  it('records that the chain does not lead to are no answers', async () => {
    const { observed, failure } = await ask(always({ answers: [a('evil.test')] }))
    expect(observed.answers).toEqual([])
    expect(failure?.code).toBe('DNS_NODATA')
  })
})
