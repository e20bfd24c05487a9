import path from 'node:path'
import { allRoutes } from '../decide/notify-config.ts'
import { startControl } from '../local/control.ts'
import { startDemo } from '../local/demo.ts'
import { failoverInstructions, vantageBreakables } from '../local/demo-failover.ts'
import { Engine } from '../local/engine.ts'
import { createFailoverRecord } from '../local/failover-record.ts'
import { type EmbeddedFailovers, startFailovers } from '../local/failovers.ts'
import { type History, openHistory } from '../local/history.ts'
import { HistoryError } from '../local/history-errors.ts'
import { type LocalNotify, notifyFileOf, startNotify } from '../local/notify.ts'
import { startSloWatch } from '../local/slo-watch.ts'
import { keepHeapSmall } from '../local/small-heap.ts'
import type { Config } from '../model/config.ts'
import { parseConfig } from '../model/parse-config.ts'
import type { FailoverEvent } from '../run/failover-event.ts'
import { logFailover } from '../run/failover-log.ts'
import { failoverTold } from '../run/failover-told.ts'
import { createHost } from '../run/host.ts'
import { jsonLog, type Log } from '../run/log.ts'
import { runMonitor } from '../run/vantage.ts'
import { defaultSocket } from './controllers.ts'
import { renderLiveView } from './live-view.ts'
import { loadConfig } from './load-config.ts'
import type { Output } from './output.ts'
import { chooseDashboard, type DashboardChoice, type DashboardFlags, openDashboard } from './run-dashboard.ts'
import { Screen } from './screen.ts'
import { type Stop, untilSignal } from './signals.ts'
import { UsageError } from './usage-error.ts'
import { version } from './version.ts'

export interface RunOptions extends DashboardFlags {
  config?: string
  demo?: boolean
  history?: string
  view?: string
  verbose?: boolean
  /** Records are in Route 53, not in zones of this machine. */
  route53?: boolean
  /** Days that single results are kept. */
  retentionDays?: number
}

/** What is watched, and what was brought up for it. */
interface Source {
  config: Config
  hints: string[]
  zonePort?: number
  route53?: boolean
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

/** `vedette run`: keeps every monitor running until SIGINT or SIGTERM, then ends in order and gives 0. */
export async function run(options: RunOptions, output: Output): Promise<number> {
  keepHeapSmall()
  const isLive = chooseView(options.view)
  const dashboard = chooseDashboard(options)
  const stop = untilSignal()
  // The config first: what is wrong with it is said before anything is made.
  const config = options.demo ? undefined : await loadConfig(options.config)
  const log = chooseLog(isLive, options.verbose ?? false, output, stop)
  const surviveStrays = (error: Error) => log('error', 'engine.stray error', { message: error.stack ?? String(error) })
  // One monitor's defect must not end the watch over all the others.
  process.on('uncaughtException', surviveStrays)
  const history = await open(options, log)
  try {
    const { route53 = false } = options
    const source = config ? { config, hints: [], route53, stop: async () => {} } : await demoSource()
    try {
      await watch(source, { isLive, history, log, stop, dashboard }, output)
    } finally {
      await source.stop()
    }
  } finally {
    await history.close()
    process.off('uncaughtException', surviveStrays)
    stop.dispose()
  }
  return 0
}

function chooseView(view = 'auto'): boolean {
  if (view === 'json') return false
  if (view !== 'live' && view !== 'auto') throw new UsageError(`--view: expected live, json or auto, got ${view}`)
  if (process.stdout.isTTY && process.env.TERM !== 'dumb') return true
  if (view === 'auto') return false
  throw new UsageError('--view live: expected a terminal on standard output, got none: use --view json')
}

/** Log lines go to standard output; under a live view to standard error, where that leads somewhere else. */
function chooseLog(isLive: boolean, verbose: boolean, output: Output, stop: Stop): Log {
  const lines = jsonLog(isLive ? output.err : output.out, { verbose })
  // Who reads the log has gone: nobody is told any more, so this is the end.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') stop.request()
  })
  return isLive && process.stderr.isTTY ? () => {} : lines
}

async function open({ demo, history, retentionDays }: RunOptions, log: Log): Promise<History> {
  // The demo's results are not to be mixed with those of a user's own monitors.
  const file = history ?? path.join('.vedette', demo ? 'demo.db' : 'history.db')
  try {
    return await openHistory({ path: file, log, ...(retentionDays !== undefined && { retentionDays }) })
  } catch (error) {
    if (error instanceof HistoryError) throw new UsageError(error.message)
    throw error
  }
}

async function demoSource(): Promise<Source> {
  const demo = await startDemo()
  const failover = await demo.addFailover()
  if (!failover) return { config: parseConfig(demo.config), hints: demo.instructions, stop: demo.stop }
  const { monitors, failovers, zonePort } = failover
  return {
    config: parseConfig({ ...demo.config, monitors: [...demo.config.monitors, ...monitors], failovers }),
    hints: [...demo.instructions, ...failoverInstructions(demo.controlUrl, zonePort)],
    ...{ zonePort, stop: demo.stop },
    onFailovers: (embedded) => demo.addBreakables(vantageBreakables(embedded)),
  }
}

async function watch(source: Source, running: Circumstances, output: Output): Promise<void> {
  const notify = await tellPeople(source.config, running.history, running.log)
  try {
    await watchOver(source, { ...running, notify }, output)
  } finally {
    await notify?.stop()
  }
}

async function watchOver(
  { config, hints, onFailovers, ...source }: Source,
  { isLive, history, log, stop, notify, dashboard: choice }: Circumstances & { notify: LocalNotify | undefined },
  output: Output,
): Promise<void> {
  const host = createHost({ vantage: 'local', version, ...config })
  const engine = new Engine({
    service: config.service,
    monitors: config.monitors,
    runMonitor: (monitor, signal) => runMonitor(monitor, host, signal),
    history,
    log,
  })
  const dashboard = choice && (await openDashboard(choice, { config, engine, historyPath: history.status.path, log }))
  const record = createFailoverRecord(history)
  const emit = (event: FailoverEvent) => {
    logFailover(log, event)
    record(event)
    dashboard?.takeFailoverEvent(event)
    const failover = config.failovers.find(({ id }) => id === event.failover)
    if (failover) for (const told of failoverTold(event, { ...config, record: failover.record })) notify?.tell(told)
  }
  const keep = (type: string) => history.recordEvent({ atMs: Date.now(), kind: 'engine', detail: { type, version } })
  let [failovers, view]: [EmbeddedFailovers?, ReturnType<typeof showLive>?] = []
  // It reads the history first, which would disturb the first probes.
  const slo = startSloWatch({ ...config, history, log, tell: (event) => notify?.tell(event) }, engine)
  try {
    failovers = config.failovers.length > 0 ? await embed(config, { ...source, log, emit }) : undefined
    if (failovers) onFailovers?.(failovers)
    if (failovers) dashboard?.attach(failovers)
    const allHints = [...(dashboard ? [`Dashboard: ${dashboard.url}`] : []), ...hints]
    if (!isLive) for (const hint of allHints) output.err(hint)
    engine.start()
    notify?.watch(engine)
    keep('started to watch')
    view = isLive ? showLive(engine, failovers, allHints, stop) : undefined
    await stop.requested
    if (!isLive) output.err('stopping: waiting for what is under way; a second signal ends it at once')
    await engine.stop()
  } finally {
    slo.stop()
    keep('stopped')
    await failovers?.stop()
    await dashboard?.stop()
    view?.close()
  }
}

/** Tells people, where the config says who. */
async function tellPeople(config: Config, history: History, log: Log): Promise<LocalNotify | undefined> {
  if (allRoutes(config).length === 0) return undefined
  return startNotify(config, { file: notifyFileOf(history.status.path), history, log })
}

/** What is needed to bring failovers up. */
type Embedding = Pick<Source, 'zonePort' | 'route53'> & { log: Log; emit(event: FailoverEvent): void }

/** Failovers on zones of this machine or in Route 53, told of in the log. */
async function embed(config: Config, { zonePort, route53, log, emit }: Embedding): Promise<EmbeddedFailovers> {
  const failovers = await startFailovers(config, {
    ...{ version, emit, ...(zonePort && { zonePort }) },
    // The SDK is loaded by those who need it. What is in Route 53 outlives this process, so what is known of it does too.
    ...(route53 && {
      records: (await import('../act/route53.ts')).createRoute53(() => Date.now()),
      tableFile: path.join('.vedette', 'failover.db'),
    }),
  })
  try {
    const control = await startControl(defaultSocket, failovers)
    return { ...failovers, stop: () => control.stop().then(failovers.stop) }
  } catch (error) {
    // Without it the engine works as well; only nobody can speak to it.
    log('warn', 'control.unreachable', { message: (error as Error).message })
    return failovers
  }
}

/** Draws the engine on the terminal until closed. */
function showLive(
  engine: Engine,
  failovers: EmbeddedFailovers | undefined,
  hints: readonly string[],
  stop: Stop,
): { close(): void } {
  const { stdout } = process
  const screen = new Screen(stdout)
  const draw = () => {
    const note = stop.isRequested
      ? ['Stopping: waiting for what is under way. Ctrl-C again ends it at once.']
      : [...hints, 'Ctrl-C ends it.']
    const { width, height } = screen
    const colour = stdout.hasColors() && !process.env.NO_COLOR
    const options = { width, height, nowMs: Date.now(), colour, hints: note }
    screen.draw(renderLiveView(engine.snapshot(), { ...options, failovers: failovers?.controller.status() ?? [] }))
  }
  const timer = setInterval(draw, redrawMs)
  stdout.on('resize', draw)
  void stop.requested.then(draw)
  draw()
  return {
    close: () => {
      clearInterval(timer)
      stdout.off('resize', draw)
      screen.close()
    },
  }
}
