import type { BudgetDecision } from '../../../decide/budget-decision.ts'
import type { SloReport } from '../../../decide/budget-report.ts'

/** An error budget, as `vedette budget --json` gives it: where the time went, burn rates by pair of windows, the decision. */
export interface BudgetView extends SloReport {
  /** The reasons of the decision in words, the weightiest first. */
  why: string[]
}

/** An error budget in short; a few seconds old, up to minutes where very many monitors have one. */
export interface BudgetMark {
  /** Share of the budget that is left; negative once it is overdrawn. */
  left: number
  decision: BudgetDecision
  /** The worst pair of windows that burns; absent for none. */
  burning?: 'page' | 'ticket'
  /** The weightiest reason, where the decision is not to keep. */
  why?: string
}
