import type { FailoverCall } from '../decide/failover-asset.ts'
import { createAside } from './aside.ts'
import { pause } from './pause.ts'

/** What became of a call to a controller: nothing, or what went wrong. */
export type CallController = (region: string, call: FailoverCall) => Promise<string | undefined>

/** What fails within this time is told in one call: an outage seldom comes alone. */
const gatherMs = 50

/** Tells every controller of confirmed failures of endpoints, at once and once each. */
export interface FailureTrigger {
  /** A monitor of an endpoint has failed after all attempts, in a run that began at `sinceMs`. */
  failed(monitor: string, sinceMs: number): void
  /** Resolves when all calls have ended. */
  settled(): Promise<void>
}

/** `write` takes a line for the log about each call that did not succeed. */
export function createTrigger(
  { vantage, controllers }: { vantage: string; controllers: readonly string[] },
  call: CallController,
  write: (line: string) => void,
): FailureTrigger {
  let gathering: Map<string, number> | undefined
  const calls = createAside()
  const tell = async (failures: ReadonlyMap<string, number>) => {
    await pause(gatherMs)
    gathering = undefined
    const monitors = [...failures.keys()]
    const sinceMs = Math.min(...failures.values())
    await Promise.all(
      controllers.map(async (region) => {
        const problem = await call(region, { do: 'trigger', vantage, monitors, sinceMs })
        if (problem) write(JSON.stringify({ trigger: region, monitors, problem }))
      }),
    )
  }
  return {
    failed: (monitor, sinceMs) => {
      if (gathering) return void gathering.set(monitor, Math.min(sinceMs, gathering.get(monitor) ?? sinceMs))
      gathering = new Map([[monitor, sinceMs]])
      calls.begin(tell(gathering))
    },
    settled: calls.settled,
  }
}
