import type { Config, Vantage } from '../model/config.ts'
import type { Failover } from '../model/failover.ts'
import type { Alarm, FunctionAlarmKind, FunctionMetric } from './alarms.ts'
import { functionAlarm } from './function-alarms.ts'
import { failoverName, prefixOf, probeNowName } from './names.ts'

type Named = Pick<Config, 'service' | 'env'>

/**
 * The alarm over a failover's readiness, as a controller sees it: something would keep it from moving, or from helping when
 * it does. One minute of five that says so is enough, twice: what comes and goes is not ready either, nor is a controller that
 * says nothing.
 */
export function notReadyAlarm({ id, record }: Pick<Failover, 'id' | 'record'>, config: Named): Alarm {
  return {
    name: `${prefixOf(config)}-${id}-not-ready`,
    ...{ kind: 'notReady', metric: 'NotReady', dimensions: { Failover: id }, statistic: 'Maximum', comparison: '>=' },
    ...{ threshold: 1, periodSeconds: 300, datapoints: 2, of: 2, missing: 'breaching', severity: 'ticket' },
    description: `The failover ${id} (${record}) could not be carried out by this region's controller if it had to be now: a standby is down, the record or its TXT is not as declared, the zone is not ours to change, or the controller itself is silent. Runbook: vedette failover status --aws says which; if it says nothing, look at the errors and the log of the function ${failoverName(config)} here. Repair it before the outage.`,
  }
}

/**
 * The alarm that a health check of Route 53 looks through at what a controller decided: `ServePrimary`, 1 or 0. One period,
 * one statistic, no more: a check reads an alarm's data, and knows neither M of N nor metric math
 * (https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/health-checks-creating-values.html). A controller that is silent
 * moves nothing.
 */
export function servePrimaryAlarm({ id, record }: Pick<Failover, 'id' | 'record'>, config: Named): Alarm {
  return {
    name: `${prefixOf(config)}-${id}-serve-primary`,
    ...{ kind: 'servePrimary', metric: 'ServePrimary', dimensions: { Failover: id }, statistic: 'Minimum' },
    ...{ comparison: '<', threshold: 1, periodSeconds: 60, datapoints: 1, of: 1, missing: 'ignore' },
    severity: 'ticket',
    description: `This region's controller has decided that ${record} (failover ${id}) is served by its secondary endpoint: Route 53 does so while either controller says it. Runbook: vedette failover status --aws says why, and vedette failover to ENDPOINT --aws moves it back. Do not delete this alarm: a health check looks through it.`,
  }
}

/** How many alarms a controller region has of failovers, beside those over their monitors. */
export function failoverAlarmCount(config: Pick<Config, 'service' | 'env' | 'failovers'>): number {
  const { failovers } = config
  const byCheck = failovers.filter((failover) => failover.switch === 'health-check').length
  return failovers.length > 0 ? failovers.length + byCheck + controllerAlarms(config).length : 0
}

/** The alarms over the failover function of a controller region: it fails, it is kept from running, or calls of it are dropped. */
export function controllerAlarms(config: Named): Alarm[] {
  const name = failoverName(config)
  const of = (kind: FunctionAlarmKind, metric: FunctionMetric, description: string) =>
    functionAlarm(name, { kind, metric, threshold: 1, periodSeconds: 300, description })
  return [
    of(
      'errors',
      'Errors',
      `The failover function of this region fails or is cut off at its time-out: a decision may be missing. The other controller goes on. Runbook: the newest errors in the log group /aws/lambda/${name}; what was lost is in the ticket topic.`,
    ),
    of(
      'dropped',
      'AsyncEventsDropped',
      `Calls of the failover function of this region were dropped: a trigger or a tick was not heard. The next tick looks again. Runbook: its throttles, and whether its reserved concurrency is 0, the last way to switch it off.`,
    ),
    of(
      'throttles',
      'Throttles',
      `The failover function of this region was kept from running: more was asked of it at once than its reserved concurrency, or that is 0, the last way to switch it off. Runbook: the function ${name}, Configuration, Concurrency.`,
    ),
  ]
}

/** The alarms over the probe-now function of a vantage, in its own region: without it the vantage has no vote in a decision. */
export function probeNowAlarms({ id }: Pick<Vantage, 'id'>, config: Named): Alarm[] {
  const name = probeNowName(config, id)
  const of = (kind: FunctionAlarmKind, metric: FunctionMetric, description: string) =>
    // A call that fails once is another vantage's vote; two in five minutes are a fault of ours.
    functionAlarm(name, { kind, metric, threshold: 2, periodSeconds: 300, description })
  return [
    of(
      'errors',
      'Errors',
      `The probe-now function of the vantage ${id} fails or is cut off at its time-out: it has no vote in decisions of failovers. Runbook: the newest errors in the log group /aws/lambda/${name}.`,
    ),
    of(
      'throttles',
      'Throttles',
      `The probe-now function of the vantage ${id} was kept from running: it had no vote in a decision. Runbook: its reserved concurrency, or what else uses up the concurrency of the account in this region.`,
    ),
  ]
}
