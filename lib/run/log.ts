export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

/** Writes one event: a dotted name (`monitor.state`) and what belongs to it. Never throws. */
export type Log = (level: LogLevel, event: string, fields?: Record<string, unknown>) => void

/** A log of JSON lines `{ time, level, event, … }`; `debug` is left out unless `verbose`. */
export function jsonLog(write: (line: string) => void, options: { verbose?: boolean } = {}): Log {
  return (level, event, fields) => {
    if (level === 'debug' && !options.verbose) return
    write(JSON.stringify({ time: new Date().toISOString(), level, event, ...fields }))
  }
}
