import type { ControllerMemory, ControllerTable, PublishMetrics } from '../act/ports.ts'
import type { FailoverAsset } from '../decide/failover-asset.ts'
import { phaseDatums, servePrimary } from '../decide/failover-metrics.ts'
import type { Datum } from '../decide/votes.ts'
import { createAside } from './aside.ts'
import type { FailoverEvent } from './failover-event.ts'
import { logFailover } from './failover-log.ts'
import { type FailoverNotice, noticeOf } from './failover-notice.ts'
import type { Log } from './log.ts'

/** What a topic is sent. */
export interface FailoverMessage {
  /** The version of this shape. */
  vedette: 1
  summary: string
  service: string
  region: string
  /** Left out where it is too long for SNS. */
  event: FailoverEvent
}

interface TellerHost {
  table: Pick<ControllerTable, 'read' | 'update'>
  publish: PublishMetrics
  tell(notice: FailoverNotice, message: FailoverMessage): Promise<void>
  log: Log
  wallClock(): number
}

/** The same is not told again within this. */
const repeatAfterMs = 30 * 60_000
/** So much is remembered of what a failover had to tell. */
const mostTold = 20
/** So much is kept of what nobody took, to be told at the next call; each minute brings one. */
const mostUntold = 20

type Told = NonNullable<ControllerMemory['told']>

/** Takes a controller's events: every one to the log, durations to the metrics, and to people what they have to know. */
export function createTeller({ service, region, failovers }: FailoverAsset, host: TellerHost) {
  const aside = createAside()
  const begin = (work: Promise<unknown>) =>
    aside.begin(work.catch((error: Error) => host.log('error', 'failover.untold', { message: error.message })))
  // Beside the table, which may be what cannot be read.
  const toldHere = new Map<string, Told>()
  const turns = new Map<string, Promise<unknown>>()
  const tell = async (event: FailoverEvent, notice: FailoverNotice) => {
    const { failover, atMs } = event
    const kept = await host.table.read(failover).then(
      (memory) => memory.told ?? [],
      () => [],
    )
    const told = [...kept, ...(toldHere.get(failover) ?? [])].filter((one) => atMs - one.atMs < repeatAfterMs)
    if (told.some(({ key }) => key === notice.key)) return
    await host.tell(notice, { vedette: 1, summary: notice.summary, service, region, event })
    const now = [...new Map([...told, { key: notice.key, atMs }].map((one) => [one.key, one])).values()].slice(
      -mostTold,
    )
    toldHere.set(failover, now)
    await host.table.update(failover, { told: now }).catch(() => {})
  }
  /** One after the other for each failover: the second is to know of the first. */
  const inTurn = (failover: string, work: () => Promise<void>) => {
    const turn = (turns.get(failover) ?? Promise.resolve()).catch(() => {}).then(work)
    turns.set(failover, turn)
    return turn
  }
  const untold: { event: FailoverEvent; notice: FailoverNotice }[] = []
  const tellOrKeep = (event: FailoverEvent, notice: FailoverNotice) =>
    begin(
      inTurn(event.failover, () =>
        tell(event, notice).catch((error: Error) => {
          untold.push({ event, notice })
          untold.splice(0, untold.length - mostUntold)
          throw error
        }),
      ),
    )
  return {
    /** Tells what could not be told before. */
    retry: (): void => {
      for (const { event, notice } of untold.splice(0)) tellOrKeep(event, notice)
    },
    take: (event: FailoverEvent): void => {
      logFailover(host.log, event)
      const notice = noticeOf(event)
      if (notice) tellOrKeep(event, notice)
      const failover = failovers.find(({ id }) => id === event.failover)
      const datums = failover ? datumsOf(failover, event) : []
      if (datums.length > 0) begin(host.publish(datums))
    },
    /** Resolves when all is told. */
    settled: aside.settled,
  }
}

function datumsOf(failover: FailoverAsset['failovers'][number], event: FailoverEvent): Datum[] {
  const { atMs } = event
  if (event.type === 'swapped' && event.outcome.kind === 'moved') {
    // Health checks are not to wait for the next minute.
    const isServed = failover.switch === 'health-check' ? [servePrimary(failover, event.to, atMs)] : []
    return [...phaseDatums(failover, { change: event.tookMs }, atMs), ...isServed]
  }
  if (event.type !== 'verified') return []
  const { inSyncMs, servedMs, answeredMs } = event
  return phaseDatums(failover, { insync: inSyncMs, served: servedMs, answered: answeredMs }, atMs)
}
