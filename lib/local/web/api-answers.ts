import type { HistoryAccess } from '../history-access.ts'
import { shorten } from '../history-block.ts'
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

/** What answers each route, but the stream and the page. */
export function createApi({ board, ring, history }: { board: Board; ring: EventRing; history: HistoryAccess }) {
  const read: HistoryAccess['read'] = (question) => history.read(question)
  const engineOf = (): EngineState => {
    const { silentMs: _, ...engine } = board.engine()
    return engine
  }
  /** What goes with every answer; the id is taken first, so that nothing which comes meanwhile is missed. */
  const frame = () => ({ eventId: ring.lastId, engine: engineOf() })
  const monitorOf = (id: string): WatchedMonitor => {
    const monitor = board.monitors.get(id)
    if (monitor) return monitor
    throw new HttpError(404, `expected the id of a monitor, got ${JSON.stringify(id)}: /api/overview lists them`)
  }
  const overviewOf = (monitors: Iterable<WatchedMonitor>): Overview => ({
    ...frame(),
    ...barStarts(Date.now()),
    monitors: read((reader) => board.rows(monitors, reader)) ?? board.rows(monitors, undefined),
    failovers: board.failovers(),
    openIncidents: board.incidents.open(),
  })
  const overview = shared(() => tagged(ring, overviewOf(board.monitors.values())))
  const metrics = shared(() => {
    return answer('text/plain; version=0.0.4; charset=utf-8', metricsText(board), { cacheControl: 'no-store' })
  })
  const incident = (id: string) => {
    const found = board.incidents.find(id)
    if (!found)
      throw new HttpError(404, `expected the id of an incident, got ${JSON.stringify(id)}: see /api/incidents`)
    return incidentPage(found, board, read)
  }

  return {
    overview: (_, query) => {
      const ids = query.get('ids')
      return ids === null ? overview() : json(overviewOf([...new Set(ids.split(','))].map(monitorOf)))
    },
    monitor: (id) => {
      const monitor = monitorOf(id)
      const about = frame()
      const page = read((reader) => monitorPage(monitor, board, reader)) ?? monitorPage(monitor, board, undefined)
      return tagged(ring, { ...about, ...page })
    },
    series: async (id, query) => {
      const { everyMs } = monitorOf(id)
      const { eventId } = frame()
      const nowMs = Date.now()
      const range = rangeOf(query, nowMs, dayMs)
      const newest = board.latest(id).map((result) => {
        return { ...shorten(result, Date.parse(result.startedAt)), vantage: result.vantage }
      })
      const series = await seriesOf({ monitor: id, everyMs, ...range, newest }, read)
      return tagged(ring, { eventId, ...series })
    },
    failovers: () => {
      const vantages = [...board.vantages]
      const page = { vantages, failovers: board.failovers(), history: board.happenings.latest(mostHappenings) }
      return tagged(ring, { ...frame(), ...page } satisfies FailoversPage)
    },
    incidents: (_, query) => {
      const { fromMs, toMs } = rangeOf(query, Date.now() + 1, 30 * dayMs)
      const limit = limitOf(query.get('limit'))
      const found = board.incidents.within(fromMs, toMs, query.get('monitor') ?? undefined)
      const list = { incidents: found.slice(0, limit), more: found.length > limit }
      return tagged(ring, { ...frame(), ...list } satisfies IncidentList)
    },
    incident: async (id) => json({ ...frame(), ...(await incident(id)) }),
    incidentMarkdown: async (id) => {
      const name = `incident-${id.replace(/[^\w.-]+/g, '-')}.md`
      const headers = { 'content-disposition': `attachment; filename="${name}"` }
      return answer('text/markdown; charset=utf-8', incidentMarkdown(board.setup.service, await incident(id)), {
        headers,
      })
    },
    badge: (id, query) => {
      const monitor = monitorOf(id.replace(/\.svg$/, ''))
      const [row] = read((reader) => board.rows([monitor], reader)) ?? board.rows([monitor], undefined)
      return badge(row, query.get('show') ?? 'state')
    },
    metrics,
    healthz: () => healthAnswer(healthOf(board)),
    livez: () => healthAnswer(livenessOf(board)),
  } satisfies Record<Exclude<RouteName, 'page' | 'events'>, Handler>
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
