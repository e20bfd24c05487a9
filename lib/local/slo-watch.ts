import { targetOf } from '../decide/alarms.ts'
import { allWindowsMs, isKnown, judgePairs, type Pace, type PairState, votesDue } from '../decide/budget.ts'
import { type Promised, withSlo } from '../decide/budget-report.ts'
import { type BurnChange, judgeBurns, type OpenBurns } from '../decide/burn-watch.ts'
import { addResult, advance, emptyRing, type VoteRing, wholeVotesOver } from '../decide/vote-ring.ts'
import type { EventOf, VedetteEvent } from '../model/event.ts'
import type { Monitor } from '../model/monitor.ts'
import type { ProbeResult } from '../model/result.ts'
import type { Log } from '../run/log.ts'
import type { EngineEvent } from './engine.ts'
import type { History } from './history.ts'
import { LatencyWatch } from './latency-watch.ts'
import { readAccount, ringsOf } from './slo-report.ts'

export interface SloWatchOptions {
  service: string
  env?: string
  monitors: readonly Monitor[]
  history: Pick<History, 'read' | 'recordEvent'>
  log: Log
  /** Hears what begins and ends, as it happens. */
  tell(event: VedetteEvent): void
  /** Hears how all of it stands when it is first judged: an earlier process may have died between keeping a change and telling it. */
  standing(event: VedetteEvent): void
}

const evaluateEveryMs = 60_000
/** Alerts that were open when an earlier process stopped are looked for this far back. */
const takeOverMs = 8 * 86_400_000

/** What one objective is watched with. */
interface Budget {
  monitor: Promised
  ring: VoteRing
  open: OpenBurns
}

/** What monitors are watched with, by id. */
interface Watches {
  budgets: Map<string, Budget>
  latencies: Map<string, { monitor: Monitor; latency: LatencyWatch }>
}

/**
 * Judges error budgets and latency of a running engine once a minute, by the same arithmetic as the alarms in AWS. Says what
 * begins and what ends, once each, also across a restart, and keeps it in the history.
 */
export function startSloWatch(
  options: SloWatchOptions,
  engine: { subscribe(listener: (event: EngineEvent) => void): () => void },
): { stop(): void; evaluate(): void } {
  const watches = takeOver(options, Date.now())
  const unsubscribe = engine.subscribe((event) => {
    if (event.type === 'result') take(watches, event.result)
  })
  let isFirst = true
  const evaluate = () => {
    const nowMs = Date.now()
    for (const event of judge(watches, options, nowMs)) say(event, options)
    if (isFirst) for (const event of standing(watches, options, nowMs)) options.standing(event)
    isFirst = false
  }
  const timer = setInterval(evaluate, evaluateEveryMs)
  return {
    evaluate,
    stop: () => {
      clearInterval(timer)
      unsubscribe()
    },
  }
}

/** Begins with what the history has: votes, runs, and what was open. */
function takeOver({ monitors, history }: SloWatchOptions, nowMs: number): Watches {
  const promised = withSlo(monitors)
  const rings = history.read((reader) => ringsOf(reader, promised, { nowMs }))
  const before = openBefore(history, nowMs)
  const timed = monitors.filter(({ latency }) => latency)
  return {
    budgets: new Map(
      promised.map((monitor) => {
        const open = before.get(monitor.id)?.burns ?? {}
        return [monitor.id, { monitor, ring: rings?.get(monitor.id) ?? emptyRing(nowMs), open }]
      }),
    ),
    latencies: new Map(
      timed.map((monitor) => {
        const slow = before.get(monitor.id)?.slow ?? []
        return [monitor.id, { monitor, latency: new LatencyWatch(monitor, history, slow, nowMs) }]
      }),
    ),
  }
}

function take({ budgets, latencies }: Watches, result: ProbeResult): void {
  const { monitor, status, startedAt } = result
  const ring = budgets.get(monitor)?.ring
  if (ring) addResult(ring, Date.parse(startedAt), status)
  latencies.get(monitor)?.latency.take(result)
}

/** What begins and what ends at this time. */
function* judge({ budgets, latencies }: Watches, options: SloWatchOptions, nowMs: number): Generator<VedetteEvent> {
  const named = namedOf(options, nowMs)
  for (const budget of budgets.values()) {
    const { open, changes } = judgeBurns(budget.open, statesOf(budget, nowMs))
    budget.open = open
    for (const change of changes) yield { ...named, ...burnEvent(change, budget.monitor, options.history, nowMs) }
  }
  for (const { monitor, latency } of latencies.values())
    for (const change of latency.judge(nowMs)) yield { ...named, ...about(monitor), ...change }
}

/** How everything stands at this time, whether or not it has changed. */
function* standing({ budgets, latencies }: Watches, options: SloWatchOptions, nowMs: number): Generator<VedetteEvent> {
  const named = namedOf(options, nowMs)
  for (const budget of budgets.values()) {
    const { monitor } = budget
    const { open, changes } = judgeBurns({}, statesOf(budget, nowMs))
    for (const change of changes) yield { ...named, ...burnEvent(change, monitor, options.history, nowMs) }
    for (const severity of ['page', 'ticket'] as const)
      if (!open[severity]) yield { ...named, ...about(monitor), type: 'budget.calm', severity }
  }
  for (const { monitor, latency } of latencies.values())
    for (const state of latency.standing(nowMs)) yield { ...named, ...about(monitor), ...state }
}

function namedOf({ service, env }: SloWatchOptions, atMs: number) {
  return { service, ...(env !== undefined && { env }), atMs }
}

function statesOf({ monitor: { slo, everyMs }, ring }: Budget, nowMs: number): PairState[] {
  advance(ring, nowMs)
  return judgePairs(slo, paceOf(everyMs), wholeVotesOver(ring, allWindowsMs))
}

/** An engine is one place. */
function paceOf(everyMs: number): Pace {
  return { everyMs, places: 1 }
}

function say(event: VedetteEvent, { history, log, tell }: SloWatchOptions): void {
  const { type, atMs, ...fields } = event
  history.recordEvent({ atMs, kind: type.startsWith('budget') ? 'budget' : 'latency', detail: event })
  log(isBeginning(event) ? 'warn' : 'info', type, fields)
  tell(event)
}

function isBeginning({ type }: VedetteEvent): boolean {
  return type === 'budget.burning' || type === 'latency.slow'
}

function about(monitor: Monitor) {
  return { monitor: monitor.id, target: targetOf(monitor) }
}

/** What is told of a change; what is left of the budget is read when there is something to tell. */
function burnEvent(
  { severity, open, worst }: BurnChange,
  monitor: Promised,
  history: SloWatchOptions['history'],
  nowMs: number,
): Omit<EventOf<'budget.burning'>, 'service' | 'atMs'> | Omit<EventOf<'budget.calm'>, 'service' | 'atMs'> {
  if (!open) return { ...about(monitor), type: 'budget.calm', severity }
  const { pair, long, longBurn, seenMs } = worst
  const { longMs, shortMs } = pair
  const account = history.read((reader) => readAccount(monitor, reader, nowMs))
  const spentPerMs = (longBurn * (100 - monitor.slo.objective)) / 100
  // What was hardly seen has no rate to go on at.
  const hasRate = isKnown(long, votesDue(longMs, paceOf(monitor.everyMs)))
  return {
    ...about(monitor),
    ...{ type: 'budget.burning', severity, objective: monitor.slo.objective, burn: longBurn },
    ...{ longMs, shortMs, ...(seenMs < longMs && { seenMs }) },
    ...(account && { left: account.left }),
    ...(account && hasRate && { exhaustedInMs: Math.max(0, account.leftMs) / spentPerMs }),
  }
}

interface Before {
  burns: OpenBurns
  slow: EventOf<'latency.slow'>['against'][]
}

/** What an earlier process said had begun, and not that it had ended: it ends here, or goes on without being said again. */
function openBefore(history: SloWatchOptions['history'], nowMs: number): Map<string, Before> {
  const open = new Map<string, Before>()
  const kinds = ['budget', 'latency']
  const events = history.read((reader) => reader.events(nowMs - takeOverMs, nowMs + 1, { kinds })) ?? []
  for (const { detail } of events) {
    const event = detail as VedetteEvent
    if (!('monitor' in event) || event.monitor === undefined) continue
    const { burns, slow } = open.get(event.monitor) ?? { burns: {}, slow: [] }
    if (event.type === 'budget.burning') burns[event.severity] = true
    if (event.type === 'budget.calm') delete burns[event.severity]
    const others = 'against' in event ? slow.filter((one) => one !== event.against) : slow
    open.set(event.monitor, { burns, slow: event.type === 'latency.slow' ? [...others, event.against] : others })
  }
  return open
}
