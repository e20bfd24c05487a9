import { existsSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import type { NotifyStore } from '../act/ports.ts'
import type { NotifyState } from '../decide/notice.ts'
import type { ChangeNote } from '../model/event.ts'

/** What people were told, in one SQLite file, and what was changed: commands write that while an engine runs. */
export interface LocalNotifyStore extends NotifyStore {
  /** Notes that something was changed, for whoever is told of an incident soon after. */
  addChange(change: ChangeNote & { url?: string }): void
  /** What was noted since the last time this was asked, oldest first. */
  takeChanges(): (ChangeNote & { url?: string })[]
  close(): void
}

/** Nobody looks at more at once; and a file that no engine empties stays small. */
const mostChanges = 100

/** What people were told is kept beside the history of the same engine. */
export function notifyFileOf(historyFile: string): string {
  return `${historyFile.replace(/\.db$/, '')}.notify.db`
}

/** What people were told, beside an engine that writes it or without one; undefined where nobody ever was. Throws where it cannot be read. */
export function readNotifyState(file: string): NotifyState | undefined {
  if (!existsSync(file)) return undefined
  const database = new DatabaseSync(file, { readOnly: true, timeout: 1000 })
  try {
    const row = database.prepare('SELECT state FROM told WHERE id = 1').get()
    return row && JSON.parse(String(row.state))
  } finally {
    database.close()
  }
}

/** Opens the file (`:memory:` for none), and makes it where there is none. Throws where it cannot be opened. */
export function openNotifyStore(file: string): LocalNotifyStore {
  const database = new DatabaseSync(file, { timeout: 1000 })
  database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;
    CREATE TABLE IF NOT EXISTS told (id INTEGER PRIMARY KEY CHECK (id = 1), version INTEGER NOT NULL, state TEXT NOT NULL) STRICT;
    CREATE TABLE IF NOT EXISTS change (id INTEGER PRIMARY KEY, change TEXT NOT NULL) STRICT`)
  const select = database.prepare('SELECT version, state FROM told WHERE id = 1')
  const upsert = database.prepare(`INSERT INTO told VALUES (1, ?, ?)
    ON CONFLICT DO UPDATE SET version = excluded.version, state = excluded.state WHERE version = excluded.version - 1`)
  const add = database.prepare('INSERT INTO change (change) VALUES (?)')
  const trim = database.prepare('DELETE FROM change WHERE id <= (SELECT max(id) FROM change) - ?')
  const take = database.prepare('DELETE FROM change RETURNING id, change')
  return {
    load: async () => {
      const row = select.get()
      if (!row) return undefined
      const state = JSON.parse(String(row.state))
      if (state.version !== 1) throw new Error(`expected a state of version 1 in ${file}, got ${state.version}`)
      return { state, version: Number(row.version) }
    },
    save: async (state, version) => (upsert.run(version, JSON.stringify(state)).changes === 1 ? 'saved' : 'conflict'),
    addChange: (change) => {
      add.run(JSON.stringify(change))
      trim.run(mostChanges)
    },
    takeChanges: () => {
      const rows = take.all().sort((a, b) => Number(a.id) - Number(b.id))
      return rows.map((row) => JSON.parse(String(row.change)))
    },
    close: () => database.close(),
  }
}
