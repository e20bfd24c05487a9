import type { ChangeOutcome, RecordStore } from '../act/ports.ts'
import { type Change, sizeOf } from '../decide/swap-batch.ts'
import type { Failover } from '../model/failover.ts'
import { pause } from './pause.ts'

/** Moves that begin within this time go together: an outage seldom moves one record alone. */
const gatherMs = 25
/** Half of what Route 53 takes in one batch, so that what it counts otherwise does not matter. */
const fill = 0.5
/** What a refused batch held is sent on its own for so long; what is not sent by then was not carried out, and is decided anew. */
const aloneWithinMs = 10_000

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
  const change = async (failover: Failover, changes: readonly Change[]): Promise<ChangeOutcome> => {
    try {
      return await store.change(failover, changes)
    } catch {
      // A port that breaks its promise: whoever waits is to fence, not to hang.
      return { kind: 'unknown' }
    }
  }
  const send = async (zone: string) => {
    await pause(gatherMs)
    const waiting = zones.get(zone) ?? []
    zones.delete(zone)
    for (const part of inBatches(waiting)) await sendTogether(change, part)
  }
  return {
    ...store,
    change: (failover, changes) =>
      new Promise((resolve) => {
        const one = { failover, changes, resolve }
        const others = zones.get(failover.hostedZoneId)
        if (others) return void others.push(one)
        zones.set(failover.hostedZoneId, [one])
        void send(failover.hostedZoneId)
      }),
  }
}

/** As many together as a batch holds; what is larger by itself is alone. */
function inBatches(waiting: readonly Waiting[]): Waiting[][] {
  const batches: Waiting[][] = []
  for (const one of waiting) {
    const last = batches.at(-1)
    if (last && sizeOf([...last, one].flatMap(({ changes }) => changes)) <= fill) last.push(one)
    else batches.push([one])
  }
  return batches
}

async function sendTogether(change: RecordStore['change'], waiting: readonly Waiting[]): Promise<void> {
  const [first] = waiting
  if (!first) return
  const outcome = await change(
    first.failover,
    waiting.flatMap(({ changes }) => changes),
  )
  const isWhole = outcome.kind !== 'refused' && outcome.kind !== 'denied'
  if (isWhole || waiting.length === 1) {
    for (const { resolve } of waiting) resolve(outcome)
    return
  }
  const untilMs = performance.now() + aloneWithinMs
  for (const { failover, changes, resolve } of waiting)
    resolve(performance.now() < untilMs ? await change(failover, changes) : { kind: 'throttled' })
}
