import { mkdirSync } from 'node:fs'
import path from 'node:path'
import type { ProbeResult } from '../model/result.ts'
import type { Log } from '../run/log.ts'
import { HistoryAccess } from './history-access.ts'
import { HistoryError } from './history-errors.ts'
import type { StoredEvent } from './history-events.ts'
import { type HistoryLock, lockHistory } from './history-lock.ts'
import type { HistoryReader } from './history-reader.ts'
import type { StoredTransition } from './history-store.ts'
import { HistoryWriter } from './history-writer.ts'

export interface HistoryOptions {
  path: string
  /** Single results are kept this long; counts per hour and day, changes of state and events, for 400 days. */
  retentionDays?: number
  log: Log
}

export interface HistoryStatus {
  path: string
  /** Entries that are not written yet. */
  waiting: number
  /** Entries lost so far because the file could not be written. */
  dropped: number
  /** What is wrong, and what to do, while something is. */
  trouble?: string
}

/**
 * Opens a history for this process alone, and makes it where there is none. Throws `HistoryError`, with what to do, where
 * it is held by another run or cannot be used. What goes wrong later is logged, and never thrown.
 */
export async function openHistory({ path: file, retentionDays = 30, log }: HistoryOptions): Promise<History> {
  try {
    mkdirSync(path.dirname(file), { recursive: true })
  } catch (error) {
    const text = `no folder can be made for the history ${file}: ${(error as Error).message}`
    throw new HistoryError('FOLDER', `${text}; name another file with --history`, error)
  }
  const lock = lockHistory(file)
  const writer = new HistoryWriter({ path: file, retentionDays }, log)
  try {
    await writer.open()
  } catch (error) {
    lock.release()
    throw error
  }
  return new History(file, lock, writer, log)
}

/** The history of a running engine: one writer, and a reader beside it. */
export class History {
  readonly #path: string
  readonly #lock: HistoryLock
  readonly #writer: HistoryWriter
  readonly #access: HistoryAccess
  #closing: Promise<void> | undefined

  /** See `openHistory`. */
  constructor(file: string, lock: HistoryLock, writer: HistoryWriter, log: Log) {
    this.#path = file
    this.#lock = lock
    this.#writer = writer
    this.#access = new HistoryAccess(file, log)
  }

  record(result: ProbeResult): void {
    this.#writer.record({ result })
  }

  recordTransition(transition: StoredTransition): void {
    this.#writer.record({ transition })
  }

  recordEvent(event: StoredEvent): void {
    this.#writer.record({ event })
  }

  /** Asks the file; undefined, and logged once, while it cannot be read. */
  read<T>(question: (reader: HistoryReader) => T): T | undefined {
    return this.#access.read(question)
  }

  /** Writes what waits, if the file can be written now. */
  flush(): Promise<void> {
    return this.#writer.flush()
  }

  get status(): HistoryStatus {
    return { path: this.#path, ...this.#writer.status }
  }

  /** Writes what waits and lets go of the file. */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    this.#access.close()
    await this.#writer.close()
    this.#lock.release()
  }
}
