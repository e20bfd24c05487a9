import type { PairState } from '../decide/budget.ts'
import type { Account } from '../decide/budget-account.ts'
import { type BudgetDecision, type BudgetReason, budgetReasonText, decisions } from '../decide/budget-decision.ts'
import type { SloReport } from '../decide/budget-report.ts'
import { formatDuration, inTwoUnits } from '../model/duration.ts'
import { percentText, timesText } from '../model/figures.ts'
import { plainTable } from './plain-table.ts'
import { utcText } from './words.ts'

/** Budgets as a table, worst first; in detail those that are not to be kept, or all. */
export function budgetText(
  service: string,
  reports: readonly SloReport[],
  { isDetailed, decision }: { isDetailed: boolean; decision: BudgetDecision },
): string {
  const rank = ({ verdict, account }: SloReport) => decisions.indexOf(verdict.decision) * 1e3 + account.left
  const sorted = reports.toSorted((a, b) => rank(a) - rank(b))
  const rows = sorted.map(({ monitor, slo, account, pairs, verdict }) => [
    verdict.decision,
    monitor,
    `${slo.objective} % over ${formatDuration(slo.windowMs)}`,
    percentText(account.left, 1),
    burnText(pairs[0]),
    verdict.exhaustion ? inTwoUnits(verdict.exhaustion.inMs) : '–',
  ])
  const head = ['decision', 'monitor', 'objective', 'left', 'burns', 'gone in']
  const detailed = sorted.filter(({ verdict }) => isDetailed || verdict.decision !== 'keep')
  return [
    plainTable({ head, rows, aligns: ['left', 'left', 'left', 'right', 'right', 'right'] }),
    ...detailed.flatMap((report) => ['', ...detailLines(report)]),
    '',
    `${service}: ${decision}`,
  ].join('\n')
}

function burnText(state: PairState | undefined): string {
  return state ? `${timesText(state.longBurn)} in ${state.pair.id}` : '–'
}

function detailLines({ monitor, slo, account, pairs, verdict }: SloReport): string[] {
  const burns = pairs.map(({ pair, longBurn, shortBurn, seenMs, isBurning }) => {
    const rates = `${timesText(longBurn)} / ${timesText(shortBurn)}`
    return `${pair.id} / ${formatDuration(pair.shortMs)}: ${rates} (${pair.severity} above ${timesText(pair.burnRate)})${seenMs < pair.longMs ? `, ${inTwoUnits(seenMs)} of ${pair.id} seen` : ''}${isBurning ? ' BURNING' : ''}`
  })
  const nothing = 'nothing alerts on it: it runs too seldom, or promises too little, for any pair of windows'
  return [
    `${monitor}: ${verdict.decision}`,
    ...shown(verdict.reasons).map((reason, i) => `  ${i === 0 ? 'why   ' : '      '}  ${budgetReasonText(reason)}`),
    `  budget  ${inTwoUnits(account.budgetMs)} of downtime; ${inTwoUnits(account.downMs)} spent, ${leftText(account)}`,
    `  uptime  ${uptimeText(account)}`,
    `  seen    ${seenText(account, slo.windowMs)}`,
    ...(burns.length > 0 ? burns : [nothing]).map((line, i) => `  ${i === 0 ? 'burn  ' : '      '}  ${line}`),
  ]
}

/** The first pair that burns says it; the others are marked below. */
function shown(reasons: readonly BudgetReason[]): BudgetReason[] {
  const first = reasons.find(({ code }) => code === 'burning')
  return reasons.filter((reason) => reason.code !== 'burning' || reason === first)
}

function leftText({ leftMs }: Account): string {
  return leftMs >= 0 ? `${inTwoUnits(leftMs)} left` : `overdrawn by ${inTwoUnits(-leftMs)}`
}

function uptimeText({ uptime, uptimeOutsideMaintenance, maintenance }: Account): string {
  if (uptime === undefined) return 'nothing was seen yet'
  if (maintenance.ms === 0) return percentText(uptime, 3)
  const outside = uptimeOutsideMaintenance === undefined ? '–' : percentText(uptimeOutsideMaintenance, 3)
  return `${percentText(uptime, 3)}, ${outside} outside ${inTwoUnits(maintenance.ms)} of maintenance (${inTwoUnits(maintenance.downMs)} down in it)`
}

function seenText({ fromMs, upMs, downMs, unknownMs, unwatchedMs }: Account, windowMs: number): string {
  const parts = [
    `${inTwoUnits(Math.min(upMs + downMs, windowMs))} of ${formatDuration(windowMs)}`,
    ...(unknownMs >= 60_000 ? [`${inTwoUnits(unknownMs)} not known (no votes)`] : []),
    ...(unwatchedMs >= 60_000 ? [`not watched before ${utcText(fromMs + unwatchedMs)} UTC`] : []),
  ]
  return parts.join(', ')
}
