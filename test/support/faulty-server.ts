import type { IncomingHttpHeaders, ServerResponse } from 'node:http'
import { startHttpServer } from './http-server.ts'

export interface Received {
  path: string
  headers: IncomingHttpHeaders
  text: string
  json: unknown
  atMs: number
}

/**
 * What goes wrong with one request: an answer without its being carried out, or (`after`) one that is lost after it was;
 * `silent` never answers, `slow` answers late, `half` breaks off in the middle of its answer.
 */
export type Fault =
  | { status: number; retryAfter?: string; location?: string }
  | 'silent'
  | 'reset'
  | { after: 'reset' | 'silent' }
  | { half: 'reset' | 'silent' }
  | { slowMs: number }

export interface FaultyServer {
  url: string
  port: number
  /** Every request that came, in order. */
  received: Received[]
  /** What befalls the next requests, one each; undefined for none. */
  faults: (Fault | undefined)[]
  close(): Promise<void>
}

/** A server of which the next requests may go wrong in all the ways that servers do. */
export async function faultyServer(
  accept: (received: Received) => { status: number; body: unknown },
): Promise<FaultyServer> {
  const received: Received[] = []
  const faults: (Fault | undefined)[] = []
  const server = await startHttpServer(async (request, response) => {
    let text = ''
    for await (const chunk of request) text += chunk
    const one = { path: request.url ?? '', headers: request.headers, text, json: parsed(text), atMs: performance.now() }
    received.push(one)
    const fault = faults.shift()
    if (fault === 'silent') return
    if (fault === 'reset') return void response.socket?.resetAndDestroy()
    if (fault !== undefined && 'status' in fault) {
      const { retryAfter, location } = fault
      const headers = { ...(retryAfter !== undefined && { 'retry-after': retryAfter }), ...(location && { location }) }
      return void response.writeHead(fault.status, headers).end('{"message":"busy"}')
    }
    const answer = accept(one)
    if (fault !== undefined && 'after' in fault) {
      if (fault.after === 'reset') response.socket?.resetAndDestroy()
      return
    }
    if (fault !== undefined && 'half' in fault) return writeHalf(response, answer.status, fault.half)
    if (fault !== undefined) await new Promise((resolve) => setTimeout(resolve, fault.slowMs))
    write(response, answer)
  })
  return { ...server, received, faults }
}

function write(response: ServerResponse, { status, body }: { status: number; body: unknown }): void {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  response.writeHead(status, { 'content-type': 'application/json' }).end(text)
}

function writeHalf(response: ServerResponse, status: number, then: 'reset' | 'silent'): void {
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': '1000' })
  response.write('{"status":"succ', () => {
    if (then === 'reset') setTimeout(() => response.socket?.resetAndDestroy(), 50)
  })
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
