import { type PlannedFunction, planFailovers } from '../decide/failover-plan.ts'
import { planNotify } from '../decide/notify-plan.ts'
import { planShards } from '../decide/plan.ts'
import { amount } from '../decide/prices.ts'
import { formatDuration } from '../model/duration.ts'
import { loadDeployable } from './load-deployable.ts'
import type { Output } from './output.ts'
import { plainTable } from './plain-table.ts'
import { count, monitorsInWords } from './validate.ts'

/** `vedette plan`: what will run where in AWS. */
export async function plan(options: { config?: string; json?: boolean }, output: Output): Promise<number> {
  const config = await loadDeployable(options.config)
  const shards = planShards(config).map(({ monitors, ...shard }) => ({
    ...shard,
    monitors: monitors.map(({ id }) => id),
  }))
  const functions = [...planFailovers(config), ...planNotify(config)]
  if (options.json) {
    output.out(JSON.stringify({ shards, functions }))
    return 0
  }
  const rows = shards.map(
    ({ vantage, region, id, everyMs, monitors, worstCaseMs, invocationsPerMonth, runsPerMonth }) => [
      vantage === region ? vantage : `${vantage} (${region})`,
      id,
      `${monitors.length}`,
      formatDuration(everyMs),
      formatDuration(worstCaseMs),
      amount(invocationsPerMonth),
      amount(runsPerMonth),
    ],
  )
  const head = ['vantage', 'shard', 'monitors', 'every', 'worst case', 'calls a month', 'runs a month']
  output.out(plainTable({ head, rows, aligns: ['left', 'left', 'right', 'right', 'right', 'right', 'right'] }))
  if (functions.length > 0) output.out(`\n${functionTable(functions)}`)
  const places = `${count(config.vantages.length, 'vantage')}, ${count(config.controllers.length, 'controller region')}`
  output.out(`\n${config.service}: ${monitorsInWords(config.monitors)} in ${places}`)
  return 0
}

/** The functions that decide and that tell people, which no shard has. */
function functionTable(functions: readonly PlannedFunction[]): string {
  const rows = functions.map(({ name, region, timeoutSeconds, reserved, callsPerMonth }) => [
    name,
    region,
    `${timeoutSeconds}s`,
    reserved === undefined ? 'shared' : `${reserved}`,
    amount(callsPerMonth),
  ])
  const head = ['function', 'region', 'time-out', 'at once', 'calls a month']
  return plainTable({ head, rows, aligns: ['left', 'left', 'right', 'right', 'right'] })
}
