import { targetOf } from '../decide/alarms.ts'
import { allWindowsMs, judgePairs } from '../decide/budget.ts'
import { type Promised, withSlo } from '../decide/budget-report.ts'
import { type BurnChange, judgeBurns, type OpenBurns } from '../decide/burn-watch.ts'
import { addVotes, advance, emptyRing, type VoteRing, votesOver } from '../decide/vote-ring.ts'
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
}

const evaluateEveryMs = 60_000
/** Alerts that were open when an earlier process stopped are looked for this far back. */
const takeOverMs = 8 * 86_400_000

/** What one objective is watched with. */
interface Watched {
  monitor: Promised
  ring: VoteRing
  open: OpenBurns
}

/**
 * Judges error budgets and latency of a running engine once a minute, by the same arithmetic as the alarms in AWS. Says what
 * begins and what ends, once each, also across a restart, and keeps it in the history.
 */
export function startSloWatch(
  options: SloWatchOptions,
  engine: { subscribe(listener: (event: EngineEvent) => void): () => void },
): { stop(): void; evaluate(): void } {
  const { monitors, history } = options
  const promised = withSlo(monitors)
  const timed = monitors.filter(({ latency }) => latency)
  const nowMs = Date.now()
  const rings = history.read((reader) => ringsOf(reader, promised, nowMs))
  const before = openBefore(history, nowMs)
  const budgets = new Map(
    promised.map((monitor): [string, Watched] => {
      const open = before.get(monitor.id)?.burns ?? {}
      return [monitor.id, { monitor, ring: rings?.get(monitor.id) ?? emptyRing(nowMs), open }]
    }),
  )
  const latencies = new Map(
    timed.map((monitor) => [monitor.id, new LatencyWatch(monitor, history, before.get(monitor.id)?.slow ?? [], nowMs)]),
  )
  const take = (result: ProbeResult) => {
    const { monitor, status } = result
    const atMs = Date.parse(result.startedAt)
    const budget = budgets.get(monitor)
    if (budget && status !== 'unknown') {
      addVotes(budget.ring, atMs, status === 'down' ? { good: 0, bad: 1 } : { good: 1, bad: 0 })
    }
    latencies.get(monitor)?.take(result)
  }
  const say = (event: VedetteEvent) => {
    history.recordEvent({
      atMs: event.atMs,
      kind: event.type.startsWith('budget') ? 'budget' : 'latency',
      detail: event,
    })
    const { type, atMs: _, ...fields } = event
    options.log(isBeginning(event) ? 'warn' : 'info', type, fields)
    options.tell(event)
  }
  const evaluate = () => {
    const now = Date.now()
    const { service, env } = options
    const named = { service, ...(env !== undefined && { env }), atMs: now }
    for (const watched of budgets.values()) {
      advance(watched.ring, now)
      const { slo, everyMs } = watched.monitor
      const states = judgePairs(slo, everyMs, votesOver(watched.ring, allWindowsMs))
      const { open, changes } = judgeBurns(watched.open, states)
      watched.open = open
      for (const change of changes) say({ ...named, ...burnEvent(change, watched, history, now) })
    }
    for (const [id, latency] of latencies) {
      const monitor = monitors.find((one) => one.id === id)
      if (monitor) for (const body of latency.judge(now)) say({ ...named, ...about(monitor), ...body })
    }
  }
  const unsubscribe = engine.subscribe((event) => {
    if (event.type === 'result') take(event.result)
  })
  const timer = setInterval(evaluate, evaluateEveryMs)
  return {
    evaluate,
    stop: () => {
      clearInterval(timer)
      unsubscribe()
    },
  }
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
  { monitor }: Watched,
  history: SloWatchOptions['history'],
  nowMs: number,
): Omit<EventOf<'budget.burning'>, 'service' | 'atMs'> | Omit<EventOf<'budget.calm'>, 'service' | 'atMs'> {
  if (!open) return { ...about(monitor), type: 'budget.calm', severity }
  const { pair, longBurn } = worst
  const account = history.read((reader) => readAccount(monitor, reader, nowMs))
  const spentPerMs = (longBurn * (100 - monitor.slo.objective)) / 100
  return {
    ...about(monitor),
    ...{ type: 'budget.burning', severity, objective: monitor.slo.objective, burn: longBurn },
    ...{ longMs: pair.longMs, shortMs: pair.shortMs },
    ...(account && { left: account.left, exhaustedInMs: Math.max(0, account.leftMs) / spentPerMs }),
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
