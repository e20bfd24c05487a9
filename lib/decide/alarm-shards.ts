import type { Monitor } from '../model/monitor.ts'
import { type Alarm, downAlarm, type Source, slowAlarm } from './alarms.ts'
import { burnAlarms, type CompositeAlarm } from './burn-alarms.ts'
import { limitAlarm, regressionAlarm } from './latency-alarms.ts'
import { type MuteRule, muteRulesOf } from './mute-rules.ts'
import { splitByHash } from './split-by-hash.ts'

/** Everything that a controller region has of one monitor. */
export interface MonitorAlarms {
  /** The monitor's id. */
  id: string
  alarms: Alarm[]
  /** Those over the states of some of the alarms. */
  composites: CompositeAlarm[]
  muteRules: MuteRule[]
}

/** Monitors whose alarms are in one stack. */
export interface AlarmShard {
  /** Part of the stack's name: `0`, `1`, `01`. */
  id: string
  /** The shard that it was split off from. Its alarms were there before, and alarms of one name cannot be in both. */
  from?: string
  monitors: MonitorAlarms[]
}

/** A stack may hold 500 resources (https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html). */
export const mostAlarmResources = 400

/** The alarms of a monitor in a controller region; speed and error budgets are judged at home only. */
export function monitorAlarms(monitor: Monitor, config: Source, isHome: boolean): MonitorAlarms {
  const { alarms, composites } = isHome ? homeAlarms(monitor, config) : { alarms: [], composites: [] }
  const all = [downAlarm(monitor, config), ...alarms]
  const names = [...all.filter(({ isPart }) => !isPart), ...composites].map(({ name }) => name)
  return { id: monitor.id, alarms: all, composites, muteRules: muteRulesOf(monitor, config, names) }
}

function homeAlarms(monitor: Monitor, config: Source): Pick<MonitorAlarms, 'alarms' | 'composites'> {
  // Who says what is too slow in `latency` has said it: an assertion on the duration is for single runs then.
  const slow = limitAlarm(monitor, config) ?? slowAlarm(monitor, config)
  const regression = regressionAlarm(monitor, config)
  const { parts, composites } = burnAlarms(monitor, config)
  return { alarms: [...(slow ? [slow] : []), ...(regression ? [regression] : []), ...parts], composites }
}

/** What a monitor adds to a stack. */
export function resourcesOf({ alarms, composites, muteRules }: MonitorAlarms): number {
  return alarms.length + composites.length + muteRules.length
}

/**
 * Splits the alarms of a controller region into stacks that are small enough, each monitor in exactly one. Where a stack
 * has to split, half of its monitors stay under its name, so that only the others move.
 */
export function shardAlarms(monitors: readonly MonitorAlarms[], most = mostAlarmResources): AlarmShard[] {
  const parts = splitByHash(monitors, (some) => some.reduce((sum, one) => sum + resourcesOf(one), 0) <= most)
  const prefixes = parts.map(({ prefix }) => prefix)
  return parts.map(({ prefix, items }) => {
    const branch = lastBranch(prefix, prefixes)
    return {
      id: branch ?? first,
      ...(branch !== undefined && { from: lastBranch(branch.slice(0, -1), prefixes) ?? first }),
      monitors: items,
    }
  })
}

const first = '0'

/** Where a part last went to the new half: what follows were halves that stayed, or had no sibling to part from. */
function lastBranch(prefix: string, prefixes: readonly string[]): string | undefined {
  for (let length = prefix.length; length > 0; length--) {
    const branch = prefix.slice(0, length)
    const sibling = `${branch.slice(0, -1)}0`
    if (branch.endsWith('1') && prefixes.some((other) => other.startsWith(sibling))) return branch
  }
  return undefined
}
