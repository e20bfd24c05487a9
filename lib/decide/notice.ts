import type { ChangeNote, Named, VedetteEvent } from '../model/event.ts'
import type { MaintenanceWindow } from '../model/monitor.ts'
import type { Hours, Links, NotifySettings, Severity } from '../model/route.ts'

/** What rules know of a route: all but its keys. */
export interface RouteRule {
  name: string
  list: Severity
  kind: 'pagerduty' | 'slack' | 'webhook' | 'sns'
  /** The same for routes that lead to the same place: what is told to everybody is told there once. */
  destination: string
  tags?: string[]
  mute: string[]
  hours?: Hours
}

/** What rules know of a monitor. */
export interface MonitorRule {
  id: string
  severity: Severity
  tags: string[]
  dependsOn: string[]
  /** So long after its parent is back it may take until it is seen up, too. */
  graceMs: number
  maintenance: MaintenanceWindow[]
  runbook?: string
  /** Ids of the failovers whose endpoints it checks. */
  failovers: string[]
  /** What it may be told of beside its being down or degraded, as its keys end: `budget-page`, `certificate`. */
  alerts: string[]
}

/** All that deciding whom to tell of what rests on, beside what has happened. */
export interface NotifyRules extends Omit<NotifySettings, 'links'>, Named {
  routes: RouteRule[]
  monitors: ReadonlyMap<string, MonitorRule>
  /** Ids of all vantages and all failovers: what is about others is over. */
  vantages: string[]
  failovers: string[]
  links: Links
  /** New incidents wait this long for others that come with them. */
  gatherMs: number
  /** This place speaks only where another is silent, and then to every destination. */
  isStandby: boolean
  /** Events may come twice, and the later before the earlier: what is older than what is known of the same is left out. */
  isUnordered?: boolean
}

/** Something that is wrong, from its first event to the one that ends it. */
export interface Incident {
  key: string
  severity: Severity
  monitor?: string
  /** The latest event that it was open by. */
  event: VedetteEvent
  openedMs: number
  heardMs: number
  /** A route of its list could not be told: the routes of the other list are, too. */
  isRerouted?: boolean
  /** When a parent of its monitor was down last. */
  shadowedMs?: number
}

/** What a route has been told and has not been told the end of. */
export interface Alert {
  key: string
  /** Keys of its incidents: one, or those of a storm. */
  members: string[]
  /** What it was last told with. */
  event: VedetteEvent
  severity: Severity
  openedMs: number
  /** When the route was last told of it. */
  toldMs: number
  /** What it was last told: how many incidents, and how many more that they mute. */
  told: { open: number; dependants: number; what: string }
  /** What the destination calls the message, once it has it. */
  ref?: string
  /** Its beginning was given up: it is told anew once the route takes something. */
  isRefused?: boolean
  /** The route refused its beginning, and has nothing to be told the end of. */
  isUnheard?: boolean
}

/** Something to be told to one route. Those of one route are told in the order of their ids. */
export interface Notice {
  id: number
  route: string
  action: 'open' | 'update' | 'remind' | 'close' | 'note'
  /** Of the alert; for a note, of its own. */
  key: string
  /** What it is about. At a close, what was open; `end` is then what ended it. */
  event: VedetteEvent
  end?: VedetteEvent
  severity: Severity
  atMs: number
  openedMs: number
  /** How many monitors that depend on this one are down with it, and not told of. */
  dependants: number
  /** What was changed before it, newest first. */
  changes: ChangeNote[]
  /** What Vedette did about it, or refused to, and why. */
  acts: ChangeNote[]
  links: Links
  ref?: string
  /** Not before this time: it could not be told before. */
  notBeforeMs?: number
  rounds: number
  /** How often it was refused, of an end. */
  refusals?: number
}

/** Where it all stands. Plain data: it is kept as JSON. */
export interface NotifyState {
  version: 1
  nextId: number
  incidents: Record<string, Incident>
  /** By route, then by key. */
  alerts: Record<string, Record<string, Alert>>
  outbox: Notice[]
  /** Ends that a route refused: each is tried again when it takes something, a few times. */
  refused: Notice[]
  changes: ChangeNote[]
  /** The latest thing that was done with each failover, or refused. */
  acts: Record<string, ChangeNote>
  /** By route: when each single alert of late was opened. */
  opened: Record<string, number[]>
  /** By route: its latest calls, as many as its rate counts. */
  calls: Record<string, number[]>
  heartbeatMs: number
  /** Who tells what is due, until when: several runs may share this state, and nothing is to be told twice. */
  lease?: { holder: string; untilMs: number }
  /** Another controller speaks: nothing new is told from here. */
  isSilent: boolean
  /** Of when the newest news of that is. */
  speaksMs?: number
  /** When incidents that are over were last heard of, and what was told that is no incident; kept for two weeks where events come in any order. */
  over: Record<string, number>
  /** Notices that were given up, since ever; signs of life are not counted. */
  lost: number
  /** When it was looked at last. */
  seenMs?: number
}

/** What happens to the state. */
export type NotifyInput =
  | { kind: 'event'; event: VedetteEvent }
  /** Time has passed. */
  | { kind: 'clock' }
  | { kind: 'delivered'; id: number; ref?: string }
  /** It was refused, or nobody was there; `isFinal` says that another try is useless, `retryAfterMs` that none is wanted before. */
  | { kind: 'undelivered'; id: number; reason: string; isFinal: boolean; retryAfterMs?: number }
  /** Whether this place is the one that speaks, as of a time. */
  | { kind: 'speaks'; speaks: boolean; atMs: number }
  /** The config that is run now: what it does not know any more is over. `isFresh`: its keys may be others than before. */
  | { kind: 'started'; isFresh: boolean }

/** Nothing is open; a standby is silent until it hears that home is. */
export function initialNotifyState(nowMs: number, isSilent = false): NotifyState {
  return {
    ...{
      version: 1,
      nextId: 1,
      incidents: {},
      alerts: {},
      outbox: [],
      refused: [],
      changes: [],
      acts: {},
      opened: {},
      calls: {},
    },
    ...{ heartbeatMs: nowMs, isSilent, over: {}, lost: 0 },
  }
}
