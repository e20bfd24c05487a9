import type { Endpoint } from '../model/failover.ts'
import type { FailoverFacts, Why } from './failover-facts.ts'
import type { Reason } from './failover-reasons.ts'
import { type Quorum, type Tally, tally } from './quorum.ts'

/** The facts of a decision, counted; there is at least one round, and the last one is not blind. */
export interface Scene {
  facts: FailoverFacts
  quorum: Quorum
  active: Endpoint
  rounds: readonly Count[]
  last: Count
}

/** The votes of one round on each endpoint. */
export interface Count {
  atMs: number
  of: (endpoint: string) => Tally
}

/** Where traffic may go, and what has to be true in every round for `sustain`. */
export interface Target {
  to: string
  why: Why
  holds: (round: Count) => boolean
}

/** A target that holds in the last round. */
export interface HeldTarget extends Target {
  sinceMs: number
  heldMs: number
}

/** Counts every round of a decision. */
export function countRounds({ failover, vantages, rounds }: FailoverFacts): Count[] {
  return rounds.map(({ atMs, ballots }) => {
    const tallies = new Map(failover.endpoints.map(({ id }) => [id, tally(id, vantages, ballots)]))
    return { atMs, of: (endpoint) => tallies.get(endpoint) ?? { up: [], down: [], none: [...vantages] } }
  })
}

/** Whether too few vantages have a vote on the active endpoint. */
export function isBlind(round: Count | undefined, active: string, quorum: Quorum): boolean {
  if (!round) return true
  const { up, down } = round.of(active)
  return up.length + down.length < quorum.voters
}

/** Whether the active endpoint is down by quorum. */
export function activeIsDown({ quorum, active }: Scene, round: Count): boolean {
  return !isBlind(round, active.id, quorum) && round.of(active.id).down.length >= quorum.fail
}

/** Every target that the policy, a claim or a person allows, the preferred ones first. */
export function targetsOf(scene: Scene): Target[] {
  const { request, claim } = scene.facts
  if (request && (!request.approval || claim)) return passing(scene, request.to, 'request')
  if (claim) return passing(scene, claim.to, 'take-over')
  // Failback is no second choice: it may hold on equal votes, where failover needs strictly more.
  const targets = [...failoverTargets(scene), ...failbackTargets(scene)]
  return request ? targets.filter(({ to }) => to === request.to).map((one) => ({ ...one, why: 'request' })) : targets
}

/** The targets that hold now, and for how long they have without a break. */
export function heldTargets({ rounds, last }: Scene, targets: readonly Target[]): HeldTarget[] {
  return targets.flatMap((target) => {
    const sinceMs = heldSinceMs(rounds, target.holds)
    return sinceMs === undefined ? [] : [{ ...target, sinceMs, heldMs: last.atMs - sinceMs }]
  })
}

/** When the run of rounds began in which this has been true up to the last one; undefined where it is not true now. */
export function heldSinceMs(rounds: readonly Count[], holds: (round: Count) => boolean): number | undefined {
  return rounds[rounds.findLastIndex((round) => !holds(round)) + 1]?.atMs
}

/** Until when a last switch keeps traffic from going back by itself, and from where; undefined when that is over. */
export function cooldownOf({
  switches,
  failover,
  nowMs,
}: FailoverFacts): { left: string; untilMs: number } | undefined {
  const last = switches.at(-1)
  if (!last) return undefined
  const untilMs = last.atMs + failover.cooldownMs
  return untilMs > nowMs ? { left: last.from, untilMs } : undefined
}

/** The endpoints, last resorts aside, that are up by quorum in a round (the last one), but for the active one. */
export function othersUp({ facts, active, quorum, last }: Scene, round: Count = last): string[] {
  return facts.failover.endpoints
    .filter(({ id, lastResort }) => id !== active.id && !lastResort && round.of(id).up.length >= quorum.pass)
    .map(({ id }) => id)
}

/** The endpoints that traffic may return to while the active one is fine. */
export function wayBack({ facts, active }: Scene): Endpoint[] {
  const { endpoints } = facts.failover
  const back = active.lastResort ? endpoints.filter(({ lastResort }) => !lastResort) : endpoints.slice(0, 1)
  return back.filter(({ id }) => id !== active.id)
}

/** What keeps failback from an endpoint, whatever the votes. */
export function failbackGuard({ facts }: Scene, endpoint: string): Reason | undefined {
  const { failback } = facts.failover
  if (failback === 'manual') return { code: 'failback-manual', endpoint }
  const cooldown = cooldownOf(facts)
  if (cooldown) return { code: 'failback-cooldown', endpoint, untilMs: cooldown.untilMs }
  const sinceMs = Object.hasOwn(facts.healthySince, endpoint) ? facts.healthySince[endpoint] : undefined
  const upForMs = sinceMs === undefined ? undefined : Math.max(0, facts.nowMs - sinceMs)
  if (upForMs !== undefined && upForMs >= failback.afterMs) return undefined
  return { code: 'failback-early', endpoint, upForMs, neededMs: failback.afterMs }
}

function passing({ facts, active, quorum }: Scene, to: string, why: Why): Target[] {
  const known = facts.failover.endpoints.some(({ id }) => id === to && id !== active.id)
  const holds = (round: Count) => !isBlind(round, active.id, quorum) && round.of(to).up.length >= quorum.pass
  return known ? [{ to, why, holds }] : []
}

/**
 * In configured order. A last resort comes in only when no other endpoint is up, and that has to hold for `sustain` too: a
 * standby that lost a packet is not given up for it. It looks at the votes on the others alone, so that worse votes on the
 * active endpoint never turn it away. Cooldown puts the endpoint just left last.
 */
function failoverTargets(scene: Scene): Target[] {
  const { facts, active, quorum } = scene
  const left = cooldownOf(facts)?.left
  const others = facts.failover.endpoints.filter(({ id }) => id !== active.id)
  const wanted = othersUp(scene).length
    ? others.filter((one) => !one.lastResort)
    : others.filter((one) => one.lastResort)
  const ordered = [...wanted.filter(({ id }) => id !== left), ...wanted.filter(({ id }) => id === left)]

  return ordered.map(({ id, lastResort }) => ({
    to: id,
    why: lastResort ? 'last-resort' : 'failover',
    holds: (round) => {
      const up = round.of(id).up.length
      const isWanted = activeIsDown(scene, round) && up >= quorum.pass && up > round.of(active.id).up.length
      return isWanted && (!lastResort || othersUp(scene, round).length === 0)
    },
  }))
}

function failbackTargets(scene: Scene): Target[] {
  const { active } = scene
  return wayBack(scene)
    .filter(({ id }) => failbackGuard(scene, id) === undefined)
    .flatMap(({ id }) => passing(scene, id, 'failback'))
    .map((target) => ({
      ...target,
      holds: (round) => target.holds(round) && round.of(target.to).up.length >= round.of(active.id).up.length,
    }))
}
