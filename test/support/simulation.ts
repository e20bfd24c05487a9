import { decideFailover } from '../../lib/decide/failover.ts'
import type { Round } from '../../lib/decide/failover-facts.ts'
import { type Ballot, failoverQuorum } from '../../lib/decide/quorum.ts'
import type { Switch } from '../../lib/decide/swap-state.ts'
import type { Failover } from '../../lib/model/failover.ts'
import { parseConfig } from '../../lib/model/parse-config.ts'

/** What came of one simulated stretch of time. */
export interface Simulated {
  /** Moves though fewer than `fail` vantages were truly cut off from the active endpoint. */
  falseMoves: number
  /** Outages that had to be moved for and were not. */
  missedMoves: number
  moves: number
  /** Outages that had to be moved for. */
  due: number
  decisions: number
}

const [secondMs, minuteMs, dayMs] = [1000, 60_000, 86_400_000]
const attempts = 3
const timeoutMs = 5 * secondMs
/** Between rounds of votes, as the controller makes them. */
const roundMs = 1250
const longestDecisionMs = 60_000

/** Numbers in [0, 1) that are the same for the same seed (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let bits = Math.imul(state ^ (state >>> 15), state | 1)
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61)
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32
  }
}

/** What may be otherwise than it is in the product, to see that the simulation would notice. */
export interface Otherwise {
  /** Attempts of one vote, one right after the other. */
  voteAttempts?: number
  /** Keys of the failover. */
  failover?: object
}

/** A time in which some vantages are truly cut off from an endpoint, or answers come too late to count. */
interface Trouble {
  startMs: number
  endMs: number
  endpoint: string
  vantages: ReadonlySet<number>
  kind: 'cut' | 'slow'
}

const endpoints = ['one', 'two', 'three']

function failoverWith(more: object = {}): Failover {
  const [failover] = parseConfig({
    service: 'simulation',
    monitors: [{ id: 'check', kind: 'http', url: 'https://api.example.com/' }],
    failovers: [
      {
        ...{
          id: 'api',
          hostedZoneId: 'Z',
          zone: 'example.com',
          record: 'api.example.com',
          check: 'check',
          mode: 'auto',
        },
        // The guards are open: what is counted is the judgement.
        ...{ maxPerDay: 100, cooldown: '0s' },
        ...more,
        endpoints: endpoints.map((id, i) => ({ id, region: 'external', A: [`192.0.2.${i + 1}`] })),
      },
    ],
  } as never).failovers
  return failover as Failover
}

/**
 * Runs the decisions of one failover through days of virtual time: probes every minute from staggered vantages, independent
 * loss of attempts, outages, partitions, flapping and slow answers. The truth is known, so each move and each lack of one
 * is judged by it (docs/benchmarks.md, the simulation).
 */
function simulate(seed: number, days: number, { voteAttempts = 2, ...otherwise }: Otherwise = {}): Simulated {
  const random = randomOf(seed)
  const failover = failoverWith(otherwise.failover)
  const count = 3 + Math.floor(random() * 8)
  const loss = random() * 0.1
  const vantages = Array.from({ length: count }, (_, i) => `v${i}`)
  // The truth is that of a majority, whatever is configured.
  const { fail, pass } = failoverQuorum({}, count)
  const troubles = makeTroubles(random, days, count)
  const result: Simulated = { falseMoves: 0, missedMoves: 0, moves: 0, due: 0, decisions: 0 }
  const state = { active: 'one', switches: [] as Switch[], busyUntilMs: 0, dueSinceMs: -1 }

  /** Troubles that touch a minute; most have none. */
  let near: Trouble[] = []
  const cutFrom = (endpoint: string, atMs: number) => {
    const cut = new Set<number>()
    for (const trouble of near)
      if (trouble.kind === 'cut' && trouble.endpoint === endpoint && trouble.startMs <= atMs && atMs < trouble.endMs)
        for (const vantage of trouble.vantages) cut.add(vantage)
    return cut
  }
  const isSlow = (vantage: number, atMs: number) =>
    near.some((one) => one.kind === 'slow' && one.vantages.has(vantage) && one.startMs <= atMs && atMs < one.endMs)

  const votes = (atMs: number): Round => {
    const cuts = new Map(endpoints.map((id) => [id, cutFrom(id, atMs)]))
    const ballots = new Map<string, Ballot>()
    for (const [v, id] of vantages.entries()) {
      if (isSlow(v, atMs) && random() < 0.3) continue
      const ballot: Record<string, 'up' | 'down'> = {}
      for (const endpoint of endpoints) {
        const isLost = cuts.get(endpoint)?.has(v) || Array.from({ length: voteAttempts }).every(() => random() < loss)
        ballot[endpoint] = isLost ? 'down' : 'up'
      }
      ballots.set(id, ballot)
    }
    return { atMs, ballots }
  }

  /** One decision, from its first round to its end; gives when that was. */
  const decide = (startMs: number): number => {
    result.decisions++
    const rounds: Round[] = []
    for (let atMs = startMs; ; atMs += roundMs) {
      rounds.push(votes(atMs))
      const decision = decideFailover({
        ...{ failover, vantages, nowMs: atMs, rounds, active: state.active, recordMatches: 'matches' },
        ...{ flags: { locked: false, latched: false }, table: { locked: false }, switches: state.switches },
        ...{ healthySince: {}, wantToMove: 0, maxConcurrent: 2 },
      })
      if (decision.kind === 'move') {
        result.moves++
        if (cutFrom(state.active, atMs).size < fail) result.falseMoves++
        state.switches = [...state.switches.slice(-5), { atMs, from: state.active, to: decision.to, by: 'auto' }]
        state.active = decision.to
        return atMs
      }
      if (decision.kind !== 'wait' || atMs - startMs > longestDecisionMs) return atMs
    }
  }

  /** Whether it must be moved now: enough are truly cut off from the active endpoint, and another is truly better. */
  const isDue = (atMs: number) => {
    const cut = cutFrom(state.active, atMs).size
    const isBetter = (id: string) => {
      const others = cutFrom(id, atMs).size
      return id !== state.active && count - others >= pass && others < cut
    }
    // Slow vantages may be too few to see anything by: that is blindness, not a missed move.
    return cut >= fail && endpoints.some(isBetter) && !near.some(({ kind }) => kind === 'slow')
  }
  const allowedMs = minuteMs + attempts * timeoutMs + (attempts - 1) * secondMs + longestDecisionMs + failover.sustainMs

  let next = 0
  for (let minute = 0; minute < days * 1440; minute++) {
    const startMs = minute * minuteMs
    near = near.filter(({ endMs }) => endMs > startMs)
    for (; next < troubles.length && (troubles[next] as Trouble).startMs < startMs + 3 * minuteMs; next++)
      near.push(troubles[next] as Trouble)
    for (let v = 0; v < count; v++) {
      const atMs = startMs + (v * minuteMs) / count
      if (near.length > 0) watchDue(atMs)
      if (atMs < state.busyUntilMs) continue
      const isCut = near.length > 0 && cutFrom(state.active, atMs).has(v)
      if (isCut || (random() < loss && random() < loss && random() < loss))
        state.busyUntilMs = decide(atMs + (attempts - 1) * secondMs)
    }
  }
  return result

  function watchDue(atMs: number): void {
    if (!isDue(atMs)) state.dueSinceMs = -1
    else if (state.dueSinceMs < 0) {
      state.dueSinceMs = atMs
      result.due++
    } else if (atMs - state.dueSinceMs > allowedMs) {
      result.missedMoves++
      state.dueSinceMs = Number.POSITIVE_INFINITY
    }
  }
}

/** About one trouble a day, in order of their starts. */
function makeTroubles(random: () => number, days: number, count: number): Trouble[] {
  const troubles: Trouble[] = []
  const all = new Set(Array.from({ length: count }, (_, i) => i))
  const some = () => new Set([...all].filter(() => random() < 0.4))
  for (let i = 0; i < days; i++) {
    const startMs = random() * days * dayMs
    const endpoint = endpoints[Math.floor(random() * endpoints.length)] ?? 'one'
    const lengthMs = (1 + random() * 30) * minuteMs
    const kind = random()
    if (kind < 0.35) troubles.push({ startMs, endMs: startMs + lengthMs, endpoint, vantages: all, kind: 'cut' })
    else if (kind < 0.7) troubles.push({ startMs, endMs: startMs + lengthMs, endpoint, vantages: some(), kind: 'cut' })
    else if (kind < 0.85)
      troubles.push({ startMs, endMs: startMs + lengthMs, endpoint, vantages: some(), kind: 'slow' })
    else
      for (let atMs = startMs; atMs < startMs + lengthMs; ) {
        const downMs = (2 + random() * 40) * secondMs
        troubles.push({ startMs: atMs, endMs: atMs + downMs, endpoint, vantages: all, kind: 'cut' })
        atMs += downMs + (2 + random() * 40) * secondMs
      }
  }
  return troubles.sort((a, b) => a.startMs - b.startMs)
}

/** Many seeds, added up. */
export function simulateMany(seeds: number, days: number, otherwise: Otherwise = {}): Simulated {
  const total: Simulated = { falseMoves: 0, missedMoves: 0, moves: 0, due: 0, decisions: 0 }
  for (let seed = 1; seed <= seeds; seed++) {
    const one = simulate(seed, days, otherwise)
    for (const key of Object.keys(total) as (keyof Simulated)[]) total[key] += one[key]
  }
  return total
}
