import type { DatabaseSync } from 'node:sqlite'
import type { State } from '../decide/health.ts'
import type { StoredTransition } from './history-store.ts'

/** The newest changes of state of all monitors, oldest first. */
export function latestTransitions(db: DatabaseSync, limit: number): StoredTransition[] {
  const rows = db.prepare('SELECT * FROM transition ORDER BY time DESC, id DESC LIMIT ?')
  return rows.all(limit).map(toTransition).reverse()
}

/** Changes of state, oldest first: of one monitor, or of all. */
export function transitionsIn(db: DatabaseSync, fromMs: number, toMs: number, monitor?: string): StoredTransition[] {
  const rows = db.prepare(
    `SELECT * FROM transition WHERE time >= ? AND time < ? ${monitor === undefined ? '' : 'AND monitor = ?'} ORDER BY time, id`,
  )
  return rows.all(fromMs, toMs, ...(monitor === undefined ? [] : [monitor])).map(toTransition)
}

/** The last change of state of every monitor before a time. */
export function statesAt(db: DatabaseSync, ms: number): StoredTransition[] {
  const rows = db.prepare(
    `SELECT t.* FROM (SELECT DISTINCT monitor FROM series) s JOIN transition t ON t.id =
       (SELECT id FROM transition WHERE monitor = s.monitor AND time < ? ORDER BY time DESC, id DESC LIMIT 1)`,
  )
  return rows.all(ms).map(toTransition)
}

function toTransition(row: Record<string, unknown>): StoredTransition {
  return {
    monitor: String(row.monitor),
    from: row.from_state as State,
    to: row.to_state as State,
    atMs: Number(row.time),
    firstAtMs: Number(row.first_time),
    ...(row.code !== null && { cause: { code: String(row.code), message: String(row.message) } }),
    muted: row.muted === 1,
  }
}
