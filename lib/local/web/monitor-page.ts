import type { Certificate, ProbeResult } from '../../model/result.ts'
import type { HistoryReader } from '../history-reader.ts'
import { hourMs } from '../history-schema.ts'
import type { MonitorPage } from './api/monitor.ts'
import { routes } from './api/routes.ts'
import { barStarts } from './bars.ts'
import type { Board } from './board.ts'
import type { WatchedMonitor } from './feed.ts'
import { badgeKey } from './guard.ts'

const resultsInFull = 50
const mostIncidents = 20
const incidentDays = 30

/** The page of one monitor; `reader` is absent while the history cannot be read. */
export function monitorPage(
  monitor: WatchedMonitor,
  board: Board,
  reader: HistoryReader | undefined,
): Omit<MonitorPage, 'eventId' | 'engine'> | undefined {
  const { id, config, runbook, dependsOn } = monitor
  const nowMs = Date.now()
  const budget = board.budgets.view(id, reader, nowMs)
  const [row] = board.rows([monitor], reader)
  if (!row) return undefined
  const results = withNewest(reader?.latest(id, resultsInFull) ?? [], board.latest(id)).slice(0, resultsInFull)
  const certificate = lastCertificate(results)
  const failovers = board
    .failovers()
    .filter(({ endpoints }) => endpoints.some(({ monitors }) => monitors.includes(id)))
    .map((failover) => failover.id)
  return {
    ...barStarts(nowMs),
    ...{ row, config, ...(runbook !== undefined && { runbook }), dependsOn, failovers },
    ...(budget && { budget }),
    ...(certificate && { certificate }),
    results,
    incidents: board.incidents.within(nowMs - incidentDays * 24 * hourMs, nowMs + hourMs, id).slice(0, mostIncidents),
    badge: badgePath(id, board.setup.token),
  }
}

/** Where a monitor's badge is; with the key that opens it where a token is needed. */
function badgePath(id: string, token: string | undefined): string {
  const path = routes.badge.replace(':id', `${encodeURIComponent(id)}.svg`)
  return token === undefined ? path : `${path}?key=${badgeKey(path, token)}`
}

/** The history's results with those that it does not have yet, newest first. */
function withNewest(kept: readonly ProbeResult[], latest: readonly ProbeResult[]): ProbeResult[] {
  const known = new Set(kept.map(({ startedAt, vantage }) => `${startedAt} ${vantage}`))
  const missing = latest.filter(({ startedAt, vantage }) => !known.has(`${startedAt} ${vantage}`))
  return [...missing, ...kept].sort((a, b) => (a.startedAt < b.startedAt ? 1 : -1))
}

function lastCertificate(results: readonly ProbeResult[]): MonitorPage['certificate'] {
  for (const { observed, startedAt } of results) {
    const certificate = (observed as { certificate?: Certificate }).certificate
    if (certificate) return { ...certificate, seenAtMs: Date.parse(startedAt) }
  }
  return undefined
}
