import type { Board } from './board.ts'
import type { MetricFamilies } from './prometheus.ts'

/** Error budgets of the monitors that promise something; nothing of those that nobody has seen yet. */
export function addBudgets(families: MetricFamilies, board: Board): void {
  for (const monitor of board.monitors.keys()) {
    const report = board.budgets.latest(monitor)
    if (!report) continue
    const { account, pairs, slo } = report
    families.gauge('vedette_slo_objective_ratio', 'The promised share of good votes.', { monitor }, slo.objective / 100)
    families.gauge(
      'vedette_error_budget_remaining_ratio',
      'Share of the error budget that is left; negative once it is overdrawn.',
      { monitor },
      account.left,
    )
    for (const { pair, longBurn, shortBurn, seenMs, isBurning } of pairs) {
      const labels = { monitor, window: pair.id }
      const burn = (part: 'long' | 'short', rate: number) =>
        families.gauge(
          'vedette_error_budget_burn_rate',
          'How many times faster than promised the budget goes, in the long and in the short window of a pair.',
          { ...labels, part },
          rate,
        )
      burn('long', longBurn)
      burn('short', shortBurn)
      const seen = 'How much of the long window was seen.'
      families.gauge('vedette_error_budget_seen_ratio', seen, labels, seenMs / pair.longMs)
      const help = 'Whether both windows of a pair burn: somebody is told.'
      families.gauge('vedette_error_budget_burning', help, { ...labels, severity: pair.severity }, Number(isBurning))
    }
  }
}
