import type { Config, Vantage } from '../model/config.ts'
import type { Monitor } from '../model/monitor.ts'
import { minuteMs } from './schedule.ts'
import { type Shard, shardMonitors } from './sharding.ts'

/** One shard in one vantage, and how often it is called. */
export interface PlannedShard extends Shard {
  vantage: string
  region: string
  /** A minute is the least that EventBridge Scheduler knows: below it, one invocation a minute runs all the slots of it. */
  invocationsPerMonth: number
  /** Runs of monitors, retries not counted. */
  runsPerMonth: number
}

/** What bills are made for: 30 days. */
const monthMs = 30 * 24 * 60 * minuteMs

/** What will run where: every shard of every vantage. */
export function planShards(config: Pick<Config, 'vantages' | 'monitors'>): PlannedShard[] {
  return config.vantages.flatMap((vantage) =>
    shardMonitors(monitorsOf(config.monitors, vantage)).map((shard) => ({
      ...shard,
      vantage: vantage.id,
      region: vantage.region,
      invocationsPerMonth: monthMs / Math.max(shard.everyMs, minuteMs),
      runsPerMonth: (shard.monitors.length * monthMs) / shard.everyMs,
    })),
  )
}

/** Those of the monitors that a vantage runs. */
export function monitorsOf(monitors: readonly Monitor[], { id }: Vantage): Monitor[] {
  return monitors.filter(({ vantages }) => vantages === undefined || vantages.includes(id))
}
