import { createServer, type Server } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { startDemoFailover } from '../../lib/local/demo-failover.ts'
import { closer, listen } from '../../lib/local/loopback.ts'

const stops: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop()
})

async function taken(address: string, port = 0): Promise<number> {
  const server: Server = createServer()
  stops.push(closer(server))
  await listen(server, port, address)
  const bound = server.address()
  return typeof bound === 'object' && bound ? bound.port : 0
}

test('a standby whose port is taken at its address is at the next one', async () => {
  const port = await taken('127.0.0.2')
  const failover = await startDemoFailover(port, 0)
  if ('problem' in failover) throw new Error(failover.problem)
  stops.push(failover.stop)
  expect(failover).toMatchObject({ standby: '127.0.0.3', failovers: [{ endpoints: [{}, { A: ['127.0.0.3'] }] }] })
  expect((await fetch(`http://127.0.0.3:${port}/`)).status).toBe(200)
})

test('where no address is left it is said why, and what to do', async () => {
  const port = await taken('127.0.0.2')
  for (const last of [3, 4, 5, 6, 7, 8, 9]) await taken(`127.0.0.${last}`, port)
  expect(await startDemoFailover(port, 0)).toEqual({
    problem: expect.stringMatching(/No record that moves.*EADDRINUSE.*ifconfig lo0 alias 127\.0\.0\.2/),
  })
})
