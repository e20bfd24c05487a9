import type { Attempt, Step } from '../../lib/decide/swap-attempt.ts'
import { type Change, txtBatch } from '../../lib/decide/swap-batch.ts'
import { startSwap } from '../../lib/decide/swap-protocol.ts'
import type { Effect, SwapEvent, SwapPlan } from '../../lib/decide/swap-terms.ts'
import type { Failover } from '../../lib/model/failover.ts'
import {
  applyBatch,
  type Batch,
  breach,
  editByHand,
  hookRun,
  listZone,
  noTruth,
  stateOf,
  type Truth,
  truthAfter,
  untrue,
  type Zone,
} from './route53-model.ts'

/** How often each thing may happen in one history: what bounds the search. */
export type Budget = Partial<Record<Accident, number>>
type Accident =
  | 'lost'
  | 'throttled'
  | 'crashes'
  | 'ticks'
  | 'edits'
  | 'locks'
  | 'hookFailures'
  | 'hookLosses'
  | 'strands'

export interface Scenario {
  failover: Failover
  zone: Zone
  /** `auto` decides to move while `a`, the endpoint that is down, is active; a person wants the target anyway. */
  actors: { id: string; to: string; by: SwapPlan['by']; decisions: number }[]
  budget: Budget
  limits: SwapPlan['limits']
  /** The real reducer, or a mutant of it. */
  step: (attempt: Attempt, event: SwapEvent) => Step
}

/** A controller or a person: what its table holds, and the attempt under way. */
interface Actor {
  made: number
  largestEpoch: number
  run?: Run
}

type Run = { attempt: Attempt; effect: Effect; move: number }

export interface World {
  zone: Zone
  /** Before the last accepted change. */
  former?: Pick<World, 'zone'> & { truth: Pick<Truth, 'move' | 'moves' | 'landed'> }
  minute: number
  actors: Actor[]
  /** Batches whose sender has no reply: each may land at any time, or never. */
  lost: Batch[]
  budget: Budget
  truth: Truth
  problem?: string
}

type Move = [label: string, world: World]

const minuteMs = 60_000
const startMs = Date.UTC(2026, 10, 21)
const handmade = { Type: 'A', TTL: 60, ResourceRecords: [{ Value: '192.0.2.99' }] }

/** The world before anything has happened. */
export function startOf({ zone, actors, budget }: Scenario): World {
  const idle = actors.map(() => ({ made: 0, largestEpoch: 0 }))
  return { zone, minute: 0, actors: idle, lost: [], budget, truth: noTruth }
}

/** Everything that may happen next. */
export function* movesOf(world: World, scenario: Scenario): Generator<Move> {
  for (const [i, { run }] of world.actors.entries()) {
    if (!run) yield* decisions(world, scenario, i)
    else {
      if (run.effect.kind === 'read') yield* readings(world, scenario, i)
      if (run.effect.kind === 'write') yield* writings(world, scenario, i, run)
      if (run.effect.kind === 'hook') yield* hookings(world, scenario, i, run)
      yield* crashes(world, scenario, i, run)
    }
  }
  for (const batch of world.lost) {
    const after = land({ ...world, lost: world.lost.filter((other) => other !== batch) }, scenario, batch)
    if (after) yield [`the lost ${batch.what} of ${batch.decision} lands`, after]
  }
  yield* happenings(world, scenario)
}

function spend(world: World, what: Accident): World | undefined {
  const left = world.budget[what] ?? 0
  return left > 0 ? { ...world, budget: { ...world.budget, [what]: left - 1 } } : undefined
}

function withActor(world: World, i: number, actor: Actor): World {
  return { ...world, actors: world.actors.with(i, actor) }
}

function* decisions(world: World, { failover, actors, limits }: Scenario, i: number): Generator<Move> {
  const [role, actor] = [actors[i], world.actors[i]]
  const found = stateOf(listZone(world.zone, failover), failover)
  if (!role || !actor || actor.made === role.decisions || typeof found === 'string') return
  const { flags, claim, active, epoch, decision } = found.state
  const nowMs = startMs + world.minute * minuteMs
  if (flags.locked || flags.latched) return
  const to = claim && claim.expiresAtMs <= nowMs ? claim.to : role.to
  if (role.by === 'auto' ? active !== 'a' : active === to) return
  const { state: attempt, effect } = startSwap({
    ...{ failover, limits, to, by: role.by, claimMs: minuteMs, goodUntilMs: nowMs },
    decision: `${role.id}${actor.made + 1}`,
    basis: { epoch, decision },
    largestEpoch: actor.largestEpoch,
  })
  const run = { attempt, effect, move: world.truth.move }
  yield [`${role.id} decides to move to ${to}`, withActor(world, i, { ...actor, made: actor.made + 1, run })]
}

function* readings(world: World, scenario: Scenario, i: number): Generator<Move> {
  const sets = listZone(world.zone, scenario.failover)
  yield react(world, scenario, i, { kind: 'listed', sets, atMs: startMs + world.minute * minuteMs }, 'reads')
  const throttled = spend(world, 'throttled')
  if (throttled) yield react(throttled, scenario, i, { kind: 'throttled' }, 'is throttled reading')
}

function* writings(world: World, scenario: Scenario, i: number, run: Run): Generator<Move> {
  const batch = batchOf(run, scenario, i)
  const after = land(world, scenario, batch)
  if (after) yield react(after, scenario, i, { kind: 'written' }, `writes its ${batch.what}`)
  else yield react(world, scenario, i, { kind: 'refused' }, `is refused its ${batch.what}`)
  const lost = spend(world, 'lost')
  const sent = lost && { ...lost, lost: [...lost.lost, batch] }
  if (sent) yield react(sent, scenario, i, { kind: 'unknown' }, `has no reply to its ${batch.what}`)
  const throttled = spend(world, 'throttled')
  if (throttled) yield react(throttled, scenario, i, { kind: 'throttled' }, `is throttled writing its ${batch.what}`)
}

function batchOf({ effect, move, attempt }: Run, { actors }: Scenario, i: number): Batch {
  const { what, changes } = effect.kind === 'write' ? effect : { what: 'answer', changes: [] as Change[] }
  const { decision } = attempt.plan
  return { decision, by: actors[i]?.by ?? 'auto', what, changes, move, settled: false }
}

function* hookings(world: World, scenario: Scenario, i: number, run: Run): Generator<Move> {
  const ran = afterHook(world, run)
  yield react(ran, scenario, i, { kind: 'hookOk' }, 'runs the hook')
  const failed = spend(ran, 'hookFailures')
  if (failed) yield react(failed, scenario, i, { kind: 'hookFailed' }, 'runs the hook, which fails')
  const unheard = spend(ran, 'hookLosses')
  if (unheard) yield react(unheard, scenario, i, { kind: 'hookUnknown' }, 'runs the hook, and has no reply')
  const uncalled = spend(world, 'hookLosses')
  if (uncalled) yield react(uncalled, scenario, i, { kind: 'hookUnknown' }, 'cannot reach the hook')
}

function afterHook(world: World, { effect, attempt }: Run): World {
  return { ...world, ...hookRun(world.truth, attempt.plan.decision, effect.kind === 'hook' ? effect.key : '') }
}

/** A crash forgets the attempt; what it was about to send may have left. */
function* crashes(world: World, scenario: Scenario, i: number, run: Run): Generator<Move> {
  const spent = spend(world, 'crashes')
  if (!spent) return
  const { run: _, ...idle } = world.actors[i] ?? { made: 0, largestEpoch: 0 }
  const gone = (from: World) => withActor(from, i, idle)
  const id = scenario.actors[i]?.id
  const batch = batchOf(run, scenario, i)
  yield [`${id} crashes`, gone(spent)]
  if (run.effect.kind === 'write')
    yield [`${id} crashes, its ${batch.what} sent`, gone({ ...spent, lost: [...spent.lost, batch] })]
  if (run.effect.kind === 'hook') yield [`${id} crashes, its hook run`, gone(afterHook(spent, run))]
}

/** The actor hears of something, and goes on to what it does next with the world. */
function react(world: World, scenario: Scenario, i: number, event: SwapEvent, label: string): Move {
  const { run, made } = world.actors[i] ?? {}
  if (!run || made === undefined) return [label, world]
  let { state, effect } = scenario.step(run.attempt, event)
  // A pause touches nothing: whatever may happen meanwhile may happen before the read that follows as well.
  if (effect.kind === 'pause') ({ state, effect } = scenario.step(state, { kind: 'paused' }))
  const { decision } = state.plan
  const outcome = effect.kind === 'done' ? effect.outcome : undefined
  // Nothing of ours may land once it is fenced, or once we have told an end and are not in doubt.
  const settled = state.inDoubt === undefined && (outcome !== undefined || run.attempt.inDoubt !== undefined)
  const lost = world.lost.map((batch) => (settled && batch.decision === decision ? { ...batch, settled } : batch))
  const problem = outcome && untrue(outcome, decision, world.truth)
  const next = outcome ? {} : { run: { ...run, attempt: state, effect } }
  const actor: Actor = { made, largestEpoch: state.largestEpoch, ...next }
  const after = withActor({ ...world, lost, ...(problem && { problem }) }, i, actor)
  return [`${decision} ${label}${outcome ? `: ${outcome.kind}` : ''}`, after]
}

function* happenings(world: World, { failover }: Scenario): Generator<Move> {
  const later = spend(world, 'ticks')
  if (later) yield ['a minute passes', { ...later, minute: world.minute + 1 }]
  const { edited, ...truth } = world.truth
  const edit = edited ? world : spend(world, 'edits')
  if (edit && edited)
    yield ['a person takes the edit back', { ...edit, truth, zone: editByHand(world.zone, failover.record, edited) }]
  else if (edit) {
    const zone = editByHand(world.zone, failover.record, [{ Name: failover.record, ...handmade }])
    const answer = world.zone.sets.filter(({ Type }) => Type !== 'TXT')
    yield ['a person edits the answer', { ...edit, zone, truth: { ...truth, edited: answer } }]
  }
  const toggled = spend(world, 'locks')
  const sets = listZone(world.zone, failover)
  const found = stateOf(sets, failover)
  if (toggled && typeof found !== 'string') {
    const flags = { locked: !found.state.flags.locked, latched: false }
    const epoch = world.truth.topEpoch + 1
    const state = { ...found.state, epoch, decision: `L${toggled.budget.locks}`, flags }
    const zone = applyBatch(world.zone, txtBatch(sets, state, failover)) ?? world.zone
    yield [
      `a person ${flags.locked ? '' : 'un'}locks`,
      { ...toggled, zone, truth: { ...world.truth, topEpoch: epoch } },
    ]
  }
  const stranded = world.former && spend(world, 'strands')
  // The part of the control plane that held the change is gone, and with it whatever was on its way there.
  if (stranded && world.former) {
    const { former, ...rest } = stranded
    const truth = { ...world.truth, ...world.former.truth }
    yield ['the last change is stranded', { ...rest, zone: world.former.zone, truth, lost: [] }]
  }
}

/** A batch is carried out: undefined where it does not match. */
function land(world: World, { failover }: Scenario, batch: Batch): World | undefined {
  const zone = applyBatch(world.zone, batch.changes)
  if (!zone) return undefined
  const problem = breach(world.zone, world.truth, zone, batch, failover)
  const truth = truthAfter(world.zone, world.truth, zone, batch, failover)
  const { move, moves, landed } = world.truth
  const former = (world.budget.strands ?? 0) > 0 && { former: { zone: world.zone, truth: { move, moves, landed } } }
  return { ...world, zone, ...former, truth, ...(problem && { problem }) }
}
