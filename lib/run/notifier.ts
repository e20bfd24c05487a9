import type { Deliver } from '../act/ports.ts'
import type { Notice, NotifyInput, NotifyRules, NotifyState, RouteRule } from '../decide/notice.ts'
import { nextNotice } from '../decide/notify-outbox.ts'
import { freeAtMs } from '../decide/notify-pace.ts'
import { type RouteHealth, routeHealths } from '../decide/route-health.ts'
import type { VedetteEvent } from '../model/event.ts'
import { Contended, type KeeperHost, NotifyKeeper } from './notify-keeper.ts'
import { pause } from './pause.ts'

/** What a notifier needs of the world. */
export interface NotifierHost extends KeeperHost {
  deliver: Deliver
  /** An id of this run, where others share the store: one of them tells at a time. Absent where the store is its own. */
  holder?: string
}

/** How long one notice may take before others have their turn; what failed is tried again later. */
const deliverWithinMs = 60_000
/** A destination that had less says nothing by not having answered. */
const leastDeliverMs = 5000
/** Notices under way may end within this when it is stopped. */
const stopWithinMs = 5000
/** After a fault of our own. */
const lookAgainAfterFaultMs = 10_000
/** Longer than any run that shares its store lasts: one that died does not keep the others from telling for ever. */
const leaseMs = 65_000
const lookAgainMs = 150

/**
 * Takes events in, decides by the rules whom to tell, and tells them: the state is kept before anybody is told, so that a
 * crash loses nothing. Each route is told one notice at a time, in order: an end never overtakes its beginning.
 */
export class Notifier {
  readonly #host: NotifierHost
  readonly #rules: NotifyRules
  readonly #keeper: NotifyKeeper
  readonly #stopping = new AbortController()
  readonly #busy = new Map<string, Promise<void>>()
  readonly #counts = new Map<string, { sent: number; failed: number }>()
  #inputs: NotifyInput[] = []
  #turn: Promise<void> | undefined
  #timer: NodeJS.Timeout | undefined
  #wakeMs = 0
  #endMs = Number.POSITIVE_INFINITY
  #trouble: Error | undefined
  #isLettingGo = false

  constructor(rules: NotifyRules, host: NotifierHost) {
    this.#rules = rules
    this.#host = host
    this.#keeper = new NotifyKeeper(rules, host)
  }

  /** Goes on where the last process stopped. A state that cannot be read is said, and begun anew. */
  async start(): Promise<void> {
    await this.#keeper.load()
    this.#put({ kind: 'started', isFresh: this.#host.holder === undefined })
    await this.#turn
  }

  /** Takes an event in; gives nothing, throws nothing, waits for nobody. */
  tell(...events: readonly VedetteEvent[]): void {
    for (const event of events) this.#put({ kind: 'event', event })
  }

  /** Takes in what has happened, as `tell` does. */
  take(inputs: readonly NotifyInput[]): void {
    for (const input of inputs) this.#put(input)
  }

  /** What is open, and what each route has been told. */
  get state(): NotifyState {
    return this.#keeper.state
  }

  /** How telling each route goes. */
  get routes(): RouteHealth[] {
    return routeHealths(this.#keeper.state, this.#rules.routes, (route) => this.#countsOf(route))
  }

  #countsOf(route: string): { sent: number; failed: number } {
    return this.#counts.get(route) ?? { sent: 0, failed: 0 }
  }

  /** What kept events from being taken in, if anything did. */
  get trouble(): Error | undefined {
    return this.#trouble
  }

  /** Tells what is due, until nothing is or time is up. Gives whether all was told. */
  async drain(withinMs: number): Promise<boolean> {
    const endMs = this.#host.nowMs() + withinMs
    this.#endMs = endMs
    this.#put({ kind: 'clock' })
    for (;;) {
      await this.#turn
      const nowMs = this.#host.nowMs()
      const underWay = [...this.#busy.values()]
      if (underWay.length > 0) await Promise.race(underWay)
      else if (this.#turn !== undefined) continue
      else if (nowMs < endMs && this.#isDue(nowMs) && !this.#mayTell(this.#keeper.state, nowMs)) await this.#lookAgain()
      // What is due and not told yet waits for its route's pace.
      else if (this.#wakeMs > (this.#isDue(nowMs) ? endMs : nowMs + this.#rules.gatherMs) || nowMs >= endMs) break
      else await this.#nextTurn()
    }
    this.#endMs = Number.POSITIVE_INFINITY
    await this.#letGo()
    return this.#keeper.state.outbox.length === 0
  }

  /** Ends what is under way, soon; what was not told is kept for the next process. */
  async stop(): Promise<void> {
    clearTimeout(this.#timer)
    const timer = setTimeout(() => this.#stopping.abort(), stopWithinMs)
    await this.#turn
    this.#endMs = 0
    await Promise.all(this.#busy.values())
    await this.#turn
    clearTimeout(timer)
    clearTimeout(this.#timer)
    this.#stopping.abort()
  }

  /** Whether something waits to be told now. */
  #isDue(nowMs: number): boolean {
    return this.#keeper.state.outbox.some(({ notBeforeMs = 0 }) => notBeforeMs <= nowMs)
  }

  /** Whether it is this run that tells: nobody else does, or is known to. */
  #mayTell({ lease }: NotifyState, nowMs: number): boolean {
    const { holder } = this.#host
    return holder === undefined || lease === undefined || lease.holder === holder || lease.untilMs <= nowMs
  }

  /** Another run tells: it may have told of what came from here too, or have ended. */
  async #lookAgain(): Promise<void> {
    await pause(lookAgainMs, this.#stopping.signal)
    await this.#keeper.load()
    this.#put({ kind: 'clock' })
    await this.#turn
  }

  /** Lets the others tell. */
  async #letGo(): Promise<void> {
    if (this.#keeper.state.lease?.holder !== this.#host.holder || this.#host.holder === undefined) return
    this.#isLettingGo = true
    this.#put({ kind: 'clock' })
    await this.#turn
    this.#isLettingGo = false
  }

  #put(input: NotifyInput): void {
    this.#inputs.push(input)
    // What comes at once is judged at once: many monitors that fail together are one storm.
    this.#turn ??= new Promise((resolve) => setImmediate(resolve)).then(() => this.#take())
  }

  #nextTurn(): Promise<void> {
    return new Promise((resolve) => {
      clearTimeout(this.#timer)
      this.#timer = setTimeout(
        () => {
          this.#put({ kind: 'clock' })
          resolve(this.#turn)
        },
        Math.max(0, this.#wakeMs - this.#host.nowMs()),
      )
    })
  }

  async #take(): Promise<void> {
    const inputs = this.#inputs
    this.#inputs = []
    const before = this.#keeper.state
    await this.#keep(inputs)
    this.#turn = undefined
    this.#say(before)
    for (const route of this.#rules.routes) this.#pump(route)
    if (this.#inputs.length > 0) this.#put({ kind: 'clock' })
    else if (!this.#stopping.signal.aborted) void this.#nextTurn()
  }

  /** Takes inputs in. Of several, one that breaks the rules is left out; that is said, and the next event has its chance. */
  async #keep(inputs: readonly NotifyInput[]): Promise<void> {
    try {
      this.#wakeMs = await this.#keeper.take(inputs, (state, nowMs) => this.#lease(state, nowMs))
    } catch (error) {
      if (inputs.length > 1 && !(error instanceof Contended)) {
        for (const input of inputs) await this.#keep([input])
        return
      }
      this.#trouble = error as Error
      // Not at once: what broke breaks again.
      this.#wakeMs = this.#host.nowMs() + lookAgainAfterFaultMs
      this.#host.log('error', 'notify.failed', { message: (error as Error).stack ?? String(error) })
    }
  }

  /** Taken with the state itself: of two that want to tell, one finds that the other was faster. */
  #lease(state: NotifyState, nowMs: number): void {
    const { holder } = this.#host
    if (this.#isLettingGo) delete state.lease
    else if (holder !== undefined && state.outbox.length > 0 && this.#mayTell(state, nowMs))
      state.lease = { holder, untilMs: nowMs + leaseMs }
  }

  /** The log has what is told, and what is given up. */
  #say(before: NotifyState): void {
    const lost = this.#keeper.state.lost - before.lost
    if (lost > 0) this.#host.log('error', 'notify.lost', { notices: lost })
  }

  #pump(rule: RouteRule): void {
    const route = rule.name
    if (this.#busy.has(route) || this.#stopping.signal.aborted) return
    const nowMs = this.#host.nowMs()
    const notice = nextNotice(this.#keeper.state, route, nowMs)
    if (!notice || this.#endMs <= nowMs) return
    if (this.#isLettingGo || !this.#mayTell(this.#keeper.state, nowMs) || freeAtMs(this.#keeper.state, rule) > nowMs)
      return
    const work = this.#deliver(notice, Math.min(deliverWithinMs, this.#endMs - nowMs)).finally(() => {
      this.#busy.delete(route)
    })
    this.#busy.set(route, work)
  }

  async #deliver(notice: Notice, deadlineMs: number): Promise<void> {
    const { id, route, action, key } = notice
    const beganMs = this.#host.nowMs()
    const limit = { deadlineMs, signal: this.#stopping.signal }
    const outcome = await this.#host.deliver(notice, limit).catch((error: Error) => {
      // A defect of ours; it would be there the next time too.
      return { kind: 'undelivered', reason: error.name, isFinal: true } as const
    })
    const { kind, ...rest } = outcome
    const tookMs = this.#host.nowMs() - beganMs
    // Hardly begun when we broke it off, it says nothing of the destination: it is told when there is time again.
    const isOver = this.#stopping.signal.aborted || this.#endMs <= this.#host.nowMs()
    if (outcome.kind === 'undelivered' && !outcome.isFinal && isOver && tookMs < leastDeliverMs) return
    this.#host.log(kind === 'delivered' ? 'info' : 'error', `notify.${kind}`, { route, action, key, tookMs, ...rest })
    const { sent, failed } = this.#countsOf(route)
    const isSent = kind === 'delivered'
    this.#counts.set(route, isSent ? { sent: sent + 1, failed } : { sent, failed: failed + 1 })
    this.#put(isSent ? { kind, id, ...rest } : { ...outcome, id })
  }
}
