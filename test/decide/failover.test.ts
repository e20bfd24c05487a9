import { describe, expect, it } from 'vitest'
import { decideFailover, wantsToMove } from '../../lib/decide/failover.ts'
import type { Claim, FailoverFacts, Round } from '../../lib/decide/failover-facts.ts'
import { type Reason, reasonText } from '../../lib/decide/failover-reasons.ts'
import type { Ballot, EndpointVote } from '../../lib/decide/quorum.ts'
import type { Switch } from '../../lib/decide/swap-state.ts'
import type { Endpoint, Failover } from '../../lib/model/failover.ts'

const nowMs = Date.UTC(2026, 10, 21, 13, 30)
const secondMs = 1000
const minuteMs = 60 * secondMs
const hourMs = 60 * minuteMs

type Votes = Record<string, string>

/** What every vantage says of each endpoint, one letter a vantage: u(p), d(own), anything else is no vote. */
function round(votes: Votes, atMs = nowMs): Round {
  const ballots = new Map<string, Ballot>()
  for (const [endpoint, letters] of Object.entries(votes))
    for (const [i, letter] of [...letters].entries()) {
      const vote = ({ u: 'up', d: 'down' } as Record<string, EndpointVote>)[letter]
      if (vote) ballots.set(`v${i + 1}`, { ...ballots.get(`v${i + 1}`), [endpoint]: vote })
    }
  return { atMs, ballots }
}

const endpoint = (id: string, more: Partial<Endpoint> = {}): Endpoint => ({
  id,
  region: 'external',
  A: ['192.0.2.1'],
  lastResort: false,
  ...more,
})

const failover: Failover = {
  id: 'api',
  hostedZoneId: 'Z1',
  zone: 'example.com',
  record: 'api.example.com',
  ttl: 60,
  check: 'api',
  endpoints: [endpoint('a'), endpoint('b'), endpoint('c'), endpoint('sorry', { lastResort: true })],
  quorum: {},
  sustainMs: 10 * secondMs,
  mode: 'auto',
  switch: 'record',
  cooldownMs: 30 * minuteMs,
  maxPerDay: 2,
  failback: 'manual',
  servers: ['authoritative'],
  hooks: {},
}

type Over = Partial<Omit<FailoverFacts, 'failover'>> & { votes?: Votes; failover?: Partial<Failover> }

/** Three vantages, nothing in the way; `votes` have held for ten seconds. */
function facts({ votes = {}, failover: changed = {}, ...over }: Over = {}): FailoverFacts {
  const letters = Object.values(votes)[0]?.length ?? 3
  return {
    failover: { ...failover, ...changed },
    vantages: Array.from({ length: letters }, (_, i) => `v${i + 1}`),
    nowMs,
    rounds: [nowMs - 10 * secondMs, nowMs - 5 * secondMs, nowMs].map((atMs) => round(votes, atMs)),
    active: 'a',
    recordMatches: 'matches',
    flags: { locked: false, latched: false },
    table: { locked: false },
    switches: [],
    healthySince: {},
    wantToMove: 0,
    maxConcurrent: 2,
    ...over,
  }
}

/** A decision in a few words: `move b failover`, `refuse blind page`. */
function brief(over: Over): string {
  const decision = decideFailover(facts(over))
  const one = decision.kind === 'report' ? decision.would : decision
  return [
    ...(decision.kind === 'report' ? ['report', one.kind] : [one.kind]),
    ...(one.kind === 'refuse' ? [one.code, ...(one.latch ? ['latch'] : [])] : []),
    ...(one.kind === 'move' || one.kind === 'ask' || one.kind === 'wait' ? [one.to ?? 'nowhere', one.why ?? ''] : []),
    ...(decision.page ? ['page'] : []),
  ]
    .filter(Boolean)
    .join(' ')
}

const codes = (over: Over) => decideFailover(facts(over)).reasons.map(({ code }) => code)
const reasons = (over: Over, code: Reason['code']) => decideFailover(facts(over)).reasons.filter((r) => r.code === code)

/** The primary is dead, everything else is up. */
const dead: Votes = { a: 'ddd', b: 'uuu', c: 'uuu', sorry: 'uuu' }
const fine: Votes = { a: 'uuu', b: 'uuu', c: 'uuu', sorry: 'uuu' }
const switched = (from: string, to: string, agoMs: number, by: Switch['by'] = 'auto'): Switch => ({
  atMs: nowMs - agoMs,
  from,
  to,
  by,
})

type Row = [name: string, over: Over, expected: string]

describe('votes', () => {
  it.each<Row>([
    ['moves when a majority sees the active one down and the next one up', { votes: dead }, 'move b failover'],
    ['moves when one vantage still reaches the active one', { votes: { a: 'ddu', b: 'uuu' } }, 'move b failover'],
    ['stays when one vantage alone is cut off', { votes: { a: 'duu', b: 'uuu' } }, 'stay'],
    ['takes no vote for no down vote', { votes: { a: 'd-u', b: 'uuu' } }, 'stay'],
    ['moves without the vote of one dead vantage', { votes: { a: 'dd-', b: 'uu-' } }, 'move b failover'],
    ['is blind with fewer votes than voters', { votes: { a: 'd--', b: 'uuu' } }, 'refuse blind page'],
    ['is blind without any vote', { votes: { a: '---' } }, 'refuse blind page'],
    ['is blind without a round', { rounds: [] }, 'refuse blind page'],
    [
      'is blind below voters although fail is reached',
      { votes: { a: 'd--', b: 'uuu' }, failover: { quorum: { fail: 1 } } },
      'refuse blind page',
    ],
    ['passes over a target below pass', { votes: { a: 'ddd', b: 'u--', c: 'uu-' } }, 'move c failover'],
    [
      'asks for as many up votes as pass says',
      { votes: { a: 'ddd', b: 'uu-', c: 'uuu' }, failover: { quorum: { pass: 3 } } },
      'move c failover',
    ],
    [
      'asks for as many down votes as fail says',
      { votes: { a: 'dd-', b: 'uuu' }, failover: { quorum: { fail: 3 } } },
      'stay',
    ],
    [
      'does not move to a target with only as many up votes as the active one',
      { votes: { a: 'dduu', b: 'uudd', c: 'uu--' }, failover: { quorum: { fail: 2, pass: 2 } } },
      'refuse no-better-target page',
    ],
    [
      'moves to a target with one up vote more',
      { votes: { a: 'dduu', b: 'uudd', c: 'uuu-' }, failover: { quorum: { fail: 2, pass: 2 } } },
      'move c failover',
    ],
  ])('%s', (_, over, expected) => {
    expect(brief(over)).toBe(expected)
  })

  it('does not count ballots of vantages that are not configured', () => {
    expect(brief({ votes: { a: 'ddu', b: 'uuu' }, vantages: ['v2', 'v3', 'v4'] })).toBe('stay')
  })
})

describe('sustain', () => {
  const at = (agoMs: number, votes: Votes = dead) => round(votes, nowMs - agoMs)

  it.each<Row>([
    ['waits at the first round', { rounds: [at(0)] }, 'wait b failover'],
    ['waits while the votes have held for less', { rounds: [at(9999), at(0)] }, 'wait b failover'],
    ['moves once they have', { rounds: [at(10_000), at(0)] }, 'move b failover'],
    [
      'starts anew when the active one was up in between',
      { rounds: [at(10_000), at(5000, fine), at(0)] },
      'wait b failover',
    ],
    ['starts anew when it was blind', { rounds: [at(10_000), at(5000, { b: 'uuu' }), at(0)] }, 'wait b failover'],
    [
      'starts anew when the target was down',
      { rounds: [at(10_000), at(5000, { a: 'ddd', b: 'ddd' }), at(0)] },
      'wait b failover',
    ],
    ['looks at the last round, however long it held before', { rounds: [at(60_000), at(5000), at(0, fine)] }, 'stay'],
    [
      'moves at the first round where nothing has to hold',
      { rounds: [at(0)], failover: { sustainMs: 0 } },
      'move b failover',
    ],
    [
      'takes the target that has held for long enough before a preferred one that has not',
      { rounds: [at(10_000, { ...dead, b: 'ddd' }), at(0)] },
      'move c failover',
    ],
    [
      'judges by when votes were in, not by when it decides',
      { rounds: [round(dead, nowMs - 20_000), round(dead, nowMs - 15_000)] },
      'wait b failover',
    ],
    [
      'gives the standby as long to show that it is up',
      { rounds: [at(0, { a: 'ddd', b: 'd--', c: 'ddd', sorry: '-d-' })] },
      'wait nowhere',
    ],
  ])('%s', (_, over, expected) => {
    expect(brief(over)).toBe(expected)
  })

  it('says until when it waits', () => {
    expect(decideFailover(facts({ rounds: [at(4000), at(0)] }))).toMatchObject({ kind: 'wait', untilMs: nowMs + 6000 })
    const broken = [at(10_000), at(5000, { a: 'ddd', b: 'ddd', c: 'uuu' }), at(0)]
    // c has held all the while.
    expect(brief({ rounds: broken })).toBe('move c failover')
  })

  it('waits for the target that will have held first, the preferred one among equals', () => {
    const rounds = [at(6000, { a: 'ddd', b: 'ddd', c: 'uuu' }), at(0)]
    expect(decideFailover(facts({ rounds }))).toMatchObject({ to: 'c', untilMs: nowMs + 4000 })
  })
})

describe('choice of endpoint', () => {
  const cases: Row[] = [
    ['follows the configured order', { active: 'b', votes: { ...fine, b: 'ddd' } }, 'move a failover'],
    ['takes the next one that is up', { votes: { ...dead, b: 'ddd' } }, 'move c failover'],
    [
      'takes the last resort when nothing else is up',
      { votes: { a: 'ddd', b: 'ddd', c: 'd--', sorry: 'uuu' } },
      'move sorry last-resort',
    ],
    [
      'asks the last resort for pass on its own check',
      { votes: { a: 'ddd', b: 'ddd', c: 'ddd', sorry: 'u--' } },
      'refuse nothing-up page',
    ],
    [
      'stays and pages when everything is down',
      { votes: { a: 'ddd', b: 'ddd', c: 'ddd', sorry: 'ddd' } },
      'refuse nothing-up page',
    ],
    [
      'spares the last resort while another endpoint is up, though that one is no better than the active one',
      { votes: { a: 'dduu', b: 'uudd', sorry: 'uuuu' }, failover: { quorum: { fail: 2, pass: 2 } } },
      'refuse no-better-target page',
    ],
    [
      'waits for an endpoint that has just come up instead of taking the last resort',
      {
        rounds: [
          round({ a: 'ddd', b: 'ddd', sorry: 'uuu' }, nowMs - 10_000),
          round({ a: 'ddd', b: 'uuu', sorry: 'uuu' }),
        ],
      },
      'wait b failover',
    ],
    [
      'takes no last resort because the others failed in one round',
      {
        rounds: [
          round({ a: 'ddd', b: 'uuu', sorry: 'uuu' }, nowMs - 10_000),
          round({ a: 'ddd', b: 'udd', sorry: 'uuu' }),
        ],
      },
      'wait sorry last-resort',
    ],
    [
      'leaves a last resort that is down like any endpoint',
      { active: 'sorry', votes: { a: 'ddd', b: 'uuu', sorry: 'ddd' } },
      'move b failover',
    ],
    [
      'goes from one last resort that is down to another',
      {
        active: 'sorry',
        votes: { a: 'ddd', sorry: 'ddd', sorry2: 'uuu' },
        failover: {
          endpoints: [endpoint('a'), endpoint('sorry', { lastResort: true }), endpoint('sorry2', { lastResort: true })],
        },
      },
      'move sorry2 last-resort',
    ],
    [
      'puts a last resort behind the others wherever it is listed',
      { failover: { endpoints: [endpoint('a'), endpoint('sorry', { lastResort: true }), endpoint('b')] }, votes: dead },
      'move b failover',
    ],
  ]
  it.each(cases)('%s', (_, over, expected) => {
    expect(brief(over)).toBe(expected)
  })
})

describe('cooldown', () => {
  const afterMove = { active: 'b', switches: [switched('a', 'b', 5 * minuteMs)] }

  it.each<Row>([
    [
      'prefers any other endpoint that is up to the one just left',
      { ...afterMove, votes: { ...fine, b: 'ddd' } },
      'move c failover',
    ],
    [
      'never keeps traffic on a dead endpoint: it returns to the one just left when that alone is up',
      { ...afterMove, votes: { a: 'uuu', b: 'ddd', c: 'ddd', sorry: 'uuu' } },
      'move a failover',
    ],
    [
      'is over at its end',
      { active: 'b', switches: [switched('a', 'b', 30 * minuteMs)], votes: { ...fine, b: 'ddd' } },
      'move a failover',
    ],
    [
      'begins with a move by a person too',
      { active: 'b', switches: [switched('a', 'b', minuteMs, 'person')], votes: { ...fine, b: 'ddd' } },
      'move c failover',
    ],
    [
      'blocks failback',
      { ...afterMove, votes: fine, failover: { failback: { afterMs: 0 } }, healthySince: { a: nowMs - hourMs } },
      'stay',
    ],
    [
      'does not hold a person back',
      { ...afterMove, votes: fine, request: { to: 'a', by: 'person' } },
      'move a request',
    ],
  ])('%s', (_, over, expected) => {
    expect(brief(over)).toBe(expected)
  })

  it('says which endpoint comes last, and until when', () => {
    const votes = { ...fine, b: 'ddd' }
    const untilMs = nowMs + 25 * minuteMs
    expect(reasons({ ...afterMove, votes }, 'just-left')).toEqual([{ code: 'just-left', endpoint: 'a', untilMs }])
    expect(reasons({ ...afterMove, votes: fine, failover: { failback: { afterMs: 0 } } }, 'failback-cooldown')).toEqual(
      [{ code: 'failback-cooldown', endpoint: 'a', untilMs }],
    )
  })
})

describe('guards', () => {
  const twoMoves = [switched('a', 'b', 20 * hourMs), switched('b', 'a', 10 * hourMs)]
  const claim = (over: Partial<Claim>): Claim => ({ to: 'b', expiresAtMs: nowMs - 1, mine: false, ...over })

  it.each<Row>([
    ['locked in the TXT', { flags: { locked: true, latched: false } }, 'refuse locked page'],
    ['locked in the table', { table: { locked: true } }, 'refuse locked page'],
    ['a table that cannot be read', { table: 'unreadable' }, 'refuse locked page'],
    ['latched', { flags: { locked: false, latched: true } }, 'refuse latched page'],
    ['no TXT', { active: undefined }, 'refuse txt-unreadable page'],
    ['a TXT that names an endpoint no longer configured', { active: 'gone' }, 'refuse active-unknown page'],
    ['an edited record', { recordMatches: 'edited' }, 'refuse record-edited page'],
    ['a record that cannot be read', { recordMatches: 'unreadable' }, 'refuse record-unreadable page'],
    ['as many moves in a day as allowed', { switches: twoMoves }, 'refuse max-per-day latch page'],
    ['more failovers that want to move than allowed', { wantToMove: 2 }, 'refuse max-concurrent page'],
    ['as many as allowed', { wantToMove: 1 }, 'move b failover'],
    ['left to a person, though nobody else wants to any more', { heldBack: 3 }, 'refuse max-concurrent page'],
    ['left to a person by a limit that was raised since', { heldBack: 3, maxConcurrent: 3 }, 'move b failover'],
    ['one move fewer than allowed', { switches: twoMoves.slice(1) }, 'move b failover'],
    [
      'a move exactly a day ago',
      { switches: [switched('c', 'b', 24 * hourMs), switched('b', 'a', 23 * hourMs)] },
      'refuse max-per-day latch page',
    ],
    [
      'a move longer ago',
      { switches: [switched('c', 'b', 24 * hourMs + 1), switched('b', 'a', 23 * hourMs)] },
      'move b failover',
    ],
    [
      'a move that another clock dates into the future',
      { switches: [switched('c', 'b', 9 * hourMs), switched('b', 'a', -secondMs)] },
      'refuse max-per-day latch page',
    ],
    ['moves by persons', { switches: twoMoves.map((one) => ({ ...one, by: 'person' as const })) }, 'move b failover'],
    [
      'latched already, and too many moves',
      { flags: { locked: false, latched: true }, switches: twoMoves },
      'refuse latched page',
    ],
    ['locked, which is never latched on top', { table: { locked: true }, switches: twoMoves }, 'refuse locked page'],
  ])('%s', (_, over, expected) => {
    expect(brief({ votes: dead, ...over })).toBe(expected)
  })

  it('all hold their tongue while there is nothing to move for', () => {
    const held = {
      flags: { locked: true, latched: true },
      table: 'unreadable',
      recordMatches: 'edited',
      wantToMove: 9,
    } as const
    expect(brief({ votes: fine, ...held, switches: twoMoves })).toBe('stay')
  })

  it('all wait until the votes have held: a blip wakes nobody', () => {
    const over = { rounds: [round(dead)], flags: { locked: true, latched: false } }
    expect(brief(over)).toBe('wait b failover')
    expect(codes(over)).toContain('locked')
  })

  it('are all told, not only the first', () => {
    const over = {
      votes: dead,
      flags: { locked: true, latched: true },
      table: { locked: true },
      switches: twoMoves,
      wantToMove: 5,
    }
    expect(codes(over).slice(0, 5)).toEqual(['locked', 'locked', 'latched', 'max-per-day', 'max-concurrent'])
    expect(reasons(over, 'max-per-day')).toEqual([
      { code: 'max-per-day', switches: 2, limit: 2, sinceMs: nowMs - 20 * hourMs },
    ])
    expect(reasons(over, 'max-concurrent')).toEqual([{ code: 'max-concurrent', wanting: 6, limit: 2 }])
  })

  describe('claims', () => {
    it.each<Row>([
      ['of another controller: stays', { claim: claim({ expiresAtMs: nowMs + 1 }) }, 'stay'],
      [
        'of another controller, expired: takes over towards the same target, and pages',
        { claim: claim({ to: 'c' }) },
        'move c take-over page',
      ],
      [
        'that a wrong clock dated far ahead',
        { claim: claim({ expiresAtMs: nowMs + hourMs }) },
        'move b take-over page',
      ],
      ['expired just now', { claim: claim({ expiresAtMs: nowMs }) }, 'move b take-over page'],
      [
        'expired, the target is down: no other target, a person',
        { claim: claim({ to: 'b' }), votes: { ...dead, b: 'ddd' } },
        'refuse claim-unfit page',
      ],
      ['expired, the target is unknown', { claim: claim({ to: 'gone' }) }, 'refuse claim-unfit page'],
      ['expired, the target is active', { claim: claim({ to: 'a' }) }, 'refuse claim-unfit page'],
      ['expired, and the votes have not held', { claim: claim({}), rounds: [round(dead)] }, 'wait b take-over'],
      [
        'expired, though the old endpoint is back: its hook may have run',
        { claim: claim({}), votes: fine },
        'move b take-over page',
      ],
      ['expired, and blind', { claim: claim({}), votes: { a: 'd--', b: 'uuu' } }, 'refuse blind page'],
      ['expired, and locked', { claim: claim({}), table: { locked: true } }, 'refuse locked page'],
      ['expired, and latched', { claim: claim({}), flags: { locked: false, latched: true } }, 'refuse latched page'],
      ['expired, and too many moves', { claim: claim({}), switches: twoMoves }, 'refuse max-per-day latch page'],
      [
        'expired, and others want to move: this one had begun',
        { claim: claim({}), wantToMove: 9 },
        'move b take-over page',
      ],
      [
        'our own: goes on to the same target',
        { claim: claim({ to: 'c', mine: true, expiresAtMs: nowMs + 1 }) },
        'move c take-over',
      ],
      ['our own, expired: goes on and pages', { claim: claim({ to: 'c', mine: true }) }, 'move c take-over page'],
      [
        'our own, and a person wants another endpoint',
        { claim: claim({ mine: true, expiresAtMs: nowMs + 1 }), request: { to: 'c', by: 'person' } },
        'refuse claimed',
      ],
      [
        'our own, and a person wants the same',
        { claim: claim({ mine: true, expiresAtMs: nowMs + 1 }), request: { to: 'b', by: 'person' } },
        'move b request',
      ],
      [
        'of another controller, and a person wants to move',
        { claim: claim({ expiresAtMs: nowMs + 1 }), request: { to: 'c', by: 'person' } },
        'stay',
      ],
      [
        'expired, and a person wants another endpoint',
        { claim: claim({}), request: { to: 'c', by: 'person' } },
        'move c request page',
      ],
    ])('%s', (_, over, expected) => {
      expect(brief({ votes: dead, ...over })).toBe(expected)
    })
  })
})

describe('failback', () => {
  const back = {
    active: 'b',
    votes: fine,
    failover: { failback: { afterMs: hourMs } },
    healthySince: { a: nowMs - hourMs },
  }

  it.each<Row>([
    ['goes back once the primary was up for the whole stretch', back, 'move a failback'],
    ['never by itself when manual', { ...back, failover: {} }, 'stay'],
    ['not before the stretch is over', { ...back, healthySince: { a: nowMs - hourMs + 1 } }, 'stay'],
    ['not when nobody knows since when it is up', { ...back, healthySince: {} }, 'stay'],
    ['not below pass', { ...back, votes: { ...fine, a: 'u--' } }, 'stay'],
    ['not with fewer up votes than the active one', { ...back, votes: { ...fine, a: 'uu-' } }, 'stay'],
    ['with as many', { ...back, votes: { ...fine, a: 'uud', b: 'uu-' } }, 'move a failback'],
    ['not blind', { ...back, votes: { ...fine, b: 'u--' } }, 'refuse blind page'],
    ['not before the votes have held', { ...back, rounds: [round(fine)] }, 'wait a failback'],
    ['not to another endpoint than the primary', { ...back, active: 'c', healthySince: { b: 0 } }, 'stay'],
    ['not from the primary', { ...back, active: 'a', healthySince: { a: 0, b: 0 } }, 'stay'],
    ['not when locked, which wakes nobody', { ...back, table: { locked: true } }, 'refuse locked'],
    ['not when latched, which wakes nobody', { ...back, flags: { locked: false, latched: true } }, 'refuse latched'],
    [
      'counts towards the limit of a day',
      {
        ...back,
        switches: [switched('a', 'b', 3 * hourMs), switched('b', 'a', 2 * hourMs), switched('a', 'b', hourMs)],
      },
      'refuse max-per-day latch page',
    ],
    ['counts among those that want to move', { ...back, wantToMove: 2 }, 'refuse max-concurrent page'],
    [
      'leaves a last resort for any endpoint that was up for the stretch',
      { ...back, active: 'sorry', votes: { ...fine, a: 'ddd' }, healthySince: { b: 0 } },
      'move b failback',
    ],
    [
      'leaves a last resort for the preferred one',
      { ...back, active: 'sorry', healthySince: { a: 0, b: 0 } },
      'move a failback',
    ],
    [
      'leaves a last resort only by a person when manual',
      { active: 'sorry', votes: fine, healthySince: { a: 0 } },
      'stay',
    ],
    [
      'stays on a last resort until the stretch is over',
      { ...back, active: 'sorry', healthySince: { a: nowMs - minuteMs } },
      'stay',
    ],
    [
      'is not lost to one more vote against the active endpoint, where failover would need more',
      { ...back, votes: { a: 'uuu--', b: 'uuudd' }, failover: { failback: { afterMs: hourMs }, quorum: { fail: 2 } } },
      'move a failback',
    ],
  ])('%s', (_, over, expected) => {
    expect(brief(over)).toBe(expected)
  })

  it('says what is missing', () => {
    expect(reasons({ ...back, healthySince: { a: nowMs - minuteMs } }, 'failback-early')).toEqual([
      { code: 'failback-early', endpoint: 'a', upForMs: minuteMs, neededMs: hourMs },
    ])
    // A clock that was ahead, then: it is not up for less than nothing.
    expect(reasons({ ...back, healthySince: { a: nowMs + minuteMs } }, 'failback-early')).toMatchObject([
      { upForMs: 0 },
    ])
    expect(codes({ ...back, failover: {} })).toContain('failback-manual')
    expect(codes({ ...back, votes: { ...fine, a: 'uu-' } })).toContain('lacks-as-many')
    expect(codes({ ...back, votes: { ...fine, a: 'u--' } })).toContain('lacks-pass')
  })
})

describe('modes', () => {
  it.each<[Failover['mode'], string, string, string]>([
    ['auto', 'move b failover', 'wait b failover', 'refuse locked page'],
    ['approve', 'ask b failover', 'wait b failover', 'refuse locked page'],
    ['dry-run', 'report move b failover', 'wait b failover', 'report refuse locked'],
    ['observe', 'report move b failover', 'report wait b failover', 'report refuse locked'],
  ])('%s', (mode, decided, early, guarded) => {
    expect(brief({ votes: dead, failover: { mode } })).toBe(decided)
    expect(brief({ rounds: [round(dead)], failover: { mode } })).toBe(early)
    expect(brief({ votes: dead, failover: { mode }, table: { locked: true } })).toBe(guarded)
    expect(brief({ votes: fine, failover: { mode } })).toBe('stay')
    expect(brief({ votes: dead, failover: { mode }, request: { to: 'b', by: 'person' } })).toBe('move b request')
  })

  it('names the mode in a report', () => {
    expect(decideFailover(facts({ votes: dead, failover: { mode: 'dry-run' } }))).toMatchObject({ mode: 'dry-run' })
  })

  it('asks where a limit hands the move to a person anyway', () => {
    const switches = [switched('c', 'b', 2 * hourMs), switched('b', 'a', hourMs)]
    expect(brief({ votes: dead, failover: { mode: 'approve' }, wantToMove: 9, switches })).toBe('ask b failover')
    const latched = { flags: { locked: false, latched: true } }
    expect(brief({ votes: dead, failover: { mode: 'approve' }, ...latched })).toBe('refuse latched page')
  })
})

describe("a person's request", () => {
  const request = { to: 'c', by: 'person' as const }
  const approval = { ...request, approval: true }

  it.each<Row>([
    ['moves while all is well', { votes: fine, request }, 'move c request'],
    ['moves past the preferred endpoint', { votes: dead, request }, 'move c request'],
    [
      'moves to an endpoint with fewer up votes than the active one',
      { votes: { ...fine, c: 'uu-' }, request },
      'move c request',
    ],
    [
      'moves to a last resort that is up',
      { votes: fine, request: { to: 'sorry', by: 'person' } },
      'move sorry request',
    ],
    ['never to an endpoint below pass', { votes: { ...dead, c: 'u--' }, request }, 'refuse target-not-up'],
    ['never to an unknown endpoint', { votes: dead, request: { to: 'x', by: 'person' } }, 'refuse unknown-endpoint'],
    ['never to the one that is active', { votes: dead, request: { to: 'a', by: 'person' } }, 'refuse already-active'],
    ['never blind', { votes: { a: '--d', c: 'uuu' }, request }, 'refuse blind page'],
    [
      'never when locked in the TXT',
      { votes: dead, request, flags: { locked: true, latched: false } },
      'refuse locked',
    ],
    ['never when locked in the table', { votes: dead, request, table: { locked: true } }, 'refuse locked'],
    ['never when the table cannot be read', { votes: dead, request, table: 'unreadable' }, 'refuse locked'],
    ['never over an edited record', { votes: dead, request, recordMatches: 'edited' }, 'refuse record-edited'],
    [
      'never over a record that cannot be read',
      { votes: dead, request, recordMatches: 'unreadable' },
      'refuse record-unreadable',
    ],
    ['never without a TXT', { votes: dead, request, active: undefined }, 'refuse txt-unreadable'],
    ['overrides the latch', { votes: dead, request, flags: { locked: false, latched: true } }, 'move c request'],
    ['overrides too many failovers', { votes: dead, request, wantToMove: 9, heldBack: 10 }, 'move c request'],
    [
      'overrides the limit of a day',
      { votes: dead, request, failover: { maxPerDay: 1 }, switches: [switched('b', 'a', hourMs)] },
      'move c request',
    ],
    ['waits for sustain like any other', { rounds: [round(dead)], request }, 'wait c request'],
    ['learns of a lock without waiting', { rounds: [round(dead)], request, table: { locked: true } }, 'refuse locked'],
    ['approved: decides anew towards that endpoint', { votes: dead, request: approval }, 'move c request'],
    ['approved: the active endpoint is back', { votes: fine, request: approval }, 'refuse not-needed'],
    [
      'approved: the endpoint is down by now',
      { votes: { ...dead, c: 'ddd' }, request: approval },
      'refuse target-not-up',
    ],
    [
      'approved: overrides the limits',
      { votes: dead, request: approval, wantToMove: 9, flags: { locked: false, latched: true } },
      'move c request',
    ],
    [
      'approved: a claim is carried on',
      { votes: fine, request: approval, claim: { to: 'c', expiresAtMs: nowMs + 1, mine: true } },
      'move c request',
    ],
  ])('%s', (_, over, expected) => {
    expect(brief(over)).toBe(expected)
  })

  it('says which guards it overrode', () => {
    const over = { votes: dead, request, wantToMove: 9, flags: { locked: false, latched: true } }
    expect(reasons(over, 'left-to-a-person')).toEqual([
      { code: 'left-to-a-person', guard: 'latched' },
      { code: 'left-to-a-person', guard: 'max-concurrent' },
    ])
  })
})

describe('reasons', () => {
  it('hold the tally of every endpoint and the needed numbers, whatever is decided', () => {
    const votes = { a: 'dd-', b: 'uud', c: '---', sorry: 'u-d' }
    for (const over of [{}, { active: undefined }, { table: 'unreadable' }, { active: 'gone' }] as const) {
      const { reasons } = decideFailover(facts({ votes, ...over }))
      expect(reasons).toContainEqual({ code: 'needed', fail: 2, pass: 2, voters: 2, vantages: 3 })
      const active = !('active' in over)
      expect(reasons).toContainEqual({ code: 'votes', endpoint: 'a', active, up: [], down: ['v1', 'v2'], none: ['v3'] })
      expect(reasons.filter(({ code }) => code === 'votes')).toHaveLength(4)
    }
  })

  it('say why not the preferred endpoint', () => {
    const lacks = reasons({ votes: { ...dead, b: 'udd' } }, 'lacks-pass')
    expect(lacks).toEqual([{ code: 'lacks-pass', endpoint: 'b', up: 1, pass: 2 }])
  })

  it('say of each other endpoint what is so: too few votes, no more than the active one, not for long enough', () => {
    const equal = { votes: { a: 'dduu', b: 'uudd', c: 'd---' }, failover: { quorum: { fail: 2, pass: 2 } } }
    expect(reasons(equal, 'lacks-more')).toEqual([{ code: 'lacks-more', endpoint: 'b', up: 2, activeUp: 2 }])
    expect(codes({ votes: { a: 'ddd', b: 'ddd', c: 'ddd', sorry: 'd--' } })).not.toContain('last-resort-spared')
    const early = { rounds: [round({ ...dead, b: 'ddd' }, nowMs - 10_000), round(dead)] }
    expect(brief(early)).toBe('move c failover')
    expect(reasons(early, 'sustain')).toMatchObject([
      { endpoint: 'c', heldMs: 10_000 },
      { endpoint: 'b', heldMs: 0 },
    ])
  })

  it('name the silent vantages when blind', () => {
    const [first] = decideFailover(facts({ votes: { a: 'd--' } })).reasons
    expect(first).toEqual({ code: 'blind', votes: 1, voters: 2, silent: ['v2', 'v3'] })
  })

  it('lead with what decided', () => {
    for (const over of [{}, { table: 'unreadable' }, { active: undefined }, { wantToMove: 7 }] as const) {
      const decision = decideFailover(facts({ votes: dead, ...over }))
      expect(decision.reasons[0]?.code).toBe(decision.kind === 'refuse' ? decision.code : 'chosen')
    }
  })

  it('read as plain sentences', () => {
    const texts = (over: Over) => decideFailover(facts(over)).reasons.map(reasonText)
    expect(texts({ votes: dead, table: 'unreadable' })).toEqual([
      'This controller cannot read its table and therefore treats itself as locked.',
      'b is chosen, as the active endpoint is down: up for 3 vantages, of 2 needed; the active endpoint is up for 0 and down for 3.',
      'The votes for b have held for 10s, since 2026-11-21T13:29:50Z; 10s are needed.',
      'sorry is a last resort, not taken while another endpoint is up: b, c.',
      'Of 3 vantages it takes 2 that see the active endpoint down, 2 that see the target up, and 2 with a vote at all.',
      'a (active): up for nobody; down for v1, v2, v3.',
      'b: up for v1, v2, v3; down for nobody.',
      'c: up for v1, v2, v3; down for nobody.',
      'sorry: up for v1, v2, v3; down for nobody.',
    ])
    expect(texts({ votes: { a: 'uud', b: 'uuu' } })[0]).toBe(
      'a is active and down for 1 vantage only; a failover needs 2.',
    )
  })
})

it('tells who wants to move by itself, held back or not', () => {
  const wants = (over: Over) => wantsToMove(decideFailover(facts(over)))
  expect(wants({ votes: dead })).toBe(true)
  expect(wants({ rounds: [round(dead)] })).toBe(true)
  expect(wants({ votes: dead, table: 'unreadable' })).toBe(true)
  expect(wants({ votes: dead, failover: { mode: 'approve' } })).toBe(true)
  expect(wants({ votes: dead, failover: { mode: 'observe' } })).toBe(true)
  expect(wants({ votes: fine })).toBe(false)
  expect(wants({ votes: { a: 'ddd' } })).toBe(false)
  expect(wants({ votes: fine, request: { to: 'b', by: 'person' } })).toBe(false)
})
