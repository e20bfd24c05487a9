/** The servers that `cpu` probes, in a process of their own: their CPU is not counted. Started by `startChild`. */
import dgram from 'node:dgram'
import { once } from 'node:events'
import http from 'node:http'
import https from 'node:https'
import net from 'node:net'
import { listenOnLoopback } from '../lib/local/loopback.ts'
import { createLeaf, testCa } from '../test/support/certificates.ts'

export interface Targets {
  http: number
  https: number
  tcp: number
  dns: number
  /** Root of the HTTPS server's certificate (ECDSA P-256), PEM. */
  ca: string
}

/** A page of the size that health endpoints have. */
const page = JSON.stringify({ status: 'ok', checks: Array.from({ length: 8 }, (_, id) => ({ id, healthy: true })) })

function onRequest(_request: http.IncomingMessage, response: http.ServerResponse): void {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': page.length }).end(page)
}

/** Answers every question with one A record, 127.0.0.1 (RFC 1035, section 4.1): the question is copied as it came. */
async function startDns(): Promise<number> {
  const socket = dgram.createSocket('udp4')
  const record = Buffer.from('c00c000100010000003c00047f000001', 'hex')
  socket.on('message', (query, peer) => {
    const header = Buffer.from(query.subarray(0, 12))
    header.writeUInt16BE(0x8580, 2) // QR, AA, RD, RA
    header.writeUInt16BE(1, 6)
    header.writeUInt32BE(0, 8)
    const question = query.subarray(12, query.indexOf(0, 12) + 5)
    socket.send(Buffer.concat([header, question, record]), peer.port, peer.address)
  })
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  return socket.address().port
}

const ca = await testCa()
const { chain, key } = await createLeaf(ca)
const tcp = net.createServer((socket) => socket.on('error', () => {}).resume())
const targets: Targets = {
  http: await listenOnLoopback(http.createServer(onRequest), 0),
  https: await listenOnLoopback(https.createServer({ cert: chain, key }, onRequest), 0),
  tcp: await listenOnLoopback(tcp, 0),
  dns: await startDns(),
  ca: ca.cert,
}
process.send?.(targets satisfies Targets)
process.once('disconnect', () => process.exit())
