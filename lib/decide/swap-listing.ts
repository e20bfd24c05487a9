import type { Endpoint } from '../model/failover.ts'
import {
  type Attempt,
  finish,
  hookFailed,
  identityOf,
  read,
  refuse,
  type Step,
  sameIdentity,
  settled,
  write,
} from './swap-attempt.ts'
import { swapBatch, txtBatch } from './swap-batch.ts'
import { answerIn, answerOf, matchesAnswer, type RecordSet, rawOf, stateIn } from './swap-records.ts'
import type { SwapState } from './swap-state.ts'
import { claimHolds, type Identity, type Page, type SwapEvent } from './swap-terms.ts'

/** What a listing showed, with its TXT decoded. */
interface Seen {
  sets: RecordSet[]
  txt: SwapState
  text: string
  atMs: number
  isLocked: boolean
}

/** What to do after a listing of the record and its TXT. */
export function afterListing(
  attempt: Attempt,
  { sets, atMs, isLocked = false }: Extract<SwapEvent, { kind: 'listed' }>,
): Step {
  const found = stateIn(sets, attempt.plan.failover)
  if (found === 'missing') return refuse(attempt, 'TXT_MISSING', 'the TXT is gone: `failover adopt` writes it')
  if (found === 'unreadable')
    return refuse(attempt, 'TXT_UNREADABLE', 'the TXT is damaged: `failover adopt` repairs it')
  const { state: txt, text } = found
  const ours = txt.decision === attempt.plan.decision
  const open = attempt.inDoubt?.text === text
  const known: Attempt = {
    ...(open ? attempt : settled(attempt)),
    mayHaveMoved: attempt.mayHaveMoved || (attempt.inDoubt?.answer === true && !open && !ours),
    ...(ours && { basis: identityOf(txt) }),
    largestEpoch: Math.max(attempt.largestEpoch, txt.epoch),
    holdsClaim: txt.claim?.decision === attempt.plan.decision,
  }
  const seen: Seen = { sets, txt, text, atMs, isLocked }
  // Before anything is concluded: what was lost must be unable to land.
  return known.inDoubt !== undefined && known.goal === 'move' ? fence(known, seen) : judge(known, seen)
}

/** A TXT-only swap by ourselves: once it has landed, nothing that deletes the former text can. */
function fence(attempt: Attempt, seen: Seen): Step {
  return writeTxt(attempt, 'fence', seen, (own) => ({ ...seen.txt, ...own }))
}

function judge(attempt: Attempt, seen: Seen): Step {
  const { plan } = attempt
  const { txt, sets, text, atMs } = seen
  if (attempt.goal === 'release') return release(attempt, seen)
  const active = plan.failover.endpoints.find(({ id }) => id === txt.active)
  const target = plan.failover.endpoints.find(({ id }) => id === plan.to)
  if (!active || !target)
    return refuse(attempt, 'UNKNOWN_ENDPOINT', `no endpoint ${active ? plan.to : txt.active} is configured`)
  const reached = txt.active === plan.to && !txt.claim
  // An answer deletes the claim: while ours stands, none of ours did.
  if (attempt.mayHaveMoved && !attempt.holdsClaim && !reached)
    return finish(attempt, { kind: 'superseded', reason: 'OTHER_STATE', by: identityOf(txt) })

  const answer = answerIn(sets, plan.failover)
  const edited = !matchesAnswer(answer, answerOf(plan.failover, active))
  const edit = `the record does not answer as ${txt.active} should`
  // A listing is two calls, and a move may fall between them: only what is seen twice was done by hand.
  const disagreed = JSON.stringify([text, answer.map(rawOf)])
  const mayHaveMoved = attempt.mayHaveMoved || (reached && txt.decision === plan.decision)
  if (edited && attempt.disagreed !== disagreed && attempt.used.reads < plan.limits.reads)
    return read({ ...attempt, disagreed, mayHaveMoved })
  if (reached) {
    const kind = txt.decision === plan.decision ? 'moved' : 'alreadyDone'
    return finish(attempt, { kind, epoch: txt.epoch }, edited ? [{ code: 'EDITED', detail: edit }] : [])
  }
  if (txt.flags.locked) return refuse(attempt, 'LOCKED', 'the record is locked')
  if (seen.isLocked) return refuse(attempt, 'LOCKED', "this controller's table locks it, or cannot be read")
  if (txt.flags.latched) return refuse(attempt, 'LATCHED', 'the record is latched: it moved too often')
  // While our claim stands nobody else may move, so a flag set and taken back meanwhile changes nothing.
  if (!attempt.holdsClaim && !sameIdentity(txt, attempt.basis))
    return finish(attempt, { kind: 'superseded', reason: 'OTHER_STATE', by: identityOf(txt) })
  if (txt.claim && !attempt.holdsClaim && claimHolds(txt.claim, atMs, plan.claimMs))
    return finish(attempt, { kind: 'superseded', reason: 'CLAIMED', by: identityOf(txt.claim) })
  if (edited) return refuse(attempt, 'EDITED', edit)
  // A person may choose otherwise than a claim that nobody could complete.
  if (txt.claim && txt.claim.to !== plan.to && plan.by !== 'person')
    return refuse(attempt, 'CLAIMED_ELSEWHERE', `an expired claim holds the record for ${txt.claim.to}`)
  if (!attempt.holdsClaim && atMs > plan.goodUntilMs)
    return refuse(attempt, 'STALE', 'the votes became too old on the way: it is decided anew')
  return proceed(attempt, seen, target)
}

/** Takes the record out of the hands of a hook that failed. */
function release(attempt: Attempt, seen: Seen): Step {
  const { txt } = seen
  if (!attempt.holdsClaim) {
    if (txt.decision === attempt.plan.decision) return finish(attempt, hookFailed(attempt))
    return finish(attempt, { kind: 'superseded', reason: 'OTHER_STATE', by: identityOf(txt) })
  }
  const { claim: _, ...rest } = txt
  return writeTxt(attempt, 'release', seen, (own) => ({ ...rest, ...own }))
}

/** Nothing forbids it: the claim, then the hook, then the answer. */
function proceed(attempt: Attempt, seen: Seen, target: Endpoint): Step {
  const { plan, holdsClaim } = attempt
  const { txt, atMs } = seen
  const expired = txt.claim && !claimHolds(txt.claim, atMs, plan.claimMs) && !attempt.toldExpired
  const pages: Page[] = expired
    ? [{ code: 'CLAIM_EXPIRED', detail: `the claim of ${txt.claim?.decision} for ${txt.claim?.to} has expired` }]
    : []
  const told: Attempt = { ...attempt, toldExpired: attempt.toldExpired || pages.length > 0 }
  if (plan.failover.hooks.before && !holdsClaim) return claim(told, seen, pages)
  if (plan.failover.hooks.before && told.hook === 'due') return callHook(told, txt, pages)
  return point(told, seen, target, pages)
}

/** A claim that was another's keeps its epoch, and the hook with it its key; for another target it is another switch. */
function claim(attempt: Attempt, seen: Seen, pages: Page[]): Step {
  const { txt, atMs } = seen
  const { decision, to, claimMs } = attempt.plan
  const next = (own: Identity) => {
    const epoch = txt.claim?.to === to ? txt.claim.epoch : own.epoch
    const claim = { epoch, decision, to, expiresAtMs: atMs + claimMs }
    return { ...txt, ...own, claim }
  }
  return writeTxt(attempt, 'claim', seen, next, pages)
}

/** A write of the TXT alone: the answer stays as it is. */
function writeTxt(
  attempt: Attempt,
  what: 'claim' | 'release' | 'fence',
  { sets, text }: Seen,
  next: (own: Identity) => SwapState,
  pages: Page[] = [],
): Step {
  return write(attempt, what, text, next, (state) => txtBatch(sets, state, attempt.plan.failover), pages)
}

function callHook(attempt: Attempt, { claim }: SwapState, pages: Page[]): Step {
  const { plan, used } = attempt
  const state: Attempt = { ...attempt, waitingFor: 'hook', used: { ...used, hookCalls: used.hookCalls + 1 } }
  const key = `${plan.failover.id}/${claim?.epoch}`
  return { state, effect: { kind: 'hook', name: 'before', key, to: plan.to }, pages }
}

function point(attempt: Attempt, { txt, text, sets, atMs }: Seen, target: Endpoint, pages: Page[]): Step {
  const { failover, to, by } = attempt.plan
  const { claim: _, ...rest } = txt
  const switches = [{ atMs, from: txt.active, to, by }, ...txt.switches]
  const next = (own: Identity) => ({ ...rest, ...own, active: to, sinceMs: atMs, switches })
  const batch = (state: SwapState) => swapBatch(sets, answerOf(failover, target), state, failover)
  return write(attempt, 'answer', text, next, batch, pages)
}
