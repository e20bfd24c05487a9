import { longestWindowMs } from '../decide/budget.ts'
import { decisions } from '../decide/budget-decision.ts'
import { type Promised, type SloReport, withSlo } from '../decide/budget-report.ts'
import { emptyRing } from '../decide/vote-ring.ts'
import { reportOf, ringsOf } from '../local/slo-report.ts'
import { budgetText } from './budget-view.ts'
import { chosenMonitors } from './chosen-monitors.ts'
import type { Output } from './output.ts'
import { timeOption, withHistory } from './read-history.ts'
import { UsageError } from './usage-error.ts'
import { type WatchedOptions, watchedBy } from './watched.ts'

export interface BudgetOptions extends WatchedOptions {
  monitor?: string[]
  since?: string
  json?: boolean
  strict?: boolean
}

/**
 * `vedette budget`: what is left of every error budget, how fast it burns, and whether a change may stay. Exit 0: keep, or watch
 * closely; 1: roll back (with `strict`, also watch closely).
 */
export async function budget(options: BudgetOptions, output: Output): Promise<number> {
  const { config, history } = await watchedBy(options, output)
  const monitors = withSlo(chosenMonitors(config, options.monitor))
  if (monitors.length === 0) {
    const whose = options.monitor?.length ? options.monitor.join(', ') : 'no monitor of the config'
    throw new UsageError(`${whose} has an "slo": add "slo": { "objective": 99.9 } to those that promise something`)
  }
  const nowMs = Date.now()
  const sinceMs = options.since === undefined ? undefined : timeOption('--since', options.since, nowMs)
  if (sinceMs !== undefined && sinceMs < nowMs - longestWindowMs)
    throw new UsageError(`--since: expected a time within the last 3 days, got ${options.since}`)
  const times = { nowMs, ...(sinceMs !== undefined && { sinceMs }) }
  const { reports, problems } = options.aws
    ? await (await import('./budget-aws.ts')).awsReports(config, monitors, times)
    : { reports: localReports(history, monitors, times), problems: [] }
  const worst = worstOf(reports)
  if (options.json) output.out(JSON.stringify({ service: config.service, decision: worst, budgets: reports }))
  else
    output.out(budgetText(config.service, reports, { isDetailed: (options.monitor ?? []).length > 0, decision: worst }))
  for (const problem of problems) output.err(problem)
  return worst === 'roll back' || (options.strict && worst !== 'keep') ? 1 : 0
}

function localReports(file: string, monitors: readonly Promised[], times: { nowMs: number; sinceMs?: number }) {
  return withHistory(file, (reader) => {
    const rings = ringsOf(reader, monitors, times)
    return monitors.map((monitor) => reportOf(monitor, reader, rings.get(monitor.id) ?? emptyRing(times.nowMs), times))
  })
}

function worstOf(reports: readonly SloReport[]) {
  return decisions.find((decision) => reports.some(({ verdict }) => verdict.decision === decision)) ?? 'keep'
}
