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

/**
 * The votes of a failover's last decision. A vote is on a whole endpoint: of one with several monitors it does not say which is
 * down. While it is active its runs do; once they have ended, only a vote can say that none is down any more.
 */
function votesOf({ endpoints, last }: FailoverView): Sight[] {
  return endpoints.flatMap(({ active, monitors, votes: { up, down, none } }) => {
    if (!last || (monitors.length > 1 && active)) return []
    const said = (vantages: readonly string[], isDown: boolean) =>
      vantages.flatMap((vantage) => monitors.map((monitor) => ({ monitor, vantage, isDown, atMs: last.atMs })))
    return [...(monitors.length === 1 ? said(down, true) : []), ...said([...up, ...none], false)]
  })
}
