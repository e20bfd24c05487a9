import type net from 'node:net'
import tls from 'node:tls'
import { afterEach, expect, test } from 'vitest'
import type { TcpObserved } from '../../lib/model/result.ts'
import { createLeaf, pemFile, testCa } from '../support/certificates.ts'
import { type LoopbackServer, startTcpServer } from '../support/http-server.ts'
import { observe, type TestMonitor } from '../support/observe.ts'
import { freePort } from '../support/ports.ts'

const servers: LoopbackServer[] = []
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()))
})

async function serve(onConnection: (socket: net.Socket) => void): Promise<number> {
  const server = await startTcpServer(onConnection)
  servers.push(server)
  return server.port
}

/** A server that greets, then answers each line by the first rule that matches. */
function talk(greeting: string, rules: [RegExp, string][] = []): (socket: net.Socket) => void {
  return (socket) => {
    socket.write(greeting)
    socket.on('data', (data) => {
      const line = data.toString().trim()
      const rule = rules.find(([pattern]) => pattern.test(line))
      if (rule) socket.write(line.replace(rule[0], rule[1]))
    })
  }
}

const probe = (port: number, more: Partial<TestMonitor> = {}) =>
  observe<TcpObserved>({ kind: 'tcp', host: '127.0.0.1', port, ...more })

test('an open port is up', async () => {
  const port = await serve(() => {})
  expect(await probe(port)).toMatchObject({ status: 'up', observed: { ip: '127.0.0.1' } })
})

test('a refused one is down at once', async () => {
  const result = await probe(await freePort())
  expect(result).toMatchObject({ status: 'down', failure: { code: 'CONNECT_REFUSED', stage: 'connect' } })
})

test('a dialog that gets what it expects is up, and what was heard is kept', async () => {
  const port = await serve(talk('220 mx ready\r\n', [[/^EHLO .*/, '250-mx\r\n250-PIPELINING\r\n250 OK\r\n']]))
  const dialog = [{ expect: '^220' }, { send: 'EHLO vedette\r\n' }, { expect: '^250 OK' }]
  const result = await probe(port, { dialog })
  expect(result.status).toBe('up')
  expect(result.observed.received).toContain('250-PIPELINING')
})

test('a wrong answer is down, with what came', async () => {
  const port = await serve(talk('554 go away\r\n'))
  const result = await probe(port, { dialog: [{ expect: '^220' }], timeout: '2s' })
  expect(result).toMatchObject({
    status: 'down',
    failure: { code: 'TCP_DIALOG' },
    observed: { received: '554 go away\r\n' },
  })
  expect(result.failure?.message).toContain('554 go away')
})

test('silence is down as TIMEOUT', async () => {
  const port = await serve(() => {})
  expect(await probe(port, { dialog: [{ expect: '^220' }], timeout: '2s' })).toMatchObject({
    failure: { code: 'TCP_TIMEOUT' },
  })
})

test('a peer that closes in the middle is down as CLOSED', async () => {
  const port = await serve((socket) => {
    socket.write('220 hello\r\n')
    socket.once('data', () => socket.end())
  })
  const dialog = [{ expect: '^220' }, { send: 'EHLO x\r\n' }, { expect: '^250' }]
  expect(await probe(port, { dialog })).toMatchObject({
    status: 'down',
    failure: { code: 'TCP_CLOSED' },
    observed: { received: '220 hello\r\n' },
  })
})

test('a peer that resets in the middle is down as CLOSED', async () => {
  const port = await serve((socket) => {
    socket.write('220 hello\r\n')
    socket.once('data', () => socket.resetAndDestroy())
  })
  const dialog = [{ expect: '^220' }, { send: 'EHLO x\r\n' }, { expect: '^250' }]
  expect(await probe(port, { dialog })).toMatchObject({ status: 'down', failure: { code: 'TCP_CLOSED' } })
})

test('what an answer captured can be sent', async () => {
  const port = await serve(talk('+OK <1896.697@shop>\r\n', [[/^APOP <1896\.697@shop>$/, '+OK welcome\r\n']]))
  const dialog = [{ expect: '^\\+OK (<\\S+>)' }, { send: 'APOP ${1}\r\n' }, { expect: '^\\+OK welcome' }]
  expect((await probe(port, { dialog })).status).toBe('up')
})

test('an answer in many pieces is one answer', async () => {
  const port = await serve(async (socket) => {
    socket.setNoDelay(true)
    for (const byte of '220 slowly but surely\r\n') await new Promise((resolve) => socket.write(byte, resolve))
  })
  const dialog = [{ expect: '^220 (.*) surely' }, { send: '${1}' }]
  expect((await probe(port, { dialog })).status).toBe('up')
})

test('a prompt without a newline is heard', async () => {
  const port = await serve(talk('login: '))
  expect((await probe(port, { dialog: [{ expect: '^login: $' }] })).status).toBe('up')
})

test('a flood is cut off', async () => {
  const port = await serve((socket) => {
    const write = () => {
      while (socket.writable && socket.write('x'.repeat(65_536))) {}
      socket.once('drain', write)
    }
    write()
  })
  const result = await probe(port, { dialog: [{ expect: '^220' }] })
  expect(result).toMatchObject({ status: 'down', failure: { code: 'TCP_DIALOG' } })
  expect(result.observed.received?.length).toBeLessThanOrEqual(4096)
})

test('a pattern that backtracks without end is cut off', async () => {
  const port = await serve(talk(`${'a'.repeat(50_000)}!\r\n`))
  const result = await probe(port, { dialog: [{ expect: '^(a+)+$' }], timeout: '10s' })
  expect(result).toMatchObject({ status: 'down', failure: { code: 'TCP_DIALOG' } })
})

test('SMTP STARTTLS leads up to the certificate', async () => {
  const ca = await testCa()
  const { chain, key } = await createLeaf(ca, { dns: ['mx.shop.test'], ips: [] })
  const port = await serve((socket) => {
    socket.write('220 mx ESMTP\r\n')
    socket.on('data', function onData(data) {
      const line = data.toString()
      if (line.startsWith('EHLO')) socket.write('250-mx\r\n250-STARTTLS\r\n250 HELP\r\n')
      if (!line.startsWith('STARTTLS')) return
      socket.off('data', onData)
      socket.write('220 go ahead\r\n')
      const secure = new tls.TLSSocket(socket, { isServer: true, cert: chain, key })
      secure.on('error', () => {})
      secure.on('data', () => secure.write('250 again\r\n'))
    })
  })
  const dialog = [
    { expect: '^220' },
    { send: 'EHLO vedette\r\n' },
    { expect: '^250[ -]STARTTLS' },
    { send: 'STARTTLS\r\n' },
    { expect: '^220' },
    { startTls: true },
    { send: 'EHLO vedette\r\n' },
    { expect: '^250 again' },
  ]
  const files = { caFile: pemFile(ca.cert), serverName: 'mx.shop.test' }
  const result = await probe(port, { dialog, tls: files })
  expect(result).toMatchObject({ status: 'up', observed: { certificate: { sans: ['mx.shop.test'] } } })
  expect(result.observed.received).toContain('250 again')
  const wrong = await probe(port, { dialog, tls: { caFile: files.caFile } })
  expect(wrong).toMatchObject({
    status: 'down',
    failure: { code: 'TLS_HOSTNAME' },
    observed: { certificate: { sans: ['mx.shop.test'] } },
  })
})
