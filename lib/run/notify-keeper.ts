import type { NotifyStore } from '../act/ports.ts'
import { initialNotifyState, type NotifyInput, type NotifyRules, type NotifyState } from '../decide/notice.ts'
import { notify } from '../decide/notify.ts'
import type { Log } from './log.ts'

/** What keeping needs of the world. */
export interface KeeperHost {
  store: NotifyStore
  nowMs(): number
  log: Log
}

const mostConflicts = 20
/** So many events that could not be kept are taken in anew where others have written meanwhile. */
const mostUnkept = 1000

/** Others write the state all the time: what was to be taken in is lost. */
export class Contended extends Error {}

/** What is open and what each route has been told: in memory, in a store, and after each event by the rules. */
export class NotifyKeeper {
  readonly #rules: NotifyRules
  readonly #host: KeeperHost
  #state: NotifyState
  #version = 0
  #unkept: NotifyInput[] = []

  constructor(rules: NotifyRules, host: KeeperHost) {
    this.#rules = rules
    this.#host = host
    this.#state = initialNotifyState(host.nowMs(), rules.isStandby)
  }

  get state(): NotifyState {
    return this.#state
  }

  /** Goes on from what the store has, which others may have written. What cannot be read is said, and begun anew. */
  async load(): Promise<void> {
    const { store, nowMs, log } = this.#host
    try {
      const kept = await store.load()
      if (!kept) return
      // A state that was kept by an earlier version may lack what this one has.
      this.#state = { ...initialNotifyState(nowMs(), this.#rules.isStandby), ...kept.state }
      this.#version = kept.version
    } catch (error) {
      log('error', 'notify.forgotten', {
        message: `what people were told cannot be read, so open incidents are told anew: ${(error as Error).message}`,
      })
    }
  }

  /**
   * Takes inputs in and keeps the state after them, changed by `settle` before it is kept. Gives when to look again, at the
   * latest. Throws `Contended` where others write all the time.
   */
  async take(inputs: readonly NotifyInput[], settle: (state: NotifyState, nowMs: number) => void): Promise<number> {
    let all = inputs
    for (let i = 0; i < mostConflicts; i++) {
      const nowMs = this.#host.nowMs()
      const { state, wakeMs } = notify(this.#state, all, this.#rules, nowMs)
      settle(state, nowMs)
      const outcome = await this.#save(state)
      if (outcome === 'conflict') {
        await this.load()
        // What others wrote knows nothing of what could not be kept here.
        all = [...this.#unkept, ...inputs]
        continue
      }
      this.#unkept = outcome === 'failed' ? [...this.#unkept, ...inputs].slice(-mostUnkept) : []
      this.#state = state
      return wakeMs
    }
    throw new Contended(
      `the state was written by others ${mostConflicts} times while this event was taken in: it is lost here`,
    )
  }

  /** What cannot be kept is told all the same: a full disk must not silence the pager. */
  async #save(state: NotifyState): Promise<'saved' | 'conflict' | 'failed'> {
    try {
      const outcome = await this.#host.store.save(state, this.#version + 1)
      if (outcome === 'saved') this.#version++
      return outcome
    } catch (error) {
      this.#host.log('error', 'notify.not kept', { message: (error as Error).message })
      return 'failed'
    }
  }
}
