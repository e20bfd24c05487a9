import { mkdirSync } from 'node:fs'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { ControllerMemory, ControllerTable } from '../act/ports.ts'

/** Where it stands when each failover wanted to move: no id of a failover is like this. */
const wantedKey = '*'

/** A file that cannot be opened as what a controller remembers; the message says what to do. */
export class ControllerTableError extends Error {}

/**
 * What the embedded controller remembers, in one SQLite file (`:memory:` for none). Its calls do not overlap, so what reads
 * and writes is one step. Throws `ControllerTableError` where it cannot be opened.
 */
export function openControllerTable(file: string): ControllerTable & { close(): void } {
  const database = openControllerFile(
    file,
    'CREATE TABLE IF NOT EXISTS controller (failover TEXT PRIMARY KEY, memory TEXT NOT NULL) STRICT',
  )
  const select = database.prepare('SELECT memory FROM controller WHERE failover = ?')
  const upsert = database.prepare('INSERT OR REPLACE INTO controller VALUES (?, ?)')
  const get = (key: string) => {
    const text = String(select.get(key)?.memory ?? '{}')
    try {
      return JSON.parse(text)
    } catch (error) {
      throw new Error(`the row of ${key} in ${file} is damaged: move the file away`, { cause: error })
    }
  }
  const put = (key: string, value: object) => void upsert.run(key, JSON.stringify(value))
  const memoryOf = (failover: string): ControllerMemory => {
    return { largestEpoch: 0, healthySince: {}, locked: false, ...get(failover) }
  }
  const leases = new Map<string, { holder: string; untilMs: number }>()
  return {
    read: async (failover) => memoryOf(failover),
    update: async (failover, changes) => {
      const memory = memoryOf(failover)
      const largestEpoch = Math.max(memory.largestEpoch, changes.largestEpoch ?? 0)
      put(failover, { ...memory, ...changes, largestEpoch })
    },
    wanted: async () => get(wantedKey),
    want: async (failover, nowMs) => {
      const wanted = { ...get(wantedKey), [failover]: nowMs }
      put(wantedKey, wanted)
      return wanted
    },
    lease: async (failover, holder, nowMs, forMs) => {
      const lease = leases.get(failover)
      if (lease && lease.holder !== holder && lease.untilMs > nowMs) return false
      leases.set(failover, { holder, untilMs: nowMs + forMs })
      return true
    },
    release: async (failover, holder) => {
      if (leases.get(failover)?.holder === holder) leases.delete(failover)
    },
    swapText: async (failover, before, after) => {
      const memory = memoryOf(failover)
      if (memory.text !== before) return false
      put(failover, { ...memory, text: after })
      return true
    },
    close: () => database.close(),
  }
}

/** The file of what an embedded controller remembers beside its history: its own memory, and its zones. */
export function failoverFileOf(historyFile: string): string {
  return `${historyFile.replace(/\.db$/, '')}.failover.db`
}

/** Opens a controller's SQLite file and sees to a table in it. Throws `ControllerTableError` where that cannot be done. */
export function openControllerFile(file: string, createTable: string): DatabaseSync {
  try {
    if (file !== ':memory:') mkdirSync(path.dirname(file), { recursive: true })
    const database = new DatabaseSync(file, { timeout: 1000 })
    database.exec(createTable)
    return database
  } catch (error) {
    const hint =
      'move it away if it is damaged: what it remembers, such as a lock of this engine alone, or where the records of its own zones lead, is gone with it'
    const { message } = error as Error
    throw new ControllerTableError(`expected the SQLite file of a controller at ${file}, got "${message}" (${hint})`, {
      cause: error,
    })
  }
}
