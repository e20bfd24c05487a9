import type { ControllerMemory, ListOutcome, Move, Trigger } from '../act/ports.ts'
import { causesOf } from '../decide/failover-explain.ts'
import type { Decision, FailoverFacts, Request, Round } from '../decide/failover-facts.ts'
import { tally } from '../decide/quorum.ts'
import type { Readiness } from '../decide/readiness.ts'
import { answerIn, answerOf, matchesAnswer, stateIn } from '../decide/swap-records.ts'
import type { SwapState } from '../decide/swap-state.ts'
import type { Failover } from '../model/failover.ts'

/** A failover as it stands. */
export interface FailoverStatus {
  id: string
  record: string
  mode: Failover['mode']
  /** `causes`: why it is down, in the words of those who see it so. */
  endpoints: { id: string; active: boolean; up: string[]; down: string[]; none: string[]; causes?: string[] }[]
  locked: boolean
  last?: { atMs: number; trigger: Trigger; decision: Decision }
  lastMove?: Move
  readiness?: Readiness
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

/** A failover as a controller found it just now, with what it remembers of it. */
export function statusOf(
  facts: FailoverFacts,
  known: Pick<FailoverStatus, 'last' | 'lastMove' | 'readiness'>,
): FailoverStatus {
  const { id, record, mode, endpoints } = facts.failover
  const ballots = facts.rounds.at(-1)?.ballots ?? new Map()
  const causes = Map.groupBy(causesOf(facts), ({ endpoint }) => endpoint)
  const { last, lastMove, readiness } = known
  return {
    ...{ id, record, mode },
    ...(last && { last }),
    endpoints: endpoints.map((one) => ({
      ...{ id: one.id, active: one.id === facts.active },
      ...tally(one.id, facts.vantages, ballots),
      ...(causes.has(one.id) && { causes: causes.get(one.id)?.map(({ cause }) => cause) ?? [] }),
    })),
    locked: facts.flags.locked || facts.table === 'unreadable' || facts.table.locked,
    ...(lastMove && { lastMove }),
    ...(readiness && { readiness }),
  }
}
