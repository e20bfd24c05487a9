import type { Deliver, FindCauses, NotifyStore, PublishMetrics } from '../act/ports.ts'
import { alarmInputs, isAlarmMessage } from '../decide/alarm-message.ts'
import { describe } from '../decide/event-text.ts'
import type { NotifyInput, NotifyRules } from '../decide/notice.ts'
import type { NotifyAsset, NotifyTick } from '../decide/notify-asset.ts'
import { cut } from '../decide/plain.ts'
import { minuteMs } from '../decide/schedule.ts'
import type { VedetteEvent } from '../model/event.ts'
import type { FailoverEvent } from './failover-event.ts'
import { failoverTold } from './failover-told.ts'
import type { Log } from './log.ts'
import { Notifier } from './notifier.ts'

/** What SQS calls the function with, a batch at a time (https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html). */
export interface QueueEvent {
  Records: QueuedMessage[]
}

interface QueuedMessage {
  messageId: string
  body: string
  attributes?: { SentTimestamp?: string }
}

/** What the function that tells people needs of AWS. */
export interface NotifyFunctionHost {
  store: NotifyStore
  deliver: Deliver
  /** Gives a sign of life to the other controllers. */
  publish: PublishMetrics
  /** Looks up why monitors are down, where results are logged. */
  causes: FindCauses
  log: Log
  /** An id that no run had before. */
  newHolder(): string
  nowMs(): number
}

/** What the function is given, less than its time-out: what is not told then is told by the next tick. */
const drainWithinMs = 40_000

const longestText = 500

/** Causes are looked up for so many at once; of more, people are told without. */
const mostLookedUp = 5

/**
 * Tells people of what comes from the topics, and every minute of what is due. Messages may come twice and in any order. It
 * rejects where events could not be taken in, so that the queue hands them over again and in the end puts them aside.
 */
export function createNotifyFunction(asset: NotifyAsset, host: NotifyFunctionHost) {
  const monitors = new Map(asset.rules.monitors.map((monitor) => [monitor.id, monitor]))
  const rules: NotifyRules = { ...asset.rules, monitors }
  return async (event: QueueEvent | NotifyTick): Promise<void> => {
    const nowMs = host.nowMs()
    const isTick = !('Records' in event)
    const inputs = isTick ? [] : event.Records.flatMap((message) => inputsOf(message, asset, host))
    const notifier = new Notifier(rules, { ...host, holder: host.newHolder() })
    // Causes are looked up while the state is read: nobody waits longer than either takes.
    const [known] = await Promise.all([withCauses(inputs, host), notifier.start()])
    notifier.take(known)
    await notifier.drain(drainWithinMs)
    await notifier.stop()
    if (notifier.trouble) throw notifier.trouble
    if (isTick) await giveSign(asset, host, nowMs)
  }
}

/** What a message means; nothing of what others publish to the topics, which is for their other subscribers. */
function inputsOf(queued: QueuedMessage, asset: NotifyAsset, { log, nowMs }: NotifyFunctionHost): NotifyInput[] {
  const { body } = queued
  const message = parsed(body)
  const atMs = sentAt(queued, nowMs())
  if (isAlarmMessage(message)) return alarmInputs(message, asset, atMs)
  const told = ownEvents((message ?? {}) as OwnMessage, asset, atMs)
  if (!told) log('warn', 'notify.not understood', { message: body.slice(0, 100) })
  return (told ?? []).map((event) => ({ kind: 'event', event }))
}

/** When it was put into the queue, which is the same each time that it is handed over. */
function sentAt({ attributes }: QueuedMessage, nowMs: number): number {
  const sentMs = Number(attributes?.SentTimestamp)
  return sentMs > nowMs - longestQueuedMs && sentMs < nowMs ? sentMs : nowMs
}

/** A queue keeps nothing for longer (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html). */
const longestQueuedMs = 14 * 24 * 60 * minuteMs

/** What a controller says, or people who changed something; undefined where it is neither. */
function ownEvents({ vedette, event, change, ...more }: OwnMessage, asset: NotifyAsset, sentMs: number) {
  if (vedette !== 1) return undefined
  const named = { service: asset.service, ...(asset.env !== undefined && { env: asset.env }) }
  if (typeof change?.text === 'string') return [changeEvent(change.text, change.url, { ...named, atMs: sentMs })]
  try {
    // Of another version it may be of a type that is not known here, or of another shape.
    const isWhole = typeof event?.failover === 'string' && isTime(event.atMs)
    const record = isWhole ? (asset.records[event.failover] ?? event.failover) : ''
    const told: VedetteEvent[] | undefined = isWhole ? failoverTold(event, { ...named, record }) : undefined
    // What has no words would be in the way of everything that comes after it.
    for (const one of told ?? []) describe(one)
    if (told) return told
  } catch {}
  // The event was left out as it was too long, or says nothing here: its first line is told all the same.
  if (typeof more.summary !== 'string') return undefined
  const part = `the failover controller in ${typeof more.region === 'string' ? more.region : 'another region'}`
  const detail = cut(more.summary, longestText)
  return [{ ...named, atMs: sentMs, type: 'fault.opened', part, detail, forMs: unheardMs } satisfies VedetteEvent]
}

function isTime(ms: unknown): boolean {
  return typeof ms === 'number' && !Number.isNaN(new Date(ms).getTime())
}

/** A controller says again after half an hour what still holds. */
const unheardMs = 65 * 60_000

function changeEvent(text: string, url: unknown, head: Pick<VedetteEvent, 'service' | 'env' | 'atMs'>): VedetteEvent {
  const isUrl = typeof url === 'string' && url.length <= longestText && /^https?:\/\//.test(url)
  return { ...head, type: 'change', text: cut(text, longestText), ...(isUrl && { url }) }
}

/** What Vedette's own functions publish, and what a pipeline may (docs/notifications.md). */
interface OwnMessage {
  vedette?: number
  summary?: unknown
  region?: unknown
  event?: FailoverEvent
  change?: { text?: unknown; url?: unknown }
}

/** The text of a message: as it is, or in the envelope of a topic that does not deliver it raw. */
function parsed(body: string): unknown {
  try {
    const value = JSON.parse(body)
    return typeof value?.Message === 'string' && value.Type === 'Notification' ? parsed(value.Message) : value
  } catch {
    return undefined
  }
}

/** Alarms know how many vantages see a failure, but neither which nor why. */
async function withCauses(inputs: readonly NotifyInput[], { causes }: NotifyFunctionHost): Promise<NotifyInput[]> {
  const down = inputs.flatMap((input) =>
    input.kind === 'event' && input.event.type === 'monitor.down' ? [input.event] : [],
  )
  if (down.length === 0 || down.length > mostLookedUp) return [...inputs]
  const found = await causes(down.map(({ monitor }) => monitor))
  return inputs.map((input) => {
    if (input.kind !== 'event' || input.event.type !== 'monitor.down') return input
    const seen = found.get(input.event.monitor)
    if (!seen) return input
    const { seeing, of } = input.event.blast
    const { cause, ...blast } = seen
    return {
      kind: 'event',
      event: { ...input.event, cause, blast: { ...blast, of, seeing: Math.max(seeing, blast.vantages.length) } },
    }
  })
}

async function giveSign({ region }: NotifyAsset, { publish, log }: NotifyFunctionHost, nowMs: number): Promise<void> {
  const atMs = Math.floor(nowMs / minuteMs) * minuteMs
  const dimensions = { Controller: region }
  const reports = await publish([
    { metric: 'Heartbeat', dimensions, atMs, values: [1], unit: 'Count', homeOnly: false },
  ])
  for (const { message, ...rest } of reports)
    if (message !== undefined) log('warn', 'notify.no sign', { ...rest, message })
}
