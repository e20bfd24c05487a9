import path from 'node:path'
import type { Demo } from '../../lib/local/demo.ts'
import { vantageBreakables } from '../../lib/local/demo-failover.ts'
import { Engine } from '../../lib/local/engine.ts'
import { type EmbeddedFailovers, startFailovers } from '../../lib/local/failovers.ts'
import { openHistory } from '../../lib/local/history.ts'
import { type Dashboard, startDashboard } from '../../lib/local/web/dashboard.ts'
import type { Config } from '../../lib/model/config.ts'
import { parseConfig } from '../../lib/model/parse-config.ts'
import { createHost } from '../../lib/run/host.ts'
import type { Log } from '../../lib/run/log.ts'
import { runMonitor } from '../../lib/run/vantage.ts'
import { startOwnDemo } from './demo.ts'
import { freePort } from './ports.ts'

export interface Watch {
  url: string
  config: Config
  engine: Engine
  failovers?: EmbeddedFailovers
  stop(): Promise<void>
}

export interface WatchOptions {
  config: unknown
  /** Where history and bundle are kept. */
  folder: string
  /** A free one where absent. */
  port?: number
  /** Of the zone that its failovers' records are in. */
  zonePort?: number
  /** Whoever reads must know it; anyone may where absent. */
  token?: string
  runMonitor?: ConstructorParameters<typeof Engine>[0]['runMonitor']
}

const log: Log = () => {}

/** Watches, keeps and shows as `vedette run` does, within this process. */
export async function startWatch(options: WatchOptions): Promise<Watch> {
  const { folder, zonePort, token } = options
  const port = options.port ?? (await freePort())
  const config = parseConfig(options.config)
  const historyPath = path.join(folder, 'history.db')
  const history = await openHistory({ path: historyPath, log })
  const host = createHost({ vantage: 'local', version: 'test', ...config })
  const engine = new Engine({
    ...{ service: config.service, monitors: config.monitors, history, log },
    runMonitor: options.runMonitor ?? ((monitor, signal) => runMonitor(monitor, host, signal)),
  })
  const dashboard = await startDashboard({
    ...{ config, engine, historyPath, log, version: 'test', ...(token && { token }) },
    place: { host: '127.0.0.1', port, isDefault: false },
    cacheFile: bundleCache,
  })
  const failovers = config.failovers.length > 0 ? await embed(config, dashboard, zonePort) : undefined
  engine.start()
  return {
    ...{ url: dashboard.url, config, engine, ...(failovers && { failovers }) },
    stop: async () => {
      await engine.stop()
      await failovers?.stop()
      await dashboard.stop()
      await history.close()
    },
  }
}

/** One bundle serves all tests: it is made anew where a file of the client changed. */
const bundleCache = path.resolve(import.meta.dirname, '../../.vedette/test-client.json')

async function embed(config: Config, dashboard: Dashboard, zonePort?: number): Promise<EmbeddedFailovers> {
  const emit = dashboard.takeFailoverEvent
  const failovers = await startFailovers(config, { version: 'test', emit, ...(zonePort && { zonePort }) })
  dashboard.attach(failovers)
  return failovers
}

/** The demo with its failover, watched. `url` is of the dashboard, `control` of what breaks and mends. */
export async function startDemoWatch(folder: string): Promise<Watch & { demo: Demo }> {
  const demo = await startOwnDemo()
  const failover = await demo.addFailover()
  if ('problem' in failover) throw new Error(failover.problem)
  const { monitors, failovers, zonePort } = failover
  const config = { ...demo.config, monitors: [...demo.config.monitors, ...monitors], failovers }
  const watch = await startWatch({ config, folder, zonePort })
  if (watch.failovers) demo.addBreakables(vantageBreakables(watch.failovers))
  return {
    ...{ ...watch, demo },
    stop: async () => {
      await watch.stop()
      await demo.stop()
    },
  }
}
