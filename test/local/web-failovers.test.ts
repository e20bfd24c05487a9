import { describe, expect, it } from 'vitest'
import type { Decision } from '../../lib/decide/failover-facts.ts'
import type { Reason } from '../../lib/decide/failover-reasons.ts'
import type { Readiness } from '../../lib/decide/readiness.ts'
import type { StreamEvents } from '../../lib/local/web/api/events.ts'
import type { FailoversPage } from '../../lib/local/web/api/failovers.ts'
import type { IncidentPage } from '../../lib/local/web/api/incidents.ts'
import type { MonitorPage } from '../../lib/local/web/api/monitor.ts'
import type { Overview } from '../../lib/local/web/api/overview.ts'
import { failoverView } from '../../lib/local/web/failover-view.ts'
import { Happenings } from '../../lib/local/web/happenings.ts'
import { watchedFailover } from '../../lib/local/web/watched.ts'
import { parseConfig } from '../../lib/model/parse-config.ts'
import type { FailoverEvent } from '../../lib/run/failover-event.ts'
import type { FailoverStatus } from '../../lib/run/failover-status.ts'
import { get, listen, startSite, transition } from '../support/site.ts'

const config = {
  service: 'shop',
  monitors: [{ id: 'api', kind: 'http', url: 'http://api.example.com/' }],
  failovers: [
    {
      ...{ id: 'api', hostedZoneId: 'Z1', zone: 'example.com', record: 'api.example.com', check: 'api' },
      endpoints: [
        { id: 'one', region: 'external', A: ['192.0.2.1'] },
        { id: 'two', region: 'external', A: ['192.0.2.2', '192.0.2.3'] },
      ],
      hooks: { before: { command: ['/usr/local/bin/promote', '--password=hunter22'] } },
    },
  ],
}

const all = ['north', 'south', 'west']
const votes: Reason[] = [
  { code: 'votes', endpoint: 'one', active: true, up: [], down: ['north', 'south'], none: ['west'] },
  { code: 'votes', endpoint: 'two', active: false, up: all, down: [], none: [] },
]
const sustain: Reason = { code: 'sustain', endpoint: 'two', sinceMs: 1000, heldMs: 2000, neededMs: 2000 }
const move: Decision = { kind: 'move', to: 'two', why: 'failover', page: false, reasons: [sustain, ...votes] }
const refusal: Decision = {
  kind: 'refuse',
  code: 'locked',
  latch: false,
  page: true,
  to: 'two',
  reasons: [{ code: 'locked', by: 'txt' }],
}
const stay: Decision = { kind: 'stay', page: false, reasons: [] }
const doneMore = { largestEpoch: 2, inDoubt: false, claimLeft: false }

const decided = (decision: Decision, atMs: number): FailoverEvent => {
  return { type: 'decided', failover: 'api', trigger: 'vantage', decision, atMs }
}
const swapped: FailoverEvent = {
  ...{ type: 'swapped', failover: 'api', to: 'two', by: 'auto', atMs: 3500, tookMs: 400 },
  outcome: { kind: 'moved', epoch: 2, ...doneMore },
}
const verified: FailoverEvent = {
  type: 'verified',
  failover: 'api',
  to: 'two',
  movedAtMs: 3500,
  atMs: 4500,
  inSyncMs: 300,
  servedMs: 900,
  answeredMs: 1000,
}

const status = (over: Partial<FailoverStatus> = {}): FailoverStatus => ({
  ...{ id: 'api', record: 'api.example.com', mode: 'auto', locked: false },
  endpoints: [
    { id: 'one', active: true, up: [], down: ['north', 'south'], none: ['west'] },
    { id: 'two', active: false, up: [], down: ['north'], none: ['south', 'west'] },
  ],
  last: { atMs: 3000, trigger: 'vantage', decision: move },
  ...over,
})

describe('failovers on the dashboard', () => {
  it('show what is active, who voted what and who had no vote, the reasons, and nothing of hooks', async () => {
    const { url, feed } = await startSite({ config })
    feed({})
    const before = await get<FailoversPage>(`${url}/api/failovers`)
    // Nobody has voted yet.
    for (const { votes: seen } of before.failovers[0]?.endpoints ?? [])
      expect(seen).toEqual({ up: [], down: [], none: all })
    expect(before.failovers[0]).toMatchObject({ id: 'api', locked: false, ttlSeconds: 60 })
    expect(before.failovers[0]?.active).toBeUndefined()
    const readiness: Readiness = { atMs: 1, problems: [{ code: 'LATCHED', detail: 'It is latched.' }] }
    const notable = { atMs: 2000, trigger: 'person', decision: refusal } as const
    const lastMove = { atMs: 2500, to: 'one', tookMs: 3, downForMs: 13_000, verified: true }
    feed({ failovers: [status({ readiness, locked: true, notable, lastMove, servedAt: '127.0.0.1:4455' })] })
    const { failovers, vantages } = await get<FailoversPage>(`${url}/api/failovers`)
    expect(vantages).toEqual(all)
    expect(failovers[0]).toMatchObject({
      ...{ active: 'one', locked: true, quorum: { fail: 2, pass: 2, voters: 2 }, readiness },
      last: { kind: 'move', to: 'two', trigger: 'vantage' },
      notable: { atMs: 2000, kind: 'refuse', to: 'two', trigger: 'person' },
      ...{ lastMove, dig: 'dig @127.0.0.1 -p 4455 api.example.com' },
    })
    expect(failovers[0]?.last?.reasons).toContain(
      'one (active): up for nobody; down for north, south; no vote from west.',
    )
    expect(failovers[0]?.endpoints).toMatchObject([
      { answer: 'A 192.0.2.1', monitors: ['api@one'], votes: { up: [], down: ['north', 'south'], none: ['west'] } },
      { answer: 'A 192.0.2.2, A 192.0.2.3', monitors: ['api@two.1', 'api@two.2'] },
    ])
    expect(JSON.stringify(failovers)).not.toMatch(/promote|hunter22/)
  })

  it('are known by what may be shown of them: which endpoint is the last resort, nothing of hooks', () => {
    const [failover] = parseConfig(config).failovers
    if (!failover) throw new Error('expected a failover')
    const [one, two] = failover.endpoints
    const endpoints = [one, two].flatMap((endpoint, i) => (endpoint ? [{ ...endpoint, lastResort: i === 1 }] : []))
    const watched = watchedFailover({ ...failover, endpoints })
    expect(watched).not.toHaveProperty('hooks')
    expect(failoverView(watched, undefined, all).endpoints.map(({ lastResort }) => lastResort)).toEqual([false, true])
  })

  it('say why a decided move was not made, and nothing where it was', async () => {
    const { url, feed } = await startSite({ config })
    const stale = { kind: 'refused', reason: 'STALE', detail: 'the votes became too old', ...doneMore } as const
    const notMoved = async (outcome: object) => {
      const decision = { ...move, outcome } as NonNullable<FailoverStatus['last']>['decision']
      feed({ failovers: [status({ last: { atMs: 3000, trigger: 'vantage', decision } })] })
      return (await get<FailoversPage>(`${url}/api/failovers`)).failovers[0]?.last?.notMoved
    }
    expect(await notMoved(stale)).toBe('the votes became too old')
    expect(await notMoved({ kind: 'moved', epoch: 2, ...doneMore })).toBeUndefined()
  })

  it('tell vantages that see a monitor down where a vote is on this monitor alone', async () => {
    const { url, feed } = await startSite({ config })
    feed({ failovers: [status()] })
    const { monitors } = await get<Overview>(`${url}/api/overview`)
    const downAt = Object.fromEntries(monitors.map((row) => [row.id, row.downAt]))
    expect(downAt).toEqual({
      api: undefined,
      'api@one': ['north', 'south'],
      'api@two.1': undefined,
      'api@two.2': undefined,
    })
    expect((await get<MonitorPage>(`${url}/api/monitors/api%40one`)).failovers).toEqual(['api'])
  })

  it('tell whatever a vantage said last, by a run or by a vote, and as soon as it changes', async () => {
    const { url, feed } = await startSite({ config })
    const sight = (monitor: string, vantage: string, isDown: boolean, atMs: number) => ({
      monitor,
      vantage,
      isDown,
      atMs,
    })
    const { saw, events } = await listen(`${url}/api/events`)
    feed({ failovers: [status()] })
    await saw('sights')
    // Votes are of 3000: north is well again since, west is not, and one of two addresses is down from the south.
    const sights = [
      ...[sight('api@one', 'north', false, 4000), sight('api@one', 'south', false, 2000)],
      ...[sight('api@one', 'west', true, 4000), sight('api@two.2', 'south', true, 4000)],
    ]
    feed({ sights })
    feed({ sights })
    const { monitors } = await get<Overview>(`${url}/api/overview`)
    const downAt = Object.fromEntries(monitors.map((row) => [row.id, row.downAt]))
    expect(downAt).toMatchObject({ 'api@one': ['south', 'west'], 'api@two.2': ['south'] })
    expect(downAt['api@two.1']).toBeUndefined()
    feed({ failovers: [status({ last: { atMs: 5000, trigger: 'tick', decision: stay } })] })
    await expect
      .poll(() => events.filter(({ name }) => name === 'sights').map(({ data }) => data))
      .toEqual([
        [{ id: 'api@one', downAt: ['north', 'south'] }],
        [
          { id: 'api@one', downAt: ['south', 'west'] },
          { id: 'api@two.2', downAt: ['south'] },
        ],
        // Nobody watches the two addresses any more, and the south has no vote on them.
        [
          { id: 'api@one', downAt: ['north', 'south'] },
          { id: 'api@two.2', downAt: [] },
        ],
      ])
  })

  it('are told anew only where something of them has changed', async () => {
    const { url, feed } = await startSite({ config })
    const stream = await listen(`${url}/api/events`)
    await stream.saw('hello')
    for (const locked of [false, false, true]) feed({ failovers: [status({ locked })] })
    feed({ transitions: [transition('api', 'down', 1000)] })
    await stream.saw('incident')
    const told = stream.events.flatMap(({ name, data }) =>
      name === 'failover' ? [(data as StreamEvents['failover']).failover.locked] : [],
    )
    expect(told).toEqual([false, true])
  })

  it('tell a move as it happens, step by step', async () => {
    const { url, feed } = await startSite({ config })
    const stream = await listen(`${url}/api/events`)
    for (const event of [decided(move, 3000), swapped, verified])
      feed({ failoverEvents: [event], failovers: [status()] })
    const told = () => stream.events.filter(({ name }) => name === 'failover').map(({ data }) => data)
    await expect.poll(() => told().length, { timeout: 20_000 }).toBe(3)
    const happened = told().map((data) => (data as StreamEvents['failover']).happening)
    expect(happened).toMatchObject([
      { outcome: 'under way' },
      { outcome: 'moved' },
      { verification: { verified: true } },
    ])
    const { history } = await get<FailoversPage>(`${url}/api/failovers`)
    expect(history).toMatchObject([
      {
        ...{
          kind: 'move',
          from: 'one',
          to: 'two',
          trigger: 'vantage',
          outcome: 'moved',
          text: 'Moved to two, verified.',
        },
        steps: [
          { name: 'votes held', atMs: 1000, tookMs: 2000 },
          { name: 'record changed', atMs: 3100, tookMs: 400 },
          { name: 'in sync', atMs: 3500, tookMs: 300 },
          { name: 'served', atMs: 3800, tookMs: 600 },
          { name: 'answered', atMs: 4400, tookMs: 100 },
        ],
      },
    ])
  })

  it('tell what else happened, newest first, in words', async () => {
    const { url, feed } = await startSite({ config })
    const failed: FailoverEvent = {
      ...{ type: 'swapped', failover: 'api', to: 'two', by: 'auto', atMs: 20, tookMs: 1 },
      outcome: { kind: 'refused', reason: 'EDITED', detail: 'somebody edited the record', ...doneMore },
    }
    const events: FailoverEvent[] = [
      decided(refusal, 1),
      { type: 'page', failover: 'api', pages: [{ code: 'EDITED', detail: 'Look at it.' }], atMs: 2 },
      { type: 'readiness', failover: 'api', problems: [{ code: 'LATCHED', detail: 'It is latched.' }], atMs: 3 },
      { type: 'readiness', failover: 'api', problems: [], atMs: 4 },
      { type: 'drill', failover: 'api', outcome: 'passed', detail: 'seen after 2 s', atMs: 5, seen: [], steps: [] },
      { type: 'locked', failover: 'api', atMs: 5 },
      { type: 'unlocked', failover: 'api', problem: 'no answer', atMs: 5 },
      { type: 'failed', failover: 'api', message: 'it broke\n  at somewhere', atMs: 6 },
      decided({ kind: 'report', mode: 'observe', would: move, page: false, reasons: [] }, 7),
      decided({ kind: 'ask', to: 'two', why: 'failover', page: true, reasons: [] }, 8),
      decided(move, 19),
      failed,
    ]
    feed({ failoverEvents: events })
    const { history } = await get<FailoversPage>(`${url}/api/failovers`)
    expect(history.map(({ kind, text }) => `${kind}: ${text}`)).toEqual([
      'move: Not moved to two: somebody edited the record.',
      'asked: A person is to approve a move to two.',
      'reported: Would move to two (observe).',
      'failed: A decision broke: it broke',
      'unlocked: Unlocked by a person, but: no answer',
      'locked: Locked by a person.',
      'drill: Drill passed: seen after 2 s',
      'readiness: Ready again.',
      'readiness: Not ready: It is latched.',
      'page: EDITED: Look at it.',
      'refused: Not moved to two: locked.',
    ])
    expect(history.filter((one) => one.kind !== 'move' && !one.isTrouble).map(({ kind }) => kind)).toEqual([
      ...['reported', 'locked', 'drill', 'readiness'],
    ])
  })

  it('remember their history over a restart, and say so in the incidents of what they check', async () => {
    const atMs = Date.now() - 60_000
    const other = { id: 'other', record: 'other.example.com', check: 'elsewhere', hooks: {} }
    const { url } = await startSite({
      config: {
        ...config,
        monitors: [...config.monitors, { id: 'elsewhere', kind: 'http', url: 'http://other.example.com/' }],
        failovers: [...config.failovers, { ...config.failovers[0], ...other }],
      },
      fill: (store) => {
        const events = [decided(move, atMs), { ...swapped, atMs: atMs + 400 }, { ...verified, atMs: atMs + 900 }]
        events.push({ type: 'failed', failover: 'other', atMs, message: 'of no interest here' } as FailoverEvent & {
          atMs: number
        })
        store.append({
          ...{
            results: [],
            transitions: [
              transition('api', 'down', atMs - 900),
              transition('api@one', 'down', atMs - 1000),
              transition('api@one', 'up', atMs + 5000, { firstAtMs: atMs + 4000 }),
            ],
          },
          events: events.map((event) => ({ atMs: event.atMs, kind: 'failover', detail: event })),
        })
      },
    })
    const { history } = await get<FailoversPage>(`${url}/api/failovers`)
    expect(history.filter(({ failover }) => failover === 'api')).toMatchObject([
      { kind: 'move', to: 'two', outcome: 'moved', verification: { verified: true } },
    ])
    const id = encodeURIComponent(`api@one~${atMs - 1000}`)
    const { timeline } = await get<IncidentPage>(`${url}/api/incidents/${id}`)
    const own = timeline.filter(({ kind }) => kind !== 'other monitor')
    expect(own.map(({ kind }) => kind)).toEqual(['confirmed', 'failover', 'first good', 'recovered'])
    expect(own[1]?.text).toContain('api: Moved to two, verified. The votes for two have held for 2s')
    // Its check is no endpoint, but what it found led to the move.
    const ofCheck = await get<IncidentPage>(`${url}/api/incidents/${encodeURIComponent(`api~${atMs - 900}`)}`)
    expect(ofCheck.timeline.filter(({ kind }) => kind === 'failover')).toHaveLength(1)
  })
})

describe('what happened to a failover', () => {
  const refused = { kind: 'refused', reason: 'STALE', detail: 'the votes became too old', ...doneMore } as const

  it('says of a move that was not made why, and is over with it', () => {
    const happenings = new Happenings()
    happenings.take(decided(move, 3000))
    happenings.take({ ...swapped, outcome: refused } as FailoverEvent)
    expect(happenings.latest(9)).toMatchObject([
      { kind: 'move', to: 'two', outcome: 'not moved', text: 'Not moved to two: the votes became too old.' },
    ])
  })

  it('keeps what was found first, when one move is verified twice', () => {
    const happenings = new Happenings()
    for (const event of [decided(move, 3000), swapped, verified]) happenings.take(event)
    expect(happenings.take({ ...verified, problem: 'ns1 is silent' } as FailoverEvent)).toBe(undefined)
    expect(happenings.latest(1)).toMatchObject([{ verification: { verified: true }, text: 'Moved to two, verified.' }])
    expect(happenings.take({ ...verified, to: 'three' } as FailoverEvent)).toBe(undefined)
  })

  it('begins, where its decision is not known, with the change of the record; ranges are from and before', () => {
    const happenings = new Happenings()
    happenings.take(swapped)
    expect(happenings.latest(9)).toMatchObject([{ kind: 'move', to: 'two', outcome: 'moved', atMs: 3100, reasons: [] }])
    happenings.take(decided(refusal, 5000))
    const within = (fromMs: number, toMs: number) => happenings.within(fromMs, toMs).map(({ atMs }) => atMs)
    expect([within(3100, 5000), within(3101, 5001), within(0, 9000)]).toEqual([[3100], [5000], [3100, 5000]])
    expect(happenings.latest(1)).toMatchObject([{ kind: 'refused', atMs: 5000 }])
  })
})

describe('decisions that repeat themselves', () => {
  it('are told once, and again after something else', async () => {
    const { url, feed } = await startSite({ config })
    const decisions = [stay, refusal, refusal, stay, stay, refusal, refusal]
    feed({ failoverEvents: decisions.map((one, i) => decided(one, i)) })
    const { history } = await get<FailoversPage>(`${url}/api/failovers`)
    expect(history.map(({ atMs }) => atMs)).toEqual([5, 1])
  })
})
