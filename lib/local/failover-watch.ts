import type { Trigger } from '../act/ports.ts'
import { endpointMonitorIds } from '../model/endpoint-monitors.ts'
import type { Failover } from '../model/failover.ts'
import type { Monitor } from '../model/monitor.ts'
import type { ProbeResult } from '../model/result.ts'
import type { Controller } from '../run/controller.ts'
import { runMonitor } from '../run/vantage.ts'
import type { SimulatedVantage } from './simulated-vantage.ts'

/** What a vantage saw of a monitor the last time that it looked. */
export interface Sight {
  monitor: string
  vantage: string
  isDown: boolean
  atMs: number
}

/** Who watches failovers, and who hears of a confirmed failure. */
interface Watch {
  vantages: readonly SimulatedVantage[]
  /** Those of all endpoints. */
  monitors: readonly Monitor[]
  controller: Controller
  decide(failover: string, trigger: Trigger): void
  stopping: AbortSignal
}

/** Watches every failover's active endpoint from all vantages; a confirmed failure starts a decision. */
export function watchActive(failovers: readonly Failover[], watch: Watch): { sights(): Sight[] } {
  const { controller } = watch
  const sights = new Map<string, Sight>()
  const saw = (failover: string, { monitor, vantage, status, startedAt }: ProbeResult) => {
    const [isDown, atMs] = [status === 'down', Date.parse(startedAt)]
    sights.set(`${monitor} ${vantage}`, { monitor, vantage, isDown, atMs })
    if (!isDown) return
    controller.noteFailure(failover, atMs)
    watch.decide(failover, 'vantage')
  }
  const activeOf = (failover: Failover) =>
    controller
      .status()
      .find(({ id }) => id === failover.id)
      ?.endpoints.find(({ active }) => active)?.id
  const monitors = new Map(watch.monitors.map((monitor) => [monitor.id, monitor]))
  for (const failover of failovers)
    for (const endpoint of failover.endpoints) {
      // The others are looked at by decisions.
      const isActive = () => activeOf(failover) === endpoint.id
      const onResult = (result: ProbeResult) => saw(failover.id, result)
      for (const id of endpointMonitorIds(failover, endpoint)) {
        const monitor = monitors.get(id)
        if (monitor) watchFrom(monitor, { isActive, onResult }, watch)
      }
    }
  return { sights: () => [...sights.values()] }
}

/**
 * Runs a monitor from every vantage at its interval, the vantages evenly spread over it, until the signal is aborted: the
 * more vantages, the sooner a failure is seen. One run at a vantage ends before its next.
 */
function watchFrom(
  monitor: Monitor,
  { isActive, onResult }: { isActive(): boolean; onResult(result: ProbeResult): void },
  { vantages, stopping }: Watch,
): void {
  for (const [i, { host }] of vantages.entries()) {
    let isRunning = false
    const look = async () => {
      if (isRunning || !isActive()) return
      isRunning = true
      const result = await runMonitor(monitor, host, stopping)
      isRunning = false
      if (!stopping.aborted) onResult(result)
    }
    const first = setTimeout(
      () => {
        void look()
        const timer = setInterval(look, monitor.everyMs)
        stopping.addEventListener('abort', () => clearInterval(timer), { once: true })
      },
      (monitor.everyMs * i) / vantages.length,
    )
    stopping.addEventListener('abort', () => clearTimeout(first), { once: true })
  }
}
