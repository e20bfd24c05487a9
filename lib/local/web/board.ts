import { causeOf } from '../../decide/health.ts'
import type { ProbeResult } from '../../model/result.ts'
import type { FailoverEvent } from '../../run/failover-event.ts'
import type { FailoverStatus } from '../../run/failover-status.ts'
import type { HistoryReader } from '../history-reader.ts'
import type { StoredTransition } from '../history-store.ts'
import type { LastRun as EngineRun, MonitorView } from '../snapshot.ts'
import type { EngineState, TroubleAt } from './api/engine.ts'
import type { ResultUpdate, StateChange, StreamEvents } from './api/events.ts'
import type { FailoverView } from './api/failovers.ts'
import type { MonitorRow } from './api/overview.ts'
import { BarsBoard } from './bars.ts'
import { BudgetBoard } from './budgets.ts'
import type { KeptEvent } from './event-ring.ts'
import { failoverView } from './failover-view.ts'
import type { FeedBatch, SiteSetup, WatchedMonitor } from './feed.ts'
import { Happenings } from './happenings.ts'
import { IncidentLog } from './incident-log.ts'
import { Sights } from './sights.ts'
import { encodeSparkline } from './sparkline.ts'
import { troubleOf } from './trouble.ts'

/** Enough for a sparkline. */
const sparklineRuns = 40
const mostTransitions = 20_000
const mostEvents = 2000

/** What is to be told of a batch. */
export type Told = { [Name in KeptEvent]: { name: Name; data: StreamEvents[Name] } }[KeptEvent]

/** Everything as it stands now: what the engine feeds, over what the history has of before. */
export class Board {
  readonly setup: SiteSetup
  /** Ids of the vantages that vote on failovers. */
  vantages: readonly string[] = []
  readonly monitors: ReadonlyMap<string, WatchedMonitor>
  readonly incidents: IncidentLog
  readonly happenings = new Happenings()
  readonly bars = new BarsBoard()
  readonly budgets: BudgetBoard
  readonly #views = new Map<string, MonitorView>()
  /** By monitor, then by vantage. */
  readonly #latest = new Map<string, Map<string, ProbeResult>>()
  readonly #failovers = new Map<string, FailoverStatus>()
  readonly #failuresBefore = new Map<string, TroubleAt>()
  #recentBefore: Map<string, (number | null)[]> | undefined
  readonly #sights = new Sights()
  #vitals: FeedBatch['vitals'] | undefined
  /** By a clock that nobody sets. */
  #heardAt = performance.now()

  constructor(setup: SiteSetup) {
    this.setup = setup
    this.monitors = new Map(setup.monitors.map((monitor) => [monitor.id, monitor]))
    this.incidents = new IncidentLog(this.monitors)
    this.budgets = new BudgetBoard(setup.monitors.flatMap(({ promised }) => promised ?? []))
  }

  /** Takes over what the history has of the time before the first batch. */
  recall(reader: HistoryReader): void {
    const { feedFromMs } = this.setup
    for (const transition of reader.latestTransitions(mostTransitions)) {
      const { monitor, atMs, cause } = transition
      if (atMs >= feedFromMs) break
      this.incidents.take(transition)
      if (cause) this.#failuresBefore.set(monitor, { atMs, ...troubleOf(cause) })
    }
    for (const { detail } of reader.events(0, feedFromMs, { kinds: ['failover'], limit: mostEvents }))
      this.happenings.take(detail as FailoverEvent)
  }

  /** Takes in a batch; gives what listeners are to be told. */
  take(batch: FeedBatch): Told[] {
    this.#heardAt = performance.now()
    this.#vitals = batch.vitals ?? this.#vitals
    this.vantages = batch.vantages
    for (const view of batch.views) this.#views.set(view.id, view)
    for (const result of batch.results) {
      const own = this.#latest.get(result.monitor) ?? new Map<string, ProbeResult>()
      this.#latest.set(result.monitor, own.set(result.vantage, result))
    }
    const changed = batch.failovers.filter(
      (status) => JSON.stringify(this.#failovers.get(status.id)) !== JSON.stringify(status),
    )
    for (const status of changed) this.#failovers.set(status.id, status)
    const seenAnew = this.#sights.take(batch.sights, changed.length > 0 ? this.failovers() : [])
    const updates = batch.results.flatMap((result) => this.#updateOf(result) ?? [])
    const sights = seenAnew.map((id) => ({ id, downAt: this.#downAt(id) }))
    return [
      ...(updates.length > 0 ? [{ name: 'results', data: updates } as const] : []),
      ...(sights.length > 0 ? [{ name: 'sights', data: sights } as const] : []),
      ...batch.transitions.flatMap((transition) => this.#changesOf(transition)),
      ...this.#failoversTold(changed, batch.failoverEvents),
    ]
  }

  /** The engine itself; how long nothing has been heard of it is `silentMs`. */
  engine(): EngineState & { silentMs: number } {
    const { service, version, startedAtMs } = this.setup
    const { lag, history, routes = [] } = this.#vitals ?? {}
    const [nowMs, silentMs] = [Date.now(), performance.now() - this.#heardAt]
    const { waiting = 0, dropped = 0, trouble } = history ?? {}
    return {
      ...{ service, version, startedAtMs, nowMs, silentMs },
      lag: { p50Ms: lag?.p50Ms ?? 0, p99Ms: lag?.p99Ms ?? 0, maxMs: lag?.maxMs ?? 0 },
      history: { waiting, dropped, ...(trouble !== undefined && { trouble }) },
      routes,
    }
  }

  failovers(): FailoverView[] {
    return this.setup.failovers.map((failover) =>
      failoverView(failover, this.#failovers.get(failover.id), this.vantages),
    )
  }

  /** The latest result of a monitor from each vantage, in full. */
  latest(monitor: string): ProbeResult[] {
    return [...(this.#latest.get(monitor)?.values() ?? [])]
  }

  view(monitor: string): MonitorView | undefined {
    return this.#views.get(monitor)
  }

  /** The rows of these monitors. `reader` is absent while the history cannot be read. */
  rows(monitors: Iterable<WatchedMonitor>, reader: HistoryReader | undefined): MonitorRow[] {
    const nowMs = Date.now()
    if (reader) this.bars.refresh(reader, nowMs)
    this.#recentBefore ??= reader?.recentDurations(this.setup.startedAtMs, sparklineRuns)
    return [...monitors].map((monitor) => this.#row(monitor))
  }

  #row(monitor: WatchedMonitor): MonitorRow {
    const { id, kind, target, tags, severity, everyMs } = monitor
    const view = this.#views.get(id)
    const failure = view?.lastFailure
    const lastFailure = failure ? { atMs: failure.atMs, ...troubleOf(failure) } : this.#failuresBefore.get(id)
    const downAt = this.#downAt(id)
    const budget = this.budgets.mark(id)
    const recent = [...(this.#recentBefore?.get(id) ?? []), ...(view?.recent ?? [])].slice(-sparklineRuns)
    return {
      ...{ id, kind, target, tags, severity, everyMs },
      state: view?.state ?? 'pending',
      sinceMs: view?.sinceMs ?? this.setup.startedAtMs,
      ...(view?.muted && { muted: true as const }),
      ...(view?.last && { last: runOf(view.last) }),
      ...(lastFailure && { lastFailure }),
      ...(downAt.length > 0 && { downAt }),
      ...this.bars.of(id, everyMs),
      ...(budget && { budget }),
      sparkline: encodeSparkline(recent),
    }
  }

  #downAt(monitor: string): string[] {
    const own = this.latest(monitor).flatMap(({ status, vantage }) => (status === 'down' ? [vantage] : []))
    return [...own, ...this.#sights.downAt(monitor)]
  }

  #updateOf(result: ProbeResult): ResultUpdate | undefined {
    const view = this.#views.get(result.monitor)
    if (!view) return undefined
    const { monitor: id, vantage, status, startedAt, durationMs, attempts, phases } = result
    const cause = causeOf(result)
    const downAt = this.#downAt(id)
    return {
      ...{ id, vantage, state: view.state, sinceMs: view.sinceMs },
      last: { atMs: Date.parse(startedAt), status, durationMs, attempts, phases },
      ...(view.muted && { muted: true as const }),
      ...(cause && { trouble: troubleOf(cause) }),
      ...(downAt.length > 0 && { downAt }),
    }
  }

  #changesOf(transition: StoredTransition): Told[] {
    const { monitor: id, cause, ...rest } = transition
    const change: StateChange = { id, ...rest, ...(cause && { trouble: troubleOf(cause) }) }
    const incident = this.incidents.take(transition)
    return [
      { name: 'state', data: change },
      // A copy: it is kept, and changes when it ends.
      ...(incident ? [{ name: 'incident', data: { ...incident } } as const] : []),
    ]
  }

  #failoversTold(changed: readonly FailoverStatus[], failoverEvents: readonly FailoverEvent[]): Told[] {
    if (changed.length + failoverEvents.length === 0) return []
    const views = new Map(this.failovers().map((view) => [view.id, view]))
    const happened = failoverEvents.flatMap((event): Told[] => {
      const failover = views.get(event.failover)
      const happening = this.happenings.take(event)
      return failover && happening ? [{ name: 'failover', data: { failover, happening } }] : []
    })
    const told = new Set(happened.map((one) => one.name === 'failover' && one.data.failover.id))
    const others = changed.flatMap(({ id }): Told[] => {
      const failover = views.get(id)
      return failover && !told.has(id) ? [{ name: 'failover', data: { failover } }] : []
    })
    return [...happened, ...others]
  }
}

/** A run without its phases: a thousand of them are one answer. */
function runOf({ atMs, status, durationMs, attempts }: EngineRun): NonNullable<MonitorRow['last']> {
  return { atMs, status, durationMs: Math.round(durationMs * 100) / 100, attempts }
}
