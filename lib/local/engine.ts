import { initialHealth } from '../decide/health.ts'
import { type Monitor, retryWaitMs } from '../model/monitor.ts'
import type { ProbeResult } from '../model/result.ts'
import type { Log } from '../run/log.ts'
import type { History } from './history.ts'
import type { StoredTransition } from './history-store.ts'
import { Scheduler } from './scheduler.ts'
import type { MonitorView, Snapshot } from './snapshot.ts'
import { Watch } from './watch.ts'

/** What subscribers hear, as it happens; `muted` is in a maintenance window: nobody is to be alerted. */
export type EngineEvent =
  | { type: 'result'; result: ProbeResult; muted: boolean }
  | { type: 'transition'; transition: StoredTransition; result: ProbeResult }

export interface EngineOptions {
  service: string
  monitors: readonly Monitor[]
  /** Runs a monitor once. Should it throw, or never end, the engine carries on without it. */
  runMonitor(monitor: Monitor, signal: AbortSignal): Promise<ProbeResult>
  history: Pick<History, 'record' | 'recordTransition' | 'read' | 'status'>
  log: Log
}

/** A run that is not over so long after all its attempts could have been is given up. */
const graceMs = 10_000

const uptimeEveryMs = 60_000
const dayMs = 86_400_000

/** States of before are taken over after a restart; a longer gap is too long to say "since" across it. */
const longestGapMs = 3_600_000

/** Keeps monitors running: schedules them, judges their results, writes history and log, and tells subscribers. */
export class Engine {
  readonly #options: EngineOptions
  readonly #watches: Map<string, Watch>
  readonly #scheduler: Scheduler
  readonly #listeners = new Set<(event: EngineEvent) => void>()
  readonly #startedAtMs = Date.now()
  #uptimeTimer: NodeJS.Timeout | undefined

  constructor(options: EngineOptions) {
    this.#options = options
    this.#watches = new Map(options.monitors.map((monitor) => [monitor.id, new Watch(monitor, this.#startedAtMs)]))
    this.#scheduler = new Scheduler((id, error) => {
      options.log('error', 'engine.error', { monitor: id, message: (error as Error)?.stack ?? String(error) })
    })
    this.#takeOver()
  }

  start(): void {
    const { service, monitors, history, log } = this.#options
    log('info', 'engine.started', { service, monitors: monitors.length, history: history.status.path })
    this.#refreshUptime()
    this.#uptimeTimer = setInterval(() => this.#refreshUptime(), uptimeEveryMs)
    this.#scheduler.start(
      monitors.map((monitor) => ({ id: monitor.id, everyMs: monitor.everyMs, run: () => this.#run(monitor) })),
    )
  }

  /** Starts no more runs; resolves when those under way have ended, each within its own deadlines. */
  async stop(): Promise<void> {
    clearInterval(this.#uptimeTimer)
    await this.#scheduler.stop()
    this.#options.log('info', 'engine.stopped', { service: this.#options.service })
  }

  /** Calls `listener` with each event from now on; gives the function that ends it. */
  subscribe(listener: (event: EngineEvent) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  snapshot(): Snapshot {
    return {
      service: this.#options.service,
      startedAtMs: this.#startedAtMs,
      monitors: [...this.#watches].map(([id, watch]) => watch.view(this.#scheduler.skipped(id))),
      ...this.vitals(),
    }
  }

  /** How the engine itself does. */
  vitals(): Pick<Snapshot, 'lag' | 'history'> {
    return { lag: this.#scheduler.lag.summary(), history: this.#options.history.status }
  }

  /** One monitor as it stands now; undefined for an unknown id. */
  view(id: string): MonitorView | undefined {
    return this.#watches.get(id)?.view(this.#scheduler.skipped(id))
  }

  async #run(monitor: Monitor): Promise<void> {
    const watch = this.#watches.get(monitor.id)
    const result = await runWithin(monitor, this.#options.runMonitor)
    if (watch) this.#take(watch, result)
  }

  #take(watch: Watch, result: ProbeResult): void {
    const { history, log } = this.#options
    history.record(result)
    const nowMs = Date.now()
    const { transition, muted } = watch.take(result, nowMs)
    logResult(log, result)
    this.#emit({ type: 'result', result, muted })
    if (!transition) return
    const stored = { monitor: result.monitor, ...transition, muted }
    history.recordTransition(stored)
    logTransition(log, stored)
    this.#emit({ type: 'transition', transition: stored, result })
  }

  #emit(event: EngineEvent): void {
    for (const listener of this.#listeners) {
      try {
        listener(event)
      } catch (error) {
        this.#options.log('error', 'engine.listener failed', { message: (error as Error)?.stack ?? String(error) })
      }
    }
  }

  /** A restart is no recovery and no new incident: monitors go on in the state that they were in. */
  #takeOver(): void {
    const states = this.#options.history.read((reader) => reader.lastStates(Date.now() - longestGapMs))
    for (const { monitor, to, atMs } of states ?? []) {
      const watch = this.#watches.get(monitor)
      if (watch) watch.health = initialHealth(atMs, to)
    }
  }

  #refreshUptime(): void {
    const nowMs = Date.now()
    const uptimes = this.#options.history.read((reader) => reader.uptimes(nowMs - dayMs, nowMs))
    for (const [id, uptime] of uptimes ?? []) this.#watches.get(id)?.setUptime(uptime)
  }
}

/** Runs a monitor and gives its result, or an INTERNAL one where the run throws or does not end. */
async function runWithin(monitor: Monitor, run: EngineOptions['runMonitor']): Promise<ProbeResult> {
  const startedAt = new Date().toISOString()
  const began = performance.now()
  const limitMs = (monitor.retries + 1) * monitor.timeoutMs + monitor.retries * retryWaitMs + graceMs
  const controller = new AbortController()
  let timer: NodeJS.Timeout | undefined
  const givenUp = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      controller.abort()
      reject(new Error(`expected a result within ${limitMs / 1000} s, got none: the run was given up`))
    }, limitMs)
  })
  try {
    return await Promise.race([run(monitor, controller.signal), givenUp])
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    return {
      ...{ monitor: monitor.id, kind: monitor.kind, vantage: 'local', status: 'unknown', startedAt, attempts: 0 },
      durationMs: performance.now() - began,
      phases: {},
      failure: { code: 'INTERNAL', stage: 'request', message },
      observed: {},
    }
  } finally {
    clearTimeout(timer)
  }
}

function logResult(log: Log, { monitor, vantage, status, durationMs, attempts, failure }: ProbeResult): void {
  const level = status === 'up' ? 'debug' : status === 'degraded' ? 'info' : 'warn'
  log(level, 'result', { monitor, vantage, status, durationMs, attempts, ...failure })
}

function logTransition(log: Log, { monitor, from, to, firstAtMs, cause, muted }: StoredTransition): void {
  const level = to === 'up' ? 'info' : 'warn'
  log(level, 'state', { monitor, from, to, firstAt: new Date(firstAtMs).toISOString(), muted, ...cause })
}
