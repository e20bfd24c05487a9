import type { Trigger } from '../act/ports.ts'
import type { Request } from '../decide/failover-facts.ts'
import type { Decided } from '../decide/swap-outcome.ts'

/** What calls for a decision: a trigger, or a person's request. */
interface Call {
  /** The failover's. */
  id: string
  trigger: Trigger
  request: Request | undefined
}

/** The decisions under way: one at a time for each failover, in the order they were called for. */
export class DecisionQueue {
  /** The last that was called for, by failover. */
  readonly #last = new Map<string, Call & { decision: Promise<Decided> }>()

  /** Decides when its turn comes. A trigger joins a decision that nobody has asked for; rejects as `decide` does. */
  async run(call: Call, decide: () => Promise<Decided>): Promise<Decided> {
    const { id, request } = call
    const before = this.#last.get(id)
    if (before && !before.request && !request) return before.decision
    const decision = (before?.decision ?? Promise.resolve())
      .catch(() => {})
      .then(decide)
      .finally(() => {
        if (this.#last.get(id)?.decision === decision) this.#last.delete(id)
      })
    this.#last.set(id, { ...call, decision })
    return decision
  }

  /** Whether someone has called for a decision on any of these; the minute's own decisions do not count. */
  isBusy(ids: readonly string[]): boolean {
    return ids.some((id) => (this.#last.get(id)?.trigger ?? 'tick') !== 'tick')
  }

  /** The last decision under way of each failover. */
  underWay(): Promise<Decided>[] {
    return [...this.#last.values()].map(({ decision }) => decision)
  }
}
