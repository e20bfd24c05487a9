import { randomBytes } from 'node:crypto'
import type { RecordStore, Trigger } from '../act/ports.ts'
import { isDrillDue } from '../decide/drill.ts'
import { failoverMonitors } from '../decide/probe-now.ts'
import { isReadinessDue } from '../decide/readiness.ts'
import type { Config } from '../model/config.ts'
import { endpointMonitorIds } from '../model/endpoint-monitors.ts'
import type { Endpoint, Failover } from '../model/failover.ts'
import type { Monitor } from '../model/monitor.ts'
import type { ProbeResult } from '../model/result.ts'
import { collectVotes } from '../run/collect.ts'
import type { Controlled } from '../run/control.ts'
import { Controller } from '../run/controller.ts'
import type { FailoverEvent } from '../run/failover-event.ts'
import { createUpkeep } from '../run/failover-upkeep.ts'
import { pause } from '../run/pause.ts'
import { verifyMove } from '../run/verify.ts'
import { openControllerTable } from './controller-table.ts'
import { type Sight, watchFrom } from './failover-watch.ts'
import { type EmbeddedZone, placeOf, startZones, storesOf, zoneOf } from './failover-zones.ts'
import { runHook } from './hook.ts'
import { openKeptRecords } from './kept-records.ts'
import { askSimulated, simulateVantages } from './simulated-asks.ts'
import type { SimulatedVantage } from './simulated-vantage.ts'
import { asServedHere } from './zone-monitors.ts'

/** Failovers on this machine: their records in zones of our own, their vantages simulated. */
export interface EmbeddedFailovers extends Controlled {
  vantages: SimulatedVantage[]
  /** The zones by name, each with its port on loopback. */
  zones: EmbeddedZone[]
  /** A monitor as it is to run here: the names of records that are served here are looked up here. */
  asServedHere(monitor: Monitor): Monitor
  /** What the vantages saw of active endpoints, each the last time that it looked. */
  sights(): Sight[]
  stop(): Promise<void>
}

export interface EmbeddedOptions {
  version: string
  emit(event: FailoverEvent): void
  /** The SQLite file of what the controller remembers, and of what zones of this machine hold; nothing is kept where absent. */
  tableFile?: string
  /** Where the records are, where not in zones of this machine. */
  records?: RecordStore
  /** Port of the first zone, each further one the next; any free one where it is absent or taken. */
  zonePort?: number
  /** No other port will do: `ZonePortError` where it is taken. */
  isZonePortFixed?: boolean
}

type EmbeddedConfig = Pick<Config, 'failovers' | 'maxConcurrent' | 'monitors' | 'vantages' | 'selfCheck' | 'resolver'>

const tickMs = 60_000

/** Starts zones, vantages and the controller for the failovers of a config. */
export async function startFailovers(config: EmbeddedConfig, options: EmbeddedOptions): Promise<EmbeddedFailovers> {
  const { tableFile = ':memory:', zonePort, isZonePortFixed } = options
  const table = openControllerTable(tableFile)
  const kept = options.records ? undefined : openKeptRecords(tableFile)
  // What happened while nobody looked is not known: nothing has been up without interruption.
  // One that cannot be written locks its failover, and decisions say so.
  for (const { id } of config.failovers) await table.update(id, { healthySince: {} }).catch(() => {})
  const place = { ...(zonePort && { port: zonePort }), ...(isZonePortFixed && { isPortFixed: isZonePortFixed }) }
  const close = () => {
    kept?.close()
    table.close()
  }
  const zones = kept ? await startZones(config.failovers, { ...place, kept }).catch(closing(close)) : []
  const records = options.records ?? storesOf(zones)
  const vantages = simulateVantages(config, options.version)
  const ids = vantages.map(({ id }) => id)
  const monitors = failoverMonitors(config)
  const byId = new Map(monitors.map((monitor) => [monitor.id, monitor]))
  const stopping = new AbortController()
  const ask = askSimulated(config, vantages, zones, stopping.signal)
  const wallClock = () => Date.now()
  const host = {
    ...{ vantages: ids, monitors, ask, records, table, wallClock },
    emit: (event: FailoverEvent) => {
      options.emit(event)
      // Who is standby has changed.
      if (event.type === 'swapped' && event.outcome.kind === 'moved') aside(event.failover, lookAt(event.failover))
    },
    pause: (ms: number) => pause(ms * (1 + Math.random()), stopping.signal),
    stopping: stopping.signal,
    servedAt: (failover: Failover) => {
      const zone = zoneOf(failover, zones)
      return zone && placeOf(zone)
    },
    collect: (failover: Failover) => collectVotes(failover, ids, monitors, ask),
    newDecision: () => randomBytes(5).toString('hex'),
  }
  const controller = new Controller(config, {
    ...host,
    hook: runHook,
    verify: (failover, to, changeId) => verifyMove(failover, to, changeId, host),
  })
  const upkeep = createUpkeep(config.failovers, { ...host, controller })
  const failed = (failover: string, error: Error) =>
    options.emit({ type: 'failed', failover, message: error.stack ?? error.message, atMs: Date.now() })
  const decide = (failover: string, trigger: Trigger) => {
    controller.decide(failover, trigger).catch((error) => failed(failover, error))
  }
  const underWay = new Set<Promise<unknown>>()
  const aside = (failover: string, work: Promise<unknown>) => {
    const done: Promise<unknown> = work.catch((error) => failed(failover, error)).finally(() => underWay.delete(done))
    underWay.add(done)
  }
  const lookAt = async (id: string) => {
    for (const failover of config.failovers) if (failover.id === id) await upkeep.look(failover)
  }
  let minute = Math.floor(Date.now() / tickMs)
  const tick = async (failover: Failover, isFirst: boolean) => {
    decide(failover.id, 'tick')
    if (isFirst || isReadinessDue(failover, minute)) await upkeep.look(failover)
    // A table that cannot be read is told by decisions, and keeps drills from repeating themselves.
    const memory = await table.read(failover.id).catch(() => undefined)
    if (memory && !stopping.signal.aborted && isDrillDue(failover, memory, Date.now())) await upkeep.drill(failover.id)
  }
  const tickAll = (isFirst: boolean) => {
    for (const failover of config.failovers) aside(failover.id, tick(failover, isFirst))
  }
  const timer = setInterval(() => {
    minute++
    tickAll(false)
  }, tickMs)
  tickAll(true)
  const sights = new Map<string, Sight>()
  const saw = ({ monitor, vantage, status, startedAt }: ProbeResult) => {
    const sight = { monitor, vantage, isDown: status === 'down', atMs: Date.parse(startedAt) }
    sights.set(`${monitor} ${vantage}`, sight)
  }
  watch(config.failovers, vantages, byId, { controller, decide, saw, stopping: stopping.signal })
  return {
    ...{ controller, vantages, zones },
    asServedHere: (monitor) => asServedHere(monitor, config.failovers, zones),
    sights: () => [...sights.values()],
    status: async () => controller.status(),
    drill: upkeep.drill,
    drilled: upkeep.drilled,
    // What is active tells whose failures are looked for: a record that was just adopted is watched at once.
    changed: (id) =>
      aside(
        id,
        controller.look(id).then(() => lookAt(id)),
      ),
    stop: async () => {
      clearInterval(timer)
      const ended = controller.stop()
      stopping.abort()
      await Promise.all([ended, ...underWay])
      await Promise.all(zones.map(({ zone }) => zone.stop()))
      close()
    },
  }
}

/** Lets go of what was opened before that which could not be had. */
function closing(close: () => void): (error: unknown) => never {
  return (error) => {
    close()
    throw error
  }
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
    saw,
    stopping,
  }: {
    controller: Controller
    decide(failover: string, trigger: Trigger): void
    saw(result: ProbeResult): void
    stopping: AbortSignal
  },
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
        onResult: (result: ProbeResult) => {
          saw(result)
          if (result.status !== 'down') return
          controller.noteFailure(failover.id, Date.parse(result.startedAt))
          decide(failover.id, 'vantage')
        },
      }
      watchFrom(vantages, watched, stopping)
    }
  }
}
