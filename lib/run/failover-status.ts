import type { ControllerMemory, ListOutcome, Move } from '../act/ports.ts'
import { causesOf } from '../decide/failover-explain.ts'
import type { FailoverFacts, Request, Round } from '../decide/failover-facts.ts'
import { tally } from '../decide/quorum.ts'
import { type Readiness, readinessByVotes } from '../decide/readiness.ts'
import { answerIn, answerOf, matchesAnswer, stateIn } from '../decide/swap-records.ts'
import type { SwapState } from '../decide/swap-state.ts'
import type { Failover } from '../model/failover.ts'

type Last = NonNullable<ControllerMemory['last']>

/** A failover as it stands. */
export interface FailoverStatus {
  id: string
  record: string
  mode: Failover['mode']
  /** `causes`: why it is down, in the words of those who see it so. */
  endpoints: { id: string; active: boolean; up: string[]; down: string[]; none: string[]; causes?: string[] }[]
  locked: boolean
  /** It moved too often in a day: only people move it until it is unlocked. */
  latched?: true
  last?: Last
  /** The last decision before that which was more than to stay, and came to something else. */
  notable?: Last
  lastMove?: Move
  readiness?: Readiness
  /** Where the record is served, where it is a zone of this machine: `127.0.0.1:4455`. */
  servedAt?: string
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
  heldBack: number | undefined
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

/** A failover that nobody has looked at yet. */
export function unknownStatus({ id, record, mode, endpoints }: Failover): FailoverStatus {
  return {
    ...{ id, record, mode, locked: false },
    endpoints: endpoints.map((one) => ({ id: one.id, active: false, up: [], down: [], none: [] })),
  }
}

/** A failover as a controller found it just now, beside what is known of it from before: here, or in the table. */
export function statusAfter(
  facts: FailoverFacts,
  {
    last,
    notable,
    before,
    memory,
  }: {
    last: Last | undefined
    notable: Last | undefined
    before: FailoverStatus | undefined
    memory: ControllerMemory | undefined
  },
): FailoverStatus {
  const { id, record, mode, endpoints } = facts.failover
  const { ballots = new Map(), causes: why = new Map() } = facts.rounds.at(-1) ?? {}
  const down = causesOf(facts).filter(({ noVote }) => !noVote)
  const causes = Map.groupBy(down, ({ endpoint }) => endpoint)
  // Another process may have written it since.
  const lastMove = newest(before?.lastMove, memory?.lastMove)
  const looked = newest(before?.readiness, memory?.readiness)
  const seen = { failover: facts.failover, vantages: facts.vantages, votes: { ballots, causes: why } }
  const readiness = looked && readinessByVotes(looked, seen, facts.active)
  return {
    ...{ id, record, mode },
    ...(last && { last }),
    ...(notable && { notable }),
    endpoints: endpoints.map((one) => ({
      ...{ id: one.id, active: one.id === facts.active },
      ...tally(one.id, facts.vantages, ballots),
      ...(causes.has(one.id) && { causes: causes.get(one.id)?.map(({ cause }) => cause) ?? [] }),
    })),
    locked: facts.flags.locked || facts.table === 'unreadable' || facts.table.locked,
    ...(facts.flags.latched && { latched: true }),
    ...(lastMove && { lastMove }),
    ...(readiness && { readiness }),
  }
}

/** What a look found that may have been begun before traffic moved: what it says of a standby is not said of what is active now. */
export function readinessNow(looked: Readiness, { endpoints }: FailoverStatus): Readiness {
  const active = endpoints.find((endpoint) => endpoint.active)?.id
  const problems = looked.problems.filter(
    ({ code, endpoint }) => code !== 'STANDBY_DOWN' || endpoint === undefined || endpoint !== active,
  )
  return { ...looked, problems }
}

/** Of two that are dated, the later one. */
function newest<T extends { atMs: number }>(a: T | undefined, b: T | undefined): T | undefined {
  return a && b ? (a.atMs >= b.atMs ? a : b) : (a ?? b)
}
