import type { PairState } from './budget.ts'

export type Severity = PairState['pair']['severity']

/** A change of an objective's alert: one alert a severity, whichever of its pairs burn. */
export interface BurnChange {
  severity: Severity
  open: boolean
  /** The pair that burns most of its rate; of an alert that closes, the one that was nearest to it. */
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

/** Burning ones first, then by how far the long window is over its rate. */
function worstOf(states: readonly PairState[]): PairState | undefined {
  const weight = ({ isBurning, longBurn, pair }: PairState) => (isBurning ? 1e9 : 0) + longBurn / pair.burnRate
  return [...states].sort((a, b) => weight(b) - weight(a))[0]
}
