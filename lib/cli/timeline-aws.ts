import { type AlarmChange, readAlarmChanges, readAlarms } from '../act/read-alarms.ts'
import { type LogLine, readLog } from '../act/read-log.ts'
import { type AlarmMeaning, alarmMeanings } from '../decide/alarm-meanings.ts'
import { failoverName, prefixOf, probeName } from '../decide/names.ts'
import type { StoredEvent } from '../local/history-events.ts'
import type { StoredTransition } from '../local/history-store.ts'
import type { Config } from '../model/config.ts'
import { readControllers, subjectOf, wordOf } from './aws-alarms.ts'
import { chosenMonitors } from './chosen-monitors.ts'
import { moveTimes } from './event-words.ts'
import { loadConfig } from './load-config.ts'
import { type Timeline, timelineOf } from './timeline.ts'

interface Asked {
  fromMs: number
  toMs: number
  isAsked(monitor: string): boolean
}

/**
 * A timeline from AWS: what home's alarms changed to, what each vantage saw change and why, what controllers did. What cannot be
 * read (a region that is out) is said and left out. Throws `UsageError` where no controller's alarms can be read.
 */
export async function readAwsTimeline(
  configFile: string | undefined,
  { fromMs, toMs, ids }: Pick<Asked, 'fromMs' | 'toMs'> & { ids: readonly string[] },
): Promise<Timeline> {
  const config = await loadConfig(configFile)
  const chosen = new Set(chosenMonitors(config, ids).map(({ id }) => id))
  const isAsked = (monitor: string) => chosen.has(monitor)
  const asked = { fromMs, toMs, isAsked }
  const { region, found, meanings, problems } = await readControllers(config, (region, prefix) =>
    readAlarmChanges(region, prefix, fromMs, toMs),
  )
  const known = news(found).flatMap((change) => {
    const meaning = meanings[change.name]
    const isMeant = meaning && meaning.is !== 'nothing' && (!('monitor' in meaning) || isAsked(meaning.monitor))
    return isMeant ? [{ change, meaning }] : []
  })
  const transitions = known.flatMap(({ change, meaning }) =>
    meaning.is === 'down' ? [transitionOf(change, meaning.monitor)] : [],
  )
  const alarms = known.flatMap(({ change, meaning }) => (meaning.is === 'down' ? [] : [alarmEvent(change, meaning)]))
  const before = openBefore(transitions, fromMs)
  const [standing, logged] = await Promise.all([downSince(region, config, asked), readLogs(config, asked)])
  const isUnchanged = ({ monitor }: StoredTransition) => !transitions.some((one) => one.monitor === monitor)
  const downAtStart = [...before, ...standing.found.filter(isUnchanged)]
  const timeline = timelineOf(transitions, downAtStart, [...alarms, ...logged.events], asked)
  return { ...timeline, problems: [...problems, ...standing.problems, ...logged.problems] }
}

/** Openings, and the closings of what was open: that a new alarm is OK, or has no data, is no news. */
function news(changes: readonly AlarmChange[]): AlarmChange[] {
  const open = new Set<string>()
  return changes.filter(({ name, from, to }) => {
    if (from === 'ALARM') open.add(name)
    if (to === 'INSUFFICIENT_DATA') return false
    const wasOpen = open.has(name)
    if (to === 'ALARM') open.add(name)
    else open.delete(name)
    return to === 'ALARM' ? !wasOpen : wasOpen
  })
}

/** What ends without having begun was down when the timeline begins; since when, alarms do not say. */
function openBefore(transitions: readonly StoredTransition[], fromMs: number): StoredTransition[] {
  const first = [...Map.groupBy(transitions, ({ monitor }) => monitor).values()].flatMap(([one]) => one ?? [])
  return first.flatMap((one): StoredTransition[] =>
    one.to === 'down' ? [] : [{ ...one, from: 'up', to: 'down', atMs: fromMs, firstAtMs: fromMs }],
  )
}

/** What is down since before the timeline begins: nothing of that is in the changes of its time. */
async function downSince(region: string, config: Config, { fromMs, isAsked }: Asked) {
  try {
    const alarms = await readAlarms(region, `${prefixOf(config)}-`)
    const meanings = alarmMeanings(config, region)
    const found = alarms.flatMap(({ name, state, sinceMs }) => {
      const meaning = meanings[name]
      const isMeant = meaning?.is === 'down' && isAsked(meaning.monitor) && state === 'ALARM' && sinceMs < fromMs
      return isMeant ? [transitionOf({ name, atMs: sinceMs, to: 'ALARM', summary: '' }, meaning.monitor)] : []
    })
    return { found, problems: [] }
  } catch (error) {
    return { found: [], problems: [`${region}: ${(error as Error).name}: ${(error as Error).message}`] }
  }
}

function transitionOf({ atMs, to }: AlarmChange, monitor: string): StoredTransition {
  const isDown = to === 'ALARM'
  return { monitor, from: isDown ? 'up' : 'down', to: isDown ? 'down' : 'up', atMs, firstAtMs: atMs, muted: false }
}

function alarmEvent({ atMs, to, summary }: AlarmChange, meaning: AlarmMeaning): StoredEvent {
  const text = `${to === 'ALARM' ? `alarm: ${wordOf(meaning)}` : `no longer ${wordOf(meaning)}`} (${summary})`
  return { atMs, kind: 'alarm', detail: { subject: subjectOf(meaning), text } }
}

/** Lines of all functions at once; a region that does not answer is a problem of its own. */
async function readLogs(
  config: Config,
  { fromMs, toMs, isAsked }: Asked,
): Promise<{ events: StoredEvent[]; problems: string[] }> {
  const problems: string[] = []
  const read = async (
    region: string,
    name: string,
    filterPattern: string,
    eventOf: (line: LogLine) => StoredEvent | undefined,
  ) => {
    try {
      const lines = await readLog(region, `/aws/lambda/${name}`, { fromMs, toMs, filterPattern })
      return lines.flatMap((line) => eventOf(line) ?? [])
    } catch (error) {
      problems.push(`${region}, log of ${name}: ${(error as Error).name}: ${(error as Error).message}`)
      return []
    }
  }
  const seen = (line: LogLine) => seenEvent(line, isAsked)
  const events = await Promise.all([
    ...config.vantages.map(({ id, region }) => read(region, probeName(config, id), '{ $.was = "*" }', seen)),
    ...(config.failovers.length === 0 ? [] : config.controllers).map((region) =>
      read(region, failoverName(config), '{ $.event = "failover.*" }', (line) => failoverEvent(line, region)),
    ),
  ])
  return { events: events.flat(), problems }
}

/** A result that was not what the one before it was (lib/decide/result-line.ts). */
function seenEvent({ atMs, message }: LogLine, isAsked: (monitor: string) => boolean): StoredEvent | undefined {
  const { monitor, vantage, status, was, startedAt, failure } = parsed(message)
  if (typeof monitor !== 'string' || !isAsked(monitor) || was === undefined) return undefined
  const { code, message: why } = (failure ?? {}) as { code?: string; message?: string }
  const text = `${status} from ${vantage}, was ${was}${code ? `: ${code}: ${why}` : ''}`
  const startedMs = Date.parse(String(startedAt))
  return { atMs: Number.isNaN(startedMs) ? atMs : startedMs, kind: 'result', detail: { subject: monitor, text } }
}

/** A line of a controller (lib/run/failover-log.ts), in the words of the log. */
function failoverEvent({ atMs, message }: LogLine, region: string): StoredEvent | undefined {
  const { event, failover, kind, to, why, level: _, time: __, ...more } = parsed(message)
  if (typeof event !== 'string') return undefined
  const { tookMs, downForMs } = more
  if (event === 'failover.swapped' && kind === 'moved' && typeof tookMs === 'number') {
    const times = moveTimes({ tookMs, ...(typeof downForMs === 'number' && { downForMs }) })
    return {
      atMs,
      kind: 'alarm',
      detail: { subject: `failover ${failover}`, text: `moved to ${to}${times}, said ${region}` },
    }
  }
  const what = `${event.replace('failover.', '')} ${kind ?? ''}`.trim()
  const [first] = Array.isArray(why) ? why : []
  const rest = event === 'failover.decided' ? (first ?? '') : JSON.stringify(more)
  const text = `${what}${to ? ` to ${to}` : ''}, said ${region}${rest && rest !== '{}' ? `: ${rest}` : ''}`
  return { atMs, kind: 'alarm', detail: { subject: `failover ${failover}`, text } }
}

function parsed(message: string): Record<string, unknown> {
  try {
    return JSON.parse(message) ?? {}
  } catch {
    return {}
  }
}
