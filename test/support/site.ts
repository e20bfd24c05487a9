import http from 'node:http'
import path from 'node:path'
import { onTestFinished } from 'vitest'
import type { State } from '../../lib/decide/health.ts'
import { HistoryAccess } from '../../lib/local/history-access.ts'
import { openForWriting } from '../../lib/local/history-schema.ts'
import { HistoryStore, type StoredTransition } from '../../lib/local/history-store.ts'
import type { MonitorView } from '../../lib/local/snapshot.ts'
import type { FeedBatch } from '../../lib/local/web/feed.ts'
import { listenAt } from '../../lib/local/web/listen.ts'
import { createSite, type Site } from '../../lib/local/web/site.ts'
import { watchedFailover, watchedMonitor } from '../../lib/local/web/watched.ts'
import { parseConfig } from '../../lib/model/parse-config.ts'
import type { ProbeResult } from '../../lib/model/result.ts'
import { keptLog, temporaryFolder } from './history.ts'

/** One bundle serves all tests: it is made anew where a file of the client changed. */
const cacheFile = path.resolve(import.meta.dirname, '../../.vedette/test-client.json')

export interface SiteInput {
  config?: unknown
  token?: string
  /** Fills the history before the dashboard looks at it. */
  fill?(store: HistoryStore): void
}

export interface TestSite {
  site: Site
  url: string
  store: HistoryStore
  lines: ReturnType<typeof keptLog>['lines']
  /** Feeds results, each with the view of its monitor that follows from it. */
  feed(batch: Partial<FeedBatch>): void
}

/** A config of one monitor, `api`. */
export const oneMonitor = {
  service: 'shop',
  monitors: [{ id: 'api', kind: 'http', url: 'https://api.example.com/health' }],
}

/** The dashboard's server on a free port, with a history of its own and nobody but the test to feed it. */
export async function startSite({ config = oneMonitor, token, fill }: SiteInput = {}): Promise<TestSite> {
  const historyPath = path.join(temporaryFolder(), 'history.db')
  const db = openForWriting(historyPath)
  const store = new HistoryStore(db)
  fill?.(store)
  const { log, lines } = keptLog()
  const { service, monitors, failovers } = parseConfig(config)
  const nowMs = Date.now()
  const setup = {
    ...{ service, version: '1.2.3', startedAtMs: nowMs, feedFromMs: nowMs, historyPath },
    ...{ monitors: monitors.map(watchedMonitor), failovers: failovers.map(watchedFailover) },
    ...(token !== undefined && { token }),
  }
  const site = createSite({ setup, history: new HistoryAccess(historyPath, log), log, cacheFile })
  const url = await listenAt(site.server, { host: '127.0.0.1', port: 0, isDefault: false })
  onTestFinished(async () => {
    await site.close()
    db.close()
  })
  const views = new Map<string, MonitorView>()
  const feed = (batch: Partial<FeedBatch>) => {
    for (const result of batch.results ?? []) views.set(result.monitor, viewOf(result, views.get(result.monitor)))
    for (const { monitor, to, atMs } of batch.transitions ?? []) {
      const view = views.get(monitor)
      if (view) Object.assign(view, { state: to, sinceMs: atMs })
    }
    site.take({
      vitals: { lag: { count: 1, p50Ms: 0.5, p99Ms: 2, maxMs: 3 }, history: { path: '', waiting: 0, dropped: 0 } },
      ...{ vantages: ['north', 'south', 'west'], views: [...views.values()], results: [], transitions: [] },
      ...{ sights: [], failovers: [], failoverEvents: [], ...batch },
    })
  }
  return { site, url, store, lines, feed }
}

/** A monitor as the engine shows it after this result. */
export function viewOf(result: ProbeResult, before?: MonitorView): MonitorView {
  const { monitor: id, kind, status, durationMs, attempts, phases, startedAt, failure } = result
  const atMs = Date.parse(startedAt)
  const isGood = status === 'up' || status === 'degraded'
  const cause = failure && { code: failure.code, message: failure.message }
  const lastFailure = cause ? { atMs, ...cause } : before?.lastFailure
  return {
    ...{ id, kind, tags: [], severity: 'page', everyMs: 60_000, skipped: 0, muted: false },
    ...{ state: before?.state ?? (isGood ? 'up' : 'pending'), sinceMs: before?.sinceMs ?? atMs },
    last: { atMs, status, durationMs, attempts, phases, ...(cause && { cause }) },
    ...(lastFailure && { lastFailure }),
    recent: [...(before?.recent ?? []), isGood ? durationMs : null],
  }
}

/** A change of state, as the engine tells it. */
export function transition(monitor: string, to: State, atMs: number, over: Partial<StoredTransition> = {}) {
  const cause = to === 'down' ? { cause: { code: 'CONNECT_REFUSED', message: 'refused' } } : {}
  const from: State = to === 'down' ? 'up' : 'down'
  return { monitor, from, to, atMs, firstAtMs: atMs - 20_000, muted: false, ...cause, ...over } as StoredTransition
}

export interface Reply {
  status: number
  headers: http.IncomingHttpHeaders
  text: string
  /** As transferred. */
  body: Buffer
  bytes: number
}

export interface Ask {
  method?: string
  headers?: Record<string, string>
  body?: string
}

/** Asks as no browser would: any method, any header, nothing decoded. */
export function ask(url: string, { method = 'GET', headers = {}, body }: Ask = {}): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const request = http.request(url, { method, headers, agent: false }, async (response) => {
      const chunks: Buffer[] = []
      for await (const chunk of response) chunks.push(chunk)
      const body = Buffer.concat(chunks)
      const { statusCode: status = 0, headers } = response
      resolve({ status, headers, body, text: body.toString(), bytes: body.length })
    })
    request.on('error', reject)
    request.end(body)
  })
}

/** The JSON at a path. */
export async function get<T>(url: string): Promise<T> {
  const { status, text } = await ask(url)
  if (status !== 200) throw new Error(`expected 200 of ${url}, got ${status}: ${text}`)
  return JSON.parse(text) as T
}

export interface Listener {
  events: { name: string; id?: string; data: unknown }[]
  /** Resolves with the first event of this name, also one that was there before. */
  saw(name: string): Promise<{ name: string; id?: string; data: unknown }>
  /** Resolves when the server has closed the stream. */
  ended: Promise<void>
  close(): void
}

/** Listens to a stream of events. */
export async function listen(url: string, headers: Record<string, string> = {}): Promise<Listener> {
  const events: Listener['events'] = []
  const waiters: (() => void)[] = []
  const ended = Promise.withResolvers<void>()
  const request = http.get(url, { headers, agent: false })
  const response = await new Promise<http.IncomingMessage>((resolve, reject) => {
    request.once('response', resolve).once('error', reject)
  })
  let text = ''
  response.setEncoding('utf8')
  response.on('data', (chunk: string) => {
    text += chunk
    const blocks = text.split('\n\n')
    text = blocks.pop() ?? ''
    for (const block of blocks) {
      const fields = Object.fromEntries(block.split('\n').map((line) => line.split(/: (.*)/s) as [string, string]))
      if (fields.event)
        events.push({ name: fields.event, ...(fields.id && { id: fields.id }), data: JSON.parse(fields.data ?? '') })
    }
    for (const wake of waiters.splice(0)) wake()
  })
  response.on('error', () => {})
  response.once('close', () => ended.resolve())
  const close = () => void request.destroy()
  onTestFinished(close)
  const saw = async (name: string) => {
    for (;;) {
      const found = events.find((event) => event.name === name)
      if (found) return found
      await new Promise<void>((wake) => waiters.push(wake))
    }
  }
  return { events, saw, ended: ended.promise, close }
}
