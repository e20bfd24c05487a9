import { statSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { explain, HistoryError } from './history-errors.ts'
import { eventSchema } from './history-events.ts'

/** Of the tables below: a file of another version is not opened. */
export const schemaVersion = 1

/** "VDTT": marks the file as ours, so that no other program's database is ever touched. */
const applicationId = 0x56445454

export const hourMs = 3_600_000
export const hoursPerDay = 24

/** Order is the stored number: extend, never reorder. */
export const statuses = ['up', 'degraded', 'down', 'unknown'] as const

/** The lengths of time that results are counted over; `start` is the number of such spans since 1970 (UTC). */
export const span = { hour: 0, day: 1 } as const

/*
 * A result lives twice, one after the other. It is first a row of `result`, in full. When its hour has passed the hour is
 * sealed: all its results go, in short, into one compressed `block`, and only the newest rows stay in full. A block takes
 * about 18 bytes a result, where a row of its own would take 50.
 *
 * `result` is clustered by series and time, as it is read. `rollup` and `block` are clustered by time first, as they are
 * written and pruned: the end of the tree is dense, and pruning frees whole pages.
 */
const schema = `
CREATE TABLE series (
  id INTEGER PRIMARY KEY,
  monitor TEXT NOT NULL,
  vantage TEXT NOT NULL,
  UNIQUE (monitor, vantage)
) STRICT;
CREATE TABLE result (
  series INTEGER NOT NULL,
  time INTEGER NOT NULL,       -- milliseconds since 1970
  status INTEGER NOT NULL,
  duration INTEGER NOT NULL,   -- in 10 microseconds
  sealed INTEGER NOT NULL,     -- 1: also in a block
  detail BLOB NOT NULL,        -- the rest of it, JSON, deflated
  PRIMARY KEY (series, time)
) STRICT, WITHOUT ROWID;
CREATE TABLE block (
  id INTEGER PRIMARY KEY,      -- hour * 2^20 + series
  data BLOB NOT NULL           -- history-block.ts
) STRICT;
CREATE TABLE rollup (
  span INTEGER NOT NULL,
  start INTEGER NOT NULL,
  series INTEGER NOT NULL,
  up INTEGER NOT NULL,
  degraded INTEGER NOT NULL,
  down INTEGER NOT NULL,
  unknown INTEGER NOT NULL,
  duration_sum INTEGER NOT NULL, -- of up and degraded, in 10 microseconds, as all durations here
  duration_min INTEGER,
  duration_max INTEGER,
  p50 INTEGER,                   -- of sealed hours only
  p95 INTEGER,
  p99 INTEGER,
  open INTEGER NOT NULL,         -- 1: an hour with results that are in no block yet
  PRIMARY KEY (span, start, series)
) STRICT, WITHOUT ROWID;
CREATE INDEX open_hour ON rollup (start, series) WHERE open = 1;
CREATE TABLE transition (
  id INTEGER PRIMARY KEY,
  monitor TEXT NOT NULL,
  time INTEGER NOT NULL,
  first_time INTEGER NOT NULL,   -- of the first result that led to it
  from_state TEXT NOT NULL,
  to_state TEXT NOT NULL,
  code TEXT,
  message TEXT,
  muted INTEGER NOT NULL
) STRICT;
CREATE INDEX transition_time ON transition (time);
CREATE INDEX transition_monitor ON transition (monitor, time);
`

/** The number that a block is kept under. Series stay below 2^20, hours below 2^20 until the year 2089. */
export function blockId(hour: number, series: number): number {
  return hour * 2 ** 20 + series
}

/** Opens a history for writing, and lays it out if it is new. Throws `HistoryError` with what to do. */
export function openForWriting(path: string): DatabaseSync {
  return guarded(path, { timeout: 2000 }, (db) => {
    // First of all, and before anything is changed: another program's file stays as it is.
    const isNew = isEmpty(db)
    if (!isNew) checkVersion(db, path)
    // NORMAL: a power cut may cost the last seconds, never the file; a killed process costs nothing that was written.
    db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA journal_size_limit = 16777216')
    db.exec('BEGIN IMMEDIATE')
    if (isNew) db.exec(`${schema} PRAGMA application_id = ${applicationId}`)
    db.exec(eventSchema)
    // Written each time: a lock alone does not tell a read-only file from a usable one.
    db.exec(`PRAGMA user_version = ${schemaVersion}; COMMIT`)
  })
}

/** Opens a history that someone may be writing, to read it. */
export function openForReading(path: string): DatabaseSync {
  return guarded(path, { readOnly: true, timeout: 1000 }, (db) => checkVersion(db, path))
}

/** What tells a file from another one that takes its name; undefined where there is none. */
export function fileId(path: string): string | undefined {
  const stat = statSync(path, { throwIfNoEntry: false })
  return stat && `${stat.dev}:${stat.ino}`
}

function guarded(
  path: string,
  options: { readOnly?: boolean; timeout: number },
  prepare: (db: DatabaseSync) => void,
): DatabaseSync {
  let db: DatabaseSync | undefined
  try {
    db = new DatabaseSync(path, options)
    prepare(db)
    return db
  } catch (error) {
    db?.close()
    throw explain(error, path)
  }
}

function isEmpty(db: DatabaseSync): boolean {
  return db.prepare('SELECT 1 FROM sqlite_schema LIMIT 1').get() === undefined && pragma(db, 'user_version') === 0
}

function checkVersion(db: DatabaseSync, path: string): void {
  if (pragma(db, 'application_id') !== applicationId) {
    throw new HistoryError('FOREIGN', `${path} is another program's database: name another file with --history`)
  }
  const version = pragma(db, 'user_version')
  if (version === schemaVersion) return
  const text = `the history ${path} has format ${version}, this Vedette reads format ${schemaVersion}`
  throw new HistoryError('NEWER', `${text}: use the newer Vedette that wrote it, or name another file with --history`)
}

function pragma(db: DatabaseSync, name: string): unknown {
  return Object.values(db.prepare(`PRAGMA ${name}`).get() ?? {})[0]
}
