import type { StoredTransition } from '../history-store.ts'
import type { IncidentSummary } from './api/incidents.ts'
import type { WatchedMonitor } from './feed.ts'
import { troubleOf } from './trouble.ts'

/** More are forgotten by the dashboard; the history still has their changes of state. */
const mostIncidents = 5000

/** Every incident that is known, made of the changes of state in the history and of those that come. */
export class IncidentLog {
  readonly #monitors: ReadonlyMap<string, WatchedMonitor>
  #incidents: IncidentSummary[] = []
  readonly #open = new Map<string, IncidentSummary>()

  constructor(monitors: ReadonlyMap<string, WatchedMonitor>) {
    this.#monitors = monitors
  }

  /** Takes in a change of state, each once and in order; gives the incident that it began or ended. */
  take(transition: StoredTransition): IncidentSummary | undefined {
    const open = this.#open.get(transition.monitor)
    // After a restart a monitor that was down may be found down once more: it is the same incident.
    if (transition.to === 'down') return open ? undefined : this.#begin(transition)
    if (!open) return undefined
    const { firstAtMs: firstGoodMs, atMs: confirmedMs, to } = transition
    open.recovery = { firstGoodMs, confirmedMs, to }
    this.#open.delete(transition.monitor)
    return open
  }

  /** Those that touch a range, newest first. */
  within(fromMs: number, toMs: number, monitor?: string): IncidentSummary[] {
    return this.#incidents
      .filter((one) => one.confirmedMs < toMs && (one.recovery?.confirmedMs ?? Number.POSITIVE_INFINITY) >= fromMs)
      .filter((one) => monitor === undefined || one.monitor === monitor)
      .reverse()
  }

  /** Those that are not over, newest first. */
  open(): IncidentSummary[] {
    return [...this.#open.values()].filter(({ endUnknown }) => !endUnknown).reverse()
  }

  find(id: string): IncidentSummary | undefined {
    return this.#incidents.find((one) => one.id === id)
  }

  #begin({ monitor, atMs, firstAtMs, cause, muted }: StoredTransition): IncidentSummary {
    const watched = this.#monitors.get(monitor)
    const incident: IncidentSummary = {
      ...{ id: `${monitor}~${atMs}`, monitor, severity: watched?.severity ?? 'ticket' },
      ...{ firstFailureMs: firstAtMs, confirmedMs: atMs, muted },
      ...(!watched && { endUnknown: true as const }),
      cause: troubleOf(cause ?? { code: 'INTERNAL', message: 'no cause was kept' }),
    }
    this.#incidents.push(incident)
    this.#open.set(monitor, incident)
    if (this.#incidents.length > mostIncidents) this.#forget()
    return incident
  }

  /** The oldest, but none that is open. */
  #forget(): void {
    const older = this.#incidents.slice(0, -mostIncidents / 2)
    const open = older.filter((one) => this.#open.get(one.monitor) === one)
    this.#incidents = [...open, ...this.#incidents.slice(-mostIncidents / 2)]
  }
}
