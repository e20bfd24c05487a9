import type { DrillOutcome } from '../decide/drill.ts'
import type { ControlRequest } from '../decide/failover-asset.ts'
import type { Controller } from './controller.ts'

/** Who carries out what people ask. */
export interface Controlled {
  controller: Controller
  /** How every failover stands; AWS looks at them first, the embedded engine knows. */
  status(): Promise<unknown>
  drill(failover: string): Promise<DrillOutcome>
  /** Notes a drill that passed at another controller. */
  drilled(failover: string, atMs: number): Promise<void>
  /** Hears that a person has changed a failover, where what is known of it is kept. */
  changed?(failover: string): void
}

/** Carries out a person's request, wherever it came in. Rejects with what is wrong with it, or what went wrong. */
export async function carryOutRequest(asked: ControlRequest, { controller, ...host }: Controlled): Promise<unknown> {
  switch (asked.do) {
    case 'status':
      return host.status()
    case 'to': {
      const { failover, endpoint: to, approval = false, dryRun, reason } = asked
      const request = { to, by: 'person', approval } as const
      return dryRun ? controller.consider(failover, request) : controller.decide(failover, 'person', request, reason)
    }
    case 'lock':
    case 'unlock':
      await controller.setLocked(asked.failover, asked.do === 'lock')
      host.changed?.(asked.failover)
      return { done: asked.do }
    case 'adopt':
      await controller.adopt(asked.failover)
      host.changed?.(asked.failover)
      return { done: asked.do }
    case 'drill':
      return host.drill(asked.failover)
    case 'drilled':
      await host.drilled(asked.failover, asked.atMs)
      return { done: asked.do }
    default:
      throw new Error('expected one of status, to, lock, unlock, adopt, drill')
  }
}
