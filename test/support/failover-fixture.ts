import type { ControllerMemory, ControllerTable } from '../../lib/act/ports.ts'
import { answerOf, txtOf } from '../../lib/decide/swap-records.ts'
import { encodeState } from '../../lib/decide/swap-state.ts'
import type { Failover } from '../../lib/model/failover.ts'
import { parseConfig } from '../../lib/model/parse-config.ts'

/** A failover of `shop.live.test` between `one` (192.0.2.1), which is active in `recordsOf`, and `two` (192.0.2.2). */
export function failoverOf(more: object = {}): Failover {
  const endpoint = (id: string, address: string) => ({ id, region: 'external', A: [address] })
  const failover = {
    ...{ id: 'live', hostedZoneId: 'Z', zone: 'live.test', record: 'shop.live.test', check: 'live', mode: 'auto' },
    ...{ endpoints: [endpoint('one', '192.0.2.1'), endpoint('two', '192.0.2.2')], ...more },
  }
  const monitors = [{ id: 'live', kind: 'http', url: 'http://shop.live.test/' }]
  return parseConfig({ service: 'shop', monitors, failovers: [failover] } as never).failovers[0] as Failover
}

/** The record and its TXT while the first endpoint is active. */
export function recordsOf(failover: Failover) {
  const [first] = failover.endpoints
  if (!first) throw new Error('the failover has no endpoint')
  const state = { epoch: 1, decision: 'adopted', active: first.id, sinceMs: 0, switches: [] }
  const flags = { locked: false, latched: false }
  return [...answerOf(failover, first), txtOf(failover, encodeState({ version: 1, ...state, flags }))]
}

type DrillTable = Pick<ControllerTable, 'read' | 'update' | 'lease' | 'release'>

/** A controller's table in memory. */
export function tableOf(): DrillTable & { memory: Map<string, ControllerMemory> } {
  const memory = new Map<string, ControllerMemory>()
  const leases = new Map<string, { holder: string; untilMs: number }>()
  const read = (id: string) => memory.get(id) ?? { largestEpoch: 0, healthySince: {}, locked: false }
  return {
    memory,
    read: async (id) => read(id),
    update: async (id, changes) => void memory.set(id, { ...read(id), ...changes }),
    lease: async (id, holder, nowMs, forMs) => {
      if ((leases.get(id)?.untilMs ?? 0) > nowMs) return false
      leases.set(id, { holder, untilMs: nowMs + forMs })
      return true
    },
    release: async (id, holder) => {
      if (leases.get(id)?.holder === holder) leases.delete(id)
    },
  }
}
