import type { HistoryAccess } from '../history-access.ts'
import { shorten } from '../history-block.ts'
import type { HistoryReader } from '../history-reader.ts'
import { hourMs } from '../history-schema.ts'
import { type Answer, answer, HttpError, json } from './answer.ts'
import type { EngineState, Health } from './api/engine.ts'
import type { FailoversPage } from './api/failovers.ts'
import type { IncidentList } from './api/incidents.ts'
import type { Overview } from './api/overview.ts'
import { badge } from './badge.ts'
import { barStarts } from './bars.ts'
import type { Board } from './board.ts'
import type { EventRing } from './event-ring.ts'
import type { WatchedMonitor } from './feed.ts'
import { healthOf, livenessOf } from './health.ts'
import { incidentMarkdown } from './incident-markdown.ts'
import { incidentPage } from './incident-page.ts'
import { metricsText } from './metrics.ts'
import { monitorPage } from './monitor-page.ts'
import type { RouteName } from './routing.ts'
import { rangeOf, seriesOf } from './series.ts'

const dayMs = 24 * hourMs
const mostHappenings = 200
const mostIncidents = 200
/** What everyone asks for is made once for all who ask within this. */
const sharedForMs = 1000

type Handler = (id: string, query: URLSearchParams) => Answer | Promise<Answer>
type ApiRoute = Exclude<RouteName, 'page' | 'events'>

/** What answers are made of. */
interface Sources {
  board: Board
  ring: EventRing
  history: HistoryAccess
}

/** What answers each route, but the stream and the page. */
export function createApi(sources: Sources): Record<ApiRoute, Handler> {
  const { board } = sources
  return {
    ...answersOnAll(sources),
    ...answersOnMonitors(sources),
    ...answersOnIncidents(sources),
    healthz: () => healthAnswer(healthOf(board)),
    livez: () => healthAnswer(livenessOf(board)),
  }
}

function answersOnAll(sources: Sources): Record<'overview' | 'failovers' | 'metrics', Handler> {
  const { board, ring } = sources
  const overviewOf = (monitors: Iterable<WatchedMonitor>): Overview => ({
    ...frameOf(sources),
    ...barStarts(Date.now()),
    monitors: askHistory(sources, (reader) => board.rows(monitors, reader)),
    failovers: board.failovers(),
    openIncidents: board.incidents.open(),
  })
  const overview = shared(() => tagged(ring, overviewOf(board.monitors.values())))
  return {
    overview: (_, query) => {
      const ids = query.get('ids')
      if (ids === null) return overview()
      return json(overviewOf([...new Set(ids.split(','))].map((id) => monitorOf(board, id))))
    },
    failovers: () => {
      const vantages = [...board.vantages]
      const page = { vantages, failovers: board.failovers(), history: board.happenings.latest(mostHappenings) }
      return tagged(ring, { ...frameOf(sources), ...page } satisfies FailoversPage)
    },
    metrics: shared(() =>
      answer('text/plain; version=0.0.4; charset=utf-8', metricsText(board), { cacheControl: 'no-store' }),
    ),
  }
}

function answersOnMonitors(sources: Sources): Record<'monitor' | 'series' | 'badge', Handler> {
  const { board, ring, history } = sources
  return {
    monitor: (id) => {
      const monitor = monitorOf(board, id)
      const about = frameOf(sources)
      const page = askHistory(sources, (reader) => monitorPage(monitor, board, reader))
      return tagged(ring, { ...about, ...page })
    },
    series: async (id, query) => {
      const { everyMs } = monitorOf(board, id)
      const { eventId } = frameOf(sources)
      const range = rangeOf(query, Date.now(), dayMs)
      const newest = board.latest(id).map((result) => {
        return { ...shorten(result, Date.parse(result.startedAt)), vantage: result.vantage }
      })
      const asked = { monitor: id, everyMs, ...range, newest }
      return tagged(ring, { eventId, ...(await seriesOf(asked, (question) => history.read(question))) })
    },
    badge: (id, query) => {
      const monitor = monitorOf(board, id.replace(/\.svg$/, ''))
      const [row] = askHistory(sources, (reader) => board.rows([monitor], reader))
      return badge(row, query.get('show') ?? 'state')
    },
  }
}

function answersOnIncidents(sources: Sources): Record<'incidents' | 'incident' | 'incidentMarkdown', Handler> {
  const { board, ring, history } = sources
  const pageOf = (id: string) => {
    const found = board.incidents.find(id)
    if (found) return incidentPage(found, board, (question) => history.read(question))
    throw new HttpError(404, `expected the id of an incident, got ${JSON.stringify(id)}: see /api/incidents`)
  }
  return {
    incidents: (_, query) => {
      const { fromMs, toMs } = rangeOf(query, Date.now() + 1, 30 * dayMs)
      const limit = limitOf(query.get('limit'))
      const found = board.incidents.within(fromMs, toMs, query.get('monitor') ?? undefined)
      const list = { incidents: found.slice(0, limit), more: found.length > limit }
      return tagged(ring, { ...frameOf(sources), ...list } satisfies IncidentList)
    },
    incident: async (id) => json({ ...frameOf(sources), ...(await pageOf(id)) }),
    incidentMarkdown: async (id) => {
      const name = `incident-${id.replace(/[^\w.-]+/g, '-')}.md`
      const headers = { 'content-disposition': `attachment; filename="${name}"` }
      const text = incidentMarkdown(board.setup.service, await pageOf(id))
      return answer('text/markdown; charset=utf-8', text, { headers })
    },
  }
}

/** What goes with every answer: taken first, so that nothing which comes meanwhile is missed by who follows the stream from this id. */
function frameOf({ board, ring }: Sources): { eventId: string; engine: EngineState } {
  const { silentMs: _, ...engine } = board.engine()
  return { eventId: ring.lastId, engine }
}

/** Asks with the history, or without it while it cannot be read. */
function askHistory<T>({ history }: Sources, question: (reader: HistoryReader | undefined) => T): T {
  return history.read(question) ?? question(undefined)
}

function monitorOf(board: Board, id: string): WatchedMonitor {
  const monitor = board.monitors.get(id)
  if (monitor) return monitor
  throw new HttpError(404, `expected the id of a monitor, got ${JSON.stringify(id)}: /api/overview lists them`)
}

function healthAnswer(health: Health): Answer {
  return json(health, { status: health.status === 'ok' ? 200 : 503, cacheControl: 'no-store' })
}

/** An answer that is the same until something happens, or a minute passes: bars and ages move on. */
function tagged(ring: EventRing, value: unknown): Answer {
  return json(value, { etag: `${ring.lastId}-${Math.floor(Date.now() / 60_000)}` })
}

/** Gives everyone the same answer for a while. */
function shared(make: () => Answer): () => Answer {
  let last: { answer: Answer; madeAt: number } | undefined
  return () => {
    if (!last || performance.now() - last.madeAt > sharedForMs) last = { answer: make(), madeAt: performance.now() }
    return last.answer
  }
}

function limitOf(text: string | null): number {
  if (text === null) return mostIncidents
  if (/^\d{1,3}$/.test(text) && Number(text) >= 1 && Number(text) <= mostIncidents) return Number(text)
  throw new HttpError(
    400,
    `expected limit to be a whole number from 1 to ${mostIncidents}, got ${JSON.stringify(text)}`,
  )
}
