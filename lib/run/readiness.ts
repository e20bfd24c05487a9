import type {
  AskVantage,
  ControllerMemory,
  ControllerTable,
  ListOutcome,
  RecordStore,
  ZoneOutcome,
} from '../act/ports.ts'
import { dnsLimitMs } from '../decide/probe-now.ts'
import { isWriteCheckDue, type Readiness, readinessAfter } from '../decide/readiness.ts'
import { stateOf } from '../decide/readiness-record.ts'
import type { ReadinessFacts } from '../decide/readiness-terms.ts'
import { doomedBatch } from '../decide/swap-batch.ts'
import type { Failover } from '../model/failover.ts'
import type { Collected } from './collect.ts'

/** What a look at a failover's readiness needs of the world. */
export interface ReadinessPorts {
  /** Ids of the vantages. */
  vantages: readonly string[]
  /** What vantages see of the endpoints: asked now, or as they have published it. Never rejects. */
  collect(failover: Failover): Promise<Collected>
  ask: AskVantage
  /** Paced (`pacedRecords`) where an account's API is behind it. */
  records: RecordStore
  table: Pick<ControllerTable, 'read' | 'update'>
  wallClock(): number
}

/** So many vantages are asked about the delegation before it is left for the next look. */
const mostAsked = 3

/**
 * Looks at everything that a move would need, without moving anything, and keeps what it found in the controller's table.
 * Never rejects: what could not be found out is data too.
 */
export async function checkReadiness(failover: Failover, ports: ReadinessPorts): Promise<Readiness> {
  const nowMs = ports.wallClock()
  const memory = await ports.table.read(failover.id).catch(() => undefined)
  const [votes, zoned] = await Promise.all([ports.collect(failover), lookAtZone(failover, ports, memory, nowMs)])
  const facts: ReadinessFacts = {
    ...{ failover, vantages: ports.vantages, nowMs, votes, ...zoned, table: memory },
    ...(memory?.readiness && { before: memory.readiness }),
  }
  const readiness = readinessAfter(facts)
  const knownSinceMs = memory?.knownSinceMs ?? nowMs
  // As far as another controller has counted: none of ours is to have its number, should that change be stranded.
  const epoch = stateOf(facts)?.epoch ?? 0
  const seen = { ...(memory && epoch > memory.largestEpoch && { largestEpoch: epoch }) }
  const isKept = memory && (await isWritten(ports.table.update(failover.id, { readiness, knownSinceMs, ...seen })))
  return isKept || !memory ? readiness : readinessAfter({ ...facts, table: undefined })
}

function isWritten(update: Promise<void>): Promise<boolean> {
  return update.then(
    () => true,
    () => false,
  )
}

/** What Route 53 and the parent zone say; one that moves by health checks has nothing there that a controller would touch. */
async function lookAtZone(
  failover: Failover,
  ports: ReadinessPorts,
  memory: ControllerMemory | undefined,
  nowMs: number,
): Promise<Pick<ReadinessFacts, 'record' | 'zone' | 'delegation' | 'write'>> {
  if (failover.switch === 'health-check')
    return { record: 'unneeded', zone: 'unneeded', delegation: 'unneeded', write: 'unneeded' }
  const record = answered(await ports.records.list(failover))
  const zone = ports.records.zone ? answered(await ports.records.zone(failover)) : 'unneeded'
  // Where the API does not answer, or not to us, more calls are of no use.
  const mayAsk = record?.kind === 'listed'
  const isDue = mayAsk && isWriteCheckDue(memory?.readiness, nowMs)
  return {
    ...{ record, zone, delegation: await delegation(failover, zone, ports) },
    write: isDue ? await proveWrite(failover, ports.records) : undefined,
  }
}

/** What an API call found out, or that it was refused; undefined where it could not be carried out, or nobody knows. */
export function answered<T extends ListOutcome | ZoneOutcome>(
  outcome: T,
): Exclude<T, { kind: 'throttled' | 'unknown' }> | undefined {
  const isKnown = outcome.kind !== 'throttled' && outcome.kind !== 'unknown'
  return isKnown ? (outcome as Exclude<T, { kind: 'throttled' | 'unknown' }>) : undefined
}

/** What one vantage hears of the parent zone; the next is asked where the first is of no help. */
async function delegation(
  failover: Failover,
  zone: ReadinessFacts['zone'],
  { vantages, ask }: ReadinessPorts,
): Promise<ReadinessFacts['delegation']> {
  if (zone === 'unneeded') return 'unneeded'
  if (zone?.kind !== 'zone') return undefined
  if (zone.isPrivate) return 'unneeded'
  for (const vantage of vantages.slice(0, mostAsked)) {
    const answer = await ask(vantage, { ask: 'delegation', failover: failover.id }, dnsLimitMs)
    if (answer && 'nameServers' in answer) return answer.nameServers
  }
  return undefined
}

/**
 * A batch that must fail tells whether the controller may write: refused as invalid, it may; denied, it may not. That Route 53
 * asks who it is before it looks at the batch is how it was seen to behave, not a promise (docs/operations.md).
 */
async function proveWrite(failover: Failover, records: RecordStore): Promise<ReadinessFacts['write']> {
  const outcome = await records.change(failover, doomedBatch(failover))
  if (outcome.kind === 'denied') return outcome
  return outcome.kind === 'refused' || outcome.kind === 'written' ? 'allowed' : undefined
}
