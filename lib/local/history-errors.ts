/** A history that cannot be used, in words: which file, what is wrong, what to do. */
export class HistoryError extends Error {
  /** SQLite's name of the trouble where there is one, such as `SQLITE_FULL`. */
  readonly code: string

  constructor(code: string, message: string, cause?: unknown) {
    super(message, { cause })
    this.code = code
  }
}

/** SQLite's primary result codes (https://www.sqlite.org/rescode.html) that a user can do something about. */
const troubles: Record<number, { code: string; what: string; todo: string }> = {
  5: { code: 'SQLITE_BUSY', what: 'another program holds a lock on it', todo: 'close that program' },
  8: { code: 'SQLITE_READONLY', what: 'it is read-only', todo: 'make file and folder writable' },
  10: { code: 'SQLITE_IOERR', what: 'its disk fails to read or write', todo: 'look after the disk' },
  11: { code: 'SQLITE_CORRUPT', what: 'its content is damaged', todo: 'stop, move the file away, start again' },
  13: { code: 'SQLITE_FULL', what: 'the disk is full', todo: 'free some space' },
  14: { code: 'SQLITE_CANTOPEN', what: 'it cannot be opened', todo: 'check that its folder exists and is writable' },
  26: { code: 'SQLITE_NOTADB', what: 'it is no SQLite file', todo: 'move it away' },
}

/** What went wrong with a history file, as an error that a user can act on. */
export function explain(error: unknown, path: string): HistoryError {
  if (error instanceof HistoryError) return error
  const { message, errcode, code } = error as Error & { errcode?: number; code?: string }
  // The low byte is the primary code; the rest tells variants apart.
  const trouble = troubles[(errcode ?? 0) & 0xff]
  if (!trouble) return new HistoryError(code ?? 'UNKNOWN', `the history ${path} cannot be used: ${message}`, error)
  const { what, todo } = trouble
  const text = `the history ${path} cannot be used: ${what} (${message}); ${todo}, or name another file with --history`
  return new HistoryError(trouble.code, text, error)
}
