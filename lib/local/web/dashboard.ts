import { Worker } from 'node:worker_threads'
import type { RouteHealth } from '../../decide/route-health.ts'
import type { Config } from '../../model/config.ts'
import type { FailoverEvent } from '../../run/failover-event.ts'
import type { Log } from '../../run/log.ts'
import type { Engine } from '../engine.ts'
import type { EmbeddedFailovers } from '../failovers.ts'
import type { Reply, Request, WorkerOptions } from './dashboard-worker.ts'
import type { FeedBatch } from './feed.ts'
import { Feeder, type Sources } from './feeder.ts'
import { type Place, PlaceError } from './listen.ts'
import { watchedFailover, watchedMonitor } from './watched.ts'

export interface DashboardOptions {
  config: Pick<Config, 'service' | 'monitors' | 'failovers'>
  version: string
  engine: Engine
  historyPath: string
  place: Place
  /** Whoever reads must know it; anyone on this machine may where absent. */
  token?: string
  /** Where the bundled client is kept between runs. */
  cacheFile: string
  log: Log
  /** How telling people goes; absent where nobody is told. */
  routes?(): RouteHealth[]
}

/** The dashboard of a running engine. */
export interface Dashboard {
  url: string
  /** Shows failovers from now on. */
  attach(failovers: Pick<EmbeddedFailovers, 'controller' | 'sights' | 'vantages'>): void
  /** Takes in what a controller tells. */
  takeFailoverEvent(event: FailoverEvent): void
  stop(): Promise<void>
}

/** What happens is told in batches: soon enough for whoever looks, and seldom enough to disturb nothing. */
const batchMs = 250
/** A word every so often even where nothing happens, so that silence means trouble. */
const wordMs = 5000
/** A thread that has not answered for so long hangs, and is started anew. */
const answerWithinMs = 30_000
const closeWithinMs = 5000
/** A thread that breaks is started anew, but not again and again. */
const mostRestarts = 5
const restartsWithinMs = 3_600_000

const resourceLimits = { maxYoungGenerationSizeMb: 16, maxOldGenerationSizeMb: 256 }

/** Serves the dashboard from a thread of its own. Rejects with `PlaceError` where it cannot listen. */
export async function startDashboard(options: DashboardOptions): Promise<Dashboard> {
  const { engine, routes } = options
  const sources: Sources = { engine, ...(routes && { routes }) }
  const feeder = new Feeder(sources)
  const unsubscribe = engine.subscribe((event) => feeder.takeEngineEvent(event))
  let isStopped = false
  let brokeAt: number[] = []
  let thread = await startThread(options, options.place, feeder).catch((error) => {
    unsubscribe()
    throw error
  })
  const { url } = thread
  // The place that it got is the one that people have open.
  const place = { host: options.place.host, port: Number(new URL(url).port), isDefault: false }
  const restart = async (reason: string) => {
    if (isStopped) return
    brokeAt = [...brokeAt.filter((at) => performance.now() - at < restartsWithinMs), performance.now()]
    options.log('error', 'dashboard.broke', { message: reason, restarts: brokeAt.length })
    if (brokeAt.length > mostRestarts) return
    try {
      thread = await startThread(options, place, feeder)
      void thread.ended.then(restart)
      if (isStopped) await thread.stop()
    } catch (error) {
      options.log('error', 'dashboard.gone', { message: (error as Error).message })
    }
  }
  void thread.ended.then(restart)
  const timer = setInterval(() => thread.feed(), batchMs)
  return {
    url,
    attach: ({ controller, sights, vantages }) => {
      sources.failovers = { status: () => controller.status(), sights, vantages: vantages.map(({ id }) => id) }
    },
    takeFailoverEvent: (event) => feeder.takeFailoverEvent(event),
    stop: async () => {
      isStopped = true
      clearInterval(timer)
      unsubscribe()
      await thread.stop()
    },
  }
}

interface Thread {
  url: string
  /** Sends what has happened, if the last of it was taken. */
  feed(): void
  /** Resolves, with what was wrong, when the thread is no more. */
  ended: Promise<string>
  stop(): Promise<void>
}

async function startThread(options: DashboardOptions, place: Place, feeder: Feeder): Promise<Thread> {
  const worker = new Worker(new URL('./dashboard-worker.ts', import.meta.url), {
    workerData: workerOptions(options, place),
    resourceLimits,
  })
  const listening = Promise.withResolvers<string>()
  const ended = Promise.withResolvers<string>()
  let sentAt: number | undefined
  let vitalsAt = 0
  let reason = 'it ended'
  worker.on('message', (reply: Reply) => {
    if (reply.type === 'taken') sentAt = undefined
    else if (reply.type === 'log') options.log(reply.level, reply.event, reply.fields)
    else if (reply.type === 'listening') listening.resolve(reply.url)
    else listening.reject(new PlaceError(reply.message))
  })
  worker.on('error', (error: Error) => {
    reason = error.message
  })
  worker.once('exit', () => {
    listening.reject(new Error(`the dashboard's thread ended: ${reason}`))
    ended.resolve(reason)
  })
  const post = (request: Request) => worker.postMessage(request)
  const feed = (batch: FeedBatch) => {
    post({ type: 'feed', batch })
    sentAt = performance.now()
    if (batch.vitals) vitalsAt = sentAt
  }
  const stop = async () => {
    post({ type: 'close' })
    const timer = setTimeout(() => void worker.terminate(), closeWithinMs)
    await ended.promise
    clearTimeout(timer)
  }
  try {
    const url = await listening.promise
    feed(feeder.all())
    return {
      url,
      ended: ended.promise,
      stop,
      feed: () => {
        const nowMs = performance.now()
        if (sentAt === undefined) {
          const withVitals = nowMs - vitalsAt > wordMs
          if (withVitals || !feeder.isEmpty) feed(feeder.next({ withVitals }))
        } else if (nowMs - sentAt > answerWithinMs) {
          reason = `it has not answered for ${answerWithinMs / 1000} s`
          void worker.terminate()
        }
      },
    }
  } catch (error) {
    await stop()
    throw error
  }
}

function workerOptions(options: DashboardOptions, place: Place): WorkerOptions {
  const { config, version, engine, historyPath, token, cacheFile } = options
  return {
    place,
    cacheFile,
    setup: {
      ...{ service: config.service, version, startedAtMs: engine.snapshot().startedAtMs, historyPath },
      feedFromMs: Date.now(),
      monitors: config.monitors.map(watchedMonitor),
      failovers: config.failovers.map(watchedFailover),
      ...(token !== undefined && { token }),
    },
  }
}
