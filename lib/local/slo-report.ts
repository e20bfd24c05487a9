import { longestShortMs, longestWindowMs, type Votes } from '../decide/budget.ts'
import { type Account, accountOf, type MaintenanceVotes } from '../decide/budget-account.ts'
import { type Judged, type Promised, reportOn, type SloReport, windowStart } from '../decide/budget-report.ts'
import { maintenanceSpans } from '../decide/maintenance.ts'
import { minuteMs } from '../decide/schedule.ts'
import { addHour, addResult, addVotes, advance, emptyRing, type VoteRing } from '../decide/vote-ring.ts'
import type { HistoryReader } from './history-reader.ts'
import { hourMs } from './history-schema.ts'

/**
 * The votes of the last three days of these monitors, as a history has them. Hours that are over are spread over their minutes,
 * but not those with failures that short windows reach, or that `sinceMs` lies in: there a failure counts when it was.
 */
export function ringsOf(
  reader: HistoryReader,
  monitors: readonly { id: string }[],
  { nowMs, sinceMs = nowMs }: { nowMs: number; sinceMs?: number },
): Map<string, VoteRing> {
  const rings = new Map(monitors.map(({ id }) => [id, emptyRing(nowMs)]))
  const { hours, minutes } = reader.votesSince(nowMs - longestWindowMs)
  // The minute that is under way is beside a window.
  const shortFromMs = nowMs - longestShortMs - minuteMs
  const isExact = (startMs: number) => {
    const endMs = startMs + hourMs
    return endMs > shortFromMs || (startMs <= sinceMs && sinceMs < endMs)
  }
  for (const { monitor, startMs, ...votes } of hours) {
    const ring = rings.get(monitor)
    if (!ring) continue
    const isRead = votes.bad > 0 && isExact(startMs) && addResults(ring, reader, monitor, startMs)
    if (!isRead) addHour(ring, startMs, votes)
  }
  for (const { monitor, startMs, ...votes } of minutes) {
    const ring = rings.get(monitor)
    if (ring) addVotes(ring, startMs, votes)
  }
  for (const ring of rings.values()) advance(ring, nowMs)
  return rings
}

/** Adds the single results of an hour; gives false where they are not kept any more. */
function addResults(ring: VoteRing, reader: HistoryReader, monitor: string, startMs: number): boolean {
  const results = reader.results(monitor, startMs, startMs + hourMs)
  for (const { atMs, status } of results) addResult(ring, atMs, status)
  return results.length > 0
}

/** Reads a history and decides; see `reportOn`. */
export function reportOf(
  monitor: Judged,
  reader: HistoryReader,
  ring: VoteRing,
  times: { nowMs: number; sinceMs?: number },
): SloReport {
  const { firstMs, ...known } = readVotes(monitor, reader, times.nowMs)
  const maintenance = maintenanceVotes(monitor, reader, windowStart(monitor.slo, times.nowMs), times.nowMs)
  return reportOn(monitor, { ...known, firstMs, maintenance, ring }, times)
}

/** What is left of a budget, without what maintenance had of it: that takes longest to read. */
export function readAccount(monitor: Promised, reader: HistoryReader, nowMs: number): Account {
  const { slo, everyMs } = monitor
  const { hours, places, firstMs } = readVotes(monitor, reader, nowMs)
  const watched = { slo, everyMs, places: Math.max(1, places), fromMs: windowStart(slo, nowMs), toMs: nowMs, firstMs }
  return accountOf(hours, { ms: 0, good: 0, bad: 0 }, watched)
}

function readVotes({ id, slo }: Judged, reader: HistoryReader, nowMs: number) {
  const fromMs = windowStart(slo, nowMs)
  const { firstMs, places } = reader.watchedFrom(id, fromMs)
  return { hours: reader.hourVotes(id, fromMs, nowMs), places, firstMs }
}

/** What was measured in maintenance, as far back as single results are kept. */
function maintenanceVotes(monitor: Judged, reader: HistoryReader, fromMs: number, toMs: number): MaintenanceVotes {
  const sum = { ms: 0, good: 0, bad: 0 }
  for (const span of maintenanceSpans(monitor.maintenance, fromMs, toMs)) {
    const votes: Votes = { good: 0, bad: 0 }
    for (const { status } of reader.results(monitor.id, span.fromMs, span.toMs)) {
      if (status === 'down') votes.bad++
      else if (status !== 'unknown') votes.good++
    }
    sum.ms += span.toMs - span.fromMs
    sum.good += votes.good
    sum.bad += votes.bad
  }
  return sum
}
