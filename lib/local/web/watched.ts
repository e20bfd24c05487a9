import type { Failover } from '../../model/failover.ts'
import { joinHostPort } from '../../model/host-port.ts'
import type { DialogStep, HttpMonitor, Monitor, Secret } from '../../model/monitor.ts'
import { loginStep, sensitiveHeader } from '../../model/sensitive.ts'
import type { WatchedFailover, WatchedMonitor } from './feed.ts'

const hidden = '[secret]'

/** A monitor as it may be shown. */
export function watchedMonitor(monitor: Monitor): WatchedMonitor {
  const { id, kind, tags, severity, everyMs, runbook, dependsOn, slo, maintenance } = monitor
  return {
    ...{ id, kind, target: targetOf(monitor), tags, severity, everyMs, dependsOn },
    ...(runbook !== undefined && { runbook }),
    ...(slo && { promised: { id, everyMs, slo, maintenance } }),
    config: withoutSecrets(monitor),
  }
}

/** A failover without its hooks: what they run is nobody's business here. */
export function watchedFailover(failover: Failover): WatchedFailover {
  const { id, record, zone, ttl, mode, check, endpoints, quorum } = failover
  return { id, record, zone, ttl, mode, check, endpoints, quorum }
}

/** What a monitor watches, short enough for a row. */
function targetOf(monitor: Monitor): string {
  if (monitor.kind === 'dns') return `${monitor.type} ${monitor.name}`
  if (monitor.kind !== 'http') return joinHostPort(monitor.host, monitor.port)
  const via = monitor.connectTo ? ` via ${monitor.connectTo}` : ''
  return plainUrl(monitor.url) + via
}

/** A monitor's config in which every secret is a mark, or a reference to where it is kept. */
function withoutSecrets(monitor: Monitor): Record<string, unknown> {
  if (monitor.kind === 'http') return withoutHttpSecrets(monitor)
  if (monitor.kind === 'tcp') return { ...monitor, dialog: withoutLogin(monitor.dialog) }
  return { ...monitor }
}

function withoutHttpSecrets(monitor: HttpMonitor): Record<string, unknown> {
  const { auth, proxy } = monitor
  const headers = Object.entries(monitor.headers).map(([name, value]) => {
    return [name, sensitiveHeader.test(name) ? shown(value) : value]
  })
  return {
    ...monitor,
    url: plainUrl(monitor.url),
    headers: Object.fromEntries(headers),
    ...(monitor.body !== '' && { body: shown(monitor.body) }),
    ...(auth && 'bearer' in auth && { auth: { bearer: shown(auth.bearer) } }),
    ...(auth && 'basic' in auth && { auth: { basic: { ...auth.basic, password: shown(auth.basic.password) } } }),
    ...(proxy && { proxy: typeof proxy === 'string' ? plainUrl(proxy) : proxy }),
  }
}

/** A reference says where a secret is, not what it is. */
function shown(value: Secret): Secret {
  return typeof value === 'string' ? hidden : value
}

/** What is sent from a login on may be its user and password, step by step. */
function withoutLogin(dialog: readonly DialogStep[]): DialogStep[] {
  let hasBegun = false
  return dialog.map((step) => {
    if (!('send' in step) || typeof step.send !== 'string') return step
    hasBegun ||= loginStep.test(step.send)
    return hasBegun ? { send: hidden } : step
  })
}

/** A URL whose user and password, and whatever a query calls a secret, are marks. */
function plainUrl(text: string): string {
  const url = URL.parse(text)
  if (!url) return hidden
  const isPlain =
    !url.username && !url.password && ![...url.searchParams.keys()].some((key) => sensitiveHeader.test(key))
  if (isPlain) return text
  if (url.username) url.username = 'secret'
  if (url.password) url.password = 'secret'
  for (const key of [...url.searchParams.keys()]) if (sensitiveHeader.test(key)) url.searchParams.set(key, hidden)
  return url.href
}
