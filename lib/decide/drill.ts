import type { Endpoint, Failover } from '../model/failover.ts'
import type { Change } from './swap-batch.ts'
import { answerIn, drillOf, type RecordSet } from './swap-records.ts'

/** What came of a drill. */
export interface DrillOutcome {
  outcome: 'passed' | 'failed' | 'yielded'
  /** Why, in a sentence. */
  detail: string
  /** Ids of the endpoints between which it moved; absent where it did not come to that. */
  from?: string
  to?: string
  atMs: number
  seen: DrillSight[]
  steps: { step: DrillStep; tookMs: number }[]
  /** What of the drill may still be in the zone, and what to do; absent where it is gone. */
  left?: string
}

/** When one server gave the new answer to one vantage for good. */
export interface DrillSight {
  move: DrillMove
  vantage: string
  server: string
  /** From the accepted change to the reply that showed it, ms; absent where it was not seen in time. */
  afterMs?: number
  /** What it said instead, where that was so in the end. */
  says?: string
}

/** To the standby, and back. */
export type DrillMove = 'there' | 'back'

export type DrillStep =
  | 'clean'
  | 'create'
  | 'settle'
  | 'move'
  | 'served'
  | 'name'
  | 'move back'
  | 'served back'
  | 'delete'

/** What is remembered of the last drill. */
export interface LastDrill extends Pick<DrillOutcome, 'outcome' | 'detail'> {
  atMs: number
}

const hourMs = 3_600_000
/** A drill that failed is tried again after so long; one that gave way, sooner. */
const againAfterMs = { passed: 0, failed: 24 * hourMs, yielded: hourMs }
/** Each further controller drills so much later: two at once would be in each other's way. */
const rankDelayMs = 6 * hourMs

/**
 * Whether a drill is to begin by itself: `drill.every` after the last one that passed, or after the failover was first known.
 * `rank` is the controller's place in the config, 0 at home.
 */
export function isDrillDue(
  { drill, switch: how }: Pick<Failover, 'drill' | 'switch'>,
  memory: { drilledAtMs?: number; knownSinceMs?: number; lastDrill?: LastDrill },
  nowMs: number,
  rank = 0,
): boolean {
  const sinceMs = memory.drilledAtMs ?? memory.knownSinceMs
  if (!drill || how !== 'record' || sinceMs === undefined) return false
  const { lastDrill } = memory
  const isTooSoon = lastDrill !== undefined && agoMs(lastDrill.atMs, nowMs) < againAfterMs[lastDrill.outcome]
  return !isTooSoon && agoMs(sinceMs, nowMs) >= drill.everyMs + rank * rankDelayMs
}

/** How long ago something was, ms; for ever, where a clock that was wrong has dated it ahead: two clocks differ by less than a minute. */
export function agoMs(atMs: number, nowMs: number): number {
  return atMs - nowMs > 60_000 ? Number.POSITIVE_INFINITY : nowMs - atMs
}

/** Whom a drill moves to: the first of the others that is no last resort, else the first that is. */
export function drillTarget({ endpoints }: Pick<Failover, 'endpoints'>, active: string): Endpoint | undefined {
  const others = endpoints.filter(({ id }) => id !== active)
  return others.find(({ lastResort }) => !lastResort) ?? others[0]
}

/** A TTL beyond this is not waited out. */
const longestStageMs = 240_000
/** Route 53 says that changes reach all servers within 60 s as a rule (https://docs.aws.amazon.com/Route53/latest/APIReference/API_GetChange.html). */
const propagationMs = 120_000

/** How long servers have to show a change, ms: resolvers may keep the old answer for its TTL. */
export function drillStageMs({ servers, ttl }: Pick<Failover, 'servers' | 'ttl'>): number {
  const hasResolver = servers.some((server) => !server.startsWith('authoritative'))
  return Math.min(longestStageMs, propagationMs + (hasResolver ? ttl * 1000 : 0))
}

/** The batch that makes the drill's name answer as `wanted` (nothing: gone): an exact DELETE of all that is listed, and the new sets. */
export function drillBatch(
  listed: readonly RecordSet[],
  wanted: readonly RecordSet[],
  failover: Pick<Failover, 'record'>,
): Change[] {
  const changes = [
    ...answerIn(listed, drillOf(failover)).map((set): Change => ({ action: 'DELETE', set })),
    ...wanted.map((set): Change => ({ action: 'CREATE', set })),
  ]
  const { record } = drillOf(failover)
  const other = changes.find(({ set }) => set.name !== record || set.type === 'TXT')
  // Never on the record: this is what the whole drill rests on.
  if (other)
    throw new Error(
      `expected a drill to change A, AAAA and CNAME of ${record} only, got ${other.set.type} ${other.set.name}`,
    )
  return changes
}
