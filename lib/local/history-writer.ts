import { Worker } from 'node:worker_threads'
import type { ProbeResult } from '../model/result.ts'
import type { Log } from '../run/log.ts'
import { HistoryError } from './history-errors.ts'
import type { StoredEvent } from './history-events.ts'
import type { StoredTransition } from './history-store.ts'
import type { Reply, Request, WorkerOptions } from './history-worker.ts'

/** What waits to be written while the file cannot be: beyond it, the oldest is dropped and counted. */
export const mostWaiting = 10_000

const flushAfterMs = 500
const mostInBatch = 500
const [firstRetryMs, longestRetryMs] = [1000, 10_000]
const answerWithinMs = 30_000
const closeWithinMs = 5000

/** A batch takes a few megabytes at most; left alone, V8 takes a share of the machine's memory instead. */
const resourceLimits = { maxYoungGenerationSizeMb: 4, maxOldGenerationSizeMb: 64 }

type Entry = { result: ProbeResult } | { transition: StoredTransition } | { event: StoredEvent }

/**
 * Hands results to the thread that writes them, in batches. Never throws and never waits: while the file cannot be written
 * it says so once, keeps what fits, tries again, and says when it is over.
 */
export class HistoryWriter {
  readonly #options: WorkerOptions
  readonly #log: Log
  #worker: Worker | undefined
  #waiting: Entry[] = []
  #inFlight: Entry[] | undefined
  #timer: NodeJS.Timeout | undefined
  #answerTimer: NodeJS.Timeout | undefined
  #trouble: HistoryError | undefined
  #upkeepTrouble: string | undefined
  #isOpen = false
  #failures = 0
  #dropped = 0
  #settled: (() => void)[] = []

  constructor(options: WorkerOptions, log: Log) {
    this.#options = options
    this.#log = log
  }

  /** Opens, or makes, the file. Throws `HistoryError` where that fails: at the start there is still someone to mend it. */
  async open(): Promise<void> {
    this.#send()
    await this.#settle()
    this.#isOpen = !this.#trouble
    if (!this.#trouble) return
    clearTimeout(this.#timer)
    await this.#worker?.terminate()
    throw this.#trouble
  }

  record(entry: Entry): void {
    this.#waiting.push(entry)
    this.#trim()
    if (!this.#timer && !this.#inFlight) this.#sendIn(flushAfterMs)
  }

  /** How many entries wait, how many were dropped, and why where something is wrong. */
  get status(): { waiting: number; dropped: number; trouble?: string } {
    const waiting = this.#waiting.length + (this.#inFlight?.length ?? 0)
    return { waiting, dropped: this.#dropped, ...(this.#trouble && { trouble: this.#trouble.message }) }
  }

  /** Writes what waits, if the file can be written now. */
  async flush(): Promise<void> {
    while (this.#inFlight || this.#waiting.length > 0) {
      if (!this.#inFlight) this.#send()
      await this.#settle()
      if (this.#trouble) return
    }
  }

  /** Flushes and ends the thread; says what is lost where the file still cannot be written. */
  async close(): Promise<void> {
    await within(closeWithinMs, this.flush())
    clearTimeout(this.#timer)
    const { waiting, trouble } = this.status
    if (waiting > 0) this.#log('error', 'history.lost', { entries: waiting, trouble })
    const worker = this.#worker
    this.#worker = undefined
    if (!worker) return
    const ended = new Promise((resolve) => worker.once('exit', resolve))
    worker.postMessage({ type: 'close' } satisfies Request)
    await within(closeWithinMs, ended)
    await within(closeWithinMs, worker.terminate())
    clearTimeout(this.#answerTimer)
  }

  /** Resolves when the batch that is out is answered. */
  #settle(): Promise<void> {
    return new Promise((resolve) => this.#settled.push(resolve))
  }

  #sendIn(ms: number): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#send(), ms)
  }

  #send(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#inFlight = this.#waiting.splice(0, mostInBatch)
    const results = this.#inFlight.flatMap((entry) => ('result' in entry ? [entry.result] : []))
    const transitions = this.#inFlight.flatMap((entry) => ('transition' in entry ? [entry.transition] : []))
    const events = this.#inFlight.flatMap((entry) => ('event' in entry ? [entry.event] : []))
    this.#worker ??= this.#spawn()
    this.#worker.postMessage({ type: 'write', batch: { results, transitions, events } } satisfies Request)
    const silent = `the history ${this.#options.path} has not answered for ${answerWithinMs / 1000} s: look after its disk`
    this.#answerTimer = setTimeout(() => this.#say(new HistoryError('SILENT', silent)), answerWithinMs)
  }

  #spawn(): Worker {
    const url = new URL('./history-worker.ts', import.meta.url)
    const worker = new Worker(url, { workerData: this.#options, resourceLimits })
    worker.on('message', (reply: Reply) => {
      if (reply.type === 'written') this.#onWritten(reply.refused)
      else if (reply.type === 'failed') this.#onFailed(new HistoryError(reply.code, reply.message))
      else this.#sayUpkeep(reply)
    })
    worker.on('error', (error) => {
      if (this.#worker !== worker) return
      this.#worker = undefined
      this.#onFailed(new HistoryError('BROKEN', `the history's thread broke and is started anew: ${error.message}`))
    })
    return worker
  }

  #onWritten(refused: string[]): void {
    this.#answered()
    this.#dropped += refused.length
    if (refused.length > 0) this.#log('error', 'history.refused', { entries: refused.length, message: refused[0] })
    this.#failures = 0
    if (this.#trouble) this.#log('info', 'history.recovered', { path: this.#options.path, dropped: this.#dropped })
    this.#trouble = undefined
    if (this.#waiting.length > 0) this.#sendIn(this.#waiting.length < mostInBatch ? flushAfterMs : 0)
    this.#release()
  }

  #onFailed(error: HistoryError): void {
    this.#answered(true)
    this.#say(error)
    this.#sendIn(Math.min(firstRetryMs * 2 ** this.#failures++, longestRetryMs))
    this.#release()
  }

  #answered(isToBeSentAgain = false): void {
    clearTimeout(this.#answerTimer)
    if (isToBeSentAgain && this.#inFlight) this.#waiting = [...this.#inFlight, ...this.#waiting]
    this.#inFlight = undefined
    this.#trim()
  }

  #release(): void {
    const settled = this.#settled
    this.#settled = []
    for (const resolve of settled) resolve()
  }

  /** Says what is wrong, once for each kind of trouble in a row. */
  #say(error: HistoryError): void {
    if (this.#isOpen && this.#trouble?.code !== error.code) {
      this.#log('error', 'history.failing', { code: error.code, message: `${error.message}; probing goes on` })
    }
    this.#trouble = error
  }

  /** Sealing and pruning can wait: results are written all the same. */
  #sayUpkeep({ code, message }: { code: string; message: string }): void {
    if (this.#upkeepTrouble !== code) this.#log('error', 'history.upkeep failing', { code, message })
    this.#upkeepTrouble = code
  }

  #trim(): void {
    const tooMany = this.#waiting.length + (this.#inFlight?.length ?? 0) - mostWaiting
    if (tooMany <= 0) return
    this.#waiting.splice(0, tooMany)
    this.#dropped += tooMany
  }
}

/** Waits for a promise, but no longer than that. */
async function within(ms: number, promise: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise((resolve) => {
    timer = setTimeout(resolve, ms)
  })
  await Promise.race([promise, late])
  clearTimeout(timer)
}
