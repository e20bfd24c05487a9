import type { Failover } from '../model/failover.ts'
import { stableHash } from '../model/stable-hash.ts'
import { agoMs } from './drill.ts'
import { recordFinding, stateOf } from './readiness-record.ts'
import {
  type Aspect,
  type Finding,
  type Readiness,
  type ReadinessFacts,
  type ReadinessProblem,
  readinessCodes,
} from './readiness-terms.ts'
import { unreachableNotes, votesFinding } from './readiness-votes.ts'
import { delegationFinding, tableFinding, writeFinding, zoneFinding } from './readiness-zone.ts'

export type { Readiness, ReadinessProblem } from './readiness-terms.ts'

const minuteMs = 60_000
/** Each failover is looked at once in so many minutes: hundreds of them share the few calls that Route 53 allows an account. */
const everyMinutes = 10
/** Asking whether the controller may still write comes with a look, and looks are minutes apart: once an hour in the end. */
const writeEveryMs = 55 * minuteMs
/** What could not be found out for so long is told. The right to write is asked about once an hour, so it has longer. */
const unknownAfterMs = (aspect: Aspect) => (aspect === 'write' ? 120 : 60) * minuteMs

/** Whether a failover's turn is in this minute (whole minutes since 1970): all of them are spread evenly over ten. */
export function isReadinessDue({ id }: Pick<Failover, 'id'>, minute: number): boolean {
  return stableHash(id) % everyMinutes === minute % everyMinutes
}

/** Whether the hourly proof that the controller may write is due. */
export function isWriteCheckDue(before: Readiness | undefined, nowMs: number): boolean {
  const knownAtMs = before?.knownAtMs?.write
  return knownAtMs === undefined || agoMs(knownAtMs, nowMs) >= writeEveryMs
}

/** Everything that would keep a failover from moving, or from helping when it does; empty where it is ready. */
export function readinessOf(facts: ReadinessFacts): ReadinessProblem[] {
  return readinessAfter(facts).problems
}

/**
 * What is known of a failover after a look at it. What could not be found out this time is as it was found last; where that
 * was too long ago, that is a problem of its own.
 */
export function readinessAfter(facts: ReadinessFacts): Readiness {
  const { nowMs, before } = facts
  const sinceMs = before?.sinceMs ?? nowMs
  const state = stateOf(facts)
  const active = state?.active ?? before?.active ?? firstActive(facts)
  const findings: Record<Aspect, Finding> = {
    record: recordFinding(facts, state),
    votes: votesFinding(facts, active),
    zone: zoneFinding(facts),
    delegation: delegationFinding(facts),
    write: writeFinding(facts),
    table: tableFinding(facts),
  }
  const aspects = Object.keys(findings) as Aspect[]
  const lastMs = (aspect: Aspect) => (findings[aspect].unknown ? before?.knownAtMs?.[aspect] : nowMs)
  const problems = aspects.flatMap((aspect) => {
    const { problems } = findings[aspect]
    return [...problems, ...kept(aspect, findings[aspect], before)]
  })
  const unknown = aspects.flatMap((aspect) =>
    unknownProblems(aspect, findings[aspect], nowMs - (lastMs(aspect) ?? sinceMs)),
  )
  // What follows from a zone that is closed to us needs no telling beside it.
  const isClosed = problems.some(({ code }) => code === 'ZONE_NOT_OURS' || code === 'ZONE_PRIVATE')
  const notes = unreachableNotes(facts)
  return {
    ...{ atMs: nowMs, sinceMs, problems: isClosed ? problems : [...problems, ...unknown] },
    knownAtMs: Object.fromEntries(
      aspects.flatMap((aspect) => {
        const atMs = lastMs(aspect)
        return atMs === undefined ? [] : [[aspect, atMs]]
      }),
    ),
    ...(active !== undefined && { active }),
    ...(notes.length > 0 && { notes }),
  }
}

/**
 * What is known of a failover by newer votes than those it was looked at with, and with the endpoint that is active now: a
 * standby of then is to be no problem once traffic is there. All else is as it was found.
 */
export function readinessByVotes(
  looked: Readiness,
  facts: Pick<ReadinessFacts, 'failover' | 'vantages' | 'votes'>,
  active = looked.active,
): Readiness {
  const codes: readonly string[] = readinessCodes.votes
  const finding = votesFinding(facts, active)
  const others = looked.problems.filter(({ code }) => !codes.includes(code))
  const unknown = looked.problems.filter(({ code }) => finding.unknown && code === unknownCode('votes'))
  return {
    ...looked,
    problems: [...others, ...finding.problems, ...kept('votes', finding, looked), ...unknown],
    ...(active !== undefined && { active }),
  }
}

/** One that moves by health checks begins with its first endpoint, and has no text before its first move. */
function firstActive({ failover, table }: ReadinessFacts): string | undefined {
  return failover.switch === 'health-check' && table ? failover.endpoints[0]?.id : undefined
}

/** What an earlier look found of what this one could not find out. */
function kept(aspect: Aspect, { unknown, endpoints }: Finding, before: Readiness | undefined): ReadinessProblem[] {
  if (!unknown) return []
  const codes: readonly string[] = readinessCodes[aspect]
  return (before?.problems ?? []).filter(
    ({ code, endpoint = '' }) =>
      codes.includes(code) && code !== unknownCode(aspect) && (!endpoints || endpoints.includes(endpoint)),
  )
}

function unknownProblems(aspect: Aspect, { unknown }: Finding, forMs: number): ReadinessProblem[] {
  const code = unknownCode(aspect)
  if (!unknown || !code || forMs < unknownAfterMs(aspect)) return []
  return [{ code, detail: `For ${Math.floor(forMs / minuteMs)} minutes it could not be found out ${unknown}.` }]
}

function unknownCode(aspect: Aspect) {
  return readinessCodes[aspect].find((code) => code.startsWith('UNKNOWN_'))
}
