import { allRoutes } from '../decide/notify-config.ts'
import { type FailingRoute, routeHealths } from '../decide/route-health.ts'
import { askEngine, defaultSocket } from '../local/control.ts'
import { isWritten } from '../local/history-lock.ts'
import { notifyFileOf, readNotifyState } from '../local/notify-store.ts'
import { type MonitorStatus, overviewOf } from '../local/overview.ts'
import type { Config } from '../model/config.ts'
import type { FailoverStatus } from '../run/failover-status.ts'
import type { Output } from './output.ts'
import { withHistory } from './read-history.ts'
import { needsPerson, screenOf, screenText } from './status-view.ts'
import { UsageError } from './usage-error.ts'
import { type WatchedOptions, watchedBy } from './watched.ts'

export interface StatusOptions extends WatchedOptions {
  socket?: string
  json?: boolean
}

/** Everything on the screen. */
export interface Status {
  service: string
  atMs: number
  /** Whether an engine watches now; where none does, all of this is as it was at `asOfMs`. */
  running: boolean
  /** When the newest result began; absent where there is none. */
  asOfMs?: number
  monitors: MonitorStatus[]
  /** Those of the running engine. */
  failovers: FailoverStatus[]
  /** Routes that cannot be told. */
  untold: (FailingRoute & { waiting: number })[]
  /** Why they could not be asked for, where the config has some. */
  unreachable?: string
}

/**
 * `vedette status`: one screen of what is down, degraded, slow, burning, muted, locked or silent. Exit 1 where something needs a
 * person now (`needsPerson`), else 0.
 */
export async function status(options: StatusOptions, output: Output): Promise<number> {
  if (options.aws) return (await import('./status-aws.ts')).statusAws(options, output)
  const { config, history } = await watchedBy(options, output)
  const atMs = Date.now()
  const monitors = withHistory(history, (reader) => overviewOf(config.monitors, reader, atMs))
  const asked = config.failovers.length > 0 ? await ask(options.socket ?? defaultSocket) : { failovers: [] }
  const asOfMs = Math.max(0, ...monitors.map(({ lastMs = 0 }) => lastMs))
  const found: Status = {
    ...{ service: config.service, atMs, running: isWritten(history), ...(asOfMs > 0 && { asOfMs }) },
    ...{ monitors, untold: untoldOf(config, history), ...asked },
  }
  const screen = screenOf(found)
  output.out(options.json ? JSON.stringify(found) : screenText(screen, output.columns))
  return needsPerson(screen) ? 1 : 0
}

/** Routes of the config that cannot be told, by what the engine keeps beside its history. */
function untoldOf(config: Config, history: string): Status['untold'] {
  const file = notifyFileOf(history)
  try {
    const state = allRoutes(config).length > 0 ? readNotifyState(file) : undefined
    if (!state) return []
    return routeHealths(state, allRoutes(config), () => ({ sent: 0, failed: 0 })).flatMap(
      ({ route, waiting, failing }) => (failing ? [{ route, waiting, ...failing }] : []),
    )
  } catch (error) {
    throw new UsageError(`${file} cannot be read: ${(error as Error).message}`)
  }
}

async function ask(socket: string): Promise<Pick<Status, 'failovers' | 'unreachable'>> {
  try {
    return { failovers: await askEngine<FailoverStatus[]>(socket, { do: 'status' }) }
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    const isGone = code === 'ENOENT' || code === 'ECONNREFUSED'
    return {
      failovers: [],
      unreachable: isGone
        ? `no engine listens at ${socket}: start "vedette run", and ask from the same folder`
        : message,
    }
  }
}
