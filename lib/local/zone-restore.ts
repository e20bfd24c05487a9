import {
  answerIn,
  answerOf,
  drillOf,
  endpointIn,
  matchesAnswer,
  type RecordSet,
  recordSetOf,
  stateIn,
  txtIn,
  txtName,
  txtOf,
} from '../decide/swap-records.ts'
import { encodeState } from '../decide/swap-state.ts'
import { canonicalName } from '../model/dns-answer.ts'
import type { Endpoint, Failover } from '../model/failover.ts'
import type { KeptRecords } from './kept-records.ts'
import { indexRecords } from './zone-records.ts'
import { zoneRecords } from './zone-store.ts'

/** What an embedded zone begins with for one failover; `note` says what people have to know of it. */
export interface Restored {
  sets: RecordSet[]
  note?: string
}

/** The names of a zone that a failover's controller writes. */
export function ownNames({ record }: Pick<Failover, 'record'>): string[] {
  return [canonicalName(record), txtName({ record }), drillOf({ record }).record]
}

/**
 * What a zone serves of a failover's record after a start. The TXT that was kept says where traffic is, and that holds: a start
 * moves nothing and unlocks nothing. The answer is that endpoint's as the config has it now, as here the config is the only
 * one who may edit the record. What was kept and cannot be understood is served without being trusted: nothing moves it
 * until a person adopts it. Where nothing was kept it is a new record, adopted as its first endpoint.
 */
export function restore(failover: Failover, kept: ReturnType<KeptRecords['read']>, nowMs: number): Restored {
  const [primary] = failover.endpoints
  if (!primary) return { sets: [] }
  if (kept === undefined) return { sets: [...answerOf(failover, primary), firstTxt(failover, primary, nowMs)] }
  const sets = kept === 'damaged' ? [] : kept.map(recordSetOf).filter(({ name }) => ownNames(failover).includes(name))
  if (answerIn(sets, failover).length === 0 || !isServable(failover, sets)) return damaged(failover, primary)
  const found = stateIn(sets, failover)
  const activeId = typeof found === 'string' ? undefined : found.state.active
  const active = failover.endpoints.find(({ id }) => id === activeId)
  return active ? asDeclared(failover, active, sets) : untrusted(failover, activeId, sets)
}

function firstTxt(failover: Failover, primary: Endpoint, nowMs: number): RecordSet {
  const text = encodeState({
    ...{ version: 1, epoch: 1, decision: 'adopted', active: primary.id, sinceMs: nowMs },
    ...{ switches: [], flags: { locked: false, latched: false } },
  })
  return txtOf(failover, text)
}

/** The active endpoint's answer as it is declared now: its address or the TTL may have been changed since. */
function asDeclared(failover: Failover, active: Endpoint, sets: RecordSet[]): Restored {
  const before = answerIn(sets, failover)
  const answer = answerOf(failover, active)
  const others = sets.filter((set) => !before.includes(set))
  if (matchesAnswer(before, answer)) return { sets: [...answer, ...others] }
  const note = `${failover.record} stays on ${active.id}, whose answer is another one in the config now: that one is served.`
  return { sets: [...answer, ...others], note }
}

/** The kept answer goes on being served; who reads the TXT finds nothing that a move could be decided on. */
function untrusted(failover: Failover, activeId: string | undefined, sets: RecordSet[]): Restored {
  const { record } = failover
  const txt = txtIn(sets, failover).length > 0 ? 'cannot be read' : 'is missing'
  const why = activeId === undefined ? `its TXT ${txt}` : `it was on ${activeId}, which the config does not have`
  const endpoint = endpointIn(sets, failover)
  const what = endpoint ? `its answer is that of ${endpoint.id}` : 'its answer is that of no endpoint'
  const then = endpoint
    ? '"vedette failover adopt" goes on from there'
    : 'bring that endpoint back into the config, and move away from it before you take it out'
  return { sets, note: `${record} is served as it was, and nothing moves it: ${why}; ${what}. ${then}.` }
}

/** Never an empty answer; but where traffic was is not known, so that is for a person to say. */
function damaged(failover: Failover, primary: Endpoint): Restored {
  const { record } = failover
  const note = `${record}: what was kept of it is damaged. It answers as ${primary.id}, and nothing moves it until "vedette failover adopt".`
  return { sets: answerOf(failover, primary), note }
}

function isServable({ zone }: Failover, sets: readonly RecordSet[]): boolean {
  try {
    indexRecords(
      canonicalName(zone),
      sets.flatMap(({ raw }) => (raw ? zoneRecords(raw) : [])),
    )
    return true
  } catch {
    return false
  }
}
