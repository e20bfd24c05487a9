import type { Certificate, ProbeResult } from '../../../model/result.ts'
import type { BudgetView } from './budget.ts'
import type { EngineState } from './engine.ts'
import type { IncidentSummary } from './incidents.ts'
import type { MonitorRow, Overview } from './overview.ts'

/** The answer of `/api/monitors/:id`. */
export interface MonitorPage {
  eventId: string
  engine: EngineState
  hours: Overview['hours']
  days: Overview['days']
  row: MonitorRow
  /** As it runs: every default filled in, secrets blotted out. */
  config: Record<string, unknown>
  runbook?: string
  dependsOn: string[]
  /** Failovers that it checks an endpoint of. */
  failovers: string[]
  /** Its error budget, where it promises something and anything was seen of it. */
  budget?: BudgetView
  /** Of the latest run that saw one. */
  certificate?: Certificate & { seenAtMs: number }
  /** The last 50, newest first, in full. */
  results: ProbeResult[]
  /** Of the last 30 days, newest first, at most 20. */
  incidents: IncidentSummary[]
  /** Path of its badge; where a token is needed, with a key that opens this badge alone. */
  badge: string
}
