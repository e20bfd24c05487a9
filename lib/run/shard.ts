import type { PublishMetrics, PublishReport } from '../act/ports.ts'
import type { ProbeAsset, ProbeEvent } from '../decide/probe-asset.ts'
import { resultLine } from '../decide/result-line.ts'
import { minuteMs, minuteOfVotes, slotsOf } from '../decide/schedule.ts'
import { startGapMs } from '../decide/sharding.ts'
import { datumsOf, type Run } from '../decide/votes.ts'
import type { Monitor } from '../model/monitor.ts'
import type { ProbeResult, Status } from '../model/result.ts'
import { pause } from './pause.ts'
import type { FailureTrigger } from './trigger.ts'
import { runMonitor, type VantageHost } from './vantage.ts'

/** The place that shards are run from, and where their results go. */
export interface ShardHost extends VantageHost {
  publish: PublishMetrics
  /** Takes a line for the log. */
  write(line: string): void
  /** Told of confirmed failures of endpoints. */
  trigger?: FailureTrigger
}

/** What an invocation did, as its last line in the log says it too. */
export interface ShardSummary {
  shard: string
  /** The minute that its votes count for, ISO 8601. */
  minute: string
  results: number
  down: number
  unknown: number
  /** Slots that had passed before they could be run. */
  missed: number
  metrics: PublishReport[]
}

/** The containers of a loop take turns, so that each is called every other minute. */
const recentIntervals = 2.5

/** A slot that is this late is left out: the next one is never made to wait. */
const latestMs = 1000

/**
 * Runs the shards of one vantage as a schedule calls for them. A minute that this process has begun before is not run
 * again, as CloudWatch would count its votes twice; gives undefined for it. Rejects only where the event names no shard.
 */
export function createShardRunner(asset: ProbeAsset, host: ShardHost) {
  const lastMinutes = new Map<string, number>()
  const last = new Map<string, { status: Status; atMs: number }>()

  const endpoints = new Set(asset.failover?.monitors)

  const report = (result: ProbeResult, everyMs: number) => {
    if (result.status === 'down' && endpoints.has(result.monitor))
      host.trigger?.failed(result.monitor, Date.parse(result.startedAt))
    const atMs = host.deps.wallClock()
    const before = last.get(result.monitor)
    // A container may have missed what happened in others since it was last called.
    const isRecent = before !== undefined && atMs - before.atMs <= recentIntervals * Math.max(everyMs, minuteMs)
    host.write(resultLine(result, isRecent ? before.status : undefined))
    last.set(result.monitor, { status: result.status, atMs })
  }

  return async (event: ProbeEvent): Promise<ShardSummary | undefined> => {
    const shard = asset.shards.find(({ id }) => id === event.shard)
    if (!shard) {
      const ids = asset.shards.map(({ id }) => id).join(', ')
      throw new Error(`the event's shard: expected one of ${ids}, got ${JSON.stringify(event.shard)}`)
    }
    const scheduledMs = minuteOf(event.scheduledTime, host.deps.wallClock())
    if (scheduledMs <= (lastMinutes.get(shard.id) ?? Number.NEGATIVE_INFINITY)) {
      const minute = new Date(scheduledMs).toISOString()
      host.write(JSON.stringify({ shard: shard.id, minute, skipped: 'this minute, or a later one, was run before' }))
      return undefined
    }
    lastMinutes.set(shard.id, scheduledMs)

    const slots = shard.everyMs < minuteMs ? slotsOf(shard.everyMs, scheduledMs, asset.place) : undefined
    const gapMs = startGapMs(shard)
    const runs = await Promise.all(
      shard.monitors.map((monitor, i) => runSlots(monitor, { slots, delayMs: i * gapMs }, host, report)),
    )
    const votesMs = minuteOfVotes(shard.everyMs, scheduledMs)
    const [metrics] = await Promise.all([
      host.publish(datumsOf(asset.vantage, runs, votesMs)),
      // A function is frozen when it returns, and its calls with it.
      host.trigger?.settled(),
    ])
    const summary = { ...countsOf(shard.id, votesMs, runs), metrics }
    host.write(JSON.stringify(summary))
    return summary
  }
}

/** What a monitor did in its slots. */
interface SlotRun extends Run {
  missed: number
}

/**
 * Runs a monitor at each of its slots, or once without any, `delayMs` after it. One run ends before the next begins: a slot
 * that comes too late is left out.
 */
async function runSlots(
  monitor: Monitor,
  { slots, delayMs }: { slots: readonly number[] | undefined; delayMs: number },
  host: ShardHost,
  report: (result: ProbeResult, everyMs: number) => void,
): Promise<SlotRun> {
  const { wallClock } = host.deps
  const run: SlotRun = { monitor, results: [], missed: 0 }
  const beganMs = wallClock()
  for (const slot of slots ?? [beganMs]) {
    const startMs = slot + delayMs
    while (wallClock() < startMs) await pause(startMs - wallClock())
    if (slots && wallClock() - startMs > latestMs) {
      run.missed++
      continue
    }
    const result = await runMonitor(monitor, host)
    report(result, monitor.everyMs)
    run.results.push(result)
  }
  return run
}

function countsOf(shard: string, votesMs: number, runs: readonly SlotRun[]): Omit<ShardSummary, 'metrics'> {
  const results = runs.flatMap((run) => run.results)
  const count = (status: Status) => results.filter((result) => result.status === status).length
  const missed = runs.reduce((total, run) => total + run.missed, 0)
  const minute = new Date(votesMs).toISOString()
  return { shard, minute, results: results.length, down: count('down'), unknown: count('unknown'), missed }
}

/** The minute that a schedule was due in; the one of arrival where nobody says. */
function minuteOf(scheduledTime: string, nowMs: number): number {
  const scheduledMs = Date.parse(scheduledTime)
  return Math.floor((Number.isNaN(scheduledMs) ? nowMs : scheduledMs) / minuteMs) * minuteMs
}
