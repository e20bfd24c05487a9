import type { RecordStore } from '../act/ports.ts'
import { type FlagPlan, startFlags, stepFlags } from '../decide/swap-flags.ts'
import { startSwap, step } from '../decide/swap-protocol.ts'
import type { Effect, Outcome, Page, SwapEvent, SwapPlan } from '../decide/swap-terms.ts'

type HookEffect = Extract<Effect, { kind: 'hook' }>
export type HookOutcome = Extract<SwapEvent, { kind: 'hookOk' | 'hookFailed' | 'hookUnknown' }>

/** What a swap needs of the world. */
export interface SwapHost {
  records: RecordStore
  /** Runs the hook before a move. Never rejects. */
  hook(effect: HookEffect): Promise<HookOutcome>
  /** Resolves after so long and, by chance, up to as long again. */
  pause(ms: number): Promise<void>
}

/** Carries out a decided move, step by step as lib/decide/swap-protocol.ts says; gives how it ended and whom to wake. */
export async function runSwap(plan: SwapPlan, host: SwapHost): Promise<{ outcome: Outcome; pages: Page[] }> {
  let { state, effect, pages } = startSwap(plan)
  const all = [...pages]
  while (effect.kind !== 'done') {
    ;({ state, effect, pages } = step(state, await carryOut(effect, plan, host)))
    all.push(...pages)
  }
  return { outcome: effect.outcome, pages: all }
}

/** Changes what the TXT alone says, step by step as lib/decide/swap-flags.ts says; gives how it ended. */
export async function runFlags(plan: FlagPlan, host: SwapHost): Promise<Outcome> {
  let { state, effect } = startFlags(plan)
  while (effect.kind !== 'done') ({ state, effect } = stepFlags(state, await carryOut(effect, plan, host)))
  return effect.outcome
}

async function carryOut(
  effect: Exclude<Effect, { kind: 'done' }>,
  { failover }: Pick<SwapPlan, 'failover'>,
  host: SwapHost,
): Promise<SwapEvent> {
  switch (effect.kind) {
    case 'read':
      return host.records.list(failover)
    case 'write':
      return host.records.change(failover, effect.changes)
    case 'hook':
      return host.hook(effect)
    case 'pause':
      await host.pause(effect.ms)
      return { kind: 'paused' }
  }
}
