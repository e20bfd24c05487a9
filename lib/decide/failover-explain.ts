import { endpointMonitorIds } from '../model/endpoint-monitors.ts'
import { noVoteCodes } from '../model/result.ts'
import type { FailoverFacts } from './failover-facts.ts'
import type { Reason } from './failover-reasons.ts'
import {
  activeIsDown,
  type Count,
  cooldownOf,
  failbackGuard,
  type HeldTarget,
  othersUp,
  type Scene,
  wayBack,
} from './failover-targets.ts'
import type { Quorum } from './quorum.ts'

/** What was measured in the last round and how much of it is needed: it belongs to every decision. */
export function measured(facts: FailoverFacts, quorum: Quorum, last?: Count): Reason[] {
  const { failover, vantages, active } = facts
  const votes = failover.endpoints.map(({ id }): Reason => {
    const tally = last?.of(id) ?? { up: [], down: [], none: [...vantages] }
    return { code: 'votes', endpoint: id, active: id === active, ...tally }
  })
  return [{ code: 'needed', ...quorum, vantages: vantages.length }, ...votes, ...causesOf(facts)]
}

/** No decision lists more. */
const mostCauses = 12

/** Why endpoints are down, or have no vote, in the words of those who see it: each cause once, with who says so. */
export function causesOf({ failover, rounds }: FailoverFacts): Extract<Reason, { code: 'cause' }>[] {
  const said = [...(rounds.at(-1)?.causes ?? [])].flatMap(([vantage, causes]) =>
    Object.entries(causes).map(([monitor, cause]) => ({ vantage, monitor, cause })),
  )
  return failover.endpoints
    .flatMap((endpoint) => {
      const ids = endpointMonitorIds(failover, endpoint)
      const own = said.filter(({ monitor }) => ids.includes(monitor))
      return [...Map.groupBy(own, ({ monitor, cause }) => JSON.stringify([monitor, cause])).values()].map(
        (same): Extract<Reason, { code: 'cause' }> => {
          const { monitor = '', cause = '' } = same[0] ?? {}
          const vantages = same.map(({ vantage }) => vantage)
          const noVote = isNoVote(cause) && { noVote: true as const }
          return { code: 'cause', endpoint: endpoint.id, monitor, cause, vantages, ...noVote }
        },
      )
    })
    .slice(0, mostCauses)
}

/** Whether a cause, which begins with its code, is none of the endpoint's. */
function isNoVote(cause: string): boolean {
  return [...noVoteCodes].some((code) => cause.startsWith(`${code}:`))
}

/** Who is missing where too few vantages have a vote on the active endpoint. */
export function blindness(vantages: readonly string[], active: string, quorum: Quorum, last?: Count) {
  const silent = last?.of(active).none ?? [...vantages]
  return { code: 'blind', votes: vantages.length - silent.length, voters: quorum.voters, silent } as const
}

/** Whether the active endpoint is down, in numbers. */
export function activeReason(scene: Scene): Reason {
  const { active, quorum, last } = scene
  const code = activeIsDown(scene, last) ? 'active-down' : 'active-not-down'
  return { code, endpoint: active.id, down: last.of(active.id).down.length, fail: quorum.fail }
}

/** Why this target, in numbers. */
export function chosenReason({ active, quorum, last }: Scene, { to, why }: HeldTarget): Reason {
  const { up, down } = last.of(active.id)
  return {
    code: 'chosen',
    endpoint: to,
    why,
    up: last.of(to).up.length,
    pass: quorum.pass,
    activeUp: up.length,
    activeDown: down.length,
  }
}

/** For how long the votes for a target have held. */
export function sustainReason({ facts }: Scene, { to, sinceMs, heldMs }: HeldTarget): Reason {
  return { code: 'sustain', endpoint: to, sinceMs, heldMs, neededMs: facts.failover.sustainMs }
}

/** What a person would ask next: why none of the other endpoints than `to`, and why not back. */
export function whyNot(scene: Scene, held: readonly HeldTarget[], to?: string): Reason[] {
  return scene.facts.failover.endpoints
    .filter(({ id }) => id !== scene.active.id && id !== to)
    .flatMap(({ id }) => {
      const early = held.filter((one) => one.to === id && one.heldMs < scene.facts.failover.sustainMs)
      return [...votesLacking(scene, id), ...ruleAgainst(scene, id), ...early.map((one) => sustainReason(scene, one))]
    })
}

function votesLacking(scene: Scene, endpoint: string): Reason[] {
  const { active, quorum, last } = scene
  const isFailover = activeIsDown(scene, last)
  const isBack = wayBack(scene).some(({ id }) => id === endpoint)
  const up = last.of(endpoint).up.length
  const activeUp = last.of(active.id).up.length
  if (!isFailover && !isBack) return []
  if (up < quorum.pass) return [{ code: 'lacks-pass', endpoint, up, pass: quorum.pass }]
  if (isFailover && up <= activeUp) return [{ code: 'lacks-more', endpoint, up, activeUp }]
  return isBack && up < activeUp ? [{ code: 'lacks-as-many', endpoint, up, activeUp }] : []
}

function ruleAgainst(scene: Scene, endpoint: string): Reason[] {
  const { facts, last } = scene
  const reasons: Reason[] = []
  if (activeIsDown(scene, last)) {
    const up = othersUp(scene)
    const isResort = facts.failover.endpoints.some(({ id, lastResort }) => id === endpoint && lastResort)
    if (isResort && up.length) reasons.push({ code: 'last-resort-spared', endpoint, up })
    const cooldown = cooldownOf(facts)
    if (cooldown?.left === endpoint) reasons.push({ code: 'just-left', endpoint, untilMs: cooldown.untilMs })
  }
  const guard = wayBack(scene).some(({ id }) => id === endpoint) && failbackGuard(scene, endpoint)
  return guard ? [...reasons, guard] : reasons
}
