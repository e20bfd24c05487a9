import { stableHash } from '../model/stable-hash.ts'
import { LagMeter } from './lag.ts'

export interface Job {
  id: string
  everyMs: number
  run(): Promise<unknown>
}

interface Entry {
  job: Job
  /** Start of the job's own grid of slots, on the monotonic clock: slot n is at `gridMs + n × everyMs`. */
  gridMs: number
  /** The next slot's number; -1 is the early first run, which is off the grid. */
  slot: number
  dueMs: number
  skipped: number
  running?: Promise<void>
  timer?: NodeJS.Timeout
}

/** A first look comes this soon, however rarely a job runs. */
const firstWithinMs = 5000

/** setTimeout's own limit is 24.8 days; waking up now and then costs nothing. */
const longestWaitMs = 3_600_000

/**
 * Runs each job every `everyMs` on the monotonic clock, so the wall clock may jump. A job's slots lie on a grid shifted by
 * a hash of its id: they never drift, and a thousand jobs are spread over their interval the same way each time. A slot
 * that comes while the job still runs, or that was slept through, is skipped and counted, never made up for.
 */
export class Scheduler {
  readonly lag = new LagMeter()
  readonly #entries = new Map<string, Entry>()
  readonly #onError: (id: string, error: unknown) => void
  #isStopped = false

  /** `onError` hears of a job that throws or rejects; the job goes on being run. */
  constructor(onError: (id: string, error: unknown) => void) {
    this.#onError = onError
  }

  start(jobs: readonly Job[]): void {
    const baseMs = performance.now()
    for (const job of jobs) {
      const share = shareOf(job.id)
      const dueMs = baseMs + share * Math.min(job.everyMs, firstWithinMs)
      const entry: Entry = { job, gridMs: baseMs + share * job.everyMs, slot: -1, dueMs, skipped: 0 }
      this.#entries.set(job.id, entry)
      this.#arm(entry)
    }
  }

  /** Slots of this job so far that came while it still ran, or that the process slept through. */
  skipped(id: string): number {
    return this.#entries.get(id)?.skipped ?? 0
  }

  isRunning(id: string): boolean {
    return this.#entries.get(id)?.running !== undefined
  }

  /** Starts nothing more; resolves when what is under way has ended. */
  async stop(): Promise<void> {
    this.#isStopped = true
    for (const { timer } of this.#entries.values()) clearTimeout(timer)
    await Promise.all([...this.#entries.values()].map(({ running }) => running))
  }

  #arm(entry: Entry): void {
    const waitMs = Math.min(Math.max(0, entry.dueMs - performance.now()), longestWaitMs)
    entry.timer = setTimeout(() => this.#wake(entry), waitMs)
  }

  #wake(entry: Entry): void {
    if (this.#isStopped) return
    const nowMs = performance.now()
    // Timers are rounded to whole milliseconds and may fire one early.
    if (nowMs >= entry.dueMs - 1) this.#take(entry, nowMs)
    this.#arm(entry)
  }

  /** Uses or skips the slot that is due, and moves on to the next one that lies ahead. */
  #take(entry: Entry, nowMs: number): void {
    const { job } = entry
    const lagMs = Math.max(0, nowMs - entry.dueMs)
    const isUsed = !entry.running && lagMs < job.everyMs
    const before = entry.slot
    entry.slot = nextSlot(entry, nowMs)
    entry.dueMs = entry.gridMs + entry.slot * job.everyMs
    const passed = before === -1 ? 1 + Math.floor(lagMs / job.everyMs) : entry.slot - before
    entry.skipped += isUsed ? passed - 1 : passed
    if (!isUsed) return
    this.lag.add(lagMs)
    entry.running = this.#run(job).finally(() => {
      delete entry.running
    })
  }

  async #run(job: Job): Promise<void> {
    try {
      await job.run()
    } catch (error) {
      this.#onError(job.id, error)
    }
  }
}

function nextSlot({ slot, dueMs, gridMs, job }: Entry, nowMs: number): number {
  const ahead = Math.floor((nowMs - gridMs) / job.everyMs) + 1
  // The first run is off the grid: the grid's slots begin half an interval after it, not a moment later.
  if (slot === -1) return Math.max(0, ahead, Math.ceil((dueMs + job.everyMs / 2 - gridMs) / job.everyMs))
  return Math.max(slot + 1, ahead)
}

/** A number in [0, 1) that spreads ids evenly and is the same each time. */
export function shareOf(id: string): number {
  return stableHash(id) / 2 ** 32
}
