import { randomBytes } from 'node:crypto'
import type { RecordStore } from '../act/ports.ts'
import { ballotOf } from '../decide/ballot.ts'
import type { Ballot } from '../decide/quorum.ts'
import { answerOf, txtOf } from '../decide/swap-records.ts'
import { encodeState } from '../decide/swap-state.ts'
import type { Config } from '../model/config.ts'
import { canonicalName } from '../model/dns-answer.ts'
import { endpointMonitorIds } from '../model/endpoint-monitors.ts'
import type { Endpoint, Failover } from '../model/failover.ts'
import type { Monitor } from '../model/monitor.ts'
import { Controller, type FailoverEvent } from '../run/controller.ts'
import type { Trigger } from '../run/failover-status.ts'
import { createHost } from '../run/host.ts'
import { pause } from '../run/pause.ts'
import { voteOn } from '../run/vote.ts'
import { openControllerTable } from './controller-table.ts'
import { watchFrom } from './failover-watch.ts'
import { runCommandHook } from './hook.ts'
import { isPortTaken } from './loopback.ts'
import { type SimulatedVantage, simulateVantage } from './simulated-vantage.ts'
import { verifyServed, verifyStored } from './verify.ts'
import { startZone, type Zone } from './zone.ts'
import { createZoneStore, type ZoneStore } from './zone-store.ts'

/** Failovers on this machine: their records in zones of our own, their vantages simulated. */
export interface EmbeddedFailovers {
  controller: Controller
  vantages: SimulatedVantage[]
  /** The zones by name, each with its port on loopback. */
  zones: { origin: string; port: number; store: ZoneStore }[]
  stop(): Promise<void>
}

export interface EmbeddedOptions {
  version: string
  emit(event: FailoverEvent): void
  /** The SQLite file of what the controller remembers; nothing is kept where absent. */
  tableFile?: string
  /** Where the records are, where not in zones of this machine. */
  records?: RecordStore
  /** Preferred port of the first zone. */
  zonePort?: number
}

/** Names for vantages where the config has none. */
const simulatedIds = ['north', 'south', 'west']
/** A vantage that has not answered so long after its probes' own limits has no vote. */
const collectGraceMs = 3000
const tickMs = 60_000

/** Starts zones, vantages and the controller for the failovers of a config. */
export async function startFailovers(
  config: Pick<Config, 'failovers' | 'maxConcurrent' | 'monitors' | 'vantages' | 'selfCheck' | 'resolver'>,
  options: EmbeddedOptions,
): Promise<EmbeddedFailovers> {
  const table = openControllerTable(options.tableFile ?? ':memory:')
  // What happened while nobody looked is not known: nothing has been up without interruption.
  for (const { id } of config.failovers) await table.update(id, { healthySince: {} })
  const zones = options.records ? [] : await startZones(config.failovers, options.zonePort)
  const records = options.records ?? storesOf(zones)
  const { selfCheck } = config
  const ids = config.vantages.length > 0 ? config.vantages.map(({ id }) => id) : simulatedIds
  const vantages = ids.map((vantage) =>
    simulateVantage(createHost({ vantage, version: options.version, selfCheck, ...resolver(config) })),
  )
  const monitors = new Map(config.monitors.map((monitor) => [monitor.id, monitor]))
  const stopping = new AbortController()
  const local = createHost({ vantage: 'local', version: options.version, selfCheck: [], ...resolver(config) })
  const controller = new Controller(config, {
    vantages: ids,
    collect: (failover) => collect(failover, vantages, monitors, stopping.signal),
    records,
    table,
    hook: ({ key, to }) => {
      const failover = config.failovers.find(({ id }) => key.startsWith(`${id}/`))
      return runCommandHook(failover?.hooks.before, { key, failover: failover?.id ?? '', to })
    },
    verify: async (failover, to) =>
      (await verifyStored(failover, to, records)) ??
      // A zone of our own is one server, and serves what it holds.
      (options.records && verifyServed(failover, to, local, stopping.signal)),
    emit: options.emit,
    wallClock: () => Date.now(),
    newDecision: () => randomBytes(5).toString('hex'),
    pause: (ms) => pause(ms * (1 + Math.random()), stopping.signal),
  })
  const decide = (failover: string, trigger: Trigger) => {
    controller.decide(failover, trigger).catch((error: Error) => {
      options.emit({ type: 'failed', failover, message: error.stack ?? error.message, atMs: Date.now() })
    })
  }
  const tick = () => {
    for (const { id } of config.failovers) decide(id, 'tick')
  }
  const timer = setInterval(tick, tickMs)
  tick()
  watch(config.failovers, vantages, monitors, { controller, decide, stopping: stopping.signal })
  return {
    ...{ controller, vantages, zones },
    stop: async () => {
      clearInterval(timer)
      const ended = controller.stop()
      stopping.abort()
      await ended
      await Promise.all(zones.map(({ zone }) => zone.stop()))
      table.close()
    },
  }
}

function resolver({ resolver }: Pick<Config, 'resolver'>): { resolver?: string } {
  return resolver === undefined ? {} : { resolver }
}

/** One store for records in several zones. */
function storesOf(zones: readonly EmbeddedZone[]): RecordStore {
  const storeOf = ({ zone }: Failover) => zones.find(({ origin }) => origin === canonicalName(zone))?.store
  return {
    list: async (failover) => storeOf(failover)?.list(failover) ?? { kind: 'unknown' },
    change: async (failover, changes) => storeOf(failover)?.change(failover, changes) ?? { kind: 'unknown' },
  }
}

interface EmbeddedZone {
  origin: string
  port: number
  store: ZoneStore
  zone: Zone
}

/** One zone for each that the failovers name; every record answers as its first endpoint says, with the TXT beside it. */
async function startZones(failovers: readonly Failover[], preferredPort = 0): Promise<EmbeddedZone[]> {
  const origins = [...new Set(failovers.map(({ zone }) => canonicalName(zone)))]
  return Promise.all(
    origins.map(async (origin, i) => {
      const zone = await startZoneAt(origin, i === 0 ? preferredPort : 0)
      const own = failovers.filter((failover) => canonicalName(failover.zone) === origin)
      return { origin, port: zone.port, zone, store: createZoneStore(zone, own.flatMap(adopted)) }
    }),
  )
}

async function startZoneAt(origin: string, port: number): Promise<Zone> {
  try {
    return await startZone({ origin, records: [], port })
  } catch (error) {
    if (!isPortTaken(error)) throw error
    return startZone({ origin, records: [] })
  }
}

function adopted(failover: Failover) {
  const [primary] = failover.endpoints
  if (!primary) return []
  const text = encodeState({
    ...{ version: 1, epoch: 1, decision: 'adopted', active: primary.id, sinceMs: Date.now() },
    ...{ switches: [], flags: { locked: false, latched: false } },
  })
  return [...answerOf(failover, primary), txtOf(failover, text)]
}

/** Asks every vantage about every endpoint. Who is not done in time has no vote. */
async function collect(
  failover: Failover,
  vantages: readonly SimulatedVantage[],
  monitors: ReadonlyMap<string, Monitor>,
  stopping: AbortSignal,
): Promise<ReadonlyMap<string, Ballot>> {
  const own = failover.endpoints.flatMap((endpoint) => monitorsOf(failover, endpoint, monitors))
  const limitMs = 2 * Math.max(0, ...own.map(({ timeoutMs }) => timeoutMs)) + collectGraceMs
  const deadline = AbortSignal.any([stopping, AbortSignal.timeout(limitMs)])
  const ballots = await Promise.all(
    vantages.map(async ({ id, host }) => {
      const results = await Promise.all(own.map((monitor) => voteOn(monitor, host, deadline)))
      return [id, deadline.aborted ? {} : ballotOf(failover, results)] as const
    }),
  )
  return new Map(ballots)
}

/** The monitors of an endpoint's addresses. */
function monitorsOf(failover: Failover, endpoint: Endpoint, all: ReadonlyMap<string, Monitor>): Monitor[] {
  return endpointMonitorIds(failover, endpoint).flatMap((id) => all.get(id) ?? [])
}

/** Watches every failover's active endpoint from all vantages; a confirmed failure starts a decision. */
function watch(
  failovers: readonly Failover[],
  vantages: readonly SimulatedVantage[],
  monitors: ReadonlyMap<string, Monitor>,
  {
    controller,
    decide,
    stopping,
  }: { controller: Controller; decide(failover: string, trigger: Trigger): void; stopping: AbortSignal },
): void {
  for (const failover of failovers) {
    const activeId = () => {
      const status = controller.status().find(({ id }) => id === failover.id)
      return status?.endpoints.find(({ active }) => active)?.id
    }
    for (const endpoint of failover.endpoints) {
      const watched = {
        monitors: monitorsOf(failover, endpoint, monitors),
        isActive: () => activeId() === endpoint.id,
        onDown: () => decide(failover.id, 'vantage'),
      }
      watchFrom(vantages, watched, stopping)
    }
  }
}
