import type { StoredResult } from '../history-block.ts'
import type { HistoryReader } from '../history-reader.ts'
import { hourMs } from '../history-schema.ts'

/** Asks the history; nothing while it cannot be read. */
export type Read = <T>(question: (reader: HistoryReader) => T) => T | undefined

/** A result in short, and where it was seen from. */
export type KeptResult = StoredResult & { vantage: string }

export interface ResultsOptions {
  monitor: string
  fromMs: number
  toMs: number
  /** Results that the history may not have yet. */
  newest: readonly KeptResult[]
}

/** Read at once: whole hours, so that no bucket of a chart is torn. Others are served in between. */
const sliceMs = 6 * hourMs

/** A monitor's results over a range, by time and a slice at a time, with room for other work between. */
export async function* resultsInSlices(
  { monitor, fromMs, toMs, newest }: ResultsOptions,
  read: Read,
): AsyncGenerator<KeptResult[]> {
  for (let startMs = Math.floor(fromMs / hourMs) * hourMs; startMs < toMs; startMs += sliceMs) {
    const [from, to] = [Math.max(fromMs, startMs), Math.min(toMs, startMs + sliceMs)]
    const results = read((reader) => reader.results(monitor, from, to)) ?? []
    const known = new Set(results.map(({ atMs, vantage }) => `${atMs} ${vantage}`))
    const missing = newest.filter(({ atMs, vantage }) => atMs >= from && atMs < to && !known.has(`${atMs} ${vantage}`))
    yield [...results, ...missing]
    await new Promise((resolve) => setImmediate(resolve))
  }
}
