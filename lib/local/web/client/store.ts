import type { ResultUpdate, StreamEvent } from '../api/events.ts'
import type { FailoverView } from '../api/failovers.ts'
import type { IncidentSummary } from '../api/incidents.ts'
import type { MonitorRow, Overview } from '../api/overview.ts'
import { decodeSparkline } from '../sparkline.ts'
import { setServerClock } from './clock.ts'

/** What every page knows: the overview, kept true by the stream. */
export interface Store {
  overview: Overview
  rows: Map<string, MonitorRow>
}

/** As many runs as a sparkline shows. */
const sparklineRuns = 40

/** Durations of sparklines that were shown or changed: most are decoded only when somebody scrolls to them. */
const sparklines = new WeakMap<MonitorRow, (number | null)[]>()

/** Makes a store of an overview. */
export function storeOf(overview: Overview): Store {
  setServerClock(overview.engine.nowMs)
  return { overview, rows: new Map(overview.monitors.map((row) => [row.id, row])) }
}

/** Takes in what the stream says; gives the ids of the monitors that it changes. */
export function take(store: Store, event: StreamEvent): string[] {
  if (event.name === 'tick') {
    store.overview.engine = event.data
    setServerClock(event.data.nowMs)
  } else if (event.name === 'failover') {
    store.overview.failovers = replaceFailover(store.overview.failovers, event.data.failover)
  } else if (event.name === 'incident') {
    store.overview.openIncidents = replaceIncident(store.overview.openIncidents, event.data)
  } else if (event.name === 'results') {
    return event.data.flatMap((update) => {
      const row = store.rows.get(update.id)
      if (row) takeResult(row, update)
      return row ? [row.id] : []
    })
  } else if (event.name === 'sights') {
    return event.data.flatMap(({ id, downAt }) => {
      const row = store.rows.get(id)
      if (row) takeDownAt(row, downAt)
      return row ? [id] : []
    })
  }
  return []
}

function takeDownAt(row: MonitorRow, downAt: readonly string[] = []): void {
  if (downAt.length > 0) row.downAt = [...downAt]
  else delete row.downAt
}

function takeResult(row: MonitorRow, update: ResultUpdate): void {
  const { last, state, sinceMs, muted, trouble, downAt } = update
  const isGood = last.status === 'up' || last.status === 'degraded'
  const durations = durationsOf(row)
  durations.push(isGood ? last.durationMs : null)
  if (durations.length > sparklineRuns) durations.shift()
  Object.assign(row, { last, state, sinceMs })
  if (trouble) row.lastFailure = { ...trouble, atMs: last.atMs }
  if (muted) row.muted = muted
  else delete row.muted
  takeDownAt(row, downAt)
}

/** The latest durations of a monitor, oldest first; null for a run that failed. */
export function durationsOf(row: MonitorRow): (number | null)[] {
  const known = sparklines.get(row)
  if (known) return known
  const durations = decodeSparkline(row.sparkline)
  sparklines.set(row, durations)
  return durations
}

/** The same list with this failover as it stands now. */
export function replaceFailover(all: readonly FailoverView[], one: FailoverView): FailoverView[] {
  return all.map((failover) => (failover.id === one.id ? one : failover))
}

/** The open incidents after one began or ended. */
function replaceIncident(open: readonly IncidentSummary[], one: IncidentSummary): IncidentSummary[] {
  const others = open.filter(({ id }) => id !== one.id)
  return one.recovery || one.endUnknown ? others : [one, ...others]
}

/** Who votes, with those that were not known yet when the page was loaded: failovers begin a moment after the dashboard. */
export function withVoters(known: readonly string[], { endpoints }: Pick<FailoverView, 'endpoints'>): string[] {
  return [...new Set([...known, ...endpoints.flatMap(({ votes }) => [...votes.up, ...votes.down, ...votes.none])])]
}
