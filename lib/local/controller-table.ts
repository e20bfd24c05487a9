import { DatabaseSync } from 'node:sqlite'
import type { ControllerMemory, ControllerTable } from '../act/ports.ts'

/** What the embedded controller remembers, in one SQLite file (`:memory:` for none). Throws where it cannot be opened. */
export function openControllerTable(file: string): ControllerTable & { close(): void } {
  const database = new DatabaseSync(file, { timeout: 1000 })
  database.exec('CREATE TABLE IF NOT EXISTS controller (failover TEXT PRIMARY KEY, memory TEXT NOT NULL) STRICT')
  const select = database.prepare('SELECT memory FROM controller WHERE failover = ?')
  const upsert = database.prepare('INSERT OR REPLACE INTO controller VALUES (?, ?)')
  const memoryOf = (failover: string): ControllerMemory => {
    const row = select.get(failover)
    const known: Partial<ControllerMemory> = row ? JSON.parse(String(row.memory)) : {}
    return { largestEpoch: 0, healthySince: {}, locked: false, ...known }
  }
  return {
    read: async (failover) => memoryOf(failover),
    update: async (failover, changes) => {
      const memory = memoryOf(failover)
      const largestEpoch = Math.max(memory.largestEpoch, changes.largestEpoch ?? 0)
      upsert.run(failover, JSON.stringify({ ...memory, ...changes, largestEpoch }))
    },
    close: () => database.close(),
  }
}
