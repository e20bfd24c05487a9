import type { NotifyState } from './notice.ts'

/** A route that could not be told something, and has taken nothing since. */
export interface FailingRoute {
  route: string
  sinceMs: number
  /** Why, the last time it was tried; holds no secret. */
  reason: string
}

/** How telling one route goes. */
export interface RouteHealth {
  route: string
  /** Notices that it took, and tries in vain, since the engine started. */
  sent: number
  failed: number
  /** Notices that it is still to be told. */
  waiting: number
  failing?: Omit<FailingRoute, 'route'>
}

/** The routes that cannot be told, by what is open. */
function failingRoutes({ incidents }: Pick<NotifyState, 'incidents'>): FailingRoute[] {
  return Object.values(incidents).flatMap(({ event, openedMs }) =>
    event.type === 'route.failing' ? [{ route: event.route, sinceMs: openedMs, reason: event.reason }] : [],
  )
}

/** How each route does; `countsOf` gives what a route took and refused. */
export function routeHealths(
  state: Pick<NotifyState, 'incidents' | 'outbox'>,
  routes: readonly { name: string }[],
  countsOf: (route: string) => Pick<RouteHealth, 'sent' | 'failed'>,
): RouteHealth[] {
  const failing = new Map(failingRoutes(state).map(({ route, ...how }) => [route, how]))
  return routes.map(({ name }) => {
    const how = failing.get(name)
    const waiting = state.outbox.filter(({ route }) => route === name).length
    return { route: name, ...countsOf(name), waiting, ...(how && { failing: how }) }
  })
}
