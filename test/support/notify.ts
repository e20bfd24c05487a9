import {
  initialNotifyState,
  type MonitorRule,
  type Notice,
  type NotifyInput,
  type NotifyRules,
  type NotifyState,
  type RouteRule,
} from '../../lib/decide/notice.ts'
import { notify } from '../../lib/decide/notify.ts'
import { nextNotice } from '../../lib/decide/notify-outbox.ts'
import type { EventOf, VedetteEvent } from '../../lib/model/event.ts'

const service = 'shop'

/** The rule of a monitor that pages, with nothing that mutes it. */
export function monitorRule(id: string, more: Partial<MonitorRule> = {}): MonitorRule {
  return {
    id,
    severity: 'page',
    tags: [],
    dependsOn: [],
    graceMs: 0,
    maintenance: [],
    failovers: [],
    alerts: [],
    ...more,
  }
}

/** The rule of a route of the list `page`. */
export function routeRule(name: string, more: Partial<RouteRule> = {}): RouteRule {
  return { name, list: 'page', kind: 'pagerduty', destination: name, mute: [], ...more }
}

/** Rules of four monitors and two routes: one pages, one takes tickets. */
export function rulesOf(more: Partial<NotifyRules> & { watched?: MonitorRule[] } = {}): NotifyRules {
  const { watched = ['a', 'b', 'c', 'd'].map((id) => monitorRule(id)), ...rest } = more
  return {
    service,
    ...{ routes: [routeRule('pager'), routeRule('board', { list: 'ticket', kind: 'slack' })] },
    ...{ storm: { count: 10, withinMs: 60_000 }, mute: [], links: {}, gatherMs: 0, isStandby: false },
    monitors: new Map(watched.map((monitor) => [monitor.id, monitor])),
    ...{ vantages: ['eu-west-1'], failovers: ['api'] },
    ...rest,
  }
}

/** A monitor that one of three vantages sees down. */
export function downEvent(monitor: string, atMs: number, more: Partial<EventOf<'monitor.down'>> = {}): VedetteEvent {
  return {
    ...{ service, type: 'monitor.down', atMs, monitor, target: `https://${monitor}.example.com/`, sinceMs: atMs },
    cause: {
      code: 'CONNECT_REFUSED',
      stage: 'connect',
      message: 'expected a connection to 192.0.2.10:443, got refused',
    },
    blast: { vantages: ['eu-west-1'], seeing: 1, of: 3, families: ['IPv4'], address: '192.0.2.10' },
    ...more,
  }
}

/** A monitor that one of three vantages sees degraded. */
export function degradedEvent(monitor: string, atMs: number): VedetteEvent {
  const blast = { vantages: ['eu-west-1'], seeing: 1, of: 3, families: [] }
  return { service, type: 'monitor.degraded', atMs, monitor, target: 'x', sinceMs: atMs, blast }
}

/** A monitor that is well again. */
export function recoveredEvent(monitor: string, atMs: number): VedetteEvent {
  return { service, type: 'monitor.recovered', atMs, monitor, target: 'x', sinceMs: atMs }
}

/** Rules at work, with destinations that remember what they were told. */
export class Desk {
  state: NotifyState
  wakeMs = 0
  readonly rules: NotifyRules
  readonly sent: Notice[] = []
  /** By route: keys of the alerts that are open there. */
  readonly open = new Map<string, Set<string>>()
  /** Alerts opened that were open, and closed that were not. */
  readonly errors: string[] = []
  /** Alerts of which a route did not take the end. */
  readonly #unended = new Set<string>()
  /** Gives why a notice cannot be told, if it cannot. */
  refuse: (notice: Notice) => { reason: string; isFinal: boolean; retryAfterMs?: number } | undefined = () => undefined

  constructor(rules: NotifyRules, nowMs = 0) {
    this.rules = rules
    this.state = initialNotifyState(nowMs)
  }

  /** Takes inputs in, and delivers what is due; gives what was delivered. */
  take(nowMs: number, ...inputs: (NotifyInput | VedetteEvent)[]): Notice[] {
    const all = inputs.map((input): NotifyInput => ('kind' in input ? input : { kind: 'event', event: input }))
    this.#step(all, nowMs)
    const delivered: Notice[] = []
    for (const route of this.rules.routes) {
      for (let rounds = 0; rounds < 5000; rounds++) {
        const notice = nextNotice(this.state, route.name, nowMs)
        if (!notice) break
        const refusal = this.refuse(notice)
        if (refusal) {
          if (notice.action === 'close' && refusal.isFinal) this.#unended.add(`${notice.route} ${notice.key}`)
          this.#step([{ kind: 'undelivered', id: notice.id, ...refusal }], nowMs)
        } else {
          this.#accept(notice)
          delivered.push(notice)
          this.#step([{ kind: 'delivered', id: notice.id }], nowMs)
        }
      }
    }
    return delivered
  }

  /** What a route has been told, in short: `open a`. */
  told(route = 'pager'): string[] {
    return this.sent
      .filter((notice) => notice.route === route)
      .map(({ action, key }) => `${action} ${key.replace(`vedette/${service}/`, '')}`)
  }

  openAt(route: string): string[] {
    return [...(this.open.get(route) ?? [])].sort()
  }

  #step(inputs: NotifyInput[], nowMs: number): void {
    const { state, wakeMs } = notify(this.state, inputs, this.rules, nowMs)
    // What is kept is JSON, and a restart is nothing special.
    this.state = JSON.parse(JSON.stringify(state))
    this.wakeMs = wakeMs
    // Whoever is woken at once, for ever, does nothing else.
    if (wakeMs <= nowMs) this.errors.push(`woken at ${wakeMs}, which is not after ${nowMs}`)
  }

  #accept(notice: Notice): void {
    this.sent.push(notice)
    const open = this.open.get(notice.route) ?? new Set()
    this.open.set(notice.route, open)
    if (notice.action === 'open') {
      if (open.has(notice.key) && !this.#unended.has(`${notice.route} ${notice.key}`))
        this.errors.push(`opened twice: ${notice.key}`)
      open.add(notice.key)
    } else if (notice.action === 'close') {
      if (!open.delete(notice.key)) this.errors.push(`closed what was not open: ${notice.key}`)
    } else if (notice.action !== 'note' && !open.has(notice.key)) {
      this.errors.push(`${notice.action} of what was not open: ${notice.key}`)
    }
  }
}
