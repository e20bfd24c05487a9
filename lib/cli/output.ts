import { usualColumns } from './screen.ts'

/** Where a command writes. */
export interface Output {
  /** A line on standard output. */
  out(line: string): void
  /** A line on standard error. */
  err(line: string): void
  /** Rewrites the progress line, where there is a terminal to show it; an empty text clears it. */
  progress(text: string): void
  /** Columns of the terminal on standard output; undefined in a pipe. */
  columns?: number
}

/** The terminal, or the pipe, of this process. */
export function processOutput(): Output {
  const { stdout, stderr } = process
  // Once, however often it is asked for.
  stdout.off('error', endUnwritable).on('error', endUnwritable)
  return {
    out: (line) => void stdout.write(`${line}\n`),
    err: (line) => void stderr.write(`${line}\n`),
    progress: (text) => {
      if (stderr.isTTY) stderr.write(`\r\x1b[2K${text}`)
    },
    ...(stdout.isTTY && { columns: stdout.columns || usualColumns }),
  }
}

function endUnwritable(error: NodeJS.ErrnoException): void {
  // Who read the output has seen enough (`| head`): the exit code still says how the command went.
  if (error.code === 'EPIPE') return
  process.stderr.write(`vedette: standard output cannot be written: ${error.message}\n`)
  process.exit(2)
}
