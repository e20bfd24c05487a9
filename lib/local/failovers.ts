import { randomBytes } from 'node:crypto'
import type { AskVantage, RecordStore, Trigger } from '../act/ports.ts'
import { isDrillDue } from '../decide/drill.ts'
import { type AnswerTo, failoverMonitors } from '../decide/probe-now.ts'
import { isReadinessDue } from '../decide/readiness.ts'
import type { Config } from '../model/config.ts'
import { canonicalName } from '../model/dns-answer.ts'
import { endpointMonitorIds } from '../model/endpoint-monitors.ts'
import type { Endpoint, Failover } from '../model/failover.ts'
import type { Monitor } from '../model/monitor.ts'
import type { ProbeResult } from '../model/result.ts'
import { collectVotes } from '../run/collect.ts'
import type { Controlled } from '../run/control.ts'
import { Controller } from '../run/controller.ts'
import type { FailoverEvent } from '../run/failover-event.ts'
import { createUpkeep } from '../run/failover-upkeep.ts'
import { createHost } from '../run/host.ts'
import { pause } from '../run/pause.ts'
import { createProbeNow } from '../run/probe-now.ts'
import { verifyMove } from '../run/verify.ts'
import { openControllerTable } from './controller-table.ts'
import { type Sight, watchFrom } from './failover-watch.ts'
import { type EmbeddedZone, startZones, storesOf } from './failover-zones.ts'
import { runHook } from './hook.ts'
import { type SimulatedVantage, simulateVantage } from './simulated-vantage.ts'

/** Failovers on this machine: their records in zones of our own, their vantages simulated. */
export interface EmbeddedFailovers extends Controlled {
  vantages: SimulatedVantage[]
  /** The zones by name, each with its port on loopback. */
  zones: EmbeddedZone[]
  /** What the vantages saw of active endpoints, each the last time that it looked. */
  sights(): Sight[]
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

type EmbeddedConfig = Pick<Config, 'failovers' | 'maxConcurrent' | 'monitors' | 'vantages' | 'selfCheck' | 'resolver'>

/** Names for vantages where the config has none. */
const simulatedIds = ['north', 'south', 'west']
const tickMs = 60_000

/** Starts zones, vantages and the controller for the failovers of a config. */
export async function startFailovers(config: EmbeddedConfig, options: EmbeddedOptions): Promise<EmbeddedFailovers> {
  const table = openControllerTable(options.tableFile ?? ':memory:')
  // What happened while nobody looked is not known: nothing has been up without interruption.
  // One that cannot be written locks its failover, and decisions say so.
  for (const { id } of config.failovers) await table.update(id, { healthySince: {} }).catch(() => {})
  const zones = options.records ? [] : await startZones(config.failovers, options.zonePort)
  const records = options.records ?? storesOf(zones)
  const vantages = simulated(config, options.version)
  const ids = vantages.map(({ id }) => id)
  const monitors = failoverMonitors(config)
  const byId = new Map(monitors.map((monitor) => [monitor.id, monitor]))
  const stopping = new AbortController()
  const ask = askSimulated(config, vantages, zones, stopping.signal)
  const wallClock = () => Date.now()
  const host = {
    ...{ vantages: ids, monitors, ask, records, table, wallClock, emit: options.emit },
    pause: (ms: number) => pause(ms * (1 + Math.random()), stopping.signal),
    stopping: stopping.signal,
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
    sights: () => [...sights.values()],
    status: async () => controller.status(),
    drill: upkeep.drill,
    // What is active tells whose failures are looked for: a record that was just adopted is watched at once.
    changed: (id) => {
      const failover = config.failovers.find((one) => one.id === id)
      if (failover)
        aside(
          id,
          controller.look(id).then(() => upkeep.look(failover)),
        )
    },
    stop: async () => {
      clearInterval(timer)
      const ended = controller.stop()
      stopping.abort()
      await Promise.all([ended, ...underWay])
      await Promise.all(zones.map(({ zone }) => zone.stop()))
      table.close()
    },
  }
}

function simulated({ vantages, selfCheck, resolver }: EmbeddedConfig, version: string): SimulatedVantage[] {
  const ids = vantages.length > 0 ? vantages.map(({ id }) => id) : simulatedIds
  return ids.map((vantage) =>
    simulateVantage(createHost({ vantage, version, selfCheck, ...(resolver !== undefined && { resolver }) })),
  )
}

/** Asks simulated vantages, each by its own network, until the engine stops. */
function askSimulated(
  config: EmbeddedConfig,
  vantages: readonly SimulatedVantage[],
  zones: readonly EmbeddedZone[],
  stopping: AbortSignal,
): AskVantage {
  const all = failoverMonitors(config)
  const failovers = config.failovers.map((failover) => servedBy(failover, zones))
  // The name of a record in a zone of our own is known to that zone alone.
  const resolverOf = new Map(
    failovers.map(({ check, servers: [server] }) => [check, zones.length > 0 ? server : undefined]),
  )
  const monitors = all.map((monitor) => {
    const resolver = resolverOf.get(monitor.id)
    return resolver === undefined ? monitor : { ...monitor, resolver }
  })
  const asks = new Map(vantages.map(({ id, host }) => [id, createProbeNow({ failovers, monitors }, host)]))
  return async (vantage, question, limitMs) => {
    const asked = asks.get(vantage)
    if (!asked) return undefined
    const limit = AbortSignal.any([stopping, AbortSignal.timeout(limitMs)])
    if (zones.length === 0 || question.ask !== 'name' || hasAddresses(config, question)) return asked(question, limit)
    // Where the zone is our own, names outside it are nobody's to resolve: the endpoint is asked as it is for votes.
    const { ballot } = await asked({ ask: 'votes', failover: question.failover }, limit)
    return { isUp: ballot[question.endpoint] === 'up' } as AnswerTo<typeof question>
  }
}

function hasAddresses({ failovers }: EmbeddedConfig, asked: { failover: string; endpoint: string }): boolean {
  const endpoints = failovers.find(({ id }) => id === asked.failover)?.endpoints ?? []
  const endpoint = endpoints.find(({ id }) => id === asked.endpoint)
  return endpoint?.A !== undefined || endpoint?.AAAA !== undefined
}

/** A failover as those ask for it who know where its zone is on this machine, and that an alias' target stands in for it there. */
function servedBy(failover: Failover, zones: readonly EmbeddedZone[]): Failover {
  const zone = zones.find(({ origin }) => origin === canonicalName(failover.zone))
  if (!zone) return failover
  const endpoints = failover.endpoints.map(({ alias, ...rest }) => (alias ? { ...rest, CNAME: alias.dnsName } : rest))
  return { ...failover, endpoints, servers: [`127.0.0.1:${zone.port}`] }
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
          if (result.status === 'down') decide(failover.id, 'vantage')
        },
      }
      watchFrom(vantages, watched, stopping)
    }
  }
}
