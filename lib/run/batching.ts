import type { ChangeOutcome, RecordStore } from '../act/ports.ts'
import type { Change } from '../decide/swap-batch.ts'
import type { Failover } from '../model/failover.ts'
import { pause } from './pause.ts'

/** Moves that begin within this time go together: an outage seldom moves one record alone. */
const gatherMs = 25
/** Of one batch; far below what Route 53 takes (1,000 records, 32,000 characters; each move has a few). */
const mostTogether = 30

interface Waiting {
  failover: Failover
  changes: readonly Change[]
  resolve(outcome: ChangeOutcome): void
}

/**
 * A store that sends changes of one zone together, as the API takes few calls a second from an account
 * (https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DNSLimitations.html). Where the batch is refused each goes alone:
 * one that no longer fits must not hold up the others.
 */
export function batching(store: RecordStore): RecordStore {
  const zones = new Map<string, Waiting[]>()
  const send = async (zone: string) => {
    await pause(gatherMs)
    const waiting = zones.get(zone) ?? []
    zones.delete(zone)
    for (let i = 0; i < waiting.length; i += mostTogether) await sendTogether(store, waiting.slice(i, i + mostTogether))
  }
  return {
    ...store,
    change: (failover, changes) =>
      new Promise((resolve, reject) => {
        const one = { failover, changes, resolve }
        const others = zones.get(failover.hostedZoneId)
        if (others) return void others.push(one)
        zones.set(failover.hostedZoneId, [one])
        send(failover.hostedZoneId).catch(reject)
      }),
  }
}

async function sendTogether(store: RecordStore, waiting: readonly Waiting[]): Promise<void> {
  const [first] = waiting
  if (!first) return
  const outcome = await store.change(
    first.failover,
    waiting.flatMap(({ changes }) => changes),
  )
  const isWhole = outcome.kind !== 'refused' && outcome.kind !== 'denied'
  if (isWhole || waiting.length === 1) {
    for (const { resolve } of waiting) resolve(outcome)
    return
  }
  for (const { failover, changes, resolve } of waiting) resolve(await store.change(failover, changes))
}
