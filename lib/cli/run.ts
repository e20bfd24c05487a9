import { AnotherEngineError } from '../local/control.ts'
import { ControllerTableError } from '../local/controller-table.ts'
import { startDemo } from '../local/demo.ts'
import { failoverInstructions, vantageBreakables } from '../local/demo-failover.ts'
import { ZonePortError } from '../local/failover-zones.ts'
import { type History, openHistory } from '../local/history.ts'
import { HistoryError } from '../local/history-errors.ts'
import { keepHeapSmall } from '../local/small-heap.ts'
import { parseConfig } from '../model/parse-config.ts'
import { jsonLog, type Log } from '../run/log.ts'
import { loadConfig } from './load-config.ts'
import type { Output } from './output.ts'
import { defaultHistory } from './read-history.ts'
import { chooseDashboard, type DashboardFlags } from './run-dashboard.ts'
import { type Stop, untilSignal } from './signals.ts'
import { UsageError } from './usage-error.ts'
import { type Source, watch } from './watch.ts'
import { demoHistory } from './watched.ts'

export interface RunOptions extends DashboardFlags {
  config?: string
  demo?: boolean
  history?: string
  view?: string
  verbose?: boolean
  /** Records are in Route 53, not in zones of this machine. */
  route53?: boolean
  /** Port of the first zone of this machine. */
  zonePort?: number
  /** Where it listens for commands. */
  socket?: string
  /** Days that single results are kept. */
  retentionDays?: number
}

/** `vedette run`: keeps every monitor running until SIGINT or SIGTERM, then ends in order and gives 0. */
export async function run(options: RunOptions, output: Output): Promise<number> {
  keepHeapSmall()
  const isLive = chooseView(options.view)
  const dashboard = chooseDashboard(options)
  const stop = untilSignal()
  // The config first: what is wrong with it is said before anything is made.
  const config = options.demo ? undefined : await loadConfig(options.config)
  if (options.route53 && config?.failovers.some((failover) => failover.switch === 'health-check'))
    throw new UsageError(
      'expected failovers with "switch": "record" for --route53, got "health-check": their health checks are made by cdk deploy',
    )
  if (options.route53 && options.zonePort !== undefined)
    throw new UsageError('expected --zone-port without --route53, got both: with --route53 no zone is served here')
  const log = chooseLog(isLive, options.verbose ?? false, output, stop)
  const surviveStrays = (error: Error) => log('error', 'engine.stray error', { message: error.stack ?? String(error) })
  // One monitor's defect must not end the watch over all the others.
  process.on('uncaughtException', surviveStrays)
  const history = await open(options, log)
  try {
    const { route53 = false, socket, zonePort } = options
    const command = commandOf(options)
    const source = config
      ? { config, hints: [], command, route53, stop: async () => {} }
      : await demoSource(command, zonePort)
    const place = {
      ...(socket !== undefined && { socket }),
      ...(zonePort !== undefined && { zonePort: { port: zonePort, isFixed: true } }),
    }
    try {
      await watch({ ...source, ...place }, { isLive, history, log, stop, dashboard }, output).catch(asUsage)
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

function asUsage(error: unknown): never {
  const isTheirs = [ControllerTableError, AnotherEngineError, ZonePortError].some((known) => error instanceof known)
  throw isTheirs ? new UsageError((error as Error).message) : error
}

async function open({ demo, history, retentionDays }: RunOptions, log: Log): Promise<History> {
  // The demo's results are not to be mixed with those of a user's own monitors.
  const file = history ?? (demo ? demoHistory : defaultHistory)
  try {
    return await openHistory({ path: file, log, ...(retentionDays !== undefined && { retentionDays }) })
  } catch (error) {
    if (error instanceof HistoryError) throw new UsageError(error.message)
    throw error
  }
}

/** What starts it again, from the same folder; the token is left to the environment. */
function commandOf({ demo, config, history, listen, route53, socket, zonePort }: RunOptions): string {
  const flags = [
    ...(demo ? ['--demo'] : []),
    ...(config === undefined ? [] : ['--config', config]),
    ...(history === undefined ? [] : ['--history', history]),
    ...(listen === undefined ? [] : ['--listen', listen]),
    ...(route53 ? ['--route53'] : []),
    ...(zonePort === undefined ? [] : ['--zone-port', `${zonePort}`]),
    ...(socket === undefined ? [] : ['--socket', socket]),
  ]
  // Who came by npm start need not have "vedette" on the PATH.
  if (flags.join(' ') === '--demo' && process.env.npm_lifecycle_event === 'start') return 'npm start'
  return ['vedette run', ...flags].join(' ')
}

async function demoSource(command: string, preferredZonePort: number | undefined): Promise<Source> {
  const demo = await startDemo()
  const failover = await demo.addFailover(preferredZonePort)
  if ('problem' in failover)
    return {
      config: parseConfig(demo.config),
      hints: [...demo.instructions, failover.problem],
      command,
      stop: demo.stop,
    }
  const { monitors, failovers, zonePort } = failover
  return {
    config: parseConfig({ ...demo.config, monitors: [...demo.config.monitors, ...monitors], failovers }),
    hints: [...demo.instructions, ...failoverInstructions(demo.controlUrl)],
    ...{ command, zonePort: { port: zonePort, isFixed: false }, stop: demo.stop },
    onFailovers: (embedded) => demo.addBreakables(vantageBreakables(embedded)),
  }
}
