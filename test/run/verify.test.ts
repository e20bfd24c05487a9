import { describe, expect, test } from 'vitest'
import type { AskVantage } from '../../lib/act/ports.ts'
import type { Answers, Served } from '../../lib/decide/probe-now.ts'
import type { Endpoint, Failover } from '../../lib/model/failover.ts'
import { type VerifyHost, verifyMove } from '../../lib/run/verify.ts'
import { failoverOf } from '../support/failover-fixture.ts'

const vantages = ['north', 'south', 'west']
const good: Served = { server: 'ns1', isAsDeclared: true, says: 'A 192.0.2.2; AAAA none' }
const stale: Served = { server: 'ns2', isAsDeclared: false, says: 'A 192.0.2.1; AAAA none' }

interface Setup {
  failover?: Failover
  /** What the servers tell a vantage, so long after the change. */
  served?(vantage: string, atMs: number): Served[] | undefined
  name?(vantage: string, atMs: number): Answers['name'] | undefined
  isInSync?(atMs: number): boolean | undefined
  changeId?: string | undefined
  vantages?: string[]
}

/** A verification in a time of its own, which passes when it pauses. */
async function verify(setup: Setup = {}) {
  const { failover = failoverOf(), served = () => [good], name = () => ({ isUp: true }), isInSync } = setup
  const to = failover.endpoints.at(-1) as Endpoint
  let nowMs = 0
  let looks = 0
  const ask: AskVantage = async (vantage, question) => {
    looks++
    // Never the drill's name: what users get is what counts.
    expect(question).toMatchObject({ at: 'record', endpoint: to.id })
    if (question.ask === 'served') {
      const servers = served(vantage, nowMs)
      return servers && ({ servers } as never)
    }
    return name(vantage, nowMs) as never
  }
  const stopping = new AbortController()
  const host: VerifyHost = {
    ...{ vantages: setup.vantages ?? vantages, monitors: [], ask, wallClock: () => nowMs, stopping: stopping.signal },
    records: isInSync ? { isInSync: async () => isInSync(nowMs) } : {},
    pause: async (ms) => {
      nowMs += ms
    },
  }
  const changeId = 'changeId' in setup ? setup.changeId : 'C1'
  return { ...(await verifyMove(failover, to, changeId, host)), tookMs: nowMs, looks }
}

describe('a move is verified', () => {
  test('when the change is in sync, every server says so to every vantage, and the name is up', async () => {
    const seen = await verify({
      isInSync: (atMs) => atMs >= 20_000,
      served: (_, atMs) => [good, atMs < 30_000 ? stale : { ...stale, isAsDeclared: true }],
      name: (_, atMs) => ({ isUp: atMs >= 60_000 }),
    })
    expect(seen).not.toHaveProperty('problem')
    const { inSyncMs = 0, servedMs = 0, answeredMs = 0 } = seen
    expect([inSyncMs >= 20_000, servedMs >= 30_000, answeredMs >= 60_000, answeredMs < 70_000]).toEqual(
      Array(4).fill(true),
    )
  })

  test.each([false, undefined])(
    'by what every server says, though the API never says that it is in sync (%s)',
    async (said) => {
      const seen = await verify({ isInSync: () => said })
      expect(seen).toMatchObject({ servedMs: expect.any(Number), answeredMs: expect.any(Number) })
      expect(Object.keys(seen)).not.toContain('inSyncMs')
      expect(seen).not.toHaveProperty('problem')
    },
  )

  test('at once in a zone that knows no changes under way', async () => {
    expect(await verify({ changeId: undefined })).toEqual({ servedMs: 0, answeredMs: 0, tookMs: 0, looks: 6 })
  })

  test('though one vantage hears nothing, as long as enough do', async () => {
    const cut = (vantage: string) => (vantage === 'west' ? [] : [good])
    expect(await verify({ served: cut })).not.toHaveProperty('problem')
    expect(await verify({ served: (vantage) => (vantage === 'west' ? undefined : [good]) })).not.toHaveProperty(
      'problem',
    )
  })

  test('though one vantage sees it down by name, as long as enough see it up', async () => {
    expect(await verify({ name: (vantage) => ({ isUp: vantage !== 'west' }) })).not.toHaveProperty('problem')
  })
})

describe('a move is not verified', () => {
  const changeId = undefined
  test.each<[string, Setup, RegExp]>([
    [
      'while the change is not in sync and a server has not got it',
      { isInSync: () => false, served: () => [good, stale] },
      /change C1 is in sync.*; not every server.*ns2 says A 192\.0\.2\.1/,
    ],
    [
      'while one server gives another answer to one vantage',
      { changeId, served: (vantage) => (vantage === 'west' ? [good, stale] : [good]) },
      /ns2 says A 192\.0\.2\.1; AAAA none to west/,
    ],
    [
      'where no server could be asked from anywhere',
      { changeId, served: () => [] },
      /too few vantages.*north, south, west/,
    ],
    [
      'where too few vantages could ask',
      { changeId, served: (vantage) => (vantage === 'north' ? [good] : undefined) },
      /too few vantages.*south, west/,
    ],
    ['where nobody answers', { changeId, served: () => undefined, name: () => undefined }, /too few vantages/],
    [
      'of two vantages where one is silent',
      { changeId, vantages: ['north', 'south'], served: (vantage) => (vantage === 'north' ? [good] : []) },
      /nothing from south/,
    ],
    ['where there are no vantages', { changeId, vantages: [] }, /too few vantages/],
    [
      'where too few vantages see it up by name',
      {
        changeId,
        name: (vantage) => (vantage === 'north' ? { isUp: true } : { isUp: false, cause: 'ASSERTION: 503' }),
      },
      /south: ASSERTION: 503; west: ASSERTION: 503/,
    ],
  ])('%s', async (_, setup, problem) => {
    const seen = await verify(setup)
    expect(seen.problem).toMatch(problem)
    expect(seen).not.toHaveProperty('answeredMs')
  })

  test.each<[string, Setup]>([
    ['with a TTL of a day', { failover: failoverOf({ ttl: 86_400 }) }],
    [
      'with servers that are resolvers alone',
      { failover: { ...failoverOf({ ttl: 86_400 }), servers: ['192.0.2.53:53'] } },
    ],
    ['by health checks', { failover: failoverOf({ switch: 'health-check' }), changeId: undefined }],
  ])('within the 15 minutes that a function has, %s', async (_, { failover, changeId = 'C1' }) => {
    const late = 115_000
    const seen = await verify({
      ...(failover && { failover }),
      ...{ changeId, isInSync: (atMs) => atMs >= late, name: () => ({ isUp: false }) },
      served: (_, atMs) => [atMs >= 230_000 ? good : stale],
    })
    expect(seen.problem).toBeDefined()
    expect(seen.tookMs).toBeLessThan(13 * 60_000)
  })

  test('and what is listed of it is bounded', async () => {
    const many = Array.from({ length: 100 }, (_, i) => ({ ...stale, server: `ns${i}` }))
    const { problem = '' } = await verify({ changeId: undefined, served: () => many })
    expect(problem).toContain('and 294 more')
    expect(problem.length).toBeLessThan(1000)
  })
})

test('Route 53 is asked about a change every five seconds or so, as an account has few calls', async () => {
  const asked: number[] = []
  await verify({
    isInSync: (atMs) => {
      asked.push(atMs)
      return false
    },
  })
  const waits = asked.slice(1).map((atMs, i) => atMs - (asked[i] ?? 0))
  // Each pause may be twice as long, by chance.
  for (const waitMs of waits) expect([waitMs >= 2500, waitMs <= 5000]).toEqual([true, true])
  expect(asked.length).toBeGreaterThan(20)
})

test('resolvers may keep the old answer for its TTL, and so may those who look the name up', async () => {
  const late = (_: string, atMs: number) => [atMs >= 170_000 ? good : stale]
  const slow = failoverOf({ ttl: 60 })
  for (const [failover, isSeen] of [
    [{ ...slow, servers: ['192.0.2.53:53'] }, true],
    [{ ...slow, servers: ['authoritative'] }, false],
    [{ ...slow, servers: ['192.0.2.53:53', 'authoritative'] }, false],
  ] as const) {
    const seen = await verify({ failover: { ...failover, servers: [...failover.servers] }, served: late })
    expect(seen.problem === undefined).toBe(isSeen)
  }
  const name = (_: string, atMs: number) => ({ isUp: atMs >= 170_000 })
  expect(await verify({ failover: slow, name })).not.toHaveProperty('problem')
  expect((await verify({ failover: failoverOf({ ttl: 1 }), name })).problem).toBeDefined()
})

test('health checks have minutes before the answer has to be seen', async () => {
  const failover = failoverOf({ switch: 'health-check' })
  const served = (_: string, atMs: number) => [atMs >= 5 * 60_000 ? good : stale]
  expect(await verify({ failover, changeId: undefined, served })).not.toHaveProperty('problem')
  expect((await verify({ changeId: undefined, served })).problem).toBeDefined()
})

test('a verification is broken off when the process ends', async () => {
  const stopping = AbortSignal.abort()
  const host: VerifyHost = {
    ...{ vantages, monitors: [], records: {}, wallClock: () => 0, stopping },
    ask: async () => undefined,
    pause: () => Promise.reject(new Error('it paused')),
  }
  const failover = failoverOf()
  expect((await verifyMove(failover, failover.endpoints[0] as Endpoint, undefined, host)).problem).toBeDefined()
})
