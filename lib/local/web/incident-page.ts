import { causeOf } from '../../decide/health.ts'
import type { IncidentPage, IncidentSummary, TimelineEntry } from './api/incidents.ts'
import type { Board } from './board.ts'
import { type KeptResult, type Read, resultsInSlices } from './result-slices.ts'
import { longestRangeMs } from './series.ts'
import { troubleOf } from './trouble.ts'

/** What led to an incident may be seen a little before it. */
const beforeMs = 15 * 60_000
const afterMs = 5 * 60_000
/** Where nobody knows any more how often a monitor ran. */
const usualEveryMs = 60_000
/** Failures that differ from the one before. */
const mostFailures = 50
const mostRelated = 50

type Entry = Omit<TimelineEntry, 'afterMs'>

/** Everything about one incident, in order. */
export async function incidentPage(
  incident: IncidentSummary,
  board: Board,
  read: Read,
): Promise<Omit<IncidentPage, 'eventId' | 'engine'>> {
  const { monitor, firstFailureMs } = incident
  const watched = board.monitors.get(monitor)
  const endMs = incident.recovery?.confirmedMs ?? Date.now()
  // A day's retention may be over, and a year's incident is not read whole.
  const lookBackMs = Math.max(beforeMs, 2 * (watched?.everyMs ?? 0))
  const range = { fromMs: firstFailureMs - lookBackMs, toMs: Math.min(endMs, firstFailureMs + longestRangeMs) + 1 }
  const seen = new Seen(firstFailureMs)
  for await (const results of resultsInSlices({ monitor, ...range, newest: [] }, read))
    for (const result of results) seen.add(result)
  const others = board.incidents.within(firstFailureMs, endMs).filter(({ id }) => id !== incident.id)
  const began = asItBegan(incident, board, read)
  const related = others
    .slice(0, mostRelated)
    .map((other) => asItBegan(other, board, read))
    .sort((a, b) => a.firstFailureMs - b.firstFailureMs)
  const entries = [...seen.entries(), ...confirmedAndRecovered(incident), ...failoverEntries(incident, endMs, board)]
  // What failed first is what one looks for: a confirmation comes the later, the more failures a monitor asks for.
  for (const { monitor: other, firstFailureMs: atMs, cause } of related)
    entries.push({ atMs, kind: 'other monitor', text: `${other} failed: ${cause.words} (${cause.code}).` })
  return {
    incident: began,
    target: watched?.target ?? '',
    ...(watched?.runbook !== undefined && { runbook: watched.runbook }),
    timeline: entries
      .sort((a, b) => a.atMs - b.atMs)
      .map((entry) => ({ ...entry, afterMs: entry.atMs - began.firstFailureMs })),
    failureCounts: seen.failureCounts,
    seenBy: [...seen.byVantage].map(([vantage, counts]) => ({ vantage, ...counts })),
    related,
  }
}

/**
 * An incident with the start of its first failed run for its first failure, as long as that run is kept. A change of state
 * knows when that run had ended: of two monitors the one that waits for a time-out would always seem to be the later one.
 */
function asItBegan(incident: IncidentSummary, board: Board, read: Read): IncidentSummary {
  const { monitor, firstFailureMs } = incident
  const lookBackMs = 2 * (board.monitors.get(monitor)?.everyMs ?? usualEveryMs)
  const results = read((reader) => reader.results(monitor, firstFailureMs - lookBackMs, firstFailureMs + 1)) ?? []
  const first = results.findLast(({ status }) => status === 'down')
  return first ? { ...incident, firstFailureMs: first.atMs } : incident
}

/** What single results say of an incident; they come in order. */
class Seen {
  failureCounts: Record<string, number> = Object.create(null)
  readonly byVantage = new Map<string, Omit<IncidentPage['seenBy'][number], 'vantage'>>()
  readonly #firstFailureMs: number
  #lastGood: Entry | undefined
  #failures: Entry[] = []
  #lastCode = ''

  constructor(firstFailureMs: number) {
    this.#firstFailureMs = firstFailureMs
  }

  add(result: KeptResult): void {
    const { atMs, status, vantage } = result
    if (status === 'down') this.#addFailure(result)
    if (status !== 'up' && status !== 'degraded') return
    const own = this.byVantage.get(vantage)
    if (own) own.good++
    if (atMs < this.#firstFailureMs) this.#begin({ atMs, kind: 'last good', text: `Good from ${vantage}.`, vantage })
  }

  entries(): Entry[] {
    return [...(this.#lastGood ? [this.#lastGood] : []), ...this.#failures]
  }

  /** Failures that came and went before are not part of this incident. */
  #begin(lastGood: Entry): void {
    this.#lastGood = lastGood
    this.#failures = []
    this.#lastCode = ''
    this.failureCounts = Object.create(null)
    this.byVantage.clear()
  }

  #addFailure(result: KeptResult): void {
    const { atMs, vantage } = result
    const { code, words, message } = troubleOf(causeOf(result) ?? { code: 'INTERNAL', message: 'no cause was kept' })
    const own = this.byVantage.get(vantage) ?? { firstFailureMs: atMs, lastFailureMs: atMs, failures: 0, good: 0 }
    this.byVantage.set(vantage, { ...own, lastFailureMs: atMs, failures: own.failures + 1 })
    this.failureCounts[code] = (this.failureCounts[code] ?? 0) + 1
    if (code === this.#lastCode || this.#failures.length >= mostFailures) return
    this.#lastCode = code
    const kind = this.#failures.length === 0 ? 'first failure' : 'failure'
    this.#failures.push({ atMs, kind, text: `${words} (${code}): ${message}`, vantage })
  }
}

function confirmedAndRecovered({ confirmedMs, cause, muted, recovery }: IncidentSummary): Entry[] {
  const note = muted ? ' Nobody was alerted: it is a maintenance window.' : ''
  const confirmed: Entry = {
    atMs: confirmedMs,
    kind: 'confirmed',
    text: `Down: ${cause.words} (${cause.code}).${note}`,
  }
  if (!recovery) return [confirmed]
  return [
    confirmed,
    { atMs: recovery.firstGoodMs, kind: 'first good', text: 'The first good result.' },
    { atMs: recovery.confirmedMs, kind: 'recovered', text: `Recovered: ${recovery.to}.` },
  ]
}

/** What happened meanwhile to the failovers that this monitor is part of. */
function failoverEntries({ monitor, firstFailureMs }: IncidentSummary, endMs: number, board: Board): Entry[] {
  const own = new Set(board.setup.failovers.flatMap((failover) => (failover.check === monitor ? [failover.id] : [])))
  for (const { id, endpoints } of board.failovers())
    if (endpoints.some(({ monitors }) => monitors.includes(monitor))) own.add(id)
  return board.happenings
    .within(firstFailureMs - beforeMs, endMs + afterMs)
    .filter(({ failover }) => own.has(failover))
    .map(({ atMs, failover, text, reasons }) => {
      return { atMs, kind: 'failover', text: [`${failover}: ${text}`, ...reasons].join(' ') }
    })
}
