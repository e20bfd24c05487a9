import type { ControllerMemory, Trigger } from '../act/ports.ts'
import type { Decision, Request } from '../decide/failover-facts.ts'
import { downSince, heldBackBy, notableBeside, type Remembered } from '../decide/last-decision.ts'
import { type Decided, whyNotMoved } from '../decide/swap-outcome.ts'
import type { SwapState } from '../decide/swap-state.ts'
import { defaultClaimMs, defaultLimits, type Outcome } from '../decide/swap-terms.ts'
import type { Failover } from '../model/failover.ts'
import { adoptFailover, changeFlags, type FlagsHost, lockFailover, unlockFailover } from './change-flags.ts'
import { type ControllerHost, swapHostOf } from './controller-host.ts'
import { DecisionQueue } from './decision-queue.ts'
import { type Deliberation, deliberate } from './deliberate.ts'
import { type FailoverStatus, readinessNow, statusAfter, unknownStatus } from './failover-status.ts'
import { createFollowUp } from './move-follow-up.ts'
import { endpointNamed, failoverNamed } from './named.ts'
import { runSwap } from './swap.ts'

/** How long after its votes a move may begin. */
const votesGoodForMs = 15_000
/** No decision comes later after the failure that called for it: a standby waits for `sustain` first. */
const failureGoodForMs = 10 * 60_000

/** Decides for failovers and carries it out. One decision at a time for each: a trigger joins one that nobody has asked for. */
export class Controller {
  readonly #failovers: readonly Failover[]
  readonly #maxConcurrent: number
  readonly #host: ControllerHost
  readonly #swapHost: FlagsHost
  readonly #followUp: ReturnType<typeof createFollowUp>
  readonly #decisions = new DecisionQueue()
  readonly #status = new Map<string, FailoverStatus>()
  /** When the runs began whose failure calls for the next decision. */
  readonly #failedAtMs = new Map<string, number>()
  #isStopped = false

  constructor(config: { failovers: readonly Failover[]; maxConcurrent: number }, host: ControllerHost) {
    this.#failovers = config.failovers
    this.#maxConcurrent = config.maxConcurrent
    this.#host = host
    this.#swapHost = swapHostOf(host)
    const { page } = this.#swapHost
    this.#followUp = createFollowUp({ ...host, page, status: this.#status, isStopped: () => this.#isStopped })
  }

  /**
   * Collects votes, decides and acts; gives the decision with what came of it. `note` is what a person said of it, for the log.
   * Rejects for an unknown failover or endpoint, and where a port breaks its promise.
   */
  async decide(id: string, trigger: Trigger, request?: Request, note?: string): Promise<Decided> {
    const failover = this.#failover(id, request)
    return this.#decisions.run({ id, trigger, request }, () => this.#decide(failover, trigger, request, note))
  }

  /** A run that began at `atMs` has failed: told before the decision that it calls for, which counts from there. */
  noteFailure(id: string, atMs: number): void {
    this.#failedAtMs.set(id, Math.min(atMs, this.#failedAtMs.get(id) ?? atMs))
  }

  /** What a person's request would come to, now: votes and a decision, and nothing else. Rejects as `decide` does. */
  async consider(id: string, request: Request): Promise<Decision> {
    return (await this.#deliberate(this.#failover(id, request), request)).decision
  }

  /** Looks at a failover, once, and does nothing; gives how it stands. Rejects as `decide` does. */
  async look(id: string): Promise<FailoverStatus> {
    const found = await this.#deliberate(this.#failover(id), undefined, true)
    const { last, notable } = found.memory ?? {}
    return this.#keep(found, last, notable)
  }

  /** Whether someone has called for a decision on any of these; the minute's own decisions are no reason to wait. */
  isBusy(ids: readonly string[]): boolean {
    return this.#decisions.isBusy(ids)
  }

  /**
   * Locks or unlocks a failover, in its TXT and in this controller's table: either of them locks. Unlocking unlatches too.
   * Rejects with what to do where one of them cannot be written.
   */
  async setLocked(id: string, locked: boolean): Promise<void> {
    const failover = this.#failover(id)
    await (locked ? lockFailover : unlockFailover)(failover, this.#swapHost)
    const status = this.#status.get(id)
    if (!status) return
    status.locked = locked
    if (!locked) delete status.latched
  }

  /** Takes a record over as it stands: the first TXT, one in place of a damaged one, or after an edit that was meant. Rejects where it may not. */
  async adopt(id: string): Promise<void> {
    await adoptFailover(this.#failover(id), this.#swapHost)
  }

  #failover(id: string, request?: Request): Failover {
    const failover = failoverNamed(id, this.#failovers)
    // A slip of the keyboard is no decision: nobody is to find it as the last one.
    if (request) endpointNamed(request.to, failover)
    return failover
  }

  /** Takes note of what readiness found, for those who ask how it stands. */
  setReadiness(id: string, readiness: NonNullable<FailoverStatus['readiness']>): void {
    const status = this.#status.get(id)
    if (status) status.readiness = readinessNow(readiness, status)
  }

  /** Resolves when no decision and no verification is under way. */
  async idle(): Promise<void> {
    for (;;) {
      const work = [...this.#decisions.underWay(), ...this.#followUp.underWay()]
      if (work.length === 0) return
      await Promise.allSettled(work)
    }
  }

  /** Waits for nothing more; resolves when what is under way has ended. */
  async stop(): Promise<void> {
    this.#isStopped = true
    await this.idle()
  }

  /** Every failover, in the order of the config. */
  status(): FailoverStatus[] {
    return this.#failovers.map((failover) => {
      const status = this.#status.get(failover.id) ?? unknownStatus(failover)
      const servedAt = this.#host.servedAt?.(failover)
      return servedAt === undefined ? status : { ...status, servedAt }
    })
  }

  async #decide(
    failover: Failover,
    trigger: Trigger,
    request: Request | undefined,
    note: string | undefined,
  ): Promise<Decided> {
    const nowMs = this.#host.wallClock()
    const found = await this.#deliberate(failover, request)
    const seenMs = this.#failureBefore(failover.id, nowMs)
    const { facts, decision, state, memory } = found
    // Votes that were broken off say nothing, and nobody is to be woken by a stop.
    if (this.#isStopped) return decision
    const known = memory ?? this.#status.get(failover.id)
    const down = downSince(facts, seenMs, known?.last)
    const held = heldBackBy(decision, facts.heldBack)
    const last = {
      ...{ atMs: facts.nowMs, trigger, decision, ...(down && { down }) },
      ...(held !== undefined && { heldBack: held }),
    }
    const notable = notableBeside(decision, known?.last, known?.notable)
    this.#keep(found, last, notable)
    // For those who ask later; that it cannot be kept is no reason not to act.
    const kept = this.#host.table.update(failover.id, { last, ...(notable && { notable }) }).catch(() => {})
    this.#host.emit({
      ...{ type: 'decided', failover: failover.id, trigger, decision, atMs: this.#host.wallClock() },
      ...(note && { note }),
    })
    if (decision.kind === 'refuse' && decision.latch) await this.#latch(failover, memory)
    if (decision.kind !== 'move' || !state || !memory) return kept.then(() => decision)
    const by = request ? 'person' : 'auto'
    const outcome = await this.#move(failover, { to: decision.to, by, votedAtMs: facts.nowMs, down }, state, memory)
    if (whyNotMoved(outcome) === undefined) {
      // Who is standby now is not who was, and what was seen to fail by now was the endpoint that was left.
      this.#keep({ ...found, facts: { ...facts, active: decision.to } }, last, notable)
      this.#failedAtMs.delete(failover.id)
    }
    await kept
    return this.#keepOutcome(failover, last, outcome)
  }

  /** When the run began that called for a decision begun now; now, where none did, or its decision was never made. */
  #failureBefore(id: string, nowMs: number): number {
    const atMs = this.#failedAtMs.get(id) ?? nowMs
    this.#failedAtMs.delete(id)
    return atMs < nowMs && nowMs - atMs < failureGoodForMs ? atMs : nowMs
  }

  /** Keeps what came of a decided move, beside the decision. */
  async #keepOutcome({ id }: Failover, last: NonNullable<FailoverStatus['last']>, outcome: Outcome): Promise<Decided> {
    const decision: Decided = { ...last.decision, outcome }
    const now = { ...last, decision }
    const status = this.#status.get(id)
    if (status?.last === last) status.last = now
    await this.#host.table.update(id, { last: now }).catch(() => {})
    return decision
  }

  /** Keeps how a failover stands, beside what is known of it from before. */
  #keep(
    { facts, memory }: Deliberation,
    last: FailoverStatus['last'],
    notable: FailoverStatus['notable'],
  ): FailoverStatus {
    const { id } = facts.failover
    const status = statusAfter(facts, { last, notable, before: this.#status.get(id), memory })
    this.#status.set(id, status)
    return status
  }

  /** It moved too often: a person is to look before it does again. */
  async #latch(failover: Failover, memory: ControllerMemory | undefined): Promise<void> {
    try {
      const change = { latched: true }
      await changeFlags(failover, { change, largestEpoch: memory?.largestEpoch ?? 0 }, this.#swapHost)
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
    { to, by, votedAtMs, down }: { to: string; by: 'auto' | 'person'; votedAtMs: number; down: Remembered['down'] },
    state: SwapState,
    memory: ControllerMemory,
  ): Promise<Outcome> {
    const beganMs = this.#host.wallClock()
    const { epoch, decision } = state
    const { outcome, changeId } = await runSwap(
      {
        ...{
          failover,
          decision: this.#host.newDecision(),
          basis: { epoch, decision },
          to,
          by,
          claimMs: defaultClaimMs,
        },
        ...{ largestEpoch: Math.max(memory.largestEpoch, epoch), goodUntilMs: votedAtMs + votesGoodForMs },
        limits: defaultLimits,
      },
      this.#swapHost,
    )
    const atMs = this.#host.wallClock()
    const took = { tookMs: atMs - beganMs, ...(down && { downForMs: atMs - down.sinceMs }) }
    this.#host.emit({ type: 'swapped', failover: failover.id, to, outcome, atMs, ...took, by })
    if (outcome.kind === 'moved')
      this.#followUp.begin(failover, { atMs, to, ...took }, { changeId, epoch: outcome.epoch })
    return outcome
  }
}
