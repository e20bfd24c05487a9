import type { Config } from '../model/config.ts'
import type { Failover } from '../model/failover.ts'
import type { Monitor } from '../model/monitor.ts'
import { downAlarm } from './alarms.ts'
import { failoverName, namespaceOf, probeNowName } from './names.ts'
import { failoverMonitors } from './probe-now.ts'

/** What the failover function of a controller region is told, as JSON beside its code. */
export interface FailoverAsset {
  service: string
  namespace: string
  region: string
  /** Where it stands among the controllers: 0 is home, and the others wait before they act. */
  rank: number
  vantages: { id: string; region: string; functionName: string }[]
  failovers: Failover[]
  maxConcurrent: number
  /** The monitors of the failovers, each with the alarm over it in this region. */
  monitors: (Pick<Monitor, 'id' | 'everyMs' | 'timeoutMs'> & { alarm: string })[]
  table: string
}

/** What the failover function of a controller region needs of a config. */
export function failoverAssetOf(config: Config, region: string): FailoverAsset {
  const { service, failovers, maxConcurrent } = config
  return {
    ...{ service, region, failovers, maxConcurrent, namespace: namespaceOf(config), table: failoverName(config) },
    rank: config.controllers.indexOf(region),
    vantages: config.vantages.map((vantage) => ({
      ...{ id: vantage.id, region: vantage.region, functionName: probeNowName(config, vantage.id) },
    })),
    monitors: failoverMonitors(config).map((monitor) => {
      const { id, everyMs, timeoutMs } = monitor
      return { id, everyMs, timeoutMs, alarm: downAlarm(monitor, config).name }
    }),
  }
}

/** What people ask of a controller. */
export type ControlRequest =
  | { do: 'status' }
  | { do: 'to'; failover: string; endpoint: string; approval?: boolean; dryRun?: boolean; reason?: string }
  | { do: 'lock' | 'unlock' | 'adopt' | 'drill'; failover: string }
  /** That a drill has passed at another controller: each counts by its own table. */
  | { do: 'drilled'; failover: string; atMs: number }

/** What the failover function is called with, beside the events of alarms. */
export type FailoverCall =
  | ControlRequest
  /** Every minute, by its schedule. */
  | { do: 'tick' }
  /** By a vantage, as soon as it has seen monitors of endpoints fail after all attempts; the first of these runs began at `sinceMs`. */
  | { do: 'trigger'; vantage: string; monitors: string[]; sinceMs?: number }

/** What CloudWatch calls a function with when an alarm changes its state (https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-actions.html). */
export interface AlarmCall {
  source: 'aws.cloudwatch'
  alarmData: { alarmName: string; state: { value: 'OK' | 'ALARM' | 'INSUFFICIENT_DATA' } }
}
