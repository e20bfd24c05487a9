import type { WriteStream } from 'node:tty'

/** Columns of a terminal that does not know how many it has. */
export const usualColumns = 80
const usualRows = 24

/** The alternate screen of a terminal: drawn over in place, and gone without a trace when it is closed. */
export class Screen {
  readonly #stream: WriteStream
  readonly #onExit = () => this.close()
  #drawn = ''
  #isOpen = true

  constructor(stream: WriteStream) {
    this.#stream = stream
    // Alternate screen on, cursor off (xterm's private modes 1049 and 25).
    stream.write('\x1b[?1049h\x1b[?25l')
    process.on('exit', this.#onExit)
  }

  /** A terminal that does not know its size (a serial line, a pseudo-terminal nobody sized) says 0. */
  get width(): number {
    return this.#stream.columns || usualColumns
  }

  get height(): number {
    return this.#stream.rows || usualRows
  }

  /** Shows these lines, if they are not what is shown already. */
  draw(lines: readonly string[]): void {
    const text = lines.map((line) => `${line}\x1b[K`).join('\r\n')
    if (!this.#isOpen || text === this.#drawn) return
    this.#drawn = text
    // Mode 2026: a terminal that knows it shows the whole drawing at once.
    this.#stream.write(`\x1b[?2026h\x1b[H${text}\x1b[J\x1b[?2026l`)
  }

  close(): void {
    if (!this.#isOpen) return
    this.#isOpen = false
    process.off('exit', this.#onExit)
    this.#stream.write('\x1b[?25h\x1b[?1049l')
  }
}
