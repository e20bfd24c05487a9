import { describe, expect, test } from 'vitest'
import type { Attempt } from '../../lib/decide/swap-attempt.ts'
import type { Change } from '../../lib/decide/swap-batch.ts'
import { step } from '../../lib/decide/swap-protocol.ts'
import { answerOf, type RecordSet, rawOf, stateIn, txtOf } from '../../lib/decide/swap-records.ts'
import { type Claim, encodeState, type SwapState } from '../../lib/decide/swap-state.ts'
import type { Failover } from '../../lib/model/failover.ts'
import { zoneOf } from '../support/route53-model.ts'
import { movesOf, type Scenario, startOf, type World } from '../support/search.ts'

const failover = (hook: boolean): Failover => ({
  ...{ id: 'f', hostedZoneId: 'Z1', zone: 'example.com', record: 'api.example.com', ttl: 60, check: 'api' },
  endpoints: ['a', 'b', 'c'].map((id, i) => ({ id, region: 'external', A: [`192.0.2.${i + 1}`], lastResort: false })),
  ...{ quorum: {}, sustainMs: 0, mode: 'auto', switch: 'record', cooldownMs: 0, maxPerDay: 2, failback: 'manual' },
  servers: ['authoritative'],
  hooks: hook ? { before: { command: ['promote'] } } : {},
})

const auto = (id: string, to: string, decisions = 1) => ({ id, to, by: 'auto', decisions }) as const
const person = (to: string) => ({ id: 'P', to, by: 'person', decisions: 1 }) as const

function scenario(hook: boolean, actors: Scenario['actors'], budget: Scenario['budget'], over = {}): Scenario {
  const one = failover(hook)
  const [a] = one.endpoints
  const sinceMs = Date.UTC(2026, 10, 20)
  const flags = { locked: false, latched: false }
  const text = encodeState({ version: 1, epoch: 1, decision: 'start', active: 'a', sinceMs, switches: [], flags })
  const zone = zoneOf([...(a ? answerOf(one, a) : []), txtOf(one, text)].map(rawOf))
  const limits = { reads: 9, writes: 6, hookCalls: 2 }
  return { failover: one, zone, actors, budget, limits, step, ...over }
}

const numbers = new Map<string, number>()
/** A small number for a long text. */
function numberOf(text: string): number {
  const number = numbers.get(text) ?? numbers.size
  numbers.set(text, number)
  return number
}

const batches = new WeakMap<Change[], number>()
function batchNumber(changes: Change[]): number {
  const number =
    batches.get(changes) ?? numberOf(JSON.stringify(changes.map(({ action, set }) => [action, rawOf(set)])))
  batches.set(changes, number)
  return number
}

function attemptKey({ plan, ...attempt }: Attempt) {
  const { reads, writes, hookCalls } = attempt.used
  return [plan.decision, plan.basis, plan.to, plan.goodUntilMs, { ...attempt, used: [reads, writes, hookCalls] }]
}

/** The same for worlds with the same future. */
function keyOf({ zone, former, minute, actors, lost, budget, truth }: World): string {
  const { edited, ...facts } = truth
  return JSON.stringify([
    [
      numberOf(zone.key),
      former && [numberOf(former.zone.key), former.truth.move],
      minute,
      edited ? numberOf(JSON.stringify(edited)) : 0,
    ],
    actors.map(({ run, ...actor }) => {
      if (!run) return actor
      const changes = run.effect.kind === 'write' ? batchNumber(run.effect.changes) : 0
      return [actor, changes, run.move, attemptKey(run.attempt)]
    }),
    lost.map(({ changes, ...batch }) => JSON.stringify([batch, batchNumber(changes)])).sort(),
    [budget, facts],
  ])
}

interface Found {
  states: number
  moved: number
  depth: number
  problem?: string
  trace: string[]
}

/** Every history, depth first, each state once; it ends at the first one that breaks something. */
function explore(one: Scenario): Found {
  const seen = new Set<number>()
  const found: Found = { states: 0, moved: 0, depth: 0, trace: [] }
  const stack = [
    { label: '', moves: [['', startOf(one)] as const][Symbol.iterator]() as Iterator<readonly [string, World]> },
  ]
  for (let top = stack.at(-1); top; top = stack.at(-1)) {
    const { value, done } = top.moves.next()
    if (done) {
      stack.pop()
      continue
    }
    const [label, world] = value
    if (world.problem !== undefined) {
      const trace = [...stack.map((level) => level.label), label].filter((text) => text !== '')
      return { ...found, problem: world.problem, trace }
    }
    const key = hash(keyOf(world))
    if (seen.has(key)) continue
    seen.add(key)
    found.states += 1
    if (world.truth.move > 0) found.moved += 1
    stack.push({ label, moves: movesOf(world, one) })
    found.depth = Math.max(found.depth, stack.length)
  }
  return found
}

/** 53 bits: among a million states, two share a number once in 20,000 runs. */
function hash(text: string): number {
  let [a, b] = [0xdeadbeef, 0x41c6ce57]
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    a = Math.imul(a ^ code, 2654435761)
    b = Math.imul(b ^ code, 1597334677)
  }
  a = Math.imul(a ^ (a >>> 16), 2246822507) ^ Math.imul(b ^ (b >>> 13), 3266489909)
  b = Math.imul(b ^ (b >>> 16), 2246822507) ^ Math.imul(a ^ (a >>> 13), 3266489909)
  return 4294967296 * (2097151 & b) + (a >>> 0)
}

const again = (to: string, other = to) => [auto('A', to, 2), auto('B', other, 2)]

/** A larger bound: minutes instead of seconds. */
const more = process.env.VEDETTE_SEARCH === 'large' ? 1 : 0

const scenarios = {
  'one target': scenario(false, again('b'), { lost: 1 + more, throttled: 1 + more, crashes: 1 + more }),
  'two targets': scenario(false, again('b', 'c'), { lost: 2, throttled: 1, crashes: more }),
  'a person edits and locks': scenario(false, again('b', 'c'), { lost: 1 + more, edits: 1 + more, locks: 2 }),
  'a person moves': scenario(false, [auto('A', 'b', 2), person('c')], { lost: 2, edits: 1, locks: 1, crashes: more }),
  'votes grow old': scenario(false, again('b', 'c'), { lost: 1 + more, ticks: 1, edits: 1 }),
  'a hook': scenario(true, again('b', 'c'), { ticks: 1 + more, crashes: 1, hookFailures: 1, hookLosses: 1 }),
  'a hook, lost replies': scenario(true, again('b', 'c'), { lost: 1, ticks: 1 + more, crashes: 1 }),
  'a hook, a person': scenario(true, again('b'), { lost: 1, ticks: more, edits: 1, locks: 1 + more }),
  'a hook, stranded changes': scenario(true, [auto('A', 'b', 3)], { lost: 1, ticks: 1, crashes: 1, strands: 1 + more }),
}

const seconds = (sinceMs: number) => ((performance.now() - sinceMs) / 1000).toFixed(1)

describe('no history breaks what failover.md promises', () => {
  test.each(Object.entries(scenarios))('%s', { timeout: 1_800_000 }, (name, one) => {
    const startedMs = performance.now()
    const { states, moved, depth, problem, trace } = explore(one)
    console.log(`${name}: ${states} states (${moved} after a move), depth ${depth}, ${seconds(startedMs)} s`)
    expect({ problem, trace }).toEqual({ problem: undefined, trace: [] })
    expect(moved).toBeGreaterThan(0)
  })
})

/** The reducer, shown another zone than there is; what it deletes is the real one. */
const misled =
  (by: (sets: RecordSet[], attempt: Attempt, atMs: number) => RecordSet[]): Scenario['step'] =>
  (attempt, event) =>
    step(attempt, event.kind === 'listed' ? { ...event, sets: by(event.sets, attempt, event.atMs) } : event)

/** The TXT among sets reads otherwise. */
const withState = (sets: RecordSet[], change: (state: SwapState) => SwapState): RecordSet[] => {
  const found = stateIn(sets, failover(false))
  if (typeof found === 'string') return sets
  const values = [`"${encodeState(change(found.state))}"`]
  return sets.map((set) => (set.type === 'TXT' ? { ...set, values } : set))
}

const without = (state: SwapState, forget: (claim: Claim) => boolean): SwapState => {
  const { claim, ...rest } = state
  return claim && !forget(claim) ? state : rest
}

const mutants: Record<string, [Scenario['step'], Scenario, problem: string]> = {
  'without the fence': [
    (attempt, event) => step(attempt, event.kind === 'unknown' ? { kind: 'refused' } : event),
    scenarios['a person edits and locks'],
    'a batch landed that was fenced, or whose decision was over',
  ],
  'without the claim of another': [
    misled((sets, { plan }) =>
      withState(sets, (state) => without(state, ({ decision }) => decision !== plan.decision)),
    ),
    scenarios['a hook, lost replies'],
    'two hook keys for one switch',
  ],
  "without an expired claim's key": [
    misled((sets, { plan }, atMs) =>
      withState(sets, (state) =>
        without(state, ({ decision, expiresAtMs }) => decision !== plan.decision && expiresAtMs <= atMs),
      ),
    ),
    scenarios['a hook'],
    'two hook keys for one switch',
  ],
  'without the epoch decided on': [
    (attempt, event) => {
      const found = event.kind === 'listed' ? stateIn(event.sets, attempt.plan.failover) : 'missing'
      return step(typeof found === 'string' ? attempt : { ...attempt, basis: found.state }, event)
    },
    scenarios['two targets'],
    'a decision moved a record that had moved since',
  ],
  'without the largest epoch ever seen': [
    (attempt, event) => step({ ...attempt, largestEpoch: 0 }, event),
    scenarios['a hook, stranded changes'],
    'an epoch did not grow',
  ],
  'without the lock': [
    misled((sets) => withState(sets, (state) => ({ ...state, flags: { locked: false, latched: false } }))),
    scenarios['a hook, a person'],
    'a locked record moved',
  ],
  "without an eye for a person's edit": [
    misled((sets, { plan }) => {
      const found = stateIn(sets, plan.failover)
      const active = plan.failover.endpoints.find(({ id }) => typeof found !== 'string' && id === found.state.active)
      return sets.map((set) => (set.type === 'A' && active?.A ? { ...set, values: active.A } : set))
    }),
    scenarios['a person edits and locks'],
    "a person's edit was overwritten",
  ],
}

describe('the search finds what goes wrong', () => {
  test.each(Object.entries(mutants))('%s', { timeout: 600_000 }, (name, [mutant, one, expected]) => {
    const { states, problem, trace } = explore({ ...one, step: mutant })
    console.log(`${name}: ${problem} (after ${states} states)\n  ${trace.join('\n  ')}`)
    expect(problem).toBe(expected)
  })
})

test('what no rule of failover.md prevents: after a stranded claim, a controller that never saw it uses its epoch again', () => {
  const { problem, trace } = explore(scenario(true, again('b', 'c'), { strands: 1 }))
  expect(problem).toBe('an epoch did not grow')
  expect(trace).toContain('the last change is stranded')
})
