import type { FailoverFacts, GuardCode } from './failover-facts.ts'
import type { Reason } from './failover-reasons.ts'

export type GuardReason = Extract<Reason, { code: GuardCode }>

const dayMs = 24 * 60 * 60 * 1000

/** What only a machine is kept from. */
const forMachines: readonly GuardCode[] = ['latched', 'max-per-day', 'max-concurrent']

/** These two hand the move to a person, which is what asking for approval does. */
const handedOver: readonly GuardCode[] = ['max-per-day', 'max-concurrent']

/**
 * The guards that hold while `active` is. Takes the facts, gives those that stop the move, in the order in which they are
 * told, and those that are left to the person who asks or will be asked.
 */
export function guardsOf(facts: FailoverFacts, active: string): { stops: GuardReason[]; left: GuardReason[] } {
  const held = [...lockGuards(facts), ...recordGuards(facts, active), ...limitGuards(facts)]
  const person = facts.request ? forMachines : facts.failover.mode === 'approve' ? handedOver : []
  return {
    stops: held.filter(({ code }) => !person.includes(code)),
    left: held.filter(({ code }) => person.includes(code)),
  }
}

function lockGuards({ flags, table }: FailoverFacts): GuardReason[] {
  const guards: GuardReason[] = []
  if (flags.locked) guards.push({ code: 'locked', by: 'txt' })
  if (table === 'unreadable') guards.push({ code: 'locked', by: 'table-unreadable' })
  else if (table.locked) guards.push({ code: 'locked', by: 'table' })
  return guards
}

function recordGuards({ recordMatches }: FailoverFacts, active: string): GuardReason[] {
  if (recordMatches === 'matches') return []
  return [{ code: recordMatches === 'edited' ? 'record-edited' : 'record-unreadable', endpoint: active }]
}

function limitGuards(facts: FailoverFacts): GuardReason[] {
  const { flags, failover, switches, nowMs, wantToMove, maxConcurrent, heldBack = 0, claim } = facts
  const guards: GuardReason[] = []
  if (flags.latched) guards.push({ code: 'latched' })

  // A switch that another clock dates into the future counts too, and so does one exactly a day old.
  const recent = switches.filter(({ atMs, by }) => by === 'auto' && atMs >= nowMs - dayMs)
  if (recent.length >= failover.maxPerDay) {
    const sinceMs = Math.min(...recent.map(({ atMs }) => atMs))
    guards.push({ code: 'max-per-day', switches: recent.length, limit: failover.maxPerDay, sinceMs })
  }

  // A switch that has begun passed this guard then; half a switch is worse than one too many.
  const wanting = Math.max(wantToMove + 1, heldBack)
  if (!claim && wanting > maxConcurrent) guards.push({ code: 'max-concurrent', wanting, limit: maxConcurrent })
  return guards
}
