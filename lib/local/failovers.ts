import type { ControllerTable, RecordStore, Trigger } from '../act/ports.ts'
import { isDrillDue } from '../decide/drill.ts'
import { failoverMonitors } from '../decide/probe-now.ts'
import { isReadinessDue } from '../decide/readiness.ts'
import type { Config } from '../model/config.ts'
import type { Failover } from '../model/failover.ts'
import type { Monitor } from '../model/monitor.ts'
import { createAside } from '../run/aside.ts'
import type { Controlled } from '../run/control.ts'
import { Controller } from '../run/controller.ts'
import type { FailoverEvent } from '../run/failover-event.ts'
import { failoverHost } from '../run/failover-host.ts'
import { createUpkeep } from '../run/failover-upkeep.ts'
import { pause } from '../run/pause.ts'
import { openControllerTable } from './controller-table.ts'
import { type Sight, watchActive } from './failover-watch.ts'
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

const minuteMs = 60_000

/** Starts zones, vantages and the controller for the failovers of a config. */
export async function startFailovers(config: EmbeddedConfig, options: EmbeddedOptions): Promise<EmbeddedFailovers> {
  const { table, zones, records, close } = await openRecords(config, options)
  const vantages = simulateVantages(config, options.version)
  const monitors = failoverMonitors(config)
  const stop = new AbortController()
  const stopping = stop.signal
  const aside = createAside()
  const begin = (failover: string, work: Promise<unknown>) => {
    const failed = (error: Error) =>
      options.emit({ type: 'failed', failover, message: error.stack ?? error.message, atMs: Date.now() })
    aside.begin(work.catch(failed))
  }
  const host = failoverHost({
    ...{ vantages: vantages.map(({ id }) => id), monitors, records, table, hook: runHook, stopping },
    ask: askSimulated(config, vantages, zones, stopping),
    wallClock: () => Date.now(),
    pause: (ms) => pause(ms, stopping),
    servedAt: (failover) => {
      const zone = zoneOf(failover, zones)
      return zone && placeOf(zone)
    },
    emit: (event) => {
      options.emit(event)
      // Who is standby has changed.
      if (event.type === 'swapped' && event.outcome.kind === 'moved') begin(event.failover, lookAt(event.failover))
    },
  })
  const controller = new Controller(config, host)
  const upkeep = createUpkeep(config.failovers, { ...host, controller })
  const decide = (failover: string, trigger: Trigger) => begin(failover, controller.decide(failover, trigger))
  const lookAt = async (id: string) => {
    for (const failover of config.failovers) if (failover.id === id) await upkeep.look(failover)
  }
  startRounds(config.failovers, { upkeep, table, begin, decide, stopping })
  const { sights } = watchActive(config.failovers, { vantages, monitors, controller, decide, stopping })
  return {
    ...{ controller, vantages, zones, sights },
    asServedHere: (monitor) => asServedHere(monitor, config.failovers, zones),
    status: async () => controller.status(),
    drill: upkeep.drill,
    drilled: upkeep.drilled,
    // What is active tells whose failures are looked for: a record that was just adopted is watched at once.
    changed: (id) => {
      const looked = controller.look(id).then(() => lookAt(id))
      begin(id, looked)
    },
    stop: async () => {
      const ended = controller.stop()
      stop.abort()
      await ended
      await aside.settled()
      await Promise.all(zones.map(({ zone }) => zone.stop()))
      close()
    },
  }
}

/** Opens what the controller remembers, and where the records are. */
async function openRecords({ failovers }: EmbeddedConfig, options: EmbeddedOptions) {
  const { tableFile = ':memory:', zonePort, isZonePortFixed } = options
  const table = openControllerTable(tableFile)
  const kept = options.records ? undefined : openKeptRecords(tableFile)
  const close = () => {
    kept?.close()
    table.close()
  }
  // What happened while nobody looked is not known: nothing has been up without interruption.
  // One that cannot be written locks its failover, and decisions say so.
  for (const { id } of failovers) await table.update(id, { healthySince: {} }).catch(() => {})
  const place = { ...(zonePort && { port: zonePort }), ...(isZonePortFixed && { isPortFixed: isZonePortFixed }) }
  try {
    const zones = kept ? await startZones(failovers, { ...place, kept }) : []
    return { table, zones, records: options.records ?? storesOf(zones), close }
  } catch (error) {
    close()
    throw error
  }
}

interface Rounds {
  upkeep: ReturnType<typeof createUpkeep>
  table: ControllerTable
  decide(failover: string, trigger: Trigger): void
  /** Takes work on the side: that it failed is told. */
  begin(failover: string, work: Promise<unknown>): void
  stopping: AbortSignal
}

/** Does now and every minute from now what is due for each failover: a decision, and a look or a drill where it is their time. */
function startRounds(failovers: readonly Failover[], { upkeep, table, begin, decide, stopping }: Rounds): void {
  const tick = async (failover: Failover, minute: number, isFirst: boolean) => {
    decide(failover.id, 'tick')
    if (isFirst || isReadinessDue(failover, minute)) await upkeep.look(failover)
    // A table that cannot be read is told by decisions, and keeps drills from repeating themselves.
    const memory = await table.read(failover.id).catch(() => undefined)
    if (memory && !stopping.aborted && isDrillDue(failover, memory, Date.now())) await upkeep.drill(failover.id)
  }
  const tickAll = (minute: number, isFirst: boolean) => {
    for (const failover of failovers) begin(failover.id, tick(failover, minute, isFirst))
  }
  let minute = Math.floor(Date.now() / minuteMs)
  const timer = setInterval(() => tickAll(++minute, false), minuteMs)
  stopping.addEventListener('abort', () => clearInterval(timer), { once: true })
  tickAll(minute, true)
}
