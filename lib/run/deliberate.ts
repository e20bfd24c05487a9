import type { ControllerMemory } from '../act/ports.ts'
import { decideFailover } from '../decide/failover.ts'
import type { Request, Round } from '../decide/failover-facts.ts'
import { type Ballot, failoverQuorum, tally } from '../decide/quorum.ts'
import type { Failover } from '../model/failover.ts'
import type { ControllerHost } from './controller.ts'
import { factsOf } from './failover-status.ts'

/** Between two rounds of votes while a decision waits for `sustain`. */
const betweenRoundsMs = 1000
/** A decision that has not come to an end by then is given up: what triggered it will again. */
const longestDecisionMs = 60_000

/** What a deliberation is to know beside what it sees. */
export interface Circumstances {
  request: Request | undefined
  maxConcurrent: number
  /** How many other failovers want to move. */
  wantToMove(nowMs: number): number
  isStopped(): boolean
}

/** Rounds of votes until the decision is more than to wait; gives it with what it was made on. */
export async function deliberate(failover: Failover, host: ControllerHost, about: Circumstances) {
  const { request, maxConcurrent } = about
  const beganMs = host.wallClock()
  const rounds: Round[] = []
  for (;;) {
    const [ballots, listed, memory] = await Promise.all([
      host.collect(failover),
      host.records.list(failover),
      host.table.read(failover.id).catch(() => undefined),
    ])
    const nowMs = host.wallClock()
    rounds.push({ atMs: nowMs, ballots })
    const kept = memory && (await keepHealth(failover, host, memory, { ballots, nowMs }))
    const { facts, state } = factsOf(failover, {
      ...{ vantages: host.vantages, rounds, listed, memory: kept, request, nowMs },
      ...{ wantToMove: about.wantToMove(nowMs), maxConcurrent },
    })
    const decision = decideFailover(facts)
    const verdict = decision.kind === 'report' ? decision.would : decision
    if (verdict.kind !== 'wait' || about.isStopped() || nowMs - beganMs > longestDecisionMs)
      return { facts, decision, state, memory: kept }
    await host.pause(Math.max(50, Math.min(betweenRoundsMs, verdict.untilMs - nowMs) / 2))
  }
}

/** Keeps since when endpoints have been up by quorum; a table that cannot be written is one that cannot be read. */
async function keepHealth(
  failover: Failover,
  { vantages, table }: ControllerHost,
  memory: ControllerMemory,
  { ballots, nowMs }: { ballots: ReadonlyMap<string, Ballot>; nowMs: number },
): Promise<ControllerMemory | undefined> {
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
