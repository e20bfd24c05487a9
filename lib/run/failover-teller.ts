import type { ControllerTable, PublishMetrics } from '../act/ports.ts'
import type { FailoverAsset } from '../decide/failover-asset.ts'
import { phaseDatums, servePrimary } from '../decide/failover-metrics.ts'
import type { Datum } from '../decide/votes.ts'
import type { FailoverEvent } from './failover-event.ts'
import { logFailover } from './failover-log.ts'
import { type FailoverNotice, noticeOf } from './failover-notice.ts'
import type { Log } from './log.ts'

interface TellerHost {
  table: Pick<ControllerTable, 'read' | 'update'>
  publish: PublishMetrics
  tell(notice: FailoverNotice, event: unknown): Promise<void>
  log: Log
  wallClock(): number
}

/** The same is not told again within this. */
const repeatAfterMs = 30 * 60_000

/** Takes a controller's events: every one to the log, durations to the metrics, and to people what they have to know. */
export function createTeller({ service, region, failovers }: FailoverAsset, host: TellerHost) {
  const underWay = new Set<Promise<unknown>>()
  const aside = (work: Promise<unknown>) => {
    const done: Promise<unknown> = work
      .catch((error: Error) => host.log('error', 'failover.untold', { message: error.message }))
      .finally(() => underWay.delete(done))
    underWay.add(done)
  }
  const tell = async (event: FailoverEvent, notice: FailoverNotice) => {
    const { failover, atMs } = event
    const told = await host.table.read(failover).then(
      (memory) => memory.told,
      () => undefined,
    )
    if (told?.key === notice.key && atMs - told.atMs < repeatAfterMs) return
    await host.tell(notice, { vedette: 1, summary: notice.summary, service, region, event })
    await host.table.update(failover, { told: { key: notice.key, atMs } }).catch(() => {})
  }
  return {
    take: (event: FailoverEvent): void => {
      logFailover(host.log, event)
      const notice = noticeOf(event)
      if (notice) aside(tell(event, notice))
      const failover = failovers.find(({ id }) => id === event.failover)
      const datums = failover ? datumsOf(failover, event) : []
      if (datums.length > 0) aside(host.publish(datums))
    },
    /** Resolves when all is told. */
    settled: async (): Promise<void> => {
      while (underWay.size > 0) await Promise.all(underWay)
    },
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
