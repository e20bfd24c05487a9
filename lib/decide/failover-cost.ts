import type { Config } from '../model/config.ts'
import { controllerAlarms, probeNowAlarms } from './failover-alarms.ts'
import { failoverMemoryMb } from './failover-function.ts'
import { type PlannedFunction, planFailovers, tableUnits } from './failover-plan.ts'
import { amount, type CostLine, line, prices, sum } from './prices.ts'
import { probeMemoryMb } from './probe-function.ts'
import { failoverMonitors } from './probe-now.ts'

type Priced = Pick<Config, 'service' | 'env' | 'vantages' | 'controllers' | 'monitors' | 'failovers'>

/**
 * What failovers cost while nothing happens, beside the monitors of their endpoints, which are monitors like any other. A
 * move costs next to nothing: some calls, and its durations as metrics for that hour.
 */
export function failoverLines(config: Priced): CostLine[] {
  const functions = planFailovers(config)
  return [...metricLines(config), ...functionLines(functions), ...callLines(config), ...healthCheckLines(config)]
}

/** How often schedules call failover functions in a month. */
export function tickCalls(config: Priced): number {
  const deciders = planFailovers(config).filter(({ vantage }) => vantage === undefined)
  return sum(deciders.map(({ callsPerMonth }) => callsPerMonth))
}

function metricLines(config: Priced): CostLine[] {
  const { vantages, controllers, failovers } = config
  const c = controllers.length
  const f = failovers.length
  const checked = byHealthCheck(config)
  const each = `${f} failovers × ${c} controllers`
  const eachChecked = `${checked} failovers by health check × ${c} controllers`
  const ofControllers = c * controllerAlarms(config).length
  const ofVantages = sum(vantages.map((vantage) => probeNowAlarms(vantage, config).length))
  return [
    line('metric NotReady', each, f * c, prices.metric),
    line('metric ActiveEndpoint', each, f * c, prices.metric),
    line('metric ServePrimary', eachChecked, checked * c, prices.metric),
    line('alarm on NotReady', each, f * c, prices.alarm),
    line('alarm on ServePrimary', eachChecked, checked * c, prices.alarm),
    line(
      'alarms on functions of failovers',
      `${ofControllers} in ${c} controllers, ${ofVantages} in ${vantages.length} vantages`,
      f > 0 ? ofControllers + ofVantages : 0,
      prices.alarm,
    ),
  ]
}

function functionLines(functions: readonly PlannedFunction[]): CostLine[] {
  const [answering, deciding] = [
    functions.filter(({ vantage }) => vantage !== undefined),
    functions.filter(({ vantage }) => vantage === undefined),
  ]
  return [...lambdaLines('probe-now', answering, probeMemoryMb), ...lambdaLines('failover', deciding, failoverMemoryMb)]
}

function lambdaLines(what: string, functions: readonly PlannedFunction[], memoryMb: number): CostLine[] {
  const seconds = sum(functions.map(({ secondsPerMonth }) => secondsPerMonth))
  const calls = sum(functions.map(({ callsPerMonth }) => callsPerMonth))
  const gb = memoryMb / 1024
  return [
    line(`Lambda time, ${what}`, `${amount(seconds)} s × ${gb} GB`, seconds * gb, prices.lambdaSecond),
    line(`Lambda invocations, ${what}`, `${amount(calls)} invocations`, calls, prices.lambdaRequest),
  ]
}

/** Of one call (https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html). */
const alarmsPerCall = 100

function callLines(config: Priced): CostLine[] {
  const ticks = tickCalls(config)
  const pages = Math.ceil(failoverMonitors(config).length / alarmsPerCall)
  const { reads, writes } = tableUnits(config)
  return [
    line('PutMetricData, failovers', `${amount(ticks)} ticks`, ticks, prices.putMetricData),
    line('DescribeAlarms', `${amount(ticks)} ticks × ${pages}`, ticks * pages, prices.putMetricData),
    line('DynamoDB reads', 'each failover at every tick, and for its readiness', reads, prices.dynamoRead),
    line('DynamoDB writes', "each failover's readiness", writes, prices.dynamoWrite),
  ]
}

function healthCheckLines(config: Priced): CostLine[] {
  const c = config.controllers.length
  const checked = byHealthCheck(config)
  const formula = `${checked} failovers × (${c} controllers + 1 over them)`
  return [line('health checks', formula, checked * (c + 1), prices.plainHealthCheck)]
}

function byHealthCheck({ failovers }: Pick<Config, 'failovers'>): number {
  return failovers.filter((failover) => failover.switch === 'health-check').length
}
