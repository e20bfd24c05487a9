import type { Change } from '../../lib/decide/swap-batch.ts'
import {
  answerIn,
  answerOf,
  matchesAnswer,
  type RawRecordSet,
  type RecordSet,
  rawOf,
  relevantSets,
  stateIn,
} from '../../lib/decide/swap-records.ts'
import type { Outcome } from '../../lib/decide/swap-terms.ts'
import type { Failover } from '../../lib/model/failover.ts'

/** A hosted zone: its record sets, never changed but copied. `key` is the same for zones that hold the same. */
export interface Zone {
  sets: readonly RawRecordSet[]
  key: string
}

/** A zone that holds these. */
export function zoneOf(sets: readonly RawRecordSet[]): Zone {
  return { sets, key: sets.map(contentOf).sort().join('\n') }
}

const listings = new WeakMap<Zone, RecordSet[]>()

/** The zone's listing, as far as a failover reads it; a zone is asked for one failover alone. */
export function listZone(zone: Zone, failover: Pick<Failover, 'record'>): RecordSet[] {
  const listing = listings.get(zone) ?? relevantSets(zone.sets, failover)
  listings.set(zone, listing)
  return listing
}

const states = new WeakMap<RecordSet[], ReturnType<typeof stateIn>>()

/** What the TXT of a listing says; read once, as thousands of histories pass through the same zone. */
export function stateOf(listing: RecordSet[], failover: Failover): ReturnType<typeof stateIn> {
  const state = states.get(listing) ?? stateIn(listing, failover)
  states.set(listing, state)
  return state
}

/**
 * One ChangeResourceRecordSets: the zone after it, or undefined for InvalidChangeBatch, which changes nothing. Changes are
 * looked at in order, each on what the former left: a DELETE must match in every field (the order of values aside), a CREATE
 * must find no set of its name, type and identifier, and a CNAME stands alone
 * (https://docs.aws.amazon.com/Route53/latest/APIReference/API_ChangeResourceRecordSets.html).
 */
export function applyBatch(zone: Zone, changes: readonly Change[]): Zone | undefined {
  let sets = [...zone.sets]
  for (const { action, set } of changes) {
    const raw = rawOf(set)
    const there = sets.find((one) => placeOf(one) === placeOf(raw))
    if (action === 'CREATE' && there) return undefined
    if (action === 'DELETE' && (!there || contentOf(there) !== contentOf(raw))) return undefined
    sets = action === 'CREATE' ? [...sets, raw] : sets.filter((one) => one !== there)
  }
  return sets.every((set) => set.Type !== 'CNAME' || isAlone(set, sets)) ? zoneOf(sets) : undefined
}

/** What a person does by hand, without any guard: the answer at a name is these sets and no others. */
export function editByHand(zone: Zone, name: string, answer: readonly RawRecordSet[]): Zone {
  const others = zone.sets.filter((set) => nameOf(set) !== name || set.Type === 'TXT')
  return zoneOf([...others, ...answer])
}

function isAlone(set: RawRecordSet, sets: readonly RawRecordSet[]): boolean {
  return sets.every((other) => other === set || nameOf(other) !== nameOf(set))
}

function nameOf({ Name }: RawRecordSet): string {
  return (Name ?? '').toLowerCase().replace(/\.$/, '')
}

function placeOf(set: RawRecordSet): string {
  return `${nameOf(set)} ${set.Type} ${set.SetIdentifier ?? ''}`
}

const contents = new WeakMap<RawRecordSet, string>()

function contentOf(set: RawRecordSet): string {
  const known = contents.get(set)
  if (known !== undefined) return known
  const { Name: _, Type: __, ResourceRecords, ...fields } = set
  const values = (ResourceRecords ?? []).map(({ Value }) => Value).sort()
  const content = `${placeOf(set)} ${JSON.stringify([values, Object.entries(fields).sort()])}`
  contents.set(set, content)
  return content
}

/** A batch under way: whose it is, and after how many moves of the record it was decided. */
export interface Batch {
  decision: string
  by: 'auto' | 'person'
  what: string
  changes: Change[]
  move: number
  /** It is fenced, or its sender has told an end without doubt: it must not land. */
  settled: boolean
}

/** What has really happened to a record, which nobody in the story knows. */
export interface Truth {
  /** How often it moved. */
  move: number
  moves: { auto: number; person: number }
  topEpoch: number
  /** The answer before a person's edit. */
  edited?: readonly RawRecordSet[]
  /** To which switch each decision's claim belongs: a take-over continues one. */
  switchOf: Record<string, number>
  switches: number
  /** Keys that a hook has run with, and for which switch. */
  keys: Record<string, number>
  landed: string[]
}

export const noTruth: Truth = {
  ...{ move: 0, moves: { auto: 0, person: 0 }, topEpoch: 1, switchOf: {}, switches: 0, keys: {}, landed: [] },
}

/** What a batch that lands breaks of what failover.md promises; undefined if it keeps all of it. */
export function breach(before: Zone, truth: Truth, after: Zone, batch: Batch, failover: Failover): string | undefined {
  const [old, now] = [stateOf(listZone(before, failover), failover), stateOf(listZone(after, failover), failover)]
  const answer = answerIn(listZone(after, failover), failover)
  if (batch.settled) return 'a batch landed that was fenced, or whose decision was over'
  if (answer.length === 0) return 'the answer is empty'
  if (typeof old === 'string' || typeof now === 'string') return 'a TXT was not readable'
  if (now.state.epoch <= truth.topEpoch) return 'an epoch did not grow'
  const active = failover.endpoints.find(({ id }) => id === now.state.active)
  if (!truth.edited && (!active || !matchesAnswer(answer, answerOf(failover, active)))) return 'TXT and answer disagree'
  if (batch.what !== 'answer') return undefined
  if (truth.edited) return "a person's edit was overwritten"
  if (old.state.flags.locked || old.state.flags.latched) return 'a locked record moved'
  if (batch.move !== truth.move) return 'a decision moved a record that had moved since'
  if (batch.by === 'auto' && truth.moves.auto > 0 && truth.moves.person === 0) return 'two switches for one outage'
  const ran = Object.values(truth.keys).includes(truth.switchOf[batch.decision] ?? -1)
  return failover.hooks.before && !ran ? 'a record moved before the hook had run' : undefined
}

/** The truth after a batch has landed. */
export function truthAfter(before: Zone, truth: Truth, after: Zone, batch: Batch, failover: Failover): Truth {
  const [old, now] = [stateOf(listZone(before, failover), failover), stateOf(listZone(after, failover), failover)]
  const topEpoch = typeof now === 'string' ? truth.topEpoch : Math.max(truth.topEpoch, now.state.epoch)
  if (batch.what === 'answer') {
    const moves = { ...truth.moves, [batch.by]: truth.moves[batch.by] + 1 }
    return { ...truth, topEpoch, move: truth.move + 1, moves, landed: [...truth.landed, batch.decision] }
  }
  if (batch.what !== 'claim') return { ...truth, topEpoch }
  const continued = typeof old === 'string' ? undefined : truth.switchOf[old.state.claim?.decision ?? '']
  const own = continued ?? truth.switches
  const switchOf = { ...truth.switchOf, [batch.decision]: own }
  return { ...truth, topEpoch, switchOf, switches: Math.max(truth.switches, own + 1) }
}

/** A hook that runs: what that breaks, and the truth after it. */
export function hookRun(truth: Truth, decision: string, key: string): { truth: Truth; problem?: string } {
  const own = truth.switchOf[decision]
  if (own === undefined) return { truth, problem: 'a hook ran without a claim' }
  const after = { ...truth, keys: { ...truth.keys, [key]: own } }
  if ((truth.keys[key] ?? own) !== own) return { truth: after, problem: 'one hook key for two switches' }
  const two = Object.entries(truth.keys).some(([other, which]) => which === own && other !== key)
  return two ? { truth: after, problem: 'two hook keys for one switch' } : { truth: after }
}

/** What an outcome says that is not so. */
export function untrue({ kind, inDoubt }: Outcome, decision: string, { landed }: Truth): string | undefined {
  if (kind === 'moved' && !landed.includes(decision)) return 'a move was reported that was none'
  const denied = (kind === 'refused' || kind === 'gaveUp') && !inDoubt
  return denied && landed.includes(decision) ? 'a move was denied that was one' : undefined
}
