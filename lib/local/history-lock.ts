import { existsSync, realpathSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { explain, HistoryError } from './history-errors.ts'

/** Held while a history is written; let go by `release`, or by the operating system when the process ends in any way. */
export interface HistoryLock {
  release(): void
}

/**
 * Makes this process the only one that writes the history. The lock is SQLite's own, on an empty file beside the history,
 * so it outlives no process (not even after kill -9), and whoever reads the history is not kept waiting.
 */
export function lockHistory(path: string): HistoryLock {
  const lockPath = lockOf(path)
  let db: DatabaseSync | undefined
  try {
    // Who looks whether it is held holds it for an instant.
    db = new DatabaseSync(lockPath, { timeout: 500 })
    db.exec('BEGIN EXCLUSIVE')
    const held = db
    return { release: () => (held.isOpen ? held.close() : undefined) }
  } catch (error) {
    db?.close()
    const reason = explain(error, lockPath)
    if (reason.code !== 'SQLITE_BUSY') throw reason
    const text = `another "vedette run" holds the history ${path}: stop it, or name another file with --history`
    throw new HistoryError('LOCKED', text, error)
  }
}

/** Whether a process writes the history now. False too where that cannot be told. */
export function isWritten(path: string): boolean {
  const lockPath = lockOf(path)
  if (!existsSync(lockPath)) return false
  let db: DatabaseSync | undefined
  try {
    db = new DatabaseSync(lockPath, { readOnly: true })
    db.prepare('SELECT count(*) FROM sqlite_schema').get()
    return false
  } catch (error) {
    return explain(error, lockPath).code === 'SQLITE_BUSY'
  } finally {
    db?.close()
  }
}

function lockOf(path: string): string {
  return `${existsSync(path) ? realpathSync(path) : path}.lock`
}
