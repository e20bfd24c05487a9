import type { Sight } from '../failover-watch.ts'
import type { FailoverView } from './api/failovers.ts'

/**
 * What simulated vantages see of monitors. They speak by their runs, which no history keeps, and by their votes on failovers:
 * of one vantage and monitor the newest word counts.
 */
export class Sights {
  readonly #byMonitor = new Map<string, Map<string, Pick<Sight, 'isDown' | 'atMs'>>>()

  /** Takes runs, and the votes of last decisions; gives the monitors that other vantages see down now than before. */
  take(runs: readonly Sight[], failovers: readonly FailoverView[]): string[] {
    const words = [...runs, ...failovers.flatMap(votesOf)]
    const before = new Map(words.map(({ monitor }) => [monitor, this.downAt(monitor).join()]))
    for (const word of words) this.#take(word)
    return [...before].flatMap(([monitor, was]) => (this.downAt(monitor).join() === was ? [] : [monitor]))
  }

  /** Ids of the vantages that see a monitor down. */
  downAt(monitor: string): string[] {
    return [...(this.#byMonitor.get(monitor) ?? [])]
      .flatMap(([vantage, { isDown }]) => (isDown ? [vantage] : []))
      .sort()
  }

  #take({ monitor, vantage, isDown, atMs }: Sight): void {
    const own = this.#byMonitor.get(monitor) ?? new Map()
    this.#byMonitor.set(monitor, own)
    if (atMs >= (own.get(vantage)?.atMs ?? 0)) own.set(vantage, { isDown, atMs })
  }
}

/** The votes of a failover's last decision; of endpoints with one monitor, as a vote is on the whole endpoint. */
function votesOf({ endpoints, last }: FailoverView): Sight[] {
  return endpoints.flatMap(({ monitors: [monitor, ...others], votes: { up, down, none } }) => {
    if (!last || monitor === undefined || others.length > 0) return []
    const { atMs } = last
    return [
      ...down.map((vantage) => ({ monitor, vantage, isDown: true, atMs })),
      ...[...up, ...none].map((vantage) => ({ monitor, vantage, isDown: false, atMs })),
    ]
  })
}
