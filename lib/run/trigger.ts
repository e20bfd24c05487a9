import type { FailoverCall } from '../decide/failover-asset.ts'
import { pause } from './pause.ts'

/** What became of a call to a controller: nothing, or what went wrong. */
export type CallController = (region: string, call: FailoverCall) => Promise<string | undefined>

/** What fails within this time is told in one call: an outage seldom comes alone. */
const gatherMs = 50

/** Tells every controller of confirmed failures of endpoints, at once and once each. */
export interface FailureTrigger {
  /** A monitor of an endpoint has failed after all attempts. */
  failed(monitor: string): void
  /** Resolves when all calls have ended. */
  settled(): Promise<void>
}

/** `write` takes a line for the log about each call that did not succeed. */
export function createTrigger(
  { vantage, controllers }: { vantage: string; controllers: readonly string[] },
  call: CallController,
  write: (line: string) => void,
): FailureTrigger {
  let gathering: Set<string> | undefined
  const underWay = new Set<Promise<void>>()
  const tell = async (monitors: Set<string>) => {
    await pause(gatherMs)
    gathering = undefined
    await Promise.all(
      controllers.map(async (region) => {
        const problem = await call(region, { do: 'trigger', vantage, monitors: [...monitors] })
        if (problem) write(JSON.stringify({ trigger: region, monitors: [...monitors], problem }))
      }),
    )
  }
  return {
    failed: (monitor) => {
      if (gathering) return void gathering.add(monitor)
      gathering = new Set([monitor])
      const told: Promise<void> = tell(gathering).finally(() => underWay.delete(told))
      underWay.add(told)
    },
    settled: async () => {
      while (underWay.size > 0) await Promise.all(underWay)
    },
  }
}
