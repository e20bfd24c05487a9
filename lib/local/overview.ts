import { type SloReport, withSlo } from '../decide/budget-report.ts'
import type { Cause, State } from '../decide/health.ts'
import { causeOf } from '../decide/health.ts'
import { inMaintenance } from '../decide/maintenance.ts'
import { emptyRing } from '../decide/vote-ring.ts'
import type { EventOf, VedetteEvent } from '../model/event.ts'
import type { Monitor } from '../model/monitor.ts'
import { isWell, type ProbeResult } from '../model/result.ts'
import type { HistoryReader } from './history-reader.ts'
import { reportOf, ringsOf } from './slo-report.ts'

/** How a monitor stands, by its history. */
export interface MonitorStatus {
  id: string
  state: State
  sinceMs?: number
  cause?: Cause
  /** In a maintenance window now. */
  muted: boolean
  /** The newest result; absent where there is none. */
  lastMs?: number
  /** So long without a result that nobody is watching it. */
  silent: boolean
  /** What of its speed is wrong. */
  slow: EventOf<'latency.slow'>[]
  /** Its error budget, where it promises something. */
  budget?: SloReport
}

const takeOverMs = 8 * 86_400_000
/** A result is late after this many intervals, and some time for retries and for writing. */
const silentAfter = { intervals: 3, ms: 60_000 }

/** How the monitors of a config stand, by what the history has: it needs no running engine. */
export function overviewOf(monitors: readonly Monitor[], reader: HistoryReader, nowMs: number): MonitorStatus[] {
  const states = new Map(reader.statesAt(nowMs + 1).map((transition) => [transition.monitor, transition]))
  const promised = withSlo(monitors)
  const rings = promised.length > 0 ? ringsOf(reader, promised, { nowMs }) : new Map()
  const budgets = new Map(
    promised.map((monitor) => [
      monitor.id,
      reportOf(monitor, reader, rings.get(monitor.id) ?? emptyRing(nowMs), { nowMs }),
    ]),
  )
  const slow = slowNow(reader, nowMs)
  return monitors.map((monitor) => {
    const { id, everyMs, maintenance } = monitor
    const [last] = reader.latest(id, 1)
    const lastMs = last && Date.parse(last.startedAt)
    const state = states.get(id)
    const budget = budgets.get(id)
    const cause = state?.to === 'up' ? undefined : (last && causeOf(last)) || state?.cause
    return {
      ...{ id, state: state?.to ?? stateOf(last), muted: inMaintenance(maintenance, nowMs), slow: slow.get(id) ?? [] },
      silent: lastMs === undefined || nowMs - lastMs > silentAfter.intervals * everyMs + silentAfter.ms,
      ...(state && { sinceMs: state.atMs }),
      ...(cause && { cause }),
      ...(lastMs !== undefined && { lastMs }),
      ...(budget && { budget }),
    }
  })
}

/** Before its first change of state a monitor is what it is not known to be. */
function stateOf(last: ProbeResult | undefined): State {
  return last && isWell(last.status) ? last.status : 'pending'
}

/** What was found slow and has not become normal since. */
function slowNow(reader: HistoryReader, nowMs: number): Map<string, EventOf<'latency.slow'>[]> {
  const open = new Map<string, EventOf<'latency.slow'>[]>()
  for (const { detail } of reader.events(nowMs - takeOverMs, nowMs + 1, { kinds: ['latency'] })) {
    const event = detail as VedetteEvent
    if (event.type !== 'latency.slow' && event.type !== 'latency.normal') continue
    const others = (open.get(event.monitor) ?? []).filter(({ against }) => against !== event.against)
    open.set(event.monitor, event.type === 'latency.slow' ? [...others, event] : others)
  }
  return open
}
