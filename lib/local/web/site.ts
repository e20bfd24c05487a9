import http, { type IncomingMessage, type ServerResponse } from 'node:http'
import type { Log } from '../../run/log.ts'
import type { HistoryAccess } from '../history-access.ts'
import { closer } from '../loopback.ts'
import { type Answer, answer, HttpError, json, send } from './answer.ts'
import { createApi } from './api-answers.ts'
import { assetSource } from './assets.ts'
import { Board } from './board.ts'
import { EventRing, streamText } from './event-ring.ts'
import { EventStreams } from './event-streams.ts'
import type { FeedBatch, SiteSetup } from './feed.ts'
import { guard, securityHeaders } from './guard.ts'
import { createLogin, loginPath } from './login.ts'
import { findRoute, isPage } from './routing.ts'

export interface SiteOptions {
  setup: SiteSetup
  history: HistoryAccess
  log: Log
  /** Where the bundled client is kept between runs. */
  cacheFile: string
}

/** The dashboard's server and what feeds it. */
export interface Site {
  server: http.Server
  take(batch: FeedBatch): void
  close(): Promise<void>
}

/** Connections, listeners included. */
const mostConnections = 256
/** A request must be there within this; then its connection is closed. Node looks every so often. */
const requestWithinMs = 10_000
const checkEveryMs = 1000
const idleMs = 30_000
/** Questions to the history that are worked on at once; more are turned away. */
const mostQuestions = 16
const tickMs = 5000
/** Budgets are reckoned a little at a time. */
const budgets = { everyMs: 1000, forMs: 20 }

/** Makes the server; it listens to no port yet. */
export function createSite({ setup, history, log, cacheFile }: SiteOptions): Site {
  const ring = new EventRing()
  const streams = new EventStreams(ring)
  const board = new Board(setup)
  history.read((reader) => board.recall(reader))
  const assets = assetSource(cacheFile)
  const server = createServer(responder({ board, ring, streams, history, assets }), log)
  const stop = closer(server)
  const timer = setInterval(() => streams.broadcast(tickOf(board)), tickMs)
  timer.unref()
  const reckoning = setInterval(() => {
    history.read((reader) => board.budgets.refresh(reader, Date.now(), budgets.forMs))
  }, budgets.everyMs)
  reckoning.unref()
  // Whoever looks first is not to wait for a month to be read.
  const warmUp = setImmediate(() => history.read((reader) => board.rows(board.monitors.values(), reader)))
  assets().catch((error: Error) => log('error', 'dashboard.bundle failed', { message: error.message }))
  return {
    server,
    take: (batch) => {
      const told = board.take(batch).map(({ name, data }) => ring.add(name, data))
      if (told.length > 0) streams.broadcast(told.join(''))
    },
    close: async () => {
      clearInterval(timer)
      clearInterval(reckoning)
      clearImmediate(warmUp)
      await stop()
      history.close()
    },
  }
}

/** How the engine is, as an event. Without word from it there is none from here: the pages then say that they are stale. */
function tickOf(board: Board): string {
  const { silentMs, ...engine } = board.engine()
  return silentMs < 2 * tickMs ? streamText('tick', engine) : ''
}

/** Answers a request; undefined where it has been answered already. Rejects with `HttpError` where it cannot be. */
type Responder = (request: IncomingMessage, response: ServerResponse) => Promise<Answer | undefined>

interface Parts {
  board: Board
  ring: EventRing
  streams: EventStreams
  history: HistoryAccess
  assets: ReturnType<typeof assetSource>
}

function responder({ board, ring, streams, history, assets }: Parts): Responder {
  const { token } = board.setup
  const login = createLogin(token, async () => (await assets()).stylesheet)
  const api = createApi({ board, ring, history })
  return async (request, response) => {
    const { pathname, searchParams } = urlOf(request)
    guard(request, pathname, token)
    const asset = pathname.startsWith('/assets/') ? (await assets()).byPath.get(pathname) : undefined
    if (asset) return asset
    if (pathname === '/login') return login(request)
    const { name, id } = findRoute(pathname)
    if (name === 'page') return (await assets()).page
    if (name !== 'events') return api[name](id, searchParams)
    const { nowMs, version, startedAtMs } = board.engine()
    const after = [request.headers['last-event-id']].flat()[0] ?? searchParams.get('after') ?? undefined
    const hello = { nowMs, version, startedAtMs }
    streams.open(request, response, { hello, tick: tickOf(board), ...(after !== undefined && { after }) })
    return undefined
  }
}

function createServer(respond: Responder, log: Log): http.Server {
  let questions = 0
  const server = http.createServer({ connectionsCheckingInterval: checkEveryMs }, async (request, response) => {
    for (const [name, value] of Object.entries(securityHeaders)) response.setHeader(name, value)
    response.setTimeout(idleMs)
    try {
      if (questions >= mostQuestions) {
        const message = `expected at most ${mostQuestions} requests at once, got one more: try again`
        throw new HttpError(503, message, { 'retry-after': '1' })
      }
      questions++
      const given = await respond(request, response).finally(() => questions--)
      if (given) await send(request, response, given)
    } catch (error) {
      // Whoever asked may be gone by now.
      await sendError(request, response, error, log).catch(() => response.destroy())
    }
  })
  server.maxConnections = mostConnections
  server.headersTimeout = requestWithinMs
  server.requestTimeout = requestWithinMs
  server.keepAliveTimeout = idleMs
  return server
}

function urlOf({ url = '/' }: IncomingMessage): URL {
  // Behind an origin, for `//elsewhere/api` is a path as well, and no name of a server.
  const parsed = URL.parse(`http://localhost${url}`)
  if (parsed && url.startsWith('/')) return parsed
  throw new HttpError(400, `expected a path, got ${JSON.stringify(url.slice(0, 100))}`)
}

async function sendError(request: IncomingMessage, response: ServerResponse, error: unknown, log: Log): Promise<void> {
  // Without its query: that may hold a key.
  const [path = '/'] = (request.url ?? '/').split('?')
  const known =
    error instanceof HttpError ? error : new HttpError(500, 'the dashboard failed at this: its log says how')
  if (known !== error) log('error', 'dashboard.error', { path, message: (error as Error)?.stack ?? String(error) })
  if (response.headersSent) response.destroy()
  else await send(request, response, errorAnswer(known, path, request))
}

/** An error as JSON for programs and as text for people; those who have to log in first are led there. */
function errorAnswer({ status, message, headers }: HttpError, path: string, request: IncomingMessage): Answer {
  const more = { status, headers, cacheControl: 'no-store' }
  if (path.startsWith('/api/')) return json({ error: message }, more)
  if (status !== 401 || !`${request.headers.accept ?? ''}`.includes('text/html'))
    return answer('text/plain; charset=utf-8', `${message}\n`, more)
  const location = loginPath(isPage(path) ? (request.url ?? '/') : '/')
  return answer('text/plain; charset=utf-8', `See ${location}\n`, { ...more, status: 303, headers: { location } })
}
