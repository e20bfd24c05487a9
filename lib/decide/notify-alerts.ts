import type { VedetteEvent } from '../model/event.ts'
import { keyOf } from './incident.ts'
import type { Alert, Incident, NotifyRules, NotifyState, RouteRule } from './notice.ts'
import { pushNotice } from './notify-outbox.ts'
import { dependantsOf, isOpenAt, mutedBy, takes } from './notify-routes.ts'

/** A message that is still true is not told anew more often. */
const updateGapMs = 30_000

/** A storm that goes on for longer is told of anew. */
const longestStormMs = 3_600_000

const dayMs = 86_400_000

/** Names of a storm's monitors that are told; the rest is a number. */
const mostNamed = 50
const mostCauses = 10

/** What only this place knows, whoever speaks of the rest. */
const own = new Set<VedetteEvent['type']>(['failover.failed', 'route.failing', 'fault.opened'])

/** Whether it is for this place to say so, where another one may speak. */
function maySay({ isSilent }: NotifyState, { event }: Pick<Incident, 'event'>): boolean {
  return !isSilent || own.has(event.type)
}

/** Brings what a route has been told in line with what is open. Gives when it has to be asked again, at the latest. */
export function settleRoute(
  state: NotifyState,
  route: RouteRule,
  { ended, isRepeated }: { ended: ReadonlyMap<string, VedetteEvent>; isRepeated: boolean },
  rules: NotifyRules,
  nowMs: number,
): number {
  state.alerts[route.name] ??= {}
  const alerts = state.alerts[route.name] ?? {}
  const told = new Set<string>()
  let wakeMs = Number.POSITIVE_INFINITY
  for (const alert of Object.values(alerts)) {
    const end = alert.members.map((key) => ended.get(key)).find((event) => event !== undefined)
    alert.members = alert.members.filter((key) => Object.hasOwn(state.incidents, key))
    for (const key of alert.members) told.add(key)
    if (alert.members.length === 0) {
      delete alerts[alert.key]
      if (alert.isUnheard) continue
      const said = { key: alert.key, event: alert.event, alert, ...(end && { end }) }
      pushNotice(state, route, { action: 'close', ...said }, rules, nowMs)
    } else wakeMs = Math.min(wakeMs, keepTelling(state, route, alert, rules, nowMs))
  }
  // A standby tells every destination, each once.
  const pending = rules.isStandby && isRepeated ? [] : pendingFor(state, route, told, rules, nowMs)
  if (pending.length === 0) return wakeMs
  const dueMs = Math.min(...pending.map(({ openedMs }) => openedMs)) + rules.gatherMs
  if (dueMs > nowMs) return Math.min(wakeMs, dueMs)
  open(state, route, pending, rules, nowMs)
  return wakeMs
}

function pendingFor(
  state: NotifyState,
  route: RouteRule,
  told: ReadonlySet<string>,
  rules: NotifyRules,
  nowMs: number,
): Incident[] {
  if (!isOpenAt(route, nowMs)) return []
  return Object.values(state.incidents).filter(
    (incident) =>
      !told.has(incident.key) &&
      maySay(state, incident) &&
      takes(route, incident, rules) &&
      mutedBy(incident, state, rules, nowMs) === undefined,
  )
}

/** Tells of new incidents: of each, or of all as one where there are too many within a while. */
function open(state: NotifyState, route: RouteRule, pending: Incident[], rules: NotifyRules, nowMs: number): void {
  const { count, withinMs } = rules.storm
  const recent = (state.opened[route.name] ?? []).filter((atMs) => nowMs - atMs < withinMs)
  const isStorm = recent.length + pending.length > count
  state.opened[route.name] = [...recent, ...pending.map(() => nowMs)].slice(-count - 1)
  if (isStorm) joinStorm(state, route, pending, rules, nowMs)
  else for (const incident of pending) begin(state, route, incident.key, [incident], rules, nowMs)
}

function joinStorm(state: NotifyState, route: RouteRule, pending: Incident[], rules: NotifyRules, nowMs: number): void {
  const storms = Object.values(state.alerts[route.name] ?? {}).filter(({ event }) => event.type === 'storm')
  const storm = storms.sort((a, b) => b.openedMs - a.openedMs)[0]
  if (storm && nowMs - storm.openedMs < longestStormMs) storm.members.push(...pending.map(({ key }) => key))
  else begin(state, route, keyOf(rules, 'storm', `${route.name}-${nowMs}`), pending, rules, nowMs, true)
}

function begin(
  state: NotifyState,
  route: RouteRule,
  key: string,
  incidents: Incident[],
  rules: NotifyRules,
  nowMs: number,
  isStorm = false,
): void {
  const members = incidents.map((one) => one.key)
  const openedMs = Math.min(...incidents.map((one) => one.openedMs))
  const alert: Alert = {
    ...{
      key,
      members,
      openedMs,
      toldMs: nowMs,
      event: storyOf(incidents, rules, nowMs, isStorm ? 'storm' : undefined),
    },
    severity: incidents.some(({ severity }) => severity === 'page') ? 'page' : 'ticket',
    told: { open: 0, dependants: 0, what: '' },
  }
  const alerts = state.alerts[route.name]
  if (alerts) alerts[key] = alert
  say(state, route, alert, 'open', rules, nowMs)
}

/** Tells again what has changed, or has been open for long. Gives when that would be next. */
function keepTelling(state: NotifyState, route: RouteRule, alert: Alert, rules: NotifyRules, nowMs: number): number {
  const now = sayable(state, alert, rules)
  const isNews =
    now.open !== alert.told.open || now.dependants !== alert.told.dependants || now.what !== alert.told.what
  // What is over where another speaks, and not yet here, would begin anew there.
  if (isNews && !alert.isRefused && maySay(state, alert)) {
    if (nowMs - alert.toldMs < updateGapMs) return alert.toldMs + updateGapMs
    say(state, route, alert, 'update', rules, nowMs)
  }
  const isMuted = alert.members.every((key) => {
    const incident = state.incidents[key]
    return incident === undefined || mutedBy(incident, state, rules, nowMs) !== undefined
  })
  const isDue = rules.remindMs !== undefined && nowMs - alert.toldMs >= rules.remindMs
  if (isDue && !isMuted && maySay(state, alert) && isOpenAt(route, nowMs))
    say(state, route, alert, alert.isRefused ? 'open' : 'remind', rules, nowMs)
  const nextMs = alert.toldMs + (rules.remindMs ?? Number.POSITIVE_INFINITY)
  // One that is held back is looked at again every minute.
  return nextMs > nowMs ? nextMs : Number.POSITIVE_INFINITY
}

function say(
  state: NotifyState,
  route: RouteRule,
  alert: Alert,
  action: 'open' | 'update' | 'remind',
  rules: NotifyRules,
  nowMs: number,
): void {
  alert.event = storyOf(incidentsOf(state, alert), rules, nowMs, alert.event.type, alert.openedMs)
  alert.told = sayable(state, alert, rules)
  alert.toldMs = nowMs
  delete alert.isRefused
  delete alert.isUnheard
  pushNotice(state, route, { action, key: alert.key, event: alert.event, alert }, rules, nowMs)
}

function incidentsOf(state: NotifyState, { members }: Alert): Incident[] {
  return members.flatMap((key) => state.incidents[key] ?? [])
}

/** What an alert would say now, in short. */
function sayable(state: NotifyState, alert: Alert, rules: NotifyRules): Alert['told'] {
  const incidents = incidentsOf(state, alert)
  const [first] = incidents
  if (alert.event.type === 'storm' || !first) return { open: incidents.length, dependants: 0, what: 'storm' }
  const code = 'code' in first.event ? first.event.code : ''
  return { open: 1, dependants: dependantsOf(first, state, rules), what: `${first.event.type} ${code}` }
}

/** The event that an alert tells of: its incident's own, or one made of those of a storm. */
function storyOf(
  incidents: readonly Incident[],
  rules: NotifyRules,
  nowMs: number,
  type?: VedetteEvent['type'],
  sinceMs = Math.min(...incidents.map(({ openedMs }) => openedMs)),
): VedetteEvent {
  const [first] = incidents
  if (first && type !== 'storm') return asOf(first.event, nowMs)
  const codes = incidents.map(({ event }) => ('cause' in event && event.cause ? event.cause.code : event.type))
  const causes = [...Map.groupBy(codes, (code) => code)].map(([code, all]) => ({ code, count: all.length }))
  return {
    ...{
      service: rules.service,
      ...(rules.env !== undefined && { env: rules.env }),
      atMs: nowMs,
      type: 'storm',
      sinceMs,
    },
    open: incidents.length,
    causes: causes.sort((a, b) => b.count - a.count).slice(0, mostCauses),
    monitors: incidents.map(({ monitor, key }) => monitor ?? key).slice(0, mostNamed),
  }
}

/** The days that a certificate has left pass though nothing more is heard of it. */
function asOf(event: VedetteEvent, nowMs: number): VedetteEvent {
  if (event.type !== 'certificate.expiring' || event.daysRemaining === undefined) return event
  const days = Math.max(0, Math.floor((nowMs - event.atMs) / dayMs))
  return { ...event, atMs: event.atMs + days * dayMs, daysRemaining: event.daysRemaining - days }
}

/** Whether a route is told of a note at this hour; a sign of life has none. */
export function openingOf(route: RouteRule, event: VedetteEvent, nowMs: number): boolean {
  return event.type === 'route.heartbeat' || isOpenAt(route, nowMs)
}
