import type { ControllerMemory, ListOutcome } from '../act/ports.ts'
import { decideFailover, wantsToMove } from '../decide/failover.ts'
import type { Decision, FailoverFacts, Request, Round } from '../decide/failover-facts.ts'
import { heldBack } from '../decide/last-decision.ts'
import { type Ballot, failoverQuorum, tally } from '../decide/quorum.ts'
import { pauseMs } from '../decide/swap-attempt.ts'
import { stateIn } from '../decide/swap-records.ts'
import type { SwapState } from '../decide/swap-state.ts'
import { returnTargets } from '../decide/tick.ts'
import type { Failover } from '../model/failover.ts'
import type { ControllerHost } from './controller-host.ts'
import { factsOf } from './failover-status.ts'

/** Between two rounds of votes while a decision waits for `sustain`: a second, or a sixtieth of a long one. */
const betweenRoundsMs = ({ sustainMs }: Failover) => Math.max(1000, sustainMs / 60)
/** A record that was read is not read again for so long: an account has few calls, and the swap reads it anew before it writes. */
const listedGoodForMs = 10_000
/** A decision that has not come to an end so long after `sustain` is given up: what triggered it will again. */
const longestDecisionMs = 60_000
/** Nothing is looked at so long after the time before it by itself: a pause is a minute at most, and so is a tick away. */
const longestBreakMs = 5 * 60_000
/** Failovers that wanted to move within this are counted against `maxConcurrent`. */
const concurrentMs = 5 * 60_000
/** So one that waits for a long `sustain` says anew that it still wants to. */
const notedGoodForMs = concurrentMs / 5

/** What a deliberation is to know beside what it sees. */
export interface Circumstances {
  request: Request | undefined
  maxConcurrent: number
  /** Nothing comes of it: it only looks, once, and is not counted among those that want to move. */
  isIdle?: boolean
  isStopped(): boolean
}

export interface Deliberation {
  facts: FailoverFacts
  decision: Decision
  /** What the TXT said; undefined where it said nothing. */
  state: SwapState | undefined
  memory: ControllerMemory | undefined
}

/** Rounds of votes until the decision is more than to wait; gives it with what it was made on. */
export async function deliberate(
  failover: Failover,
  host: ControllerHost,
  about: Circumstances,
): Promise<Deliberation> {
  const { request, maxConcurrent } = about
  const startMs = host.wallClock()
  let beganMs = startMs
  const rounds: Round[] = []
  const health = healthOnce(failover, host)
  let notedMs: number | undefined
  let unlisted = 0
  let last: { atMs: number; outcome: ListOutcome } | undefined
  for (;;) {
    const startedMs = host.wallClock()
    const isFresh = last && !isPassing(last.outcome) && host.wallClock() - last.atMs < listedGoodForMs
    const [collected, listed, known] = await Promise.all([
      host.collect(failover),
      isFresh && last ? last.outcome : host.records.list(failover),
      recall(failover, host).catch(() => undefined),
    ])
    const nowMs = host.wallClock()
    if (isBroken(rounds.at(-1), startedMs, nowMs)) {
      rounds.length = 0
      beganMs = nowMs
    }
    if (!isFresh) last = { atMs: nowMs, outcome: listed }
    rounds.push({ atMs: nowMs, ...collected })
    const isOver = about.isStopped() || about.isIdle || nowMs - beganMs > failover.sustainMs + longestDecisionMs
    // That the API is busy, or a reply was lost, says nothing of the record: it is read again.
    if (isPassing(listed) && !isOver) {
      await host.pause(pauseMs(unlisted++))
      continue
    }
    if (known) await noteEpoch(failover, host, { listed, memory: known.memory })
    if (known && !about.isIdle) await noteMove(failover, host, { listed, nowMs, wanted: known.wanted })
    const memory = known && (await withHealth(failover, host, known.memory, { ...collected, listed, nowMs, health }))
    const judge = (memory: ControllerMemory | undefined, wanted: Record<string, number> = {}): Deliberation => {
      const held = heldBack(memory?.last, startMs)
      const seen = { vantages: host.vantages, rounds, listed, memory, request, nowMs, maxConcurrent, heldBack: held }
      const found = factsOf(failover, { ...seen, wantToMove: othersWanting(failover.id, wanted, nowMs) })
      return { ...found, decision: decideFailover(found.facts), memory }
    }
    let judged = judge(memory, known?.wanted)
    const isNoted = notedMs !== undefined && Math.abs(nowMs - notedMs) < notedGoodForMs
    if (!about.isIdle && !isNoted && wantsToMove(judged.decision)) {
      // Noted and counted in one step: of many that want to move at once, only so many find room.
      const wanted = await host.table.want(failover.id, nowMs).catch(() => undefined)
      // What could not be noted is tried again, and does not move before: others could not count it.
      if (wanted) notedMs = nowMs
      judged = wanted ? judge(memory, wanted) : judge(undefined)
    }
    const { decision } = judged
    const verdict = decision.kind === 'report' ? decision.would : decision
    if (verdict.kind !== 'wait' || isOver) return judged
    await host.pause(Math.max(50, Math.min(betweenRoundsMs(failover), verdict.untilMs - nowMs) / 2))
  }
}

/** Whether votes do not go on from earlier ones: the clock was set, or the machine slept between them. */
function isBroken(before: Round | undefined, startedMs: number, nowMs: number): boolean {
  return before !== undefined && (nowMs < before.atMs || startedMs - before.atMs > longestBreakMs)
}

function isPassing({ kind }: ListOutcome): boolean {
  return kind === 'throttled' || kind === 'unknown'
}

async function recall({ id }: Failover, { table }: ControllerHost) {
  const [memory, wanted] = await Promise.all([table.read(id), table.wanted()])
  return { memory, wanted }
}

/**
 * Keeps the epoch of a TXT that another controller wrote: should that change be stranded, or the TXT be lost, no switch of ours
 * is to have its number, and its hook a key that is known already.
 */
async function noteEpoch(
  failover: Failover,
  { table }: ControllerHost,
  { listed, memory }: { listed: ListOutcome; memory: ControllerMemory },
): Promise<void> {
  const { epoch = 0 } = stateOf(listed, failover) ?? {}
  // One that cannot be kept is no reason not to act: nothing is written without the table.
  if (epoch > memory.largestEpoch) await table.update(failover.id, { largestEpoch: epoch }).catch(() => {})
}

/**
 * Notes a move that was made lately, by whichever controller: each counts by its own table, and `maxConcurrent` is one number
 * for all of them.
 */
async function noteMove(
  failover: Failover,
  { table }: ControllerHost,
  { listed, nowMs, wanted }: { listed: ListOutcome; nowMs: number; wanted: Record<string, number> },
): Promise<void> {
  const [last] = stateOf(listed, failover)?.switches ?? []
  const isKnown = (wanted[failover.id] ?? Number.NEGATIVE_INFINITY) >= (last?.atMs ?? 0)
  if (last?.by !== 'auto' || isKnown || nowMs - last.atMs > concurrentMs) return
  // One that could not be noted is one that others do not count: the table is read again by whoever decides.
  await table.want(failover.id, last.atMs).catch(() => {})
}

function stateOf(listed: ListOutcome, failover: Failover): SwapState | undefined {
  const found = listed.kind === 'listed' ? stateIn(listed.sets, failover) : 'unreadable'
  return typeof found === 'string' ? undefined : found.state
}

/** How many others wanted to move lately; what a clock dated far ahead, before it was set right, is not lately. */
function othersWanting(id: string, wanted: Record<string, number>, nowMs: number): number {
  return Object.entries(wanted).filter(([other, atMs]) => other !== id && Math.abs(nowMs - atMs) <= concurrentMs).length
}

type Health = Record<string, number | undefined>

/** Since when endpoints have been up, as the host knows it: asked once for a whole decision, and only where traffic may return. */
function healthOnce(failover: Failover, host: ControllerHost) {
  let known: Promise<Health> | undefined
  return host.healthySince
    ? (active: string | undefined): Promise<Health> => {
        if (returnTargets(failover, active).length === 0) return Promise.resolve({})
        known ??= host.healthySince?.(failover).catch(() => ({})) ?? Promise.resolve({})
        return known
      }
    : undefined
}

/**
 * What is remembered, with since when endpoints have been up by quorum: as the host knows it, or as these votes go on from
 * the last ones. A table that cannot be written is one that cannot be read.
 */
async function withHealth(
  failover: Failover,
  host: ControllerHost,
  memory: ControllerMemory,
  {
    ballots,
    listed,
    nowMs,
    health,
  }: {
    ballots: ReadonlyMap<string, Ballot>
    listed: ListOutcome
    nowMs: number
    health: ReturnType<typeof healthOnce>
  },
): Promise<ControllerMemory | undefined> {
  const { vantages, table } = host
  if (health) return { ...memory, healthySince: await health(stateOf(listed, failover)?.active) }
  const { pass } = failoverQuorum(failover.quorum, vantages.length)
  const { healthyAtMs = nowMs } = memory
  // While nobody looked nothing is known to have been up: the machine slept, or its clock was set.
  const before = nowMs >= healthyAtMs && nowMs - healthyAtMs <= longestBreakMs ? memory.healthySince : {}
  const healthySince = Object.fromEntries(
    failover.endpoints.map(({ id }) => {
      const isUp = tally(id, vantages, ballots).up.length >= pass
      return [id, isUp ? (before[id] ?? nowMs) : undefined]
    }),
  )
  const known = { healthySince, healthyAtMs: nowMs }
  return table.update(failover.id, known).then(
    () => ({ ...memory, ...known }),
    () => undefined,
  )
}
