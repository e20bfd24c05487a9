import http from 'node:http'
import { buffer } from 'node:stream/consumers'
import { closer, listenOnLoopback } from '../../lib/local/loopback.ts'

/**
 * What a service does with what it is sent: takes it, refuses it, says nothing, or cuts the connection. `loseReply` carries it
 * out and cuts the connection then; `late` cuts it at once, and carries it out when `release` says so.
 */
export type Fault = 'none' | 'throttle' | 'unavailable' | 'hang' | 'reset' | 'loseReply' | 'late'

/** A door before a service that can be jammed, for every region or for one. */
export interface FaultProxy {
  url: string
  /** Where what passes goes to; to be said before the first call. */
  upstream: string
  set(fault: Fault, region?: string): void
  /** For the next so many calls that write (POST), before what `set` says. */
  next(fault: Fault, times: number): void
  /** How many calls have met a fault so far. */
  met(): number
  /** Carries out what is late; gives the statuses that nobody waits for any more. */
  release(): Promise<number[]>
  stop(): Promise<void>
}

/** A call, read to its end. */
interface Call {
  request: http.IncomingMessage
  response: http.ServerResponse
  body: Buffer
}

/** Sees what was answered before the caller does. */
export type Witness = (reply: { text: string; authorization: string; upstream: string }) => Promise<void>

/** Starts it on a free port of loopback, letting everything pass. */
export async function startFaultProxy(witness: Witness = async () => {}): Promise<FaultProxy> {
  const faults = new Map<string, Fault>()
  const proxy = { upstream: '' }
  let queued: Fault[] = []
  const late: Call[] = []
  let met = 0
  const carryOut = async (call: Call): Promise<Reply> => {
    const reply = await send(call, proxy.upstream)
    const { authorization = '' } = call.request.headers
    await witness({ text: reply.body.toString(), authorization, upstream: proxy.upstream })
    return reply
  }
  const take = async (request: http.IncomingMessage, response: http.ServerResponse) => {
    // Signed requests say where they are meant for (AWS Signature Version 4, credential scope).
    const scope = /Credential=[^/]+\/\d+\/([^/]+)\/([^/]+)\//.exec(request.headers.authorization ?? '')
    const [, region = '', service = ''] = scope ?? []
    const next = request.method === 'POST' ? queued.shift() : undefined
    const fault = next ?? faults.get(region) ?? faults.get('') ?? 'none'
    if (fault !== 'none') met++
    const call = { request, response, body: await buffer(request) }
    if (fault === 'none') {
      const { status, headers, body } = await carryOut(call)
      return void response.writeHead(status, headers).end(body)
    }
    if (fault === 'late') late.push(call)
    if (fault === 'loseReply') await carryOut(call)
    fail(fault, service, call)
  }
  const server = http.createServer((request, response) => {
    take(request, response).catch(() => response.destroy())
  })
  const stop = closer(server)
  const port = await listenOnLoopback(server, 0)
  return Object.assign(proxy, {
    url: `http://127.0.0.1:${port}`,
    set: (fault: Fault, region = '') => void faults.set(region, fault),
    next: (fault: Fault, times: number) => {
      queued = Array<Fault>(times).fill(fault)
    },
    met: () => met,
    release: () => Promise.all(late.splice(0).map(async (call) => (await carryOut(call)).status)),
    stop,
  })
}

interface Reply {
  status: number
  headers: http.IncomingHttpHeaders
  body: Buffer
}

function send({ request: { method, url = '/', headers }, body }: Call, upstream: string): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const onward = http.request(new URL(url, upstream), { method, headers }, (answer) => {
      buffer(answer).then(
        (body) => resolve({ status: answer.statusCode ?? 502, headers: answer.headers, body }),
        reject,
      )
    })
    onward.on('error', reject)
    onward.end(body)
  })
}

function fail(fault: Exclude<Fault, 'none'>, service: string, { request, response }: Call): void {
  if (fault === 'hang') return
  if (fault === 'unavailable') return void response.writeHead(503).end()
  if (fault !== 'throttle') return void request.socket.destroy()
  const [type, text] = service === 'route53' ? ['text/xml', xmlRefusal] : ['application/x-amz-json-1.0', jsonRefusal]
  response.writeHead(400, { 'content-type': type }).end(text)
}

const jsonRefusal = JSON.stringify({
  __type: 'com.amazonaws.cloudwatch#ThrottlingException',
  message: 'Rate exceeded',
})
/** https://docs.aws.amazon.com/Route53/latest/APIReference/CommonErrors.html */
const xmlRefusal =
  '<ErrorResponse xmlns="https://route53.amazonaws.com/doc/2013-04-01/"><Error><Type>Sender</Type><Code>Throttling</Code><Message>Rate exceeded</Message></Error></ErrorResponse>'
