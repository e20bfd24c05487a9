import type { Config } from '../model/config.ts'
import { endpointMonitorIds } from '../model/endpoint-monitors.ts'
import type { Named } from '../model/event.ts'
import type { Monitor, Secret, SecretRef } from '../model/monitor.ts'
import type { Route, Severity } from '../model/route.ts'
import { pairsOf } from './budget.ts'
import { limitsOf } from './latency.ts'
import type { MonitorRule, NotifyRules, RouteRule } from './notice.ts'
import { tellsCertificate } from './probe-asset.ts'
import { minuteMs } from './schedule.ts'

/** What rules need of a config; small enough to lie beside a function. */
export type NotifyConfig = Pick<Config, 'service' | 'routes' | 'notify' | 'failovers' | 'monitors' | 'vantages'> &
  Pick<Named, 'env'>

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
    vantages: [localVantage, ...config.vantages.map(({ id }) => id)],
    failovers: config.failovers.map(({ id }) => id),
  }
}

/** What the one place is called that an engine on one machine watches from. */
const localVantage = 'local'

/** What a monitor may be told of beside its being down or degraded. */
function alertsOf(monitor: Monitor): string[] {
  const { slo, everyMs, latency, expect, metrics } = monitor
  const budgets = slo ? pairsOf(slo, everyMs).map(({ severity }) => `budget-${severity}`) : []
  // In AWS an assertion on the duration has an alarm, where the duration is published.
  const isLimited = metrics.duration && expect.some(({ source }) => source === 'duration')
  return [
    ...new Set(budgets),
    ...(isLimited || (latency && limitsOf(latency, everyMs).length > 0) ? ['slow-limit'] : []),
    ...(latency?.regression === undefined ? [] : ['slow-baseline']),
    ...(tellsCertificate(monitor) ? ['certificate'] : []),
  ]
}

function monitorRuleOf(monitor: Monitor, { failovers }: NotifyConfig): MonitorRule {
  const { id, severity, tags, dependsOn, everyMs, maintenance, runbook } = monitor
  const own = failovers.filter(
    (failover) =>
      failover.check === id ||
      failover.endpoints.some((endpoint) => endpointMonitorIds(failover, endpoint).includes(id)),
  )
  return {
    ...{
      id,
      severity,
      tags,
      dependsOn,
      // Results come late, and alarms are evaluated once a minute.
      graceMs: everyMs + minuteMs,
      maintenance,
      ...(runbook !== undefined && { runbook }),
    },
    failovers: own.map((failover) => failover.id),
    alerts: alertsOf(monitor),
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

/** Every reference to a secret in the routes, and where in them it stands; and every secret that stands there as a text. */
export function routeSecrets({ routes }: Pick<Config, 'routes'>): { ref: SecretRef; at: PropertyKey[] }[] {
  return secretPlaces(routes).flatMap(([at, value]) => (typeof value === 'string' ? [] : [{ ref: value, at }]))
}

/** Where secrets stand in the routes as texts. */
export function literalRouteSecrets({ routes }: Pick<Config, 'routes'>): PropertyKey[][] {
  return secretPlaces(routes).flatMap(([at, value]) => (typeof value === 'string' ? [at] : []))
}

function secretPlaces(routes: Config['routes']): [at: PropertyKey[], value: Secret][] {
  const keys = ['routingKey', 'webhook', 'token', 'secret'] as const
  return (['page', 'ticket'] as const).flatMap((list) =>
    routes[list].flatMap((route, i) => {
      const named = route as Partial<Record<(typeof keys)[number], Secret>>
      const own = keys.flatMap((key): [PropertyKey[], Secret][] => {
        const value = named[key]
        return value === undefined ? [] : [[[list, i, key], value]]
      })
      return route.kind === 'webhook' ? [...own, [[list, i, 'url'], route.url] as [PropertyKey[], Secret]] : own
    }),
  )
}

/** Every route of a config. */
export function allRoutes({ routes }: Pick<Config, 'routes'>): Route[] {
  return [...routes.page, ...routes.ticket]
}
