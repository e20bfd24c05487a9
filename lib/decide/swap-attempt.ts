import { batchProblems, type Change } from './swap-batch.ts'
import { lastEpoch, type SwapState } from './swap-state.ts'
import type { Effect, Ending, Identity, Page, Refusal, SwapPlan } from './swap-terms.ts'

/** One controller's attempt to carry out a plan: plain data, changed by copying only. */
export interface Attempt {
  plan: SwapPlan
  /** The one state that may be acted on now: the plan's, then those that we wrote ourselves. */
  basis: Identity
  largestEpoch: number
  /** The text that writes of unknown outcome delete: while it stands, any of them may land; a new answer may be among them. */
  inDoubt?: { text: string; answer: boolean }
  /** A new answer of ours, its outcome unknown, may have stood until another decision wrote over it. */
  mayHaveMoved: boolean
  goal: 'move' | 'release'
  hook: 'due' | 'done'
  /** Our claim is in the TXT, as far as we know. */
  holdsClaim: boolean
  toldExpired: boolean
  /** The TXT and answer that disagreed when last read. */
  disagreed?: string
  waitingFor: 'read' | 'hook' | 'pause' | 'nothing' | Writing
  used: { reads: number; writes: number; hookCalls: number; pauses: number }
}

/** A write under way: what it puts, and the text that it deletes. */
export interface Writing {
  what: 'claim' | 'release' | 'fence' | 'answer'
  puts: Identity
  deletes: string
}

/** One step: the attempt after it, what the host does next, and whom it wakes. */
export interface Step {
  state: Attempt
  effect: Effect
  pages: Page[]
}

/** The identity alone of what has one: a TXT's state, a claim. */
export function identityOf({ epoch, decision }: Identity): Identity {
  return { epoch, decision }
}

/** Whether both are of the same switch by the same decision. */
export function sameIdentity(a: Identity, b: Identity): boolean {
  return a.epoch === b.epoch && a.decision === b.decision
}

/** Reads again, unless it has been done often enough. */
export function read(attempt: Attempt, pages: Page[] = []): Step {
  const { used, plan } = attempt
  if (used.reads >= plan.limits.reads) return giveUp(attempt, 'READS', pages)
  const state: Attempt = { ...attempt, waitingFor: 'read', used: { ...used, reads: used.reads + 1 } }
  return { state, effect: { kind: 'read' }, pages }
}

const firstPauseMs = 500
const longestPauseMs = 8000

/** How long to wait after so many pauses: twice as long each time. */
export function pauseMs(pauses: number): number {
  return Math.min(longestPauseMs, firstPauseMs * 2 ** pauses)
}

/** Waits before it reads again. */
export function pause(attempt: Attempt): Step {
  const { used } = attempt
  const state: Attempt = { ...attempt, waitingFor: 'pause', used: { ...used, pauses: used.pauses + 1 } }
  return { state, effect: { kind: 'pause', ms: pauseMs(used.pauses) }, pages: [] }
}

/**
 * Writes the state that `next` makes of our epoch and decision, as far as bounds allow: a claim or an answer leaves enough
 * of them to fence it, and to release the claim.
 */
export function write(
  attempt: Attempt,
  what: Writing['what'],
  deletes: string,
  next: (own: Identity) => SwapState,
  batch: (state: SwapState) => Change[],
  pages: Page[] = [],
): Step {
  const { plan, used } = attempt
  const reserve = what === 'claim' || what === 'answer' ? 2 : 0
  if (used.writes + reserve >= plan.limits.writes) return giveUp(attempt, 'WRITES', pages)
  const epoch = attempt.largestEpoch + 1
  if (epoch > lastEpoch) return refuse(attempt, 'NO_EPOCH_LEFT', `the last one was ${attempt.largestEpoch}`, pages)
  const puts: Identity = { epoch, decision: plan.decision }
  const changes = batch(next(puts))
  const problems = batchProblems(changes, plan.failover)
  if (problems.length > 0) return refuse(attempt, 'INVALID_BATCH', problems.join('; '), pages)
  const state: Attempt = {
    ...attempt,
    // Counted as seen: should this write be lost and land late, no other of ours has its epoch.
    largestEpoch: epoch,
    waitingFor: { what, puts, deletes },
    used: { ...used, writes: used.writes + 1 },
  }
  return { state, effect: { kind: 'write', what, changes }, pages }
}

/** Refusals without a page of their own, as they are nobody's fault: the decision was too late, or a person wants it so. */
export const quietRefusals: readonly Refusal[] = ['LOCKED', 'LATCHED', 'STALE']

/** Ends the attempt without a move, and pages for it unless it is nobody's fault. */
export function refuse(attempt: Attempt, reason: Refusal, detail: string, pages: Page[] = []): Step {
  const page: Page[] = quietRefusals.includes(reason) ? [] : [{ code: reason, detail }]
  return finish(attempt, { kind: 'refused', reason, detail }, [...pages, ...page])
}

/** Ends the attempt at its bounds, and pages. */
export function giveUp(attempt: Attempt, reason: 'READS' | 'WRITES' | 'HOOK', pages: Page[] = []): Step {
  const detail = `after ${attempt.used.reads} reads, ${attempt.used.writes} writes, ${attempt.used.hookCalls} hook calls`
  return finish(attempt, { kind: 'gaveUp', reason }, [...pages, { code: 'GAVE_UP', detail }])
}

/** Ends the attempt, and pages for whatever it leaves behind. */
export function finish(attempt: Attempt, ending: Ending, pages: Page[] = []): Step {
  const { largestEpoch, holdsClaim, plan } = attempt
  const inDoubt = attempt.inDoubt !== undefined
  const reached = ending.kind === 'moved' || ending.kind === 'alreadyDone'
  const left: Page[] = []
  if (inDoubt) left.push({ code: 'IN_DOUBT', detail: `a write of ${plan.decision} may still land` })
  if (holdsClaim && !reached) left.push({ code: 'CLAIM_LEFT', detail: `the record stays claimed for ${plan.to}` })
  // What ran cannot be undone here: a promoted database may now wait for traffic that does not come.
  if (attempt.hook === 'done' && !reached)
    left.push({ code: 'HOOK_RAN', detail: `the hook for ${plan.to} ran, and the record did not move` })
  const outcome = { ...ending, largestEpoch, inDoubt, claimLeft: holdsClaim && !reached }
  return { state: { ...attempt, waitingFor: 'nothing' }, effect: { kind: 'done', outcome }, pages: [...pages, ...left] }
}

/** A write that landed took the text that all lost ones wanted to delete: they never will. */
export function settled<A extends { inDoubt?: unknown }>(attempt: A): Omit<A, 'inDoubt'> {
  const { inDoubt: _, ...rest } = attempt
  return rest
}

/** Whether our claim is in the TXT once a write of ours has landed. */
export function claimAfter({ holdsClaim }: Attempt, what: Writing['what']): boolean {
  return what === 'claim' || (what === 'fence' && holdsClaim)
}

/** The end of an attempt whose hook failed, once its claim is released. */
export function hookFailed({ plan }: Attempt) {
  const detail = `the hook before ${plan.to} failed, and the claim is released`
  return { kind: 'refused', reason: 'HOOK_FAILED', detail } as const
}
