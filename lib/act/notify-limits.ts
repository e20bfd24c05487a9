import { rates } from '../decide/notify-pace.ts'
import type { Route } from '../model/route.ts'
import type { DeliverOptions } from './notify-deliver.ts'

export interface Limits {
  /** Waits for this destination's turn; false where it does not come before `endMs`. */
  wait(route: Route<string>, endMs: number, signal?: AbortSignal): Promise<boolean>
}

/** Keeps every destination, by its key or address, to the rate that it allows; two routes to the same place share it. */
export function createLimits({ pause, nowMs }: Pick<DeliverOptions, 'pause' | 'nowMs'>): Limits {
  const calls = new Map<string, number[]>()
  return {
    wait: async (route, endMs, signal) => {
      const { calls: most, withinMs } = rates[route.kind]
      const destination = destinationOf(route)
      for (;;) {
        const now = nowMs()
        // A call of later than now was noted before the clock was set back.
        const recent = (calls.get(destination) ?? []).filter((atMs) => atMs <= now && now - atMs < withinMs)
        const [first] = recent
        if (recent.length < most || first === undefined) {
          calls.set(destination, [...recent, nowMs()])
          return true
        }
        const freeMs = first + withinMs
        if (freeMs >= endMs || signal?.aborted) return false
        await pause(freeMs - nowMs(), signal)
      }
    },
  }
}

function destinationOf(route: Route<string>): string {
  if (route.kind === 'pagerduty') return `pagerduty ${route.routingKey}`
  if (route.kind === 'sns') return `sns ${route.topicArn}`
  if (route.kind === 'webhook') return `webhook ${route.url}`
  return 'webhook' in route ? `slack ${route.webhook}` : `slack ${route.token} ${route.channel}`
}
