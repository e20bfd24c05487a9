import { type ChildProcess, spawn } from 'node:child_process'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { createLeaf, pemFile, testCa } from '../support/certificates.ts'
import { observe } from '../support/observe.ts'
import { freePort } from '../support/ports.ts'
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
      const port = await freePort()
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
      // What it says before that, it says before it listens.
      for await (const text of child.stdout.iterator({ destroyOnReturn: false }))
        if (String(text).includes('ACCEPT')) break
      child.stdout.resume()
    }
  }, 60_000)
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
        // A server whose refusal comes late is taken for content, and on a busy machine this one may be late.
        const isRefused = async () =>
          expect(await observe({ ...monitor, tls: { caFile } })).toMatchObject({
            status: 'down',
            failure: { code: 'TLS_HANDSHAKE', message: expect.stringContaining('client certificate') },
            observed: { certificate: { subject: expect.stringContaining('localhost') } },
          })
        await vi.waitFor(isRefused, { timeout: 20_000 })
        expect((await observe({ ...monitor, tls: { caFile, ...client } })).status).toBe('up')
      },
    )
  })
})
