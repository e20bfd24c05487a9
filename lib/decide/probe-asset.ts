import type { Config, Vantage } from '../model/config.ts'
import { endpointMonitorIds } from '../model/endpoint-monitors.ts'
import type { Monitor } from '../model/monitor.ts'
import { failoverName, namespaceOf } from './names.ts'
import { monitorsOf } from './plan.ts'
import type { Place } from './schedule.ts'
import { type Shard, shardMonitors } from './sharding.ts'

/** What a vantage's probe function is told, as JSON beside its code. Holds references to secrets, never their values. */
export interface ProbeAsset {
  vantage: string
  /** Where it stands among the vantages, which take turns within an interval. */
  place: Place
  /** Regions that votes go to, home first. */
  controllers: string[]
  namespace: string
  selfCheck: string[]
  resolver?: string
  /** Where confirmed failures of these monitors, which are of endpoints, are told at once: a function in each controller region. */
  failover?: { functionName: string; monitors: string[] }
  shards: Pick<Shard, 'id' | 'everyMs' | 'monitors' | 'worstCaseMs'>[]
}

/** What the probe function of a vantage needs of a config. */
export function probeAssetOf(config: Config, vantage: Vantage): ProbeAsset {
  const { id, selfCheck } = vantage
  return {
    vantage: id,
    place: { index: config.vantages.indexOf(vantage), count: config.vantages.length },
    controllers: config.controllers,
    namespace: namespaceOf(config),
    selfCheck,
    ...(config.resolver && { resolver: config.resolver }),
    ...(config.failovers.length > 0 && {
      failover: { functionName: failoverName(config), monitors: endpointMonitorsOf(config) },
    }),
    shards: shardMonitors(monitorsOf(config.monitors, vantage)),
  }
}

/** Ids of the monitors of all endpoints. */
function endpointMonitorsOf({ failovers }: Config): string[] {
  return [
    ...new Set(
      failovers.flatMap((failover) => failover.endpoints.flatMap((endpoint) => endpointMonitorIds(failover, endpoint))),
    ),
  ]
}

/** The event that a schedule sends to the probe function. */
export interface ProbeEvent {
  shard: string
  /** ISO 8601, or the placeholder where nobody fills it in. */
  scheduledTime: string
}

/** Filled in by EventBridge Scheduler (https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html). */
export const scheduledTimePlaceholder = '<aws.scheduler.scheduled-time>'

/** Whether the certificates of a monitor count: not where it does without a valid one. */
export function watchesCertificate(monitor: Monitor): boolean {
  if (monitor.invert || !('tls' in monitor) || !monitor.tls.verify) return false
  if (monitor.kind === 'http') return /^https:/i.test(monitor.url)
  if (monitor.kind === 'tcp') return monitor.dialog.some((step) => 'startTls' in step)
  return monitor.kind === 'tls'
}

/** Whether people are told of a certificate's end as such: an assertion of the monitor's own says so itself. */
export function tellsCertificate(monitor: Monitor): boolean {
  return watchesCertificate(monitor) && !monitor.expect.some(({ source }) => source === 'certificate.daysRemaining')
}
