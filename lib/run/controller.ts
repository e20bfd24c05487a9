import type { ControllerMemory, ControllerTable } from '../act/ports.ts'
import { wantsToMove } from '../decide/failover.ts'
import type { Decision, Request } from '../decide/failover-facts.ts'
import type { Ballot } from '../decide/quorum.ts'
import type { FlagPlan } from '../decide/swap-flags.ts'
import type { SwapState } from '../decide/swap-state.ts'
import { defaultLimits, type Outcome, type Page } from '../decide/swap-terms.ts'
import type { Endpoint, Failover } from '../model/failover.ts'
import { deliberate } from './deliberate.ts'
import { type FailoverStatus, statusOf, type Trigger } from './failover-status.ts'
import { runFlags, runSwap, type SwapHost } from './swap.ts'

/** What a controller tells, as it happens. */
export type FailoverEvent =
  | { type: 'decided'; failover: string; trigger: Trigger; decision: Decision; atMs: number; note?: string }
  | { type: 'swapped'; failover: string; to: string; outcome: Outcome; atMs: number; tookMs: number }
  | { type: 'verified'; failover: string; to: string; problem?: string; atMs: number }
  | { type: 'page'; failover: string; pages: Page[]; atMs: number }
  /** A decision broke: our own fault. */
  | { type: 'failed'; failover: string; message: string; atMs: number }

/** What a controller needs of the world. */
export interface ControllerHost extends Omit<SwapHost, 'remember' | 'page'> {
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
  readonly #swapHost: SwapHost
  readonly #underWay = new Map<string, Promise<Decision>>()
  readonly #wanted = new Map<string, number>()
  readonly #status = new Map<string, FailoverStatus>()
  #isStopped = false

  constructor(config: { failovers: readonly Failover[]; maxConcurrent: number }, host: ControllerHost) {
    this.#failovers = config.failovers
    this.#maxConcurrent = config.maxConcurrent
    this.#host = host
    this.#swapHost = {
      ...host,
      remember: (failover, largestEpoch) => host.table.update(failover, { largestEpoch }),
      page: (failover, pages) => host.emit({ type: 'page', failover, pages: [...pages], atMs: host.wallClock() }),
    }
  }

  /** Collects votes, decides and acts; `note` is what a person said of it, for the log. Rejects for an unknown failover, and where a port breaks its promise. */
  async decide(id: string, trigger: Trigger, request?: Request, note?: string): Promise<Decision> {
    const failover = this.#failover(id)
    const before = this.#underWay.get(id)
    if (before && !request) return before
    const decision = (before ?? Promise.resolve())
      .catch(() => {})
      .then(() => this.#decide(failover, trigger, request, note))
      .finally(() => {
        if (this.#underWay.get(id) === decision) this.#underWay.delete(id)
      })
    this.#underWay.set(id, decision)
    return decision
  }

  /** What a person's request would come to, now: votes and a decision, and nothing else. Rejects as `decide` does. */
  async consider(id: string, request: Request): Promise<Decision> {
    return (await this.#deliberate(this.#failover(id), request)).decision
  }

  /**
   * Locks or unlocks a failover, in its TXT and in this controller's table: either of them locks. Unlocking unlatches too.
   * Rejects with what to do where one of them cannot be written.
   */
  async setLocked(id: string, locked: boolean): Promise<void> {
    const failover = this.#failover(id)
    const { largestEpoch } = await this.#host.table.read(id)
    const flags = locked ? { locked } : { locked, latched: false }
    // The one is tried whatever came of the other: either of them locks.
    const outcomes = await Promise.allSettled([
      this.#host.table.update(id, { locked }),
      this.#change(failover, largestEpoch, flags),
    ])
    const failed = outcomes.find((outcome) => outcome.status === 'rejected')
    if (failed) throw failed.reason
    const status = this.#status.get(id)
    if (status) status.locked = locked
  }

  /** Takes a record over as it stands: the first TXT, one in place of a damaged one, or after an edit that was meant. Rejects where it may not. */
  async adopt(id: string): Promise<void> {
    const { largestEpoch } = await this.#host.table.read(id)
    await this.#change(this.#failover(id), largestEpoch, 'adopt')
  }

  /** Changes the TXT alone; rejects with what to do where that does not succeed. */
  async #change(failover: Failover, largestEpoch: number, change: FlagPlan['change']): Promise<void> {
    const decision = this.#host.newDecision()
    const outcome = await runFlags({ failover, decision, change, largestEpoch, limits: defaultLimits }, this.#swapHost)
    if (outcome.kind === 'refused') throw new Error(`${failover.record}: ${outcome.detail}`)
    if (outcome.kind === 'gaveUp')
      throw new Error(`${failover.record} could not be changed (${outcome.reason}): try again`)
    if (outcome.kind === 'superseded') throw new Error(`${failover.record} was changed meanwhile: look, then try again`)
  }

  #failover(id: string): Failover {
    const failover = this.#failovers.find((one) => one.id === id)
    if (failover) return failover
    const ids = this.#failovers.map((one) => one.id).join(', ')
    throw new Error(`expected the id of a failover (${ids}), got ${JSON.stringify(id)}`)
  }

  /** Waits for nothing more; resolves when what is under way has ended. */
  async stop(): Promise<void> {
    this.#isStopped = true
    await Promise.allSettled(this.#underWay.values())
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

  async #decide(
    failover: Failover,
    trigger: Trigger,
    request: Request | undefined,
    note: string | undefined,
  ): Promise<Decision> {
    const { facts, decision, state, memory } = await this.#deliberate(failover, request)
    // Votes that were broken off say nothing, and nobody is to be woken by a stop.
    if (this.#isStopped) return decision
    const atMs = this.#host.wallClock()
    if (wantsToMove(decision)) this.#wanted.set(failover.id, atMs)
    this.#status.set(
      failover.id,
      statusOf(facts, { atMs: facts.nowMs, trigger, decision }, this.#status.get(failover.id)),
    )
    this.#host.emit({ type: 'decided', failover: failover.id, trigger, decision, atMs, ...(note && { note }) })
    if (decision.kind === 'move' && state && memory) {
      await this.#move(failover, { to: decision.to, by: request ? 'person' : 'auto' }, state, memory)
    }
    if (decision.kind === 'refuse' && decision.latch) await this.#latch(failover, memory)
    return decision
  }

  /** It moved too often: a person is to look before it does again. */
  async #latch(failover: Failover, memory: ControllerMemory | undefined): Promise<void> {
    try {
      await this.#change(failover, memory?.largestEpoch ?? 0, { latched: true })
    } catch (error) {
      const detail = `it could not be latched: ${(error as Error).message}`
      this.#swapHost.page(failover.id, [{ code: 'DENIED', detail }])
    }
  }

  #deliberate(failover: Failover, request: Request | undefined) {
    return deliberate(failover, this.#host, {
      ...{ request, maxConcurrent: this.#maxConcurrent },
      wantToMove: (nowMs) => this.#othersWanting(failover.id, nowMs),
      isStopped: () => this.#isStopped,
    })
  }

  #othersWanting(id: string, nowMs: number): number {
    return [...this.#wanted].filter(([other, atMs]) => other !== id && nowMs - atMs <= concurrentMs).length
  }

  async #move(
    failover: Failover,
    { to, by }: { to: string; by: 'auto' | 'person' },
    state: SwapState,
    memory: ControllerMemory,
  ): Promise<void> {
    const beganMs = this.#host.wallClock()
    const { epoch, decision } = state
    const outcome = await runSwap(
      {
        ...{ failover, decision: this.#host.newDecision(), basis: { epoch, decision }, to, by, claimMs },
        ...{ largestEpoch: Math.max(memory.largestEpoch, epoch), goodUntilMs: beganMs + votesGoodForMs },
        limits: defaultLimits,
      },
      this.#swapHost,
    )
    const atMs = this.#host.wallClock()
    const tookMs = atMs - beganMs
    this.#host.emit({ type: 'swapped', failover: failover.id, to, outcome, atMs, tookMs })
    // On the side: what is decided next does not wait until every server has heard of this.
    if (outcome.kind === 'moved') this.#verify(failover, to, { atMs, to, tookMs }).catch(() => {})
  }

  async #verify(failover: Failover, to: string, move: { atMs: number; to: string; tookMs: number }): Promise<void> {
    const status = this.#status.get(failover.id)
    if (status) {
      status.lastMove = move
      for (const endpoint of status.endpoints) endpoint.active = endpoint.id === to
    }
    const endpoint = failover.endpoints.find(({ id }) => id === to)
    const problem = endpoint && (await this.#host.verify(failover, endpoint))
    const now = this.#status.get(failover.id)
    // A later move has made this one's answer a thing of the past.
    if (now?.lastMove?.atMs !== move.atMs) return
    now.lastMove = { ...move, verified: problem === undefined }
    const atMs = this.#host.wallClock()
    this.#host.emit({ type: 'verified', failover: failover.id, to, ...(problem && { problem }), atMs })
  }
}
