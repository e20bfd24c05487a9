/**
 * A server that answers every request after about so many ms (the first argument) and says in `x-delay-ms` how long it took, request read to reply
 * written. Bare sockets, so that as little as possible lies between its clock and the wire. Started by `startChild`.
 */
import net from 'node:net'
import { listenOnLoopback } from '../lib/local/loopback.ts'

const delayMs = Number(process.argv[2])

const server = net.createServer({ noDelay: true }, (socket) => {
  socket.on('error', () => {})
  // The head of a GET is one segment on loopback, and a probe sends one request per connection.
  socket.once('data', () => {
    const began = process.hrtime.bigint()
    setTimeout(() => {
      const took = Number(process.hrtime.bigint() - began) / 1e6
      socket.end(`HTTP/1.1 200 OK\r\nx-delay-ms: ${took}\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok`)
    }, delayMs)
  })
})
const port = await listenOnLoopback(server, 0)
process.send?.({ port })
process.once('disconnect', () => process.exit())
