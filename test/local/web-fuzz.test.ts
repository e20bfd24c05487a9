import net from 'node:net'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { routes } from '../../lib/local/web/api/routes.ts'
import { httpResult } from '../support/results.ts'
import { ask, startSite, transition } from '../support/site.ts'

/** What a hostile client may put into a request line: no blank, which would end it, and no line break. */
const raw = fc.string({ unit: fc.constantFrom(...'/%?#&=.~@:;,aZ019_-<>"\'\\|{}[]^`\u00ff') })
const ids = fc.oneof(
  raw,
  fc.constantFrom('api', 'api.svg', 'api~1000000', '__proto__', 'constructor', '..', '%00', '%2e%2e%2f'),
)
const paths = fc
  .tuple(fc.constantFrom(...Object.values(routes), '/', '/login', '/assets/', '/monitors/:id', '/:id'), ids, raw)
  .map(([route, id, query]) => `${route.replace(':id', id)}?${query}`)
const names = ['from', 'to', 'ids', 'limit', 'monitor', 'show', 'after', 'key']
const queries = fc.dictionary(
  fc.constantFrom(...names),
  fc.oneof(raw, fc.integer().map(String), fc.constant('9'.repeat(30))),
)

it('answers whatever it is asked with no fault of its own, and goes on', async () => {
  const { url, feed, lines } = await startSite()
  feed({ results: [httpResult('api', 1_000_000)], transitions: [transition('api', 'down', 1_000_000)] })
  const port = Number(new URL(url).port)
  const statusOf = (target: string, header: string) =>
    new Promise<string>((resolve, reject) => {
      const socket = net.connect(port, '127.0.0.1')
      socket.setEncoding('latin1').on('error', reject)
      socket.once('close', () => resolve('no answer'))
      // The first line is all that is read of it: streams have no end.
      socket.once('data', (text: unknown) => {
        resolve(String(text).slice(9, 12))
        socket.destroy()
      })
      const head = [
        `GET ${target} HTTP/1.1`,
        'Host: localhost',
        `If-None-Match: ${header}`,
        `Accept-Encoding: ${header}`,
      ]
      socket.write(
        Buffer.from(`${head.join('\r\n')}\r\nCookie: vedette=${header}\r\nConnection: close\r\n\r\n`, 'latin1'),
      )
    })
  await fc.assert(
    fc.asyncProperty(paths, queries, raw, async (path, query, header) => {
      const target = `${path}&${new URLSearchParams(query)}`
      // An engine that says nothing for a while is unhealthy, however slow the test is.
      feed({})
      expect(['200', '303', '304', '400', '404']).toContain(await statusOf(target, header))
    }),
    { numRuns: 300 },
  )
  expect(lines).toEqual([])
  feed({})
  expect((await ask(`${url}/healthz`)).status).toBe(200)
}, 120_000)
