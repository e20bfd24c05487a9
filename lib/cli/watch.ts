import path from 'node:path'
import { allRoutes } from '../decide/notify-config.ts'
import { unsetSecrets } from '../decide/secrets.ts'
import { AnotherEngineError, defaultSocket, refuseSecondEngine, startControl } from '../local/control.ts'
import { failoverFileOf } from '../local/controller-table.ts'
import { Engine } from '../local/engine.ts'
import { createFailoverRecord } from '../local/failover-record.ts'
import { type EmbeddedFailovers, startFailovers } from '../local/failovers.ts'
import type { History } from '../local/history.ts'
import { type LocalNotify, startNotify } from '../local/notify.ts'
import { notifyFileOf } from '../local/notify-store.ts'
import { startSloWatch } from '../local/slo-watch.ts'
import { defaultZonePort, digCommand } from '../local/zone-place.ts'
import type { Config } from '../model/config.ts'
import type { VedetteEvent } from '../model/event.ts'
import type { FailoverEvent } from '../run/failover-event.ts'
import { logFailover } from '../run/failover-log.ts'
import { failoverTold } from '../run/failover-told.ts'
import { createHost } from '../run/host.ts'
import type { Log } from '../run/log.ts'
import { runMonitor } from '../run/vantage.ts'
import { renderLiveView } from './live-view.ts'
import type { Output } from './output.ts'
import { type DashboardChoice, openDashboard } from './run-dashboard.ts'
import { Screen } from './screen.ts'
import type { Stop } from './signals.ts'
import { version } from './version.ts'
import { cannotTellText } from './words.ts'

/** What is watched, and what was brought up for it. */
export interface Source {
  config: Config
  hints: string[]
  /** What starts it again. */
  command: string
  /** Port of the first zone, each further one the next; fixed where no other will do. */
  zonePort?: { port: number; isFixed: boolean }
  route53?: boolean
  /** Where it listens for commands. */
  socket?: string
  /** Lets people break the simulated vantages too. */
  onFailovers?(failovers: EmbeddedFailovers): void
  stop(): Promise<void>
}

/** How it is run. */
interface Circumstances {
  isLive: boolean
  history: History
  log: Log
  stop: Stop
  dashboard: DashboardChoice
}

const redrawMs = 1000

/** Watches until it is asked to stop, then ends in order. */
export async function watch(source: Source, running: Circumstances, output: Output): Promise<void> {
  // Before anything is told or moved.
  if (source.config.failovers.length > 0) await refuseSecondEngine(source.socket ?? defaultSocket)
  const notify = await tellPeople(source.config, running.history, running.log)
  try {
    await watchOver(source, { ...running, notify }, output)
  } finally {
    await notify?.stop()
  }
}

async function watchOver(
  { config, hints, onFailovers, ...source }: Source,
  { isLive, history, log, stop, dashboard: choice, notify }: Circumstances & { notify: LocalNotify | undefined },
  output: Output,
): Promise<void> {
  const host = createHost({ vantage: 'local', version, ...config })
  let [failovers, view]: [EmbeddedFailovers?, ReturnType<typeof showLive>?] = []
  const engine = new Engine({
    service: config.service,
    monitors: config.monitors,
    runMonitor: (monitor, signal) => runMonitor(failovers?.asServedHere(monitor) ?? monitor, host, signal),
    history,
    log,
  })
  const dashboard =
    choice &&
    (await openDashboard(choice, {
      ...{ config, engine, historyPath: history.status.path, log },
      ...(notify && { routes: () => notify.routes() }),
    }))
  const record = createFailoverRecord(history)
  const emit = (event: FailoverEvent) => {
    logFailover(log, event)
    record(event)
    dashboard?.takeFailoverEvent(event)
    const failover = config.failovers.find(({ id }) => id === event.failover)
    if (failover) for (const told of failoverTold(event, { ...config, record: failover.record })) notify?.tell(told)
  }
  // It reads the history first, which would disturb the first probes.
  const tell = (event: VedetteEvent) => notify?.tell(event)
  const slo = startSloWatch({ ...config, history, log, tell, standing: tell }, engine)
  const keep = (type: string) => history.recordEvent({ atMs: Date.now(), kind: 'engine', detail: { type, version } })
  try {
    const historyFile = history.status.path
    failovers = config.failovers.length > 0 ? await embed(config, { ...source, historyFile, log, emit }) : undefined
    if (failovers) onFailovers?.(failovers)
    if (failovers) dashboard?.attach(failovers)
    const dashboardHints = dashboard ? [`Dashboard: ${dashboard.url}`] : []
    const allHints = [...dashboardHints, ...zoneNotes(failovers), ...hints, ...recordHints(failovers)]
    const warnings = unsetSecrets(config, process.env)
    for (const message of warnings) log('warn', 'secret.not set', { message })
    if (!isLive) for (const hint of [...warnings, ...allHints]) output.err(hint)
    engine.start()
    notify?.watch(engine)
    keep('started to watch')
    const troubles = () => [...warnings, ...troublesOf(notify)]
    view = isLive ? showLive({ engine, failovers, hints: allHints, troubles, stop }) : undefined
    await stop.requested
    if (!isLive) output.err('stopping: waiting for what is under way; a second signal ends it at once')
    await engine.stop()
  } finally {
    slo.stop()
    keep('stopped')
    await failovers?.stop()
    await dashboard?.stop()
    view?.close(farewell(history.status.path, source.command))
  }
}

/** Tells people, where the config says who. */
async function tellPeople(config: Config, history: History, log: Log): Promise<LocalNotify | undefined> {
  if (allRoutes(config).length === 0) return undefined
  return startNotify(config, { file: notifyFileOf(history.status.path), history, log })
}

/** What is to be known of what the zones of this machine began with. */
function zoneNotes(failovers: EmbeddedFailovers | undefined): string[] {
  return failovers?.zones.flatMap(({ notes }) => notes) ?? []
}

/** Where the records of this machine are served. */
function recordHints(failovers: EmbeddedFailovers | undefined): string[] {
  const all = failovers?.controller.status() ?? []
  return all.flatMap(({ id, record, servedAt }) =>
    servedAt === undefined ? [] : [`Record of failover ${id}: ${digCommand(servedAt, record)}`],
  )
}

/** What is needed to bring failovers up. */
type Embedding = Pick<Source, 'zonePort' | 'route53' | 'socket'> & {
  historyFile: string
  log: Log
  emit(event: FailoverEvent): void
}

/** Failovers on zones of this machine or in Route 53, told of in the log. */
async function embed(config: Config, { zonePort, route53, log, emit, ...rest }: Embedding): Promise<EmbeddedFailovers> {
  const { historyFile, socket = defaultSocket } = rest
  const { port = defaultZonePort, isFixed = false } = zonePort ?? {}
  const failovers = await startFailovers(config, {
    ...{ version, emit, zonePort: port, isZonePortFixed: isFixed, tableFile: failoverFileOf(historyFile) },
    // The SDK is loaded by those who need it. What is in Route 53 is one thing, whatever history a run has.
    ...(route53 && {
      records: (await import('../act/route53.ts')).createRoute53(() => Date.now()),
      tableFile: path.join('.vedette', 'failover.db'),
    }),
  })
  for (const { origin, port, notes } of failovers.zones) {
    log('info', 'zone.served', { zone: origin, server: '127.0.0.1', port })
    for (const message of notes) log('warn', 'zone.restored', { zone: origin, message })
  }
  try {
    const control = await startControl(socket, failovers)
    return { ...failovers, stop: () => control.stop().then(failovers.stop) }
  } catch (error) {
    if (error instanceof AnotherEngineError) {
      await failovers.stop()
      throw error
    }
    // Without it the engine works as well; only nobody can speak to it.
    log('warn', 'control.unreachable', { message: (error as Error).message })
    return failovers
  }
}

/** What is wrong with telling people, in a line each. */
function troublesOf(notify: LocalNotify | undefined): string[] {
  return (notify?.routes() ?? []).flatMap(({ route, failing, waiting }) =>
    failing ? [cannotTellText({ route, waiting, ...failing })] : [],
  )
}

interface Shown {
  engine: Engine
  failovers: EmbeddedFailovers | undefined
  hints: readonly string[]
  /** What is wrong with Vedette itself. */
  troubles(): string[]
  stop: Stop
}

/** What is left on the terminal when it has ended. */
function farewell(historyPath: string, command: string): string {
  return `history kept in ${historyPath}; start again with: ${command}`
}

/** Draws the engine on the terminal until closed; its last state stays there, with a word below it. */
function showLive({ engine, failovers, hints, troubles, stop }: Shown): { close(word: string): void } {
  const { stdout } = process
  const screen = new Screen(stdout)
  const drawing = (below: readonly string[]) => {
    const { width, height } = screen
    const colour = stdout.hasColors() && !process.env.NO_COLOR
    const options = { width, height, nowMs: Date.now(), colour, hints: below, troubles: troubles() }
    return renderLiveView(engine.snapshot(), { ...options, failovers: failovers?.controller.status() ?? [] })
  }
  const draw = () => {
    const note = stop.isRequested
      ? ['Stopping: waiting for what is under way. Ctrl-C again ends it at once.']
      : [...hints, 'Ctrl-C ends it.']
    screen.draw(drawing(note))
  }
  const timer = setInterval(draw, redrawMs)
  stdout.on('resize', draw)
  void stop.requested.then(draw)
  draw()
  return {
    close: (word) => {
      clearInterval(timer)
      stdout.off('resize', draw)
      const last = drawing([])
      screen.close()
      stdout.write(`${[...last, '', word].join('\n')}\n`)
    },
  }
}
