import type { Judged } from '../../decide/budget-report.ts'
import type { RouteHealth } from '../../decide/route-health.ts'
import type { Failover } from '../../model/failover.ts'
import type { Kind } from '../../model/monitor.ts'
import type { ProbeResult } from '../../model/result.ts'
import type { FailoverEvent } from '../../run/failover-event.ts'
import type { FailoverStatus } from '../../run/failover-status.ts'
import type { Sight } from '../failover-watch.ts'
import type { StoredTransition } from '../history-store.ts'
import type { MonitorView, Snapshot } from '../snapshot.ts'

/** What the dashboard knows of a monitor from the config. Holds no secret. */
export interface WatchedMonitor {
  id: string
  kind: Kind
  /** What it watches, short. */
  target: string
  tags: string[]
  severity: 'page' | 'ticket'
  everyMs: number
  runbook?: string
  dependsOn: string[]
  /** What its objective is judged by, where it promises something. */
  promised?: Judged
  /** As it runs. */
  config: Record<string, unknown>
}

/** What the dashboard knows of a failover from the config. */
export type WatchedFailover = Pick<
  Failover,
  'id' | 'record' | 'zone' | 'ttl' | 'mode' | 'check' | 'endpoints' | 'quorum'
>

/** All that the dashboard needs to begin with. Plain data: it goes to a thread of its own. */
export interface SiteSetup {
  service: string
  version: string
  /** When the engine started. */
  startedAtMs: number
  historyPath: string
  /** When the feed begins: what was before is in the history. */
  feedFromMs: number
  monitors: WatchedMonitor[]
  failovers: WatchedFailover[]
  /** Whoever reads must know it; anyone on this machine may where absent. */
  token?: string
}

/** How the engine itself does. */
export type EngineVitals = Pick<Snapshot, 'lag' | 'history'> & {
  /** How telling people goes; absent where the config has no routes. */
  routes?: RouteHealth[]
}

/** What happened since the last batch. */
export interface FeedBatch {
  /** Where they are due: they take longer to tell than all else. */
  vitals?: EngineVitals
  /** Ids of the vantages that vote on failovers. */
  vantages: readonly string[]
  /** Monitors that had a result, as they stand now. */
  views: MonitorView[]
  results: ProbeResult[]
  transitions: StoredTransition[]
  /** What simulated vantages saw of monitors the last time that they looked. */
  sights: Sight[]
  /** All failovers as they stand now; empty where nothing happened to any. */
  failovers: FailoverStatus[]
  failoverEvents: FailoverEvent[]
}
