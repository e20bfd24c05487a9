import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Health, initialHealth, judge, type Thresholds, type Transition } from '../../lib/decide/health.ts'
import type { ProbeResult, Status } from '../../lib/model/result.ts'

const usual: Thresholds = { down: 3, up: 10 }

function result(status: Status): Pick<ProbeResult, 'status' | 'failure'> {
  const failure = { code: 'CONNECT_REFUSED', stage: 'connect', message: 'connection refused' } as const
  return status === 'down' ? { status, failure } : { status }
}

/** Runs results one second apart; gives every health on the way and every transition. */
function play(statuses: Status[], thresholds = usual, from = initialHealth(0)) {
  const steps: Health[] = []
  const transitions: Transition[] = []
  let health = from
  for (const [i, status] of statuses.entries()) {
    const step = judge(health, result(status), thresholds, (i + 1) * 1000)
    health = step.health
    steps.push(health)
    if (step.transition) transitions.push(step.transition)
  }
  return { health, steps, transitions, states: steps.map(({ state }) => state) }
}

const times = (n: number, status: Status): Status[] => Array(n).fill(status)
const up = initialHealth(0, 'up')
const down = initialHealth(0, 'down')

describe('health', () => {
  it('believes the first success at once', () => {
    expect(play(['up']).transitions).toEqual([{ from: 'pending', to: 'up', atMs: 1000, firstAtMs: 1000 }])
    expect(play(['degraded']).health.state).toBe('degraded')
    expect(play(['down', 'down', 'up']).health.state).toBe('up')
  })

  it('stays pending until enough failures, then is down', () => {
    expect(play(times(3, 'down')).states).toEqual(['pending', 'pending', 'down'])
  })

  it('is down at the third failure in a row, with its cause and the time of the first', () => {
    const { states, transitions } = play(times(3, 'down'), usual, up)
    expect(states).toEqual(['up', 'up', 'down'])
    const cause = { code: 'CONNECT_REFUSED', message: 'connection refused' }
    expect(transitions).toEqual([{ from: 'up', to: 'down', atMs: 3000, firstAtMs: 1000, cause }])
  })

  it('takes two failures and a success at threshold 3 for nothing', () => {
    expect(play(['down', 'down', 'up', 'down', 'down', 'up'], usual, up).transitions).toEqual([])
  })

  it('leaves down only after enough successes in a row', () => {
    const almost: Status[] = [...times(9, 'up'), 'down', ...times(9, 'up')]
    expect(play(almost, usual, down).transitions).toEqual([])
    const { transitions } = play([...almost, 'up'], usual, down)
    expect(transitions).toEqual([{ from: 'down', to: 'up', atMs: 20_000, firstAtMs: 11_000 }])
  })

  it('counts failures among the last N where `of` is set', () => {
    const thresholds = { down: 3, of: 5, up: 2 }
    expect(play(['down', 'up', 'down', 'up', 'down'], thresholds, up).health.state).toBe('down')
    expect(play(['down', 'up', 'up', 'down', 'up', 'down'], thresholds, up).health.state).toBe('up')
  })

  it('forgets the failures of an incident once it has recovered', () => {
    const thresholds = { down: 3, of: 10, up: 2 }
    const { transitions } = play([...times(3, 'down'), 'up', 'up', 'down', 'down', 'up'], thresholds, up)
    expect(transitions.map(({ to }) => to)).toEqual(['down', 'up'])
  })

  it('shows degraded on its own, with the same patience, and never as down', () => {
    const { transitions, health } = play([...times(50, 'degraded'), ...times(10, 'up')], usual, up)
    expect(transitions.map(({ from, to, atMs }) => [from, to, atMs])).toEqual([
      ['up', 'degraded', 3000],
      ['degraded', 'up', 60_000],
    ])
    expect(health.state).toBe('up')
  })

  it('recovers from down to degraded where the successes are degraded', () => {
    expect(play(times(10, 'degraded'), usual, down).health.state).toBe('degraded')
  })

  it('goes from degraded to down', () => {
    const { states } = play([...times(3, 'degraded'), ...times(3, 'down')], usual, up)
    expect(states.at(2)).toBe('degraded')
    expect(states.at(-1)).toBe('down')
  })

  it('with thresholds of 1 follows every result', () => {
    const { states, transitions } = play(['down', 'up', 'degraded', 'down'], { down: 1, up: 1 }, up)
    expect(states).toEqual(['down', 'up', 'degraded', 'down'])
    expect(transitions.every(({ atMs, firstAtMs }) => atMs === firstAtMs)).toBe(true)
  })
})

const statuses = fc.array(fc.constantFrom<Status>('up', 'degraded', 'down', 'unknown'), { maxLength: 80 })
const thresholds: fc.Arbitrary<Thresholds> = fc
  .tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 0, max: 6 }), fc.integer({ min: 1, max: 12 }), fc.boolean())
  .map(([least, more, most, window]) => ({ down: least, ...(window && { of: least + more }), up: most }))
const start = fc.constantFrom('pending' as const, 'up' as const, 'degraded' as const, 'down' as const)

describe('health, whatever the results', () => {
  it('is changed by no unknown result', () => {
    fc.assert(
      fc.property(statuses, thresholds, start, (all, limits, state) => {
        const before = initialHealth(0, state)
        const ways = [all, all.filter((status) => status !== 'unknown')].map((list) => play(list, limits, before))
        expect(ways[0]?.transitions.map(({ from, to }) => [from, to])).toEqual(
          ways[1]?.transitions.map(({ from, to }) => [from, to]),
        )
        expect(judge(before, result('unknown'), limits, 1)).toEqual({ health: before })
      }),
    )
  })

  it('raises no incident with fewer failures in a row than the threshold', () => {
    const run = fc.tuple(fc.constantFrom<Status>('up', 'degraded', 'unknown'), fc.integer({ min: 0, max: 5 }))
    fc.assert(
      fc.property(fc.array(run, { maxLength: 30 }), fc.integer({ min: 1, max: 10 }), (runs, upAfter) => {
        const limits = { down: 6, up: upAfter }
        // Unknown results do not separate two rows of failures, so each row ends with a vote.
        const list = runs.flatMap(([status, failures]) => [...times(failures, 'down'), status, 'up' as const])
        expect(play(list, limits, up).states).not.toContain('down')
      }),
    )
  })

  it('changes to another state each time, and never back within the dwell of the thresholds', () => {
    fc.assert(
      fc.property(statuses, thresholds, start, (all, limits, state) => {
        const { transitions } = play(all, limits, initialHealth(0, state))
        for (const [i, one] of transitions.entries()) {
          expect(one.from).not.toBe(one.to)
          expect(one.firstAtMs).toBeLessThanOrEqual(one.atMs)
          const next = transitions[i + 1]
          if (!next) continue
          expect(next.from).toBe(one.to)
          const votes = (next.atMs - one.atMs) / 1000
          if (one.to === 'down') expect(votes).toBeGreaterThanOrEqual(limits.up)
          if (one.from === 'down' && next.to === 'down') expect(votes).toBeGreaterThanOrEqual(limits.down)
        }
      }),
    )
  })

  it('is never better for a worse result (consecutive thresholds)', () => {
    const pairs = fc.array(fc.tuple(fc.boolean(), fc.boolean()), { maxLength: 80 })
    const limits = fc.record({ down: fc.integer({ min: 1, max: 6 }), up: fc.integer({ min: 1, max: 12 }) })
    fc.assert(
      fc.property(pairs, limits, (bad, both) => {
        const list = (worse: boolean) => bad.map(([a, b]): Status => (a || (worse && b) ? 'down' : 'up'))
        const [better, worse] = [play(list(false), both, up), play(list(true), both, up)]
        for (const [i, state] of better.states.entries()) if (state === 'down') expect(worse.states[i]).toBe('down')
      }),
    )
  })

  it('remembers no more votes than its thresholds can use', () => {
    fc.assert(
      fc.property(statuses, thresholds, start, (all, limits, state) => {
        for (const { failing, ailing } of play(all, limits, initialHealth(0, state)).steps) {
          const most = Math.max(limits.down, limits.of ?? 0, limits.up)
          expect(Math.max(failing.votes.length, ailing.votes.length)).toBeLessThanOrEqual(most)
        }
      }),
    )
  })
})
