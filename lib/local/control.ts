import { chmod, mkdir, rm } from 'node:fs/promises'
import http from 'node:http'
import net from 'node:net'
import { dirname } from 'node:path'
import type { ControlRequest } from '../decide/failover-asset.ts'
import { type Controlled, carryOutRequest } from '../run/control.ts'
import { closer } from './loopback.ts'

const longestRequest = 10_000

/** Where a running engine listens for commands, from the folder that it was started in. */
export const defaultSocket = '.vedette/control.sock'

/** There is an engine already; the message says what to do. */
export class AnotherEngineError extends Error {}

/** Rejects with `AnotherEngineError` where an engine listens at this socket. */
export async function refuseSecondEngine(path: string): Promise<void> {
  if (!(await isListening(path))) return
  throw new AnotherEngineError(
    `another engine listens at ${path}, and two in one folder would both move records and tell people: stop that one, or start this one with a --socket of its own`,
  )
}

/**
 * Lets commands on this machine speak to the engine, by a socket in the file system that only its own user may open. Each
 * request is one JSON object, and so is each answer: `{ ok }` or `{ error }`. Rejects with
 * `AnotherEngineError` where another engine listens there.
 */
export async function startControl(path: string, controlled: Controlled): Promise<{ stop(): Promise<void> }> {
  await refuseSecondEngine(path)
  await mkdir(dirname(path), { recursive: true })
  await rm(path, { force: true })
  const server = http.createServer(async (request, response) => {
    const answer = await read(request)
      .then((asked) => carryOutRequest(asked, controlled))
      .then((ok) => ({ ok }))
      .catch((error: Error) => ({ error: error.message }))
    response.writeHead('ok' in answer ? 200 : 400, { 'content-type': 'application/json' }).end(JSON.stringify(answer))
  })
  const close = closer(server)
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(path, resolve))
  await chmod(path, 0o600)
  return {
    stop: async () => {
      await close()
      await rm(path, { force: true })
    },
  }
}

function isListening(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(path, () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}

async function read(request: http.IncomingMessage): Promise<ControlRequest> {
  let text = ''
  for await (const chunk of request) {
    text += chunk
    if (text.length > longestRequest) throw new Error('the request is too long')
  }
  return JSON.parse(text)
}

/** Asks a running engine; rejects with what went wrong, there or on the way. */
export async function askEngine<Answer>(path: string, asked: ControlRequest): Promise<Answer> {
  const text = await new Promise<string>((resolve, reject) => {
    const request = http.request({ socketPath: path, method: 'POST', path: '/' }, async (response) => {
      let body = ''
      for await (const chunk of response) body += chunk
      resolve(body)
    })
    request.on('error', reject)
    request.end(JSON.stringify(asked))
  })
  const answer: { ok: Answer } | { error: string } = JSON.parse(text)
  if ('error' in answer) throw new Error(answer.error)
  return answer.ok
}
