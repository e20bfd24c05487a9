import type { ControllerMemory, ControllerTable, ListOutcome } from '../act/ports.ts'
import { decideFailover, wantsToMove } from '../decide/failover.ts'
import type { Decision, FailoverFacts, Request, Round } from '../decide/failover-facts.ts'
import { type Ballot, failoverQuorum, tally } from '../decide/quorum.ts'
import { answerIn, answerOf, matchesAnswer, stateIn } from '../decide/swap-records.ts'
import type { SwapState } from '../decide/swap-state.ts'
import { defaultLimits, type Outcome, type Page } from '../decide/swap-terms.ts'
import type { Endpoint, Failover } from '../model/failover.ts'
import { runSwap, type SwapHost } from './swap.ts'

/** Why a decision is made. */
export type Trigger = 'vantage' | 'alarm' | 'tick' | 'person'

/** What a controller tells, as it happens. */
export type FailoverEvent =
  | { type: 'decided'; failover: string; trigger: Trigger; decision: Decision; atMs: number }
  | { type: 'moved'; failover: string; to: string; outcome: Outcome; atMs: number; tookMs: number }
  | { type: 'verified'; failover: string; to: string; problem?: string; atMs: number }
  | { type: 'page'; failover: string; pages: Page[]; atMs: number }

/** What a controller needs of the world. */
export interface ControllerHost extends SwapHost {
  /** Ids of the vantages. */
  vantages: readonly string[]
  /** Asks every vantage about every endpoint, now. Never rejects: who does not answer in time has no ballot. */
  collect(failover: Failover): Promise<ReadonlyMap<string, Ballot>>
  table: ControllerTable
  /** Waits until the new answer is served everywhere and the target answers there; gives what is wrong if it does not. */
  verify(failover: Failover, to: Endpoint): Promise<string | undefined>
  emit(event: FailoverEvent): void
  wallClock(): number
  /** An id that no decision had before; see `SwapPlan`. */
  newDecision(): string
}

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

/** Between two rounds of votes while a decision waits for `sustain`. */
const betweenRoundsMs = 1000
/** A decision that has not come to an end by then is given up: what triggered it will again. */
const longestDecisionMs = 60_000
/** How long after its votes a move may begin. */
const votesGoodForMs = 15_000
/** How long a hook may take, and then some. */
const claimMs = 5 * 60_000
/** Failovers that wanted to move within this are counted against `maxConcurrent`. */
const concurrentMs = 5 * 60_000

/** Decides for failovers and carries it out. One decision at a time for each: a trigger that comes meanwhile joins it. */
export class Controller {
  readonly #failovers: readonly Failover[]
  readonly #maxConcurrent: number
  readonly #host: ControllerHost
  readonly #underWay = new Map<string, Promise<Decision>>()
  readonly #wanted = new Map<string, number>()
  readonly #status = new Map<string, FailoverStatus>()

  constructor(config: { failovers: readonly Failover[]; maxConcurrent: number }, host: ControllerHost) {
    this.#failovers = config.failovers
    this.#maxConcurrent = config.maxConcurrent
    this.#host = host
  }

  /** Collects votes, decides and acts. Rejects for an unknown failover, and where a port breaks its promise. */
  decide(id: string, trigger: Trigger, request?: Request): Promise<Decision> {
    const failover = this.#failovers.find((one) => one.id === id)
    if (!failover) return Promise.reject(new Error(`expected the id of a failover, got ${JSON.stringify(id)}`))
    const before = this.#underWay.get(id)
    if (before && !request) return before
    const decision = (before ?? Promise.resolve())
      .catch(() => {})
      .then(() => this.#decide(failover, trigger, request))
      .finally(() => {
        if (this.#underWay.get(id) === decision) this.#underWay.delete(id)
      })
    this.#underWay.set(id, decision)
    return decision
  }

  /** Every failover, in the order of the config. */
  status(): FailoverStatus[] {
    return this.#failovers.map(
      ({ id, record, mode, endpoints }) =>
        this.#status.get(id) ?? {
          ...{ id, record, mode, locked: false },
          endpoints: endpoints.map((one) => ({ id: one.id, active: false, up: [], down: [], none: [] })),
        },
    )
  }

  async #decide(failover: Failover, trigger: Trigger, request: Request | undefined): Promise<Decision> {
    const { facts, decision, state, memory } = await this.#deliberate(failover, request)
    const atMs = this.#host.wallClock()
    if (wantsToMove(decision)) this.#wanted.set(failover.id, atMs)
    this.#remember(failover, facts, trigger, decision)
    this.#host.emit({ type: 'decided', failover: failover.id, trigger, decision, atMs })
    if (decision.kind === 'move' && state && memory) {
      await this.#move(failover, { to: decision.to, by: request ? 'person' : 'auto' }, state, memory)
    }
    return decision
  }

  /** Rounds of votes until the decision is more than to wait. */
  async #deliberate(failover: Failover, request: Request | undefined) {
    const beganMs = this.#host.wallClock()
    const rounds: Round[] = []
    for (;;) {
      const [ballots, listed, memory] = await Promise.all([
        this.#host.collect(failover),
        this.#host.records.list(failover),
        this.#host.table.read(failover.id).catch(() => undefined),
      ])
      const nowMs = this.#host.wallClock()
      rounds.push({ atMs: nowMs, ballots })
      const kept = memory && (await this.#keepHealth(failover, memory, ballots, nowMs))
      const { facts, state } = this.#factsOf(failover, { rounds, listed, memory: kept, request, nowMs })
      const decision = decideFailover(facts)
      const verdict = decision.kind === 'report' ? decision.would : decision
      if (verdict.kind !== 'wait' || nowMs - beganMs > longestDecisionMs)
        return { facts, decision, state, memory: kept }
      await this.#host.pause(Math.max(50, Math.min(betweenRoundsMs, verdict.untilMs - nowMs) / 2))
    }
  }

  #factsOf(
    failover: Failover,
    seen: {
      rounds: Round[]
      listed: ListOutcome
      memory: ControllerMemory | undefined
      request: Request | undefined
      nowMs: number
    },
  ): { facts: FailoverFacts; state: SwapState | undefined } {
    const { rounds, listed, memory, request, nowMs } = seen
    const sets = listed.kind === 'listed' ? listed.sets : undefined
    const found = sets ? stateIn(sets, failover) : 'unreadable'
    const state = typeof found === 'string' ? undefined : found.state
    const active = failover.endpoints.find(({ id }) => id === state?.active)
    const matches = sets && active && matchesAnswer(answerIn(sets, failover), answerOf(failover, active))
    const facts: FailoverFacts = {
      ...{ failover, vantages: this.#host.vantages, nowMs, rounds, active: state?.active },
      recordMatches: sets ? (matches ? 'matches' : 'edited') : 'unreadable',
      flags: state?.flags ?? { locked: false, latched: false },
      table: memory ? { locked: memory.locked } : 'unreadable',
      switches: [...(state?.switches ?? [])].reverse(),
      healthySince: memory?.healthySince ?? {},
      wantToMove: this.#othersWanting(failover.id, nowMs),
      maxConcurrent: this.#maxConcurrent,
      ...(state?.claim && { claim: { to: state.claim.to, expiresAtMs: state.claim.expiresAtMs, mine: false } }),
      ...(request && { request }),
    }
    return { facts, state }
  }

  #othersWanting(id: string, nowMs: number): number {
    return [...this.#wanted].filter(([other, atMs]) => other !== id && nowMs - atMs <= concurrentMs).length
  }

  /** Since when endpoints have been up by quorum; a table that cannot be written is one that cannot be read. */
  async #keepHealth(
    failover: Failover,
    memory: ControllerMemory,
    ballots: ReadonlyMap<string, Ballot>,
    nowMs: number,
  ): Promise<ControllerMemory | undefined> {
    const { vantages } = this.#host
    const { pass } = failoverQuorum(failover.quorum, vantages.length)
    const healthySince = Object.fromEntries(
      failover.endpoints.map(({ id }) => {
        const isUp = tally(id, vantages, ballots).up.length >= pass
        return [id, isUp ? (memory.healthySince[id] ?? nowMs) : undefined]
      }),
    )
    const kept = { ...memory, healthySince }
    return this.#host.table.write(failover.id, kept).then(
      () => kept,
      () => undefined,
    )
  }

  async #move(
    failover: Failover,
    { to, by }: { to: string; by: 'auto' | 'person' },
    state: SwapState,
    memory: ControllerMemory,
  ): Promise<void> {
    const beganMs = this.#host.wallClock()
    const { epoch, decision } = state
    const { outcome, pages } = await runSwap(
      {
        ...{ failover, decision: this.#host.newDecision(), basis: { epoch, decision }, to, by, claimMs },
        ...{ largestEpoch: Math.max(memory.largestEpoch, epoch), goodUntilMs: beganMs + votesGoodForMs },
        limits: defaultLimits,
      },
      this.#host,
    )
    const atMs = this.#host.wallClock()
    await this.#host.table.write(failover.id, { ...memory, largestEpoch: outcome.largestEpoch }).catch(() => {})
    const tookMs = atMs - beganMs
    this.#host.emit({ type: 'moved', failover: failover.id, to, outcome, atMs, tookMs })
    if (pages.length > 0) this.#host.emit({ type: 'page', failover: failover.id, pages, atMs })
    if (outcome.kind === 'moved') await this.#verify(failover, to, { atMs, to, tookMs })
  }

  async #verify(failover: Failover, to: string, move: { atMs: number; to: string; tookMs: number }): Promise<void> {
    const status = this.#status.get(failover.id)
    if (status) {
      status.lastMove = move
      for (const endpoint of status.endpoints) endpoint.active = endpoint.id === to
    }
    const endpoint = failover.endpoints.find(({ id }) => id === to)
    const problem = endpoint && (await this.#host.verify(failover, endpoint))
    if (status?.lastMove === move) status.lastMove = { ...move, verified: problem === undefined }
    const atMs = this.#host.wallClock()
    this.#host.emit({ type: 'verified', failover: failover.id, to, ...(problem && { problem }), atMs })
  }

  #remember(failover: Failover, facts: FailoverFacts, trigger: Trigger, decision: Decision): void {
    const { id, record, mode, endpoints } = failover
    const ballots = facts.rounds.at(-1)?.ballots ?? new Map()
    const before = this.#status.get(id)
    this.#status.set(id, {
      ...{ id, record, mode },
      endpoints: endpoints.map((one) => ({
        ...{ id: one.id, active: one.id === facts.active },
        ...tally(one.id, facts.vantages, ballots),
      })),
      locked: facts.flags.locked || facts.table === 'unreadable' || facts.table.locked,
      last: { atMs: facts.nowMs, trigger, decision },
      ...(before?.lastMove && { lastMove: before.lastMove }),
    })
  }
}
