import { vi } from 'vitest'
import type { AskVantage, ChangeOutcome, RecordStore } from '../../lib/act/ports.ts'
import type { DrillOutcome } from '../../lib/decide/drill.ts'
import type { Change } from '../../lib/decide/swap-batch.ts'
import { answerOf, drillOf, type RecordSet } from '../../lib/decide/swap-records.ts'
import { startZone, type ZoneRecord } from '../../lib/local/zone.ts'
import { createZoneStore } from '../../lib/local/zone-store.ts'
import type { Failover } from '../../lib/model/failover.ts'
import { type DrillPorts, runDrill } from '../../lib/run/drill.ts'
import { pause } from '../../lib/run/pause.ts'
import { runDns } from './dns-server.ts'
import { failoverOf, recordsOf, tableOf } from './failover-fixture.ts'

/** A server of the zone, as vantages see it. */
interface Server {
  label: string
  /** The data at a name. */
  answers(name: string, type: RecordSet['type']): Promise<string[]>
}

export const drillVantages = ['north', 'south', 'west']

/** What one change does instead of being carried out. */
export type Fault = 'throttled' | 'unknown' | 'lost' | 'refused' | { lateMs: number }

export interface DrillWorldOptions {
  failover?: Failover
  /** What becomes of the first change, the second, …; all others are carried out. */
  faults?: readonly (Fault | undefined)[]
  records?: Partial<RecordStore>
  ports?: Partial<DrillPorts>
  /** Vantages that answer nothing. */
  silent?: readonly string[]
  /** Endpoints that are down by name. */
  down?: readonly string[]
  servers?: Server[]
  /** Where the zone's records go, beside the store. */
  serve?(records: ZoneRecord[]): void
}

/** Everything that a drill needs, in virtual time: records in a store, vantages that ask its servers, and a log of what was done. */
export function drillWorld(options: DrillWorldOptions = {}) {
  const { failover = failoverOf(), faults = [], silent = [], down = [], serve = () => {} } = options
  const drill = drillOf(failover)
  const store = createZoneStore({ setRecords: serve }, recordsOf(failover))
  const at = (name: string) => store.sets().filter((set) => set.name === name)
  const valuesAt = (name: string) => at(name).flatMap(({ type, values = [] }) => (type === 'TXT' ? [] : values))
  const servers = options.servers ?? [{ label: 'ns1', answers: async (name: string) => valuesAt(name) }]
  const table = tableOf()
  const log: string[] = []
  const touched = new Set<string>()
  const busy = { asking: 0 }

  let changes = 0
  const change = async (one: Failover, batch: readonly Change[]): Promise<ChangeOutcome> => {
    for (const { set } of batch) touched.add(set.name)
    log.push(`change ${batch.map(({ action, set }) => `${action} ${set.values}`).join(', ')}`)
    const fault = faults[changes++]
    if (typeof fault === 'object') setTimeout(() => store.change(one, batch), fault.lateMs)
    else if (fault === undefined || fault === 'unknown') {
      const outcome = await store.change(one, batch)
      return fault ? { kind: 'unknown' } : outcome
    }
    return { kind: fault === 'throttled' || fault === 'refused' ? fault : 'unknown' }
  }
  const ask: AskVantage = async (vantage, question) => {
    if (silent.includes(vantage)) return undefined
    busy.asking++
    try {
      const endpoint = failover.endpoints.find((one) => 'endpoint' in question && one.id === question.endpoint)
      log.push(`ask ${question.ask}`)
      if (!endpoint || !('at' in question) || question.at !== 'drill') throw new Error('a question not for drills')
      const declared = answerOf(drill, endpoint)
      const seen = await Promise.all(
        servers.map(async ({ label, answers }) => {
          const says = (await Promise.all(declared.map(({ type }) => answers(drill.record, type)))).flat().join(', ')
          return { server: label, says, isAsDeclared: says === declared.flatMap(({ values }) => values).join(', ') }
        }),
      )
      if (question.ask === 'served') return { servers: seen } as never
      const isUp = seen.every(({ isAsDeclared }) => isAsDeclared) && !down.includes(endpoint.id)
      return { isUp, ...(!isUp && { cause: 'CONNECT_REFUSED: nothing listens' }) } as never
    } finally {
      busy.asking--
    }
  }
  let ids = 0
  const ports: DrillPorts = {
    ...{ vantages: drillVantages, monitors: [], ask, table },
    records: { list: store.list, change, ...options.records },
    whyBusy: () => undefined,
    stopping: new AbortController().signal,
    wallClock: () => Date.now(),
    pause: (ms) => pause(ms),
    newDecision: () => `drill-${++ids}`,
    ...options.ports,
  }
  /** Runs a drill to its end: time goes on only while no vantage waits for a server. */
  const run = async (more: Partial<DrillPorts> = {}): Promise<DrillOutcome> => {
    const state = { isDone: false }
    const drilled = runDrill(failover, { ...ports, ...more }).finally(() => {
      state.isDone = true
    })
    while (!state.isDone) {
      await new Promise(setImmediate)
      if (busy.asking === 0 && !state.isDone) await vi.advanceTimersToNextTimerAsync()
    }
    return drilled
  }
  return { failover, store, table, log, touched, ports, run, left: () => at(drill.record), valuesAt }
}

/** A real zone on loopback, whose records come `lagMs` later than they are set. */
export async function laggingServer(origin: string, lagMs: number) {
  const zone = await startZone({ origin, records: [] })
  const label = `127.0.0.1:${zone.port}`
  const server: Server = {
    label,
    answers: async (name, type) => {
      // Over TCP, which loses nothing: time-outs are virtual here.
      const { observed } = await runDns({ name, type, servers: [label], recursion: false, protocol: 'tcp' })
      return (observed.answers ?? []).map((answer) => (type === 'CNAME' ? `${answer}.` : answer))
    },
  }
  const serve = (records: ZoneRecord[]) => {
    if (lagMs === 0) zone.setRecords(records)
    else setTimeout(() => zone.setRecords(records), lagMs)
  }
  return { server, serve, stop: () => zone.stop() }
}
