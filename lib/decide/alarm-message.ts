import type { VedetteEvent } from '../model/event.ts'
import type { AlarmMeaning } from './alarm-meanings.ts'
import type { NotifyInput } from './notice.ts'
import type { NotifyAsset } from './notify-asset.ts'
import { cut, oneLine } from './plain.ts'

/**
 * What CloudWatch publishes when an alarm changes its state, as far as it is needed; composite alarms have no more than this
 * (https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Notify_Users_Alarm_Changes.html).
 */
export interface AlarmMessage {
  AlarmName: string
  NewStateValue: 'OK' | 'ALARM' | 'INSUFFICIENT_DATA'
  NewStateReason?: unknown
  /** `2026-11-21T10:00:00.000+0000`. */
  StateChangeTime?: unknown
}

const states = ['OK', 'ALARM', 'INSUFFICIENT_DATA']

/** Whether it is a change of an alarm's state, though it may lack why and when; any other state means nothing here. */
export function isAlarmMessage(message: unknown): message is AlarmMessage {
  const { AlarmName, NewStateValue } = (message ?? {}) as Partial<Record<keyof AlarmMessage, unknown>>
  return typeof AlarmName === 'string' && AlarmName !== '' && states.includes(NewStateValue as string)
}

const longestReason = 1000

/** What an alarm's change of state means. No data is no news: it neither opens nor closes anything. */
export function alarmInputs(message: AlarmMessage, asset: NotifyAsset, nowMs: number): NotifyInput[] {
  const { AlarmName, NewStateValue, StateChangeTime } = message
  if (NewStateValue === 'INSUFFICIENT_DATA') return []
  // An alarm that is not ours but tells our topics is told as it is.
  const meaning = Object.hasOwn(asset.alarms, AlarmName) ? asset.alarms[AlarmName] : undefined
  const isOpen = NewStateValue === 'ALARM'
  const atMs = timeOf(StateChangeTime) ?? nowMs
  const event = eventOf(meaning ?? { is: 'fault', part: AlarmName }, message, asset, atMs)
  const speaks: NotifyInput[] =
    meaning?.is === 'silent' && meaning.isHome && !asset.isHome ? [{ kind: 'speaks', speaks: isOpen, atMs }] : []
  return [...speaks, ...(event ? [{ kind: 'event', event } as const] : [])]
}

function eventOf(
  meaning: AlarmMeaning,
  { NewStateValue, NewStateReason }: AlarmMessage,
  { service, env, records }: NotifyAsset,
  atMs: number,
): VedetteEvent | undefined {
  const isOpen = NewStateValue === 'ALARM'
  const head = { service, ...(env !== undefined && { env }), atMs }
  const reason = typeof NewStateReason === 'string' ? cut(oneLine(NewStateReason), longestReason) : ''
  switch (meaning.is) {
    case 'nothing':
      return undefined
    case 'down': {
      const { monitor, target, of } = meaning
      if (!isOpen) return { ...head, type: 'monitor.recovered', monitor, target, sinceMs: atMs }
      const seeing = latestValue(reason) ?? 0
      const blast = { vantages: [], seeing, of, families: [] }
      return { ...head, type: 'monitor.down', monitor, target, sinceMs: firstTime(reason) ?? atMs, blast }
    }
    case 'slow': {
      const { monitor, target, against } = meaning
      if (!isOpen) return { ...head, type: 'latency.normal', monitor, target, against }
      return { ...head, ...slowAs(meaning, reason, atMs) }
    }
    case 'burning': {
      const { is: _, ...about } = meaning
      if (!isOpen) return { ...head, type: 'budget.calm', ...about }
      return { ...head, type: 'budget.burning', ...about, detail: reason }
    }
    case 'blind': {
      const { vantage } = meaning
      if (!isOpen) return { ...head, type: 'vantage.seeing', vantage }
      return { ...head, type: 'vantage.blind', vantage, sinceMs: firstTime(reason) ?? atMs, detail: 'it has not voted' }
    }
    case 'certificate': {
      const days = latestValue(reason)
      if (!isOpen) return { ...head, type: 'certificate.renewed' }
      return {
        ...head,
        type: 'certificate.expiring',
        ...(days !== undefined && { daysRemaining: days }),
        detail: reason,
      }
    }
    case 'notReady': {
      const { failover } = meaning
      const record = records[failover] ?? failover
      if (!isOpen) return { ...head, type: 'failover.ready', failover, record }
      return { ...head, type: 'failover.notReady', failover, record, problems: [{ code: 'NOT_READY', detail: reason }] }
    }
    case 'silent':
    case 'fault': {
      const part = meaning.is === 'silent' ? `the controller in ${meaning.controller}` : meaning.part
      const detail = meaning.is === 'silent' ? 'it has said nothing for five minutes' : reason
      return isOpen ? { ...head, type: 'fault.opened', part, detail } : { ...head, type: 'fault.closed', part }
    }
  }
}

/** What a latency alarm that opened says: how slow, against what, since when. */
function slowAs(
  { monitor, target, against, statistic, isMeasured, limitMs }: Extract<AlarmMeaning, { is: 'slow' }>,
  reason: string,
  atMs: number,
) {
  const valueMs = isMeasured ? latestValue(reason) : undefined
  const limit = limitMs ?? upperThreshold(reason)
  return {
    ...({ type: 'latency.slow', monitor, target, against, statistic, sinceMs: firstTime(reason) ?? atMs } as const),
    ...(valueMs !== undefined && { valueMs }),
    ...(limit !== undefined && { limitMs: limit }),
  }
}

function timeOf(text: unknown): number | undefined {
  const ms = typeof text === 'string' ? Date.parse(text.replace(/\+0000$/, 'Z')) : Number.NaN
  return Number.isNaN(ms) ? undefined : ms
}

/** The newest of the values in `Threshold Crossed: 2 out of the last 3 datapoints [3.0 (21/11/26 10:01:00), 2.0 (…)]`. */
function latestValue(reason: string): number | undefined {
  const value = /\[(-?\d+(?:\.\d+)?(?:E-?\d+)?) \(/.exec(reason)?.[1]
  return value === undefined ? undefined : Number(value)
}

/** Up to where CloudWatch expected the newest: `… were greater than the upper thresholds [501.2, 500.3]`. */
function upperThreshold(reason: string): number | undefined {
  const value = /upper thresholds? \[(-?\d+(?:\.\d+)?(?:E-?\d+)?)/.exec(reason)?.[1]
  return value === undefined ? undefined : Number(value)
}

/** When the first of them was. CloudWatch writes days before months, in UTC. */
function firstTime(reason: string): number | undefined {
  const times = [...reason.matchAll(/\((\d\d)\/(\d\d)\/(\d\d) (\d\d:\d\d:\d\d)\)/g)]
  const all = times.map(([, day, month, year, clock]) => Date.parse(`20${year}-${month}-${day}T${clock}Z`))
  const first = Math.min(...all)
  return Number.isFinite(first) ? first : undefined
}
