import type { Failover } from '../model/failover.ts'
import type { Ballot } from './quorum.ts'
import type { RawRecordSet, RecordSet } from './swap-records.ts'

/** What readiness looks at, each found out in a way of its own, and the codes of its problems. They are stable: tickets name them. */
export const readinessCodes = {
  /** The record and its TXT, as the API lists them. */
  record: [
    ...([
      'ZONE_NOT_OURS',
      'WILDCARD',
      'APEX_CNAME',
      'ROUTING',
      'HEALTH_CHECK',
      'TRAFFIC_POLICY',
      'OTHER_TYPES',
    ] as const),
    ...(['NO_ANSWER', 'NO_ENDPOINT', 'EDITED', 'TTL_DIFFERS', 'TTL_LONG'] as const),
    ...(['TXT_MISSING', 'TXT_UNREADABLE', 'LOCKED', 'LATCHED', 'ACTIVE_UNKNOWN', 'UNKNOWN_RECORD'] as const),
  ],
  /** What vantages see of the endpoints. */
  votes: ['STANDBY_DOWN', 'UNREACHABLE', 'UNKNOWN_VOTES'],
  /** The hosted zone. */
  zone: ['ZONE_DENIED', 'ZONE_PRIVATE', 'ZONE_NAME', 'UNKNOWN_ZONE'],
  /** What the parent zone says of it. */
  delegation: ['DELEGATION', 'UNKNOWN_DELEGATION'],
  /** Whether the controller may change the record. */
  write: ['WRITE_DENIED', 'UNKNOWN_WRITE'],
  /** The controller's own memory. */
  table: ['TABLE_UNREADABLE', 'LOCKED_HERE', 'NO_DRILL'],
} as const

export type Aspect = keyof typeof readinessCodes
export type ReadinessCode = (typeof readinessCodes)[Aspect][number]

/** Something that would keep a failover from moving, or from helping when it does. */
export interface ReadinessProblem {
  code: ReadinessCode
  /** What was expected, what was found and what to do, in a sentence or two. */
  detail: string
  /** Id of the endpoint that it is about, where it is about one. */
  endpoint?: string
}

/** Whether a failover could move now, as far as can be known before it has to. */
export interface Readiness {
  atMs: number
  problems: ReadinessProblem[]
  /** What is no problem yet worth knowing: addresses that no vantage can reach. */
  notes?: string[]
  /** Id of the endpoint that was active when that was last known. */
  active?: string
  /** When it was first looked at, ms. */
  sinceMs?: number
  /** When each aspect was last found out, ms. */
  knownAtMs?: Partial<Record<Aspect, number>>
}

/** A refusal; the message begins with the API's name for it. */
export interface Denied {
  kind: 'denied'
  message: string
}

/**
 * What one look has found. `undefined` is what could not be found out this time (throttled, no reply, not its turn);
 * `unneeded` is what this failover can do without.
 */
export interface ReadinessFacts {
  failover: Failover
  /** Ids of the configured vantages. */
  vantages: readonly string[]
  nowMs: number
  votes: {
    ballots: ReadonlyMap<string, Ballot>
    /** Why monitors failed, as `CODE: message`; by vantage, then by monitor. */
    causes: ReadonlyMap<string, Readonly<Record<string, string>>>
  }
  record:
    | { kind: 'listed'; sets: readonly RecordSet[]; besides?: readonly RawRecordSet[] }
    | Denied
    | 'unneeded'
    | undefined
  zone:
    | { kind: 'zone'; name: string; isPrivate: boolean; nameServers: readonly string[] }
    | Denied
    | 'unneeded'
    | undefined
  /** The name servers that the parent zone names. */
  delegation: readonly string[] | 'unneeded' | undefined
  write: 'allowed' | Denied | 'unneeded' | undefined
  /** The controller's memory; undefined where its table cannot be read. */
  table: { locked: boolean; text?: string; drilledAtMs?: number; knownSinceMs?: number } | undefined
  /** The look before. */
  before?: Readiness
}

/** What is found of one aspect. */
export interface Finding {
  problems: ReadinessProblem[]
  /** Absent where all of it is known; else what is not, to follow "it could not be found out". */
  unknown?: string
  /** Ids of the endpoints that it is not known of, where that differs between them. */
  endpoints?: readonly string[]
}
