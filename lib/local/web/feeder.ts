import type { RouteHealth } from '../../decide/route-health.ts'
import type { FailoverEvent } from '../../run/failover-event.ts'
import type { FailoverStatus } from '../../run/failover-status.ts'
import type { Engine, EngineEvent } from '../engine.ts'
import type { Sight } from '../failover-watch.ts'
import type { FeedBatch } from './feed.ts'

/** While nobody takes what happens, this much of each kind waits; the oldest is dropped. */
const mostWaiting = 5000

/** Where a feed takes from. */
export interface Sources {
  engine: Pick<Engine, 'snapshot' | 'view' | 'vitals'>
  /** Failovers as they stand, and the vantages that vote on them with what they saw; nothing where there are none. */
  failovers?: { status(): FailoverStatus[]; sights(): Sight[]; vantages: readonly string[] }
  /** How telling people goes; nothing where nobody is told. */
  routes?(): RouteHealth[]
}

/** Collects what happens, for the thread that shows it. */
export class Feeder {
  readonly #sources: Sources
  #touched = new Set<string>()
  #areFailoversTouched = false
  #results: FeedBatch['results'] = []
  #transitions: FeedBatch['transitions'] = []
  #failoverEvents: FeedBatch['failoverEvents'] = []

  constructor(sources: Sources) {
    this.#sources = sources
  }

  takeEngineEvent(event: EngineEvent): void {
    if (event.type === 'result') {
      this.#touched.add(event.result.monitor)
      push(this.#results, event.result)
    } else push(this.#transitions, event.transition)
  }

  takeFailoverEvent(event: FailoverEvent): void {
    this.#areFailoversTouched = true
    push(this.#failoverEvents, event)
  }

  /** Everything as it stands, for one who knows nothing yet. */
  all(): FeedBatch {
    for (const { id } of this.#sources.engine.snapshot().monitors) this.#touched.add(id)
    return this.next({ withVitals: true })
  }

  get isEmpty(): boolean {
    return this.#touched.size === 0 && !this.#areFailoversTouched
  }

  /** What happened since it was last asked. */
  next({ withVitals }: { withVitals: boolean }): FeedBatch {
    const { engine, failovers, routes } = this.#sources
    const batch: FeedBatch = {
      ...(withVitals && { vitals: { ...engine.vitals(), ...(routes && { routes: routes() }) } }),
      vantages: failovers?.vantages ?? [],
      views: [...this.#touched].flatMap((id) => engine.view(id) ?? []),
      results: this.#results,
      transitions: this.#transitions,
      sights: failovers?.sights() ?? [],
      // A lock is no event, so they are looked at every so often as well.
      failovers: this.#areFailoversTouched || withVitals ? (failovers?.status() ?? []) : [],
      failoverEvents: this.#failoverEvents,
    }
    this.#touched = new Set()
    this.#areFailoversTouched = false
    this.#results = []
    this.#transitions = []
    this.#failoverEvents = []
    return batch
  }
}

function push<T>(list: T[], one: T): void {
  if (list.length >= mostWaiting) list.shift()
  list.push(one)
}
