import { randomBytes } from 'node:crypto'
import type { AskVantage, ControllerTable, PublishedVotes, PublishMetrics, RecordStore, Trigger } from '../act/ports.ts'
import type { AlarmCall, FailoverAsset, FailoverCall } from '../decide/failover-asset.ts'
import { concerned, concernsActive, healthOf, monitorsOfAlarms, votesToRead } from '../decide/tick.ts'
import type { Failover } from '../model/failover.ts'
import { batching } from './batching.ts'
import { collectVotes } from './collect.ts'
import { carryOutRequest } from './control.ts'
import { Controller } from './controller.ts'
import { failoverMinute } from './failover-minute.ts'
import type { FailoverNotice } from './failover-notice.ts'
import { activeByDns } from './failover-published.ts'
import type { FailoverStatus } from './failover-status.ts'
import { createTeller, type FailoverMessage } from './failover-teller.ts'
import type { Log } from './log.ts'
import type { SwapHost } from './swap.ts'
import { storeBySwitch, tableStore } from './table-store.ts'
import { verifyMove } from './verify.ts'

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
  const { failovers, rank } = asset
  const vantages = asset.vantages.map(({ id }) => id)
  const holder = randomBytes(8).toString('hex')
  const byTable = tableStore(host.table, host.wallClock)
  const records = storeBySwitch(batching(host.records), byTable)
  const teller = createTeller(asset, host)
  const common = {
    ...{ vantages, monitors: asset.monitors, ask: host.ask, records, table: host.table, wallClock: host.wallClock },
    // By chance up to as long again, so that two controllers fall out of step.
    pause: (ms: number) => host.pause(ms * (1 + Math.random())),
    stopping: new AbortController().signal,
    collect: (failover: Failover) => collectVotes(failover, vantages, asset.monitors, host.ask),
    emit: teller.take,
    newDecision: () => randomBytes(5).toString('hex'),
  }
  const healthySince = async (failover: Failover) => {
    const nowMs = host.wallClock()
    const found = await Promise.all(
      votesToRead(failover, asset, nowMs).map(({ monitors, fromMs, periodMs }) =>
        host.published.votes(monitors, fromMs, periodMs),
      ),
    )
    return healthOf(failover, new Map(found.flatMap((votes) => [...votes])), asset, nowMs)
  }
  const controller = new Controller(asset, {
    ...common,
    ...{ hook: host.hook, healthySince },
    verify: (failover, to, changeId) => verifyMove(failover, to, changeId, common),
  })

  /** Decides by itself, unless another container of this region is at it; a standby waits for home first. */
  const decide = async (failover: Failover, trigger: Trigger, sinceMs?: number) => {
    if (rank > 0) await host.pause(rank * (failover.sustainMs + rankDelayMs))
    const { id } = failover
    // A table that does not answer locks the failover: the decision says so.
    const isMine = await host.table.lease(id, holder, host.wallClock(), leaseMs).catch(() => true)
    if (!isMine) {
      const skipped = 'another decision of this region is under way'
      host.log('info', 'failover.skipped', { failover: id, trigger, why: skipped })
      return { failover: id, skipped }
    }
    try {
      // Not where another container decides: what it made of it would date the next outage.
      if (sinceMs !== undefined) controller.noteFailure(id, sinceMs)
      const { kind } = await controller.decide(id, trigger)
      return { failover: id, decision: kind }
    } catch (error) {
      const message = (error as Error).stack ?? (error as Error).message
      teller.take({ type: 'failed', failover: id, message, atMs: host.wallClock() })
      return { failover: id, failed: message }
    } finally {
      await host.table.release(id, holder).catch(() => {})
    }
  }

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
  const quiet = storeBySwitch(host.records, byTable)
  const minute = failoverMinute(asset, { ...host, ...common, records: quiet, controller, decide, healthySince })
  const status = async () => {
    const all: FailoverStatus[] = []
    for (let i = 0; i < failovers.length; i += mostLooks)
      all.push(...(await Promise.all(failovers.slice(i, i + mostLooks).map(({ id }) => controller.look(id)))))
    return all
  }
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
