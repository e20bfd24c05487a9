import { oneLine } from '../decide/plain.ts'
import type { StoredEvent } from '../local/history-events.ts'
import type { StoredTransition } from '../local/history-store.ts'
import { inTwoUnits } from '../model/duration.ts'
import { refuseUnknown } from './chosen-monitors.ts'
import { eventWords } from './event-words.ts'
import type { Output } from './output.ts'
import { timeOption, withHistory } from './read-history.ts'
import { timelineMarkdown } from './timeline-view.ts'
import { UsageError } from './usage-error.ts'
import { historyFile, type WatchedOptions } from './watched.ts'
import { causeText } from './words.ts'

export interface TimelineOptions extends WatchedOptions {
  from?: string
  to?: string
  monitor?: string[]
  json?: boolean
}

/** One thing that happened. */
export interface TimelineEntry {
  atMs: number
  /** `down`, `degraded`, `up`, or the kind of a kept event. */
  kind: string
  /** What it happened to: a monitor's id, `failover ID`, … */
  subject: string
  text: string
}

/** A time in which a monitor was down; without an end it still was at the end of the timeline. */
export interface Outage {
  monitor: string
  /** The first failure, or the start of the timeline where it was down before. */
  fromMs: number
  toMs?: number
  /** When it began, where that was before the timeline and is known. */
  sinceMs?: number
  cause?: string
  muted: boolean
}

export interface Timeline {
  fromMs: number
  toMs: number
  entries: TimelineEntry[]
  outages: Outage[]
  /** What could not be read. */
  problems?: string[]
}

const usualFrom = '24h'

/** `vedette timeline`: everything that happened between two times, as Markdown for a post-mortem. Exit 0, also where nothing did. */
export async function timeline(options: TimelineOptions, output: Output): Promise<number> {
  const nowMs = Date.now()
  const fromMs = timeOption('--from', options.from ?? usualFrom, nowMs)
  const toMs = options.to === undefined ? nowMs : timeOption('--to', options.to, nowMs)
  if (fromMs >= toMs) throw new UsageError('--from: expected a time before --to')
  if (options.aws) {
    const { readAwsTimeline } = await import('./timeline-aws.ts')
    const asked = { fromMs, toMs, ids: options.monitor ?? [] }
    return print(await readAwsTimeline(options.config, asked), options, output)
  }
  const isAsked = (monitor: string) => !options.monitor?.length || options.monitor.includes(monitor)
  const found = withHistory(historyFile(options, output), (reader) => {
    refuseUnknown(options.monitor ?? [], reader.monitors(), 'the history has')
    const transitions = reader.transitions(fromMs, toMs).filter(({ monitor }) => isAsked(monitor))
    const before = reader.statesAt(fromMs).filter(({ monitor }) => isAsked(monitor))
    const events = reader.events(fromMs, toMs).filter((event) => isAbout(event, isAsked))
    return timelineOf(transitions, before, events, { fromMs, toMs })
  })
  return print(found, options, output)
}

function print(found: Timeline, { json }: TimelineOptions, output: Output): number {
  // What goes into a file or a pipe is Markdown; on a terminal it is read as it is.
  const isRead = output.columns !== undefined
  output.out(json ? JSON.stringify(found) : timelineMarkdown(found, isRead ? oneLine : undefined))
  for (const problem of found.problems ?? []) output.err(problem)
  return 0
}

/** Events that are about no monitor are about all of them. */
function isAbout({ detail }: StoredEvent, isAsked: (monitor: string) => boolean): boolean {
  const { monitor } = (detail ?? {}) as { monitor?: unknown }
  return typeof monitor !== 'string' || isAsked(monitor)
}

/** Puts together what happened, oldest first, and how long what was down. */
export function timelineOf(
  transitions: readonly StoredTransition[],
  before: readonly StoredTransition[],
  events: readonly StoredEvent[],
  { fromMs, toMs }: { fromMs: number; toMs: number },
): Timeline {
  const outages: Outage[] = before.filter(({ to }) => to === 'down').map((transition) => outageOf(transition, fromMs))
  const entries: TimelineEntry[] = []
  for (const transition of transitions) {
    const { monitor, to } = transition
    const open = outages.findLast((one) => one.monitor === monitor && one.toMs === undefined)
    const entry = stateEntry(transition, open)
    if (entry) entries.push(entry)
    if (open && to !== 'down') open.toMs = Math.max(open.fromMs, transition.firstAtMs)
    if (!open && to === 'down') outages.push(outageOf(transition, fromMs))
  }
  entries.push(...events.map((event) => ({ atMs: event.atMs, kind: event.kind, ...eventWords(event) })))
  return { fromMs, toMs, entries: entries.sort((a, b) => a.atMs - b.atMs), outages }
}

function outageOf({ monitor, firstAtMs, cause, muted }: StoredTransition, fromMs: number): Outage {
  return {
    ...{ monitor, fromMs: Math.max(firstAtMs, fromMs), muted },
    ...(firstAtMs < fromMs && { sinceMs: firstAtMs }),
    ...(cause && { cause: causeText(cause) }),
  }
}

/** A change of state in words; that a monitor is up when it is first seen is no news. */
function stateEntry(transition: StoredTransition, open: Outage | undefined): TimelineEntry | undefined {
  const { monitor, from, to, atMs, firstAtMs, cause, muted } = transition
  if (from === 'pending' && to === 'up') return undefined
  const notes = muted ? ' (in maintenance)' : ''
  const why = cause ? `: ${causeText(cause)}` : ''
  if (to !== 'up') {
    const first = firstAtMs < atMs - 1000 ? `, first seen at ${new Date(firstAtMs).toISOString().slice(11, 19)}` : ''
    return { atMs, kind: to, subject: monitor, text: `${to}${first}${why}${notes}` }
  }
  const after = open ? `, down for ${inTwoUnits(firstAtMs - (open.sinceMs ?? open.fromMs))}` : ''
  return { atMs, kind: to, subject: monitor, text: `up again${after}${notes}` }
}
