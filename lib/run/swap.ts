import type { ChangeOutcome, RecordStore } from '../act/ports.ts'
import { type FlagPlan, startFlags, stepFlags } from '../decide/swap-flags.ts'
import { startSwap, step } from '../decide/swap-protocol.ts'
import type { Effect, Outcome, Page, SwapEvent, SwapPlan } from '../decide/swap-terms.ts'
import type { Failover } from '../model/failover.ts'

/** A hook to run; its key is the same for every repetition of one switch. */
export interface HookCall {
  name: 'before' | 'after'
  /** `failover/epoch`. */
  key: string
  to: string
}
export type HookOutcome = Extract<SwapEvent, { kind: 'hookOk' | 'hookFailed' | 'hookUnknown' }>

/** What a swap needs of the world. */
export interface SwapHost {
  records: RecordStore
  /** Runs a hook of a failover. Never rejects. */
  hook(failover: Failover, call: HookCall): Promise<HookOutcome>
  /** Keeps the largest epoch that is about to be used; rejects where it cannot, and then nothing is written. */
  remember(failover: string, largestEpoch: number): Promise<void>
  /** Whether this controller's own table locks a failover. Never rejects: one that cannot be read does. */
  isLocked(failover: string): Promise<boolean>
  /** Wakes someone, at once. */
  page(failover: string, pages: readonly Page[]): void
  /** Resolves after so long and, by chance, up to as long again. */
  pause(ms: number): Promise<void>
}

/**
 * Carries out a decided move, step by step as lib/decide/swap-protocol.ts says; gives how it ended, and the id of the last
 * change that was accepted.
 */
export async function runSwap(plan: SwapPlan, host: SwapHost): Promise<{ outcome: Outcome; changeId?: string }> {
  let next = startSwap(plan)
  let changeId: string | undefined
  for (;;) {
    const { state, effect, pages } = next
    if (pages.length > 0) host.page(plan.failover.id, pages)
    if (effect.kind === 'done') {
      await keepSeen(plan, effect.outcome, host)
      return { outcome: effect.outcome, ...(changeId !== undefined && { changeId }) }
    }
    const event = await carryOut(effect, plan.failover, state.largestEpoch, host)
    if ('changeId' in event) changeId = event.changeId
    next = step(state, event)
  }
}

/** Changes what the TXT alone says, step by step as lib/decide/swap-flags.ts says; gives how it ended. */
export async function runFlags(plan: FlagPlan, host: SwapHost): Promise<Outcome> {
  let { state, effect } = startFlags(plan)
  while (effect.kind !== 'done')
    ({ state, effect } = stepFlags(state, await carryOut(effect, plan.failover, state.largestEpoch, host)))
  await keepSeen(plan, effect.outcome, host)
  return effect.outcome
}

/** Keeps the largest epoch that was seen on the way, of whoever wrote it; that of our own write was kept before it. */
async function keepSeen(
  { failover, largestEpoch }: Pick<SwapPlan, 'failover' | 'largestEpoch'>,
  outcome: Outcome,
  { remember }: Pick<SwapHost, 'remember'>,
): Promise<void> {
  const isOurs = (outcome.kind === 'moved' || outcome.kind === 'written') && outcome.epoch === outcome.largestEpoch
  if (!isOurs && outcome.largestEpoch > largestEpoch) await remember(failover.id, outcome.largestEpoch).catch(() => {})
}

async function carryOut(
  effect: Exclude<Effect, { kind: 'done' }>,
  failover: Failover,
  largestEpoch: number,
  host: SwapHost,
): Promise<SwapEvent | ChangeOutcome> {
  switch (effect.kind) {
    case 'read': {
      const [listed, isLocked] = await Promise.all([host.records.list(failover), host.isLocked(failover.id)])
      return listed.kind === 'listed' ? { ...listed, isLocked } : listed
    }
    case 'write':
      try {
        await host.remember(failover.id, largestEpoch)
      } catch (error) {
        return { kind: 'denied', message: `the largest epoch could not be kept: ${(error as Error).message}` }
      }
      return host.records.change(failover, effect.changes)
    case 'hook':
      return host.hook(failover, effect)
    case 'pause':
      await host.pause(effect.ms)
      return { kind: 'paused' }
  }
}
