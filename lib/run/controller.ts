import type { ControllerMemory, Move, Trigger } from '../act/ports.ts'
import type { Decision, Request } from '../decide/failover-facts.ts'
import type { FlagPlan } from '../decide/swap-flags.ts'
import { stateIn } from '../decide/swap-records.ts'
import type { SwapState } from '../decide/swap-state.ts'
import { defaultLimits } from '../decide/swap-terms.ts'
import type { Failover } from '../model/failover.ts'
import type { ControllerHost } from './controller-host.ts'
import { type Deliberation, deliberate } from './deliberate.ts'
import { type FailoverStatus, statusOf } from './failover-status.ts'
import { runFlags, runSwap, type SwapHost } from './swap.ts'

/** How long after its votes a move may begin. */
const votesGoodForMs = 15_000
/** How long a hook may take, and then some. */
const claimMs = 5 * 60_000

/** Decides for failovers and carries it out. One decision at a time for each: a trigger joins one that nobody has asked for. */
export class Controller {
  readonly #failovers: readonly Failover[]
  readonly #maxConcurrent: number
  readonly #host: ControllerHost
  readonly #swapHost: SwapHost
  readonly #underWay = new Map<
    string,
    { decision: Promise<Decision>; request: Request | undefined; trigger: Trigger }
  >()
  readonly #verifying = new Set<Promise<void>>()
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
    if (before && !before.request && !request) return before.decision
    const decision = (before?.decision ?? Promise.resolve())
      .catch(() => {})
      .then(() => this.#decide(failover, trigger, request, note))
      .finally(() => {
        if (this.#underWay.get(id)?.decision === decision) this.#underWay.delete(id)
      })
    this.#underWay.set(id, { decision, request, trigger })
    return decision
  }

  /** What a person's request would come to, now: votes and a decision, and nothing else. Rejects as `decide` does. */
  async consider(id: string, request: Request): Promise<Decision> {
    return (await this.#deliberate(this.#failover(id), request)).decision
  }

  /** Looks at a failover, once, and does nothing; gives how it stands. Rejects as `decide` does. */
  async look(id: string): Promise<FailoverStatus> {
    const found = await this.#deliberate(this.#failover(id), undefined, true)
    return this.#keep(found, found.memory?.last)
  }

  /** Whether someone has called for a decision on any of these; the minute's own decisions are no reason to wait. */
  isBusy(ids: readonly string[]): boolean {
    return ids.some((id) => (this.#underWay.get(id)?.trigger ?? 'tick') !== 'tick')
  }

  /**
   * Locks or unlocks a failover, in its TXT and in this controller's table: either of them locks. Unlocking unlatches too.
   * Rejects with what to do where one of them cannot be written.
   */
  async setLocked(id: string, locked: boolean): Promise<void> {
    const failover = this.#failover(id)
    const { largestEpoch } = await this.#host.table.read(id).catch((error: Error) => {
      const hint = 'this controller treats itself as locked; lock at the other one, which writes the TXT'
      throw new Error(`the table of this controller cannot be read (${error.message}): ${hint}`)
    })
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

  /** Takes note of what readiness found, for those who ask how it stands. */
  setReadiness(id: string, readiness: NonNullable<FailoverStatus['readiness']>): void {
    const status = this.#status.get(id)
    if (status) status.readiness = readiness
  }

  /** Resolves when no decision and no verification is under way. */
  async idle(): Promise<void> {
    while (this.#underWay.size + this.#verifying.size > 0)
      await Promise.allSettled([...[...this.#underWay.values()].map(({ decision }) => decision), ...this.#verifying])
  }

  /** Waits for nothing more; resolves when what is under way has ended. */
  async stop(): Promise<void> {
    this.#isStopped = true
    await this.idle()
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
    const found = await this.#deliberate(failover, request)
    const { facts, decision, state, memory } = found
    // Votes that were broken off say nothing, and nobody is to be woken by a stop.
    if (this.#isStopped) return decision
    const last = { atMs: facts.nowMs, trigger, decision }
    this.#keep(found, last)
    // For those who ask later; that it cannot be kept is no reason not to act.
    const kept = this.#host.table.update(failover.id, { last }).catch(() => {})
    this.#host.emit({
      ...{ type: 'decided', failover: failover.id, trigger, decision, atMs: this.#host.wallClock() },
      ...(note && { note }),
    })
    if (decision.kind === 'move' && state && memory)
      await this.#move(
        failover,
        { to: decision.to, by: request ? 'person' : 'auto', votedAtMs: facts.nowMs },
        state,
        memory,
      )
    if (decision.kind === 'refuse' && decision.latch) await this.#latch(failover, memory)
    await kept
    return decision
  }

  /** Keeps how a failover stands, beside what is known of it from before. */
  #keep({ facts, memory }: Deliberation, last: FailoverStatus['last']): FailoverStatus {
    const { id } = facts.failover
    const before = this.#status.get(id)
    // Another process may have written it since.
    const lastMove = newest(before?.lastMove, memory?.lastMove)
    const readiness = newest(before?.readiness, memory?.readiness)
    const status = statusOf(facts, {
      ...(last && { last }),
      ...(lastMove && { lastMove }),
      ...(readiness && { readiness }),
    })
    this.#status.set(id, status)
    return status
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

  #deliberate(failover: Failover, request: Request | undefined, isIdle = false): Promise<Deliberation> {
    return deliberate(failover, this.#host, {
      ...{ request, maxConcurrent: this.#maxConcurrent, isIdle },
      isStopped: () => this.#isStopped,
    })
  }

  async #move(
    failover: Failover,
    { to, by, votedAtMs }: { to: string; by: 'auto' | 'person'; votedAtMs: number },
    state: SwapState,
    memory: ControllerMemory,
  ): Promise<void> {
    const beganMs = this.#host.wallClock()
    const { epoch, decision } = state
    const { outcome, changeId } = await runSwap(
      {
        ...{ failover, decision: this.#host.newDecision(), basis: { epoch, decision }, to, by, claimMs },
        ...{ largestEpoch: Math.max(memory.largestEpoch, epoch), goodUntilMs: votedAtMs + votesGoodForMs },
        limits: defaultLimits,
      },
      this.#swapHost,
    )
    const atMs = this.#host.wallClock()
    const tookMs = atMs - beganMs
    this.#host.emit({ type: 'swapped', failover: failover.id, to, outcome, atMs, tookMs, by })
    if (outcome.kind !== 'moved') return
    // On the side: what is decided next does not wait until every server has heard of this.
    const verifying: Promise<void> = this.#verify(failover, { atMs, to, tookMs }, { changeId, epoch: outcome.epoch })
      .catch((error: Error) => this.#host.emit({ type: 'failed', failover: failover.id, message: error.message, atMs }))
      .finally(() => this.#verifying.delete(verifying))
    this.#verifying.add(verifying)
  }

  async #verify(
    failover: Failover,
    move: Move,
    { changeId, epoch }: { changeId: string | undefined; epoch: number },
  ): Promise<void> {
    const { id } = failover
    const status = this.#status.get(id)
    if (status) {
      status.lastMove = move
      for (const endpoint of status.endpoints) endpoint.active = endpoint.id === move.to
    }
    const keep = (lastMove: Move) => this.#host.table.update(id, { lastMove }).catch(() => {})
    await keep(move)
    const endpoint = failover.endpoints.find((one) => one.id === move.to)
    if (!endpoint) return
    const verification = await this.#host.verify(failover, endpoint, changeId)
    const now = this.#status.get(id)
    // A later move has made this one's answer a thing of the past, and a stop has broken off the look at it.
    if (now?.lastMove?.atMs !== move.atMs || this.#isStopped || (await this.#isOutdated(failover, move))) return
    now.lastMove = { ...move, verified: verification.problem === undefined }
    await keep(now.lastMove)
    if (verification.problem !== undefined && (await this.#isElsewhere(failover, move))) return
    const seen = { to: move.to, movedAtMs: move.atMs, ...verification }
    this.#host.emit({ type: 'verified', failover: id, atMs: this.#host.wallClock(), ...seen })
    if (verification.problem === undefined && failover.hooks.after)
      await this.#after(failover, { name: 'after', key: `${id}/${epoch}`, to: move.to })
  }

  /** Whether another process of this region has made a later move: that one keeps how it stands. */
  async #isOutdated({ id }: Failover, { atMs }: Move): Promise<boolean> {
    const memory = await this.#host.table.read(id).catch(() => undefined)
    return (memory?.lastMove?.atMs ?? atMs) > atMs
  }

  /** Whether the record leads elsewhere by now: another region has moved it on, and what is served is its to tell. */
  async #isElsewhere(failover: Failover, { to }: Move): Promise<boolean> {
    const listed = await this.#host.records.list(failover)
    const found = listed.kind === 'listed' ? stateIn(listed.sets, failover) : 'unreadable'
    return typeof found !== 'string' && found.state.active !== to
  }

  /** Runs the hook that follows a move; that it failed is told, and changes nothing. */
  async #after(failover: Failover, call: { name: 'after'; key: string; to: string }): Promise<void> {
    const { kind } = await this.#host.hook(failover, call)
    if (kind === 'hookOk') return
    const code = kind === 'hookFailed' ? 'HOOK_FAILED' : 'HOOK_UNKNOWN'
    const detail = `the hook after the move to ${call.to} ${kind === 'hookFailed' ? 'failed' : 'may not have run'}`
    this.#swapHost.page(failover.id, [{ code, detail }])
  }
}

/** Of two that are dated, the later one. */
function newest<T extends { atMs: number }>(a: T | undefined, b: T | undefined): T | undefined {
  return a && b ? (a.atMs >= b.atMs ? a : b) : (a ?? b)
}
