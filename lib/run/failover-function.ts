import { randomBytes } from 'node:crypto'
import type { AskVantage, ControllerTable, PublishedVotes, PublishMetrics, RecordStore, Trigger } from '../act/ports.ts'
import type { AlarmCall, FailoverAsset, FailoverCall } from '../decide/failover-asset.ts'
import { concerned, concernsActive, healthOf, monitorsOfAlarms, votesToRead } from '../decide/tick.ts'
import type { Failover } from '../model/failover.ts'
import { batching } from './batching.ts'
import { carryOutRequest } from './control.ts'
import { Controller } from './controller.ts'
import type { FailoverEvent } from './failover-event.ts'
import { failoverHost } from './failover-host.ts'
import { failoverMinute } from './failover-minute.ts'
import type { FailoverNotice } from './failover-notice.ts'
import { activeByDns } from './failover-published.ts'
import { createTeller, type FailoverMessage } from './failover-teller.ts'
import type { Log } from './log.ts'
import { pool } from './pool.ts'
import type { SwapHost } from './swap.ts'
import { storeBySwitch, tableStore } from './table-store.ts'

/** What the failover function of a controller region needs of AWS. */
export interface FailoverFunctionHost {
  ask: AskVantage
  /** Route 53. */
  records: RecordStore
  table: ControllerTable
  published: PublishedVotes
  publish: PublishMetrics
  hook: SwapHost['hook']
  /** Tells people; rejects where that was not taken. */
  tell(notice: FailoverNotice, message: FailoverMessage): Promise<void>
  log: Log
  wallClock(): number
  pause(ms: number): Promise<void>
}

/** So many failovers are looked at together for those who ask how they stand: each look has a vote of every vantage. */
const mostLooks = 5

/** How long a decision keeps others of its region from beginning: it limits load, nothing else. */
const leaseMs = 30_000
/** Beyond `sustain`, what home needs for its votes and the change, before a standby looks whether that was done. */
const rankDelayMs = 5_000

/**
 * The failover function: takes what calls it, by itself (a vantage's confirmed failure, an alarm, the minute) or for a
 * person, and gives what came of it. It rejects only for a person's request that cannot be carried out.
 */
export function createFailoverFunction(asset: FailoverAsset, host: FailoverFunctionHost) {
  const { failovers } = asset
  const vantages = asset.vantages.map(({ id }) => id)
  const byTable = tableStore(host.table, host.wallClock)
  const teller = createTeller(asset, host)
  const healthySince = (failover: Failover) => healthByVotes(failover, asset, host)
  const world = failoverHost({
    ...{ vantages, monitors: asset.monitors, ask: host.ask, table: host.table, hook: host.hook, healthySince },
    ...{ wallClock: host.wallClock, pause: host.pause, emit: teller.take },
    records: storeBySwitch(batching(host.records), byTable),
    stopping: new AbortController().signal,
  })
  const controller = new Controller(asset, world)
  const decide = decideAlone(asset.rank, host, { controller, emit: teller.take })

  const decideOn = async (
    monitors: readonly string[],
    trigger: Trigger,
    { vantage, sinceMs }: { vantage?: string; sinceMs?: number } = {},
  ) => {
    const may = concerned(failovers, monitors)
    const states =
      may.length > 0 ? await activeByDns(may, { ...host, vantages, ...(vantage && { first: vantage }) }) : new Map()
    const due = may.filter((failover) => concernsActive(failover, states.get(failover.id)?.active, monitors))
    return Promise.all(due.map((failover) => decide(failover, trigger, sinceMs)))
  }

  // What is not urgent keeps out of the batches of what is: a batch that must fail would take a move along.
  const quiet = { ...world, records: storeBySwitch(host.records, byTable) }
  const { published, publish } = host
  const minute = failoverMinute(asset, { ...quiet, published, publish, controller, decide, healthySince })
  const status = () => pool(failovers, mostLooks, ({ id }) => controller.look(id))
  const run = async (call: FailoverCall | AlarmCall): Promise<unknown> => {
    if ('source' in call) {
      const { alarmName, state } = call.alarmData
      return state.value === 'ALARM' ? decideOn(monitorsOfAlarms(asset, new Set([alarmName])), 'alarm') : []
    }
    if (call.do === 'tick') return minute.tick()
    if (call.do === 'trigger') return decideOn(call.monitors, 'vantage', call)
    return carryOutRequest(call, { controller, status, drill: minute.drill, drilled: minute.drilled })
  }

  return async (call: FailoverCall | AlarmCall): Promise<unknown> => {
    try {
      teller.retry()
      return await run(call)
    } finally {
      // A function is frozen when it returns, and everything in it.
      await controller.idle()
      await teller.settled()
    }
  }
}

/** Since when endpoints have been up by quorum, as the published votes say. */
async function healthByVotes(
  failover: Failover,
  asset: FailoverAsset,
  { published, wallClock }: Pick<FailoverFunctionHost, 'published' | 'wallClock'>,
) {
  const nowMs = wallClock()
  const found = await Promise.all(
    votesToRead(failover, asset, nowMs).map(({ monitors, fromMs, periodMs }) =>
      published.votes(monitors, fromMs, periodMs),
    ),
  )
  return healthOf(failover, new Map(found.flatMap((votes) => [...votes])), asset, nowMs)
}

/** Decides by itself, unless another container of this region is at it; a standby, of rank 1 or more, waits for home first. */
function decideAlone(
  rank: number,
  { table, log, pause, wallClock }: Pick<FailoverFunctionHost, 'table' | 'log' | 'pause' | 'wallClock'>,
  { controller, emit }: { controller: Controller; emit(event: FailoverEvent): void },
) {
  const holder = randomBytes(8).toString('hex')
  return async ({ id, sustainMs }: Failover, trigger: Trigger, sinceMs?: number) => {
    if (rank > 0) await pause(rank * (sustainMs + rankDelayMs))
    // A table that does not answer locks the failover: the decision says so.
    const isMine = await table.lease(id, holder, wallClock(), leaseMs).catch(() => true)
    if (!isMine) {
      const skipped = 'another decision of this region is under way'
      log('info', 'failover.skipped', { failover: id, trigger, why: skipped })
      return { failover: id, skipped }
    }
    try {
      // Not where another container decides: what it made of it would date the next outage.
      if (sinceMs !== undefined) controller.noteFailure(id, sinceMs)
      const { kind } = await controller.decide(id, trigger)
      return { failover: id, decision: kind }
    } catch (error) {
      const message = (error as Error).stack ?? (error as Error).message
      emit({ type: 'failed', failover: id, message, atMs: wallClock() })
      return { failover: id, failed: message }
    } finally {
      await table.release(id, holder).catch(() => {})
    }
  }
}
