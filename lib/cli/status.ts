import { askEngine } from '../local/control.ts'
import { type MonitorStatus, overviewOf } from '../local/overview.ts'
import type { FailoverStatus } from '../run/failover-status.ts'
import { defaultSocket } from './controllers.ts'
import { loadConfig } from './load-config.ts'
import type { Output } from './output.ts'
import { withHistory } from './read-history.ts'
import { screenOf, screenText } from './status-view.ts'

export interface StatusOptions {
  config?: string
  history?: string
  socket?: string
  /** By the alarms in AWS, not by a history. */
  aws?: boolean
  json?: boolean
}

/** Everything on the screen. */
export interface Status {
  service: string
  atMs: number
  monitors: MonitorStatus[]
  /** Those of the running engine. */
  failovers: FailoverStatus[]
  /** Why they could not be asked for, where the config has some. */
  unreachable?: string
}

/**
 * `vedette status`: one screen of what is down, degraded, slow, burning, muted, locked or silent. Exit 1 where something is down
 * outside of maintenance, pages by its budget, is locked, or is not watched at all; else 0.
 */
export async function status(options: StatusOptions, output: Output): Promise<number> {
  if (options.aws) return (await import('./status-aws.ts')).statusAws(options, output)
  const config = await loadConfig(options.config)
  const atMs = Date.now()
  const monitors = withHistory(options.history, (reader) => overviewOf(config.monitors, reader, atMs))
  const asked = config.failovers.length > 0 ? await ask(options.socket ?? defaultSocket) : { failovers: [] }
  const found: Status = { service: config.service, atMs, monitors, ...asked }
  if (options.json) output.out(JSON.stringify(found))
  else output.out(screenText(screenOf(found), output.columns))
  return isInTrouble(found) ? 1 : 0
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

function isInTrouble({ monitors, failovers, unreachable }: Status): boolean {
  const isBad = ({ state, muted, silent, budget }: MonitorStatus) =>
    silent || (state === 'down' && !muted) || isPaging(budget?.pairs)
  return unreachable !== undefined || monitors.some(isBad) || failovers.some(({ locked }) => locked)
}

/** Whether a pair of windows burns that pages. */
function isPaging(pairs: NonNullable<MonitorStatus['budget']>['pairs'] = []): boolean {
  return pairs.some(({ isBurning, pair }) => isBurning && pair.severity === 'page')
}
