import type { ControllerMemory, ListOutcome } from '../act/ports.ts'
import type { Decision, FailoverFacts, Request, Round } from '../decide/failover-facts.ts'
import { tally } from '../decide/quorum.ts'
import { answerIn, answerOf, matchesAnswer, stateIn } from '../decide/swap-records.ts'
import type { SwapState } from '../decide/swap-state.ts'
import type { Failover } from '../model/failover.ts'

/** Why a decision is made. */
export type Trigger = 'vantage' | 'alarm' | 'tick' | 'person'

/** A failover as it stands. */
export interface FailoverStatus {
  id: string
  record: string
  mode: Failover['mode']
  endpoints: { id: string; active: boolean; up: string[]; down: string[]; none: string[] }[]
  locked: boolean
  last?: { atMs: number; trigger: Trigger; decision: Decision }
  lastMove?: { atMs: number; to: string; tookMs: number; verified?: boolean }
}

/** What a controller has in hand when it decides. */
export interface Seen {
  vantages: readonly string[]
  rounds: readonly Round[]
  listed: ListOutcome
  /** Undefined where the table cannot be read, or written. */
  memory: ControllerMemory | undefined
  request: Request | undefined
  nowMs: number
  wantToMove: number
  maxConcurrent: number
}

/** The facts of a decision, and the state of the TXT that it is made on. */
export function factsOf(failover: Failover, seen: Seen): { facts: FailoverFacts; state: SwapState | undefined } {
  const { listed, memory, request, ...rest } = seen
  const sets = listed.kind === 'listed' ? listed.sets : undefined
  const found = sets ? stateIn(sets, failover) : 'unreadable'
  const state = typeof found === 'string' ? undefined : found.state
  const active = failover.endpoints.find(({ id }) => id === state?.active)
  const matches = sets && active && matchesAnswer(answerIn(sets, failover), answerOf(failover, active))
  const facts: FailoverFacts = {
    ...{ failover, ...rest, active: state?.active },
    recordMatches: sets ? (matches ? 'matches' : 'edited') : 'unreadable',
    flags: state?.flags ?? { locked: false, latched: false },
    table: memory ? { locked: memory.locked } : 'unreadable',
    switches: [...(state?.switches ?? [])].reverse(),
    healthySince: memory?.healthySince ?? {},
    ...(state?.claim && { claim: { to: state.claim.to, expiresAtMs: state.claim.expiresAtMs, mine: false } }),
    ...(request && { request }),
  }
  return { facts, state }
}

/** A failover as a decision found it; its last move is what it was. */
export function statusOf(
  facts: FailoverFacts,
  last: NonNullable<FailoverStatus['last']>,
  before: FailoverStatus | undefined,
): FailoverStatus {
  const { id, record, mode, endpoints } = facts.failover
  const ballots = facts.rounds.at(-1)?.ballots ?? new Map()
  return {
    ...{ id, record, mode, last },
    endpoints: endpoints.map((one) => ({
      ...{ id: one.id, active: one.id === facts.active },
      ...tally(one.id, facts.vantages, ballots),
    })),
    locked: facts.flags.locked || facts.table === 'unreadable' || facts.table.locked,
    ...(before?.lastMove && { lastMove: before.lastMove }),
  }
}
