import { activeReason, blindness, chosenReason, measured, sustainReason, whyNot } from './failover-explain.ts'
import type { Decision, FailoverFacts, RefusalCode, Verdict } from './failover-facts.ts'
import { guardsOf } from './failover-guards.ts'
import type { Reason } from './failover-reasons.ts'
import {
  activeIsDown,
  type Count,
  countRounds,
  type HeldTarget,
  heldSinceMs,
  heldTargets,
  isBlind,
  type Scene,
  targetsOf,
} from './failover-targets.ts'
import { failoverQuorum, type Quorum } from './quorum.ts'
import { claimHolds } from './swap-terms.ts'

/**
 * Decides whether traffic moves, and where. Takes all that is known now and gives what is to be done, with every reason
 * for it. Whoever acts on it collects facts anew and decides again before the next step.
 */
export function decideFailover(facts: FailoverFacts): Decision {
  const quorum = failoverQuorum(facts.failover.quorum, facts.vantages.length)
  const rounds = countRounds(facts)
  const verdict = judge(facts, quorum, rounds)
  return inMode(facts, { ...verdict, reasons: [...verdict.reasons, ...measured(facts, quorum, rounds.at(-1))] })
}

/** Whether this failover wants to move by itself, held back or not: what the others count for `maxConcurrent`. */
export function wantsToMove(decision: Decision): boolean {
  if (decision.kind === 'report') return wantsToMove(decision.would)
  return decision.kind !== 'stay' && decision.to !== undefined && decision.why !== 'request'
}

/** The decision as if the mode were auto. */
function judge(facts: FailoverFacts, quorum: Quorum, rounds: readonly Count[]): Verdict {
  const { active: id, claim, request, nowMs, failover } = facts
  const byMachine = request === undefined
  if (id === undefined) return refuse({ code: 'txt-unreadable' }, byMachine)
  const active = failover.endpoints.find((endpoint) => endpoint.id === id)
  if (!active) return refuse({ code: 'active-unknown', endpoint: id }, byMachine)

  const wrong = wrongRequest(facts)
  if (wrong) return wrong
  if (claim && !claim.mine && claimHolds(claim, nowMs)) {
    const { to, expiresAtMs } = claim
    return { kind: 'stay', page: false, reasons: [{ code: 'claim-foreign', to, expiresAtMs }] }
  }

  const last = rounds.at(-1)
  if (!last || isBlind(last, id, quorum)) return refuse(blindness(facts.vantages, id, quorum, last), true)
  const scene = { facts, quorum, active, rounds, last }
  const held = heldTargets(scene, targetsOf(scene))
  return withClaim(facts, held.length ? choose(scene, held) : withoutTarget(scene))
}

/** A request that no vote can make right. */
function wrongRequest({ request, failover, active, claim, nowMs }: FailoverFacts): Verdict | undefined {
  if (!request) return undefined
  const known = failover.endpoints.map(({ id }) => id)
  if (!known.includes(request.to)) return refuse({ code: 'unknown-endpoint', endpoint: request.to, known }, false)
  if (request.to === active) return refuse({ code: 'already-active', endpoint: request.to }, false)
  if (!claim?.mine || !claimHolds(claim, nowMs) || claim.to === request.to) return undefined
  const { to, expiresAtMs } = claim
  return refuse({ code: 'claimed', to, asked: request.to, expiresAtMs }, false)
}

/** Takes the first target that has held for long enough, or waits for the one that will have done so first. */
function choose(scene: Scene, held: readonly HeldTarget[]): Verdict {
  const { facts, active } = scene
  const { sustainMs } = facts.failover
  const ready = held.find(({ heldMs }) => heldMs >= sustainMs)
  const target = ready ?? held.reduce((best, one) => (one.sinceMs < best.sinceMs ? one : best))
  const { to, why } = target
  const { stops, left } = guardsOf(facts, active.id)
  const because: Reason[] = [
    chosenReason(scene, target),
    sustainReason(scene, target),
    ...left.map(({ code }): Reason => ({ code: 'left-to-a-person', guard: code })),
    ...(why === 'request' || why === 'take-over' ? [] : whyNot(scene, held, to)),
  ]

  const [first] = stops
  // A person is told at once what stands in the way; a page waits until the votes have proved to be no blip.
  if (first && (ready || facts.request)) {
    const isLimited = stops.some(({ code }) => code === 'max-per-day' || code === 'max-concurrent')
    const page = !facts.request && (why !== 'failback' || isLimited)
    const latch = first.code === 'max-per-day'
    return { kind: 'refuse', code: first.code, latch, page, to, why, reasons: [...stops, ...because] }
  }
  if (ready) return { kind: 'move', to, why, page: false, reasons: because }
  return { kind: 'wait', untilMs: target.sinceMs + sustainMs, to, why, page: false, reasons: [...because, ...stops] }
}

/** Nothing to move to, or nothing to move for. */
function withoutTarget(scene: Scene): Verdict {
  const { facts, active, quorum, last, rounds } = scene
  const { request, claim, failover } = facts
  const reasons = [activeReason(scene), ...whyNot(scene, [])]
  const votesUp = (id: string) => last.of(id).up.length
  if (request) {
    const { to: endpoint } = request
    if (votesUp(endpoint) >= quorum.pass) return refuse({ code: 'not-needed', endpoint }, false, reasons)
    return refuse({ code: 'target-not-up', endpoint, up: votesUp(endpoint), pass: quorum.pass }, false)
  }
  if (claim) return refuse({ code: 'claim-unfit', to: claim.to }, true)

  const downSinceMs = heldSinceMs(rounds, (round) => activeIsDown(scene, round))
  if (downSinceMs === undefined) return { kind: 'stay', page: false, reasons }
  // A standby that lost a packet gets as long to show that it is up as the active endpoint to show that it is down.
  const untilMs = downSinceMs + failover.sustainMs
  if (last.atMs < untilMs)
    return { kind: 'wait', untilMs, page: false, reasons: [{ code: 'no-target-yet', untilMs }, ...reasons] }

  const others = failover.endpoints.map(({ id }) => id).filter((id) => id !== active.id)
  const up = others.filter((id) => votesUp(id) >= quorum.pass)
  if (up.length === 0) return refuse({ code: 'nothing-up', endpoints: others, pass: quorum.pass }, true, reasons)
  return refuse({ code: 'no-better-target', endpoints: up, activeUp: votesUp(active.id) }, true, reasons)
}

/** An expired claim pages, whatever becomes of it: its hook may have run. */
function withClaim({ claim, nowMs }: FailoverFacts, verdict: Verdict): Verdict {
  if (!claim || claimHolds(claim, nowMs)) return verdict
  const { to, mine, expiresAtMs: expiredAtMs } = claim
  const reasons: Reason[] = [...verdict.reasons, { code: 'claim-expired', to, expiredAtMs, mine }]
  return { ...verdict, page: verdict.kind !== 'wait', reasons }
}

/** What becomes of a verdict where the mode is not auto. A person's request is carried out in any mode. */
function inMode({ failover: { mode }, request }: FailoverFacts, verdict: Verdict): Decision {
  if (request || mode === 'auto' || verdict.kind === 'stay') return verdict
  if (mode === 'approve') return verdict.kind === 'move' ? { ...verdict, kind: 'ask' } : verdict
  // A dry run sees the decision through; to observe is to measure once.
  if (mode === 'dry-run' && verdict.kind === 'wait') return verdict
  return { kind: 'report', mode, would: verdict, page: false, reasons: verdict.reasons }
}

/** A refusal that is led by its own reason. */
function refuse(reason: Extract<Reason, { code: RefusalCode }>, page: boolean, more: Reason[] = []): Verdict {
  return { kind: 'refuse', code: reason.code, latch: false, page, reasons: [reason, ...more] }
}
