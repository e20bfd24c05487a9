import { budgetReasonText } from '../../decide/budget-decision.ts'
import type { Judged, SloReport } from '../../decide/budget-report.ts'
import { emptyRing, type VoteRing } from '../../decide/vote-ring.ts'
import type { HistoryReader } from '../history-reader.ts'
import { reportOf, ringsOf } from '../slo-report.ts'
import type { BudgetMark, BudgetView } from './api/budget.ts'

/** A report is made anew after so long; votes of all monitors are read no more often, and less often the longer that takes. */
const freshForMs = 5000
const mostReading = 0.02

interface Known {
  report: SloReport
  atMs: number
}

/**
 * How error budgets stand, by the arithmetic of `vedette budget`. A report takes milliseconds: of many monitors, those that
 * were not looked at for longest have their turn, a few at a time.
 */
export class BudgetBoard {
  readonly #monitors: ReadonlyMap<string, Judged>
  readonly #known = new Map<string, Known>()
  #rings = new Map<string, VoteRing>()
  #ringsAtMs = Number.NEGATIVE_INFINITY
  #ringsUntilMs = Number.NEGATIVE_INFINITY

  constructor(monitors: readonly Judged[]) {
    this.#monitors = new Map(monitors.map((monitor) => [monitor.id, monitor]))
  }

  /** Brings the oldest reports up to date until it has taken `forMs`; one at least. */
  refresh(reader: HistoryReader, nowMs: number, forMs: number): void {
    const endMs = performance.now() + forMs
    // A clock that was set back makes every report due.
    const age = (id: string) => {
      const ageMs = nowMs - (this.#known.get(id)?.atMs ?? Number.NEGATIVE_INFINITY)
      return ageMs < 0 ? Number.POSITIVE_INFINITY : ageMs
    }
    const due = [...this.#monitors.keys()].filter((id) => age(id) >= freshForMs).sort((a, b) => age(b) - age(a) || 0)
    for (const id of due) {
      this.#report(id, reader, nowMs)
      if (performance.now() >= endMs) return
    }
  }

  /** The budget of a monitor as it stands now; undefined where it promises nothing. `reader` is absent while the history cannot be read. */
  view(id: string, reader: HistoryReader | undefined, nowMs: number): BudgetView | undefined {
    if (reader) this.#report(id, reader, nowMs)
    const report = this.latest(id)
    return report && { ...report, why: report.verdict.reasons.map(budgetReasonText) }
  }

  /** The same in short, as it was reckoned last. */
  mark(id: string): BudgetMark | undefined {
    const report = this.latest(id)
    if (!report) return undefined
    const { account, pairs, verdict } = report
    const [burning] = pairs.filter(({ isBurning }) => isBurning).map(({ pair }) => pair.severity)
    const [first] = verdict.reasons
    return {
      ...{ left: account.left, decision: verdict.decision, ...(burning && { burning }) },
      ...(first && verdict.decision !== 'keep' && { why: budgetReasonText(first) }),
    }
  }

  /** The latest report of a monitor, if anything was seen of it. */
  latest(id: string): SloReport | undefined {
    const report = this.#known.get(id)?.report
    return report?.account.uptime === undefined ? undefined : report
  }

  #report(id: string, reader: HistoryReader, nowMs: number): void {
    const monitor = this.#monitors.get(id)
    if (!monitor) return
    const ring = this.#ringsAt(reader, nowMs).get(id) ?? emptyRing(nowMs)
    this.#known.set(id, { report: reportOf(monitor, reader, ring, { nowMs }), atMs: nowMs })
  }

  #ringsAt(reader: HistoryReader, nowMs: number): Map<string, VoteRing> {
    if (nowMs < this.#ringsUntilMs && nowMs >= this.#ringsAtMs) return this.#rings
    const beganMs = performance.now()
    this.#rings = ringsOf(reader, [...this.#monitors.values()], { nowMs })
    this.#ringsAtMs = nowMs
    this.#ringsUntilMs = nowMs + Math.max(freshForMs, (performance.now() - beganMs) / mostReading)
    return this.#rings
  }
}
