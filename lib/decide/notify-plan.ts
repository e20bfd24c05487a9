import type { Config } from '../model/config.ts'
import type { PlannedFunction } from './failover-plan.ts'
import { notifyName } from './names.ts'
import { notifyErrorsAlarm } from './notify-alarms.ts'
import { allRoutes, routeSecrets } from './notify-config.ts'
import { amount, type CostLine, line, monthMinutes, prices, secretReadsPerMonth, sum } from './prices.ts'

type Source = Pick<Config, 'service' | 'env' | 'controllers' | 'routes'>

/** Memory of a notify function; its share of a processor grows with it. */
export const notifyMemoryMb = 512
/** Its time-out: what takes longer is told by the next run. */
export const notifyTimeoutSeconds = 60

/** Billed seconds of a tick: it reads and writes the table, and says that it is there. */
const tickSeconds = 0.3
/** Lambda asks each queue with five readers that wait 20 s (https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html). */
const asksPerMinute = 5 * 3

/** The functions that tell people, one in each controller region; none without routes. */
export function planNotify(config: Source): PlannedFunction[] {
  if (allRoutes(config).length === 0) return []
  return config.controllers.map((region) => ({
    ...{ name: notifyName(config), region, timeoutSeconds: notifyTimeoutSeconds },
    ...{ callsPerMonth: monthMinutes, secondsPerMonth: monthMinutes * tickSeconds },
  }))
}

/** How many alarms a controller region has of what tells people. */
export function notifyAlarmCount(config: Source): number {
  return allRoutes(config).length === 0 ? 0 : [notifyErrorsAlarm(config)].length + 2 + config.controllers.length - 1
}

/** What telling people costs while nothing happens. */
export function notifyLines(config: Source): CostLine[] {
  const functions = planNotify(config)
  const c = functions.length
  const others = Math.max(0, c - 1)
  const calls = sum(functions.map(({ callsPerMonth }) => callsPerMonth))
  const seconds = sum(functions.map(({ secondsPerMonth }) => secondsPerMonth))
  const gigabytes = notifyMemoryMb / 1024
  const secrets = new Set(routeSecrets(config).flatMap(({ ref }) => ('secret' in ref ? [ref.secret] : []))).size
  const alarms = notifyAlarmCount(config)
  return [
    line('notify: metric Heartbeat', `${c} controllers × ${others} others`, c * others, prices.metric),
    line('notify: alarms', `${alarms} × ${c} controllers`, c * alarms, prices.alarm),
    line(
      'notify: PutMetricData',
      `every minute × ${c} controllers × ${others} others`,
      calls * others,
      prices.putMetricData,
    ),
    line('notify: Lambda time', `${amount(seconds)} s × ${gigabytes} GB`, seconds * gigabytes, prices.lambdaSecond),
    line('notify: Lambda invocations', `every minute × ${c} controllers`, calls, prices.lambdaRequest),
    line(
      'notify: SQS',
      `2 queues × ${c} controllers, asked ${asksPerMinute} times a minute each`,
      2 * c * asksPerMinute * monthMinutes,
      prices.queueRequest,
    ),
    line('notify: table reads', 'one each minute', calls, prices.dynamoRead),
    line('notify: table writes', 'four units each minute', 4 * calls, prices.dynamoWrite),
    line('notify: secrets', `${secrets} × ${c} controllers`, secrets * c, prices.secret),
    line(
      'notify: reads of secrets',
      `${secrets} × ${c} controllers × every 5 minutes, while something is told`,
      secrets * c * secretReadsPerMonth,
      prices.secretRead,
    ),
  ]
}
