import type { Failover } from '../model/failover.ts'
import { identityOf, pauseMs, settled } from './swap-attempt.ts'
import { batchProblems, txtBatch } from './swap-batch.ts'
import { problemText, recordProblems } from './swap-first-contact.ts'
import { endpointIn, type RecordSet, rawOf, stateIn, txtIn } from './swap-records.ts'
import { lastEpoch, type SwapState } from './swap-state.ts'
import type { Effect, Ending, Limits, SwapEvent } from './swap-terms.ts'

/** What a person, or the guard that latches, writes into the TXT while the answer stays as it is. */
export interface FlagPlan {
  failover: Failover
  /** Id of this write: 1 to 10 letters, digits, `.`, `_` or `-`, never used before. */
  decision: string
  /** `adopt` writes the TXT for the answer that is there: the first one, a lost or damaged one, or after an edit that was meant. */
  change: { locked?: boolean; latched?: boolean } | 'adopt'
  largestEpoch: number
  limits: Omit<Limits, 'hookCalls'>
}

export interface FlagAttempt {
  plan: FlagPlan
  largestEpoch: number
  /** The text that writes of unknown outcome delete; empty where they create the first one. */
  inDoubt?: string
  waitingFor: { kind: 'read' | 'pause' | 'nothing' } | { kind: 'write'; epoch: number; deletes: string }
  used: { reads: number; writes: number; pauses: number }
}

export interface FlagStep {
  state: FlagAttempt
  effect: Effect
}

/** Begins a TXT-only change. It applies to whatever state is there, so it goes on until it is seen or its bounds are met. */
export function startFlags(plan: FlagPlan): FlagStep {
  const { largestEpoch } = plan
  return read({ plan, largestEpoch, waitingFor: { kind: 'nothing' }, used: { reads: 0, writes: 0, pauses: 0 } })
}

/**
 * What to do after an event.
 *
 * @throws Error for an event that does not answer the last effect: a fault of the host
 */
export function stepFlags(attempt: FlagAttempt, event: SwapEvent): FlagStep {
  const { waitingFor } = attempt
  const kind = waitingFor.kind
  if (event.kind === 'denied' && kind !== 'nothing')
    return finish(attempt, { kind: 'refused', reason: 'DENIED', detail: event.message })
  if (kind === 'pause' && event.kind === 'paused') return read(attempt)
  if (kind === 'read' && event.kind === 'listed') return listed(attempt, event)
  if (kind === 'read' && (event.kind === 'throttled' || event.kind === 'unknown')) return pause(attempt)
  if (waitingFor.kind === 'write') {
    if (event.kind === 'written') return finish(settled(attempt), { kind: 'written', epoch: waitingFor.epoch })
    if (event.kind === 'refused') return read(attempt)
    if (event.kind === 'throttled') return pause(attempt)
    if (event.kind === 'unknown') return read({ ...attempt, inDoubt: waitingFor.deletes })
  }
  throw new Error(`expected an event that answers "${kind}", got "${event.kind}"`)
}

function listed(attempt: FlagAttempt, event: Extract<SwapEvent, { kind: 'listed' }>): FlagStep {
  const { sets, besides = [], atMs } = event
  const { failover, decision, change } = attempt.plan
  const found = stateIn(sets, failover)
  const old = typeof found === 'string' ? undefined : found.state
  const deletes = txtIn(sets, failover)
    .flatMap(({ values }) => values ?? [])
    .join()
  const open = attempt.inDoubt === deletes
  const known: FlagAttempt = {
    ...(open ? attempt : settled(attempt)),
    largestEpoch: Math.max(attempt.largestEpoch, old?.epoch ?? 0),
  }
  if (old?.decision === decision) return finish(known, { kind: 'written', epoch: old.epoch })
  if (!old && change !== 'adopt') {
    const detail = `the TXT is ${found}: \`failover adopt\` writes it`
    return finish(known, { kind: 'refused', reason: found === 'missing' ? 'TXT_MISSING' : 'TXT_UNREADABLE', detail })
  }
  const epoch = known.largestEpoch + 1
  if (epoch > lastEpoch)
    return finish(known, { kind: 'refused', reason: 'NO_EPOCH_LEFT', detail: `the last one was ${lastEpoch}` })
  const problems = change === 'adopt' ? recordProblems([...sets.map(rawOf), ...besides], failover) : []
  if (problems.length > 0)
    return finish(known, { kind: 'refused', reason: 'EDITED', detail: problems.map(problemText).join('; ') })
  const next = change === 'adopt' ? adopted(old, sets, failover, atMs) : changed(old, change)
  if (next === 'same') return finish(known, { kind: 'alreadyDone', epoch: old?.epoch ?? 0 })
  // Ours may have been there, and what came after it meant to undo it.
  if (old && attempt.inDoubt !== undefined && !open)
    return finish(known, { kind: 'superseded', reason: 'OTHER_STATE', by: identityOf(old) })
  return write(known, sets, { ...next, version: 1, epoch, decision }, deletes)
}

type Next = Omit<SwapState, 'version' | 'epoch' | 'decision'>

/** A state with other flags. */
function changed(old: SwapState | undefined, change: Exclude<FlagPlan['change'], 'adopt'>): Next | 'same' {
  if (!old) return 'same'
  const flags = { locked: change.locked ?? old.flags.locked, latched: change.latched ?? old.flags.latched }
  return flags.locked === old.flags.locked && flags.latched === old.flags.latched ? 'same' : { ...old, flags }
}

/** The state of the answer that is there; what is known of the past is kept, a claim is not. */
function adopted(
  old: SwapState | undefined,
  sets: readonly RecordSet[],
  failover: Failover,
  atMs: number,
): Next | 'same' {
  const endpoint = endpointIn(sets, failover)
  // That there is one has been asked before.
  if (!endpoint || old?.active === endpoint.id) return 'same'
  const { id: active } = endpoint
  if (!old) return { active, sinceMs: atMs, switches: [], flags: { locked: false, latched: false } }
  const { claim: _, ...rest } = old
  const edit = { atMs, from: old.active, to: active, by: 'person' } as const
  return { ...rest, active, sinceMs: atMs, switches: [edit, ...old.switches] }
}

function write(attempt: FlagAttempt, sets: RecordSet[], state: SwapState, deletes: string): FlagStep {
  const { plan, used } = attempt
  if (used.writes >= plan.limits.writes) return finish(attempt, { kind: 'gaveUp', reason: 'WRITES' })
  const changes = txtBatch(sets, state, plan.failover)
  const problems = batchProblems(changes, plan.failover)
  if (problems.length > 0)
    return finish(attempt, { kind: 'refused', reason: 'INVALID_BATCH', detail: problems.join('; ') })
  const after: FlagAttempt = {
    ...attempt,
    largestEpoch: state.epoch,
    waitingFor: { kind: 'write', epoch: state.epoch, deletes },
    used: { ...used, writes: used.writes + 1 },
  }
  return { state: after, effect: { kind: 'write', what: 'state', changes } }
}

function read(attempt: FlagAttempt): FlagStep {
  const { used, plan } = attempt
  if (used.reads >= plan.limits.reads) return finish(attempt, { kind: 'gaveUp', reason: 'READS' })
  const state: FlagAttempt = { ...attempt, waitingFor: { kind: 'read' }, used: { ...used, reads: used.reads + 1 } }
  return { state, effect: { kind: 'read' } }
}

function pause(attempt: FlagAttempt): FlagStep {
  const { used } = attempt
  const state: FlagAttempt = { ...attempt, waitingFor: { kind: 'pause' }, used: { ...used, pauses: used.pauses + 1 } }
  return { state, effect: { kind: 'pause', ms: pauseMs(used.pauses) } }
}

function finish(attempt: FlagAttempt, ending: Ending): FlagStep {
  const { largestEpoch, inDoubt } = attempt
  const outcome = { ...ending, largestEpoch, inDoubt: inDoubt !== undefined, claimLeft: false }
  return { state: { ...attempt, waitingFor: { kind: 'nothing' } }, effect: { kind: 'done', outcome } }
}
