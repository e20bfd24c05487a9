import type { Log } from '../run/log.ts'
import { explain } from './history-errors.ts'
import { HistoryReader } from './history-reader.ts'
import { fileId } from './history-schema.ts'

/** A reader of a history that is opened when it is first asked, and anew after trouble or where another file took its path. */
export class HistoryAccess {
  readonly #path: string
  readonly #log: Log
  #open: { reader: HistoryReader; file: string | undefined } | undefined
  #unreadable = ''

  constructor(path: string, log: Log) {
    this.#path = path
    this.#log = log
  }

  /** Asks the file; undefined, and logged once, while it cannot be read. */
  read<T>(question: (reader: HistoryReader) => T): T | undefined {
    try {
      const answer = question(this.#opened())
      this.#unreadable = ''
      return answer
    } catch (error) {
      this.close()
      const { code, message } = explain(error, this.#path)
      if (code !== this.#unreadable) this.#log('error', 'history.unreadable', { code, message })
      this.#unreadable = code
      return undefined
    }
  }

  close(): void {
    this.#open?.reader.close()
    this.#open = undefined
  }

  #opened(): HistoryReader {
    const file = fileId(this.#path)
    if (this.#open && this.#open.file !== file) this.close()
    this.#open ??= { reader: new HistoryReader(this.#path), file }
    return this.#open.reader
  }
}
