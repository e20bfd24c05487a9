import type { Monitor } from '../model/monitor.ts'
import type { ProbeResult } from '../model/result.ts'
import { runMonitor } from '../run/vantage.ts'
import type { SimulatedVantage } from './simulated-vantage.ts'

/** What a vantage saw of a monitor the last time that it looked. */
export interface Sight {
  monitor: string
  vantage: string
  isDown: boolean
  atMs: number
}

/** What every vantage watches of a failover, and who hears of each run. */
export interface Watched {
  monitors: readonly Monitor[]
  /** Whether this monitor is of the endpoint that is active now: the others are looked at by decisions. */
  isActive(monitor: Monitor): boolean
  onResult(result: ProbeResult): void
}

/**
 * Runs monitors from every vantage at their interval, the vantages evenly spread over it, until the signal is aborted: the
 * more vantages, the sooner a failure is seen. One run of a monitor at a vantage ends before its next.
 */
export function watchFrom(vantages: readonly SimulatedVantage[], watched: Watched, signal: AbortSignal): void {
  for (const monitor of watched.monitors)
    for (const [i, { host }] of vantages.entries()) {
      let isRunning = false
      const look = async () => {
        if (isRunning || !watched.isActive(monitor)) return
        isRunning = true
        const result = await runMonitor(monitor, host, signal)
        isRunning = false
        if (!signal.aborted) watched.onResult(result)
      }
      const first = setTimeout(
        () => {
          void look()
          const timer = setInterval(look, monitor.everyMs)
          signal.addEventListener('abort', () => clearInterval(timer), { once: true })
        },
        (monitor.everyMs * i) / vantages.length,
      )
      signal.addEventListener('abort', () => clearTimeout(first), { once: true })
    }
}
