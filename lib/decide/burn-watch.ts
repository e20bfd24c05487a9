import type { PairState } from './budget.ts'

export type Severity = PairState['pair']['severity']

/** A change of an objective's alert: one alert a severity, whichever of its pairs burn. */
export interface BurnChange {
  severity: Severity
  open: boolean
  /** The fastest pair that burns; of an alert that closes, the one that is nearest to its rate. */
  worst: PairState
}

/** Which alerts are open: plain data, empty to begin with. */
export type OpenBurns = Partial<Record<Severity, true>>

/** Takes in how the pairs of an objective stand now; gives what is open, and what changed. */
export function judgeBurns(open: OpenBurns, states: readonly PairState[]): { open: OpenBurns; changes: BurnChange[] } {
  const next: OpenBurns = {}
  const changes: BurnChange[] = []
  for (const severity of ['page', 'ticket'] as const) {
    const own = states.filter(({ pair }) => pair.severity === severity)
    const worst = worstOf(own)
    if (!worst) continue
    const isOpen = own.some(({ isBurning }) => isBurning)
    if (isOpen) next[severity] = true
    if (isOpen !== (open[severity] ?? false)) changes.push({ severity, open: isOpen, worst })
  }
  return { open: next, changes }
}

/** Of pairs with the fastest first. */
function worstOf(states: readonly PairState[]): PairState | undefined {
  const weight = ({ longBurn, pair }: PairState) => longBurn / pair.burnRate
  return states.find(({ isBurning }) => isBurning) ?? states.toSorted((a, b) => weight(b) - weight(a))[0]
}
