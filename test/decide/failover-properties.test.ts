import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decideFailover } from '../../lib/decide/failover.ts'
import type { Decision, FailoverFacts, Verdict } from '../../lib/decide/failover-facts.ts'
import { reasonText } from '../../lib/decide/failover-reasons.ts'
import { type Ballot, type EndpointVote, failoverQuorum } from '../../lib/decide/quorum.ts'
import type { Switch } from '../../lib/decide/swap-state.ts'
import type { Failover } from '../../lib/model/failover.ts'

const nowMs = Date.UTC(2026, 10, 21, 13, 30)
const secondMs = 1000
const minuteMs = 60 * secondMs
const hourMs = 60 * minuteMs
const endpointIds = ['a', 'b', 'c', 'd']

type Vote = EndpointVote | 'none'
/** Votes by round, vantage and endpoint. */
type Cells = Vote[][][]
interface World {
  facts: Omit<FailoverFacts, 'rounds'>
  /** Seconds before `nowMs` at which each round was counted. */
  agoS: number[]
  cells: Cells
}

const rarely = fc.integer({ min: 0, max: 19 }).map((n) => n === 19)
const optional = <T>(arbitrary: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 4, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary })

const shape = fc.record({
  vantages: fc.integer({ min: 1, max: 7 }),
  endpoints: fc.integer({ min: 2, max: 4 }),
  resorts: fc.integer({ min: 0, max: 2 }),
  gapsS: fc.array(fc.integer({ min: 0, max: 10 }), { minLength: 1, maxLength: 4 }),
  /** Whether each endpoint is down in truth, in fours. */
  down: fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 4, maxLength: 4 }),
  noise: fc.uint8Array({ minLength: 4 * 7 * 4, maxLength: 4 * 7 * 4 }),
})

const policy = fc.record({
  fail: optional(fc.integer({ min: 1, max: 7 })),
  pass: optional(fc.integer({ min: 1, max: 7 })),
  voters: optional(fc.integer({ min: 1, max: 7 })),
  sustainMs: fc.constantFrom(0, 0, 5 * secondMs, 10 * secondMs),
  mode: fc.constantFrom('auto', 'auto', 'auto', 'auto', 'auto', 'approve', 'dry-run', 'observe'),
  cooldownMs: fc.constantFrom(0, 30 * minuteMs),
  maxPerDay: fc.integer({ min: 1, max: 3 }),
  failback: fc.constantFrom('manual' as const, { afterMs: 0 }, { afterMs: hourMs }),
})

const switches = fc.array(
  fc.record({
    agoMs: fc.integer({ min: 0, max: 60 * hourMs }),
    by: fc.constantFrom('auto', 'person', 'person'),
    from: fc.constantFrom(...endpointIds),
  }),
  { maxLength: 3 },
)

const surroundings = fc.record({
  active: fc.constantFrom('a', 'a', 'a', 'a', 'b', 'b', 'c', 'd'),
  noTxt: rarely,
  recordMatches: fc.constantFrom(...Array(18).fill('matches'), 'edited', 'unreadable'),
  locked: rarely,
  latched: rarely,
  table: fc.constantFrom(...Array(18).fill('open'), 'locked', 'unreadable'),
  switches,
  healthyH: fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 4, maxLength: 4 }),
  wantToMove: fc.constantFrom(0, 0, 0, 0, 0, 0, 1, 1, 1, 2, 5),
  claim: optional(
    fc.record({
      to: fc.constantFrom(...endpointIds),
      expiresAtMs: fc.constantFrom(nowMs - minuteMs, nowMs, nowMs + minuteMs),
      mine: fc.boolean(),
    }),
  ),
  request: optional(fc.record({ to: fc.constantFrom(...endpointIds, 'x'), approval: fc.boolean() })),
})

const worlds = fc.tuple(shape, policy, surroundings).map(([s, p, more]): World => {
  const ids = endpointIds.slice(0, s.endpoints)
  const endpoints = ids.map((id, i) => ({ id, region: 'external', lastResort: i > 0 && i >= s.endpoints - s.resorts }))
  const { fail, pass, voters, ...rest } = p
  const given = Object.entries({ fail, pass, voters }).filter(([, n]) => n !== undefined)
  const quorum = Object.fromEntries(given.map(([key, n]) => [key, Math.min(n ?? 1, s.vantages)]))
  const active = ids.includes(more.active) ? more.active : 'a'
  return {
    agoS: s.gapsS.map((_, i) => s.gapsS.slice(i + 1).reduce((sum, gap) => sum + gap, 0)),
    cells: cellsOf(s, ids, active),
    facts: {
      failover: { ...base, ...rest, quorum, endpoints } as Failover,
      vantages: Array.from({ length: s.vantages }, (_, i) => `v${i}`),
      nowMs,
      active: more.noTxt ? undefined : active,
      recordMatches: more.recordMatches,
      flags: { locked: more.locked, latched: more.latched },
      table: more.table === 'unreadable' ? 'unreadable' : { locked: more.table === 'locked' },
      switches: more.switches
        .map(({ agoMs, by, from }) => ({ atMs: nowMs - agoMs, from, to: active, by }) as Switch)
        .sort((x, y) => x.atMs - y.atMs),
      healthySince: Object.fromEntries(ids.map((id, i) => [id, since(more.healthyH[i])])),
      wantToMove: more.wantToMove,
      maxConcurrent: 2,
      ...(more.claim && { claim: more.claim }),
      ...(more.request && { request: { ...more.request, by: 'person' as const } }),
    },
  }
})

const base: Omit<Failover, 'quorum' | 'endpoints' | 'sustainMs' | 'mode' | 'cooldownMs' | 'maxPerDay' | 'failback'> = {
  id: 'api',
  hostedZoneId: 'Z1',
  zone: 'example.com',
  record: 'api.example.com',
  ttl: 60,
  check: 'api',
  switch: 'record',
  servers: ['authoritative'],
  hooks: {},
}

/** Mostly the truth, sometimes nothing or the contrary; the active endpoint is down more often than the others. */
function cellsOf(
  s: { vantages: number; gapsS: number[]; down: number[]; noise: Uint8Array },
  ids: string[],
  active: string,
) {
  return s.gapsS.map((_, round) =>
    Array.from({ length: s.vantages }, (_, vantage) =>
      ids.map((id, k): Vote => {
        const isDown = id === active ? s.down[k] !== 3 : (s.down[k] ?? 0) < (k > 1 ? 1 : 2)
        const noise = s.noise[(round * 7 + vantage) * 4 + k] ?? 0
        if (noise >= 210) return 'none'
        return isDown === noise < 185 ? 'down' : 'up'
      }),
    ),
  )
}

function since(hours: number | undefined): number | undefined {
  return hours ? nowMs - hours * hourMs : undefined
}

function factsOf({ facts, agoS, cells }: World): FailoverFacts {
  const ids = facts.failover.endpoints.map(({ id }) => id)
  const rounds = cells.map((vantages, round) => ({
    atMs: facts.nowMs - (agoS[round] ?? 0) * secondMs,
    ballots: new Map(vantages.map((votes, v): [string, Ballot] => [`v${v}`, ballot(ids, votes)])),
  }))
  return { ...facts, rounds }
}

function ballot(ids: string[], votes: Vote[]): Ballot {
  return Object.fromEntries(ids.flatMap((id, k) => (votes[k] && votes[k] !== 'none' ? [[id, votes[k]]] : [])))
}

const decide = (world: World) => decideFailover(factsOf(world))
/** What is or would be done. */
const verdictOf = (decision: Decision): Verdict => (decision.kind === 'report' ? decision.would : decision)
const moves = (decision: Decision): (Verdict & { kind: 'move' | 'ask' }) | undefined => {
  const verdict = verdictOf(decision)
  return verdict.kind === 'move' || verdict.kind === 'ask' ? verdict : undefined
}

/** The votes on an endpoint by round, counted here by other code. */
function counts(world: World, endpoint: string | undefined) {
  const k = world.facts.failover.endpoints.findIndex(({ id }) => id === endpoint)
  return world.cells.map((vantages) => ({
    up: vantages.filter((votes) => votes[k] === 'up').length,
    down: vantages.filter((votes) => votes[k] === 'down').length,
  }))
}

const quorumOf = ({ facts }: World) => failoverQuorum(facts.failover.quorum, facts.vantages.length)

/** Runs a property on many worlds. `judge` gives false when it is violated, undefined where it has nothing to say. */
function property<T>(
  name: string,
  arbitrary: fc.Arbitrary<T>,
  judge: (input: T) => boolean | undefined,
  numRuns = 13_000,
) {
  test(name, () => {
    let told = 0
    const run = fc.property(arbitrary, (input) => {
      const verdict = judge(input)
      if (verdict !== undefined) told += 1
      return verdict !== false
    })
    fc.assert(run, { numRuns })
    expect(told, 'worlds that the property says anything about').toBeGreaterThan(numRuns / 100)
  })
}

describe('whatever the votes and the surroundings', () => {
  property('never moves to an endpoint without `pass` up votes in the last round', worlds, (world) => {
    const move = moves(decide(world))
    return move && (counts(world, move.to).at(-1)?.up ?? 0) >= quorumOf(world).pass
  })

  property('never moves with fewer votes on the active endpoint than `voters`', worlds, (world) => {
    const last = counts(world, world.facts.active).at(-1)
    const isBlind = !last || last.up + last.down < quorumOf(world).voters
    return isBlind ? !moves(decide(world)) : undefined
  })

  property('moves by failover only on a full quorum in every round of `sustain`', worlds, (world) => {
    const move = moves(decide(world))
    if (move?.why !== 'failover' && move?.why !== 'last-resort') return undefined
    return isHeld(world, move.to)
  })

  property('moves when the quorum has held and nothing stands in the way', worlds, (world) => {
    const { claim: _, request: __, ...facts } = world.facts
    const flags = { locked: false, latched: false }
    const failover = { ...facts.failover, mode: 'auto' as const }
    const active = facts.active ?? 'a'
    const open = { ...facts, failover, active, flags, table: { locked: false }, switches: [], wantToMove: 0 }
    const free: World = { ...world, facts: { ...open, recordMatches: 'matches' } }
    const real = failover.endpoints.filter(({ id, lastResort }) => id !== active && !lastResort)
    if (!real.some(({ id }) => isHeld(free, id))) return undefined
    return decide(free).kind === 'move'
  })

  property('takes a last resort by itself only while no other endpoint is up', worlds, (world) => {
    const { endpoints } = world.facts.failover
    const move = moves(decide(world))
    if (!move || move.why === 'request' || move.why === 'take-over') return undefined
    if (!endpoints.find(({ id }) => id === move.to)?.lastResort) return undefined
    const others = endpoints.filter(({ id, lastResort }) => id !== world.facts.active && !lastResort)
    return others.every(({ id }) => (counts(world, id).at(-1)?.up ?? 0) < quorumOf(world).pass)
  })

  const picks = fc.array(fc.tuple(fc.nat(3), fc.nat(6), fc.nat(3)), { minLength: 1, maxLength: 6 })
  const changed = (world: World, where: [number, number, number][], change: (vote: Vote) => Vote): World => {
    const cells = structuredClone(world.cells)
    for (const [round, vantage, k] of where) {
      const votes = cells[round % cells.length]?.[vantage % world.facts.vantages.length]
      const at = k % world.facts.failover.endpoints.length
      if (votes?.[at]) votes[at] = change(votes[at])
    }
    return { ...world, cells }
  }

  property(
    'takes no vote for no down vote: without down votes it never moves where it did not',
    fc.tuple(worlds, picks),
    ([world, where]) => {
      if (moves(decide(world))) return undefined
      return !moves(decide(changed(world, where, (vote) => (vote === 'down' ? 'none' : vote))))
    },
  )

  property(
    'one more down vote on the active endpoint never turns a move into anything else',
    fc.tuple(worlds, picks),
    ([world, where]) => {
      const before = moves(decide(world))
      if (!before) return undefined
      const k = world.facts.failover.endpoints.findIndex(({ id }) => id === world.facts.active)
      const onActive = where.map(([round, vantage]): [number, number, number] => [round, vantage, k])
      return moves(decide(changed(world, onActive, () => 'down')))?.kind === before.kind
    },
    20_000,
  )

  property('never moves while locked, unadopted, edited or unable to read its table, whoever asks', worlds, (world) => {
    const { active, flags, table, recordMatches } = world.facts
    const isTableOpen = table !== 'unreadable' && !table.locked
    if (active !== undefined && !flags.locked && isTableOpen && recordMatches === 'matches') return undefined
    return !moves(decide(world))
  })

  property('never moves by itself while latched, nor beyond a limit, nor against a foreign claim', worlds, (world) => {
    const { flags, request, failover, wantToMove, maxConcurrent, claim } = world.facts
    const isForeign = claim && !claim.mine && claim.expiresAtMs > nowMs
    const isLimited = failover.mode !== 'approve' && !claim && wantToMove >= maxConcurrent
    if (isForeign || (!request && (flags.latched || isLimited))) return !moves(decide(world))
    return undefined
  })

  property('never goes anywhere but where a claim or a person says', worlds, (world) => {
    const { claim, request } = world.facts
    const move = moves(decide(world))
    if (!move || !(claim || request)) return undefined
    return move.to === (request ?? claim)?.to
  })

  property(
    'decides alike on like facts, and changes none of them',
    worlds,
    (world) => {
      const facts = factsOf(world)
      const before = text(facts)
      const first = decideFailover(facts)
      return text(facts) === before && text(decideFailover(facts)) === text(first)
    },
    3000,
  )

  property('gives reasons for every decision, each with a text, the refusal first', worlds, (world) => {
    const decision = decide(world)
    const verdict = verdictOf(decision)
    const texts = decision.reasons.map(reasonText)
    const isLed = verdict.kind !== 'refuse' || decision.reasons[0]?.code === verdict.code
    const plain = (one: string) => /^[A-Za-z0-9].+\.$/.test(one) && !/undefined|NaN|\[object/.test(one)
    return texts.length > world.facts.failover.endpoints.length && isLed && texts.every(plain)
  })

  property('wakes somebody when it is blind or has nowhere to go, but not from a dry run', worlds, (world) => {
    const decision = decide(world)
    const verdict = verdictOf(decision)
    if (verdict.kind !== 'refuse' || !['blind', 'nothing-up', 'no-better-target'].includes(verdict.code))
      return undefined
    return decision.page === (decision.kind !== 'report')
  })
})

/** When it wants to move (docs/failover.md, a decision) in other words, for a target that the guards do not matter to. */
function isHeld(world: World, to: string): boolean {
  const quorum = quorumOf(world)
  const target = counts(world, to)
  const oks = counts(world, world.facts.active).map(({ up, down }, i) => {
    const upThere = target[i]?.up ?? 0
    return up + down >= quorum.voters && down >= quorum.fail && upThere >= quorum.pass && upThere > up
  })
  const begin = oks.lastIndexOf(false) + 1
  if (begin >= oks.length) return false
  const heldS = (world.agoS[begin] ?? 0) - (world.agoS.at(-1) ?? 0)
  return heldS * secondMs >= world.facts.failover.sustainMs
}

function text(value: unknown): string {
  return JSON.stringify(value, (_, one) => (one instanceof Map ? [...one] : one))
}

interface Step {
  afterMin: number
  down: number
  person: number
}

const steps = fc.array(
  fc.record({
    afterMin: fc.integer({ min: 1, max: 400 }),
    /** Bit by bit: which endpoints are down. */
    down: fc.nat(15),
    /** What a person does: 0 to 3 asks for an endpoint, 4 unlatches, all else nothing. */
    person: fc.nat(15),
  }),
  { minLength: 8, maxLength: 40 },
)

/** Lives through days of outages, doing what is decided. */
function live(world: World, days: Step[]): Switch[] {
  const ids = world.facts.failover.endpoints.map(({ id }) => id)
  const switches: Switch[] = []
  const healthySince: Record<string, number | undefined> = {}
  let atMs = nowMs
  let active = 'a'
  let latched = false
  for (const { afterMin, down, person } of days) {
    atMs += afterMin * minuteMs
    if (person === 4) latched = false
    const votes = ids.map((_, k): Vote => ((down >> k) & 1 ? 'down' : 'up'))
    for (const [k, id] of ids.entries()) healthySince[id] = votes[k] === 'up' ? (healthySince[id] ?? atMs) : undefined
    const { claim: _, request: __, ...facts } = world.facts
    const request = person < ids.length ? { request: { to: ids[person] ?? 'a', by: 'person' as const } } : {}
    const decision = decideFailover({
      ...facts,
      ...request,
      nowMs: atMs,
      active,
      switches,
      healthySince,
      flags: { locked: false, latched },
      rounds: [10 * secondMs, 0].map((agoMs) => ({
        atMs: atMs - agoMs,
        ballots: new Map(facts.vantages.map((id) => [id, ballot(ids, votes)])),
      })),
    })
    if (decision.kind === 'refuse' && decision.latch) latched = true
    if (decision.kind !== 'move') continue
    switches.push({ atMs, from: active, to: decision.to, by: decision.why === 'request' ? 'person' : 'auto' })
    active = decision.to
  }
  return switches
}

describe('over days', () => {
  property(
    'never moves by itself more than `maxPerDay` times in any 24 hours',
    fc.tuple(worlds, steps),
    ([world, days]) => {
      const { maxPerDay } = world.facts.failover
      const auto = live(world, days).filter(({ by }) => by === 'auto')
      const inDay = auto.map(
        ({ atMs }) => auto.filter((one) => one.atMs >= atMs && one.atMs <= atMs + 24 * hourMs).length,
      )
      return auto.length ? inDay.every((n) => n <= maxPerDay) : undefined
    },
    6000,
  )

  property(
    'never moves to an endpoint that is down',
    fc.tuple(worlds, steps),
    ([world, days]) => {
      const made = live(world, days)
      const ends = days.map((_, i) => days.slice(0, i + 1).reduce((sum, one) => sum + one.afterMin * minuteMs, nowMs))
      const isUp = ({ atMs, to }: Switch) =>
        (((days[ends.indexOf(atMs)]?.down ?? 0) >> endpointIds.indexOf(to)) & 1) === 0
      return made.length ? made.every(isUp) : undefined
    },
    3000,
  )
})
