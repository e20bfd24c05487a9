import type { ControllerMemory } from '../act/ports.ts'
import { decideFailover, wantsToMove } from '../decide/failover.ts'
import type { Decision, FailoverFacts, Request, Round } from '../decide/failover-facts.ts'
import { type Ballot, failoverQuorum, tally } from '../decide/quorum.ts'
import type { SwapState } from '../decide/swap-state.ts'
import type { Failover } from '../model/failover.ts'
import type { ControllerHost } from './controller.ts'
import { factsOf } from './failover-status.ts'

/** Between two rounds of votes while a decision waits for `sustain`. */
const betweenRoundsMs = 1000
/** A decision that has not come to an end by then is given up: what triggered it will again. */
const longestDecisionMs = 60_000
/** Failovers that wanted to move within this are counted against `maxConcurrent`. */
const concurrentMs = 5 * 60_000

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
  const beganMs = host.wallClock()
  const rounds: Round[] = []
  let isNoted = about.isIdle ?? false
  for (;;) {
    const [collected, listed, known] = await Promise.all([
      host.collect(failover),
      host.records.list(failover),
      recall(failover, host).catch(() => undefined),
    ])
    const nowMs = host.wallClock()
    rounds.push({ atMs: nowMs, ...collected })
    const memory = known && (await withHealth(failover, host, known.memory, { ...collected, nowMs }))
    const judge = (memory: ControllerMemory | undefined, wanted: Record<string, number> = {}): Deliberation => {
      const seen = { vantages: host.vantages, rounds, listed, memory, request, nowMs, maxConcurrent }
      const found = factsOf(failover, { ...seen, wantToMove: othersWanting(failover.id, wanted, nowMs) })
      return { ...found, decision: decideFailover(found.facts), memory }
    }
    let judged = judge(memory, known?.wanted)
    if (!isNoted && wantsToMove(judged.decision)) {
      isNoted = true
      // Noted and counted in one step: of many that want to move at once, only so many find room.
      judged = await host.table.want(failover.id, nowMs).then(
        (wanted) => judge(memory, wanted),
        () => judge(undefined),
      )
    }
    const { decision } = judged
    const verdict = decision.kind === 'report' ? decision.would : decision
    const isOver = about.isStopped() || nowMs - beganMs > longestDecisionMs
    if (verdict.kind !== 'wait' || isOver || about.isIdle) return judged
    await host.pause(Math.max(50, Math.min(betweenRoundsMs, verdict.untilMs - nowMs) / 2))
  }
}

async function recall({ id }: Failover, { table }: ControllerHost) {
  const [memory, wanted] = await Promise.all([table.read(id), table.wanted()])
  return { memory, wanted }
}

/** How many others wanted to move lately. */
function othersWanting(id: string, wanted: Record<string, number>, nowMs: number): number {
  return Object.entries(wanted).filter(([other, atMs]) => other !== id && nowMs - atMs <= concurrentMs).length
}

/**
 * What is remembered, with since when endpoints have been up by quorum: as the host knows it, or as these votes go on from
 * the last ones. A table that cannot be written is one that cannot be read.
 */
async function withHealth(
  failover: Failover,
  host: ControllerHost,
  memory: ControllerMemory,
  { ballots, nowMs }: { ballots: ReadonlyMap<string, Ballot>; nowMs: number },
): Promise<ControllerMemory | undefined> {
  const { vantages, table } = host
  if (host.healthySince)
    return host.healthySince(failover).then(
      (healthySince) => ({ ...memory, healthySince }),
      () => ({ ...memory, healthySince: {} }),
    )
  const { pass } = failoverQuorum(failover.quorum, vantages.length)
  const healthySince = Object.fromEntries(
    failover.endpoints.map(({ id }) => {
      const isUp = tally(id, vantages, ballots).up.length >= pass
      return [id, isUp ? (memory.healthySince[id] ?? nowMs) : undefined]
    }),
  )
  return table.update(failover.id, { healthySince }).then(
    () => ({ ...memory, healthySince }),
    () => undefined,
  )
}
