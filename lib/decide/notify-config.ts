import type { Config } from '../model/config.ts'
import { endpointMonitorIds } from '../model/endpoint-monitors.ts'
import type { Named } from '../model/event.ts'
import type { Route, Severity } from '../model/route.ts'
import type { MonitorRule, NotifyRules, RouteRule } from './notice.ts'

/** What rules need of a config; small enough to lie beside a function. */
export type NotifyConfig = Pick<Config, 'service' | 'routes' | 'notify' | 'failovers' | 'monitors'> & Pick<Named, 'env'>

/** How long new incidents wait for others that come with them. */
const gatherMs = 250

/** The rules of a config. A standby speaks only where home is silent. */
export function notifyRulesOf(config: NotifyConfig, { isStandby = false } = {}): NotifyRules {
  const { service, env, notify } = config
  const rules = config.monitors.map((monitor): [string, MonitorRule] => [monitor.id, monitorRuleOf(monitor, config)])
  return {
    ...notify,
    ...{ service, ...(env !== undefined && { env }), gatherMs, isStandby },
    routes: [...routeRulesOf(config.routes.page, 'page'), ...routeRulesOf(config.routes.ticket, 'ticket')],
    monitors: new Map(rules),
  }
}

function monitorRuleOf(monitor: Config['monitors'][number], { failovers }: NotifyConfig): MonitorRule {
  const { id, severity, tags, dependsOn, maintenance, runbook } = monitor
  const own = failovers.filter(
    (failover) =>
      failover.check === id ||
      failover.endpoints.some((endpoint) => endpointMonitorIds(failover, endpoint).includes(id)),
  )
  return {
    ...{ id, severity, tags, dependsOn, maintenance, ...(runbook !== undefined && { runbook }) },
    failovers: own.map((failover) => failover.id),
  }
}

function routeRulesOf(routes: readonly Route[], list: Severity): RouteRule[] {
  return routes.map(({ name, kind, tags, mute, hours, ...where }) => {
    return {
      name,
      list,
      kind,
      mute,
      ...(tags && { tags }),
      ...(hours && { hours }),
      destination: JSON.stringify([kind, where]),
    }
  })
}

/** Every route of a config. */
export function allRoutes({ routes }: Pick<Config, 'routes'>): Route[] {
  return [...routes.page, ...routes.ticket]
}
