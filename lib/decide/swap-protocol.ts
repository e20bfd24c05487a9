import {
  type Attempt,
  claimAfter,
  finish,
  giveUp,
  hookFailed,
  pause,
  read,
  refuse,
  type Step,
  settled,
  type Writing,
} from './swap-attempt.ts'
import { afterListing } from './swap-listing.ts'
import { hookText, type SwapEvent, type SwapPlan } from './swap-terms.ts'

/** Begins to carry out a decided move. The host does what `effect` says and gives `step` what came of it, until `done`. */
export function startSwap(plan: SwapPlan): Step {
  return read({
    plan,
    basis: plan.basis,
    largestEpoch: Math.max(plan.largestEpoch, plan.basis.epoch),
    goal: 'move',
    hook: 'due',
    holdsClaim: false,
    mayHaveMoved: false,
    toldExpired: false,
    waitingFor: 'read',
    used: { reads: 0, writes: 0, hookCalls: 0, pauses: 0 },
  })
}

/**
 * What to do after an event.
 *
 * @throws Error for an event that does not answer the last effect: a fault of the host
 */
export function step(attempt: Attempt, event: SwapEvent): Step {
  const { waitingFor } = attempt
  if (typeof waitingFor === 'object') return afterWrite(attempt, waitingFor, event)
  if (waitingFor === 'read') return afterRead(attempt, event)
  if (waitingFor === 'hook') return afterHook(attempt, event)
  if (waitingFor === 'pause' && event.kind === 'paused') return read(attempt)
  return unexpected(attempt, event)
}

function unexpected({ waitingFor }: Attempt, { kind }: SwapEvent): never {
  const what = typeof waitingFor === 'object' ? waitingFor.what : waitingFor
  throw new Error(`expected an event that answers "${what}", got "${kind}"`)
}

function afterWrite(attempt: Attempt, { what, puts, deletes }: Writing, event: SwapEvent): Step {
  switch (event.kind) {
    case 'written':
      return written(settled({ ...attempt, basis: puts, holdsClaim: claimAfter(attempt, what) }), what, puts.epoch)
    case 'refused':
      return read(attempt)
    case 'throttled':
      return pause(attempt)
    case 'unknown':
      return read({
        ...attempt,
        inDoubt: { text: deletes, answer: what === 'answer' || attempt.inDoubt?.answer === true },
      })
    case 'denied':
      return refuse(attempt, 'DENIED', event.message)
    default:
      return unexpected(attempt, event)
  }
}

function written(attempt: Attempt, what: Writing['what'], epoch: number): Step {
  if (what === 'answer') return finish(attempt, { kind: 'moved', epoch })
  if (what === 'release') return finish(attempt, hookFailed(attempt))
  return read(attempt)
}

function afterHook(attempt: Attempt, event: SwapEvent): Step {
  const { plan, used } = attempt
  switch (event.kind) {
    case 'hookOk':
      return read({ ...attempt, hook: 'done' })
    case 'hookFailed':
      return read({ ...attempt, goal: 'release' }, [
        { code: 'HOOK_FAILED', detail: hookText(`before ${plan.to}`, event) },
      ])
    case 'hookUnknown':
      // It may have run: the same key again, or the claim stays for a take-over that uses the same key.
      if (used.hookCalls < plan.limits.hookCalls) return pause(attempt)
      return giveUp(attempt, 'HOOK', [{ code: 'HOOK_UNKNOWN', detail: hookText(`before ${plan.to}`, event) }])
    default:
      return unexpected(attempt, event)
  }
}

function afterRead(attempt: Attempt, event: SwapEvent): Step {
  switch (event.kind) {
    case 'listed':
      return afterListing(attempt, event)
    case 'throttled':
    case 'unknown':
      return pause(attempt)
    case 'denied':
      return refuse(attempt, 'DENIED', event.message)
    default:
      return unexpected(attempt, event)
  }
}
