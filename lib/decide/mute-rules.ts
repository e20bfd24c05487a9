import type { Config } from '../model/config.ts'
import { cronValues } from '../model/cron.ts'
import type { MaintenanceWindow, Monitor } from '../model/monitor.ts'
import { prefixOf } from './names.ts'
import { minuteMs } from './schedule.ts'

/**
 * A mute rule of CloudWatch: alarms change their state in its time, but tell nobody
 * (https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutAlarmMuteRule.html).
 */
export interface MuteRule {
  name: string
  description: string
  /** `cron(…)` of five fields or `at(yyyy-MM-ddThh:mm)`, in the time zone. */
  expression: string
  timeZone: string
  /** ISO 8601: `PT2H`. */
  duration: string
  /** Names of the alarms that it mutes. */
  alarms: string[]
}

type Schedule = Pick<MuteRule, 'expression' | 'timeZone' | 'duration'>

/** The mute rules for a monitor's maintenance: one a window, two where its cron expression says "either day". */
export function muteRulesOf(
  monitor: Monitor,
  config: Pick<Config, 'service' | 'env'>,
  alarms: readonly string[],
): MuteRule[] {
  return monitor.maintenance.flatMap(schedulesOf).map((schedule, i) => ({
    name: `${prefixOf(config)}-${monitor.id}-maintenance-${i + 1}`,
    description: `Maintenance of ${monitor.id}: its alarms tell nobody. Measuring goes on.`,
    ...schedule,
    alarms: [...alarms],
  }))
}

/** When a window mutes, in CloudWatch's words. */
export function schedulesOf(window: MaintenanceWindow): Schedule[] {
  if ('start' in window) return [scheduleAt(window)]
  const { cron, timeZone, forMs } = window
  const rest = { timeZone: zoneName(timeZone), duration: isoDuration(Math.ceil(forMs / minuteMs)) }
  return expressionsOf(cron).map((fields) => ({ expression: `cron(${fields})`, ...rest }))
}

/** A fixed window, widened to whole minutes. */
function scheduleAt({ start, forMs }: Extract<MaintenanceWindow, { start: string }>): Schedule {
  const from = Math.floor(Date.parse(start) / minuteMs)
  const to = Math.ceil((Date.parse(start) + forMs) / minuteMs)
  const at = new Date(from * minuteMs).toISOString().slice(0, 'yyyy-MM-ddThh:mm'.length)
  return { expression: `at(${at})`, timeZone: 'UTC', duration: isoDuration(to - from) }
}

/**
 * A cron expression without what CloudWatch does not know or may read otherwise
 * (https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_Schedule.html): steps, and numbers of weekdays.
 * Where both days are given cron means either of them; two rules say so whatever CloudWatch makes of it. With every other
 * value listed it is still below the 256 characters that are allowed.
 */
function expressionsOf(cron: string): string[] {
  const texts = cron.trim().split(/\s+/)
  const [minute, hour, day, month, weekday] = texts.map((text, i) => (text === '*' ? '*' : compact(text, i)))
  if (day === '*' || weekday === '*') return [[minute, hour, day, month, weekday].join(' ')]
  return [[minute, hour, day, month, '*'].join(' '), [minute, hour, '*', month, weekday].join(' ')]
}

const weekdays = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT']
const weekdayField = 4

/** A field as values and ranges. */
function compact(text: string, field: number): string {
  const isWeekday = field === weekdayField
  const values = [...new Set(cronValues(text, field).map((value) => (isWeekday ? value % 7 : value)))]
  const name = (value: number) => (isWeekday ? (weekdays[value] ?? '') : `${value}`)
  return rangesOf(values.sort((a, b) => a - b))
    .map(([from, to]) => (from === to ? name(from) : `${name(from)}-${name(to)}`))
    .join(',')
}

function rangesOf(values: readonly number[]): [from: number, to: number][] {
  const ranges: [number, number][] = []
  for (const value of values) {
    const last = ranges.at(-1)
    if (last && last[1] === value - 1) last[1] = value
    else ranges.push([value, value])
  }
  return ranges
}

/** A time zone as IANA spells it: `europe/berlin` is read here, but hardly everywhere. */
function zoneName(zone: string): string {
  return Intl.supportedValuesOf('timeZone').find((name) => name.toLowerCase() === zone.toLowerCase()) ?? zone
}

/** A config without the fixed windows that are over: a rule for the past mutes nothing, and may be refused. */
export function withoutEndedWindows(config: Config, nowMs: number): Config {
  const goesOn = (window: MaintenanceWindow) => 'cron' in window || Date.parse(window.start) + window.forMs > nowMs
  return {
    ...config,
    monitors: config.monitors.map((monitor) => ({ ...monitor, maintenance: monitor.maintenance.filter(goesOn) })),
  }
}

function isoDuration(minutes: number): string {
  const [days, hours, rest] = [Math.floor(minutes / 1440), Math.floor(minutes / 60) % 24, minutes % 60]
  const time = `${hours ? `${hours}H` : ''}${rest ? `${rest}M` : ''}`
  return `P${days ? `${days}D` : ''}${time ? `T${time}` : ''}`
}
