import type { Stage } from './result.ts'

/** What a service is called wherever Vedette speaks of it. */
export interface Named {
  service: string
  env?: string
}

/** Why something is wrong: a stable code, in which stage of a probe, and what was expected and got. */
export interface EventCause {
  code: string
  stage?: Stage
  message: string
}

/** Who is hit, as far as it is known. */
export interface Blast {
  /** Ids of the vantages that see it. */
  vantages: string[]
  /** How many vantages see it, of how many that look. */
  seeing: number
  of: number
  /** Which families of addresses were tried. */
  families: ('IPv4' | 'IPv6')[]
  /** The address that was dialled. */
  address?: string
  /** The DNS server that was asked, or that names were looked up with. */
  resolver?: string
}

/** What an event about a monitor says of it. */
export interface AboutMonitor {
  /** The monitor's id. */
  monitor: string
  /** What it watches, in a few words, without secrets. */
  target: string
}

/** Something that was changed, by people or by Vedette. */
export interface ChangeNote {
  atMs: number
  text: string
}

type Bodies =
  // A monitor, by its thresholds. `sinceMs` is the first result of the run that led here.
  | (AboutMonitor & { type: 'monitor.down' | 'monitor.degraded'; sinceMs: number; cause?: EventCause; blast: Blast })
  | (AboutMonitor & { type: 'monitor.recovered'; sinceMs: number })
  /** What a monitor answers in takes too long: over a limit, or against what is usual for it. */
  | (AboutMonitor & {
      type: 'latency.slow'
      sinceMs: number
      against: 'limit' | 'baseline'
      /** `p50`, `p95`, `p99`. */
      statistic: string
      /** What it was, and what it may be at most; absent where that is not known. */
      valueMs?: number
      limitMs?: number
    })
  | (AboutMonitor & { type: 'latency.normal'; against: 'limit' | 'baseline' })
  /** The error budget is being used up too fast: over a long window, and still over a short one. */
  | (AboutMonitor & {
      type: 'budget.burning'
      severity: 'page' | 'ticket'
      objective: number
      /** How many times faster than the objective allows. */
      burn?: number
      longMs?: number
      shortMs?: number
      /** How much of the long window was seen, where that is not all of it. */
      seenMs?: number
      /** In the words of whoever noticed it, where that is all there is. */
      detail?: string
      /** Share of the budget that is left, 0 to 1; negative once it is overdrawn. */
      left?: number
      exhaustedInMs?: number
    })
  | (AboutMonitor & { type: 'budget.calm'; severity: 'page' | 'ticket' })
  /** A certificate that ends soon; without a monitor, any of the service's. */
  | { type: 'certificate.expiring'; monitor?: string; subject?: string; daysRemaining?: number; detail: string }
  | { type: 'certificate.renewed'; monitor?: string }
  /** A vantage that cannot tell: it is cut off, or gone. */
  | { type: 'vantage.blind'; vantage: string; sinceMs: number; detail: string }
  | { type: 'vantage.seeing'; vantage: string }
  /** A part of Vedette that fails. Where nobody may ever say that it works again, it is over `forMs` after it was last heard of. */
  | { type: 'fault.opened'; part: string; detail: string; forMs?: number }
  | { type: 'fault.closed'; part: string }
  // Failovers. `reasons` are those of the decision, in sentences.
  | { type: 'failover.started'; failover: string; record: string; to: string; why: string; reasons: string[] }
  | { type: 'failover.done'; failover: string; record: string; to: string; tookMs: number; downForMs?: number }
  /** The new answer is served everywhere and the target answers. */
  | { type: 'failover.verified'; failover: string; record: string; to: string }
  /** Vedette wants a person: it refused to act, or asks for approval. */
  | {
      type: 'failover.refused' | 'failover.asked'
      failover: string
      record: string
      to?: string
      code: string
      reasons: string[]
    }
  /** A decision that nobody has to look at any more. */
  | { type: 'failover.settled'; failover: string; record: string }
  | { type: 'failover.failed'; failover: string; record: string; to?: string; code: string; detail: string }
  | { type: 'failover.notReady'; failover: string; record: string; problems: { code: string; detail: string }[] }
  | { type: 'failover.ready'; failover: string; record: string }
  | {
      type: 'drill.passed' | 'drill.failed' | 'drill.yielded'
      failover: string
      record: string
      detail: string
      tookMs: number
      seen: { vantage: string; server: string; afterMs: number }[]
    }
  /** Something was changed by people: a deployment, say. */
  | { type: 'change'; text: string; url?: string }
  /** Many incidents at once, told of together; made by the rules. */
  | { type: 'storm'; sinceMs: number; open: number; causes: { code: string; count: number }[]; monitors: string[] }
  /** A route that could not be told something; made by the rules. */
  | { type: 'route.failing'; route: string; reason: string; unheard: string }
  | { type: 'route.working'; route: string }
  /** A sign of life, to prove that a route leads somewhere. */
  | { type: 'route.heartbeat'; test: boolean }

/** Anything that Vedette tells people, whatever it was noticed by. Plain data: it is kept, sent and rendered. */
export type VedetteEvent = Named & { atMs: number } & Bodies

export type EventType = VedetteEvent['type']
export type EventOf<T extends EventType> = VedetteEvent & { type: T }
