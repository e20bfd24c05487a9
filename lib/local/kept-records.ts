import type { RawRecordSet } from '../decide/swap-records.ts'
import { canonicalName } from '../model/dns-answer.ts'
import { ControllerTableError, openControllerFile } from './controller-table.ts'

/** What is kept of the records of embedded zones, by record, from one run to the next. */
export interface KeptRecords {
  /** The sets of a record, as they were written last; undefined where it was never written. */
  read(record: string): RawRecordSet[] | 'damaged' | undefined
  /** Writes several records at once: all of them or, where it throws, none. What comes after sees it, whatever becomes of this process. */
  write(records: ReadonlyMap<string, readonly RawRecordSet[]>): void
  close(): void
}

/**
 * Keeps records in a table of a controller's SQLite file (`:memory:` for none). Writes are on the disk when they return. Throws
 * `ControllerTableError` where it cannot be opened.
 */
export function openKeptRecords(file: string): KeptRecords {
  const database = openControllerFile(
    file,
    'CREATE TABLE IF NOT EXISTS zone (record TEXT PRIMARY KEY, sets TEXT NOT NULL) STRICT',
  )
  const select = database.prepare('SELECT sets FROM zone WHERE record = ?')
  const upsert = database.prepare('INSERT OR REPLACE INTO zone VALUES (?, ?)')
  return {
    read: (record) => {
      try {
        const row = select.get(canonicalName(record))
        return row && setsIn(String(row.sets))
      } catch (error) {
        throw unusable(file, error)
      }
    },
    write: (records) => {
      database.exec('BEGIN')
      try {
        for (const [record, sets] of records) upsert.run(canonicalName(record), JSON.stringify(sets))
        database.exec('COMMIT')
      } catch (error) {
        if (database.isTransaction) database.exec('ROLLBACK')
        throw unusable(file, error)
      }
    },
    close: () => database.close(),
  }
}

function unusable(file: string, error: unknown): ControllerTableError {
  const hint = 'free some space, or move it away if it is damaged: where its records lead is gone with it'
  return new ControllerTableError(`expected to read and write ${file}, got "${(error as Error).message}" (${hint})`, {
    cause: error,
  })
}

function setsIn(text: string): RawRecordSet[] | 'damaged' {
  try {
    const sets: unknown = JSON.parse(text)
    return Array.isArray(sets) && sets.every(isSet) ? sets : 'damaged'
  } catch {
    return 'damaged'
  }
}

function isSet(set: unknown): set is RawRecordSet {
  const { Name, Type, ResourceRecords = [] } = (set ?? {}) as RawRecordSet
  return typeof Name === 'string' && typeof Type === 'string' && Array.isArray(ResourceRecords)
}
