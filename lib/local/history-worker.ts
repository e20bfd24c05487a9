/*
 * The thread that owns the history's file. A slow disk, a lock or an hour being sealed blocks this thread, and so disturbs
 * no timing of a probe.
 */
import { rmSync } from 'node:fs'
import type { DatabaseSync } from 'node:sqlite'
import { parentPort, workerData } from 'node:worker_threads'
import { explain } from './history-errors.ts'
import { fileId, openForWriting } from './history-schema.ts'
import { type Batch, HistoryStore } from './history-store.ts'
import { HistoryUpkeep } from './history-upkeep.ts'

export interface WorkerOptions {
  path: string
  retentionDays: number
}

export type Request = { type: 'write'; batch: Batch } | { type: 'close' }

/** One `written` (with what could not be) or `failed` answers each `write`; `upkeep failed` comes unasked. */
export type Reply =
  | { type: 'written'; refused: string[] }
  | { type: 'failed' | 'upkeep failed'; code: string; message: string }

const upkeepEveryMs = 1000
const upkeepRows = 20

const { path, retentionDays } = workerData as WorkerOptions
let open: { db: DatabaseSync; file: string | undefined; store: HistoryStore; upkeep: HistoryUpkeep } | undefined

/** Opens the file, also anew after any failure, or where it was moved away: so trouble that was mended is over. */
function opened(): NonNullable<typeof open> {
  if (open && open.file !== fileId(path)) {
    close()
    // SQLite leaves them behind where its file was moved, and would read them into the next one (sqlite.org/howtocorrupt.html).
    for (const suffix of ['-wal', '-shm']) rmSync(`${path}${suffix}`, { force: true })
  }
  if (!open) {
    const db = openForWriting(path)
    open = { db, file: fileId(path), store: new HistoryStore(db), upkeep: new HistoryUpkeep(db, retentionDays) }
  }
  return open
}

function close(): void {
  const db = open?.db
  open = undefined
  try {
    db?.close()
  } catch {
    // What it holds is in the file's log already, or lost with its disk.
  }
}

/** Does a piece of work and gives its reply; trouble becomes one too. */
function attempt(type: 'failed' | 'upkeep failed', work: () => Reply | undefined): void {
  let reply: Reply | undefined
  try {
    reply = work()
  } catch (error) {
    close()
    const { code, message } = explain(error, path)
    reply = { type, code, message }
  }
  if (reply) parentPort?.postMessage(reply)
}

const upkeep = setInterval(() => {
  attempt('upkeep failed', () => {
    open?.upkeep.step(Date.now(), upkeepRows)
    return undefined
  })
}, upkeepEveryMs)

parentPort?.on('message', (request: Request) => {
  if (request.type === 'close') {
    clearInterval(upkeep)
    close()
    parentPort?.close()
  } else {
    attempt('failed', () => {
      const refused = opened().store.append(request.batch)
      return { type: 'written', refused: refused.map(({ message }) => message) }
    })
  }
})
