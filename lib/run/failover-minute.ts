import type { ControllerMemory, ControllerTable, PublishedVotes, PublishMetrics, Trigger } from '../act/ports.ts'
import { isDrillDue } from '../decide/drill.ts'
import type { FailoverAsset } from '../decide/failover-asset.ts'
import { standingDatums } from '../decide/failover-metrics.ts'
import { isReadinessDue } from '../decide/readiness.ts'
import { readinessCodes } from '../decide/readiness-terms.ts'
import type { SwapState } from '../decide/swap-state.ts'
import { isDecisionDue, monitorsOfAlarms, returnTargets } from '../decide/tick.ts'
import type { Failover } from '../model/failover.ts'
import { activeByDns, type PublishedState } from './failover-published.ts'
import { createUpkeep, type UpkeepHost } from './failover-upkeep.ts'
import { pool } from './pool.ts'

/** What the minute's round needs, beside the controller. */
export interface MinuteHost extends UpkeepHost {
  published: PublishedVotes
  publish: PublishMetrics
  decide(failover: Failover, trigger: Trigger): Promise<unknown>
  healthySince(failover: Failover): Promise<Record<string, number | undefined>>
}

const minuteMs = 60_000
/** So many failovers that nothing is known of yet are looked at in one minute: Route 53's API has few calls a second. */
const mostNew = 10
/** A record that DNS says was edited is looked at again after so long at the earliest, where Route 53 does not say so. */
const editedEveryMs = 3 * minuteMs
const recordCodes: readonly string[] = readinessCodes.record
/** So many are looked at at once: each look has every vantage probe every endpoint. */
const looksAtOnce = 3
/** A function that has not seen a move through by then has ended without: none runs for longer than 15 minutes. */
const overlookedMs = 16 * minuteMs

/** What the failover function does each minute, and when it drills. */
export function failoverMinute(asset: FailoverAsset, host: MinuteHost) {
  const { failovers } = asset
  const { look, drill, drilled } = createUpkeep(failovers, host)
  const tellOverlooked = async (failover: string, { lastMove }: ControllerMemory, nowMs: number) => {
    if (!lastMove || lastMove.verified !== undefined || nowMs - lastMove.atMs < overlookedMs) return
    const problem = 'the function that moved it ended before it saw that through; a hook after it may not have run'
    host.emit({ type: 'verified', failover, to: lastMove.to, movedAtMs: lastMove.atMs, problem, atMs: nowMs })
    // Told again where this cannot be kept.
    await host.table.update(failover, { lastMove: { ...lastMove, verified: false } }).catch(() => {})
  }

  const tick = async () => {
    const nowMs = host.wallClock()
    const [states, memories, open] = await Promise.all([
      activeByDns(failovers, { ...host, isWhole: true }),
      memoriesOf(failovers, host.table),
      host.published.alarmsOpen(asset.monitors.map(({ alarm }) => alarm)).catch(() => new Set<string>()),
    ])
    await host.publish(
      standingDatums(
        failovers.map((failover) => standing(failover, states, memories)),
        nowMs,
      ),
    )
    const alarmed = monitorsOfAlarms(asset, open)
    const decided = failovers.map(async (failover) => {
      const state = states.get(failover.id)
      const isBack = returnTargets(failover, state?.active).length > 0
      const healthySince = isBack ? await host.healthySince(failover).catch(() => ({})) : {}
      return isDecisionDue(failover, state, { alarmed, healthySince, nowMs })
        ? [await host.decide(failover, 'tick')]
        : []
    })
    const minute = Math.floor(nowMs / minuteMs)
    const inTurn = failovers.filter((failover) => isReadinessDue(failover, minute))
    // One that nothing is known of, that was looked at while another endpoint was active, or whose record has another answer
    // by now, does not wait for its turn.
    const unknown = failovers.filter(
      (one) => !isKnown(memories.get(one.id)?.readiness, states.get(one.id), nowMs) && !inTurn.includes(one),
    )
    const due = [...inTurn, ...unknown.slice(0, Math.max(0, mostNew - inTurn.length))]
    const looks = pool(due, looksAtOnce, look)
    await Promise.all([...memories].map(([id, memory]) => tellOverlooked(id, memory, nowMs)))
    const results = (await Promise.all(decided)).flat()
    await looks
    // A drill takes most of the time that a function has.
    const toDrill = failovers.find((failover) => {
      const memory = results.length === 0 ? memories.get(failover.id) : undefined
      return memory && isDrillDue(failover, memory, nowMs, asset.rank)
    })
    const outcome = toDrill && (await drill(toDrill.id)).outcome
    return { decisions: results, looked: due.length, ...(outcome && { drilled: outcome }) }
  }
  return { tick, drill, drilled }
}

function isKnown(readiness: ControllerMemory['readiness'], state: PublishedState | undefined, nowMs: number): boolean {
  if (!readiness || !state) return readiness !== undefined
  const isEdited = state.differs !== undefined && !readiness.problems.some(({ code }) => recordCodes.includes(code))
  if (isEdited && nowMs - readiness.atMs >= editedEveryMs) return false
  return (readiness.active ?? state.active) === state.active
}

async function memoriesOf(
  failovers: readonly Failover[],
  table: ControllerTable,
): Promise<Map<string, ControllerMemory>> {
  const memories = await Promise.all(
    failovers.map(({ id }) =>
      table.read(id).then(
        (memory) => [[id, memory] as const],
        () => [],
      ),
    ),
  )
  return new Map(memories.flat())
}

function standing(
  failover: Failover,
  states: ReadonlyMap<string, SwapState>,
  memories: ReadonlyMap<string, ControllerMemory>,
) {
  const known = memories.get(failover.id)?.readiness
  return { failover, active: states.get(failover.id)?.active, isReady: known && known.problems.length === 0 }
}
