import http from 'node:http'
import { closer, listenOnLoopback } from '../../lib/local/loopback.ts'

/** What CloudWatch does with what it is sent: takes it, refuses it, says nothing, or cuts the connection. */
export type Fault = 'none' | 'throttle' | 'unavailable' | 'hang' | 'reset'

/** A door before CloudWatch that can be jammed, for every region or for one. */
export interface FaultProxy {
  url: string
  /** Where what passes goes to; to be said before the first call. */
  upstream: string
  set(fault: Fault, region?: string): void
  stop(): Promise<void>
}

/** Starts it on a free port of loopback, letting everything pass. */
export async function startFaultProxy(): Promise<FaultProxy> {
  const faults = new Map<string, Fault>()
  const proxy = { upstream: '' }
  const server = http.createServer((request, response) => {
    // Signed requests say where they are meant for (AWS Signature Version 4, credential scope).
    const region = /Credential=[^/]+\/\d+\/([^/]+)\//.exec(request.headers.authorization ?? '')?.[1] ?? ''
    const fault = faults.get(region) ?? faults.get('') ?? 'none'
    if (fault === 'none') pass(request, response, proxy.upstream)
    else fail(fault, request, response)
  })
  const stop = closer(server)
  const port = await listenOnLoopback(server, 0)
  return Object.assign(proxy, {
    url: `http://127.0.0.1:${port}`,
    set: (fault: Fault, region = '') => void faults.set(region, fault),
    stop,
  })
}

function pass(request: http.IncomingMessage, response: http.ServerResponse, upstream: string): void {
  const { method, url = '/', headers } = request
  const onward = http.request(new URL(url, upstream), { method, headers }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers)
    answer.pipe(response)
  })
  onward.on('error', () => response.destroy())
  request.pipe(onward)
}

function fail(fault: Exclude<Fault, 'none'>, request: http.IncomingMessage, response: http.ServerResponse): void {
  request.resume()
  if (fault === 'hang') return
  if (fault === 'reset') return void request.socket.destroy()
  if (fault === 'unavailable') return void response.writeHead(503).end()
  const refusal = { __type: 'com.amazonaws.cloudwatch#ThrottlingException', message: 'Rate exceeded' }
  response.writeHead(400, { 'content-type': 'application/x-amz-json-1.0' }).end(JSON.stringify(refusal))
}
