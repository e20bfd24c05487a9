import type { AskVantage, ControllerTable, RecordStore } from '../act/ports.ts'
import type { DrillOutcome } from '../decide/drill.ts'
import type { Readiness } from '../decide/readiness.ts'
import { canonicalName } from '../model/dns-answer.ts'
import { age } from '../model/duration.ts'
import type { Failover } from '../model/failover.ts'
import type { Monitor } from '../model/monitor.ts'
import type { Collected } from './collect.ts'
import type { Controller } from './controller.ts'
import { runDrill } from './drill.ts'
import type { FailoverEvent } from './failover-event.ts'
import { failoverNamed } from './named.ts'
import { checkReadiness } from './readiness.ts'
import { createPacer, pacedRecords } from './readiness-pacer.ts'

/** What looking after failovers needs of the world, beside the controller that decides. */
export interface UpkeepHost {
  vantages: readonly string[]
  monitors: readonly Pick<Monitor, 'id' | 'timeoutMs'>[]
  ask: AskVantage
  collect(failover: Failover): Promise<Collected>
  records: RecordStore
  table: ControllerTable
  controller: Controller
  emit(event: FailoverEvent): void
  wallClock(): number
  pause(ms: number): Promise<void>
  newDecision(): string
  /** Ends a drill early. */
  stopping: AbortSignal
}

/** Reads that nothing waits for: one call a second leaves an account's calls to what is urgent. */
const apiEveryMs = 1000
/** A failover that wanted to move within this is a real decision, which drills give way to. */
const busyMs = 3 * 60_000

/** What is done for failovers while nothing happens: looks at their readiness, and drills. */
export function createUpkeep(failovers: readonly Failover[], host: UpkeepHost) {
  // A zone of our own has no limits.
  const records = host.records.zone ? pacedRecords(host.records, createPacer(apiEveryMs, host)) : host.records
  const quiet = { ...host, records }
  return {
    /** Looks at one; what has changed since the last look is told. */
    look: async (failover: Failover): Promise<void> => {
      const { id } = failover
      const before = await host.table.read(id).then(
        ({ readiness }) => readiness,
        () => undefined,
      )
      const now = await checkReadiness(failover, quiet)
      host.controller.setReadiness(id, now)
      if (codesOf(now) === codesOf(before)) return
      host.emit({ type: 'readiness', failover: id, problems: now.problems, atMs: now.atMs })
    },
    /** Drills one, now. Rejects for an unknown failover. */
    drill: async (id: string): Promise<DrillOutcome> => {
      const failover = failoverNamed(id, failovers)
      const outcome = await runDrill(failover, { ...quiet, whyBusy: (zone) => whyBusy(zone, failovers, host) })
      host.emit({ type: 'drill', failover: id, ...outcome })
      return outcome
    },
    /** Notes one that passed at another controller, unless a later one is known. Rejects where it cannot be noted. */
    drilled: async (id: string, atMs: number): Promise<void> => {
      const failover = failoverNamed(id, failovers)
      if (!Number.isFinite(atMs)) throw new Error(`expected the time of a drill in ms, got ${JSON.stringify(atMs)}`)
      const { drilledAtMs = 0 } = await host.table.read(failover.id)
      if (atMs > drilledAtMs) await host.table.update(failover.id, { drilledAtMs: Math.min(atMs, host.wallClock()) })
    },
  }
}

function codesOf(readiness: Readiness | undefined): string {
  return (readiness?.problems ?? [])
    .map(({ code, endpoint = '' }) => `${code} ${endpoint}`)
    .sort()
    .join()
}

/** The real decision that a zone is left to, here or lately in another process, and until when; undefined where there is none. */
async function whyBusy(zone: string, failovers: readonly Failover[], host: UpkeepHost): Promise<string | undefined> {
  const ids = failovers.filter((one) => canonicalName(one.zone) === canonicalName(zone)).map(({ id }) => id)
  const [deciding] = ids.filter((id) => host.controller.isBusy([id]))
  if (deciding !== undefined)
    return `a decision on ${deciding} is under way in ${zone}: try again when it has been made ("vedette failover status")`
  const nowMs = host.wallClock()
  const wanted = await host.table.wanted()
  // What a clock dated far ahead, before it was set right, is not lately.
  const sinceMs = (id: string) => Math.abs(nowMs - (wanted[id] ?? Number.NEGATIVE_INFINITY))
  const [latest] = ids.toSorted((a, b) => sinceMs(a) - sinceMs(b))
  if (latest === undefined || sinceMs(latest) >= busyMs) return undefined
  const waitMs = busyMs - sinceMs(latest)
  return `${latest} wanted to move ${age(sinceMs(latest))} ago: try again in ${age(waitMs + 1000)}`
}
