import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createLeaf, pemFile, testCa } from '../support/certificates.ts'
import { closedPort } from '../support/http-server.ts'
import { observe } from '../support/observe.ts'
import { requireSystem } from '../support/system.ts'

// Node's own server refuses clients in JavaScript, after the handshake; OpenSSL's refuses them as the protocol has it.
describe.skipIf(!requireSystem('openssl'))('an OpenSSL server that requires a client certificate', () => {
  let caFile: string
  let client: { certFile: string; keyFile: string }
  const servers: ChildProcess[] = []
  const ports: Record<string, number> = {}

  beforeAll(async () => {
    const ca = await testCa()
    caFile = pemFile(ca.cert)
    const server = await createLeaf(ca)
    const leaf = await createLeaf(ca, { usage: ['client'] })
    client = { certFile: pemFile(leaf.chain), keyFile: pemFile(leaf.key) }
    for (const version of ['tls1_2', 'tls1_3']) {
      const port = await closedPort()
      const files = ['-cert', pemFile(server.cert), '-key', pemFile(server.key), '-CAfile', caFile]
      const args = [
        's_server',
        '-accept',
        `127.0.0.1:${port}`,
        `-${version}`,
        '-www',
        '-Verify',
        '1',
        '-verify_return_error',
        ...files,
      ]
      const child = spawn('openssl', args, { stdio: ['pipe', 'pipe', 'ignore'] })
      servers.push(child)
      ports[version] = port
      await once(child.stdout, 'data')
      child.stdout.resume()
    }
  })
  afterAll(() => {
    for (const server of servers) server.kill()
  })

  describe.each(['tls1_2', 'tls1_3'])('%s', (version) => {
    const monitors = (port = 0) =>
      [
        { kind: 'tls', host: '127.0.0.1', port },
        { kind: 'tcp', host: '127.0.0.1', port, dialog: [{ startTls: true }] },
        { kind: 'http', url: `https://127.0.0.1:${port}/` },
      ] as const

    test.each([0, 1, 2])(
      "is down without one, the server's certificate kept, and up with one (monitor %i)",
      async (i) => {
        const monitor = monitors(ports[version])[i]
        if (!monitor) throw new Error('no such monitor')
        const without = await observe({ ...monitor, tls: { caFile } })
        expect(without).toMatchObject({
          status: 'down',
          failure: { code: 'TLS_HANDSHAKE', message: expect.stringContaining('client certificate') },
          observed: { certificate: { subject: expect.stringContaining('localhost') } },
        })
        expect((await observe({ ...monitor, tls: { caFile, ...client } })).status).toBe('up')
      },
    )
  })
})
