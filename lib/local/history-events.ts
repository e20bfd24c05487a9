import type { DatabaseSync } from 'node:sqlite'

/** Something that happened beside results and changes of state: a failover, a notification, a deployment. */
export interface StoredEvent {
  atMs: number
  /** What kind of thing: `failover`, `budget`, `latency`, `notice`, `change`, `engine`. Each has a shape of its own in `detail`. */
  kind: string
  /** Plain data; never holds a secret. */
  detail: unknown
}

/** Laid out beside the rest, also in files that are older: they are read as files without events. */
export const eventSchema = `
CREATE TABLE IF NOT EXISTS event (
  id INTEGER PRIMARY KEY,
  time INTEGER NOT NULL,
  kind TEXT NOT NULL,
  detail TEXT NOT NULL           -- JSON
) STRICT;
CREATE INDEX IF NOT EXISTS event_time ON event (time);
`

/** A longer one is a mistake, or a flood. */
const longestDetail = 20_000

/** Adds events to a history; for use within a transaction. Throws for a detail that is no JSON, or too long. */
export function addEvents(db: DatabaseSync, events: readonly StoredEvent[]): void {
  if (events.length === 0) return
  const insert = db.prepare('INSERT INTO event (time, kind, detail) VALUES (?, ?, ?)')
  for (const { atMs, kind, detail } of events) {
    const json = JSON.stringify(detail)
    if (json.length > longestDetail)
      throw new Error(`expected an event of at most ${longestDetail} characters, got ${json.length} of kind ${kind}`)
    insert.run(Math.round(atMs), kind, json)
  }
}

/** The events of a time, oldest first: of these kinds, or all; the newest `limit` of them where there are more. */
export function eventsIn(
  db: DatabaseSync,
  fromMs: number,
  toMs: number,
  { kinds, limit = 10_000 }: { kinds?: readonly string[]; limit?: number } = {},
): StoredEvent[] {
  if (!db.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'event'").get()) return []
  const ofKinds = kinds ? `AND kind IN (${kinds.map(() => '?').join(', ')})` : ''
  const rows = db
    .prepare(`SELECT * FROM event WHERE time >= ? AND time < ? ${ofKinds} ORDER BY time DESC, id DESC LIMIT ?`)
    .all(Math.round(fromMs), Math.round(toMs), ...(kinds ?? []), limit)
  return rows
    .map(({ time, kind, detail }) => ({ atMs: Number(time), kind: String(kind), detail: JSON.parse(String(detail)) }))
    .reverse()
}
