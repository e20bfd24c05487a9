import { type Bill, billOf } from '../decide/cost.ts'
import { amount } from '../decide/prices.ts'
import { formatDuration } from '../model/duration.ts'
import { loadDeployable } from './load-deployable.ts'
import type { Output } from './output.ts'
import { plainTable } from './plain-table.ts'
import { count } from './validate.ts'

/** `vedette cost`: the monthly bill in AWS, line by line, before anything is deployed. */
export async function cost(options: { config?: string; json?: boolean }, output: Output): Promise<number> {
  const config = await loadDeployable(options.config)
  const bill = billOf(config)
  output.out(options.json ? JSON.stringify(bill) : billTable(config.service, bill))
  return 0
}

function billTable(service: string, bill: Bill): string {
  const dearestFirst = [...bill.lines].sort((a, b) => b.monthlyUsd - a.monthlyUsd)
  const rows = dearestFirst.map(({ what, formula, quantity, unit, price, monthlyUsd }) => [
    what,
    formula,
    `${amount(quantity)} ${unit}${quantity === 1 || unit.startsWith('GB') ? '' : 's'}`,
    `$${price.usd < 0.01 ? price.usd : price.usd.toLocaleString('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 3 })}${price.per === 1 ? '' : ` per ${amount(price.per)}`}`,
    dollars(monthlyUsd),
  ])
  const head = ['what', 'how many', 'quantity', 'price', 'a month']
  const { healthChecks, runsPerMonth } = bill
  const watchable = count(healthChecks.monitors, 'http or tcp monitor')
  return [
    plainTable({ head, rows, aligns: ['left', 'left', 'right', 'left', 'right'] }),
    '',
    `${service}: ${dollars(bill.monthlyUsd)} a month for ${amount(runsPerMonth)} runs`,
    ...belowMinuteText(bill),
    `  the same runs in CloudWatch Synthetics: ${dollars(bill.syntheticsUsd)}`,
    `  Route 53 health checks: ${dollars(healthChecks.monthlyUsd)} for ${watchable}, without causes, certificates and DNS`,
    `List prices of us-east-1 as of ${bill.pricesAsOf}, without free tiers and taxes. What SNS, PagerDuty and Slack charge for messages, and data transfer, come on top.`,
  ].join('\n')
}

/** Why a bill is high that need not be. */
function belowMinuteText({ belowMinute }: Bill): string[] {
  if (!belowMinute) return []
  const loops = belowMinute.loops.map(
    ({ everyMs, monitors, monthlyUsd }) =>
      `  every: "${formatDuration(everyMs)}" on ${count(monitors, 'monitor')}: ${dollars(monthlyUsd)} of it, as below a minute functions run all the time`,
  )
  return [...loops, `  with every: "1m" instead: ${dollars(belowMinute.atMinuteUsd)} a month`]
}

/** `$1,234.50` */
export function dollars(usd: number): string {
  return `$${usd.toLocaleString('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 })}`
}
