import { randomBytes } from 'node:crypto'
import type { HttpMonitor } from '../model/monitor.ts'
import type { Failure, HttpObserved, Observation, Phases } from '../model/result.ts'
import { acceptEncoding, decodeBody } from './decode-body.ts'
import { type Exchange, type ExchangeRequest, exchange } from './http-exchange.ts'
import { type ProbeDeps, ProbeFailure } from './probe.ts'

const followed = new Set([301, 302, 303, 307, 308])

/** Requests a URL over a fresh connection, follows its redirects, and gives the last reply with its body decoded. */
export async function probeHttp(
  monitor: HttpMonitor<string>,
  deps: ProbeDeps,
  signal: AbortSignal,
): Promise<Observation<HttpObserved>> {
  const phases: Phases = {}
  const observed: HttpObserved = {}
  let request = firstRequest(monitor, deps)
  try {
    for (let hops = 0; ; hops++) {
      const reply = await exchange(request, deps, signal)
      keep(reply, phases, observed)
      if (reply.statusCode !== undefined || hops > 0) observed.redirects = hops
      if (hops > 0) observed.finalUrl = request.url.origin + request.url.pathname
      if (reply.failure) return { phases, observed, failure: afterRedirect(reply.failure, observed.finalUrl) }
      const next = monitor.redirects > 0 ? redirectOf(request, reply, deps) : undefined
      if (!next) return { phases, observed, ...(await decoded(reply, observed, monitor.maxBodyBytes)) }
      if (hops >= monitor.redirects) {
        const message = `more than ${monitor.redirects} redirects; the last leads to ${next.url.origin}${next.url.pathname}`
        throw new ProbeFailure('HTTP_REDIRECT_LOOP', 'transfer', message)
      }
      request = next
    }
  } catch (error) {
    if (error instanceof ProbeFailure) return { phases, observed, failure: error.toFailure() }
    throw error
  }
}

/** What failed is not what the monitor names: it is told where the redirects led. */
function afterRedirect(failure: Failure, url: string | undefined): Failure {
  return url === undefined ? failure : { ...failure, message: `${failure.message} (redirected to ${url})` }
}

function firstRequest(monitor: HttpMonitor<string>, deps: ProbeDeps): ExchangeRequest {
  const { method, body, ipVersion, resolver, connectTo, proxy, httpVersion, maxBodyBytes, tls } = monitor
  return {
    url: new URL(monitor.url),
    method,
    headers: { ...ownHeaders(deps), ...monitorHeaders(monitor) },
    ...(body && { body }),
    ipVersion,
    ...(resolver && { resolver }),
    ...(connectTo && { connectTo }),
    ...(proxy && { proxy }),
    httpVersion,
    maxBodyBytes,
    tls,
  }
}

/** The headers of every request, whatever the monitor. */
function ownHeaders(deps: ProbeDeps): Record<string, string> {
  return {
    'user-agent': deps.userAgent,
    accept: '*/*',
    'accept-encoding': acceptEncoding,
    // https://www.w3.org/TR/trace-context/#traceparent-header: version, trace id, parent id, sampled.
    traceparent: `00-${randomBytes(16).toString('hex')}-${randomBytes(8).toString('hex')}-01`,
  }
}

function monitorHeaders({ auth, headers }: HttpMonitor<string>): Record<string, string> {
  const named = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
  if (!auth) return named
  if ('bearer' in auth) return { ...named, authorization: `Bearer ${auth.bearer}` }
  const credentials = Buffer.from(`${auth.basic.username}:${auth.basic.password}`)
  return { ...named, authorization: `Basic ${credentials.toString('base64')}` }
}

function keep(reply: Exchange, phases: Phases, observed: HttpObserved): void {
  for (const [phase, ms] of Object.entries(reply.phases) as [keyof Phases, number][])
    phases[phase] = (phases[phase] ?? 0) + ms
  const { ip, httpVersion, statusCode, headers, bodyBytes, certificate } = reply
  // Each reply replaces the one before it: what is told is the end of the redirects.
  for (const key of Object.keys(observed) as (keyof HttpObserved)[]) delete observed[key]
  Object.assign(observed, {
    ...(statusCode !== undefined && { statusCode }),
    ...(ip && { ip }),
    ...(httpVersion && { httpVersion }),
    ...(headers && { headers }),
    ...(bodyBytes !== undefined && { bodyBytes }),
    ...(certificate && { certificate }),
  })
}

async function decoded(
  reply: Exchange,
  observed: HttpObserved,
  maxBytes: number,
): Promise<Partial<Observation<HttpObserved>>> {
  const encoding = [reply.headers?.['content-encoding'] ?? []].flat().join(',')
  try {
    const body = await decodeBody(reply.body ?? Buffer.alloc(0), encoding, maxBytes)
    observed.decodedBytes = body.length
    return { body: textOf(body, [reply.headers?.['content-type'] ?? []].flat()[0] ?? '') }
  } catch (error) {
    if (error instanceof ProbeFailure) return { failure: error.toFailure() }
    throw error
  }
}

const utf8 = new TextDecoder()

/** A body as text, by the charset of its content type where that is known, else as UTF-8. */
function textOf(body: Buffer, contentType: string): string {
  const charset = /;\s*charset="?([^\s";]+)/i.exec(contentType)?.[1]
  if (charset === undefined || /^utf-?8$/i.test(charset)) return utf8.decode(body)
  try {
    return new TextDecoder(charset).decode(body)
  } catch {
    return utf8.decode(body)
  }
}

/** The request that a reply's redirect asks for; undefined where it is none. */
function redirectOf(request: ExchangeRequest, reply: Exchange, deps: ProbeDeps): ExchangeRequest | undefined {
  const { statusCode = 0, headers = {} } = reply
  if (!followed.has(statusCode)) return undefined
  const location = [headers.location ?? []].flat()[0]
  if (location === undefined)
    throw new ProbeFailure('HTTP_REDIRECT_INVALID', 'transfer', `the server answered ${statusCode} without a location`)
  const url = URL.parse(location, request.url.href)
  if ((url?.protocol !== 'http:' && url?.protocol !== 'https:') || url.port === '0')
    throw new ProbeFailure(
      'HTTP_REDIRECT_INVALID',
      'transfer',
      `the server redirects to ${JSON.stringify(location.slice(0, 200))}, which is no http or https URL`,
    )
  const next: ExchangeRequest = { ...request, url, headers: { ...request.headers } }
  // After 303 always, and after 301 and 302 of a POST by custom, a GET follows (RFC 9110 §15.4).
  if ((statusCode === 303 && request.method !== 'HEAD') || (statusCode <= 302 && request.method === 'POST')) {
    next.method = 'GET'
    delete next.body
    for (const name of ['content-type', 'content-length', 'content-encoding']) delete next.headers[name]
  }
  if (url.hostname !== request.url.hostname) leaveHost(next)
  else if (request.connectTo) next.connectTo = request.connectTo.replace(/:\d+$/, `:${portOf(url, request)}`)
  const isUpgrade =
    url.hostname === request.url.hostname && url.protocol === 'https:' && request.url.protocol === 'http:'
  if (url.origin !== request.url.origin && !isUpgrade)
    next.headers = { ...ownHeaders(deps), ...withoutCredentials(next.headers) }
  return next
}

/** Headers that say what is sent or wanted: without them a body that goes along could not be read. */
const impersonal = new Set(['accept', 'accept-language', 'content-encoding', 'content-language', 'content-type'])

function withoutCredentials(headers: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => impersonal.has(name)))
}

/** Within its origin a pinned address keeps its pinned port, whatever that is; beyond, the port is the URL's. */
function portOf(url: URL, { url: from, connectTo = '' }: ExchangeRequest): string {
  if (url.origin === from.origin) return /\d+$/.exec(connectTo)?.[0] ?? ''
  return url.port || (url.protocol === 'https:' ? '443' : '80')
}

/** What was meant for one host goes to no other: a pinned address, the name to check, our own certificate. */
function leaveHost(next: ExchangeRequest): void {
  delete next.connectTo
  const { serverName: _name, certFile: _cert, keyFile: _key, ...tls } = next.tls
  next.tls = tls
}
